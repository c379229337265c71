#include "workloads/stream.h"

#include "workloads/prng.h"

enum { KEY_POPULARITY = 4, KEY_CONTEXTS = 5 };

void stream_init(struct stream *s, const struct workload *w, uint64_t contents)
{
	popularity_init(&s->popularity, w, contents, prng_key(w->randseed, KEY_POPULARITY));
	s->contexts = w->contexts;
	s->context_key = prng_key(w->randseed, KEY_CONTEXTS);
}

static uint32_t context_of(const struct stream *s, uint64_t index)
{
	return (uint32_t)prng_below(prng_at(s->context_key, index), s->contexts);
}

void stream_request(const struct stream *s, uint64_t index, struct request *r)
{
	r->content = popularity_content(&s->popularity, index);
	r->context = context_of(s, index);
}

void stream_request_ahead(const struct stream *s, struct stream_ahead *ahead, uint64_t index,
			  struct request *r)
{
	if (index - ahead->first >= ahead->count) {
		popularity_contents(&s->popularity, index, ahead->contents);
		ahead->first = index;
		ahead->count = POPULARITY_LANES;
	}
	r->content = ahead->contents[index - ahead->first];
	r->context = context_of(s, index);
}

uint64_t stream_digest_share(uint64_t index, uint64_t content, uint32_t context,
			     uint64_t planned_ns)
{
	uint64_t share = prng_at(UINT64_C(0x7265717565737473), index); /* "requests" */
	share = prng_mix(share + content);
	share = prng_at(share, context);
	return prng_at(share, planned_ns);
}
