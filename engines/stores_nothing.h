/* stores_nothing.h: the hooks of an engine that keeps no bytes of any content. */
#ifndef GVR_STORES_NOTHING_H
#define GVR_STORES_NOTHING_H

#include "engines/engine.h"

/* engine.h says what each does; there is nothing to load, so the hooks that
 * take contents return -ENOTSUP. */
/* No reply has bytes. */
void stores_nothing_memory(const struct engine_env *env, uint64_t in_flight,
			   uint64_t content_nbytes, struct engine_memory *m);

int stores_nothing_load_open(struct engine_load **out, const struct engine_env *env, uint64_t *next,
			     const struct progress *progress, struct error *e);
int stores_nothing_load_thread_open(struct engine_load_thread **out, struct engine_load *l,
				    struct error *e);
int stores_nothing_load_encode(struct engine_load_thread *t, uint64_t content, uint32_t context,
			       const uint8_t *bytes, size_t nbytes, const uint8_t **value,
			       size_t *value_nbytes, struct error *e);
void stores_nothing_load_thread_close(struct engine_load_thread *t);
int stores_nothing_load_put(struct engine_load *l, uint64_t content, uint32_t context,
			    const uint8_t *value, size_t value_nbytes, size_t content_nbytes,
			    struct error *e);
int stores_nothing_load_close(struct engine_load *l, bool complete, struct error *e);

/* All zero. */
void stores_nothing_stats(struct engine *engine, struct engine_stats *stats);

#endif
