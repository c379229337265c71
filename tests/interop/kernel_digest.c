/*
 * kernel_digest.c: one number for all that a kernel computes: sums of many shapes
 * and batches, FNV-1a over them as 32-bit numbers. Equal on every architecture,
 * compiler and optimisation. Needs nothing but libc, to be linked for ARM.
 *
 * usage: kernel_digest        "NAME yes" or "NAME no" of every kernel compiled in
 *        kernel_digest NAME   the digest; exit 1 if this CPU cannot run it
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engines/generate/rnn/kernel.h"
#include "workloads/prng.h"

#define ROWS_MAX 256u

static _Alignas(KERNEL_ALIGNMENT) int8_t w[ROWS_MAX * KERNEL_COLS_MAX];
static uint8_t in[KERNEL_BATCH_MAX * KERNEL_COLS_MAX];
static int32_t out[KERNEL_BATCH_MAX * ROWS_MAX];

/* Every other matrix and input has extremes only. */
static void fill(uint64_t key, size_t weights, size_t inputs)
{
	for (size_t i = 0; i < weights; i++) {
		uint64_t r = prng_at(key, i);
		int weight = (int)prng_below(r, 2 * KERNEL_WEIGHT_MAX + 1) - KERNEL_WEIGHT_MAX;
		if (key % 2)
			weight = weight < 0 ? -KERNEL_WEIGHT_MAX : KERNEL_WEIGHT_MAX;
		w[i] = (int8_t)weight;
	}
	for (size_t i = 0; i < inputs; i++) {
		uint64_t r = prng_at(key ^ 0x1234, i);
		in[i] = (uint8_t)(key % 2 ? (r % 4 ? 255 : 0) : r & 255);
	}
}

static uint64_t add(uint64_t digest, size_t sums)
{
	for (size_t i = 0; i < sums; i++)
		digest = (digest ^ (uint32_t)out[i]) * UINT64_C(0x100000001b3);
	return digest;
}

static uint64_t digest_of(const struct kernel *k)
{
	static const struct {
		unsigned rows, cols;
	} shapes[] = {{16, 4},	  {16, 2048}, {48, 20},	  {80, 36},  {64, 128},
		      {192, 192}, {192, 384}, {256, 256}, {144, 68}, {16, 2048}};
	uint64_t digest = UINT64_C(0xcbf29ce484222325);
	for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		const unsigned rows = shapes[i].rows, cols = shapes[i].cols;
		fill(i, (size_t)rows * cols, (size_t)KERNEL_BATCH_MAX * cols);
		for (unsigned batch = 1; batch <= KERNEL_BATCH_MAX; batch += batch < 16 ? 1 : 7) {
			k->matmul(out, w, in, rows, cols, batch);
			digest = add(digest, (size_t)batch * rows);
		}
	}
	return digest;
}

int main(int argc, char **argv)
{
	unsigned count;
	const struct kernel *const *kernels = kernel_list(&count);
	for (unsigned i = 0; i < count; i++) {
		const struct kernel *k = kernels[i];
		if (argc < 2) {
			printf("%s %s\n", k->name, k->supported() ? "yes" : "no");
		} else if (strcmp(argv[1], k->name) == 0 && k->supported()) {
			printf("%016" PRIx64 "\n", digest_of(k));
			return 0;
		}
	}
	if (argc >= 2)
		fprintf(stderr, "kernel_digest: no kernel %s here\n", argv[1]);
	return argc >= 2;
}
