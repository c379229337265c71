/* test_student.c: quantiles of Student's t against the literature's tables. */
#include "tests/test.h"

#include <limits.h>
#include <math.h>

#include "bench/student.h"

static void is_near(double confidence, unsigned dof, double want)
{
	double t = student_t(confidence, dof);
	if (!(fabs(t / want - 1) < 5e-5))
		fail_msg("%g, %u degrees: %.6f, not %.6f", confidence, dof, t, want);
}

static void tables_of_95_percent(void **state)
{
	(void)state;
	is_near(0.95, 1, 12.706205);
	is_near(0.95, 2, 4.302653);
	is_near(0.95, 3, 3.182446);
	is_near(0.95, 4, 2.776445);
	is_near(0.95, 9, 2.262157);
	is_near(0.95, 30, 2.042272);
	is_near(0.95, 120, 1.979930);
	is_near(0.95, 1000, 1.962339);
}

static void tables_of_99_percent(void **state)
{
	(void)state;
	is_near(0.99, 1, 63.656741);
	is_near(0.99, 2, 9.924843);
	is_near(0.99, 3, 5.840909);
	is_near(0.99, 4, 4.604095);
	is_near(0.99, 9, 3.249836);
	is_near(0.99, 30, 2.749996);
}

/* P(|T| <= t) is 2 atan(t) / pi for 1 degree and t / sqrt(2 + t^2) for 2. */
static void inverts_the_closed_forms(void **state)
{
	(void)state;
	for (unsigned i = 1; i < 1000; i++) {
		double p = i / 1000.0, t1 = student_t(p, 1), t2 = student_t(p, 2);
		assert_true(fabs(2 * atan(t1) / M_PI - p) < 1e-12);
		assert_true(fabs(t2 / sqrt(2 + t2 * t2) - p) < 1e-12);
	}
	is_near(1 - 1e-9, 1, 2e9 / M_PI);
}

static void nears_the_normal_law(void **state)
{
	(void)state;
	is_near(0.95, 1000000, 1.959964);
	is_near(0.99, UINT_MAX, 2.575829);
	is_near(0.6826895, UINT_MAX, 1);
	for (unsigned dof = 1; dof < 300; dof++)
		assert_true(student_t(0.95, dof) > student_t(0.95, dof + 1));
}

static void nothing_is_known_from_one_value(void **state)
{
	(void)state;
	assert_true(isinf(student_t(0.95, 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_of_95_percent),
		cmocka_unit_test(tables_of_99_percent),
		cmocka_unit_test(inverts_the_closed_forms),
		cmocka_unit_test(nears_the_normal_law),
		cmocka_unit_test(nothing_is_known_from_one_value),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
