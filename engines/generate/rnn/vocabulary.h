/*
 * vocabulary.h: the tokens of a model: byte strings, among them each single
 * byte, so that any bytes can be written in tokens. A document is cut greedily:
 * at each place the longest token that fits.
 *
 * Tokens are in clusters of CLUSTER_TOKENS, neighbours in what they follow:
 * token / CLUSTER_TOKENS is the cluster. One is predicted, then the token in it.
 */
#ifndef GVR_RNN_VOCABULARY_H
#define GVR_RNN_VOCABULARY_H

#include <stddef.h>
#include <stdint.h>

#define CLUSTER_TOKENS 64u
#define VOCABULARY_MIN 256u  /* the single bytes */
#define VOCABULARY_MAX 8192u /* a multiple of CLUSTER_TOKENS, as all counts are */
#define TOKEN_NBYTES_MAX 24u

struct token {
	uint8_t nbytes; /* 1..TOKEN_NBYTES_MAX */
	uint8_t bytes[TOKEN_NBYTES_MAX];
};

struct vocabulary {
	uint32_t count;
	struct token *tokens;
	uint16_t *slots; /* hash table: token + 1, or 0 */
	uint32_t slot_mask;
	uint8_t nbytes_max[65536]; /* of the tokens that begin with these two bytes */
	uint16_t single[256];	   /* the token of each byte */
};

/* Takes the tokens over, which were allocated by malloc, on success only.
 * -EBADMSG: a count that is not allowed, a token that is empty, too long or
 * there twice, or a byte that has none; -ENOMEM. */
int vocabulary_init(struct vocabulary *v, struct token *tokens, uint32_t count);
void vocabulary_fini(struct vocabulary *v);

/* The longest token that in begins with; nbytes > 0. */
uint16_t vocabulary_longest(const struct vocabulary *v, const uint8_t *in, size_t nbytes);

/* Cuts nbytes bytes into tokens; out has room for nbytes of them. Returns how many. */
size_t vocabulary_cut(const struct vocabulary *v, const uint8_t *in, size_t nbytes, uint16_t *out);

#endif
