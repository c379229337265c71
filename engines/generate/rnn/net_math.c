#include "engines/generate/rnn/net_math.h"

#include <math.h>
#include <string.h>

/* Compiled for several processors; the one at hand is chosen when loading, which
 * is before the thread sanitizer can be called. */
#if defined(__x86_64__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__)
#define VECTORS __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define VECTORS
#endif

#define INLINE static inline __attribute__((always_inline))

/* To the nearest whole number, for |x| < 2^22. */
INLINE float nearest(float x)
{
	return (x + 12582912.0f) - 12582912.0f;
}

INLINE float within(float x, float low, float high)
{
	x = x < low ? low : x;
	return x > high ? high : x;
}

INLINE float round8(float x)
{
	return nearest(within(x * 32, -127, 127)) * (1.0f / 32);
}

#define EDGE (127.0f / 32)

INLINE float sum16(const float *s)
{
	float total = 0;
	for (unsigned k = 0; k < 16; k++)
		total += s[k];
	return total;
}

VECTORS float dot(const float *a, const float *b, size_t count)
{
	float s[16] = {0};
	for (size_t i = 0; i < count; i += 16)
		for (unsigned k = 0; k < 16; k++)
			s[k] += a[i + k] * b[i + k];
	return sum16(s);
}

VECTORS void add_values(float *to, const float *from, size_t count)
{
	for (size_t i = 0; i < count; i++)
		to[i] += from[i];
}

VECTORS void add_scaled(float *to, const float *from, float factor, size_t count)
{
	for (size_t i = 0; i < count; i++)
		to[i] += factor * from[i];
}

void repeat_rows(float *to, const float *row, size_t rows, size_t cols)
{
	for (size_t i = 0; i < rows; i++)
		memcpy(to + i * cols, row, cols * sizeof *to);
}

VECTORS void sum_rows(float *to, const float *from, size_t rows, size_t cols)
{
	for (size_t i = 0; i < rows; i++)
		for (size_t k = 0; k < cols; k++)
			to[k] += from[i * cols + k];
}

VECTORS void round_values(float *to, const float *from, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		to[i] = round8(from[i]);
}

VECTORS void mask_rounded(float *gradient, const float *value, size_t count)
{
	for (size_t i = 0; i < count; i++)
		gradient[i] = fabsf(value[i]) <= EDGE ? gradient[i] : 0;
}

VECTORS void add_within(float *to, const float *from, const float *value, size_t count)
{
	for (size_t i = 0; i < count; i++)
		to[i] += fabsf(value[i]) <= EDGE ? from[i] : 0;
}

VECTORS void norm_rows(float *out, float *scale, const float *r, size_t rows, size_t cols)
{
	for (size_t i = 0; i < rows; i++) {
		const float *x = r + i * cols;
		float s[16] = {0};
		for (size_t j = 0; j < cols; j += 16)
			for (unsigned k = 0; k < 16; k++)
				s[k] += x[j + k] * x[j + k];
		float factor = 1 / sqrtf(sum16(s) / (float)cols + 1.0f / 64);
		for (size_t j = 0; j < cols; j++)
			out[i * cols + j] = round8(x[j] * factor);
		scale[i] = factor;
	}
}

/* With out standing for norm(r): only its rounding is between them. */
VECTORS void norm_backward(float *dr, const float *d, const float *out, const float *scale,
			   size_t rows, size_t cols)
{
	for (size_t i = 0; i < rows; i++) {
		const float *y = out + i * cols, *dy = d + i * cols;
		float s[16] = {0};
		for (size_t j = 0; j < cols; j += 16)
			for (unsigned k = 0; k < 16; k++)
				s[k] += fabsf(y[j + k]) < EDGE ? y[j + k] * dy[j + k] : 0;
		float mean = sum16(s) / (float)cols;
		for (size_t j = 0; j < cols; j++) {
			float in = fabsf(y[j]) < EDGE ? dy[j] : 0;
			dr[i * cols + j] += scale[i] * (in - y[j] * mean);
		}
	}
}

/* gate(x) and its slope */
INLINE float gate(float x)
{
	float a = 1 - fabsf(within(x, -4, 4)) * 0.25f, q = 0.5f * a * a;
	return x < 0 ? q : 1 - q;
}

INLINE float gate_slope(float x)
{
	return 0.25f * (1 - fabsf(within(x, -4, 4)) * 0.25f);
}

VECTORS void cell_forward(float *h, float *y, const float *v, size_t width)
{
	const float *vz = v, *vc = v + width, *vg = v + 2 * width;
	for (size_t i = 0; i < width; i++) {
		h[i] += gate(vz[i]) * (within(vc[i], -4, 4) - h[i]);
		float out = h[i] * within(vg[i], -4, 4) * gate(vg[i]);
		y[i] = nearest(within(out * 16, -127, 127)) * (1.0f / 16);
	}
}

VECTORS static void cell_backward_from(float *dv, float *dh, const float *dy, const float *v,
				       const float *h, const float *before, size_t width)
{
	const float *vz = v, *vc = v + width, *vg = v + 2 * width;
	for (size_t i = 0; i < width; i++) {
		float z = gate(vz[i]), c = within(vc[i], -4, 4), g = within(vg[i], -4, 4);
		float s = gate(vg[i]), out = h[i] * g * s;
		float d = fabsf(out) <= 127.0f / 16 ? dy[i] : 0;
		float inside_g = fabsf(vg[i]) <= 4 ? 1.0f : 0.0f;
		float now = dh[i] + d * g * s;
		dv[2 * width + i] = d * h[i] * inside_g * (s + g * gate_slope(vg[i]));
		dv[i] = now * (c - before[i]) * gate_slope(vz[i]);
		dv[width + i] = fabsf(vc[i]) <= 4 ? now * z : 0;
		dh[i] = now * (1 - z);
	}
}

void cell_backward(float *dv, float *dh, const float *dy, const float *v, const float *h,
		   const float *before, size_t width)
{
	static const float zeros[4096];
	cell_backward_from(dv, dh, dy, v, h, before != NULL ? before : zeros, width);
}

VECTORS void square_forward(float *out, const float *x, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		float a = within(x[i], 0, 4);
		out[i] = nearest(within(a * a * 16, 0, 255)) * (1.0f / 16);
	}
}

VECTORS void square_backward(float *d, const float *x, size_t count)
{
	for (size_t i = 0; i < count; i++)
		d[i] = x[i] > 0 && x[i] < 4 ? d[i] * 2 * x[i] : 0;
}

VECTORS void drop_values(float *x, size_t count, uint32_t seed, float part)
{
	uint32_t below = (uint32_t)(part * 16777216.0f);
	float factor = 1 / (1 - part);
	for (size_t i = 0; i < count; i++) {
		uint32_t h = ((uint32_t)i + seed) * UINT32_C(0x9e3779b1);
		h = (h ^ h >> 15) * UINT32_C(0x85ebca6b);
		h ^= h >> 13;
		x[i] = h >> 8 < below ? 0 : x[i] * factor;
	}
}

/* 2^x for x <= 0, to 2^-20 of it. */
INLINE float power_of_two(float x)
{
	float y = within(x, -100, 0), whole = nearest(y), f = (y - whole) * 0.69314718f;
	float p =
		1 + f * (1 + f * (1.0f / 2 + f * (1.0f / 6 + f * (1.0f / 24 + f * (1.0f / 120)))));
	union {
		int32_t i;
		float f;
	} power = {.i = ((int32_t)whole + 127) << 23};
	return p * power.f;
}

VECTORS double softmax_row(float *x, uint32_t count, uint32_t target, float factor)
{
	float max = x[0], s[16] = {0};
	for (uint32_t i = 1; i < count; i++)
		max = x[i] > max ? x[i] : max;
	float at_target = x[target] - max;
	uint32_t whole = count / 16 * 16;
	for (uint32_t i = 0; i < whole; i += 16)
		for (unsigned k = 0; k < 16; k++) {
			x[i + k] = power_of_two(x[i + k] - max);
			s[k] += x[i + k];
		}
	for (uint32_t i = whole; i < count; i++) {
		x[i] = power_of_two(x[i] - max);
		s[0] += x[i];
	}
	float total = sum16(s), by = factor * 0.69314718f / total;
	for (uint32_t i = 0; i < count; i++)
		x[i] *= by;
	x[target] -= factor * 0.69314718f;
	return (double)log2f(total) - (double)at_target;
}
