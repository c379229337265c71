/*
 * test_queueing.c: the harness against answers known in advance: queueing
 * theory, a stall worked out request by request, chains, rate steps, the peak.
 * In virtual time, so that the machine has no part in the result.
 */
#include "tests/test.h"

#include <math.h>

#include "bench/load.h"
#include "bench/run.h"
#include "bench/verdict.h"
#include "tests/scratch.h"
#include "tests/virtual_clock.h"

static char root[] = "/tmp/gvr-queueing.XXXXXX";
static struct workload workload;
static struct contents contents;
static struct run run;
static struct verdict verdict;

static int make_root(void **state)
{
	(void)state;
	return mkdtemp(root) == NULL;
}

static int remove_root(void **state)
{
	(void)state;
	return scratch_remove(root);
}

#define WORKLOAD "[workload]\ncontents = noise:1000\nsize = fixed:100\n"
#define DELAY "[engine \"d\"]\nkind = delay\n"

static void execute(const char *text)
{
	struct error e = {""};
	struct load_report report;

	if (workload_parse(&workload, "test", text, strlen(text), NULL, 0, &e) != 0 ||
	    contents_open(&contents, &workload, root, CONTENTS_MAKE, scratch_no_notice, NULL, &e) !=
		    0 ||
	    load_all(&contents, &report, NULL, &e) != 0 ||
	    run_execute(&run, &contents, false, NULL, NULL, &e) != 0)
		fail_msg("%s", e.text);
	verdict_of(&run, &verdict);
}

/* Also puts the clock back to its finest. */
static void finish(void)
{
	virtual_step_ns = 200;
	virtual_late_ns = 0;
	virtual_others = false;
	run_free(&run);
	contents_close(&contents);
}

static const struct recorder *total(void)
{
	return run.engines[0].total;
}

static void assert_near(double got, double want, double tolerance)
{
	if (!(fabs(got - want) <= fabs(want) * tolerance))
		fail_msg("%g is not within %g %% of %g", got, tolerance * 100, want);
}

/* The only reason, or one of them, that the run is INVALID. */
static void assert_invalid(const char *part)
{
	for (unsigned i = 0; i < verdict.reason_count; i++)
		if (strstr(verdict.reasons[i], part) != NULL)
			return;
	fail_msg("no reason says \"%s\": %s", part,
		 verdict.reason_count > 0 ? verdict.reasons[0] : "VALID");
}

static void assert_valid(void)
{
	if (verdict.reason_count > 0)
		fail_msg("%s", verdict.reasons[0]);
}

/* ---- M/D/1 and M/M/1 ---- */

static double mean_response(const char *kind, double load)
{
	char text[512];

	virtual_step_ns = 1000; /* coarse and quick: 1 us of 1 ms and more */
	snprintf(text, sizeof text,
		 WORKLOAD "rate_iops = %g\nruntime = %gs\nramp_time = 2s\n" DELAY
			  "service_time = %s:1ms\niodepth = 4096\n",
		 load * 1000, load < 0.7 ? 100.0 : 400.0, kind);
	execute(text);
	assert_valid();
	double mean_ns = histogram_mean(&total()->response);
	finish();
	return mean_ns;
}

/* Pollaczek and Khinchine: S (1 + load / (2 (1 - load))) for fixed times S. */
static void fixed_service_times_give_md1(void **state)
{
	(void)state;
	static const double loads[] = {0.3, 0.6, 0.8};
	for (unsigned i = 0; i < 3; i++) {
		double load = loads[i];
		assert_near(mean_response("fixed", load), 1e6 * (1 + load / (2 * (1 - load))),
			    0.05);
	}
}

/* S / (1 - load) for exponential times of mean S. */
static void exponential_service_times_give_mm1(void **state)
{
	(void)state;
	static const double loads[] = {0.3, 0.6, 0.8};
	for (unsigned i = 0; i < 3; i++)
		assert_near(mean_response("exponential", loads[i]), 1e6 / (1 - loads[i]), 0.05);
}

/* ---- a stall: 2 s of 10 s at 1000/s ---- */

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

/* The response times by Lindley's recursion, one server that takes 100 us and
 * once 2 s more, sorted. */
static unsigned stalled_responses(uint64_t *response_ns, unsigned capacity)
{
	struct arrivals_plan plan;
	struct arrivals a;
	uint64_t free_ns = 0, first_ns = 0;
	bool stalled = false;
	unsigned n = 0;

	arrivals_plan(&plan, &workload);
	arrivals_init(&a, &plan);
	for (uint64_t at_ns; (at_ns = arrivals_next_ns(&a)) < workload.runtime_ns; n++) {
		uint64_t start_ns = at_ns > free_ns ? at_ns : free_ns;
		assert_true(n < capacity);
		first_ns = n == 0 ? at_ns : first_ns;
		free_ns = start_ns + 100000;
		if (!stalled && start_ns - first_ns >= 4000000000) {
			stalled = true;
			free_ns += 2000000000;
		}
		response_ns[n] = free_ns - at_ns;
	}
	qsort(response_ns, n, sizeof *response_ns, by_value);
	return n;
}

static void a_stall_is_in_every_response_it_delayed(void **state)
{
	(void)state;
	enum { CAPACITY = 20000 };
	static uint64_t want_ns[CAPACITY];
	static const char *const processes[] = {"linear", "poisson"};

	for (unsigned i = 0; i < 2; i++) {
		char text[512];
		snprintf(text, sizeof text,
			 WORKLOAD "rate_iops = 1000\nrate_process = %s\nruntime = 10s\n"
				  "ramp_time = 0\nrounds = 1\n" DELAY
				  "service_time = fixed:100us\nstall = 4s,2s\niodepth = 1\n",
			 processes[i]);
		execute(text);
		const struct recorder *r = total();
		unsigned n = stalled_responses(want_ns, CAPACITY);
		assert_int_equal(r->completed, n);
		static const double percentiles[] = {50, 90, 99, 99.9};
		for (unsigned k = 0; k < 4; k++) {
			unsigned rank = (unsigned)ceil(n * percentiles[k] / 100);
			assert_near((double)histogram_percentile(&r->response, percentiles[k]),
				    (double)want_ns[rank - 1], 0.05);
		}
		/* a fifth of the requests were due in those 2 s: p90 is about 1 s */
		assert_near((double)histogram_percentile(&r->response, 90), 1e9, 0.15);
		/* one request took long; the others were served as ever */
		assert_near((double)histogram_percentile(&r->service, 99.98), 1e5, 0.05);
		assert_near((double)r->service.max_ns, 2e9, 0.01);
		/* the engine was busy: the harness was not late */
		assert_true(r->slip.max_ns < 20000);
		finish();
	}
}

/* ---- lateness of the harness itself ---- */

#define LATE_WORKLOAD                                                                              \
	WORKLOAD "rate_iops = 100\nrate_process = linear\nruntime = 20s\nramp_time = 1s\n" DELAY   \
		 "service_time = fixed:100us\n"

static void wake_ups_within_the_margin_are_no_slip(void **state)
{
	(void)state;
	virtual_late_ns = 40000;
	execute(LATE_WORKLOAD);
	assert_valid();
	assert_true(total()->slip.max_ns < 5000);
	assert_near((double)histogram_percentile(&total()->response, 99), 1e5, 0.05);
	finish();
}

/* Woken 5 ms late, 4 more than the margin can take, because others ran. */
static void wake_ups_delayed_by_others_are_slip(void **state)
{
	(void)state;
	virtual_late_ns = 5000000;
	virtual_others = true;
	execute(LATE_WORKLOAD);
	assert_invalid("the harness was late");
	assert_near((double)histogram_percentile(&total()->slip, 50), 4e6, 0.05);
	assert_near((double)histogram_percentile(&total()->response, 50), 4.1e6, 0.05);
	assert_near((double)histogram_percentile(&total()->service, 50), 1e5, 0.05);
	finish();
}

/* The same, and nobody ran: the machine stood still. In the response all the
 * same. */
static void a_machine_that_stands_still_is_no_slip(void **state)
{
	(void)state;
	virtual_late_ns = 5000000;
	execute(LATE_WORKLOAD);
	assert_valid();
	assert_true(total()->slip.max_ns < 5000);
	assert_near((double)histogram_percentile(&total()->response, 50), 4.1e6, 0.05);
	finish();
}

/* ---- overload ---- */

static void overload_says_what_was_served(void **state)
{
	(void)state;
	execute(WORKLOAD "rate_iops = 2000\nruntime = 20s\nramp_time = 0\n" DELAY
			 "service_time = fixed:1ms\n");
	assert_invalid("overloaded: offered 20");
	assert_near((double)total()->completed * 1e9 / (double)run.engines[0].window_ns, 1000,
		    0.001);
	assert_int_equal(total()->planned, total()->completed + total()->dropped);
	finish();
}

/* All requests are taken in time by a deep queue, that only grows. */
static void a_growing_backlog_is_no_steady_state(void **state)
{
	(void)state;
	execute(WORKLOAD "rate_iops = 1100\nruntime = 50s\nramp_time = 0\n" DELAY
			 "service_time = fixed:1ms\niodepth = 4096\n");
	assert_int_equal(total()->dropped, 0);
	assert_invalid("no steady state");
	finish();
}

/* ---- rules about size and target ---- */

static void short_runs_are_invalid(void **state)
{
	(void)state;
	execute(WORKLOAD "rate_iops = 100\nruntime = 900ms\nramp_time = 0\n" DELAY);
	assert_invalid("min_duration = 1");
	assert_invalid("1000 are needed");
	finish();
	execute(WORKLOAD "rate_iops = 100\nruntime = 2s\nramp_time = 0\n"
			 "target_latency_percentile = 90\n" DELAY);
	assert_valid();
	finish();
}

static void a_missed_target_is_invalid(void **state)
{
	(void)state;
	execute(WORKLOAD "rate_iops = 500\nruntime = 20s\ntarget_latency = 1ms\n" DELAY);
	assert_invalid("above target_latency = 1.00 ms");
	finish();
	execute(WORKLOAD "rate_iops = 500\nrate_process = linear\nruntime = 20s\n"
			 "target_latency = 1010us\n" DELAY);
	assert_valid();
	finish();
}

/* ---- bursts and steps ---- */

/* 16 agents before one server of 1 ms: the first requests wait for those
 * before them, 1 to 16 ms; each later one for the 15 other agents, 16 ms. */
static void chains_follow_their_answers(void **state)
{
	(void)state;
	execute(WORKLOAD "rate_iops = 320\nrate_process = bursts\nruntime = 40s\n"
			 "burst_agents = 16\nburst_chain = 4\nramp_time = 0\n" DELAY
			 "service_time = fixed:1ms\n");
	assert_valid();
	const struct recorder *r = total();
	assert_near((double)r->completed, 40 * 320, 0.02);
	assert_int_equal(r->completed % 64, 0);
	assert_near(histogram_mean(&r->response), 1e6 * (8.5 + 3 * 16) / 4, 0.01);
	assert_near((double)histogram_percentile(&r->response, 50), 16e6, 0.01);
	assert_near((double)r->response.min_ns, 1e6, 0.01);
	assert_near((double)r->response.max_ns, 16e6, 0.01);
	finish();
}

/* No fewer agents than iodepth allows are served, and in order. */
static void chains_wait_for_a_busy_engine(void **state)
{
	(void)state;
	execute(WORKLOAD "rate_iops = 320\nrate_process = bursts\nruntime = 40s\n"
			 "burst_agents = 16\nburst_chain = 4\nramp_time = 0\n" DELAY
			 "service_time = fixed:1ms\niodepth = 1\n");
	assert_valid();
	assert_near(histogram_mean(&total()->response), 1e6 * (8.5 + 3 * 16) / 4, 0.01);
	assert_near(histogram_mean(&total()->service), 1e6, 0.01);
	finish();
}

static void steps_have_their_own_figures(void **state)
{
	(void)state;
	execute(WORKLOAD "rate_iops = 100,400,200\nrate_process = linear\nruntime = 30s\n"
			 "ramp_time = 1s\nrounds = 2\n" DELAY "service_time = fixed:1ms\n");
	assert_valid();
	static const double rates[] = {100, 400, 200};
	for (unsigned i = 0; i < 3; i++) {
		const struct step_recorder *s = &total()->steps[i];
		assert_near((double)s->planned, rates[i] * 10, 0.01);
		assert_int_equal(s->planned, s->response.count);
		assert_near((double)histogram_percentile(&s->response, 50), 1e6, 0.01);
	}
	assert_near((double)total()->planned, 7000, 0.01);
	finish();
	/* 2000/s is too much for the engine: that step shows it, the first does not */
	execute(WORKLOAD "rate_iops = 200,1500,100\nruntime = 30s\n" DELAY
			 "service_time = fixed:1ms\niodepth = 4096\n");
	assert_true(histogram_percentile(&total()->steps[0].response, 50) < 2000000);
	assert_true(histogram_percentile(&total()->steps[1].response, 50) > 100000000);
	finish();
}

/* ---- the peak ---- */

/* M/M/1: p99 of the response is ln(100) / (1/S - rate); at 10 ms and S = 1 ms
 * the rate is 1000 - 460.5. */
static void the_peak_is_where_theory_says(void **state)
{
	(void)state;
	virtual_step_ns = 1000;
	execute(WORKLOAD "rate_iops = peak\ntarget_latency = 10ms\nruntime = 500s\n" DELAY
			 "service_time = exponential:1ms\niodepth = 4096\n");
	assert_valid();
	const struct engine_run *er = &run.engines[0];
	assert_near(er->peak.rate_iops, 539.5, 0.05);
	assert_true(er->peak.probe_count > 4);
	assert_near((double)er->total->completed, er->peak.rate_iops * 500, 0.02);
	finish();
}

static void no_peak_is_invalid(void **state)
{
	(void)state;
	virtual_step_ns = 1000;
	execute(WORKLOAD "rate_iops = peak\ntarget_latency = 500us\nruntime = 10s\n" DELAY);
	assert_true(run.engines[0].peak.rate_iops == 0);
	assert_invalid("no rate was found");
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fixed_service_times_give_md1),
		cmocka_unit_test(exponential_service_times_give_mm1),
		cmocka_unit_test(a_stall_is_in_every_response_it_delayed),
		cmocka_unit_test(wake_ups_within_the_margin_are_no_slip),
		cmocka_unit_test(wake_ups_delayed_by_others_are_slip),
		cmocka_unit_test(a_machine_that_stands_still_is_no_slip),
		cmocka_unit_test(overload_says_what_was_served),
		cmocka_unit_test(a_growing_backlog_is_no_steady_state),
		cmocka_unit_test(short_runs_are_invalid),
		cmocka_unit_test(a_missed_target_is_invalid),
		cmocka_unit_test(chains_follow_their_answers),
		cmocka_unit_test(chains_wait_for_a_busy_engine),
		cmocka_unit_test(steps_have_their_own_figures),
		cmocka_unit_test(the_peak_is_where_theory_says),
		cmocka_unit_test(no_peak_is_invalid),
	};
	return cmocka_run_group_tests(tests, make_root, remove_root);
}
