#include "engines/generate/novel.h"

#include "engines/generate/spec.h"

void novel_begin(const struct generator_ops *ops, struct generator_session *s,
		 struct range_decoder *rc, uint64_t content, uint32_t context)
{
	ops->begin(s);
	ops->prime(s, context);
	range_decoder_init_random(rc, spec_novel_key(content, context));
}
