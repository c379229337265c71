/* registry.c: the engines, one line each. */
#include "engines/engine.h"

#include <stdio.h>
#include <string.h>

extern const struct engine_ops delay_engine;
extern const struct engine_ops generate_engine;
extern const struct engine_ops null_engine;
extern const struct engine_ops raw_engine;
extern const struct engine_ops retrieve_engine;

const struct engine_ops *const engine_registry[] = {
	&delay_engine, &generate_engine, &null_engine, &raw_engine, &retrieve_engine, NULL,
};

void engine_notice_discarded(const struct engine_env *env, const char *dir, const char *why)
{
	char line[WORKLOAD_PATH_NBYTES + 256];

	if (why == NULL)
		return;
	snprintf(line, sizeof line, "%s: %s; filled anew", dir, why);
	env->notice(line);
}

const struct engine_ops *engine_find(const char *kind)
{
	for (const struct engine_ops *const *ops = engine_registry; *ops != NULL; ops++)
		if (strcmp((*ops)->name, kind) == 0)
			return *ops;
	return NULL;
}
