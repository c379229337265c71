/* registry.c: the engines, one line each. */
#include "engines/engine.h"

#include <string.h>

extern const struct engine_ops null_engine;
extern const struct engine_ops retrieve_engine;
extern const struct engine_ops generate_engine;

const struct engine_ops *const engine_registry[] = {
	&generate_engine,
	&null_engine,
	&retrieve_engine,
	NULL,
};

const struct engine_ops *engine_find(const char *kind)
{
	for (const struct engine_ops *const *ops = engine_registry; *ops != NULL; ops++)
		if (strcmp((*ops)->name, kind) == 0)
			return *ops;
	return NULL;
}
