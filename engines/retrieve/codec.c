/*
 * codec.c: contents to records and back. zstd frames are kept without what
 * the record or the store says already: magic number, content size, dictionary
 * id and checksum (RocksDB's blocks have theirs).
 */
#define ZSTD_STATIC_LINKING_ONLY /* frames without magic number */
#include "engines/retrieve/codec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum { FORMAT_RAW = 1, FORMAT_ZSTD = 2, FORMAT_ZSTD_DICTIONARY = 3 };

#define LENGTH_NBYTES_MAX 10u

struct codec {
	enum compression type;
	int level;
	uint8_t format; /* of a compressed record */
	ZSTD_CDict *cdict;
	ZSTD_DDict *ddict;
};

struct codec_encoder {
	const struct codec *codec;
	ZSTD_CCtx *context; /* NULL: nothing is compressed */
	uint8_t *record;
	size_t capacity;
};

struct codec_decoder {
	const struct codec *codec;
	ZSTD_DCtx *context; /* NULL: nothing is compressed */
};

/* ---- shared ---- */

static int out_of_memory(struct error *e, const char *what)
{
	return error_set(e, -ENOMEM, "codec: out of memory for %s", what);
}

static int digest_dictionary(struct codec *c, const struct dictionary *d, bool for_encoding,
			     struct error *e)
{
	if (for_encoding) {
		/* not by one of the _advanced functions: those forget the level,
		 * without which a content much larger than the dictionary is
		 * compressed with parameters that suit the dictionary's size */
		c->cdict = ZSTD_createCDict(d->bytes, d->nbytes, c->level);
		if (c->cdict == NULL)
			return out_of_memory(e, "the digested dictionary");
	}
	c->ddict = ZSTD_createDDict(d->bytes, d->nbytes);
	return c->ddict != NULL ? 0 : out_of_memory(e, "the digested dictionary");
}

int codec_create(struct codec **out, enum compression type, int level,
		 const struct dictionary *dictionary, bool for_encoding, struct error *e)
{
	struct codec *c = calloc(1, sizeof *c);
	if (c == NULL)
		return out_of_memory(e, "a codec");
	c->type = type;
	c->level = level;
	c->format = FORMAT_ZSTD;
	if (type == COMPRESSION_ZSTD && dictionary != NULL) {
		c->format = FORMAT_ZSTD_DICTIONARY;
		int err = digest_dictionary(c, dictionary, for_encoding, e);
		if (err != 0) {
			codec_destroy(c);
			return err;
		}
	}
	*out = c;
	return 0;
}

void codec_destroy(struct codec *c)
{
	if (c == NULL)
		return;
	ZSTD_freeCDict(c->cdict);
	ZSTD_freeDDict(c->ddict);
	free(c);
}

size_t codec_nbytes(const struct codec *c)
{
	return ZSTD_sizeof_CDict(c->cdict) + ZSTD_sizeof_DDict(c->ddict);
}

/* ---- the length of a content, LEB128 ---- */

static size_t write_length(uint8_t *p, uint64_t x)
{
	size_t n = 0;
	for (; x >= 0x80; x >>= 7)
		p[n++] = (uint8_t)(x | 0x80);
	p[n++] = (uint8_t)x;
	return n;
}

/* Returns how many bytes it takes; 0: it is cut, or does not fit 64 bits. */
static size_t read_length(uint64_t *x, const uint8_t *p, size_t nbytes)
{
	*x = 0;
	for (size_t i = 0; i < nbytes && i < LENGTH_NBYTES_MAX; i++) {
		if (i == LENGTH_NBYTES_MAX - 1 && p[i] > 1)
			return 0;
		*x |= (uint64_t)(p[i] & 0x7f) << (7 * i);
		if (p[i] < 0x80)
			return i + 1;
	}
	return 0;
}

/* ---- encoding ---- */

static int configure(ZSTD_CCtx *x, const struct codec *c)
{
	size_t failed = 0;
	failed |= ZSTD_isError(ZSTD_CCtx_setParameter(x, ZSTD_c_compressionLevel, c->level));
	failed |= ZSTD_isError(ZSTD_CCtx_setParameter(x, ZSTD_c_format, ZSTD_f_zstd1_magicless));
	failed |= ZSTD_isError(ZSTD_CCtx_setParameter(x, ZSTD_c_contentSizeFlag, 0));
	failed |= ZSTD_isError(ZSTD_CCtx_setParameter(x, ZSTD_c_dictIDFlag, 0));
	failed |= ZSTD_isError(ZSTD_CCtx_setParameter(x, ZSTD_c_checksumFlag, 0));
	if (c->cdict != NULL)
		failed |= ZSTD_isError(ZSTD_CCtx_refCDict(x, c->cdict));
	return failed ? -EINVAL : 0;
}

int codec_encoder_create(struct codec_encoder **out, const struct codec *c,
			 size_t content_nbytes_max)
{
	int err = -ENOMEM;
	struct codec_encoder *x = calloc(1, sizeof *x);
	if (x == NULL)
		return err;
	x->codec = c;
	x->capacity = CODEC_HEAD_NBYTES_MAX + ZSTD_compressBound(content_nbytes_max);
	x->record = malloc(x->capacity);
	if (x->record == NULL)
		goto destroy;
	if (c->type == COMPRESSION_ZSTD) {
		x->context = ZSTD_createCCtx();
		if (x->context == NULL)
			goto destroy;
		err = configure(x->context, c);
		if (err != 0)
			goto destroy;
	}
	*out = x;
	return 0;
destroy:
	codec_encoder_destroy(x);
	return err;
}

void codec_encoder_destroy(struct codec_encoder *x)
{
	if (x == NULL)
		return;
	ZSTD_freeCCtx(x->context);
	free(x->record);
	free(x);
}

int codec_encode(struct codec_encoder *x, const uint8_t *bytes, size_t nbytes,
		 const uint8_t **record, size_t *record_nbytes)
{
	size_t header_nbytes = 1 + write_length(x->record + 1, nbytes);
	if (nbytes > x->capacity - CODEC_HEAD_NBYTES_MAX)
		return -EMSGSIZE;
	*record = x->record;
	if (x->context != NULL) {
		size_t got = ZSTD_compress2(x->context, x->record + header_nbytes,
					    x->capacity - header_nbytes, bytes, nbytes);
		if (ZSTD_isError(got))
			return -ENOMEM; /* the only way left for it to fail */
		if (got < nbytes) {
			x->record[0] = x->codec->format;
			*record_nbytes = header_nbytes + got;
			return 0;
		}
	}
	x->record[0] = FORMAT_RAW;
	if (nbytes > 0)
		memcpy(x->record + header_nbytes, bytes, nbytes);
	*record_nbytes = header_nbytes + nbytes;
	return 0;
}

/* ---- decoding ---- */

size_t codec_head_nbytes(const uint8_t *record, size_t record_nbytes)
{
	uint64_t content_nbytes;
	return 1 + read_length(&content_nbytes, record + 1, record_nbytes - 1);
}

int codec_decoder_create(struct codec_decoder **out, const struct codec *c)
{
	struct codec_decoder *x = calloc(1, sizeof *x);
	if (x == NULL)
		return -ENOMEM;
	x->codec = c;
	if (c->type == COMPRESSION_ZSTD) {
		x->context = ZSTD_createDCtx();
		if (x->context == NULL ||
		    ZSTD_isError(ZSTD_DCtx_setParameter(x->context, ZSTD_d_format,
							ZSTD_f_zstd1_magicless)) ||
		    ZSTD_isError(ZSTD_DCtx_refDDict(x->context, c->ddict))) {
			codec_decoder_destroy(x);
			return -ENOMEM;
		}
	}
	*out = x;
	return 0;
}

void codec_decoder_destroy(struct codec_decoder *x)
{
	if (x == NULL)
		return;
	ZSTD_freeDCtx(x->context);
	free(x);
}

static int decode_zstd(struct codec_decoder *x, const uint8_t *payload, size_t payload_nbytes,
		       uint8_t *buf, size_t content_nbytes)
{
	size_t got = ZSTD_decompressDCtx(x->context, buf, content_nbytes, payload, payload_nbytes);
	return ZSTD_isError(got) || got != content_nbytes ? -EBADMSG : 0;
}

int codec_decode(struct codec_decoder *x, const uint8_t *record, size_t record_nbytes, uint8_t *buf,
		 size_t buf_nbytes, const uint8_t **bytes, size_t *nbytes)
{
	uint64_t content_nbytes;
	if (record_nbytes == 0)
		return -EBADMSG;
	size_t length_nbytes = read_length(&content_nbytes, record + 1, record_nbytes - 1);
	if (length_nbytes == 0 || content_nbytes > buf_nbytes)
		return -EBADMSG;
	const uint8_t *payload = record + 1 + length_nbytes;
	size_t payload_nbytes = record_nbytes - 1 - length_nbytes;
	*nbytes = (size_t)content_nbytes;
	if (record[0] == FORMAT_RAW) {
		*bytes = payload;
		return payload_nbytes == content_nbytes ? 0 : -EBADMSG;
	}
	if (x->context == NULL || record[0] != x->codec->format)
		return -EBADMSG;
	*bytes = buf;
	return decode_zstd(x, payload, payload_nbytes, buf, (size_t)content_nbytes);
}
