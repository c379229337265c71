/*
 * fuzz_breakeven.c: any bytes as a result.json, for gvr breakeven: told or
 * refused with one line, and what is told can be written and read again.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/breakeven.h"
#include "bench/builtin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes);

static void check_text(const json_t *breakeven)
{
	char *text = NULL;
	size_t nbytes = 0;
	FILE *f = open_memstream(&text, &nbytes);

	if (f == NULL)
		abort();
	breakeven_print(f, breakeven);
	if (fclose(f) != 0 || nbytes == 0 || text[nbytes - 1] != '\n')
		abort();
	for (size_t i = 0; i < nbytes; i++) /* nothing that moves a terminal */
		if ((unsigned char)text[i] < 0x20 && text[i] != '\n')
			abort();
	free(text);
}

static void check(json_t *breakeven)
{
	char *dump = json_dumps(breakeven, JSON_COMPACT | JSON_REAL_PRECISION(6));
	json_t *again = dump != NULL ? json_loads(dump, 0, NULL) : NULL;

	if (again == NULL)
		abort();
	check_text(again);
	json_decref(again);
	free(dump);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes)
{
	static struct constants prices;
	struct error e = {""};
	json_t *breakeven;

	if (prices.name[0] == '\0' && prices_read(&prices, NULL, &e) != 0)
		abort();
	json_t *root = json_loadb((const char *)data, nbytes, JSON_REJECT_DUPLICATES, NULL);
	if (root == NULL)
		return 0;
	int err = breakeven_of(&breakeven, root, NULL, &prices, 1, "fuzz.json", &e);
	if (err == 0) {
		check(breakeven);
		json_decref(breakeven);
	} else if (e.text[0] == '\0' || strchr(e.text, '\n') != NULL) {
		abort();
	}
	json_decref(root);
	return 0;
}
