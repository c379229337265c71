#include "engines/generate/cm/coding.h"

#include <string.h>

#define HOT static inline __attribute__((always_inline))

/* ---- bit histories ---- */

/* Which line has the second nibble is known before that nibble begins, so that
 * it can be fetched ahead: by the first two bits of the byte, or three for
 * contexts with many continuations (short ones, and what a match expects). */
#define BROAD_CONTEXTS (1u << 0 | 1u << 1 | 1u << 7 | 1u << 8 | 1u << 9)

HOT void slot_line(struct predictor *p, unsigned i, uint32_t h)
{
	size_t line = i < TRAINED_CONTEXTS
			      ? TRAINED_AT + (size_t)(h >> (32 - TRAINED_LINE_BITS)) * LINE_NBYTES
			      : LOCAL_AT + (size_t)(h >> (32 - LOCAL_LINE_BITS)) * LINE_NBYTES;
	arena_touch(&p->arena, line);
	p->lines[i] = p->arena.bytes + line;
	__builtin_prefetch(p->lines[i]);
}

/* The least used slot of a line, made empty. */
static uint8_t *slot_claim(const struct history_table *t, uint8_t *line, uint8_t check)
{
	uint8_t *least = line;
	for (unsigned i = SLOT_NBYTES; i < LINE_NBYTES; i += SLOT_NBYTES)
		if (t->total[line[i + 1]] < t->total[least[1]])
			least = line + i;
	memset(least, 0, SLOT_NBYTES);
	least[0] = check;
	return least;
}

/* The slot for a context's next nibble: byte 0 tells contexts apart (0: an
 * empty slot), bytes 1 to 15 are the bit histories by the nibble's bits so
 * far. All four slots are compared at once: which it is cannot be foreseen. */
HOT uint8_t *slot_find(const struct history_table *t, uint8_t *line, uint8_t check)
{
	check = check ? check : 1;
	uint32_t checks = (uint32_t)line[0] | (uint32_t)line[16] << 8 | (uint32_t)line[32] << 16 |
			  (uint32_t)line[48] << 24;
	uint32_t differ = checks ^ check * UINT32_C(0x01010101);
	uint32_t zero = (differ - UINT32_C(0x01010101)) & ~differ & UINT32_C(0x80808080);
	if (zero == 0)
		return slot_claim(t, line, check);
	return line + (unsigned)__builtin_ctz(zero) / 8 * SLOT_NBYTES;
}

/* Which bit history of a slot: the bits of the nibble so far, after a 1. */
HOT uint32_t slot_node(const struct predictor *p)
{
	uint32_t bits = p->bit_index & 3;
	return 1u << bits | (p->partial & ((1u << bits) - 1));
}

/* As soon as the byte to come is known to begin. */
HOT void lines_prefetch(struct predictor *p)
{
	for (unsigned i = 0; i < CONTEXTS; i++)
		slot_line(p, i, p->hashes[i]);
}

HOT void lines_prefetch_second(struct predictor *p, uint32_t contexts)
{
	uint32_t salt = p->partial * UINT32_C(0x9e3779b1);
	for (unsigned i = 0; i < CONTEXTS; i++)
		if (contexts >> i & 1)
			slot_line(p, i, (p->hashes[i] ^ salt) * UINT32_C(0x85ebca6b));
}

HOT void slots_find(struct predictor *p)
{
	for (unsigned i = 0; i < CONTEXTS; i++)
		p->slots[i] = slot_find(&p->tables->history, p->lines[i],
					(uint8_t)(p->hashes[i] + p->partial * 37));
}

/* ---- adaptive probabilities ---- */

HOT uint32_t cell_p16(uint32_t cell)
{
	return cell >> 16;
}

HOT void cell_learn(const struct predictor *p, uint32_t *cell, unsigned bit)
{
	uint32_t n = *cell & 1023;
	int32_t p22 = (int32_t)(*cell >> 10);
	int32_t target = bit ? (1 << 22) - 1 : 0;
	p22 += (int32_t)(((int64_t)(target - p22) * p->tables->reciprocal[n]) >> 16);
	*cell = (uint32_t)p22 << 10 | (n < p->rates.cell_count_max ? n + 1 : n);
}

/* ---- mixer inputs ---- */

HOT void inputs_of_contexts(struct predictor *p)
{
	uint32_t node = slot_node(p);
	for (unsigned i = 0; i < CONTEXTS; i++) {
		p->histories[i] = p->slots[i] + node;
		struct evidence e = p->frozen->evidence[i][*p->histories[i]];
		p->inputs[2 * i] = e.logit;
		p->inputs[2 * i + 1] = e.lean;
	}
}

HOT void inputs_of_matches(struct predictor *p)
{
	int16_t *x = p->inputs + INPUT_MATCHES;
	for (unsigned i = 0; i < MATCHES; i++) {
		const struct match *m = &p->matches[i];
		p->match_cells[i] = NULL;
		x[2 * i] = x[2 * i + 1] = 0;
		if (!m->active || (m->expected | 256u) >> (8 - p->bit_index) != p->partial)
			continue;
		unsigned bit = (m->expected >> (7 - p->bit_index)) & 1;
		unsigned state = match_bucket(m->length) << 6 | (m->misses & 7) << 3 | p->bit_index;
		p->match_cells[i] = &p->small.matches[i][state];
		p->match_bits = (p->match_bits & ~(1u << i)) | bit << i;
		int32_t p16 = (int32_t)cell_p16(*p->match_cells[i]);
		int32_t logit = stretch(&p->tables->logistic, (uint32_t)p16);
		x[2 * i] = (int16_t)(bit ? logit : -logit);
		x[2 * i + 1] = (int16_t)((bit ? p16 - 32768 : 32768 - p16) >> 4);
	}
}

/* ---- mixers ---- */

/* Which weight set each mixer uses. */
HOT void mixers_select(struct predictor *p)
{
	unsigned expecting = 0;
	for (unsigned i = 0; i < MATCHES; i++)
		if (p->match_cells[i] != NULL)
			expecting += 1 + ((p->match_bits >> i) & 1) * (MATCHES + 1);
	unsigned length = 0;
	if (p->best->active && p->match_cells[p->best - p->matches] != NULL)
		length = match_bucket(p->best->length);
	unsigned log_position = p->position < 8 ? 0 : 29 - (unsigned)__builtin_clz(p->position);
	if (log_position > 15)
		log_position = 15;
	unsigned sets[MIXERS] = {
		[MIXER_MATCH] = length << 4 | (expecting & 15),
		[MIXER_PARTIAL] = p->partial,
		[MIXER_PREVIOUS] = (unsigned)(p->recent & 0xff),
		[MIXER_POSITION] = log_position << 3 | p->bit_index,
	};
	for (unsigned k = 0; k < MIXERS; k++)
		p->weights[k] = p->small.weights[k][sets[k]];
	p->final_weights = p->small.final_weights[sets[MIXER_MATCH]];
}

/* Products are within +-2^26, the sum of INPUTS of them within +-2^31. */
HOT int32_t dot(const int16_t *restrict w, const int16_t *restrict x)
{
	int32_t sum = 0;
	for (unsigned i = 0; i < INPUTS; i++)
		sum += (int32_t)w[i] * x[i];
	return sum >> WEIGHT_BITS;
}

/* error: within 16 bits. All stays within 16 bits: a step is at most
 * INPUT_MAX, which a weight has room for before it is cut. */
HOT void train(int16_t *restrict w, const int16_t *restrict x, int16_t error)
{
	for (unsigned i = 0; i < INPUTS; i++) {
		int16_t v = (int16_t)(w[i] + (int16_t)((((int32_t)x[i] * error >> 14) + 1) >> 1));
		v = v > WEIGHT_MAX ? WEIGHT_MAX : v;
		w[i] = v < -WEIGHT_MAX ? -WEIGHT_MAX : v;
	}
}

HOT int32_t mix(struct predictor *p)
{
	int32_t sum = 0;
	for (unsigned k = 0; k < MIXERS; k++) {
		p->logits[k] = logit_clamp(dot(p->weights[k], p->inputs));
		p->mixed_p[k] = squash(&p->tables->logistic, p->logits[k]);
		sum += (p->final_weights[k] * p->logits[k]) >> 8;
	}
	return logit_clamp(sum >> 8);
}

HOT void mixers_learn(struct predictor *p, unsigned bit)
{
	int32_t target = bit ? 65535 : 0;
	for (unsigned k = 0; k < MIXERS; k++) {
		int32_t error = ((target - p->mixed_p[k]) * p->rates.mixer) >> (25 - WEIGHT_BITS);
		train(p->weights[k], p->inputs, (int16_t)error);
	}
	int32_t error = ((target - p->final_p) * p->rates.final) >> 10;
	for (unsigned k = 0; k < MIXERS; k++) {
		int32_t v = p->final_weights[k] + ((p->logits[k] * error + (1 << 13)) >> 14);
		v = v > FINAL_WEIGHT_MAX ? FINAL_WEIGHT_MAX : v;
		p->final_weights[k] = v < -FINAL_WEIGHT_MAX ? -FINAL_WEIGHT_MAX : v;
	}
}

/* ---- final probability ---- */

HOT uint32_t apm_hash(uint32_t a, uint32_t b)
{
	return ((a * UINT32_C(0x9e3779b1) ^ b) * UINT32_C(0x85ebca6b)) >> (32 - APM_LINE_BITS);
}

/* The lines for the bit after the next one, whatever the next one is. */
HOT void apms_prefetch(struct predictor *p, uint32_t partial)
{
	uint32_t expected = p->best->active ? p->best->expected + 1u : 0;
	uint32_t bucket = match_bucket(p->best->length);
	uint32_t lines[APMS] = {
		(uint32_t)(p->recent & 0xff) << 7 | partial,
		apm_hash(expected << 4 | bucket, partial),
	};
	for (unsigned i = 0; i < APMS; i++) {
		p->apm_lines[i] = APM_AT + (((size_t)i << APM_LINE_BITS) + lines[i]) * LINE_NBYTES;
		__builtin_prefetch(p->arena.bytes + p->apm_lines[i]);
	}
}

HOT void apms_select(struct predictor *p)
{
	for (unsigned i = 0; i < APMS; i++) {
		arena_touch(&p->arena, p->apm_lines[i]);
		p->apm_cells[i] = (uint16_t *)(p->arena.bytes + p->apm_lines[i]) +
				  (p->partial & 1) * APM_POINTS;
	}
}

/* Interpolates between the two points next to the logit; from then on
 * apm_cells is the nearer, which learns. */
HOT int32_t apm_refine(struct predictor *p, unsigned i, int32_t logit)
{
	const uint16_t *points = p->apm_cells[i];
	logit = logit > LOGIT_MAX ? LOGIT_MAX : logit < -LOGIT_MAX ? -LOGIT_MAX : logit;
	int32_t place = (logit + LOGIT_MAX) * (int32_t)(APM_POINTS - 1);
	int32_t below = place >> 12, rest = place & 4095;
	p->apm_cells[i] += below + (rest >= 2048);
	return (points[below] * (4096 - rest) + points[below + 1] * rest) >> 12;
}

HOT void apms_learn(struct predictor *p, unsigned bit)
{
	int32_t target = bit ? 65535 : 0;
	for (unsigned i = 0; i < APMS; i++)
		*p->apm_cells[i] = (uint16_t)(*p->apm_cells[i] + (target - *p->apm_cells[i]) / 64);
}

HOT uint32_t predict(struct predictor *p)
{
	apms_select(p);
	if (p->bit_index % 4 == 0)
		slots_find(p);
	if (p->bit_index < 7)
		apms_prefetch(p, p->partial);
	inputs_of_contexts(p);
	inputs_of_matches(p);
	p->inputs[INPUT_CONSTANT] = 256;
	mixers_select(p);
	int32_t logit = mix(p);
	p->final_p = squash(&p->tables->logistic, logit);
	int32_t sum = 2 * p->final_p + 2;
	for (unsigned i = 0; i < APMS; i++)
		sum += apm_refine(p, i, logit);
	return (uint32_t)(sum >> 2 < 1 ? 1 : sum >> 2 > 65535 ? 65535 : sum >> 2);
}

HOT void histories_learn(struct predictor *p, unsigned bit)
{
	const struct history_table *t = &p->tables->history;
	p->random = p->random * UINT32_C(1664525) + UINT32_C(1013904223);
	uint32_t random = p->random >> 16;
	if (p->cells != NULL)
		for (unsigned i = 0; i < CONTEXTS; i++)
			cell_learn(p, &p->cells[i][*p->histories[i]], bit);
	for (unsigned i = 0; i < CONTEXTS; i++) {
		uint8_t state = *p->histories[i];
		uint8_t next = t->step[state][bit].next;
		uint32_t stay = random & t->step[state][bit].mask;
		*p->histories[i] = stay ? state : next;
	}
}

/* The tables' memory is asked for before the long work of the mixers. */
HOT void learn(struct predictor *p, unsigned bit)
{
	histories_learn(p, bit);
	for (unsigned i = 0; i < MATCHES; i++)
		if (p->match_cells[i] != NULL)
			cell_learn(p, p->match_cells[i], ((p->match_bits >> i) & 1) == bit);
	p->partial = p->partial << 1 | bit;
	p->bit_index++;
	if (p->bit_index == 8) {
		predictor_advance(p, (uint8_t)p->partial);
		apms_prefetch(p, 0);
	}
	if (p->bit_index == 0)
		lines_prefetch(p);
	else if (p->bit_index == 2)
		lines_prefetch_second(p, ~BROAD_CONTEXTS);
	else if (p->bit_index == 3)
		lines_prefetch_second(p, BROAD_CONTEXTS);
	mixers_learn(p, bit);
	apms_learn(p, bit);
}

/* ---- the loops, for any CPU and for one with wider vectors ---- */

HOT void encode_loop(struct predictor *p, struct range_encoder *rc, const uint8_t *in,
		     size_t nbytes)
{
	for (size_t i = 0; i < nbytes; i++)
		for (int shift = 7; shift >= 0; shift--) {
			unsigned bit = (in[i] >> shift) & 1;
			range_encode(rc, bit, predict(p));
			learn(p, bit);
		}
}

HOT void decode_loop(struct predictor *p, struct range_decoder *rc, uint8_t *out, size_t nbytes)
{
	for (size_t i = 0; i < nbytes; i++) {
		for (int k = 0; k < 8; k++)
			learn(p, range_decode(rc, predict(p)));
		out[i] = (uint8_t)p->recent;
	}
}

HOT void learn_loop(struct predictor *p, const uint8_t *in, size_t nbytes)
{
	for (size_t i = 0; i < nbytes; i++)
		for (int shift = 7; shift >= 0; shift--) {
			predict(p);
			learn(p, (in[i] >> shift) & 1);
		}
}

#ifdef __x86_64__
#define WIDE __attribute__((target("avx2,bmi2")))
static int wide_supported(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
}
#else
#define WIDE
static int wide_supported(void)
{
	return 0;
}
#endif

WIDE static void encode_wide(struct predictor *p, struct range_encoder *rc, const uint8_t *in,
			     size_t nbytes)
{
	encode_loop(p, rc, in, nbytes);
}

WIDE static void decode_wide(struct predictor *p, struct range_decoder *rc, uint8_t *out,
			     size_t nbytes)
{
	decode_loop(p, rc, out, nbytes);
}

WIDE static void learn_wide(struct predictor *p, const uint8_t *in, size_t nbytes)
{
	learn_loop(p, in, nbytes);
}

void coding_begin(struct predictor *p)
{
	predictor_restart(p);
	lines_prefetch(p);
	apms_prefetch(p, 0);
}

void coding_new_document(struct predictor *p)
{
	predictor_new_document(p);
	lines_prefetch(p);
	apms_prefetch(p, 0);
}

void coding_encode(struct predictor *p, struct range_encoder *rc, const uint8_t *in, size_t nbytes)
{
	if (wide_supported())
		encode_wide(p, rc, in, nbytes);
	else
		encode_loop(p, rc, in, nbytes);
}

void coding_decode(struct predictor *p, struct range_decoder *rc, uint8_t *out, size_t nbytes)
{
	if (wide_supported())
		decode_wide(p, rc, out, nbytes);
	else
		decode_loop(p, rc, out, nbytes);
}

void coding_learn(struct predictor *p, const uint8_t *in, size_t nbytes)
{
	if (wide_supported())
		learn_wide(p, in, nbytes);
	else
		learn_loop(p, in, nbytes);
}
