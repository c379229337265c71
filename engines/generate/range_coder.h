/*
 * range_coder.h: a binary range coder with 16-bit probabilities, and the bit
 * source that makes one decoder serve both kinds of content: fed with a
 * document's code it returns the document, fed with pseudo-random bytes it
 * samples from the model exactly.
 *
 * Integer arithmetic only; every code value is decodable, so that
 * encode(decode(random bytes)) returns those bytes up to termination.
 *
 * Both sides keep the range less one, so that all of 2^32 values can be used:
 * the interval is [low, low + span], 2^24 <= span <= 2^32 - 1 before each bit.
 */
#ifndef GVR_RANGE_CODER_H
#define GVR_RANGE_CODER_H

#include <stddef.h>
#include <stdint.h>

struct range_encoder {
	uint32_t low, span;
	uint8_t *out; /* caller's */
	size_t nbytes, capacity;
	int overflow; /* 1: capacity was too small, the code is cut */
};

struct range_decoder {
	uint32_t span, code;	 /* code: relative to the interval's low end */
	const uint8_t *in, *end; /* the code; past its end: zero bytes */
	uint64_t key, counter;	 /* pseudo-random source, if in is NULL */
	uint64_t word;
	unsigned word_nbytes;
};

void range_encoder_init(struct range_encoder *rc, uint8_t *out, size_t capacity);
/* Writes the fewest bytes that decode right when followed by zeros; returns
 * the length of the code. */
size_t range_encoder_finish(struct range_encoder *rc);

void range_decoder_init(struct range_decoder *rc, const uint8_t *code, size_t nbytes);
/* Bits are prng_at(key, 0), prng_at(key, 1), ... each little-endian. */
void range_decoder_init_random(struct range_decoder *rc, uint64_t key);

/* Of the hot functions below, the parts that are seldom needed. */
void range_encoder_carry(struct range_encoder *rc);
void range_encoder_shift(struct range_encoder *rc);
uint8_t range_decoder_next_random(struct range_decoder *rc);

/* The part of the interval that stands for 1: [low, low + split - 1]. At
 * least 2^8 values on either side, for p1 in 1..65535. */
static inline uint32_t range_split(uint32_t span, uint32_t p1)
{
	return (uint32_t)((((uint64_t)span + 1) * p1) >> 16);
}

/* p1: probability that bit is 1, in 2^-16, 1..65535. */
static inline void range_encode(struct range_encoder *rc, unsigned bit, uint32_t p1)
{
	uint32_t split = range_split(rc->span, p1);
	if (bit) {
		rc->span = split - 1;
	} else {
		uint32_t low = rc->low + split;
		if (low < split)
			range_encoder_carry(rc);
		rc->low = low;
		rc->span -= split;
	}
	while (rc->span < UINT32_C(1) << 24)
		range_encoder_shift(rc);
}

static inline uint8_t range_decoder_next(struct range_decoder *rc)
{
	if (rc->in == NULL)
		return range_decoder_next_random(rc);
	return rc->in < rc->end ? *rc->in++ : 0;
}

static inline unsigned range_decode(struct range_decoder *rc, uint32_t p1)
{
	uint32_t split = range_split(rc->span, p1);
	unsigned bit = rc->code < split;
	if (bit) {
		rc->span = split - 1;
	} else {
		rc->code -= split;
		rc->span -= split;
	}
	while (rc->span < UINT32_C(1) << 24) {
		rc->span = rc->span << 8 | 0xff;
		rc->code = rc->code << 8 | range_decoder_next(rc);
	}
	return bit;
}

/* ---- symbols of more than two kinds ---- */

/* The values below which a share of `share` / 2^16 of the interval lies. */
static inline uint32_t range_below(uint32_t span, uint32_t share)
{
	return (uint32_t)((((uint64_t)span + 1) * share) >> 16);
}

/* A symbol with frequency `frequency` (1..65535) of 2^16, and `below` the sum of
 * those before it. */
static inline void range_encode_symbol(struct range_encoder *rc, uint32_t below, uint32_t frequency)
{
	uint32_t first = range_below(rc->span, below);
	uint64_t end = (((uint64_t)rc->span + 1) * (below + frequency)) >> 16;
	uint32_t low = rc->low + first;

	if (low < first)
		range_encoder_carry(rc);
	rc->low = low;
	rc->span = (uint32_t)(end - first - 1);
	while (rc->span < UINT32_C(1) << 24)
		range_encoder_shift(rc);
}

/* Where in 0..65535 the code lies: the symbol is the last with below <= this. */
static inline uint32_t range_decode_share(const struct range_decoder *rc)
{
	return (uint32_t)(((((uint64_t)rc->code + 1) << 16) - 1) / ((uint64_t)rc->span + 1));
}

/* Takes that symbol out of the code. */
static inline void range_decode_symbol(struct range_decoder *rc, uint32_t below, uint32_t frequency)
{
	uint32_t first = range_below(rc->span, below);
	uint64_t end = (((uint64_t)rc->span + 1) * (below + frequency)) >> 16;

	rc->code -= first;
	rc->span = (uint32_t)(end - first - 1);
	while (rc->span < UINT32_C(1) << 24) {
		rc->span = rc->span << 8 | 0xff;
		rc->code = rc->code << 8 | range_decoder_next(rc);
	}
}

#endif
