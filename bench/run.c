#include "bench/run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/clock.h"
#include "workloads/prng.h"

#define NULL_REQUESTS 200000u
/* Warm-up of closed loops asks for other requests than the measured ones. */
#define WARM_UP_OFFSET (UINT64_C(1) << 62)
#define START_DELAY_NS UINT64_C(1000000)
#define DRAIN_GRACE_MIN_NS UINT64_C(1000000000)
#define POLL_NS UINT64_C(100000000)

/* The names of the sub-sequences of randseed that the run itself uses. */
enum { SEED_ARRIVALS = 101, SEED_ORDER };

static bool is_paced(const struct run *run)
{
	return run->workload->scenario == SCENARIO_SERVER && !run->enumerate;
}

static unsigned depth_of(const struct run *run, const struct engine_run *er)
{
	return run->workload->scenario == SCENARIO_SINGLE_STREAM ? 1 : er->config->iodepth;
}

static uint64_t ramp_ns(const struct run *run)
{
	return run->enumerate ? 0 : run->workload->ramp_time_ns;
}

/* ---- opening and closing engines ---- */

static int start_workers(struct run *run, struct engine_run *er, struct error *e)
{
	const struct workload *w = run->workload;
	struct worker_config wc = {
		.contents = run->contents,
		.stream = &run->stream,
		.ops = er->ops,
		.engine = er->engine,
		.slice = &er->slice,
		.count = er->config->numjobs,
		.depth = depth_of(run, er),
	};

	arrivals_init(&wc.arrivals, w->rate_process, w->rate_iops,
		      prng_key(w->randseed, SEED_ARRIVALS));
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

static int open_engine(struct run *run, struct engine_run *er, const struct engine_config *config,
		       struct error *e)
{
	er->config = config;
	er->ops = engine_find(config->kind);
	er->env = contents_env(run->contents, config);
	er->device_known = true;
	er->slice_recorder = malloc(sizeof *er->slice_recorder);
	er->total = malloc(sizeof *er->total);
	er->rounds = calloc(run->workload->rounds, sizeof *er->rounds);
	if (er->slice_recorder == NULL || er->total == NULL || er->rounds == NULL)
		return error_set(e, -ENOMEM, "out of memory");
	recorder_reset(er->total);
	int err = er->ops->open(&er->engine, &er->env, e);
	return err != 0 ? err : start_workers(run, er, e);
}

static void free_engine(struct engine_run *er)
{
	close_engine(er);
	free(er->slice_recorder);
	free(er->total);
	free(er->rounds);
}

/* ---- slices ---- */

/* Runs the slice that er->slice describes and merges what its workers
 * recorded into er->slice_recorder. */
static int run_slice(struct engine_run *er, const char *what, uint64_t done, uint64_t total,
		     uint64_t slice_share, const struct progress *progress, struct error *e)
{
	unsigned count = er->config->numjobs;
	int err = 0;

	er->slice.stopped = false;
	/* planned times begin when the workers are surely awake */
	er->slice.start_ns = clock_ns() + (er->slice.paced ? START_DELAY_NS : 0);
	if (er->slice.stop_ns != UINT64_MAX)
		er->slice.stop_ns += er->slice.start_ns;
	for (unsigned i = 0; i < count; i++)
		worker_begin(er->workers[i]);
	for (unsigned i = 0; i < count; i++) {
		while (!worker_is_done(er->workers[i], POLL_NS)) {
			uint64_t in_slice = clock_ns() - er->slice.start_ns;
			if (progress_step(progress, what,
					  done + (in_slice < slice_share ? in_slice : slice_share),
					  total) != 0)
				er->slice.stopped = true;
		}
	}
	recorder_reset(er->slice_recorder);
	for (unsigned i = 0; i < count; i++) {
		int worker_err = worker_wait(er->workers[i], e);
		if (worker_err != 0)
			err = worker_err;
		recorder_merge(er->slice_recorder, worker_recorder(er->workers[i]));
	}
	return err;
}

static void reset_slice(struct slice *s)
{
	uint64_t next_index = s->next_index;

	memset(s, 0, sizeof *s);
	s->next_index = next_index;
	s->stop_ns = UINT64_MAX;
	s->index_limit = UINT64_MAX;
}

/* Describes round `round`, or the warm-up if round is -1. stop_ns is relative
 * to the start here; run_slice makes it a clock time. */
static void plan_slice(const struct run *run, struct engine_run *er, int round)
{
	const struct workload *w = run->workload;
	struct slice *s = &er->slice;
	uint64_t length_ns = round < 0 ? ramp_ns(run) : w->runtime_ns / w->rounds;

	reset_slice(s);
	s->enumerate = run->enumerate;
	s->paced = is_paced(run);
	if (s->paced) {
		s->begin_ns = round < 0 ? 0 : ramp_ns(run) + (uint64_t)round * length_ns;
		s->end_ns = s->begin_ns + length_ns;
		s->stop_ns = length_ns +
			     (length_ns > DRAIN_GRACE_MIN_NS ? length_ns : DRAIN_GRACE_MIN_NS);
	} else if (round < 0) {
		s->index_offset = WARM_UP_OFFSET;
		s->next_index = 0;
		s->stop_ns = length_ns;
	} else if (run->enumerate) {
		s->index_limit = run->contents->items;
	} else if (w->number_ios > 0) {
		s->index_limit = w->number_ios * ((uint64_t)round + 1) / w->rounds;
	} else {
		s->stop_ns = length_ns;
	}
}

static double per_request(double sum, const struct recorder *r)
{
	return r->completed > 0 ? sum / (double)r->completed : 0;
}

/* The wall time a slice took: for a paced one the time over which requests
 * were released, which is the planned one unless the engine held them up. */
static uint64_t slice_window_ns(const struct slice *s, const struct recorder *r)
{
	uint64_t end_ns = s->paced ? r->last_issued_ns : r->last_done_ns;
	uint64_t window_ns = end_ns > s->start_ns ? end_ns - s->start_ns : 0;
	uint64_t planned_ns = s->end_ns - s->begin_ns;

	return s->paced && window_ns < planned_ns ? planned_ns : window_ns;
}

static void account_slice(struct engine_run *er, unsigned round, bool device_known,
			  const struct device_counters *before, const struct device_counters *after)
{
	const struct recorder *r = er->slice_recorder;
	struct round_figures *f = &er->rounds[round];
	uint64_t window_ns = slice_window_ns(&er->slice, r);

	er->window_ns += window_ns;
	er->planned_window_ns += er->slice.end_ns - er->slice.begin_ns;
	recorder_merge(er->total, r);
	f->response_p50_ns = (double)histogram_percentile(&r->response, 50);
	f->response_p99_ns = (double)histogram_percentile(&r->response, 99);
	f->achieved_rps = window_ns > 0 ? (double)r->completed * 1e9 / (double)window_ns : 0;
	f->cpu_us_per_request = per_request((double)r->cpu_ns / 1e3, r);
	f->moved_bytes_per_request = -1;
	er->device_known &= device_known;
	if (device_known) {
		uint64_t bytes = after->read_bytes - before->read_bytes;
		er->device.reads += after->reads - before->reads;
		er->device.read_bytes += bytes;
		f->moved_bytes_per_request = per_request((double)bytes, r);
	}
}

static int measure(struct run *run, struct engine_run *er, unsigned round, uint64_t done,
		   uint64_t total, const struct progress *progress, struct error *e)
{
	struct device_counters before, after;
	char what[WORKLOAD_NAME_NBYTES + 64];
	int err;

	if (round == 0 && ramp_ns(run) > 0) {
		plan_slice(run, er, -1);
		snprintf(what, sizeof what, "warming up %s", er->config->label);
		err = run_slice(er, what, 0, ramp_ns(run), ramp_ns(run), progress, e);
		er->slice.next_index = 0;
		if (err != 0)
			return err;
	}
	if (progress_step(progress, "measuring", done, total) != 0) {
		run->interrupted = true;
		return 0;
	}
	plan_slice(run, er, (int)round);
	bool known = device_read_counters(er->env.dir, &before);
	err = run_slice(er, "measuring", done, total,
			total / ((uint64_t)run->workload->rounds * run->engine_count), progress, e);
	known = known && device_read_counters(er->env.dir, &after);
	if (err == 0)
		account_slice(er, round, known, &before, &after);
	run->interrupted |= er->slice.stopped;
	return err;
}

/* Engines take turns; their order is shuffled in each round, so that none
 * always follows the same other. */
static void shuffle(const struct run *run, unsigned round, unsigned *order)
{
	uint64_t key = prng_key(run->workload->randseed, SEED_ORDER);

	for (unsigned i = 0; i < run->engine_count; i++)
		order[i] = i;
	for (unsigned i = run->engine_count; i > 1; i--) {
		unsigned j = (unsigned)prng_below(
			prng_at(key, (uint64_t)round * WORKLOAD_ENGINES_MAX + i), i);
		unsigned t = order[i - 1];
		order[i - 1] = order[j];
		order[j] = t;
	}
}

static int run_rounds(struct run *run, const struct progress *progress, struct error *e)
{
	unsigned order[WORKLOAD_ENGINES_MAX];
	uint64_t total = run->workload->runtime_ns * run->engine_count;
	uint64_t share = run->workload->runtime_ns / run->workload->rounds, done = 0;

	for (unsigned round = 0; round < run->workload->rounds; round++) {
		shuffle(run, round, order);
		for (unsigned i = 0; i < run->engine_count; i++) {
			int err = measure(run, &run->engines[order[i]], round, done, total,
					  progress, e);
			if (err != 0 || run->interrupted)
				return err;
			done += share;
		}
		run->rounds_done++;
	}
	return 0;
}

/* What a request costs when the engine does nothing: the harness's own share
 * of every figure. */
static int measure_null(struct run *run, struct error *e)
{
	static const struct engine_config null_config = {
		.label = "null", .kind = "null", .numjobs = 1, .iodepth = 1};
	struct engine_run er = {0};

	int err = open_engine(run, &er, &null_config, e);
	if (err == 0) {
		reset_slice(&er.slice);
		er.slice.next_index = 0;
		er.slice.index_limit = NULL_REQUESTS;
		err = run_slice(&er, "null engine", 0, 1, 1, NULL, e);
	}
	if (err == 0)
		run->null_ns_per_request =
			(double)(er.slice_recorder->last_done_ns - er.slice.start_ns) /
			NULL_REQUESTS;
	free_engine(&er);
	return err;
}

/* ---- the same requests for every engine ---- */

/* Sums the shares of the measured requests [0, count). For paced runs the
 * schedule is walked from its start: warm-up comes first. */
static uint64_t digest_of_stream(const struct run *run, uint64_t count)
{
	const struct workload *w = run->workload;
	struct arrivals a;
	struct request r;
	uint64_t digest = 0, planned_ns = 0, index = 0;

	arrivals_init(&a, w->rate_process, w->rate_iops, prng_key(w->randseed, SEED_ARRIVALS));
	for (uint64_t seen = 0; seen < count; index++) {
		if (is_paced(run)) {
			planned_ns = arrivals_next_ns(&a);
			if (planned_ns < ramp_ns(run))
				continue;
		}
		stream_request(&run->stream, index, &r);
		digest += stream_digest_share(index, r.content, r.context, planned_ns);
		seen++;
	}
	return digest;
}

/* Each engine summed what it really issued; here the stream is made once more
 * and must give the same sums. */
static void check_streams(struct run *run)
{
	run->stream_requests = UINT64_MAX;
	run->stream_checked = true;
	for (unsigned i = 0; i < run->engine_count; i++) {
		const struct recorder *r = run->engines[i].total;
		if (r->dropped == 0 && r->stream_digest != digest_of_stream(run, r->issued))
			run->stream_checked = false;
		if (r->issued < run->stream_requests)
			run->stream_requests = r->issued;
	}
	run->stream_digest = digest_of_stream(run, run->stream_requests);
}

int run_execute(struct run *run, const struct contents *contents, bool enumerate,
		const struct progress *progress, struct error *e)
{
	const struct workload *w = contents->workload;
	int err;

	memset(run, 0, sizeof *run);
	run->workload = w;
	run->contents = contents;
	run->enumerate = enumerate;
	stream_init(&run->stream, w, contents->count);
	err = measure_null(run, e);
	for (unsigned i = 0; i < w->engine_count && err == 0; i++) {
		run->engine_count++;
		err = open_engine(run, &run->engines[i], &w->engines[i], e);
	}
	if (err == 0)
		err = run_rounds(run, progress, e);
	for (unsigned i = 0; i < run->engine_count; i++)
		close_engine(&run->engines[i]);
	if (err == 0 && !enumerate)
		check_streams(run);
	return err;
}

void run_free(struct run *run)
{
	for (unsigned i = 0; i < run->engine_count; i++)
		free_engine(&run->engines[i]);
	run->engine_count = 0;
}
