/*
 * kernel.h: the integer matrix products of the neural generator. Every kernel
 * computes the same exact 32-bit sums, so that a content is the same bytes
 * whichever CPU makes it again; they differ in speed alone.
 *
 * One file per instruction set, kernel_portable.c being the truth. This folder's
 * kernel*.c need nothing but libc and workloads/error.c.
 */
#ifndef GVR_KERNEL_H
#define GVR_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "workloads/error.h"

#define KERNEL_BLOCK 16u      /* rows that are packed together */
#define KERNEL_GROUP 4u	      /* columns that are packed together */
#define KERNEL_BATCH_MAX 64u  /* inputs of a call */
#define KERNEL_COLS_MAX 2048u /* columns of a matrix */
#define KERNEL_WEIGHT_MAX 63  /* 255 * 63 * 2 < 2^15: a pair's sum fits 16 bits */
#define KERNEL_ALIGNMENT 64u  /* bytes, of packed weights */

struct kernel_steps; /* kernel_steps.h */

struct kernel {
	const char *name; /* "portable", "avx2", "avxvnni", "avx512", "neon", "neondot" */
	/* By this CPU and operating system. */
	bool (*supported)(void);
	/* out[b * rows + r] = sum over k of w[r][k] * in[b * cols + k], exact, for
	 * b < batch.
	 * out: batch * rows sums; in: batch * cols values, 0..255. Neither needs an
	 *   alignment beyond that of its type; out overlaps neither w nor in.
	 * w: -KERNEL_WEIGHT_MAX..KERNEL_WEIGHT_MAX, aligned to KERNEL_ALIGNMENT,
	 *   packed: [rows / 16][cols / 4][16 rows][4 cols].
	 * rows: a multiple of 16; cols: a multiple of 4, at most KERNEL_COLS_MAX;
	 * batch: 1..KERNEL_BATCH_MAX. Thread-safe; reads no byte beyond its inputs. */
	void (*matmul)(int32_t *out, const int8_t *w, const uint8_t *in, unsigned rows,
		       unsigned cols, unsigned batch);
	const struct kernel_steps *steps; /* what is done between products */
};

/* Where w[row][col] is in the packed weights of a matrix, below rows * cols. */
static inline size_t kernel_packed_index(unsigned rows, unsigned cols, unsigned row, unsigned col)
{
	(void)rows;
	size_t group = (size_t)(row / KERNEL_BLOCK) * (cols / KERNEL_GROUP) + col / KERNEL_GROUP;
	return (group * KERNEL_BLOCK + row % KERNEL_BLOCK) * KERNEL_GROUP + col % KERNEL_GROUP;
}

/* The fastest kernel that this CPU supports, or the one that the environment
 * variable GVR_CPU names (empty: as if not set). NULL, and why in e, if that is
 * unknown or not supported here; the text lists those that are. */
const struct kernel *kernel_choose(struct error *e);

/* Every kernel compiled in, supported here or not, slowest first; the portable
 * one is the first. Static storage. */
const struct kernel *const *kernel_list(unsigned *count);

#endif
