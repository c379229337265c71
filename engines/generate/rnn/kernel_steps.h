/*
 * kernel_steps.h: what is done between the matrix products, in integers. What
 * is computed is defined in shape.h; here is how integers hold it:
 *
 *   residual r, v, up, p, logits   s32, unit 2^-10
 *   state h                        s32, unit 2^-14, |h| <= 4
 *   gate                           unit 2^-13
 *   what a matrix is given         u8: the 8 bits of Q plus 128; squares as they are
 *
 * Every table computes the same. No sum overflows with a model that
 * model_open_memory has accepted.
 */
#ifndef GVR_KERNEL_STEPS_H
#define GVR_KERNEL_STEPS_H

#include <stdint.h>

struct kernel_steps {
	/* out = add + (acc - less) * multiplier / 2^shift, to the nearest; shift >= 1 */
	void (*scale)(int32_t *out, const int32_t *acc, const int32_t *less,
		      const int32_t *multiplier, unsigned shift, const int32_t *add, unsigned rows);
	/* r += the same without add, kept within what norm takes */
	void (*accumulate)(int32_t *r, const int32_t *acc, const int32_t *less,
			   const int32_t *multiplier, unsigned shift, unsigned rows);
	/* out = Q(norm(r)) + 128 */
	void (*norm)(uint8_t *out, const int32_t *r, unsigned width);
	/* One step of the states; v = (z, c, g), each width. out = Q(...) + 128 */
	void (*cell)(int32_t *h, uint8_t *out, const int32_t *v, unsigned width);
	/* out = Q(relu(x)^2) */
	void (*square)(uint8_t *out, const int32_t *x, unsigned count);
	/* out = Q(x) + 128 */
	void (*round)(uint8_t *out, const int32_t *x, unsigned count);
	/* The softmax to base 2 of |logits| < 2^30: each frequency is at least 1,
	 * their sum is 2^16. count: 1..1024 */
	void (*frequencies)(uint32_t *frequency, const int32_t *logits, unsigned count);
	/* 1 / (1 + 2^-x), unit 2^-16, 16..65520: a surprise costs at most 12 bits */
	uint32_t (*logistic)(int32_t x);
};

extern const struct kernel_steps kernel_steps_portable, kernel_steps_avx2, kernel_steps_avx512;

#endif
