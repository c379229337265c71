/*
 * match.h: what followed when the last few tokens were last seen: in the
 * document so far, or in the dictionary, a text that the model file carries.
 * The token that followed then is the candidate; the bucket says how well
 * founded it is (where from, how long the match is, how often it failed of
 * late). Both are inputs of the network, which decides what they are worth.
 */
#ifndef GVR_RNN_MATCH_H
#define GVR_RNN_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MATCH_WINDOW 8192u /* tokens of the document that are looked back on */
#define MATCH_BUCKETS 72u  /* 2 sources x 12 lengths x 3 records */
#define MATCH_NONE UINT16_MAX

/* Tokens of the dictionary's documents one after the other, indexed by what
 * four of them were. */
struct match_text {
	uint16_t *tokens;
	uint32_t count;
	uint32_t *heads; /* of the last place with this hash, + 1: the token after the four */
	uint32_t head_mask;
	uint32_t *chain; /* the place before with the same hash, + 1; NULL unless asked for */
};

/* tokens (malloc) become the dictionary's. chain: keep all places, so that
 * some can be left out. -ENOMEM (tokens remain the caller's). */
int match_text_init(struct match_text *d, uint16_t *tokens, uint32_t count, bool chain);
void match_text_fini(struct match_text *d);
size_t match_text_memory_nbytes(const struct match_text *d);

struct match {
	const struct match_text *dictionary;
	uint32_t leave_out_begin, leave_out_end; /* places that do not count */
	const uint16_t *source;			 /* window or dictionary; NULL: no candidate */
	uint32_t at;				 /* the candidate's place there */
	uint32_t length;			 /* tokens that matched up to here */
	uint32_t misses;			 /* one bit a prediction, the last lowest */
	uint32_t count;				 /* tokens seen */
	uint16_t window[MATCH_WINDOW];
	uint16_t heads2[4096], heads3[4096]; /* place in the window + 1 */
};

/* A new document. */
void match_begin(struct match *m, const struct match_text *d);
/* The next token is known. */
void match_update(struct match *m, uint16_t token);
/* MATCH_NONE if there is no candidate; else *bucket < MATCH_BUCKETS. */
uint16_t match_candidate(const struct match *m, unsigned *bucket);

#endif
