#include "bench/run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/cache.h"
#include "bench/clock.h"
#include "bench/format.h"
#include "bench/progress.h"
#include "workloads/utf8.h"

#define NULL_REQUESTS 200000u
#define START_DELAY_NS UINT64_C(1000000)
#define WAKE_NS UINT64_C(50000) /* of one worker after the other */
#define DRAIN_GRACE_MIN_NS UINT64_C(1000000000)
#define POLL_NS UINT64_C(100000000)
#define PAUSE_NS UINT64_C(300000000)
/* More device reads than half again as many as the ring was asked for, and
 * these, are others'. */
#define DEVICE_READS_SPARE 100u
/* Agents that may be awake at once, of one worker: some 2 MB. */
#define CHAIN_MAX 65536u
#define LABEL_COLUMNS 14u /* of an engine, beside its figures in the line of progress */

/* ---- opening and closing engines ---- */

unsigned run_depth(const struct run *run, const struct engine_run *er)
{
	return run->workload->scenario == SCENARIO_SINGLE_STREAM ? 1 : er->config->iodepth;
}

static int start_workers(struct run *run, struct engine_run *er, struct error *e)
{
	const struct workload *w = run->workload;
	bool server = w->scenario == SCENARIO_SERVER;
	struct worker_config wc = {
		.contents = run->contents,
		.ops = er->ops,
		.engine_config = er->config,
		.engine = er->engine,
		.slice = &er->slice,
		.count = er->config->numjobs,
		.depth = run_depth(run, er),
		.step_count = server ? w->rate_count : 0,
		.chain_max = server && w->rate_process == RATE_BURSTS ? CHAIN_MAX : 0,
	};

	er->workers = calloc(wc.count, sizeof(struct worker *));
	if (er->workers == NULL)
		return error_set(e, -ENOMEM, "out of memory");
	for (wc.index = 0; wc.index < wc.count; wc.index++) {
		int err = worker_create(&er->workers[wc.index], &wc, e);
		if (err != 0)
			return err;
	}
	return 0;
}

static void stop_workers(struct engine_run *er)
{
	for (unsigned i = 0; er->workers != NULL && i < er->config->numjobs; i++)
		if (er->workers[i] != NULL)
			worker_destroy(er->workers[i]);
	free(er->workers);
	er->workers = NULL;
}

static void close_engine(struct engine_run *er)
{
	stop_workers(er);
	if (er->engine != NULL) {
		er->ops->stats(er->engine, &er->stats);
		er->ops->close(er->engine);
	}
	er->engine = NULL;
}

static int allocate(struct run *run, struct engine_run *er)
{
	const struct workload *w = run->workload;
	unsigned steps = w->scenario == SCENARIO_SERVER ? w->rate_count : 0;

	er->slice_recorder = recorder_create(steps);
	er->total = recorder_create(steps);
	er->rounds = calloc(w->rounds, sizeof *er->rounds);
	er->trends = calloc(w->rounds, sizeof *er->trends);
	bool ok = er->slice_recorder != NULL && er->total != NULL && er->rounds != NULL &&
		  er->trends != NULL;
	return ok ? 0 : -ENOMEM;
}

int run_open_hlog(const struct run *run, struct engine_run *er, struct error *e)
{
	char comment[WORKLOAD_NAME_NBYTES + 64];

	hlog_close(er->hlog);
	er->hlog = NULL;
	snprintf(comment, sizeof comment, "gvr, engine %s; values in ns", er->config->label);
	return hlog_open(&er->hlog, run->started_s, comment, e);
}

static int open_engine(struct run *run, struct engine_run *er, const struct engine_config *config,
		       struct error *e)
{
	er->config = config;
	er->ops = engine_find(config->kind);
	er->env = contents_env(run->contents, config);
	er->device_known = true;
	if (allocate(run, er) != 0)
		return error_set(e, -ENOMEM, "out of memory");
	int err = run_open_hlog(run, er, e);
	if (err == 0)
		err = er->ops->open(&er->engine, &er->env, e);
	if (err != 0)
		return err;
	er->ops->stats(er->engine, &er->stats); /* where its store is */
	return start_workers(run, er, e);
}

static void free_engine(struct engine_run *er)
{
	close_engine(er);
	recorder_destroy(er->slice_recorder);
	recorder_destroy(er->total);
	hlog_close(er->hlog);
	free(er->rounds);
	free(er->trends);
}

/* ---- slices ---- */

struct slice_plan run_plan(const struct run *run)
{
	return (struct slice_plan){
		.stream = &run->stream,
		.item_repeat = 1,
		.item_stride = 1,
		.index_limit = UINT64_MAX,
		.length_ns = UINT64_MAX,
	};
}

void run_restart_schedule(const struct run *run, struct engine_run *er, double rate_iops)
{
	arrivals_plan(&er->plan, run->workload);
	if (rate_iops > 0) {
		er->plan.rate_count = 1;
		er->plan.rates[0] = rate_iops;
	}
	arrivals_init(&er->schedule, &er->plan);
}

/* Moves the schedule on until the next arrival is not before begin_ns. */
static void skip_to(struct arrivals *schedule, uint64_t begin_ns)
{
	for (struct arrivals next = *schedule; arrivals_next_ns(&next) < begin_ns;)
		*schedule = next;
}

struct slice_plan run_plan_paced(const struct run *run, struct engine_run *er, uint64_t begin_ns,
				 uint64_t end_ns)
{
	struct slice_plan plan = run_plan(run);
	uint64_t length_ns = end_ns - begin_ns;

	skip_to(&er->schedule, begin_ns);
	plan.schedule = &er->schedule;
	plan.begin_ns = begin_ns;
	plan.end_ns = end_ns;
	plan.length_ns =
		length_ns + (length_ns > DRAIN_GRACE_MIN_NS ? length_ns : DRAIN_GRACE_MIN_NS);
	return plan;
}

static uint64_t completed_now(const struct engine_run *er)
{
	uint64_t completed = 0;
	for (unsigned i = 0; i < er->config->numjobs; i++)
		completed += __atomic_load_n(&worker_recorder(er->workers[i])->completed,
					     __ATOMIC_RELAXED);
	return completed;
}

/* What the user sees of the engine that is running: rate, p99 so far. */
static void show_engine(const struct engine_run *er, uint64_t since_ns)
{
	static struct histogram seen;
	char detail[128], p99[32], label[4 * LABEL_COLUMNS + 1];

	if (!progress_is_shown() || since_ns == 0)
		return;
	histogram_reset(&seen);
	histogram_merge(&seen, &er->total->response);
	for (unsigned i = 0; i < er->config->numjobs; i++)
		histogram_merge_live(&seen, &worker_recorder(er->workers[i])->response);
	format_ns(p99, sizeof p99, (double)histogram_percentile(&seen, 99));
	utf8_fit(label, sizeof label, er->config->label, LABEL_COLUMNS);
	snprintf(detail, sizeof detail, "%s %.0f/s p99 %s", label,
		 (double)completed_now(er) * 1e9 / (double)since_ns, p99);
	progress_detail(detail);
}

/* How much of the slice is over, in [0, 1]. */
static double part_done(const struct slice *s, uint64_t since_ns)
{
	const struct slice_plan *p = &s->plan;
	double part = 0;

	if (p->index_limit != UINT64_MAX && p->index_limit > p->index_first)
		part = (double)(s->next_index - p->index_first) /
		       (double)(p->index_limit - p->index_first);
	else if (p->schedule != NULL)
		part = (double)since_ns / (double)(p->end_ns - p->begin_ns);
	else if (p->length_ns != UINT64_MAX)
		part = (double)since_ns / (double)p->length_ns;
	return part < 1 ? part : 1;
}

/* The main thread wakes up at least every POLL_NS. Where it did not by far,
 * the process was stopped or got no CPU at all, or the machine slept. Returns
 * the time, of a clock that goes on meanwhile. */
static uint64_t note_pause(struct engine_run *er, uint64_t since_ns)
{
	uint64_t now_ns = clock_read_ns(CLOCK_BOOTTIME);

	if (now_ns - since_ns > POLL_NS + PAUSE_NS)
		er->paused_ns += now_ns - since_ns - POLL_NS;
	return now_ns;
}

static void wait_for_workers(struct run *run, struct engine_run *er, const char *what,
			     uint64_t share)
{
	uint64_t awake_ns = clock_read_ns(CLOCK_BOOTTIME);

	for (unsigned i = 0; i < er->config->numjobs; i++) {
		while (!worker_is_done(er->workers[i], POLL_NS)) {
			uint64_t now_ns = clock_ns();
			if (run->meters != NULL)
				meters_poll(run->meters);
			awake_ns = note_pause(er, awake_ns);
			uint64_t since_ns =
				now_ns > er->slice.start_ns ? now_ns - er->slice.start_ns : 0;
			double part = part_done(&er->slice, since_ns);
			show_engine(er, since_ns);
			if (progress_step(run->progress, what,
					  run->progress_done + (uint64_t)(part * (double)share),
					  run->progress_total) != 0)
				er->slice.stopped = true;
		}
		awake_ns = note_pause(er, awake_ns);
	}
}

/* Also where slices are so short that nobody looked while they ran. */
static void after_slice(struct run *run, const struct engine_run *er, const char *what,
			uint64_t share)
{
	run->progress_done += share;
	if (progress_step(run->progress, what, run->progress_done, run->progress_total) != 0 ||
	    er->slice.stopped)
		run->interrupted = true;
}

static int collect(struct engine_run *er, struct error *e)
{
	int err = 0;

	recorder_reset(er->slice_recorder, er->slice.start_ns);
	for (unsigned i = 0; i < er->config->numjobs; i++) {
		const struct recorder *r = worker_recorder(er->workers[i]);
		int worker_err = worker_wait(er->workers[i], e);
		if (worker_err != 0)
			err = worker_err;
		recorder_merge(er->slice_recorder, r);
		trend_merge(&er->slice_recorder->trend, &r->trend);
	}
	return err;
}

static int set_cache(const struct run *run, const struct engine_run *er, struct error *e)
{
	if (er->stats.store_dir[0] == '\0' || run->workload->cache_state != CACHE_COLD)
		return 0;
	return cache_drop(er->stats.store_dir, e);
}

/* The span begins just after a reading and ends just before one. */
static void begin_span(const struct run *run, struct engine_run *er)
{
	if (run->meters != NULL)
		meters_poll(run->meters);
	er->slice_process_cpu_s = (double)clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) / 1e9;
	er->slice_span.begin_ns = clock_ns();
}

static void end_span(const struct run *run, struct engine_run *er)
{
	er->slice_span.end_ns = clock_ns();
	er->slice_process_cpu_s =
		(double)clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) / 1e9 - er->slice_process_cpu_s;
	if (run->meters != NULL)
		meters_poll(run->meters);
}

int run_slice(struct run *run, struct engine_run *er, const struct slice_plan *plan,
	      const char *what, uint64_t share, struct error *e)
{
	struct slice *s = &er->slice;

	int err = set_cache(run, er, e);
	if (err != 0)
		return err;
	s->plan = *plan;
	s->next_index = plan->index_first;
	s->stopped = false;
	for (unsigned i = 0; i < er->config->numjobs; i++)
		worker_prepare(er->workers[i]);
	begin_span(run, er);
	/* planned times begin when the workers are surely awake */
	s->start_ns = clock_ns();
	if (plan->schedule != NULL)
		s->start_ns += START_DELAY_NS + er->config->numjobs * WAKE_NS;
	s->stop_ns = plan->length_ns == UINT64_MAX ? UINT64_MAX : s->start_ns + plan->length_ns;
	for (unsigned i = 0; i < er->config->numjobs; i++)
		worker_begin(er->workers[i]);
	wait_for_workers(run, er, what, share);
	err = collect(er, e);
	end_span(run, er);
	after_slice(run, er, what, share);
	return err;
}

uint64_t run_slice_window_ns(const struct engine_run *er)
{
	const struct slice *s = &er->slice;
	const struct recorder *r = er->slice_recorder;
	uint64_t planned_ns = s->plan.end_ns - s->plan.begin_ns;

	if (s->plan.schedule != NULL && r->last_issued_ns <= s->start_ns + planned_ns)
		return planned_ns;
	return r->last_done_ns > s->start_ns ? r->last_done_ns - s->start_ns : 0;
}

double run_slice_rate(const struct engine_run *er)
{
	uint64_t window_ns = run_slice_window_ns(er);
	return window_ns > 0 ? (double)er->slice_recorder->completed * 1e9 / (double)window_ns : 0;
}

bool run_device_figures(const struct engine_run *er)
{
	uint64_t own = er->stats.sqes + er->stats.sqes / 2 + DEVICE_READS_SPARE;

	if (!er->device_known || er->total->completed == 0 || er->stats.store_dir[0] == '\0')
		return false;
	return !er->stats.ring_created || er->device.reads <= own;
}

double run_extrapolated_bytes(const struct workload *w, const struct engine_stats *stats)
{
	double growing = (double)(stats->at_rest_bytes - stats->at_rest_fixed_bytes);
	return (double)stats->at_rest_fixed_bytes +
	       growing * (double)w->extrapolate_contexts / w->contexts;
}

double run_withheld_part(const struct engine_run *er)
{
	const struct recorder *r = er->total;

	if (r->spun_ns >= SPUN_MIN_NS)
		return (double)r->withheld_ns / (double)r->spun_ns;
	return er->machine_ticks > 0 ? (double)er->stolen_ticks / (double)er->machine_ticks : -1;
}

/* ---- the run ---- */

/* What a request costs when the engine does nothing: the harness's own share
 * of every figure. */
static int measure_null(struct run *run, struct error *e)
{
	static const struct engine_config null_config = {
		.label = "null", .kind = "null", .numjobs = 1, .iodepth = 1};
	struct engine_run er = {0};
	struct slice_plan plan = run_plan(run);

	plan.index_limit = NULL_REQUESTS;
	int err = open_engine(run, &er, &null_config, e);
	if (err == 0)
		err = run_slice(run, &er, &plan, "measuring the harness itself", 0, e);
	if (err == 0)
		run->null_ns_per_request = (double)run_slice_window_ns(&er) / NULL_REQUESTS;
	free_engine(&er);
	return err;
}

int run_open(struct run *run, const struct contents *contents, const struct progress *progress,
	     struct error *e)
{
	const struct workload *w = contents->workload;

	memset(run, 0, sizeof *run);
	run->workload = w;
	run->contents = contents;
	run->progress = progress;
	run->started_ns = clock_ns();
	run->started_s = (double)time(NULL);
	stream_init(&run->stream, w, contents->count);
	int err = measure_null(run, e);
	for (unsigned i = 0; i < w->engine_count && err == 0 && !run->interrupted; i++) {
		run->engine_count++;
		err = open_engine(run, &run->engines[i], &w->engines[i], e);
	}
	return err;
}

void run_close(struct run *run)
{
	for (unsigned i = 0; i < run->engine_count; i++)
		close_engine(&run->engines[i]);
}

/* Those that every engine did. */
static void count_rounds(struct run *run)
{
	run->rounds_done = run->workload->rounds;
	for (unsigned i = 0; i < run->workload->engine_count; i++)
		if (run->engines[i].rounds_done < run->rounds_done)
			run->rounds_done = run->engines[i].rounds_done;
}

/* The machine at rest is measured with engines open and their workers asleep. */
static int measure_all(struct run *run, struct error *e)
{
	const struct workload *w = run->workload;
	bool peak = w->scenario == SCENARIO_SERVER && w->rate_count == 0 && !run->enumerated;

	if (run->meters != NULL)
		meters_idle(run->meters, 0);
	if (progress_step(run->progress, "measuring", 0, 1) != 0) {
		run->interrupted = true;
		return 0;
	}
	int err = peak ? peak_measure(run, e) : rounds_measure(run, 0, run->engine_count, e);
	if (run->meters != NULL && err == 0 && !run->interrupted)
		meters_idle(run->meters, 1);
	return err;
}

int run_execute(struct run *run, const struct contents *contents, bool enumerate,
		struct meters *meters, const struct progress *progress, struct error *e)
{
	int err = run_open(run, contents, progress, e);

	run->enumerated = enumerate;
	run->meters = meters;
	if (err == 0 && !run->interrupted)
		err = measure_all(run, e);
	run_close(run);
	count_rounds(run);
	if (err == 0 && !enumerate)
		stream_check(run);
	return err;
}

void run_free(struct run *run)
{
	for (unsigned i = 0; i < run->engine_count; i++)
		free_engine(&run->engines[i]);
	run->engine_count = 0;
}
