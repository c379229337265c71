#include "engines/generate/rnn/vocabulary_learn.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

/*
 * The documents as words, each different word once with its count. Tokens
 * never cross words, and joining a pair touches only the words that have it.
 */
struct word {
	uint32_t begin, length; /* in symbols */
	uint32_t count;
};

struct pair {
	uint64_t count;
	uint32_t key;	 /* left << 16 | right */
	bool barred;	 /* their bytes are a token already */
	uint32_t *words; /* NULL: a free place of the table */
	uint32_t word_count, word_capacity;
};

struct learner {
	struct word *words;
	uint32_t word_count, word_capacity;
	uint32_t *word_slots; /* word + 1 */
	uint32_t word_mask;
	uint16_t *symbols;
	size_t symbol_count, symbol_capacity;
	struct pair *pairs; /* open addressing */
	uint32_t pair_count, pair_mask;
	struct token *tokens;
	uint32_t token_count;
};

/* ---- words ---- */

enum class { LETTER, DIGIT, SPACE, NEWLINE, OTHER };

static enum class class_of(uint8_t c) {
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80) return LETTER;
	if (c >= '0' && c <= '9') return DIGIT;
	if (c == ' ') return SPACE;
	return c == '\n' || c == '\r' || c == '\t' ? NEWLINE : OTHER;
}

/* A word: bytes of one class, with a blank before them if there is one. */
static size_t word_nbytes(const uint8_t *in, size_t nbytes)
{
	size_t n = 0, max = nbytes < TOKEN_NBYTES_MAX ? nbytes : TOKEN_NBYTES_MAX;
	if (in[0] == ' ' && max > 1 && class_of(in[1]) != SPACE && class_of(in[1]) != NEWLINE)
		n = 1;
	enum class c = class_of(in[n]);
	while (n < max && class_of(in[n]) == c)
		n++;
	/* the last blank of several belongs to the word after them */
	if (c == SPACE && n > 1 && n < nbytes && class_of(in[n]) != SPACE &&
	    class_of(in[n]) != NEWLINE)
		n--;
	return n;
}

static bool same_word(const struct learner *l, const struct word *w, const uint8_t *in, size_t n)
{
	if (w->length != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (l->symbols[w->begin + i] != in[i])
			return false;
	return true;
}

static int grow_words(struct learner *l)
{
	if (l->word_count == l->word_capacity) {
		uint32_t capacity = l->word_capacity * 2;
		struct word *words = realloc(l->words, capacity * sizeof *words);
		if (words == NULL)
			return -ENOMEM;
		l->words = words;
		l->word_capacity = capacity;
	}
	if (l->symbol_count + TOKEN_NBYTES_MAX > l->symbol_capacity) {
		size_t capacity = l->symbol_capacity * 2;
		uint16_t *symbols = realloc(l->symbols, capacity * sizeof *symbols);
		if (symbols == NULL)
			return -ENOMEM;
		l->symbols = symbols;
		l->symbol_capacity = capacity;
	}
	return 0;
}

static int rehash_words(struct learner *l)
{
	if (2 * l->word_count < l->word_mask)
		return 0;
	uint32_t mask = l->word_mask * 2 + 1;
	uint32_t *slots = calloc((size_t)mask + 1, sizeof *slots);
	if (slots == NULL)
		return -ENOMEM;
	for (uint32_t k = 0; k < l->word_count; k++) {
		uint8_t bytes[TOKEN_NBYTES_MAX];
		const struct word *w = &l->words[k];
		for (uint32_t i = 0; i < w->length; i++)
			bytes[i] = (uint8_t)l->symbols[w->begin + i];
		uint32_t i = (uint32_t)XXH3_64bits(bytes, w->length) & mask;
		while (slots[i] != 0)
			i = (i + 1) & mask;
		slots[i] = k + 1;
	}
	free(l->word_slots);
	l->word_slots = slots;
	l->word_mask = mask;
	return 0;
}

static int add_word(struct learner *l, const uint8_t *in, size_t n)
{
	uint32_t i = (uint32_t)XXH3_64bits(in, n) & l->word_mask;
	for (; l->word_slots[i] != 0; i = (i + 1) & l->word_mask) {
		struct word *w = &l->words[l->word_slots[i] - 1];
		if (same_word(l, w, in, n)) {
			w->count++;
			return 0;
		}
	}
	int err = grow_words(l);
	if (err != 0)
		return err;
	l->words[l->word_count] = (struct word){(uint32_t)l->symbol_count, (uint32_t)n, 1};
	for (size_t k = 0; k < n; k++)
		l->symbols[l->symbol_count++] = in[k];
	l->word_slots[i] = ++l->word_count;
	return rehash_words(l);
}

static int read_words(struct learner *l, const uint8_t *bytes, size_t nbytes)
{
	int err = 0;
	for (size_t at = 0; at < nbytes && err == 0;) {
		size_t n = word_nbytes(bytes + at, nbytes - at);
		err = add_word(l, bytes + at, n);
		at += n;
	}
	return err;
}

/* ---- pairs ---- */

static struct pair *find_pair(struct learner *l, uint32_t key)
{
	uint32_t i = (key * UINT32_C(0x9e3779b1) ^ key >> 15) & l->pair_mask;
	while (l->pairs[i].words != NULL && l->pairs[i].key != key)
		i = (i + 1) & l->pair_mask;
	return &l->pairs[i];
}

static int grow_pairs(struct learner *l)
{
	if (2 * l->pair_count < l->pair_mask)
		return 0;
	struct pair *old = l->pairs;
	uint32_t old_mask = l->pair_mask;
	struct pair *pairs = calloc((size_t)old_mask * 2 + 2, sizeof *pairs);
	if (pairs == NULL)
		return -ENOMEM;
	l->pairs = pairs;
	l->pair_mask = old_mask * 2 + 1;
	for (uint32_t i = 0; i <= old_mask; i++)
		if (old[i].words != NULL)
			*find_pair(l, old[i].key) = old[i];
	free(old);
	return 0;
}

/* One more place of the pair, in word k. */
static int count_pair(struct learner *l, uint32_t key, uint32_t k)
{
	struct pair *p = find_pair(l, key);
	if (p->words == NULL) {
		p->words = malloc(4 * sizeof *p->words);
		if (p->words == NULL)
			return -ENOMEM;
		p->key = key;
		p->word_capacity = 4;
		l->pair_count++;
	}
	p->count += l->words[k].count;
	if (p->word_count > 0 && p->words[p->word_count - 1] == k)
		return grow_pairs(l);
	if (p->word_count == p->word_capacity) {
		uint32_t *words = realloc(p->words, 2 * p->word_capacity * sizeof *words);
		if (words == NULL)
			return -ENOMEM;
		p->words = words;
		p->word_capacity *= 2;
	}
	p->words[p->word_count++] = k;
	return grow_pairs(l);
}

static uint32_t key_at(const uint16_t *s)
{
	return (uint32_t)s[0] << 16 | s[1];
}

static int count_pairs(struct learner *l)
{
	int err = 0;
	for (uint32_t k = 0; k < l->word_count && err == 0; k++) {
		const struct word *w = &l->words[k];
		for (uint32_t i = 0; i + 1 < w->length && err == 0; i++)
			err = count_pair(l, key_at(&l->symbols[w->begin + i]), k);
	}
	return err;
}

static bool fits(const struct learner *l, uint32_t key)
{
	return l->tokens[key >> 16].nbytes + l->tokens[key & 0xffff].nbytes <=
	       (int)TOKEN_NBYTES_MAX;
}

/* The pair that is there most often; of equals the one with the smallest key. */
static struct pair *most_frequent(struct learner *l)
{
	struct pair *best = NULL;
	for (uint32_t i = 0; i <= l->pair_mask; i++) {
		struct pair *p = &l->pairs[i];
		if (p->count < 2 || p->barred || !fits(l, p->key))
			continue;
		if (best == NULL || p->count > best->count ||
		    (p->count == best->count && p->key < best->key))
			best = p;
	}
	return best;
}

/* ---- joining ---- */

static int join_in_word(struct learner *l, uint32_t k, uint32_t key, uint16_t joined)
{
	struct word *w = &l->words[k];
	uint16_t *s = &l->symbols[w->begin];
	uint32_t n = 0;
	int err = 0;

	for (uint32_t i = 0; i + 1 < w->length; i++)
		find_pair(l, key_at(s + i))->count -= w->count;
	for (uint32_t i = 0; i < w->length; n++) {
		bool join = i + 1 < w->length && key_at(s + i) == key;
		s[n] = join ? joined : s[i];
		i += join ? 2 : 1;
	}
	w->length = n;
	for (uint32_t i = 0; i + 1 < n && err == 0; i++)
		err = count_pair(l, key_at(s + i), k);
	return err;
}

static bool has_pair(const struct learner *l, uint32_t k, uint32_t key)
{
	const struct word *w = &l->words[k];
	for (uint32_t i = 0; i + 1 < w->length; i++)
		if (key_at(&l->symbols[w->begin + i]) == key)
			return true;
	return false;
}

static void name_token(struct learner *l, uint32_t key)
{
	const struct token *a = &l->tokens[key >> 16], *b = &l->tokens[key & 0xffff];
	struct token *t = &l->tokens[l->token_count++];
	t->nbytes = (uint8_t)(a->nbytes + b->nbytes);
	memcpy(t->bytes, a->bytes, a->nbytes);
	memcpy(t->bytes + a->nbytes, b->bytes, b->nbytes);
}

/* Different pairs can join to the same bytes: the string is a token once. */
static bool is_new(const struct learner *l, uint32_t key)
{
	const struct token *a = &l->tokens[key >> 16], *b = &l->tokens[key & 0xffff];
	for (uint32_t i = 256; i < l->token_count; i++) {
		const struct token *t = &l->tokens[i];
		if (t->nbytes == a->nbytes + b->nbytes &&
		    memcmp(t->bytes, a->bytes, a->nbytes) == 0 &&
		    memcmp(t->bytes + a->nbytes, b->bytes, b->nbytes) == 0)
			return false;
	}
	return true;
}

static int join(struct learner *l, struct pair *p)
{
	uint32_t key = p->key, count = p->word_count;
	uint32_t *words = p->words;
	int err = 0;

	if (!is_new(l, key)) {
		p->barred = true;
		return 0;
	}
	uint16_t joined = (uint16_t)l->token_count;
	name_token(l, key);
	/* the list moves with the table: take it out */
	p->words = malloc(4 * sizeof *p->words);
	if (p->words == NULL) {
		p->words = words;
		return -ENOMEM;
	}
	p->word_count = 0;
	p->word_capacity = 4;
	for (uint32_t i = 0; i < count && err == 0; i++)
		if (has_pair(l, words[i], key))
			err = join_in_word(l, words[i], key, joined);
	free(words);
	return err;
}

static int learner_init(struct learner *l, uint32_t count)
{
	memset(l, 0, sizeof *l);
	l->word_capacity = 1 << 16;
	l->word_mask = (1 << 17) - 1;
	l->symbol_capacity = 1 << 20;
	l->pair_mask = (1 << 16) - 1;
	l->words = malloc(l->word_capacity * sizeof *l->words);
	l->word_slots = calloc((size_t)l->word_mask + 1, sizeof *l->word_slots);
	l->symbols = malloc(l->symbol_capacity * sizeof *l->symbols);
	l->pairs = calloc((size_t)l->pair_mask + 1, sizeof *l->pairs);
	l->tokens = calloc(count, sizeof *l->tokens);
	if (l->words == NULL || l->word_slots == NULL || l->symbols == NULL || l->pairs == NULL ||
	    l->tokens == NULL)
		return -ENOMEM;
	for (l->token_count = 0; l->token_count < 256; l->token_count++) {
		l->tokens[l->token_count].nbytes = 1;
		l->tokens[l->token_count].bytes[0] = (uint8_t)l->token_count;
	}
	return 0;
}

static void learner_fini(struct learner *l)
{
	for (uint32_t i = 0; l->pairs != NULL && i <= l->pair_mask; i++)
		free(l->pairs[i].words);
	free(l->words);
	free(l->word_slots);
	free(l->symbols);
	free(l->pairs);
	free(l->tokens);
}

int vocabulary_learn(struct token **tokens, uint32_t *token_count, const uint8_t *bytes,
		     size_t nbytes, uint32_t count)
{
	struct learner l;
	int err = learner_init(&l, count);
	if (err == 0)
		err = read_words(&l, bytes, nbytes);
	if (err == 0)
		err = count_pairs(&l);
	while (err == 0 && l.token_count < count) {
		struct pair *p = most_frequent(&l);
		if (p == NULL)
			break;
		err = join(&l, p);
	}
	if (err == 0) {
		*token_count = l.token_count / CLUSTER_TOKENS * CLUSTER_TOKENS;
		*tokens = l.tokens;
		l.tokens = NULL;
	}
	learner_fini(&l);
	return err;
}
