#include "engines/stores_nothing.h"

#include <errno.h>
#include <string.h>

static int refuse(struct error *e)
{
	return error_set(e, -ENOTSUP, "this engine stores nothing");
}

void stores_nothing_memory(const struct engine_env *env, uint64_t in_flight,
			   uint64_t content_nbytes, struct engine_memory *m)
{
	(void)env;
	(void)in_flight;
	(void)content_nbytes;
	*m = (struct engine_memory){0};
}

int stores_nothing_load_open(struct engine_load **out, const struct engine_env *env, uint64_t *next,
			     const struct progress *progress, struct error *e)
{
	(void)progress;
	(void)e;
	*out = NULL;
	*next = env->contents * env->workload->contexts;
	return 0;
}

int stores_nothing_load_thread_open(struct engine_load_thread **out, struct engine_load *l,
				    struct error *e)
{
	(void)out;
	(void)l;
	return refuse(e);
}

int stores_nothing_load_encode(struct engine_load_thread *t, uint64_t content, uint32_t context,
			       const uint8_t *bytes, size_t nbytes, const uint8_t **value,
			       size_t *value_nbytes, struct error *e)
{
	(void)t;
	(void)content;
	(void)context;
	(void)bytes;
	(void)nbytes;
	(void)value;
	(void)value_nbytes;
	return refuse(e);
}

void stores_nothing_load_thread_close(struct engine_load_thread *t)
{
	(void)t;
}

int stores_nothing_load_put(struct engine_load *l, uint64_t content, uint32_t context,
			    const uint8_t *value, size_t value_nbytes, size_t content_nbytes,
			    struct error *e)
{
	(void)l;
	(void)content;
	(void)context;
	(void)value;
	(void)value_nbytes;
	(void)content_nbytes;
	return refuse(e);
}

int stores_nothing_load_close(struct engine_load *l, bool complete, struct error *e)
{
	(void)l;
	(void)complete;
	(void)e;
	return 0;
}

void stores_nothing_stats(struct engine *engine, struct engine_stats *stats)
{
	(void)engine;
	memset(stats, 0, sizeof *stats);
}
