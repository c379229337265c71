/*
 * fuzz_constants.c: any bytes as a price file or, after a first byte of 'p', as a
 * platform file. What is accepted keeps its promises and, written out, reads back
 * as the same; what is refused changes nothing.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/constants.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes);

static void require(int holds)
{
	if (!holds)
		abort();
}

static void check_values(const struct constants *set, const struct constant_table *table)
{
	for (unsigned c = 0; c < CONSTANTS_MAX; c++) {
		const struct constant *k = &set->values[c];
		if (k->from == NULL)
			continue;
		require(c < table->count);
		require(k->value.low <= k->value.nominal && k->value.nominal <= k->value.high);
		require(k->value.low >= table->kinds[c].least);
		require(k->value.high <= table->kinds[c].greatest);
		require(k->source[0] != '\0');
	}
	require(set->name[0] != '\0' && (set->date[0] != '\0' || !table->dated));
}

static void write_out(FILE *f, const struct constants *set, const struct constant_table *table)
{
	fprintf(f, "[about]\nname=%s\n", set->name);
	if (set->date[0] != '\0')
		fprintf(f, "date = %s\n", set->date);
	for (unsigned c = 0; c < table->count; c++) {
		const struct constant *k = &set->values[c];
		if (k->from != NULL)
			fprintf(f, "[%s]\nlow=%.17g\nnominal=%.17g\nhigh=%.17g\nsource=%s\n",
				table->kinds[c].name, k->value.low, k->value.nominal, k->value.high,
				k->source);
	}
}

static void check_round_trip(const struct constants *set, const struct constant_table *table)
{
	struct constants again = {0};
	struct error e;
	char *text = NULL;
	size_t nbytes;
	FILE *f = open_memstream(&text, &nbytes);
	require(f != NULL);
	write_out(f, set, table);
	fclose(f);
	if (constants_parse(&again, table, "fuzz.ini", text, nbytes, &e) != 0) {
		fprintf(stderr, "%s\n%s", e.text, text);
		abort();
	}
	require(strcmp(set->name, again.name) == 0 && strcmp(set->date, again.date) == 0);
	for (unsigned c = 0; c < table->count; c++) {
		const struct constant *a = &set->values[c], *b = &again.values[c];
		require(strcmp(a->source, b->source) == 0);
		require(memcmp(&a->value, &b->value, sizeof a->value) == 0 ||
			(a->value.low == b->value.low && a->value.nominal == b->value.nominal &&
			 a->value.high == b->value.high)); /* -0 is 0 */
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes)
{
	struct constants set = {0}, zero = {0};
	struct error e = {""};
	bool is_platform = nbytes > 0 && data[0] == 'p';
	const struct constant_table *table = is_platform ? &platform_table : &price_table;
	if (constants_parse(&set, table, "fuzz.ini", (const char *)data + is_platform,
			    nbytes - is_platform, &e) == 0) {
		check_values(&set, table);
		check_round_trip(&set, table);
	} else {
		require(e.text[0] != '\0' && strchr(e.text, '\n') == NULL);
		require(memcmp(&set, &zero, sizeof set) == 0);
	}
	return 0;
}
