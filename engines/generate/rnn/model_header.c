#include <string.h>

#include <xxhash.h>

#include "engines/generate/rnn/model_file.h"
#include "engines/generate/rnn/net.h"
#include "engines/generate/rnn/vocabulary.h"
#include "engines/little_endian.h"

/* The fields of a shape, in the file's order. */
#define SHAPE_FIELDS(s)                                                                            \
	{                                                                                          \
		&(s)->vocabulary, &(s)->width, &(s)->layers, &(s)->hidden, &(s)->token_width,      \
			&(s)->pair_width, &(s)->triple_width, &(s)->candidate_width,               \
			&(s)->pair_rows, &(s)->triple_rows, &(s)->out_width                        \
	}
#define SHAPE_FIELD_COUNT 11u
#define SHAPE_AT 12u
#define NUMBERS_AT 64u
#define NUMBER_COUNT 5u
#define CHECK_AT (MODEL_HEADER_NBYTES - 8)

void model_header_pack(uint8_t out[MODEL_HEADER_NBYTES], const struct model_header *h)
{
	const uint32_t *const fields[] = SHAPE_FIELDS(&h->shape);
	const uint64_t numbers[] = {h->dictionary_nbytes, h->dictionary_frame_nbytes,
				    h->file_nbytes, h->digest, h->trained_on};

	memset(out, 0, MODEL_HEADER_NBYTES);
	memcpy(out, MODEL_MAGIC, 8);
	put_le(out + 8, MODEL_VERSION, 4);
	for (unsigned i = 0; i < SHAPE_FIELD_COUNT; i++)
		put_le(out + SHAPE_AT + (size_t)4 * i, *fields[i], 4);
	for (unsigned i = 0; i < NUMBER_COUNT; i++)
		put_le(out + NUMBERS_AT + (size_t)8 * i, numbers[i], 8);
	put_le(out + CHECK_AT, XXH3_64bits(out, CHECK_AT), 8);
}

static bool within(uint32_t value, uint32_t min, uint32_t max, uint32_t multiple)
{
	return value >= min && value <= max && value % multiple == 0;
}

static bool power_of_two(uint32_t value)
{
	return value >= 64 && value <= (1u << 20) && (value & (value - 1)) == 0;
}

/* Within these no sum of kernel_steps.h overflows. */
bool model_shape_valid(const struct shape *s)
{
	return within(s->vocabulary, VOCABULARY_MIN, VOCABULARY_MAX, CLUSTER_TOKENS) &&
	       within(s->width, 64, 1024, 16) && within(s->layers, 1, LAYERS_MAX, 1) &&
	       within(s->hidden, 64, 512, 16) && within(s->token_width, 16, 512, 16) &&
	       within(s->pair_width, 16, 512, 16) && within(s->triple_width, 16, 512, 16) &&
	       within(s->candidate_width, 16, 512, 16) && shape_input(s) <= 1024 &&
	       power_of_two(s->pair_rows) && power_of_two(s->triple_rows) &&
	       within(s->out_width, 64, 1024, 16);
}

bool model_header_unpack(struct model_header *h, const uint8_t in[MODEL_HEADER_NBYTES])
{
	uint32_t *const fields[] = SHAPE_FIELDS(&h->shape);
	uint64_t *const numbers[] = {&h->dictionary_nbytes, &h->dictionary_frame_nbytes,
				     &h->file_nbytes, &h->digest, &h->trained_on};

	if (memcmp(in, MODEL_MAGIC, 8) != 0 || get_le(in + 8, 4) != MODEL_VERSION ||
	    get_le(in + CHECK_AT, 8) != XXH3_64bits(in, CHECK_AT))
		return false;
	for (unsigned i = 0; i < SHAPE_FIELD_COUNT; i++)
		*fields[i] = (uint32_t)get_le(in + SHAPE_AT + (size_t)4 * i, 4);
	for (unsigned i = 0; i < NUMBER_COUNT; i++)
		*numbers[i] = get_le(in + NUMBERS_AT + (size_t)8 * i, 8);
	return model_shape_valid(&h->shape);
}
