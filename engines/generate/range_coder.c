#include "engines/generate/range_coder.h"

#include "workloads/prng.h"

void range_encoder_init(struct range_encoder *rc, uint8_t *out, size_t capacity)
{
	*rc = (struct range_encoder){.span = UINT32_MAX, .out = out, .capacity = capacity};
}

/* The bytes written so far, as one number, plus 1. There is always a byte
 * below 0xff: the code as a whole stays below 1. */
void range_encoder_carry(struct range_encoder *rc)
{
	if (rc->overflow)
		return;
	size_t i = rc->nbytes;
	while (i > 0 && ++rc->out[i - 1] == 0)
		i--;
}

static void put_byte(struct range_encoder *rc, uint8_t byte)
{
	if (rc->nbytes < rc->capacity)
		rc->out[rc->nbytes++] = byte;
	else
		rc->overflow = 1;
}

void range_encoder_shift(struct range_encoder *rc)
{
	put_byte(rc, (uint8_t)(rc->low >> 24));
	rc->low <<= 8;
	rc->span = rc->span << 8 | 0xff;
}

size_t range_encoder_finish(struct range_encoder *rc)
{
	uint64_t last = (uint64_t)rc->low + rc->span, value = 0;
	unsigned kept = 0; /* leading bytes of value that are not all zero by choice */
	for (; kept <= 4; kept++) {
		uint64_t step = UINT64_C(1) << (32 - 8 * kept);
		value = (rc->low + step - 1) / step * step;
		if (value <= last)
			break;
	}
	if (value >> 32)
		range_encoder_carry(rc);
	for (unsigned i = 0; i < kept; i++)
		put_byte(rc, (uint8_t)(value >> (24 - 8 * i)));
	while (!rc->overflow && rc->nbytes > 0 && rc->out[rc->nbytes - 1] == 0)
		rc->nbytes--;
	return rc->nbytes;
}

static void read_first(struct range_decoder *rc)
{
	for (unsigned i = 0; i < 4; i++)
		rc->code = rc->code << 8 | range_decoder_next(rc);
}

void range_decoder_init(struct range_decoder *rc, const uint8_t *code, size_t nbytes)
{
	static const uint8_t none; /* in == NULL means pseudo-random */
	const uint8_t *in = nbytes > 0 ? code : &none;
	*rc = (struct range_decoder){.span = UINT32_MAX, .in = in, .end = in + nbytes};
	read_first(rc);
}

void range_decoder_init_random(struct range_decoder *rc, uint64_t key)
{
	*rc = (struct range_decoder){.span = UINT32_MAX, .key = key};
	read_first(rc);
}

uint8_t range_decoder_next_random(struct range_decoder *rc)
{
	if (rc->word_nbytes == 0) {
		rc->word = prng_at(rc->key, rc->counter++);
		rc->word_nbytes = 8;
	}
	uint8_t byte = (uint8_t)rc->word;
	rc->word >>= 8;
	rc->word_nbytes--;
	return byte;
}
