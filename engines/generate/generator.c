/* generator.c: the trained generators, one line each. */
#include "engines/generate/generator.h"

#include <assert.h>
#include <string.h>

const struct generator_ops *const generator_registry[] = {
	&cm_generator,
	&rnn_generator,
	NULL,
};
static_assert(sizeof generator_registry / sizeof generator_registry[0] <= GENERATORS_MAX + 1,
	      "raise GENERATORS_MAX");

const struct generator_ops *generator_find(const char *name)
{
	for (const struct generator_ops *const *ops = generator_registry; *ops != NULL; ops++)
		if (strcmp((*ops)->name, name) == 0)
			return *ops;
	return NULL;
}

void generator_make(const struct generator_ops *ops, struct generator_session *s,
		    struct generator_lane *lane)
{
	while (lane->made < lane->nbytes)
		ops->decode(s, &lane, 1);
}
