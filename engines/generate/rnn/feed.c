#include "engines/generate/rnn/feed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "workloads/prng.h"

#define SHUFFLE_NAME UINT64_C(0x726e6e2d73687566)

static void shuffle(struct feed *f)
{
	uint64_t key = prng_key(f->seed ^ SHUFFLE_NAME, f->epoch++);
	for (uint32_t i = f->order_count; i > 1; i--) {
		uint32_t k = (uint32_t)prng_below(prng_at(key, i), i), x = f->order[i - 1];
		f->order[i - 1] = f->order[k];
		f->order[k] = x;
	}
	f->next = 0;
}

int feed_init(struct feed *f, const struct train_text *text, uint64_t seed)
{
	*f = (struct feed){.text = text, .seed = seed};
	f->order_count = text->document_count - text->aside_count;
	f->order = malloc((f->order_count + (size_t)1) * sizeof *f->order);
	if (f->order == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < f->order_count; i++)
		f->order[i] = text->aside_count + i;
	shuffle(f);
	return 0;
}

void feed_init_once(struct feed *f, const struct train_text *text)
{
	*f = (struct feed){.text = text, .once = true};
}

void feed_fini(struct feed *f)
{
	free(f->order);
}

int feed_batch_init(struct net_batch *b, uint32_t streams, uint32_t steps)
{
	size_t n = (size_t)streams * steps;

	*b = (struct net_batch){
		.streams = streams,
		.steps = steps,
		.last = malloc(3 * n * sizeof *b->last),
		.candidate = malloc(n * sizeof *b->candidate),
		.bucket = malloc(n),
		.target = malloc(n * sizeof *b->target),
		.begins = malloc(n),
		.weight = malloc(n * sizeof *b->weight),
	};
	return b->last == NULL || b->candidate == NULL || b->bucket == NULL || b->target == NULL ||
			       b->begins == NULL || b->weight == NULL
		       ? -ENOMEM
		       : 0;
}

void feed_batch_fini(struct net_batch *b)
{
	free(b->last);
	free(b->candidate);
	free(b->bucket);
	free(b->target);
	free(b->begins);
	free(b->weight);
}

static uint32_t next_document(struct feed *f)
{
	if (f->once)
		return f->next < f->text->aside_count ? f->next++ : FEED_NONE;
	if (f->next == f->order_count)
		shuffle(f);
	return f->order[f->next++];
}

static void fill_place(struct net_batch *b, size_t i, const struct train_text *text,
		       const struct train_document *d, uint32_t at)
{
	uint32_t none = text->vocabulary.count, k = d->begin + at;

	for (uint32_t n = 0; n < 3; n++)
		b->last[3 * i + n] = at > n ? text->tokens[k - 1 - n] : (uint16_t)none;
	b->candidate[i] = text->candidates[k];
	b->bucket[i] = text->buckets[k];
	b->target[i] = text->tokens[k];
	b->begins[i] = at == 0;
	b->weight[i] = 1;
}

static void fill_nothing(struct net_batch *b, size_t i, uint16_t none)
{
	for (uint32_t n = 0; n < 3; n++)
		b->last[3 * i + n] = none;
	b->candidate[i] = none;
	b->bucket[i] = MATCH_BUCKETS;
	b->target[i] = 0;
	b->begins[i] = 1;
	b->weight[i] = 0;
}

static bool fill_next(struct feed *f, struct feed_stream *s, struct net_batch *b, size_t i)
{
	if (s->document == FEED_NONE) {
		s->document = next_document(f);
		s->at = 0;
	}
	if (s->document == FEED_NONE) {
		fill_nothing(b, i, (uint16_t)f->text->vocabulary.count);
		return false;
	}
	const struct train_document *d = &f->text->documents[s->document];
	fill_place(b, i, f->text, d, s->at);
	if (++s->at == d->count)
		s->document = FEED_NONE;
	return true;
}

uint32_t feed_fill(struct feed *f, struct feed_stream *streams, struct net_batch *b)
{
	uint32_t count = 0;
	for (uint32_t t = 0; t < b->steps; t++)
		for (uint32_t k = 0; k < b->streams; k++)
			count += fill_next(f, &streams[k], b, (size_t)t * b->streams + k);
	return count;
}
