/*
 * fuzz_catalogue.c: any bytes as a corpus's catalogue: as they are, and with
 * the checksum that would be right. What is accepted formats to the same bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "workloads/corpus_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes);

static void check_sums(const struct corpus *c)
{
	uint32_t document = 0;
	for (uint32_t i = 0; i < c->file_count; i++) {
		uint64_t nbytes = 0;
		for (; document < c->document_count && c->documents[document].file == i;
		     document++) {
			if (c->documents[document].offset != nbytes ||
			    c->documents[document].nbytes > CONTENT_NBYTES_MAX)
				abort();
			nbytes += c->documents[document].nbytes;
		}
		if (nbytes != c->files[i].nbytes)
			abort();
	}
	if (document != c->document_count)
		abort();
}

static void parse(const uint8_t *data, size_t nbytes)
{
	struct corpus *c = calloc(1, sizeof *c);
	if (c == NULL)
		abort();
	if (corpus_catalogue_parse(c, data, nbytes) == 0) {
		uint8_t *again;
		size_t again_nbytes;
		check_sums(c);
		if (corpus_catalogue_format(c, &again, &again_nbytes) != 0 ||
		    again_nbytes != nbytes || memcmp(again, data, nbytes) != 0)
			abort();
		free(again);
	}
	corpus_close(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes)
{
	parse(data, nbytes);
	uint8_t *mended = malloc(nbytes + 8);
	if (mended == NULL)
		abort();
	if (nbytes > 0)
		memcpy(mended, data, nbytes);
	uint64_t checksum = XXH3_64bits(mended, nbytes);
	for (unsigned i = 0; i < 8; i++)
		mended[nbytes + i] = (uint8_t)(checksum >> (8 * i));
	parse(mended, nbytes + 8);
	free(mended);
	return 0;
}
