/*
 * ARMv8.2 dot product: sdot adds the four products of a group to the sums of 4
 * rows. It takes signed bytes, so inputs go in less 128 and sums begin at 128 *
 * the row's sum of weights, which sdot by ones finds once a call.
 */
#if defined(__aarch64__)

#include <arm_neon.h>

#include "engines/generate/rnn/kernel_tile.h"

#define QUARTERS 4u /* registers of a block: each 4 rows x 4 columns */
#define WIDTH_MAX 6u
#define SUMS_MAX (QUARTERS * WIDTH_MAX)

/* 128 * the sums of a block's rows. */
KERNEL_INLINE void offsets(int32x4_t offset[QUARTERS], const int8_t *w, unsigned cols)
{
	KERNEL_UNROLL
	for (unsigned q = 0; q < QUARTERS; q++)
		offset[q] = vdupq_n_s32(0);
	for (unsigned k = 0; k < cols; k += KERNEL_GROUP) {
		KERNEL_UNROLL
		for (unsigned q = 0; q < QUARTERS; q++)
			offset[q] = vdotq_s32(offset[q], vld1q_s8(w + KERNEL_BLOCK * k + 16 * q),
					      vdupq_n_s8(1));
	}
	KERNEL_UNROLL
	for (unsigned q = 0; q < QUARTERS; q++)
		offset[q] = vshlq_n_s32(offset[q], 7);
}

/* A block of rows times `width` inputs. */
KERNEL_INLINE void tile(int32_t *out, const int32x4_t offset[QUARTERS], const int8_t *w,
			const uint8_t *in, unsigned rows, unsigned cols, unsigned width)
{
	int32x4_t sum[SUMS_MAX];
	KERNEL_UNROLL
	for (unsigned i = 0; i < QUARTERS * width; i++)
		sum[i] = offset[i % QUARTERS];
	for (unsigned k = 0; k < cols; k += KERNEL_GROUP) {
		int8x16_t weights[QUARTERS];
		KERNEL_UNROLL
		for (unsigned q = 0; q < QUARTERS; q++)
			weights[q] = vld1q_s8(w + KERNEL_BLOCK * k + 16 * q);
		KERNEL_UNROLL
		for (unsigned b = 0; b < width; b++) {
			int32_t group = kernel_group(in + (size_t)b * cols + k);
			int8x16_t x = veorq_s8(vreinterpretq_s8_s32(vdupq_n_s32(group)),
					       vdupq_n_s8(INT8_MIN));
			KERNEL_UNROLL
			for (unsigned q = 0; q < QUARTERS; q++)
				sum[b * QUARTERS + q] =
					vdotq_s32(sum[b * QUARTERS + q], weights[q], x);
		}
	}
	KERNEL_UNROLL
	for (unsigned i = 0; i < QUARTERS * width; i++)
		vst1q_s32(out + (size_t)(i / QUARTERS) * rows + (size_t)(i % QUARTERS) * 4, sum[i]);
}

static void strip(int32_t *out, const int32x4_t offset[QUARTERS], const int8_t *w,
		  const uint8_t *in, unsigned rows, unsigned cols, unsigned batch)
{
	for (unsigned width; batch > 0; batch -= width) {
		width = kernel_width(batch, WIDTH_MAX);
		switch (width) {
		case 1:
			tile(out, offset, w, in, rows, cols, 1);
			break;
		case 2:
			tile(out, offset, w, in, rows, cols, 2);
			break;
		case 3:
			tile(out, offset, w, in, rows, cols, 3);
			break;
		case 4:
			tile(out, offset, w, in, rows, cols, 4);
			break;
		case 5:
			tile(out, offset, w, in, rows, cols, 5);
			break;
		default:
			tile(out, offset, w, in, rows, cols, WIDTH_MAX);
		}
		out += (size_t)width * rows;
		in += (size_t)width * cols;
	}
}

void kernel_neondot_matmul(int32_t *out, const int8_t *w, const uint8_t *in, unsigned rows,
			   unsigned cols, unsigned batch)
{
	for (unsigned row = 0; row < rows; row += KERNEL_BLOCK) {
		const int8_t *block = w + (size_t)row * cols;
		int32x4_t offset[QUARTERS];
		offsets(offset, block, cols);
		strip(out + row, offset, block, in, rows, cols, batch);
	}
}

#endif
