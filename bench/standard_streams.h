/* standard_streams.h: the three streams a program is started with. */
#ifndef GVR_STANDARD_STREAMS_H
#define GVR_STANDARD_STREAMS_H

#include <stdbool.h>

/* To be called first of all: a descriptor from 0 to 2 that is closed (`gvr run ...
 * 2>&-`) is given /dev/null, so that no file of gvr's gets its number, and with it
 * what is printed. False: it could not. */
bool standard_streams_open(void);

/* Writes out what was printed. False: some of it is lost, which is no success. True
 * also where the reader had enough and left (`gvr help run | head`): nobody misses it. */
bool standard_streams_finish(void);

#endif
