/*
 * fuzz_workload.c: any bytes as a workload file, and after each byte 0x1e as a
 * --set. What is accepted must read back from its effective values.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workloads/workload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes);

#define SETS_MAX 4u
#define SEPARATOR 0x1e

struct text {
	char *bytes, *label;
	size_t nbytes;
	FILE *file;
};

static void emit(void *arg, const char *label, const char *key, const char *value)
{
	struct text *t = arg;
	const char *section = label != NULL ? label : "";
	if (t->label == NULL || strcmp(section, t->label) != 0) {
		free(t->label);
		t->label = strdup(section);
		if (label == NULL)
			fputs("[workload]\n", t->file);
		else
			fprintf(t->file, "[engine \"%s\"]\n", label);
	}
	fprintf(t->file, "%s = %s\n", key, value);
}

static struct text values_of(const struct workload *w)
{
	struct text t = {NULL, NULL, 0, NULL};
	t.file = open_memstream(&t.bytes, &t.nbytes);
	if (t.file == NULL)
		abort();
	workload_each_value(w, emit, &t);
	fclose(t.file);
	free(t.label);
	return t;
}

static void check_round_trip(const struct workload *w)
{
	static struct workload again;
	struct error e;
	struct text first = values_of(w);
	if (workload_parse(&again, w->file, first.bytes, first.nbytes, NULL, 0, &e) != 0) {
		fprintf(stderr, "%s\n%s", e.text, first.bytes);
		abort();
	}
	struct text second = values_of(&again);
	if (strcmp(first.bytes, second.bytes) != 0)
		abort();
	free(first.bytes);
	free(second.bytes);
	if (w->contents_kind == CONTENTS_ARCHIVE)
		return;
	for (uint64_t content = 0; content < 8; content++) {
		uint64_t nbytes = workload_content_nbytes(w, content);
		if (nbytes < 1 || nbytes > workload_content_nbytes_max(w))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes)
{
	static struct workload w;
	char *sets[SETS_MAX];
	unsigned set_count = 0;
	struct error e = {""};
	const char *text = (const char *)data, *end = text + nbytes;
	const char *stop = nbytes > 0 ? memchr(text, SEPARATOR, nbytes) : NULL;
	size_t text_nbytes = stop != NULL ? (size_t)(stop - text) : nbytes;
	while (stop != NULL && set_count < SETS_MAX) {
		const char *set = stop + 1;
		stop = memchr(set, SEPARATOR, (size_t)(end - set));
		sets[set_count++] = strndup(set, (size_t)((stop != NULL ? stop : end) - set));
	}
	int err = workload_parse(&w, "fuzz.ini", text, text_nbytes, (const char *const *)sets,
				 set_count, &e);
	if (err == 0)
		check_round_trip(&w);
	else if (e.text[0] == '\0' || strchr(e.text, '\n') != NULL)
		abort();
	while (set_count > 0)
		free(sets[--set_count]);
	return 0;
}
