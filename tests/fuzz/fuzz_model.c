/* Any bytes as a model file; what opens must decode without harm. */
#include <stdlib.h>
#include <string.h>

#include "engines/generate/cm/cm.h"
#include "engines/generate/cm/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes);

static void try_open(const uint8_t *bytes, size_t nbytes)
{
	struct generator *g;
	struct generator_session *s;
	struct error e;
	if (cm_open_memory(&g, bytes, nbytes, "fuzz", &e) != 0)
		return;
	if (cm_generator.session_open(&s, g, 1, &e) == 0) {
		uint8_t out[256];
		struct generator_lane lane = {.out = out, .nbytes = sizeof out};
		range_decoder_init_random(&lane.rc, 1);
		cm_generator.begin(s, 0);
		cm_generator.prime(s, 0, 1);
		generator_make(&cm_generator, s, &lane);
		cm_generator.end(s, 0);
		cm_generator.session_close(s);
	}
	cm_generator.close(g);
}

/* As it is, and with the checksum made right, so that what is behind it is
 * reached, too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes)
{
	try_open(data, nbytes);
	if (nbytes < MODEL_HEADER_NBYTES)
		return 0;
	uint8_t *copy = malloc(nbytes);
	if (copy == NULL)
		return 0;
	memcpy(copy, data, nbytes);
	uint64_t checksum = model_checksum(copy, nbytes);
	for (unsigned i = 0; i < 8; i++)
		copy[MODEL_CHECKSUM_AT + i] = (uint8_t)(checksum >> (8 * i));
	if (memcmp(copy, data, nbytes) != 0)
		try_open(copy, nbytes);
	free(copy);
	return 0;
}
