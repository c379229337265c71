/*
 * test_compare.c: what gvr compare concludes from simulated rounds, of which
 * the truth is known.
 */
#include "tests/test.h"

#include <math.h>

#include "bench/compare.h"
#include "bench/compare_relative.h"
#include "workloads/prng.h"

#define ROUNDS_MAX 20u
#define TRIALS 400u

/* Standard normal. */
static double noise(uint64_t key, uint64_t i)
{
	double u = 1 - prng_unit(prng_at(key, 2 * i)), v = prng_unit(prng_at(key, 2 * i + 1));
	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

struct sample {
	double a[ROUNDS_MAX], b[ROUNDS_MAX];
};

/* Rounds of `level` in a and level * ratio in b, with noise of 5 %. */
static struct compare_figure simulate(struct sample *s, uint64_t key, unsigned rounds, double ratio)
{
	for (unsigned i = 0; i < rounds; i++) {
		s->a[i] = 1000 * exp(0.05 * noise(key, 2 * i));
		s->b[i] = 1000 * ratio * exp(0.05 * noise(key, 2 * i + 1));
	}
	return (struct compare_figure){.a = s->a, .b = s->b, .a_count = rounds, .b_count = rounds};
}

/* In how many of the trials is there any regression, any improvement? */
struct found {
	unsigned regressions, improvements;
};

/* Each trial compares `figures` figures of 5 rounds, the first of them
 * `changed` by ratio, as one family. */
static struct found find(unsigned trials, unsigned figures, unsigned changed, double ratio,
			 double threshold)
{
	static struct sample samples[8];
	struct compare_figure f[8];
	struct found found = {0, 0};

	for (unsigned trial = 0; trial < trials; trial++) {
		bool worse = false, better = false;
		for (unsigned i = 0; i < figures; i++)
			f[i] = simulate(&samples[i], prng_key(trial, i), 5,
					i < changed ? ratio : 1);
		compare_figures(f, figures, threshold);
		for (unsigned i = 0; i < figures; i++) {
			worse = worse || f[i].word == COMPARE_REGRESSION;
			better = better || f[i].word == COMPARE_IMPROVEMENT;
		}
		found.regressions += worse;
		found.improvements += better;
	}
	return found;
}

/* ---- simulated truth ---- */

/* Two engines of four figures. The threshold is 0, so that the statistics
 * alone must hold the line. */
static void the_same_twice_is_no_regression(void **state)
{
	(void)state;
	struct found found = find(TRIALS, 8, 0, 1, 0);
	print_message("# %u of %u\n", found.regressions, TRIALS);
	assert_in_range(found.regressions, 0, TRIALS * 5 / 100);
	assert_in_range(found.improvements, 0, TRIALS * 5 / 100);
}

static void a_fifth_more_in_one_engine_is_found(void **state)
{
	(void)state;
	struct found found = find(100, 8, 4, 1.2, 0.05);
	print_message("# %u of 100\n", found.regressions);
	assert_in_range(found.regressions, 91, 100);
	assert_in_range(found.improvements, 0, 1);
}

/* Full separation of 5 and 5 rounds is needed, and the interval's clearance. */
static void a_fifth_more_in_one_figure_is_mostly_found(void **state)
{
	(void)state;
	struct found found = find(100, 8, 1, 1.2, 0.05);
	print_message("# %u of 100\n", found.regressions);
	assert_in_range(found.regressions, 70, 100);
}

static void a_fifth_less_is_an_improvement(void **state)
{
	(void)state;
	struct found found = find(100, 8, 4, 1 / 1.2, 0.05);
	assert_in_range(found.improvements, 91, 100);
	assert_in_range(found.regressions, 0, 1);
}

/* A true change below the threshold passes for one above it in 2.5 % of the
 * trials, two figures in 5 %, at the very most. */
static void a_change_within_the_threshold_is_none(void **state)
{
	(void)state;
	assert_in_range(find(200, 2, 2, 1.03, 0.05).regressions, 0, 10);
	assert_in_range(find(50, 8, 4, 1.2, 0.30).regressions, 0, 1);
}

/* The 95 % interval holds the true ratio in at least 95 % of trials (less
 * chance): an interval for the fewest rounds is wider than it need be. */
static void intervals_cover_the_truth(void **state)
{
	(void)state;
	static struct sample s;
	static const unsigned rounds[] = {3, 5, 10};
	for (unsigned k = 0; k < 3; k++) {
		unsigned covered = 0;
		for (uint64_t trial = 0; trial < TRIALS; trial++) {
			struct compare_figure f = simulate(&s, prng_key(trial, k), rounds[k], 1.1);
			compare_figures(&f, 1, 0);
			covered += f.low <= 1.1 && 1.1 <= f.high;
		}
		print_message("# %u rounds: %u of %u\n", rounds[k], covered, TRIALS);
		assert_in_range(covered, TRIALS * 93 / 100, TRIALS * 995 / 1000);
	}
}

/* ---- worked out by hand ---- */

/* Rounds near `level`, none twice, in a narrow band. */
static void fill(double *values, unsigned count, double level)
{
	for (unsigned i = 0; i < count; i++)
		values[i] = level * (1 + 0.001 * (i * 7 % count));
}

static struct compare_figure shifted(struct sample *s, unsigned rounds, double ratio)
{
	fill(s->a, rounds, 100);
	fill(s->b, rounds, 100 * ratio);
	return (struct compare_figure){.a = s->a, .b = s->b, .a_count = rounds, .b_count = rounds};
}

static void effect_and_p_of_a_clear_change(void **state)
{
	(void)state;
	static struct sample s;
	struct compare_figure f = shifted(&s, 5, 1.5);
	compare_figures(&f, 1, 0.05);
	assert_true(f.known && !f.too_few);
	assert_true(fabs(f.ratio - 1.5) < 1e-9);
	assert_true(fabs(f.b_mean / f.a_mean - 1.5) < 1e-9);
	assert_true(f.low > 1.49 && f.low < 1.5 && f.high > 1.5 && f.high < 1.51);
	assert_true(fabs(f.p - 1.0 / 252) < 1e-12);
	assert_int_equal(f.word, COMPARE_REGRESSION);
}

static void higher_is_better_turns_it_round(void **state)
{
	(void)state;
	static struct sample s;
	struct compare_figure f = shifted(&s, 5, 1.5);
	f.higher_is_better = true;
	compare_figures(&f, 1, 0.05);
	assert_int_equal(f.word, COMPARE_IMPROVEMENT);
	f = shifted(&s, 5, 0.5);
	f.higher_is_better = true;
	compare_figures(&f, 1, 0.05);
	assert_int_equal(f.word, COMPARE_REGRESSION);
	assert_true(fabs(f.p - 1.0 / 252) < 1e-12);
}

static void the_threshold_is_of_the_whole_interval(void **state)
{
	(void)state;
	static struct sample s;
	struct compare_figure f = shifted(&s, 5, 1.1);
	compare_figures(&f, 1, 0.09);
	assert_int_equal(f.word, COMPARE_REGRESSION);
	assert_true(f.ratio - 1 > 0.0999 && f.low - 1 < 0.0999);
	compare_figures(&f, 1, 0.0999); /* between the interval's end and the ratio */
	assert_int_equal(f.word, COMPARE_SAME);
	f = shifted(&s, 5, 0.9);
	compare_figures(&f, 1, 0.09);
	assert_int_equal(f.word, COMPARE_IMPROVEMENT);
	compare_figures(&f, 1, 0.11);
	assert_int_equal(f.word, COMPARE_SAME);
}

/* Holm: p = 1/252 three times among five figures, sorted: 5 p, 4 p, 3 p, none
 * below the one before; then the rest. */
static void p_is_corrected_for_the_number_of_figures(void **state)
{
	(void)state;
	static struct sample s[5];
	struct compare_figure f[5];
	for (unsigned i = 0; i < 5; i++)
		f[i] = shifted(&s[i], 5, i % 2 == 0 ? 1.5 : 1);
	/* 2/252: one pair out of order */
	s[4].a[0] = 1000;
	compare_figures(f, 5, 0.05);
	assert_true(fabs(f[0].p - 5.0 / 252) < 1e-12);
	assert_true(fabs(f[2].p - 5.0 / 252) < 1e-12); /* 4/252, but not below 5/252 */
	assert_true(f[4].p > 0.05);
	assert_true(f[1].p == 1 && f[3].p == 1);
	assert_int_equal(f[1].word, COMPARE_SAME);
	/* alone, each would have passed; together, 13 at 5 rounds do not */
	static struct sample many_s[13];
	static struct compare_figure many[13];
	for (unsigned count = 12; count <= 13; count++) {
		for (unsigned i = 0; i < count; i++)
			many[i] = shifted(&many_s[i], 5, 1.5);
		compare_figures(many, count, 0.05);
		for (unsigned i = 0; i < count; i++) {
			assert_int_equal(many[i].too_few, count == 13);
			assert_int_equal(many[i].word,
					 count == 13 ? COMPARE_UNKNOWN : COMPARE_REGRESSION);
		}
	}
}

static void figures_that_are_not_known_do_not_count(void **state)
{
	(void)state;
	static struct sample s[13];
	static struct compare_figure f[13];
	static const double bad[] = {0, -1, NAN, INFINITY};
	for (unsigned i = 0; i < 13; i++)
		f[i] = shifted(&s[i], 5, 1.5);
	for (unsigned i = 0; i < 4; i++)
		s[i].b[2] = bad[i];
	f[4].a_count = 0;
	compare_figures(f, 13, 0.05);
	for (unsigned i = 0; i < 13; i++) {
		assert_int_equal(f[i].known, i >= 5);
		assert_int_equal(f[i].word, i >= 5 ? COMPARE_REGRESSION : COMPARE_UNKNOWN);
	}
	assert_true(fabs(f[5].p - 8.0 / 252) < 1e-12);
	compare_figures(f, 0, 0.05);
}

static void few_rounds_say_so(void **state)
{
	(void)state;
	static struct sample s;
	for (unsigned rounds = 1; rounds <= 5; rounds++) {
		struct compare_figure f = shifted(&s, rounds, 3);
		compare_figures(&f, 1, 0.05);
		/* 1/2, 1/6, 1/20 = 0.05, 1/70 */
		assert_int_equal(f.too_few, rounds <= 3);
		assert_int_equal(f.word, rounds <= 3 ? COMPARE_UNKNOWN : COMPARE_REGRESSION);
		assert_true(f.low <= f.ratio && f.ratio <= f.high);
	}
	/* different counts: C(3 + 5, 3) = 56 */
	struct compare_figure f = shifted(&s, 5, 3);
	f.a_count = 3;
	compare_figures(&f, 1, 0.05);
	assert_false(f.too_few);
	assert_true(fabs(f.p - 1.0 / 56) < 1e-12);
}

static void rounds_needed(void **state)
{
	(void)state;
	assert_int_equal(compare_rounds_needed(1), 4);	 /* 1/70 */
	assert_int_equal(compare_rounds_needed(3), 4);	 /* 3/70 = 0.043 */
	assert_int_equal(compare_rounds_needed(4), 5);	 /* 4/70 = 0.057 */
	assert_int_equal(compare_rounds_needed(12), 5);	 /* 12/252 = 0.048 */
	assert_int_equal(compare_rounds_needed(13), 6);	 /* 13/252 = 0.052 */
	assert_int_equal(compare_rounds_needed(46), 6);	 /* 46/924 = 0.0498 */
	assert_int_equal(compare_rounds_needed(128), 7); /* 128/3432 */
}

static void the_same_input_gives_the_same_answer(void **state)
{
	(void)state;
	static struct sample s;
	struct compare_figure f = simulate(&s, 3, 8, 1.1), g;
	compare_figures(&f, 1, 0.05);
	g = f;
	compare_figures(&g, 1, 0.05);
	assert_true(f.low == g.low && f.high == g.high && f.p == g.p);
}

static void most_rounds_there_can_be(void **state)
{
	(void)state;
	static double a[COMPARE_ROUNDS_MAX], b[COMPARE_ROUNDS_MAX];
	for (unsigned i = 0; i < COMPARE_ROUNDS_MAX; i++) {
		a[i] = 100 + i % 10;
		b[i] = 120 + i % 10;
	}
	struct compare_figure f = {
		.a = a, .b = b, .a_count = COMPARE_ROUNDS_MAX, .b_count = COMPARE_ROUNDS_MAX};
	compare_figures(&f, 1, 0.05);
	assert_int_equal(f.word, COMPARE_REGRESSION);
	assert_false(f.too_few);
}

/* ---- a machine that drifts ---- */

/* Two runs of three engines on a machine that is up to some 70 % slower or
 * faster in the second, and drifts by 20 % from round to round; engines have
 * noise of 3 % of their own. The first engine takes `ratio` in b. */
static void drifting(struct compare_figure *f, struct sample *samples, uint64_t key, double ratio)
{
	enum { ROUNDS = 10, ENGINES = 3 };
	double run = 0.3 * noise(key, 1000);

	for (unsigned k = 0; k < ENGINES; k++) {
		struct sample *s = &samples[k];
		for (unsigned i = 0; i < ROUNDS; i++) {
			uint64_t own = prng_key(key, k);
			s->a[i] = exp(0.2 * noise(key, i) + 0.03 * noise(own, i));
			s->b[i] = exp(run + 0.2 * noise(key, 100 + i) + 0.03 * noise(own, 100 + i));
			s->b[i] *= k == 0 ? ratio : 1;
		}
		f[k] = (struct compare_figure){
			.a = s->a, .b = s->b, .a_count = ROUNDS, .b_count = ROUNDS, .engine = k};
	}
}

/* Trials in which the first engine is found worse (*first), any other (*other). */
static void find_drifting(double ratio, bool relative, unsigned *first, unsigned *other)
{
	static struct sample samples[3];
	struct compare_figure f[3];

	*first = *other = 0;
	for (unsigned trial = 0; trial < 100; trial++) {
		drifting(f, samples, prng_key(7, trial), ratio);
		compare_figures(f, 3, 0.05);
		if (relative)
			assert_int_equal(compare_relative(f, 3, 0.05), 0);
		*first += f[0].word == COMPARE_REGRESSION;
		*other += f[1].word == COMPARE_REGRESSION || f[2].word == COMPARE_REGRESSION;
	}
}

static void drift_of_the_machine_is_no_regression(void **state)
{
	(void)state;
	unsigned first, other;
	find_drifting(1, false, &first, &other);
	assert_in_range(first, 15, 50); /* so it would be */
	find_drifting(1, true, &first, &other);
	assert_in_range(first + other, 0, 5);
}

/* Where the machine did not hide it. The interval of 10 rounds of such a machine
 * is +-0.2 (t * 0.2 * sqrt(2 / 10)), so the whole of it is above 5 % if run >
 * 0.05 + 0.2 - log(ratio): half of the trials, and 93 %; less three standard
 * errors of 100 trials. */
static void a_change_on_top_of_drift_is_found(void **state)
{
	(void)state;
	unsigned first, other;
	find_drifting(1.3, true, &first, &other);
	assert_in_range(first, 35, 65);
	assert_in_range(other, 0, 5);
	find_drifting(2, true, &first, &other);
	assert_in_range(first, 85, 100);
}

/* What others read from the device in most rounds is not the engine's; what is
 * more in every round is. */
static void what_others_add_is_none(void **state)
{
	(void)state;
	double a[6] = {100, 101, 102, 100, 101, 102}, b[6] = {103, 150, 190, 220, 260, 300};
	struct compare_figure f = {.a = a, .b = b, .a_count = 6, .b_count = 6};
	compare_figures(&f, 1, 0.05);
	assert_int_equal(f.word, COMPARE_REGRESSION);
	f.others_add = true;
	compare_figures(&f, 1, 0.05);
	assert_int_equal(f.word, COMPARE_SAME);
	b[0] = 120;
	compare_figures(&f, 1, 0.05);
	assert_int_equal(f.word, COMPARE_REGRESSION);
}

/* An engine that has nobody like it is judged by itself. */
static void alone_it_counts_as_it_is(void **state)
{
	(void)state;
	struct sample samples[2];
	struct compare_figure f[2] = {simulate(&samples[0], 1, 10, 2),
				      simulate(&samples[1], 2, 10, 2)};
	f[1].which = 1;
	f[1].engine = 1;
	compare_figures(f, 2, 0.05);
	assert_int_equal(compare_relative(f, 2, 0.05), 0);
	assert_int_equal(f[0].word, COMPARE_REGRESSION);
	assert_int_equal(f[1].word, COMPARE_REGRESSION);
	f[1].which = 0;
	assert_int_equal(compare_relative(f, 2, 0.05), 0);
	assert_int_equal(f[0].word, COMPARE_UNCLEAR);
	assert_int_equal(f[1].word, COMPARE_UNCLEAR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_twice_is_no_regression),
		cmocka_unit_test(a_fifth_more_in_one_engine_is_found),
		cmocka_unit_test(a_fifth_more_in_one_figure_is_mostly_found),
		cmocka_unit_test(a_fifth_less_is_an_improvement),
		cmocka_unit_test(a_change_within_the_threshold_is_none),
		cmocka_unit_test(intervals_cover_the_truth),
		cmocka_unit_test(effect_and_p_of_a_clear_change),
		cmocka_unit_test(higher_is_better_turns_it_round),
		cmocka_unit_test(the_threshold_is_of_the_whole_interval),
		cmocka_unit_test(p_is_corrected_for_the_number_of_figures),
		cmocka_unit_test(figures_that_are_not_known_do_not_count),
		cmocka_unit_test(few_rounds_say_so),
		cmocka_unit_test(rounds_needed),
		cmocka_unit_test(the_same_input_gives_the_same_answer),
		cmocka_unit_test(most_rounds_there_can_be),
		cmocka_unit_test(drift_of_the_machine_is_no_regression),
		cmocka_unit_test(a_change_on_top_of_drift_is_found),
		cmocka_unit_test(what_others_add_is_none),
		cmocka_unit_test(alone_it_counts_as_it_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
