/* fuzz_result.c: any bytes as a result.json, for gvr compare. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/result_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes);

static void check_engine(const struct result_engine *engine)
{
	if (engine->label == NULL || engine->kind == NULL ||
	    engine->round_count > RESULT_ROUNDS_MAX)
		abort();
	for (unsigned k = 0; k < RESULT_FIGURES; k++)
		for (unsigned i = 0; engine->known[k] && i < engine->round_count; i++)
			if (!isfinite(engine->values[k][i]) || engine->values[k][i] < 0)
				abort();
}

static void check(const struct result_file *r)
{
	if (r->time == NULL || r->why_invalid == NULL || r->engine_count > RESULT_ENGINES_MAX)
		abort();
	for (unsigned i = 0; i < r->engine_count; i++) {
		check_engine(&r->engines[i]);
		if (result_find_engine(r, r->engines[i].label) != &r->engines[i])
			abort();
	}
	for (unsigned i = 0; i < r->setting_count; i++)
		if (r->settings[i].value == NULL ||
		    result_find_setting(r, r->settings[i].path) == NULL)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes)
{
	struct result_file *r;
	struct error e = {""};

	if (result_parse(&r, "fuzz.json", (const char *)data, nbytes, &e) == 0) {
		check(r);
		result_close(r);
	} else if (strncmp(e.text, "fuzz.json: ", 11) != 0 || strchr(e.text, '\n') != NULL) {
		abort();
	}
	return 0;
}
