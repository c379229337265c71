#include "engines/generate/novel.h"

#include "engines/generate/spec.h"

struct generator_sampling novel_sampling(const struct workload *w)
{
	return (struct generator_sampling){w->temperature_percentage, w->top_p_percentage};
}

void novel_begin(const struct generator_ops *ops, struct generator_session *s,
		 struct generator_lane *lane, uint64_t content, uint32_t context)
{
	ops->begin(s, lane->index);
	ops->prime(s, lane->index, context);
	range_decoder_init_random(&lane->rc, spec_novel_key(content, context));
}
