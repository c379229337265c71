/*
 * ARMv8 NEON without the dot product. Inputs less 128 fit signed bytes, so that
 * smlal multiplies them; the rows' sums of weights times 128 are added in the
 * beginning. Products are gathered in 16 bits over four groups, which the range of
 * the weights allows, before they go to 32.
 */
#if defined(__aarch64__)

#include <arm_neon.h>

#include "engines/generate/rnn/kernel_tile.h"

#define PAIRS 8u /* of rows in a block: a register has 2 rows x 4 columns in 16 bits */
#define HALF 4u	 /* pairs of rows of a tile */
#define WIDTH_MAX 2u
#define SUMS_MAX (HALF * WIDTH_MAX)
#define DEFERRED 4u /* groups that are gathered in 16 bits */

_Static_assert(128 * KERNEL_WEIGHT_MAX * DEFERRED <= INT16_MAX, "16 bits would overflow");
_Static_assert(KERNEL_COLS_MAX / KERNEL_GROUP * KERNEL_WEIGHT_MAX <= INT16_MAX,
	       "the sums of weights would overflow");

/* 128 * the sums of a block's rows; each as two halves. */
KERNEL_INLINE void offsets(int32x4_t offset[PAIRS], const int8_t *w, unsigned cols)
{
	int16x8_t sum[PAIRS];
	KERNEL_UNROLL
	for (unsigned p = 0; p < PAIRS; p++)
		sum[p] = vdupq_n_s16(0);
	for (unsigned k = 0; k < cols; k += KERNEL_GROUP) {
		KERNEL_UNROLL
		for (unsigned p = 0; p < PAIRS; p++)
			sum[p] = vaddw_s8(sum[p], vld1_s8(w + KERNEL_BLOCK * k + 8 * p));
	}
	KERNEL_UNROLL
	for (unsigned p = 0; p < PAIRS; p++)
		offset[p] = vshlq_n_s32(vpaddlq_s16(sum[p]), 7);
}

/* The products of `groups` groups of columns, from column k, added to the sums. */
KERNEL_INLINE void gather(int32x4_t sum[SUMS_MAX], const int8_t *w, const uint8_t *in,
			  unsigned cols, unsigned k, unsigned groups, unsigned width)
{
	int16x8_t sum16[SUMS_MAX];
	KERNEL_UNROLL
	for (unsigned i = 0; i < HALF * width; i++)
		sum16[i] = vdupq_n_s16(0);
	KERNEL_UNROLL
	for (unsigned g = 0; g < groups; g++) {
		const unsigned col = k + g * KERNEL_GROUP;
		KERNEL_UNROLL
		for (unsigned b = 0; b < width; b++) {
			int32_t group = kernel_group(in + (size_t)b * cols + col);
			int8x8_t x = veor_s8(vreinterpret_s8_s32(vdup_n_s32(group)),
					     vdup_n_s8(INT8_MIN));
			KERNEL_UNROLL
			for (unsigned p = 0; p < HALF; p++)
				sum16[b * HALF + p] =
					vmlal_s8(sum16[b * HALF + p],
						 vld1_s8(w + KERNEL_BLOCK * col + 8 * p), x);
		}
	}
	KERNEL_UNROLL
	for (unsigned i = 0; i < HALF * width; i++)
		sum[i] = vpadalq_s16(sum[i], sum16[i]);
}

/* Half a block's rows times `width` inputs. */
KERNEL_INLINE void tile(int32_t *out, const int32x4_t offset[HALF], const int8_t *w,
			const uint8_t *in, unsigned rows, unsigned cols, unsigned width)
{
	const unsigned step = DEFERRED * KERNEL_GROUP;
	int32x4_t sum[SUMS_MAX];
	unsigned k = 0;
	KERNEL_UNROLL
	for (unsigned i = 0; i < HALF * width; i++)
		sum[i] = offset[i % HALF];
	for (; cols - k >= step; k += step)
		gather(sum, w, in, cols, k, DEFERRED, width);
	for (; k < cols; k += KERNEL_GROUP)
		gather(sum, w, in, cols, k, 1, width);
	KERNEL_UNROLL
	for (unsigned i = 0; i < HALF * width; i += 2)
		vst1q_s32(out + (size_t)(i / HALF) * rows + (size_t)(i % HALF) * 2,
			  vpaddq_s32(sum[i], sum[i + 1]));
}

static void half_block(int32_t *out, const int32x4_t offset[HALF], const int8_t *w,
		       const uint8_t *in, unsigned rows, unsigned cols, unsigned batch)
{
	unsigned b = 0;
	for (; batch - b >= WIDTH_MAX; b += WIDTH_MAX)
		tile(out + (size_t)b * rows, offset, w, in + (size_t)b * cols, rows, cols,
		     WIDTH_MAX);
	if (b < batch)
		tile(out + (size_t)b * rows, offset, w, in + (size_t)b * cols, rows, cols, 1);
}

void kernel_neon_matmul(int32_t *out, const int8_t *w, const uint8_t *in, unsigned rows,
			unsigned cols, unsigned batch)
{
	const unsigned half_nbytes = KERNEL_BLOCK * KERNEL_GROUP / 2;
	for (unsigned row = 0; row < rows; row += KERNEL_BLOCK) {
		const int8_t *block = w + (size_t)row * cols;
		int32x4_t offset[PAIRS];
		offsets(offset, block, cols);
		half_block(out + row, offset, block, in, rows, cols, batch);
		half_block(out + row + KERNEL_BLOCK / 2, offset + HALF, block + half_nbytes, in,
			   rows, cols, batch);
	}
}

#endif
