/* rounds.c: the measured rounds: engines take turns, each round is accounted. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cache.h"
#include "bench/host.h"
#include "bench/run.h"
#include "workloads/prng.h"

/* Warm-up of closed loops asks for other requests than the measured ones. */
#define WARM_UP_OFFSET (UINT64_C(1) << 62)
/* The name of the sub-sequence of randseed that the order of engines uses. */
enum { SEED_ORDER = 102 };

static bool is_paced(const struct run *run)
{
	return run->workload->scenario == SCENARIO_SERVER && !run->enumerated;
}

static uint64_t ramp_ns(const struct run *run)
{
	return run->enumerated ? 0 : run->workload->ramp_time_ns;
}

static struct slice_plan plan_warm_up(const struct run *run, struct engine_run *er)
{
	if (is_paced(run))
		return run_plan_paced(run, er, 0, ramp_ns(run));
	struct slice_plan plan = run_plan(run);
	plan.index_offset = WARM_UP_OFFSET;
	plan.length_ns = ramp_ns(run);
	return plan;
}

static struct slice_plan plan_round(const struct run *run, struct engine_run *er, unsigned round)
{
	const struct workload *w = run->workload;
	uint64_t length_ns = w->runtime_ns / w->rounds;

	if (is_paced(run)) {
		uint64_t begin_ns = ramp_ns(run) + round * length_ns;
		return run_plan_paced(run, er, begin_ns, begin_ns + length_ns);
	}
	struct slice_plan plan = run_plan(run);
	plan.index_first = er->next_index;
	if (run->enumerated) {
		plan.stream = NULL;
		plan.index_limit = run->contents->items;
	} else if (w->number_ios > 0) {
		plan.index_limit = w->number_ios / w->rounds * (round + 1) +
				   w->number_ios % w->rounds * (round + 1) / w->rounds;
	} else {
		plan.length_ns = length_ns;
	}
	return plan;
}

static double per_request(double sum, const struct recorder *r)
{
	return r->completed > 0 ? sum / (double)r->completed : 0;
}

static void account_device(struct engine_run *er, struct round_figures *f, bool known,
			   const struct device_counters *before,
			   const struct device_counters *after)
{
	f->moved_bytes_per_request = -1;
	er->device_known &= known;
	if (!known)
		return;
	uint64_t bytes = after->read_bytes - before->read_bytes;
	er->device.reads += after->reads - before->reads;
	er->device.read_bytes += bytes;
	f->moved_bytes_per_request = per_request((double)bytes, er->slice_recorder);
}

/* One interval a round in the histogram log, of each of the three. */
static int log_histograms(const struct run *run, struct engine_run *er, struct error *e)
{
	const struct recorder *r = er->slice_recorder;
	double start_s = (double)(er->slice.start_ns - run->started_ns) / 1e9;
	double length_s = (double)run_slice_window_ns(er) / 1e9;

	int err = hlog_add(er->hlog, "response", start_s, length_s, &r->response, e);
	if (err == 0)
		err = hlog_add(er->hlog, "service", start_s, length_s, &r->service, e);
	return err != 0 ? err : hlog_add(er->hlog, "slip", start_s, length_s, &r->slip, e);
}

static void account_round(struct engine_run *er, unsigned round)
{
	const struct recorder *r = er->slice_recorder;
	struct round_figures *f = &er->rounds[round];
	uint64_t window_ns = run_slice_window_ns(er);

	er->window_ns += window_ns;
	er->planned_window_ns += er->slice.plan.end_ns - er->slice.plan.begin_ns;
	er->next_index = er->slice.next_index;
	if (er->next_index > er->slice.plan.index_limit)
		er->next_index = er->slice.plan.index_limit;
	er->trends[round] = r->trend;
	if (er->slice.plan.schedule == NULL) {
		/* a closed loop has no backlog that could grow: its rounds are held
		 * against each other by the time a request took, as fio does by rate */
		er->trends[round].count[0] = r->completed;
		er->trends[round].response_sum_ns[0] = (double)window_ns;
	}
	recorder_merge(er->total, r);
	f->response_p50_ns = (double)histogram_percentile(&r->response, 50);
	f->response_p99_ns = (double)histogram_percentile(&r->response, 99);
	f->achieved_rps = run_slice_rate(er);
	f->completed = r->completed;
	f->joules_per_request = NAN;
	f->span = er->slice_span;
	f->process_cpu_s = er->slice_process_cpu_s;
	f->cpu_us_per_request =
		er->stats.cpu_elsewhere ? NAN : per_request((double)r->cpu_ns / 1e3, r);
}

/* Once, before an engine's first round: the cache as the workload wants it,
 * warm-up, and what then lies in the cache. */
static int begin_engine(struct run *run, struct engine_run *er, struct error *e)
{
	int err = 0;

	if (er->stats.store_dir[0] != '\0' && run->workload->cache_state == CACHE_WARM)
		err = cache_warm(er->stats.store_dir, e);
	if (err == 0 && ramp_ns(run) > 0) {
		struct slice_plan plan = plan_warm_up(run, er);
		err = run_slice(run, er, &plan, "measuring", ramp_ns(run), e);
	}
	return err;
}

/* drop: what is cold is made so before each slice, and that is what counts. */
static void look_at_cache(struct engine_run *er, bool drop, uint64_t *cached_bytes)
{
	struct error ignored;

	if (er->stats.store_dir[0] == '\0')
		return;
	er->cache.in_memory = cache_is_all_there_is(er->stats.store_dir);
	bool known = !drop || cache_drop(er->stats.store_dir, &ignored) == 0;
	er->cache.known = known && cache_resident(er->stats.store_dir, &er->cache.store_bytes,
						  cached_bytes, &ignored) == 0;
}

static int measure(struct run *run, struct engine_run *er, unsigned round, uint64_t share,
		   struct error *e)
{
	struct device_counters before, after;
	uint64_t ticks[2] = {0}, stolen[2] = {0};

	int err = round == 0 ? begin_engine(run, er, e) : 0;
	if (err != 0 || run->interrupted)
		return err;
	if (round == 0) {
		look_at_cache(er, run->workload->cache_state == CACHE_COLD,
			      &er->cache.before_bytes);
		er->paused_ns = 0; /* of the warm-up */
	}
	struct slice_plan plan = plan_round(run, er, round);
	bool known = device_read_counters(er->env.dir, &before);
	bool steal_known = host_read_steal(&ticks[0], &stolen[0]);
	err = run_slice(run, er, &plan, "measuring", share, e);
	if (steal_known && host_read_steal(&ticks[1], &stolen[1])) {
		er->machine_ticks += ticks[1] - ticks[0];
		er->stolen_ticks += stolen[1] - stolen[0];
	}
	known = known && device_read_counters(er->env.dir, &after);
	if (err != 0)
		return err;
	account_round(er, round);
	account_device(er, &er->rounds[round], known, &before, &after);
	if (round + 1 == run->workload->rounds)
		look_at_cache(er, false, &er->cache.after_bytes);
	return log_histograms(run, er, e);
}

/* Engines take turns; their order is shuffled in each round, so that none
 * always follows the same other. */
static void shuffle(const struct run *run, unsigned round, unsigned count, unsigned *order)
{
	uint64_t key = prng_key(run->workload->randseed, SEED_ORDER);

	for (unsigned i = 0; i < count; i++)
		order[i] = i;
	for (unsigned i = count; i > 1; i--) {
		unsigned j = (unsigned)prng_below(
			prng_at(key, (uint64_t)round * WORKLOAD_ENGINES_MAX + i), i);
		unsigned t = order[i - 1];
		order[i - 1] = order[j];
		order[j] = t;
	}
}

static void begin_progress(struct run *run, uint64_t share, unsigned count)
{
	run->progress_done = 0;
	run->progress_total = (share * run->workload->rounds + ramp_ns(run)) * count;
}

int rounds_measure(struct run *run, unsigned first, unsigned count, struct error *e)
{
	unsigned order[WORKLOAD_ENGINES_MAX];
	const struct workload *w = run->workload;
	uint64_t share = w->runtime_ns / w->rounds;

	begin_progress(run, share, count);
	for (unsigned i = 0; i < count; i++)
		if (is_paced(run) && run->engines[first + i].peak.rate_iops == 0)
			run_restart_schedule(run, &run->engines[first + i], 0);
	for (unsigned round = 0; round < w->rounds; round++) {
		shuffle(run, round, count, order);
		for (unsigned i = 0; i < count; i++) {
			struct engine_run *er = &run->engines[first + order[i]];
			int err = measure(run, er, round, share, e);
			if (err != 0 || run->interrupted)
				return err;
			er->rounds_done++;
		}
	}
	for (unsigned i = 0; i < count; i++) {
		struct engine_run *er = &run->engines[first + i];
		er->steady = steady_judge(w->ss_kind, w->ss_limit,
					  is_paced(run) ? "response times" : "times per request",
					  er->trends, er->rounds_done);
	}
	return 0;
}

int rounds_forget(const struct run *run, struct engine_run *er, struct error *e)
{
	recorder_reset(er->total, 0);
	er->rounds_done = 0;
	er->window_ns = er->planned_window_ns = 0;
	er->device = (struct device_counters){0};
	er->device_known = true;
	er->paused_ns = er->machine_ticks = er->stolen_ticks = 0;
	er->next_index = 0;
	return run_open_hlog(run, er, e);
}
