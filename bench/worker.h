/*
 * worker.h: one thread that drives one engine. It releases requests when the
 * stream wants them, never waiting for replies, and records what came back.
 *
 * A worker lives as long as its engine is open and runs one slice after the
 * other, as the run tells it to.
 */
#ifndef GVR_WORKER_H
#define GVR_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench/contents.h"
#include "bench/recorder.h"
#include "engines/engine.h"
#include "workloads/arrivals.h"
#include "workloads/stream.h"

/* What all workers of an engine share during a slice. */
struct slice {
	bool paced;	       /* server: planned times; else as fast as iodepth allows */
	bool enumerate;	       /* verify: request i is item i, not the stream's */
	uint64_t start_ns;     /* clock time of the slice's first instant */
	uint64_t begin_ns;     /* paced: schedule time of that instant */
	uint64_t end_ns;       /* paced: schedule time of the slice's end */
	uint64_t stop_ns;      /* clock time after which nothing more is issued */
	uint64_t index_offset; /* added to an index before the stream is asked: warm-up asks others
				*/
	uint64_t index_limit;  /* not paced: no index at or above it; UINT64_MAX: by time */
	_Atomic uint64_t next_index; /* not paced: the next to issue */
	_Atomic bool stopped;	     /* the user wants to stop */
};

struct worker_config {
	const struct contents *contents;
	const struct stream *stream;
	const struct engine_ops *ops;
	struct engine *engine;
	struct slice *slice;
	unsigned index, count; /* this worker among its engine's */
	unsigned depth;
	struct arrivals arrivals; /* the engine's schedule, at its beginning */
};

struct worker;

/* Starts the thread; its engine thread is open when this returns. */
int worker_create(struct worker **out, const struct worker_config *config, struct error *e);
/* Begins the slice in config.slice; worker_wait returns when it is over:
 * 0, or -errno with e (the engine broke, -ETIMEDOUT it hung). */
void worker_begin(struct worker *w);
/* Waits at most timeout_ns; true once the slice is over. */
bool worker_is_done(struct worker *w, uint64_t timeout_ns);
int worker_wait(struct worker *w, struct error *e);
/* What the last slice recorded; the worker's. */
const struct recorder *worker_recorder(const struct worker *w);
void worker_destroy(struct worker *w);

#endif
