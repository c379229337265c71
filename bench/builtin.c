#include "bench/builtin.h"

#include <string.h>

/* The Makefile makes a string literal of each file. */
const char builtin_prices[] =
#include "bench/prices.ini.inc"
	;

static const struct {
	const char *name, *text;
} platforms[] = {
	{
		"server",
#include "bench/platforms/server.ini.inc"
	},
	{
		"desktop",
#include "bench/platforms/desktop.ini.inc"
	},
	{
		"laptop",
#include "bench/platforms/laptop.ini.inc"
	},
};

#define PLATFORMS (sizeof platforms / sizeof platforms[0])
#define FROM "built-in"

const char *builtin_platform(const char *name)
{
	for (size_t i = 0; i < PLATFORMS; i++)
		if (strcmp(name, platforms[i].name) == 0)
			return platforms[i].text;
	return NULL;
}

int prices_read(struct constants *set, const char *path, struct error *e)
{
	memset(set, 0, sizeof *set);
	int err =
		constants_parse(set, &price_table, FROM, builtin_prices, strlen(builtin_prices), e);
	if (!err && path != NULL)
		err = constants_read(set, &price_table, path, e);
	return err;
}

int platform_read(struct constants *set, const char *name_or_path, struct error *e)
{
	const char *text = builtin_platform(name_or_path);
	bool is_file = text == NULL;
	if (is_file)
		text = builtin_platform("server");
	memset(set, 0, sizeof *set);
	int err = constants_parse(set, &platform_table, FROM, text, strlen(text), e);
	if (!err && is_file)
		err = constants_read(set, &platform_table, name_or_path, e);
	return err;
}
