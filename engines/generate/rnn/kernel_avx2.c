/*
 * AVX2: vpmaddubsw adds the products of pairs in 16 bits, which the range of the
 * weights keeps from saturating; vpmaddwd by ones adds two pairs, a group, in 32.
 * Each sum then waits for one addition only, so that tiles need not be large.
 */
#if defined(__x86_64__)

#include <immintrin.h>

#include "engines/generate/rnn/kernel_tile.h"

#define SUMS_MAX 8u
#define LANES 8u /* rows of a register */

_Static_assert(UINT8_MAX *KERNEL_WEIGHT_MAX * 2 <= INT16_MAX, "vpmaddubsw would saturate");

/* A block of rows times `width` inputs; at most SUMS_MAX sums. */
KERNEL_INLINE void tile(int32_t *out, const int8_t *w, const uint8_t *in, unsigned rows,
			unsigned cols, unsigned width)
{
	const __m256i ones = _mm256_set1_epi16(1);
	__m256i sum[SUMS_MAX];
	KERNEL_UNROLL
	for (unsigned i = 0; i < 2 * width; i++)
		sum[i] = _mm256_setzero_si256();
	for (unsigned k = 0; k < cols; k += KERNEL_GROUP) {
		const __m256i *weights = (const __m256i *)(w + (size_t)KERNEL_BLOCK * k);
		KERNEL_UNROLL
		for (unsigned i = 0; i < 2 * width; i++) {
			__m256i x =
				_mm256_set1_epi32(kernel_group(in + (size_t)(i / 2) * cols + k));
			__m256i pairs = _mm256_maddubs_epi16(x, _mm256_load_si256(weights + i % 2));
			sum[i] = _mm256_add_epi32(sum[i], _mm256_madd_epi16(pairs, ones));
		}
	}
	KERNEL_UNROLL
	for (unsigned i = 0; i < 2 * width; i++)
		_mm256_storeu_si256(
			(__m256i *)(out + (size_t)(i / 2) * rows + (size_t)(i % 2) * LANES),
			sum[i]);
}

KERNEL_TILE(tile_1, 1)
KERNEL_TILE(tile_2, 2)
KERNEL_TILE(tile_3, 3)
KERNEL_TILE(tile_4, 4)

static kernel_tile *const tiles[] = {tile_1, tile_2, tile_3, tile_4};

void kernel_avx2_matmul(int32_t *out, const int8_t *w, const uint8_t *in, unsigned rows,
			unsigned cols, unsigned batch)
{
	for (unsigned row = 0; row < rows; row += KERNEL_BLOCK)
		kernel_strip(tiles, 4, out + row, w + (size_t)row * cols, in, rows, cols, batch);
}

#endif
