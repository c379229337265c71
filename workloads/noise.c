#include "workloads/noise.h"

#include <endian.h>
#include <string.h>

#include "workloads/prng.h"

#define BLOCK_NBYTES 512u

/* Words `first` and on of the sequence `key`, the last cut to nbytes. */
static void fill_words(uint64_t key, uint64_t first, uint8_t *out, size_t nbytes)
{
	size_t words = nbytes / 8;
	for (size_t i = 0; i < words; i++) {
		uint64_t word = htole64(prng_at(key, first + i));
		memcpy(out + 8 * i, &word, 8);
	}
	uint64_t last = htole64(prng_at(key, first + words));
	memcpy(out + 8 * words, &last, nbytes % 8);
}

void noise_fill(uint64_t content, uint32_t context, uint32_t compress_percentage, uint8_t *out,
		size_t nbytes)
{
	uint64_t key = prng_key(content, context);
	if (compress_percentage == 0) {
		if (nbytes > 0)
			fill_words(key, 0, out, nbytes);
		return;
	}
	for (size_t at = 0; at < nbytes; at += BLOCK_NBYTES) {
		size_t block = nbytes - at < BLOCK_NBYTES ? nbytes - at : BLOCK_NBYTES;
		size_t random = block * (100 - compress_percentage) / 100;
		fill_words(key, at / 8, out + at, random);
		memset(out + at + random, 0, block - random);
	}
}
