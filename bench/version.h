#ifndef GVR_VERSION_H
#define GVR_VERSION_H

extern const char gvr_version[];
extern const char gvr_commit[];

#endif
