#include "engines/generate/cm/text.h"

#include <errno.h>
#include <stdlib.h>

#include "engines/generate/cm/memory.h"

#define INDEX_BITS_MIN 10u
#define INDEX_BITS_MAX 22u

static unsigned index_bits(uint32_t nbytes)
{
	unsigned bits = INDEX_BITS_MIN;
	while (bits < INDEX_BITS_MAX && (UINT32_C(1) << bits) < nbytes)
		bits++;
	return bits;
}

uint64_t text_memory_nbytes(const struct text *t, uint32_t nbytes)
{
	return nbytes + t->document_count * sizeof *t->ends +
	       2 * (sizeof(uint32_t) << t->index_bits);
}

int text_init(struct text *t, uint32_t nbytes, uint32_t document_count)
{
	*t = (struct text){.index_bits = index_bits(nbytes)};
	t->bytes = memory_alloc(nbytes);
	t->ends = memory_alloc(document_count * sizeof *t->ends);
	t->index_long = memory_alloc(sizeof(uint32_t) << t->index_bits);
	t->index_short = memory_alloc(sizeof(uint32_t) << t->index_bits);
	if (t->bytes != NULL && t->ends != NULL && t->index_long != NULL && t->index_short != NULL)
		return 0;
	text_fini(t);
	return -ENOMEM;
}

void text_fini(struct text *t)
{
	free(t->index_short);
	free(t->index_long);
	free(t->ends);
	free(t->bytes);
	*t = (struct text){0};
}

void text_add_document(struct text *t)
{
	uint32_t begin = t->nbytes, end = t->ends[t->document_count];
	uint64_t recent = 0, older = 0;
	for (uint32_t at = begin; at + 1 < end; at++) {
		uint8_t c = t->bytes[at];
		uint32_t seen = at + 1 - begin; /* with c */
		uint32_t line_short = text_line_short(recent, t->index_bits);
		uint32_t line_long = text_line_long(older, recent, t->index_bits);
		if (seen >= TEXT_SHORT_NBYTES)
			t->index_short[text_entry(line_short, c)] = at + 1;
		if (seen >= TEXT_LONG_NBYTES)
			t->index_long[text_entry(line_long, c)] = at + 1;
		older = older << 8 | recent >> 56;
		recent = recent << 8 | c;
	}
	t->nbytes = end;
	t->document_count++;
}
