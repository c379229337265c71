/*
 * text.h: the training text that a model keeps, and the index by which
 * matches are found in it: for the hash of the last few bytes, where they
 * were last seen. The index is not kept in the file but built again.
 */
#ifndef GVR_CM_TEXT_H
#define GVR_CM_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define TEXT_LONG_NBYTES 16u /* lengths of what is hashed */
#define TEXT_SHORT_NBYTES 7u

struct text {
	uint8_t *bytes; /* the documents, one after another */
	uint32_t *ends; /* where each of them ends, ascending */
	uint32_t document_count;
	uint32_t nbytes; /* of the documents indexed so far */
	unsigned index_bits;
	uint32_t *index_long, *index_short; /* 0: nowhere, else the position after */
};

/* Room for documents of so many bytes; bytes and ends are the caller's to
 * fill before text_add. -ENOMEM. */
int text_init(struct text *t, uint32_t nbytes, uint32_t document_count);
void text_fini(struct text *t);
uint64_t text_memory_nbytes(const struct text *t, uint32_t nbytes);

/* Makes the next document, up to its end, findable. */
void text_add_document(struct text *t);

static inline uint64_t load64(const uint8_t *p)
{
	uint64_t v = 0;
	for (unsigned i = 0; i < 8; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

/* An index is in lines of 16 entries: which line, recent bytes but for the
 * newest say, so that it can be fetched a byte ahead; the newest says where in
 * the line. Bytes are newest in the low byte. */
#define TEXT_LINE_BITS 4u

/* The line for the last 6 bytes, and the byte to come. */
static inline uint32_t text_line_short(uint64_t recent, unsigned bits)
{
	uint64_t h = (recent << 16) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(h >> (64 - bits + TEXT_LINE_BITS)) << TEXT_LINE_BITS;
}

/* The line for the last 15 bytes, and the byte to come. */
static inline uint32_t text_line_long(uint64_t older, uint64_t recent, unsigned bits)
{
	uint64_t h = recent * UINT64_C(0x9e3779b97f4a7c15);
	h = (h ^ h >> 29 ^ older << 8) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ h >> 31) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)(h >> (64 - bits + TEXT_LINE_BITS)) << TEXT_LINE_BITS;
}

static inline uint32_t text_entry(uint32_t line, uint8_t newest)
{
	return line | (newest * UINT32_C(0x9e3779b1)) >> (32 - TEXT_LINE_BITS);
}

#endif
