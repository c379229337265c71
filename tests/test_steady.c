/* test_steady.c: drift is found, noise is not; queues from theory. */
#include "tests/test.h"

#include <math.h>

#include "bench/steady.h"
#include "tests/sanitized.h"
#include "workloads/prng.h"

#define LIMIT 0.2
#define ROUNDS 10u
#define MS 1e6 /* ns */

static struct trend rounds[ROUNDS];

/* ---- made-up rounds ---- */

struct source {
	uint64_t key, next;
};

static double uniform(struct source *s)
{
	return prng_unit(prng_at(s->key, s->next++));
}

static double exponential(struct source *s)
{
	return -log(1 - uniform(s));
}

static double normal(struct source *s)
{
	double r = sqrt(2 * exponential(s));
	return r * cos(2 * M_PI * uniform(s));
}

/* Every window holds `requests` requests of that mean. */
static void fill(struct trend *t, unsigned window, uint64_t requests, double mean_ns)
{
	t->count[window] = requests;
	t->response_sum_ns[window] = (double)requests * mean_ns;
}

/* from * MS at the begin of the round, to * MS at its end, and noise on top:
 * its part of the mean, and how alike neighbours are. */
static void ramp(struct trend *t, double from, double to, double noise, double phi,
		 struct source *s)
{
	double n = s != NULL ? normal(s) : 0;
	trend_reset(t, 1000);
	for (unsigned i = 0; i < TREND_WINDOWS; i++) {
		double level = from + (to - from) * (i + 0.5) / TREND_WINDOWS;
		if (s != NULL && i > 0)
			n = phi * n + sqrt(1 - phi * phi) * normal(s);
		fill(t, i, 100, MS * fmax(level * (1 + noise * n), 0));
	}
}

static struct steady judge(unsigned count)
{
	return steady_judge(SS_SLOPE, LIMIT, "response times", rounds, count);
}

static bool is_flagged(unsigned count)
{
	struct steady s = judge(count);
	assert_true(s.judged);
	assert_true(s.reached == (s.why[0] == '\0'));
	return !s.reached;
}

/* ---- what is certain ---- */

static void constant_series_is_steady(void **state)
{
	(void)state;
	for (unsigned count = 1; count <= ROUNDS; count++) {
		ramp(&rounds[count - 1], 0.7, 0.7, 0, 0, NULL);
		assert_false(is_flagged(count));
		struct steady s = steady_judge(SS_SLOPE, 0, "response times", rounds, count);
		assert_true(s.judged && s.reached && fabs(s.within_round) < 1e-9);
		assert_true(count < 3 ? isnan(s.across_rounds) : fabs(s.across_rounds) < 1e-9);
		assert_true(isnan(s.spread));
		s = steady_judge(SS_MEAN, 0, "response times", rounds, count);
		assert_true(s.judged && s.reached && fabs(s.spread) < 1e-9);
		assert_true(isnan(s.within_round) && isnan(s.across_rounds));
	}
}

static void all_zero_is_steady(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++)
		ramp(&rounds[i], 0, 0, 0, 0, NULL);
	assert_false(is_flagged(5));
	assert_true(steady_judge(SS_MEAN, LIMIT, "response times", rounds, 5).reached);
}

/* A backlog that grows from 0: the line changes twice the mean. */
static void growth_within_rounds_is_found(void **state)
{
	(void)state;
	for (unsigned count = 1; count <= ROUNDS; count++) {
		ramp(&rounds[count - 1], 0, 8, 0, 0, NULL);
		struct steady s = judge(count);
		assert_true(s.judged && !s.reached);
		assert_true(fabs(s.within_round - 2) < 1e-9);
		assert_string_equal(s.why, "response times rise by 200 % within a round");
	}
}

static void growth_is_found_in_noise(void **state)
{
	(void)state;
	struct source s = {.key = 1};
	static const unsigned counts[] = {1, 2, 5, 10};
	for (unsigned c = 0; c < 4; c++)
		for (unsigned trial = 0; trial < 100; trial++) {
			for (unsigned i = 0; i < counts[c]; i++)
				ramp(&rounds[i], 1, 4, 0.1, 0, &s);
			assert_true(is_flagged(counts[c]));
		}
}

static void falling_is_found_too(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++)
		ramp(&rounds[i], 1.5, 0.5, 0, 0, NULL);
	assert_string_equal(judge(5).why, "response times fall by 100 % within a round");
}

/* 19 % and 21 % about the limit of 20 %, without noise. */
static void limit_is_where_it_is_said_to_be(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++)
		ramp(&rounds[i], 0.905, 1.095, 0, 0, NULL);
	assert_false(is_flagged(5));
	for (unsigned i = 0; i < 5; i++)
		ramp(&rounds[i], 0.895, 1.105, 0, 0, NULL);
	assert_true(is_flagged(5));
	assert_true(steady_judge(SS_SLOPE, 0.22, "response times", rounds, 5).reached);
}

static void growth_across_rounds_is_found(void **state)
{
	(void)state;
	struct source s = {.key = 2};
	for (unsigned i = 0; i < 5; i++)
		ramp(&rounds[i], 1 + 0.25 * i, 1 + 0.25 * i, 0.1, 0, &s);
	struct steady judged = judge(5);
	assert_true(judged.judged && !judged.reached);
	assert_true(fabs(judged.across_rounds - 2.0 / 3) < 0.05); /* 1 to 2, mean 1.5 */
	assert_non_null(strstr(judged.why, "from the first round to the last"));
}

static void a_stalled_window_is_no_slope(void **state)
{
	(void)state;
	static const unsigned stalled_rounds[] = {0, 2, 4};
	for (unsigned count = 1; count <= 5; count++)
		for (unsigned window = 0; window < TREND_WINDOWS; window++)
			for (unsigned r = 0; r < 3 && stalled_rounds[r] < count; r++) {
				for (unsigned i = 0; i < count; i++)
					ramp(&rounds[i], 1, 1, 0, 0, NULL);
				fill(&rounds[stalled_rounds[r]], window, 100, 500 * MS);
				assert_false(is_flagged(count));
			}
}

/* ---- what is chance ---- */

#define TRIALS (SANITIZED ? 200u : 2000u)

/* How many of the trials of noisy, flat rounds are flagged. */
static unsigned false_alarms(unsigned count, double noise, double phi)
{
	unsigned flagged = 0;
	for (unsigned trial = 0; trial < TRIALS; trial++) {
		struct source s = {.key = prng_key(trial, count)};
		for (unsigned i = 0; i < count; i++)
			ramp(&rounds[i], 1, 1, noise, phi, &s);
		flagged += is_flagged(count);
	}
	return flagged;
}

static void white_noise_is_steady(void **state)
{
	(void)state;
	static const unsigned counts[] = {1, 2, 3, 5, 10};
	for (unsigned i = 0; i < 5; i++)
		assert_in_range(false_alarms(counts[i], 0.3, 0), 0, TRIALS * 2 / 100);
}

/* Neighbouring windows of a slow queue are alike: 80 %. */
static void correlated_noise_is_mostly_steady(void **state)
{
	(void)state;
	assert_in_range(false_alarms(1, 0.3, 0.8), 0, TRIALS * 10 / 100);
	assert_in_range(false_alarms(1, 0.1, 0.8), 0, TRIALS * 10 / 100);
	assert_in_range(false_alarms(5, 0.3, 0.8), 0, TRIALS * 3 / 100);
}

/* Lindley: a request waits for what the one before it left. Mean service time
 * 1 ms, so a load of 0.8 is 800 requests a second. Starts with no queue. */
static void queue(struct trend *t, double load, unsigned requests, struct source *s)
{
	double wait = 0, service = 0, at = 0;
	trend_reset(t, 0);
	for (unsigned i = 0; i < requests; i++) {
		double gap = exponential(s) / load;
		wait = fmax(wait + service - gap, 0);
		service = exponential(s);
		at += gap;
		trend_record(t, (uint64_t)(at * MS), (uint64_t)((wait + service) * MS));
	}
}

#define QUEUE_TRIALS (SANITIZED ? 40u : 1000u)

static double queues_flagged(double load, unsigned count, double *mean_ns)
{
	unsigned flagged = 0;
	*mean_ns = 0;
	for (unsigned trial = 0; trial < QUEUE_TRIALS; trial++) {
		struct source s = {.key = prng_key(trial, (uint64_t)(load * 1000) + count)};
		for (unsigned i = 0; i < count; i++) {
			queue(&rounds[i], load, 2000, &s);
			*mean_ns += trend_mean(&rounds[i]) / count / QUEUE_TRIALS;
		}
		flagged += is_flagged(count);
	}
	return (double)flagged / QUEUE_TRIALS;
}

static void stable_queues_are_steady(void **state)
{
	(void)state;
	static const double loads[] = {0.3, 0.6, 0.8};
	for (unsigned i = 0; i < 3; i++) {
		double mean_ns, part = queues_flagged(loads[i], 5, &mean_ns);
		/* the simulation itself: the mean response is service / (1 - load) */
		assert_true(fabs(mean_ns * (1 - loads[i]) / MS - 1) < 0.1);
		if (part > 0.03)
			fail_msg("load %g: %.1f %% flagged", loads[i], part * 100);
	}
}

static void overloaded_queues_are_not(void **state)
{
	(void)state;
	double mean_ns;
	assert_true(queues_flagged(1.3, 1, &mean_ns) > 0.95);
	assert_true(queues_flagged(1.3, 5, &mean_ns) > 0.95);
	assert_true(queues_flagged(1.1, 5, &mean_ns) > 0.90);
}

/* ---- few requests ---- */

static void few_requests_weigh_little(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		ramp(&rounds[i], 1, 1, 0, 0, NULL);
		for (unsigned w = 24; w < TREND_WINDOWS; w++)
			fill(&rounds[i], w, 1, 1.5 * MS);
	}
	/* 8 of 2408 requests off by half change nothing, though they are the
	 * last quarter of every round */
	struct steady s = judge(5);
	assert_true(s.judged && s.reached && fabs(s.within_round) < 0.02);
}

static void empty_windows_are_left_out(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		ramp(&rounds[i], 0, 8, 0, 0, NULL);
		for (unsigned w = 0; w < TREND_WINDOWS; w++)
			if (w % 3 != 0)
				fill(&rounds[i], w, 0, 0);
	}
	struct steady s = judge(5);
	assert_true(s.judged && !s.reached && fabs(s.within_round - 2) < 0.1);
}

static void one_window_has_no_slope(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		trend_reset(&rounds[i], 0);
		fill(&rounds[i], 3, 1000, (1 + 0.25 * i) * MS);
	}
	struct steady s = judge(1);
	assert_true(!s.judged && !s.reached && isnan(s.within_round) && s.why[0] != '\0');
	s = steady_judge(SS_MEAN, LIMIT, "response times", rounds, 1);
	assert_true(!s.judged && s.why[0] != '\0');
	/* but rounds can be compared with each other */
	s = judge(5);
	assert_true(s.judged && !s.reached && isnan(s.within_round));
	assert_true(fabs(s.across_rounds - 2.0 / 3) < 1e-9);
}

static void too_few_requests_are_not_judged(void **state)
{
	(void)state;
	struct steady s = judge(0);
	assert_true(!s.judged && !s.reached && s.why[0] != '\0');
	for (unsigned i = 0; i < 5; i++)
		ramp(&rounds[i], 0, 8, 0, 0, NULL);
	trend_reset(&rounds[3], 0);
	for (unsigned i = 0; i < 31; i++)
		fill(&rounds[3], i, 1, MS);
	s = judge(5);
	assert_true(!s.judged && !s.reached);
	assert_string_equal(s.why, "round 4 has 31 requests, 32 are needed");
	assert_false(steady_judge(SS_MEAN, LIMIT, "response times", rounds, 5).judged);
	assert_false(steady_judge(SS_NONE, LIMIT, "response times", rounds, 3).judged);
}

/* ---- ss = mean ---- */

static void mean_names_the_round_furthest_off(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++)
		ramp(&rounds[i], 1, 1, 0, 0, NULL);
	ramp(&rounds[2], 1.5, 1.5, 0, 0, NULL); /* the mean is 1.1 */
	struct steady s = steady_judge(SS_MEAN, LIMIT, "response times", rounds, 5);
	assert_true(s.judged && !s.reached && fabs(s.spread - 0.4 / 1.1) < 1e-9);
	assert_string_equal(s.why, "response times of round 3 are 36 % above the mean");
	assert_true(steady_judge(SS_MEAN, 0.37, "response times", rounds, 5).reached);
	ramp(&rounds[2], 0.5, 0.5, 0, 0, NULL); /* the mean is 0.9 */
	s = steady_judge(SS_MEAN, LIMIT, "response times", rounds, 5);
	assert_string_equal(s.why, "response times of round 3 are 44 % below the mean");
}

/* The eighths of a line from 0 to 2: 1/8, 3/8 ... 15/8 of the mean. */
static void mean_of_one_round_is_over_its_parts(void **state)
{
	(void)state;
	ramp(&rounds[0], 0, 2, 0, 0, NULL);
	struct steady s = steady_judge(SS_MEAN, LIMIT, "response times", rounds, 1);
	assert_true(s.judged && !s.reached && fabs(s.spread - 7.0 / 8) < 1e-9);
	assert_true(steady_judge(SS_MEAN, 0.9, "response times", rounds, 1).reached);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(constant_series_is_steady),
		cmocka_unit_test(all_zero_is_steady),
		cmocka_unit_test(growth_within_rounds_is_found),
		cmocka_unit_test(growth_is_found_in_noise),
		cmocka_unit_test(falling_is_found_too),
		cmocka_unit_test(limit_is_where_it_is_said_to_be),
		cmocka_unit_test(growth_across_rounds_is_found),
		cmocka_unit_test(a_stalled_window_is_no_slope),
		cmocka_unit_test(white_noise_is_steady),
		cmocka_unit_test(correlated_noise_is_mostly_steady),
		cmocka_unit_test(stable_queues_are_steady),
		cmocka_unit_test(overloaded_queues_are_not),
		cmocka_unit_test(few_requests_weigh_little),
		cmocka_unit_test(empty_windows_are_left_out),
		cmocka_unit_test(one_window_has_no_slope),
		cmocka_unit_test(too_few_requests_are_not_judged),
		cmocka_unit_test(mean_names_the_round_furthest_off),
		cmocka_unit_test(mean_of_one_round_is_over_its_parts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
