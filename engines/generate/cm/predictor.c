#include "engines/generate/cm/predictor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LOCAL_LENGTH_MIN 5u

void tables_init(struct tables *t)
{
	logistic_init(&t->logistic);
	history_table_init(&t->history);
	for (uint32_t n = 0; n < 1024; n++)
		t->reciprocal[n] = 131072 / (2 * n + 3);
}

int predictor_init(struct predictor *p, const struct frozen *frozen, const struct tables *tables,
		   const struct text *text, size_t tracked_from)
{
	*p = (struct predictor){.frozen = frozen, .tables = tables, .text = text};
	p->small = frozen->small;
	int err = arena_init(&p->arena, frozen->arena, tracked_from);
	if (err)
		return err;
	p->window = malloc(WINDOW_NBYTES);
	if (p->window == NULL) {
		arena_fini(&p->arena);
		return -ENOMEM;
	}
	return 0;
}

void predictor_fini(struct predictor *p)
{
	free(p->window);
	arena_fini(&p->arena);
}

void predictor_undo(struct predictor *p)
{
	arena_undo(&p->arena);
	p->small = p->frozen->small;
}

static uint32_t hash2(uint64_t a, uint64_t b)
{
	uint64_t h = (a ^ b * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xd6e8feb86659fd93);
	return (uint32_t)((h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93) >> 32);
}

static uint64_t last_bytes(const struct predictor *p, unsigned n)
{
	return p->recent & ((UINT64_C(1) << (8 * n)) - 1);
}

/* What the byte is to a word: letters (any case) and all above ASCII. */
static bool is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

static void words_advance(struct predictor *p, uint8_t c)
{
	if (is_letter(c)) {
		uint8_t lower = c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
		p->word = (p->word + lower + 1) * UINT32_C(0x2f0b4c47);
	} else if (p->word != 0) {
		if (p->line_word == 0)
			p->line_word = p->word;
		p->word = 0;
	}
	if (c == '\n')
		p->line_word = 0;
}

static void contexts_advance(struct predictor *p)
{
	uint32_t expected = p->best->active ? 256u + p->best->expected : 0;
	uint32_t bucket = match_bucket(p->best->length);
	uint64_t c1 = p->recent & 0xff;
	uint64_t keys[CONTEXTS] = {
		last_bytes(p, 1),
		last_bytes(p, 2),
		last_bytes(p, 3),
		last_bytes(p, 4),
		last_bytes(p, 6),
		(uint64_t)p->word << 8 | c1,
		(uint64_t)p->line_word << 32 | (uint64_t)(p->word != 0 ? p->word : c1),
		(uint64_t)expected << 16 | bucket << 8 | c1,
		/* local */
		last_bytes(p, 1),
		last_bytes(p, 2),
		last_bytes(p, 3),
		(uint64_t)p->word << 8 | c1,
	};
	for (unsigned i = 0; i < CONTEXTS; i++)
		p->hashes[i] = hash2(keys[i], i + 1);
}

/* The last 5 bytes, hashed to a place of the local index. */
static uint32_t *local_place(struct predictor *p)
{
	uint64_t h = (p->recent << 24) * UINT64_C(0x9e3779b97f4a7c15);
	size_t offset = LOCAL_INDEX_AT + (h >> (64 - LOCAL_INDEX_BITS)) * sizeof(uint32_t);
	arena_touch(&p->arena, offset);
	return (uint32_t *)(p->arena.bytes + offset);
}

/* Where the next byte will look for matches, on its way from memory. */
static void text_prefetch(struct predictor *p)
{
	const struct text *t = p->text;
	p->line_short = text_line_short(p->recent, t->index_bits);
	p->line_long = text_line_long(p->older, p->recent, t->index_bits);
	__builtin_prefetch(t->index_short + p->line_short);
	__builtin_prefetch(t->index_long + p->line_long);
}

static void matches_find(struct predictor *p)
{
	const struct match_window w = {p->window, WINDOW_NBYTES - 1, p->position};
	const struct text *t = p->text;
	struct match *m = p->matches;
	if (p->position >= LOCAL_LENGTH_MIN) {
		uint32_t *place = local_place(p);
		if (p->position - *place < WINDOW_NBYTES - MATCH_VERIFY_NBYTES)
			match_offer(&m[MATCH_LOCAL], &w, *place, LOCAL_LENGTH_MIN);
		*place = p->position;
	}
	if (p->position >= TEXT_SHORT_NBYTES) {
		uint32_t entry = text_entry(p->line_short, (uint8_t)p->recent);
		match_offer(&m[MATCH_SHORT], &w, t->index_short[entry], TEXT_SHORT_NBYTES);
	}
	if (p->position >= TEXT_LONG_NBYTES) {
		uint32_t entry = text_entry(p->line_long, (uint8_t)p->recent);
		match_offer(&m[MATCH_LONG], &w, t->index_long[entry], TEXT_LONG_NBYTES);
	}
	match_expect(&m[MATCH_LOCAL], p->position);
	match_expect(&m[MATCH_SHORT], t->nbytes);
	match_expect(&m[MATCH_LONG], t->nbytes);
	p->best = &m[MATCH_LONG];
	for (unsigned i = 0; i < MATCHES; i++)
		if (m[i].active && (!p->best->active || m[i].length > p->best->length))
			p->best = &m[i];
}

static void byte_begin(struct predictor *p)
{
	p->partial = 1;
	p->bit_index = 0;
	matches_find(p);
	text_prefetch(p);
	contexts_advance(p);
}

void predictor_new_document(struct predictor *p)
{
	p->recent = p->older = 0;
	p->word = p->line_word = 0;
	for (unsigned i = 0; i < MATCHES; i++)
		p->matches[i] = (struct match){.bytes = p->text->bytes, .mask = UINT32_MAX};
	p->matches[MATCH_LOCAL].bytes = p->window;
	p->matches[MATCH_LOCAL].mask = WINDOW_NBYTES - 1;
	text_prefetch(p); /* of this document, nothing is known */
	byte_begin(p);
}

void predictor_restart(struct predictor *p)
{
	p->position = 0;
	p->random = 0;
	p->match_bits = 0;
	predictor_new_document(p);
}

void predictor_advance(struct predictor *p, uint8_t c)
{
	p->window[p->position & (WINDOW_NBYTES - 1)] = c;
	p->position++;
	p->older = p->older << 8 | p->recent >> 56;
	p->recent = p->recent << 8 | c;
	words_advance(p, c);
	for (unsigned i = 0; i < MATCHES; i++)
		match_advance(&p->matches[i], c);
	byte_begin(p);
}
