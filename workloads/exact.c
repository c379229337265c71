#include "workloads/exact.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* An IEEE double: 52 bits of fraction, then the exponent plus 1023. */
#define FRACTION_BITS 52
#define FRACTION_MASK ((UINT64_C(1) << FRACTION_BITS) - 1)
#define EXPONENT_BIAS 1023

#define LN2_HIGH 0x1.62e42fee00000p-1 /* 32 bits: k * LN2_HIGH is exact */
#define LN2_LOW 0x1.a39ef35793c76p-33

/* a[0] + a[1] x + ... + a[2 n - 1] x^(2 n - 1), as two chains of half the
 * length, which the processor works on at once. */
static double polynomial(const double *a, int n, double x)
{
	double x2 = x * x, even = 0, odd = 0;
	for (int i = 2 * n - 2; i >= 0; i -= 2) {
		even = even * x2 + a[i];
		odd = odd * x2 + a[i + 1];
	}
	return even + odd * x;
}

/* 2 atanh(s) = 2 (s + s^3/3 + s^5/5 ...), |s| <= 0.1716 */
static double two_atanh(double s)
{
	static const double a[12] = {1.0 / 3,  1.0 / 5,	 1.0 / 7,  1.0 / 9,  1.0 / 11, 1.0 / 13,
				     1.0 / 15, 1.0 / 17, 1.0 / 19, 1.0 / 21, 1.0 / 23, 1.0 / 25};
	double s2 = s * s;
	return 2 * s + 2 * s * (s2 * polynomial(a, 6, s2));
}

/* 2^k, k in [-1022, 1023]. ldexp and frexp cost as much as all the rest. */
static double power_of_2(int k)
{
	uint64_t bits = (uint64_t)(k + EXPONENT_BIAS) << FRACTION_BITS;
	double x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

/* The m in [sqrt 1/2, sqrt 2) of x = m 2^k. */
static double split(double x, int *k)
{
	/* the fraction of sqrt 2: m is x's in [1, 2), or half of that */
	const uint64_t sqrt2_fraction = UINT64_C(0x6a09e667f3bcd);
	uint64_t bits;
	memcpy(&bits, &x, sizeof bits);
	uint64_t fraction = bits & FRACTION_MASK;
	uint64_t halved = fraction >= sqrt2_fraction;
	*k = (int)(bits >> FRACTION_BITS) - EXPONENT_BIAS + (int)halved;
	bits = fraction | (EXPONENT_BIAS - halved) << FRACTION_BITS;
	memcpy(&x, &bits, sizeof x);
	return x;
}

double exact_log(double x)
{
	int k;
	double m = split(x, &k);
	double s = (m - 1) / (m + 1);
	return k * LN2_HIGH + (two_atanh(s) + k * LN2_LOW);
}

double exact_log1p(double x)
{
	if (x > -0.25 && x < 0.375)
		return two_atanh(x / (2 + x));
	return exact_log(1 + x);
}

/* exp(r) - 1 = r + r^2/2! + r^3/3! ..., |r| <= 0.35 */
static double expm1_near_zero(double r)
{
	static const double a[14] = {
		1.0 / 2,	   1.0 / 6,
		1.0 / 24,	   1.0 / 120,
		1.0 / 720,	   1.0 / 5040,
		1.0 / 40320,	   1.0 / 362880,
		1.0 / 3628800,	   1.0 / 39916800,
		1.0 / 479001600,   1.0 / 6227020800,
		1.0 / 87178291200, 1.0 / 1307674368000,
	};
	return r + r * (r * polynomial(a, 7, r));
}

double exact_exp(double x)
{
	if (x < -700)
		return 0;
	if (x > 709)
		return INFINITY;
	double nearest = x * 0x1.71547652b82fep+0 + 0.5; /* 1 / ln 2 */
	int floored = (int)nearest;
	floored -= floored > nearest;
	double k = floored;
	double r = (x - k * LN2_HIGH) - k * LN2_LOW;
	return (1 + expm1_near_zero(r)) * power_of_2(floored);
}

double exact_expm1(double x)
{
	if (x > -0.35 && x < 0.35)
		return expm1_near_zero(x);
	return exact_exp(x) - 1;
}
