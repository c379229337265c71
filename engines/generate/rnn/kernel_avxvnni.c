/*
 * AVX-VNNI: vpdpbusd on 256 bits adds the four products of a group to the sums
 * of 8 rows, half a block. There are 16 registers: tiles have at most 12 sums.
 */
#if defined(__x86_64__)

#include <immintrin.h>

#include "engines/generate/rnn/kernel_tile.h"

#define SUMS_MAX 12u
#define LANES 8u  /* rows of a register */
#define HALVES 2u /* registers of a block */

/* gcc 12 copies registers around the intrinsic, a third slower with 2 or 3 inputs;
 * clang does not. */
KERNEL_INLINE __m256i dot(__m256i sum, __m256i x, __m256i w)
{
#ifdef __clang__
	return _mm256_dpbusd_avx_epi32(sum, x, w);
#else
	__asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(x), "x"(w));
	return sum;
#endif
}

/* The products of the group of columns at k added to HALVES * width sums. */
KERNEL_INLINE void step(__m256i *sum, const int8_t *w, const uint8_t *in, unsigned cols, unsigned k,
			unsigned width)
{
	const __m256i *group = (const __m256i *)(w + (size_t)KERNEL_BLOCK * k);
	__m256i weights[HALVES];
	KERNEL_UNROLL
	for (unsigned r = 0; r < HALVES; r++)
		weights[r] = _mm256_load_si256(group + r);
	KERNEL_UNROLL
	for (unsigned b = 0; b < width; b++) {
		__m256i x = _mm256_set1_epi32(kernel_group(in + (size_t)b * cols + k));
		KERNEL_UNROLL
		for (unsigned r = 0; r < HALVES; r++)
			sum[b * HALVES + r] = dot(sum[b * HALVES + r], x, weights[r]);
	}
}

/* A block of rows times `width` inputs. Few inputs have too few sums to hide the
 * latency of a product: each is then split in `splits`, of every splits-th group of
 * columns. HALVES * width * splits: at most SUMS_MAX. */
KERNEL_INLINE void tile(int32_t *out, const int8_t *w, const uint8_t *in, unsigned rows,
			unsigned cols, unsigned width, unsigned splits)
{
	const unsigned sums = HALVES * width;
	__m256i sum[SUMS_MAX];
	unsigned k = 0;
	KERNEL_UNROLL
	for (unsigned i = 0; i < sums * splits; i++)
		sum[i] = _mm256_setzero_si256();
	for (; cols - k >= splits * KERNEL_GROUP; k += splits * KERNEL_GROUP) {
		KERNEL_UNROLL
		for (unsigned s = 0; s < splits; s++)
			step(sum + s * sums, w, in, cols, k + s * KERNEL_GROUP, width);
	}
	for (; splits > 1 && k < cols; k += KERNEL_GROUP)
		step(sum, w, in, cols, k, width);
	KERNEL_UNROLL
	for (unsigned i = sums; i < sums * splits; i++)
		sum[i % sums] = _mm256_add_epi32(sum[i % sums], sum[i]);
	KERNEL_UNROLL
	for (unsigned i = 0; i < sums; i++)
		_mm256_storeu_si256((__m256i *)(out + (size_t)(i / HALVES) * rows +
						(size_t)(i % HALVES) * LANES),
				    sum[i]);
}

KERNEL_TILE(tile_1, 1, 4)
KERNEL_TILE(tile_2, 2, 2)
KERNEL_TILE(tile_3, 3, 2)
KERNEL_TILE(tile_4, 4, 1)
KERNEL_TILE(tile_5, 5, 1)
KERNEL_TILE(tile_6, 6, 1)

static kernel_tile *const tiles[] = {tile_1, tile_2, tile_3, tile_4, tile_5, tile_6};

void kernel_avxvnni_matmul(int32_t *out, const int8_t *w, const uint8_t *in, unsigned rows,
			   unsigned cols, unsigned batch)
{
	for (unsigned row = 0; row < rows; row += KERNEL_BLOCK)
		kernel_strip(tiles, 6, out + row, w + (size_t)row * cols, in, rows, cols, batch);
}

#endif
