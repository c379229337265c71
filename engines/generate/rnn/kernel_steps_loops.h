/*
 * kernel_steps_loops.h: the loops of kernel_steps.h, in plain C, included by
 * kernel_steps_*.c alone: each compiles them for its own instruction set, and
 * names the table that it defines in KERNEL_STEPS.
 */
#include <stdint.h>

#include "engines/generate/rnn/kernel_steps.h"

#define ONE 1024 /* 1.0, unit 2^-10 */
#define FOUR (4 * ONE)
#define RESIDUAL_MAX (1 << 24)

static inline int32_t clip(int32_t x, int32_t max)
{
	x = x > max ? max : x;
	return x < -max ? -max : x;
}

/* out = add + (acc - less) * multiplier / 2^shift, to the nearest */
static void steps_scale(int32_t *restrict out, const int32_t *restrict acc,
			const int32_t *restrict less, const int32_t *restrict multiplier,
			unsigned shift, const int32_t *restrict add, unsigned rows)
{
	int32_t half = 1 << (shift - 1);
	for (unsigned i = 0; i < rows; i++)
		out[i] = add[i] + (((acc[i] - less[i]) * multiplier[i] + half) >> shift);
}

/* r += the same, kept within what norm can take */
static void steps_accumulate(int32_t *restrict r, const int32_t *restrict acc,
			     const int32_t *restrict less, const int32_t *restrict multiplier,
			     unsigned shift, unsigned rows)
{
	int32_t half = 1 << (shift - 1);
	for (unsigned i = 0; i < rows; i++)
		r[i] = clip(r[i] + (((acc[i] - less[i]) * multiplier[i] + half) >> shift),
			    RESIDUAL_MAX);
}

/* 1 / sqrt(x), x in [2^30, 2^32) standing for [1/4, 1): unit 2^-16. Newton's
 * iteration from a straight line; relative error below 2^-15. */
static inline uint32_t inverse_root(uint32_t x)
{
	uint64_t y = UINT64_C(0x8f000000) - (((uint64_t)x * 0x50000000) >> 32); /* unit 2^-30 */
	for (unsigned i = 0; i < 4; i++) {
		uint64_t xyy = (((y * y) >> 30) * x) >> 32; /* unit 2^-30 */
		y = (y * ((UINT64_C(3) << 30) - xyy)) >> 31;
	}
	return (uint32_t)(y >> 14);
}

/* out = Q(norm(r)) + 128 */
static void steps_norm(uint8_t *restrict out, const int32_t *restrict r, unsigned width)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < width; i++)
		sum += (uint64_t)((int64_t)r[i] * r[i]);
	uint64_t square = sum / width + (1 << 14);  /* unit 2^-20; 1/64 is 2^14 of it */
	int k = (65 - __builtin_clzll(square)) / 2; /* 2^(2k-2) <= square < 2^2k */
	uint32_t x = (uint32_t)(2 * k <= 32 ? square << (32 - 2 * k) : square >> (2 * k - 32));
	int32_t factor = (int32_t)inverse_root(x), max = 4 << k;
	int down = k > 11 ? k - 11 : 0, up = k > 11 ? 0 : 11 - k;
	for (unsigned i = 0; i < width; i++) {
		int32_t y = (int32_t)((uint32_t)(clip(r[i], max) >> down) << up);
		out[i] = (uint8_t)(clip((y * factor + (1 << 21)) >> 22, 127) + 128);
	}
}

/* The s-shaped curve at x (within -FOUR..FOUR): unit 2^-13. */
static inline int32_t steps_gate(int32_t x)
{
	int32_t a = FOUR - (x < 0 ? -x : x), q = (a * a) >> 12;
	return x < 0 ? q : 8192 - q;
}

/* A step of the states: v = (z, c, g), each `width`. out = Q(h * g) + 128 */
static void steps_cell(int32_t *restrict h, uint8_t *restrict out, const int32_t *restrict v,
		       unsigned width)
{
	const int32_t *vz = v, *vc = v + width, *vg = v + 2 * width;
	for (unsigned i = 0; i < width; i++) {
		int32_t z = steps_gate(clip(vz[i], FOUR)), c = clip(vc[i], FOUR) * 16;
		int32_t now = h[i] + ((z * (c - h[i]) + 4096) >> 13);
		int32_t x = clip(vg[i], FOUR), g = (x * steps_gate(x)) >> 13;
		h[i] = now;
		out[i] = (uint8_t)(clip((now * g + (1 << 19)) >> 20, 127) + 128);
	}
}

/* out = Q(relu(x)^2) */
static void steps_square(uint8_t *restrict out, const int32_t *restrict x, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		int32_t a = x[i] < 0 ? 0 : x[i] > FOUR ? FOUR : x[i];
		int32_t q = (a * a + (1 << 15)) >> 16;
		out[i] = (uint8_t)(q > 255 ? 255 : q);
	}
}

/* out = Q(x) + 128 */
static void steps_round(uint8_t *restrict out, const int32_t *restrict x, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		out[i] = (uint8_t)(clip((clip(x[i], 2 * FOUR) + 16) >> 5, 127) + 128);
}

/* 2^x for x in -2^15..0, unit 2^-10: unit 2^-16, 0 far below */
static inline uint32_t steps_power(int32_t x)
{
	uint32_t down = (uint32_t)-x, whole = (down + 1023) >> 10, f = (whole << 10) - down;
	/* 2^f - 1 by a parabola through f = 0, 1/2, 1: 0.6569 f + 0.3431 f^2 */
	uint32_t power = 65536 + ((f * (43050 + ((f * 22486) >> 10))) >> 10);
	return whole > 31 ? 0 : power >> whole;
}

/* Frequencies for logits (to base 2): each at least 1, their sum 2^16. */
static void steps_frequencies(uint32_t *restrict frequency, const int32_t *restrict logits,
			      unsigned count)
{
	int32_t max = logits[0];
	for (unsigned i = 1; i < count; i++)
		max = logits[i] > max ? logits[i] : max;
	uint32_t sum = 0;
	for (unsigned i = 0; i < count; i++) {
		int32_t x = logits[i] - max;
		frequency[i] = steps_power(x < -32768 ? -32768 : x);
		sum += frequency[i];
	}
	uint32_t by = (uint32_t)(((uint64_t)(65536 - count) << 16) / sum), total = 0;
	for (unsigned i = 0; i < count; i++) {
		frequency[i] = 1 + (uint32_t)(((uint64_t)frequency[i] * by) >> 16);
		total += frequency[i];
	}
	unsigned most = 0;
	for (unsigned i = 1; i < count; i++)
		most = frequency[i] > frequency[most] ? i : most;
	frequency[most] += 65536 - total; /* what rounding left */
}

/* 1 / (1 + 2^-x), unit 2^-16, 16..65520: a surprise costs at most 12 bits */
static uint32_t steps_logistic(int32_t x)
{
	uint32_t e = steps_power(-(x < 0 ? -clip(x, 32768) : clip(x, 32768)));
	uint32_t p = (uint32_t)((UINT64_C(1) << 32) / (65536 + e));
	p = x < 0 ? 65536 - p : p;
	return p < 16 ? 16 : p > 65520 ? 65520 : p;
}

const struct kernel_steps KERNEL_STEPS = {
	.scale = steps_scale,
	.accumulate = steps_accumulate,
	.norm = steps_norm,
	.cell = steps_cell,
	.square = steps_square,
	.round = steps_round,
	.frequencies = steps_frequencies,
	.logistic = steps_logistic,
};
