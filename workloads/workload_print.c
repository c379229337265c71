/* workload_print.c: keys for --help, effective values for result.json. */
#include "workloads/workload_internal.h"

#include <string.h>

#define COLUMNS 80
#define INDENT 8

/* Prints words, broken into lines that start with INDENT blanks. */
static void print_wrapped(FILE *out, const char *text)
{
	int column = 0;
	while (*text != '\0') {
		int nbytes = (int)strcspn(text, " ");
		if (column > 0 && column + 1 + nbytes > COLUMNS) {
			fputc('\n', out);
			column = 0;
		}
		column += fprintf(out, "%*s%.*s", column == 0 ? INDENT : 1, "", nbytes, text);
		text += nbytes;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void print_key(FILE *out, const struct key *key)
{
	char help[512];
	const char *fallback = key->fallback_how != NULL ? key->fallback_how : key->fallback;
	fprintf(out, "  %s = %s\n", key->name, key->takes);
	snprintf(help, sizeof help, "%s%s%s.", key->help,
		 fallback != NULL ? " Default: " : " Required", fallback != NULL ? fallback : "");
	print_wrapped(out, help);
}

void workload_print_keys(FILE *out)
{
	fprintf(out, "[workload]\n");
	for (int k = 0; k < W_COUNT; k++)
		print_key(out, &workload_keys[k]);
	unsigned kinds = 0;
	for (int k = 0; k < E_COUNT; k++) {
		if (engine_keys[k].kinds != kinds) {
			char words[64];
			kinds = engine_keys[k].kinds;
			kinds_in_words(kinds, words, sizeof words);
			if (k == 0)
				fprintf(out, "\n[engine \"LABEL\"]\n");
			else
				fprintf(out, "\n[engine \"LABEL\"], kind = %s\n", words);
		}
		print_key(out, &engine_keys[k]);
	}
}

/* A key without a default has a value only if it was set. */
static bool has_value(const struct workload *w, enum workload_key key)
{
	switch (key) {
	case W_CORPUS:
		return w->corpus_dir[0] != '\0';
	case W_MODEL:
		return w->model[0] != '\0';
	case W_EXTRAPOLATE_CONTEXTS:
		return w->extrapolate_contexts > 0;
	case W_CHUNK:
		return w->chunk_bytes > 0;
	case W_NUMBER_IOS:
		return w->number_ios > 0;
	case W_TARGET_LATENCY:
		return w->target_latency_ns > 0;
	default:
		return true;
	}
}

static bool engine_has_value(const struct engine_config *engine, enum engine_key key)
{
	if (key == E_CPUS_ALLOWED)
		return engine->cpu_count > 0;
	return key != E_STALL || engine->stall_ns > 0;
}

void workload_each_value(const struct workload *w,
			 void (*emit)(void *arg, const char *label, const char *key,
				      const char *value),
			 void *arg)
{
	char value[VALUE_NBYTES];
	for (int k = 0; k < W_COUNT; k++) {
		if (workload_key_unused(w, (enum workload_key)k) != NULL ||
		    !has_value(w, (enum workload_key)k))
			continue;
		key_format(&workload_keys[k], w, value, sizeof value);
		emit(arg, NULL, workload_keys[k].name, value);
	}
	for (unsigned i = 0; i < w->engine_count; i++) {
		const struct engine_config *engine = &w->engines[i];
		for (int k = 0; k < E_COUNT; k++) {
			if (!engine_key_used(engine, (enum engine_key)k) ||
			    !engine_has_value(engine, (enum engine_key)k))
				continue;
			key_format(&engine_keys[k], engine, value, sizeof value);
			emit(arg, engine->label, engine_keys[k].name, value);
		}
	}
}
