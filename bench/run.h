/*
 * run.h: one run: all engines of a workload, in turns, over one request
 * stream. run.c opens engines and runs slices; rounds.c measures in rounds;
 * peak.c searches the highest rate; stream_check.c makes the streams again.
 */
#ifndef GVR_RUN_H
#define GVR_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/contents.h"
#include "bench/device.h"
#include "bench/hlog.h"
#include "bench/meter/meters.h"
#include "bench/recorder.h"
#include "bench/steady.h"
#include "bench/worker.h"

#define RUN_PREFIX_REQUESTS 1000u

/* What one engine did in one round: what ratios are paired by. */
struct round_figures {
	double response_p50_ns, response_p99_ns;
	double achieved_rps;
	double cpu_us_per_request;	/* NAN: not known */
	double moved_bytes_per_request; /* < 0: not known */
	double joules_per_request;	/* set by energies_of; NAN: not known */
	uint64_t completed;
	struct meters_span span; /* what its energy is taken over */
	double process_cpu_s;	 /* of all of gvr meanwhile */
};

/* The search for the highest rate (rate_iops = peak). */
#define PEAK_PROBES_MAX 64u
struct peak_probe {
	double rate_iops, served_rps;
	uint64_t dropped;
	uint64_t latency_ns; /* at target_latency_percentile */
	bool held;
};
struct peak {
	double rate_iops; /* 0: none held */
	unsigned probe_count;
	struct peak_probe probes[PEAK_PROBES_MAX];
};

/* What of the store lay in the page cache. */
struct cache_report {
	bool known;
	bool in_memory; /* its file system is nothing but page cache */
	uint64_t store_bytes, before_bytes, after_bytes; /* the measured rounds */
};

struct engine_run {
	const struct engine_config *config;
	const struct engine_ops *ops;
	struct engine_env env;
	struct engine *engine; /* open while running */
	struct worker **workers;
	struct slice slice;
	struct meters_span slice_span;	 /* of the last slice */
	double slice_process_cpu_s;	 /* of all of gvr during it */
	struct recorder *slice_recorder; /* of the last slice */
	struct recorder *total;		 /* of all measured slices */
	unsigned rounds_done;		 /* whole rounds */
	struct round_figures *rounds;	 /* rounds_done of each */
	struct trend *trends;
	struct hlog *hlog;	    /* three histograms a round */
	struct arrivals_plan plan;  /* server: its schedule */
	struct arrivals schedule;   /* just before the next slice */
	uint64_t next_index;	    /* closed loop: of the next slice */
	uint64_t window_ns;	    /* measured wall time, all slices */
	uint64_t planned_window_ns; /* server: what the schedule planned */
	uint64_t paused_ns;	    /* the process stood still: stopped, or without any CPU */
	uint64_t machine_ticks, stolen_ticks; /* /proc/stat, the measured slices */
	bool device_known;
	struct device_counters device; /* read during the measured slices */
	struct cache_report cache;
	struct steady steady;
	struct peak peak;
	bool stream_checked; /* what it was asked is what the stream says */
	struct engine_stats stats;
};

struct run {
	const struct workload *workload;
	const struct contents *contents;
	const struct progress *progress;
	struct meters *meters;			/* NULL: nobody wants energy */
	uint64_t progress_done, progress_total; /* of the present work, ns of measuring */
	uint64_t started_ns;			/* clock time; hlog's time 0 */
	double started_s;			/* the same, seconds since 1970 */
	struct stream stream;
	struct engine_run engines[WORKLOAD_ENGINES_MAX];
	unsigned engine_count;
	bool enumerated;      /* every item once, instead of the stream */
	unsigned rounds_done; /* whole rounds, of every engine */
	bool interrupted;
	double null_ns_per_request;
	/* The digest of the first stream_requests measured requests, those
	 * that every engine was asked; not with rate_iops = peak, where each
	 * has a rate of its own. */
	uint64_t stream_requests, stream_digest;
	/* The same of the first RUN_PREFIX_REQUESTS, or fewer if the run had fewer. */
	uint64_t prefix_requests, prefix_digest;
};

/*
 * Runs a workload. 0 also for a run that turns out INVALID or that the user
 * stopped (interrupted); -errno with e: an engine could not be opened or broke.
 * enumerate: asks for every item once (gvr verify). meters: calibrated, read
 * while it runs and before and after it; NULL: none. The caller calls run_free
 * in every case.
 */
int run_execute(struct run *run, const struct contents *contents, bool enumerate,
		struct meters *meters, const struct progress *progress, struct error *e);
void run_free(struct run *run);

/* ---- the parts, for what measures differently (rounds.c, peak.c, audit.c) ---- */

/* Measures the null engine, opens the engines and starts their workers. On
 * failure, too, run_free ends it. */
int run_open(struct run *run, const struct contents *contents, const struct progress *progress,
	     struct error *e);
/* Stops workers, closes engines, takes their stats. */
void run_close(struct run *run);

/* Begins er's histogram log, or begins it anew. */
int run_open_hlog(const struct run *run, struct engine_run *er, struct error *e);

/* What would lie at rest with extrapolate_contexts contexts, were each as those
 * that were stored. */
double run_extrapolated_bytes(const struct workload *w, const struct engine_stats *stats);

/* Requests in flight of one worker, at most. */
unsigned run_depth(const struct run *run, const struct engine_run *er);

/* True if the device's counters tell of this engine: it has a store, the
 * kernel counts its device, and nobody else read much from it. */
bool run_device_figures(const struct engine_run *er);

/* What the machine withheld of its CPUs while the engine was measured, in
 * [0, 1]: gaps in what was spun before deadlines or, where too little was, the
 * hypervisor's steal. < 0: not known. */
double run_withheld_part(const struct engine_run *er);

/* A plan with nothing in it yet: the run's stream, closed loop, no limit. */
struct slice_plan run_plan(const struct run *run);

/*
 * Runs one slice of one engine; what it did is in er->slice_recorder, with the
 * trend of the response time. share: how much of run->progress_total it is.
 * run->interrupted: the user stopped it. Puts the page cache into the
 * workload's cache_state first.
 */
int run_slice(struct run *run, struct engine_run *er, const struct slice_plan *plan,
	      const char *what, uint64_t share, struct error *e);

/* The wall time of the last slice: until the last reply; for a paced one whose
 * requests were all released in time the planned time. */
uint64_t run_slice_window_ns(const struct engine_run *er);

/* Completed requests a second of the last slice; 0: none. */
double run_slice_rate(const struct engine_run *er);

/* Server: plans the part [begin_ns, end_ns) of er's schedule; slices follow
 * each other in time. */
struct slice_plan run_plan_paced(const struct run *run, struct engine_run *er, uint64_t begin_ns,
				 uint64_t end_ns);
/* Begins er's schedule anew; rate_iops > 0: with that instead of the workload's. */
void run_restart_schedule(const struct run *run, struct engine_run *er, double rate_iops);

/* All rounds of the engines [first, first + count), in turns. */
int rounds_measure(struct run *run, unsigned first, unsigned count, struct error *e);
/* Forgets what an engine measured, before its rounds are measured again. */
int rounds_forget(const struct run *run, struct engine_run *er, struct error *e);

/* rate_iops = peak: finds each engine's rate, measures its rounds there. */
int peak_measure(struct run *run, struct error *e);

/* Makes the request streams once more and sets stream_* of run and engines. */
void stream_check(struct run *run);

#endif
