/* files.h: folders that the harness makes. */
#ifndef GVR_FILES_H
#define GVR_FILES_H

#include "workloads/file.h"

/* mkdir -p. */
int files_make_dirs(const char *path, struct error *e);

#endif
