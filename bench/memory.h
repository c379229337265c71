/* memory.h: does what a run will keep in flight fit into memory? */
#ifndef GVR_MEMORY_H
#define GVR_MEMORY_H

#include "bench/allowed.h"
#include "bench/contents.h"

/*
 * Before anything is trained, loaded or served: what requests in flight of all
 * engines, which are open at the same time, will take, against what may be used.
 * requests_max: no more are ever made of an engine; 0: not known.
 * -ENOMEM with e: it cannot be, for contents of mean size already, or not within
 * ulimit -v; names the engine that takes most, and what to lower. Where the
 * largest contents could take more than half of what there is, c->notice is
 * told, and it may be.
 */
int memory_check(const struct contents *c, uint64_t requests_max, const struct allowed_roots *roots,
		 struct error *e);

#endif
