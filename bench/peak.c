/*
 * peak.c: the highest rate at which an engine holds target_latency: doubling
 * until it does not, then bisection, as MLPerf's FindPeakPerformance; then the
 * rounds are measured at that rate, and must hold it too.
 */
#include <inttypes.h>
#include <stdio.h>

#include "bench/run.h"

/* The search ends when what failed is within 2 % of what held. */
#define CLOSE_ENOUGH 1.02
/* Rounds that miss the target are measured again at a rate that is lower by
 * 3 %, then by 6, 12 and 24. */
#define BACK_OFF 0.03
#define ATTEMPTS_MAX 5u
#define RATE_MAX 1e9
/* A probe of fewer requests than this says nothing. */
#define PROBE_REQUESTS_MIN 10
/* Closed-loop capacity is asked for so long; the search starts well below. */
#define CAPACITY_NS UINT64_C(500000000)
#define START_BELOW 8
/* A schedule that was held up for longer than this part of it was overload. */
#define WINDOW_TOLERANCE 0.01

static uint64_t probe_ns(const struct run *run)
{
	return run->workload->runtime_ns / run->workload->rounds;
}

static double rate_min(const struct run *run)
{
	return PROBE_REQUESTS_MIN * 1e9 / (double)probe_ns(run);
}

static bool holds(const struct run *run, const struct recorder *r, uint64_t window_ns,
		  uint64_t planned_ns)
{
	double p = run->workload->target_latency_percentile;

	return r->completed > 0 && r->dropped == 0 && r->failed == 0 &&
	       r->response.out_of_range == 0 &&
	       (double)window_ns <= (double)planned_ns * (1 + WINDOW_TOLERANCE) &&
	       histogram_percentile(&r->response, p) <= run->workload->target_latency_ns;
}

/* Requests a second as fast as the engine goes. */
static int capacity(struct run *run, struct engine_run *er, double *rate, struct error *e)
{
	struct slice_plan plan = run_plan(run);

	plan.length_ns = CAPACITY_NS;
	int err = run_slice(run, er, &plan, "searching the peak", 0, e);
	*rate = run_slice_rate(er);
	return err;
}

/* One slice at that rate. Once the probes are used up nothing is held: the
 * search ends. */
static int probe(struct run *run, struct engine_run *er, double rate, bool *held, struct error *e)
{
	struct peak *peak = &er->peak;
	char what[64];

	*held = false;
	if (peak->probe_count == PEAK_PROBES_MAX || run->interrupted)
		return 0;
	snprintf(what, sizeof what, "peak: %.6g/s", rate);
	run_restart_schedule(run, er, rate);
	struct slice_plan plan = run_plan_paced(run, er, 0, probe_ns(run));
	int err = run_slice(run, er, &plan, what, 0, e);
	if (err != 0)
		return err;
	const struct recorder *r = er->slice_recorder;
	*held = !run->interrupted &&
		holds(run, r, run_slice_window_ns(er), plan.end_ns - plan.begin_ns);
	peak->probes[peak->probe_count++] = (struct peak_probe){
		.rate_iops = rate,
		.latency_ns = histogram_percentile(&r->response,
						   run->workload->target_latency_percentile),
		.served_rps = run_slice_rate(er),
		.dropped = r->dropped,
		.held = *held,
	};
	return 0;
}

static bool searching(const struct run *run, const struct engine_run *er)
{
	return !run->interrupted && er->peak.probe_count < PEAK_PROBES_MAX;
}

/* Sets *low to a rate that held, 0 if none did, and *high to one that did not. */
static int bracket(struct run *run, struct engine_run *er, double start, double *low, double *high,
		   struct error *e)
{
	double rate = start;
	bool held;

	*low = 0;
	*high = RATE_MAX;
	int err = probe(run, er, rate, &held, e);
	bool up = held;
	while (err == 0 && searching(run, er)) {
		*(held ? low : high) = rate;
		if (held != up || rate * 2 > RATE_MAX || rate / 2 < rate_min(run))
			break;
		rate = up ? rate * 2 : rate / 2;
		err = probe(run, er, rate, &held, e);
	}
	return err;
}

static int search(struct run *run, struct engine_run *er, struct error *e)
{
	double rate, low, high;

	int err = capacity(run, er, &rate, e);
	if (err != 0 || run->interrupted)
		return err;
	rate /= START_BELOW;
	rate = rate < rate_min(run) ? rate_min(run) : rate < RATE_MAX ? rate : RATE_MAX;
	err = bracket(run, er, rate, &low, &high, e);
	while (err == 0 && searching(run, er) && low > 0 && high > low * CLOSE_ENOUGH) {
		bool held;
		rate = (low + high) / 2;
		err = probe(run, er, rate, &held, e);
		*(held ? &low : &high) = rate;
	}
	er->peak.rate_iops = low;
	return err;
}

/* The rounds of one engine at its peak; lower if they miss the target. */
static int confirm(struct run *run, unsigned index, struct error *e)
{
	struct engine_run *er = &run->engines[index];

	for (unsigned attempt = 0;; attempt++) {
		int err = rounds_forget(run, er, e);
		if (err != 0)
			return err;
		run_restart_schedule(run, er, er->peak.rate_iops);
		err = rounds_measure(run, index, 1, e);
		if (err != 0 || run->interrupted || attempt + 1 == ATTEMPTS_MAX ||
		    holds(run, er->total, er->window_ns, er->planned_window_ns))
			return err;
		er->peak.rate_iops *= 1 - BACK_OFF * (1 << attempt);
	}
}

int peak_measure(struct run *run, struct error *e)
{
	int err = 0;

	for (unsigned i = 0; i < run->engine_count && err == 0 && !run->interrupted; i++) {
		err = search(run, &run->engines[i], e);
		if (err == 0 && !run->interrupted && run->engines[i].peak.rate_iops > 0)
			err = confirm(run, i, e);
	}
	return err;
}
