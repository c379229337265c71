#include "engines/generate/rnn/match.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DICTIONARY_ORDER 4u
#define LENGTH_MAX 32u	   /* as far as a match is looked back on */
#define LOOK_BELOW 8u	   /* a match shorter than this gives way to a longer one */
#define MISSES_IN_A_ROW 8u /* then a match is given up */

static uint32_t hash2(const uint16_t *last)
{
	return (last[-1] * UINT32_C(0x9e3779b1) + last[0] * UINT32_C(0x85ebca6b)) >> 20;
}

static uint32_t hash3(const uint16_t *last)
{
	uint32_t h = (hash2(last) ^ last[-1]) * UINT32_C(0x85ebca6b) + last[0];
	return ((h ^ last[-2] * UINT32_C(0xc2b2ae35)) * UINT32_C(0x9e3779b1)) >> 20;
}

static uint32_t hash4(const uint16_t *last)
{
	uint64_t four = (uint64_t)last[-3] << 48 | (uint64_t)last[-2] << 32 |
			(uint64_t)last[-1] << 16 | last[0];
	return (uint32_t)((four * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
}

int match_text_init(struct match_text *d, uint16_t *tokens, uint32_t count, bool chain)
{
	memset(d, 0, sizeof *d);
	d->head_mask = 1023;
	while (d->head_mask < count)
		d->head_mask = d->head_mask * 2 + 1;
	d->heads = calloc((size_t)d->head_mask + 1, sizeof *d->heads);
	if (chain)
		d->chain = calloc((size_t)count + 1, sizeof *d->chain);
	if (d->heads == NULL || (chain && d->chain == NULL)) {
		match_text_fini(d);
		return -ENOMEM;
	}
	d->tokens = tokens;
	d->count = count;
	for (uint32_t i = DICTIONARY_ORDER; i < count; i++) {
		uint32_t *head = &d->heads[hash4(&tokens[i - 1]) & d->head_mask];
		if (chain)
			d->chain[i] = *head;
		*head = i + 1;
	}
	return 0;
}

void match_text_fini(struct match_text *d)
{
	free(d->heads);
	free(d->chain);
	free(d->tokens);
	memset(d, 0, sizeof *d);
}

size_t match_text_memory_nbytes(const struct match_text *d)
{
	return d->count * sizeof *d->tokens + ((size_t)d->head_mask + 1) * sizeof *d->heads;
}

void match_begin(struct match *m, const struct match_text *d)
{
	m->dictionary = d;
	m->leave_out_begin = m->leave_out_end = 0; /* place 0 is never a candidate */
	m->source = NULL;
	m->at = m->length = m->misses = m->count = 0;
	memset(m->heads2, 0, sizeof m->heads2);
	memset(m->heads3, 0, sizeof m->heads3);
}

/* How many tokens before place `at` of the source are those before now. */
static uint32_t common(const struct match *m, const uint16_t *source, uint32_t at)
{
	uint32_t max = m->count < LENGTH_MAX ? m->count : LENGTH_MAX, n = 0;
	if (max > at)
		max = at;
	while (n < max && source[at - 1 - n] == m->window[m->count - 1 - n])
		n++;
	return n;
}

static void take_if_longer(struct match *m, const uint16_t *source, uint32_t at, uint32_t min)
{
	uint32_t n = common(m, source, at);
	if (n < min || (m->source != NULL && n <= m->length))
		return;
	m->source = source;
	m->at = at;
	m->length = n;
}

static void look_in_dictionary(struct match *m)
{
	const struct match_text *d = m->dictionary;
	if (d->count == 0 || m->count < DICTIONARY_ORDER)
		return;
	uint32_t at = d->heads[hash4(&m->window[m->count - 1]) & d->head_mask];
	while (at > m->leave_out_begin && at <= m->leave_out_end && at != 0)
		at = d->chain[at - 1];
	if (at != 0)
		take_if_longer(m, d->tokens, at - 1, DICTIONARY_ORDER - 1);
}

static void look_in_document(struct match *m)
{
	const uint16_t *last = &m->window[m->count - 1];
	uint32_t at = m->count >= 3 ? m->heads3[hash3(last)] : 0;
	if (at == 0 && m->count >= 2)
		at = m->heads2[hash2(last)];
	if (at != 0)
		take_if_longer(m, m->window, at - 1, 1);
}

/* Half of what is known goes when the window is full. */
static void make_room(struct match *m)
{
	if (m->count < MATCH_WINDOW)
		return;
	const uint32_t half = MATCH_WINDOW / 2;
	memcpy(m->window, m->window + half, half * sizeof *m->window);
	m->count = half;
	for (unsigned i = 0; i < 4096; i++) {
		m->heads2[i] = m->heads2[i] > half ? (uint16_t)(m->heads2[i] - half) : 0;
		m->heads3[i] = m->heads3[i] > half ? (uint16_t)(m->heads3[i] - half) : 0;
	}
	if (m->source == m->window) {
		if (m->at < half)
			m->source = NULL;
		else
			m->at -= half;
	}
}

static void follow(struct match *m, uint16_t token)
{
	if (m->source == NULL)
		return;
	bool hit = m->source[m->at] == token;
	m->misses = m->misses << 1 | !hit;
	m->length = hit ? m->length + (m->length < LENGTH_MAX) : 0;
	m->at++;
	if ((m->misses & ((1u << MISSES_IN_A_ROW) - 1)) == (1u << MISSES_IN_A_ROW) - 1 ||
	    (m->source != m->window &&
	     (m->at >= m->dictionary->count || m->at == m->leave_out_begin)))
		m->source = NULL;
}

void match_update(struct match *m, uint16_t token)
{
	make_room(m);
	follow(m, token);
	m->window[m->count++] = token;
	if (m->source == NULL || m->length < LOOK_BELOW) {
		const uint16_t *source = m->source;
		uint32_t at = m->at;
		look_in_dictionary(m);
		look_in_document(m);
		if (m->source != source || m->at != at)
			m->misses = 0;
	}
	const uint16_t *last = &m->window[m->count - 1];
	if (m->count >= 2)
		m->heads2[hash2(last)] = (uint16_t)(m->count + 1);
	if (m->count >= 3)
		m->heads3[hash3(last)] = (uint16_t)(m->count + 1);
}

uint16_t match_candidate(const struct match *m, unsigned *bucket)
{
	static const uint8_t classes[LENGTH_MAX + 1] = {0, 1, 2,  3,  4,  5,  6,  6,  7,  7,  7,
							8, 8, 8,  8,  8,  9,  9,  9,  9,  9,  9,
							9, 9, 10, 10, 10, 10, 10, 10, 10, 10, 11};
	if (m->source == NULL)
		return MATCH_NONE;
	unsigned missed = __builtin_popcount(m->misses & 0xff);
	unsigned record = missed == 0 ? 0 : missed < 3 ? 1 : 2;
	unsigned source = m->source == m->window ? 0 : 1;
	*bucket = (source * 12 + classes[m->length]) * 3 + record;
	return m->source[m->at];
}
