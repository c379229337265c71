#include "bench/hdr_encode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define COOKIE UINT32_C(0x1c849313)
#define COMPRESSED_COOKIE UINT32_C(0x1c849314)
#define SIGNIFICANT_DIGITS 3u
#define HEADER_NBYTES 40u
#define COMPRESSED_HEADER_NBYTES 8u
#define VARINT_NBYTES_MAX 9u
#define RAW_NBYTES_MAX (HEADER_NBYTES + HISTOGRAM_BUCKETS * VARINT_NBYTES_MAX)
/* More than zlib's own bound (compressBound) for so many bytes. */
#define COMPRESSED_NBYTES_MAX (RAW_NBYTES_MAX + RAW_NBYTES_MAX / 1000 + 64)

struct hdr_encoder {
	uint8_t raw[RAW_NBYTES_MAX];
	uint8_t compressed[COMPRESSED_HEADER_NBYTES + COMPRESSED_NBYTES_MAX];
};

int hdr_encoder_create(struct hdr_encoder **out)
{
	*out = malloc(sizeof **out);
	return *out != NULL ? 0 : -ENOMEM;
}

void hdr_encoder_destroy(struct hdr_encoder *x)
{
	free(x);
}

/* Big-endian, as Java writes. */
static uint8_t *put(uint8_t *p, uint64_t value, unsigned nbytes)
{
	for (unsigned i = 0; i < nbytes; i++)
		p[i] = (uint8_t)(value >> (8 * (nbytes - 1 - i)));
	return p + nbytes;
}

/* ZigZag LEB128 as HdrHistogram has it: a ninth byte holds 8 bits. */
static uint8_t *put_varint(uint8_t *p, int64_t value)
{
	uint64_t v = value < 0 ? ~((uint64_t)value << 1) : (uint64_t)value << 1;

	for (unsigned i = 1; i < VARINT_NBYTES_MAX && v >= 0x80; i++, v >>= 7)
		*p++ = (uint8_t)(v | 0x80);
	*p++ = (uint8_t)v;
	return p;
}

/* The counts up to the last that is not 0, at least one; a run of n > 1 zeros
 * is -n. */
static uint8_t *put_counts(uint8_t *p, const struct histogram *h)
{
	uint32_t limit = HISTOGRAM_BUCKETS;

	while (limit > 1 && h->counts[limit - 1] == 0)
		limit--;
	for (uint32_t i = 0; i < limit;) {
		uint32_t zeros = 0;
		while (i + zeros < limit && h->counts[i + zeros] == 0)
			zeros++;
		p = put_varint(p, zeros > 1 ? -(int64_t)zeros : (int64_t)h->counts[i]);
		i += zeros > 1 ? zeros : 1;
	}
	return p;
}

static size_t encode_raw(uint8_t *raw, const struct histogram *h)
{
	double ratio = 1; /* what a unit of the values is worth: unused by V2's readers */
	uint64_t ratio_bits;
	uint8_t *end = put_counts(raw + HEADER_NBYTES, h), *p = raw;

	memcpy(&ratio_bits, &ratio, sizeof ratio_bits);
	p = put(p, COOKIE, 4);
	p = put(p, (uint64_t)(end - raw) - HEADER_NBYTES, 4);
	p = put(p, 0, 4); /* normalising index offset */
	p = put(p, SIGNIFICANT_DIGITS, 4);
	p = put(p, 1, 8); /* lowest discernible value */
	p = put(p, HISTOGRAM_MAX_NS, 8);
	put(p, ratio_bits, 8);
	return (size_t)(end - raw);
}

static void write_base64(const uint8_t *bytes, size_t nbytes, FILE *f)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < nbytes; i += 3) {
		size_t left = nbytes - i;
		uint32_t v = (uint32_t)bytes[i] << 16;
		v |= left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
		v |= left > 2 ? bytes[i + 2] : 0;
		putc(digits[v >> 18], f);
		putc(digits[v >> 12 & 63], f);
		putc(left > 1 ? digits[v >> 6 & 63] : '=', f);
		putc(left > 2 ? digits[v & 63] : '=', f);
	}
}

int hdr_encode(struct hdr_encoder *x, const struct histogram *h, FILE *f)
{
	uLongf nbytes = COMPRESSED_NBYTES_MAX;
	size_t raw_nbytes = encode_raw(x->raw, h);

	if (compress2(x->compressed + COMPRESSED_HEADER_NBYTES, &nbytes, x->raw, raw_nbytes,
		      Z_DEFAULT_COMPRESSION) != Z_OK)
		return -ENOMEM;
	put(x->compressed, COMPRESSED_COOKIE, 4);
	put(x->compressed + 4, nbytes, 4);
	write_base64(x->compressed, COMPRESSED_HEADER_NBYTES + nbytes, f);
	return 0;
}
