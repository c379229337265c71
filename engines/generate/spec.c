#include "engines/generate/spec.h"

#include <errno.h>

#include "workloads/prng.h"

enum { FORMAT_CODED = 1, FORMAT_RAW = 2 };

/* Names the sequence of keys of novel contents (prng.h). */
#define NOVEL_NAME UINT64_C(0x6e6f76656c)

size_t spec_write_header(uint8_t header[SPEC_HEADER_NBYTES_MAX], bool raw, uint64_t content_nbytes)
{
	size_t n = 0;
	header[n++] = raw ? FORMAT_RAW : FORMAT_CODED;
	for (; content_nbytes >= 0x80; content_nbytes >>= 7)
		header[n++] = (uint8_t)(content_nbytes | 0x80);
	header[n++] = (uint8_t)content_nbytes;
	return n;
}

/* LEB128, in its shortest form only, so that a content has one header.
 * Returns the bytes read, 0 if there is no valid number. */
static size_t read_leb128(const uint8_t *in, size_t in_nbytes, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < in_nbytes && i < 10; i++) {
		uint64_t digit = in[i] & 0x7f;
		if (i == 9 && digit > 1)
			return 0;
		*value |= digit << (7 * i);
		if (in[i] < 0x80)
			return in[i] == 0 && i > 0 ? 0 : i + 1;
	}
	return 0;
}

int spec_parse(struct spec *spec, const uint8_t *record, size_t record_nbytes,
	       uint64_t content_nbytes_max)
{
	if (record_nbytes < 2 || (record[0] != FORMAT_CODED && record[0] != FORMAT_RAW))
		return -EBADMSG;
	uint64_t content_nbytes;
	size_t length_nbytes = read_leb128(record + 1, record_nbytes - 1, &content_nbytes);
	if (length_nbytes == 0 || content_nbytes > content_nbytes_max)
		return -EBADMSG;
	*spec = (struct spec){
		.raw = record[0] == FORMAT_RAW,
		.content_nbytes = content_nbytes,
		.code = record + 1 + length_nbytes,
		.code_nbytes = record_nbytes - 1 - length_nbytes,
	};
	if (spec->raw && spec->code_nbytes != content_nbytes)
		return -EBADMSG;
	return 0;
}

uint64_t spec_novel_key(uint64_t content, uint32_t context)
{
	return prng_key(prng_key(NOVEL_NAME, content), context);
}
