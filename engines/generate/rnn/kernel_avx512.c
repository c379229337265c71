/*
 * AVX-512 VNNI: vpdpbusd adds the four products of a group to the sums of 16
 * rows. Tiles of 4 blocks x 6 inputs have 24 sums in the 32 registers: 24
 * multiplications for 4 loads of weights and 6 of inputs.
 */
#if defined(__x86_64__)

#include <immintrin.h>

#include "engines/generate/rnn/kernel_tile.h"

#define SUMS_MAX 24u

/* The products of the group of columns at k added to blocks * width sums. */
KERNEL_INLINE void step(__m512i *sum, const int8_t *w, const uint8_t *in, unsigned cols, unsigned k,
			unsigned blocks, unsigned width)
{
	__m512i weights[SUMS_MAX];
	KERNEL_UNROLL
	for (unsigned r = 0; r < blocks; r++)
		weights[r] = _mm512_load_si512(w + (size_t)KERNEL_BLOCK * (r * cols + k));
	KERNEL_UNROLL
	for (unsigned b = 0; b < width; b++) {
		__m512i x = _mm512_set1_epi32(kernel_group(in + (size_t)b * cols + k));
		KERNEL_UNROLL
		for (unsigned r = 0; r < blocks; r++)
			sum[b * blocks + r] =
				_mm512_dpbusd_epi32(sum[b * blocks + r], x, weights[r]);
	}
}

/* `blocks` blocks of rows times `width` inputs. Few of both have too few sums to
 * hide the latency of a product: each is then split in `splits`, of every splits-th
 * group of columns. blocks * width * splits: at most SUMS_MAX. */
KERNEL_INLINE void tile(int32_t *out, const int8_t *w, const uint8_t *in, unsigned rows,
			unsigned cols, unsigned blocks, unsigned width, unsigned splits)
{
	const unsigned sums = blocks * width;
	__m512i sum[SUMS_MAX];
	unsigned k = 0;
	KERNEL_UNROLL
	for (unsigned i = 0; i < sums * splits; i++)
		sum[i] = _mm512_setzero_si512();
	for (; cols - k >= splits * KERNEL_GROUP; k += splits * KERNEL_GROUP) {
		KERNEL_UNROLL
		for (unsigned s = 0; s < splits; s++)
			step(sum + s * sums, w, in, cols, k + s * KERNEL_GROUP, blocks, width);
	}
	for (; splits > 1 && k < cols; k += KERNEL_GROUP)
		step(sum, w, in, cols, k, blocks, width);
	KERNEL_UNROLL
	for (unsigned i = sums; i < sums * splits; i++)
		sum[i % sums] = _mm512_add_epi32(sum[i % sums], sum[i]);
	KERNEL_UNROLL
	for (unsigned i = 0; i < sums; i++)
		_mm512_storeu_si512(out + (size_t)(i / blocks) * rows +
					    (size_t)(i % blocks) * KERNEL_BLOCK,
				    sum[i]);
}

/* By blocks and inputs. */
KERNEL_TILE(tile_1x1, 1, 1, 8)
KERNEL_TILE(tile_1x2, 1, 2, 4)
KERNEL_TILE(tile_1x3, 1, 3, 4)
KERNEL_TILE(tile_1x4, 1, 4, 4)
KERNEL_TILE(tile_1x5, 1, 5, 4)
KERNEL_TILE(tile_1x6, 1, 6, 4)
KERNEL_TILE(tile_4x1, 4, 1, 2)
KERNEL_TILE(tile_4x2, 4, 2, 1)
KERNEL_TILE(tile_4x3, 4, 3, 1)
KERNEL_TILE(tile_4x4, 4, 4, 1)
KERNEL_TILE(tile_4x5, 4, 5, 1)
KERNEL_TILE(tile_4x6, 4, 6, 1)

static kernel_tile *const one_block[] = {tile_1x1, tile_1x2, tile_1x3,
					 tile_1x4, tile_1x5, tile_1x6};
static kernel_tile *const four_blocks[] = {tile_4x1, tile_4x2, tile_4x3,
					   tile_4x4, tile_4x5, tile_4x6};

/* One input is as fast as its weights arrive, which is fastest in one stream:
 * block by block. */
void kernel_avx512_matmul(int32_t *out, const int8_t *w, const uint8_t *in, unsigned rows,
			  unsigned cols, unsigned batch)
{
	const unsigned step_rows = 4 * KERNEL_BLOCK;
	unsigned row = 0;
	for (; batch > 1 && rows - row >= step_rows; row += step_rows)
		kernel_strip(four_blocks, 6, out + row, w + (size_t)row * cols, in, rows, cols,
			     batch);
	for (; row < rows; row += KERNEL_BLOCK)
		kernel_strip(one_block, 6, out + row, w + (size_t)row * cols, in, rows, cols,
			     batch);
}

#endif
