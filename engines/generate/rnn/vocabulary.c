#include "engines/generate/rnn/vocabulary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

static uint32_t slot_of(const struct vocabulary *v, const uint8_t *bytes, size_t nbytes)
{
	return (uint32_t)XXH3_64bits(bytes, nbytes) & v->slot_mask;
}

/* The slot that holds these bytes, or the free one where they belong. */
static uint32_t find_slot(const struct vocabulary *v, const uint8_t *bytes, size_t nbytes)
{
	uint32_t i = slot_of(v, bytes, nbytes);
	for (; v->slots[i] != 0; i = (i + 1) & v->slot_mask) {
		const struct token *t = &v->tokens[v->slots[i] - 1];
		if (t->nbytes == nbytes && memcmp(t->bytes, bytes, nbytes) == 0)
			break;
	}
	return i;
}

static int add_token(struct vocabulary *v, uint32_t token)
{
	const struct token *t = &v->tokens[token];
	if (t->nbytes == 0 || t->nbytes > TOKEN_NBYTES_MAX)
		return -EBADMSG;
	uint32_t slot = find_slot(v, t->bytes, t->nbytes);
	if (v->slots[slot] != 0)
		return -EBADMSG;
	v->slots[slot] = (uint16_t)(token + 1);
	if (t->nbytes == 1) {
		v->single[t->bytes[0]] = (uint16_t)token;
	} else {
		uint8_t *max = &v->nbytes_max[t->bytes[0] << 8 | t->bytes[1]];
		if (*max < t->nbytes)
			*max = t->nbytes;
	}
	return 0;
}

static int check_bytes(const struct vocabulary *v)
{
	for (unsigned byte = 0; byte < 256; byte++) {
		uint8_t b = (uint8_t)byte;
		if (v->slots[find_slot(v, &b, 1)] == 0)
			return -EBADMSG;
	}
	return 0;
}

int vocabulary_init(struct vocabulary *v, struct token *tokens, uint32_t count)
{
	if (count < VOCABULARY_MIN || count > VOCABULARY_MAX || count % CLUSTER_TOKENS != 0)
		return -EBADMSG;
	memset(v, 0, sizeof *v);
	v->count = count;
	v->tokens = tokens;
	v->slot_mask = 1023;
	while (v->slot_mask < 4 * count)
		v->slot_mask = v->slot_mask * 2 + 1;
	v->slots = calloc((size_t)v->slot_mask + 1, sizeof *v->slots);
	int err = v->slots == NULL ? -ENOMEM : 0;
	for (uint32_t i = 0; i < count && err == 0; i++)
		err = add_token(v, i);
	if (err == 0)
		err = check_bytes(v);
	if (err != 0) {
		free(v->slots);
		memset(v, 0, sizeof *v); /* the tokens are the caller's still */
	}
	return err;
}

void vocabulary_fini(struct vocabulary *v)
{
	free(v->slots);
	free(v->tokens);
}

uint16_t vocabulary_longest(const struct vocabulary *v, const uint8_t *in, size_t nbytes)
{
	if (nbytes >= 2) {
		size_t n = v->nbytes_max[in[0] << 8 | in[1]];
		if (n > nbytes)
			n = nbytes;
		for (; n >= 2; n--) {
			uint16_t found = v->slots[find_slot(v, in, n)];
			if (found != 0)
				return (uint16_t)(found - 1);
		}
	}
	return v->single[in[0]];
}

size_t vocabulary_cut(const struct vocabulary *v, const uint8_t *in, size_t nbytes, uint16_t *out)
{
	size_t count = 0;
	for (size_t at = 0; at < nbytes; at += v->tokens[out[count++]].nbytes)
		out[count] = vocabulary_longest(v, in + at, nbytes - at);
	return count;
}
