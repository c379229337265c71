/*
 * net_math.h: the loops of net.c over rows of floats. Sums go by 16 lanes in a
 * fixed order: the same result with vectors of any width.
 */
#ifndef GVR_RNN_NET_MATH_H
#define GVR_RNN_NET_MATH_H

#include <stddef.h>
#include <stdint.h>

float dot(const float *a, const float *b, size_t count);
void add_values(float *to, const float *from, size_t count);
void add_scaled(float *to, const float *from, float factor, size_t count);
void repeat_rows(float *to, const float *row, size_t rows, size_t cols);
/* to[cols] += the sum of the rows */
void sum_rows(float *to, const float *from, size_t rows, size_t cols);

/* To 8 bits, unit 1/32. */
void round_values(float *to, const float *from, uint32_t count);
/* Zeroes gradients where the value was cut off by round_values. */
void mask_rounded(float *gradient, const float *value, size_t count);
/* to += from where value would not be cut off. */
void add_within(float *to, const float *from, const float *value, size_t count);

/* out = Q(norm(r)), scale[row] = 1 / sqrt(mean square + 1/64); cols a multiple of 16. */
void norm_rows(float *out, float *scale, const float *r, size_t rows, size_t cols);
/* dr += what d (of Q(norm(r))) means for r. */
void norm_backward(float *dr, const float *d, const float *out, const float *scale, size_t rows,
		   size_t cols);

/* One step of one stream: v = (z, c, g); h is updated, y = Q(h * g). */
void cell_forward(float *h, float *y, const float *v, size_t width);
/* dh: in: what later steps want of h; out: of the state before. before NULL: zeros. */
void cell_backward(float *dv, float *dh, const float *dy, const float *v, const float *h,
		   const float *before, size_t width);

/* Q(relu(x)^2), and dx in place from d. */
void square_forward(float *out, const float *x, size_t count);
void square_backward(float *d, const float *x, size_t count);

/* Zeroes this part of the values and enlarges the others to make up for it. */
void drop_values(float *x, size_t count, uint32_t seed, float part);

/* Returns -log2 p[target], p the softmax to base 2 of x; x becomes the gradient
 * of -ln p[target], times factor. */
double softmax_row(float *x, uint32_t count, uint32_t target, float factor);

#endif
