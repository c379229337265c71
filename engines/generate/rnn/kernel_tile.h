/*
 * kernel_tile.h: what the files of one instruction set each share; for kernel_*.c
 * and their timings alone. A kernel computes tiles, some blocks of rows times some
 * inputs, whose sums stay in registers: a weight is loaded once for all inputs of
 * a tile. The sizes of a tile are constants after inlining, so that one function
 * serves every width.
 */
#ifndef GVR_KERNEL_TILE_H
#define GVR_KERNEL_TILE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "engines/generate/rnn/kernel.h"

#define KERNEL_INLINE static inline __attribute__((always_inline))

/* Before a loop over a tile's registers: an array is in registers only if every
 * index is a constant. */
#ifdef __clang__
#define KERNEL_UNROLL _Pragma("clang loop unroll(full)")
#else
#define KERNEL_UNROLL _Pragma("GCC unroll 32")
#endif

/* Each is there on its own architecture only. For the arguments see kernel.h. */
typedef void kernel_matmul(int32_t *out, const int8_t *w, const uint8_t *in, unsigned rows,
			   unsigned cols, unsigned batch);
kernel_matmul kernel_portable_matmul, kernel_avx2_matmul, kernel_avxvnni_matmul,
	kernel_avx512_matmul, kernel_neon_matmul, kernel_neondot_matmul;

/* A tile with its sizes in its name: rows and cols are those of the matrix, out,
 * w and in where the tile begins in each. */
typedef void kernel_tile(int32_t *out, const int8_t *w, const uint8_t *in, unsigned rows,
			 unsigned cols);

/* Defines such a function, never inlined so that each has all registers for
 * itself, from tile(), which takes the sizes last. By way of a second function,
 * since clang needs one more inlining, and what it simplifies then, to find that
 * all sums can be in registers. */
#define KERNEL_TILE(name, ...)                                                                     \
	KERNEL_INLINE void name##_inlined(int32_t *out, const int8_t *w, const uint8_t *in,        \
					  unsigned rows, unsigned cols)                            \
	{                                                                                          \
		tile(out, w, in, rows, cols, __VA_ARGS__);                                         \
	}                                                                                          \
	static __attribute__((noinline)) void name(                                                \
		int32_t *out, const int8_t *w, const uint8_t *in, unsigned rows, unsigned cols)    \
	{                                                                                          \
		name##_inlined(out, w, in, rows, cols);                                            \
	}

/* The four columns of one group, as they are in memory. */
KERNEL_INLINE int32_t kernel_group(const uint8_t *in)
{
	int32_t group;
	memcpy(&group, in, sizeof group);
	return group;
}

/* How many of `left` inputs the next tile takes: widest, but the last two tiles
 * share evenly, since a narrow one has too few sums to hide the latency of the
 * multiplier behind. left, widest: at least 1. */
KERNEL_INLINE unsigned kernel_width(unsigned left, unsigned widest)
{
	if (left >= 2 * widest)
		return widest;
	return left > widest ? (left + 1) / 2 : left;
}

/* The rows of one tile times every input; tiles[i] takes i + 1 inputs. The weights
 * stay in the first cache from one tile to the next. */
KERNEL_INLINE void kernel_strip(kernel_tile *const *tiles, unsigned widest, int32_t *out,
				const int8_t *w, const uint8_t *in, unsigned rows, unsigned cols,
				unsigned batch)
{
	for (unsigned width; batch > 0; batch -= width) {
		width = kernel_width(batch, widest);
		tiles[width - 1](out, w, in, rows, cols);
		out += (size_t)width * rows;
		in += (size_t)width * cols;
	}
}

#endif
