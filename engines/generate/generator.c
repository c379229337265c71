/* generator.c: the trained generators, one line each. */
#include "engines/generate/generator.h"

#include <string.h>

static const struct generator_ops *const generators[] = {
	&cm_generator,
};

const struct generator_ops *generator_find(const char *name)
{
	for (size_t i = 0; i < sizeof generators / sizeof generators[0]; i++)
		if (strcmp(generators[i]->name, name) == 0)
			return generators[i];
	return NULL;
}

void generator_make(const struct generator_ops *ops, struct generator_session *s,
		    struct generator_lane *lane)
{
	while (lane->made < lane->nbytes)
		ops->decode(s, &lane, 1);
}
