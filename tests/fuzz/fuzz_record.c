/*
 * fuzz_record.c: codec_decode of any bytes, by a codec without and with a
 * dictionary: never outside the record or the buffer; and as a content, the
 * same bytes come back from a record of them.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engines/retrieve/codec.h"

#define BUF_NBYTES ((size_t)1 << 16)
#define INPUT_NBYTES_MAX ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes);

struct coder {
	struct codec *codec;
	struct codec_encoder *encoder;
	struct codec_decoder *decoder;
};

/* Text that the records of the corpus were made with. */
static uint8_t dictionary_bytes[4096];

static struct coder make_coder(enum compression type, const struct dictionary *d)
{
	struct coder c;
	if (codec_create(&c.codec, type, 3, d, true, NULL) != 0 ||
	    codec_encoder_create(&c.encoder, c.codec, INPUT_NBYTES_MAX) != 0 ||
	    codec_decoder_create(&c.decoder, c.codec) != 0)
		abort();
	return c;
}

static void decode(struct coder *c, const uint8_t *data, size_t nbytes, size_t buf_nbytes)
{
	const uint8_t *bytes;
	size_t bytes_nbytes;
	uint8_t *buf = malloc(buf_nbytes + 1);
	if (codec_decode(c->decoder, data, nbytes, buf, buf_nbytes, &bytes, &bytes_nbytes) == 0) {
		assert(bytes_nbytes <= buf_nbytes);
		assert(bytes == buf || (bytes > data && bytes + bytes_nbytes == data + nbytes));
	}
	free(buf);
}

static void round_trip(struct coder *c, const uint8_t *data, size_t nbytes)
{
	const uint8_t *record, *bytes;
	size_t record_nbytes, bytes_nbytes;
	uint8_t *buf = malloc(nbytes + 1);
	int err = codec_encode(c->encoder, data, nbytes, &record, &record_nbytes);
	assert(err == 0);
	err = codec_decode(c->decoder, record, record_nbytes, buf, nbytes, &bytes, &bytes_nbytes);
	assert(err == 0);
	assert(bytes_nbytes == nbytes && (nbytes == 0 || memcmp(bytes, data, nbytes) == 0));
	(void)err;
	free(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes)
{
	static struct coder coders[3];
	if (coders[0].codec == NULL) {
		for (size_t i = 0; i < sizeof dictionary_bytes; i++)
			dictionary_bytes[i] = (uint8_t)("the quick brown fox "[i * i / 7 % 20]);
		static struct dictionary d = {
			.bytes = dictionary_bytes, .nbytes = sizeof dictionary_bytes, .how = "raw"};
		coders[0] = make_coder(COMPRESSION_NONE, NULL);
		coders[1] = make_coder(COMPRESSION_ZSTD, NULL);
		coders[2] = make_coder(COMPRESSION_ZSTD, &d);
	}
	for (size_t i = 0; i < 3; i++) {
		decode(&coders[i], data, nbytes, BUF_NBYTES);
		decode(&coders[i], data, nbytes, nbytes / 2);
		if (nbytes <= INPUT_NBYTES_MAX)
			round_trip(&coders[i], data, nbytes);
	}
	return 0;
}
