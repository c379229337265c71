/* Any bytes as a spec record of `rnn`; what parses must decode without harm. And
 * any bytes as a document, which must come back. */
#include "engines/generate/rnn/rnn.h"
#include "engines/generate/spec.h"
#include "tests/rnn_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes);

#define CONTENT_MAX (UINT64_C(1) << 26)
#define CONTENT_NBYTES 24u /* no more of a content: a token costs microseconds */
#define CODE_NBYTES (CONTENT_NBYTES * 6 + 16)

static const struct generator_ops *const rnn = &rnn_generator;

/* A session of a model that no training made; opened once. */
static struct generator_session *session(void)
{
	static struct generator_session *s;
	if (s != NULL)
		return s;
	struct shape shape = rnn_model_shape(320, 64, 1);
	size_t file_nbytes;
	uint8_t *file = rnn_model_make(&shape, 2000, &file_nbytes); /* stays */
	struct generator *g;
	if (rnn_open_memory(&g, file, file_nbytes, "fuzz", NULL) != 0 ||
	    rnn->session_open(&s, g, 1, NULL) != 0)
		abort();
	return s;
}

/* In a buffer of the very size. free. */
static uint8_t *decode(const uint8_t *code, size_t code_nbytes, size_t nbytes)
{
	uint8_t *out = malloc(nbytes + (nbytes == 0));
	struct generator_lane lane = {.out = out, .nbytes = nbytes};
	range_decoder_init(&lane.rc, code, code_nbytes);
	rnn->begin(session(), 0);
	generator_make(rnn, session(), &lane);
	rnn->end(session(), 0);
	return out;
}

static void round_trip(const uint8_t *in, size_t nbytes)
{
	uint8_t code[CODE_NBYTES];
	struct range_encoder rc;
	range_encoder_init(&rc, code, sizeof code);
	rnn->begin(session(), 0);
	rnn->encode(session(), &rc, in, nbytes);
	rnn->end(session(), 0);
	size_t code_nbytes = range_encoder_finish(&rc);
	uint8_t *out = decode(code, code_nbytes, nbytes);
	if (rc.overflow || (nbytes > 0 && memcmp(in, out, nbytes) != 0))
		abort();
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes)
{
	struct spec spec;
	if (spec_parse(&spec, data, nbytes, CONTENT_MAX) == 0 && !spec.raw) {
		size_t wanted = spec.content_nbytes < CONTENT_NBYTES ? (size_t)spec.content_nbytes
								     : CONTENT_NBYTES;
		free(decode(spec.code, spec.code_nbytes, wanted));
	}
	round_trip(data, nbytes < CONTENT_NBYTES ? nbytes : CONTENT_NBYTES);
	return 0;
}
