/*
 * run.h: one run: all engines of a workload, in turns, over one request
 * stream.
 */
#ifndef GVR_RUN_H
#define GVR_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/contents.h"
#include "bench/device.h"
#include "bench/recorder.h"
#include "bench/worker.h"

/* What one engine did in one round: what ratios are paired by. */
struct round_figures {
	double response_p50_ns, response_p99_ns;
	double achieved_rps;
	double cpu_us_per_request;
	double moved_bytes_per_request; /* < 0: not known */
};

struct engine_run {
	const struct engine_config *config;
	const struct engine_ops *ops;
	struct engine_env env;
	struct engine *engine; /* open while running */
	struct worker **workers;
	struct slice slice;
	struct recorder *slice_recorder; /* of the current slice */
	struct recorder *total;		 /* of all measured slices */
	struct round_figures *rounds;
	uint64_t window_ns;	    /* measured wall time, all slices */
	uint64_t planned_window_ns; /* server: what the schedule planned */
	bool device_known;
	struct device_counters device; /* read during the measured slices */
	struct engine_stats stats;
};

struct run {
	const struct workload *workload;
	const struct contents *contents;
	bool enumerate; /* gvr verify: every item once, instead of the stream */
	struct stream stream;
	struct engine_run engines[WORKLOAD_ENGINES_MAX];
	unsigned engine_count;
	unsigned rounds_done; /* whole rounds */
	bool interrupted;
	double null_ns_per_request;
	/* The digest of the first stream_requests measured requests, those
	 * that every engine issued; stream_checked: each engine's own digest
	 * of what it issued is that of the stream. */
	uint64_t stream_requests, stream_digest;
	bool stream_checked;
};

/* Runs. 0 also for a run that turns out INVALID or that the user stopped
 * (interrupted); -errno with e: an engine could not be opened or broke.
 * The caller calls run_free in every case. */
int run_execute(struct run *run, const struct contents *contents, bool enumerate,
		const struct progress *progress, struct error *e);
void run_free(struct run *run);

#endif
