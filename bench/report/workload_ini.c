#include "bench/report/workload_ini.h"

#include <errno.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/json_reader.h"

/* What result.json tells of a workload beside its settings, as text. */
static bool is_setting(const char *key)
{
	return strcmp(key, "file") != 0 && strcmp(key, "store_dir") != 0 &&
	       strcmp(key, "corpus_fingerprint") != 0;
}

static void print_section(FILE *f, const json_t *section)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)section, key,
			    value) if (json_is_string(value) && is_setting(key))
		fprintf(f, "%s = %s\n", key, json_string_value(value));
}

static void print_all(FILE *f, const json_t *workload, const json_t *engines)
{
	const char *label;
	json_t *engine;

	fputs("[workload]\n", f);
	print_section(f, workload);
	json_object_foreach((json_t *)(uintptr_t)engines, label, engine)
	{
		fprintf(f, "\n[engine \"%s\"]\n", label);
		print_section(f, engine);
	}
}

int workload_ini(char **out, const json_t *result, const char *path, struct error *e)
{
	struct json_reader r = {path, "", e, 0};
	size_t nbytes;

	const json_t *engines = json_reader_find(&r, result, "workload.engines");
	if (r.err == 0 && !json_is_object(engines))
		json_reader_damaged(&r, "workload.engines", "not an object");
	if (r.err != 0)
		return r.err;
	FILE *f = open_memstream(out, &nbytes);
	if (f == NULL)
		return error_set(e, -ENOMEM, "out of memory");
	print_all(f, json_object_get(result, "workload"), engines);
	if (fclose(f) == 0)
		return 0;
	free(*out);
	return error_set(e, -ENOMEM, "out of memory");
}
