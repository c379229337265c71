/* Any bytes as a spec record; what parses must decode without harm. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engines/generate/cm/cm.h"
#include "engines/generate/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes);

#define CONTENT_MAX (UINT64_C(1) << 26)
#define DECODE_NBYTES 4096u

/* A session of a model that was trained on nothing; made once. */
static struct generator_session *session(void)
{
	static struct generator_session *s;
	if (s != NULL)
		return s;
	char dir[] = "/tmp/gvr-fuzz-spec-XXXXXX", path[64];
	struct corpus nothing = {0};
	struct generator *g;
	struct error e;
	if (mkdtemp(dir) == NULL)
		abort();
	snprintf(path, sizeof path, "%s/model", dir);
	if (cm_generator.train(&nothing, path, NULL, NULL, &e) != 0 ||
	    cm_generator.open(&g, path, &e) != 0 || cm_generator.session_open(&s, g, 1, &e) != 0)
		abort();
	unlink(path);
	rmdir(dir);
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes)
{
	static uint8_t out[DECODE_NBYTES];
	struct spec spec;
	if (spec_parse(&spec, data, nbytes, CONTENT_MAX) != 0 || spec.raw)
		return 0;
	size_t wanted = spec.content_nbytes < sizeof out ? (size_t)spec.content_nbytes : sizeof out;
	struct generator_lane lane = {.out = out, .nbytes = wanted};
	range_decoder_init(&lane.rc, spec.code, spec.code_nbytes);
	cm_generator.begin(session(), 0);
	generator_make(&cm_generator, session(), &lane);
	cm_generator.end(session(), 0);
	return 0;
}
