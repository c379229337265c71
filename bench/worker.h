/*
 * worker.h: one thread that drives one engine. It releases requests when the
 * stream wants them, never waiting for replies, and records what came back.
 *
 * A worker lives as long as its engine is open and runs one slice after the
 * other, as the run tells it to.
 *
 * Times of a request: planned (when the stream wants it), issued (when the
 * engine took it), done (when the harness got it back).
 *   response = done - planned, service = done - issued,
 *   slip     = what the harness itself was late: issued - planned, less the
 *              time, while requests were due, in which
 *              - the engine kept the worker: in submit, busy and refusing, or in
 *                a slice of work when the worker only looked for replies;
 *              - the machine withheld the CPU: a sleep that ended late, or a
 *                gap between two looks at the clock, less what other threads
 *                ran in this one's place (a hypervisor's steal, firmware, deep
 *                idle states).
 *              Other threads on the CPU and verification are slip.
 * The rest of issued - planned is part of the response all the same.
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

/* What is asked during a slice, and when. */
struct slice_plan {
	/* Which contents: those of the stream, or (NULL) items, each item_repeat
	 * times in a row: number (item_first + index / item_repeat) * item_stride
	 * mod all items. */
	const struct stream *stream;
	uint64_t item_first, item_repeat, item_stride;
	uint64_t index_offset; /* added to an index before the stream is asked: warm-up asks others
				*/
	/* open loop: the schedule just before its first arrival of this slice,
	 * which is from begin_ns to end_ns of it; NULL: closed loop, as fast as
	 * iodepth allows */
	const struct arrivals *schedule;
	uint64_t begin_ns, end_ns;
	/* closed loop: the indices [index_first, index_limit) */
	uint64_t index_first, index_limit;
	uint64_t length_ns; /* nothing is issued after so long; UINT64_MAX: no such limit */
};

/* What all workers of an engine share during a slice. */
struct slice {
	struct slice_plan plan;
	uint64_t start_ns;	     /* clock time of the slice's first instant */
	uint64_t stop_ns;	     /* clock time after which nothing more is issued */
	_Atomic uint64_t next_index; /* closed loop: the next to issue */
	_Atomic bool stopped;	     /* the user wants to stop */
};

struct worker_config {
	const struct contents *contents;
	const struct engine_ops *ops;
	const struct engine_config *engine_config;
	struct engine *engine;
	struct slice *slice;
	unsigned index, count; /* this worker among its engine's */
	unsigned depth;
	unsigned step_count; /* of rate_iops */
	unsigned chain_max;  /* bursts: agents that may be awake at once; 0: no bursts */
};

struct worker;

/* Starts the thread, on its CPU; its engine thread is open when this returns. */
int worker_create(struct worker **out, const struct worker_config *config, struct error *e);
/* Empties the recorder, before a slice. */
void worker_prepare(struct worker *w);
/* Begins the slice in config.slice; worker_wait returns when it is over:
 * 0, or -errno with e (the engine broke, -ETIMEDOUT it hung). */
void worker_begin(struct worker *w);
/* Waits at most timeout_ns; true once the slice is over. */
bool worker_is_done(struct worker *w, uint64_t timeout_ns);
int worker_wait(struct worker *w, struct error *e);
/* What the last slice recorded; the worker's. During a slice only `completed`
 * and histogram_merge_live of its histograms may be used. */
const struct recorder *worker_recorder(const struct worker *w);
void worker_destroy(struct worker *w);

#endif
