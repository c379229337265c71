/* fuzz_sweep.c: any text as --over, an axis a line; or, from a '{' on, any bytes
 * as sweep.json. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/sweep_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes);

static void check_grid(const struct sweep_grid *g)
{
	char settings[256];
	unsigned runs = g->axis_count > 0;

	for (unsigned i = 0; i < g->axis_count; i++)
		runs *= g->axes[i].count;
	if (runs != g->run_count || runs > SWEEP_RUNS_MAX)
		abort();
	for (unsigned i = 0; i < g->axis_count && runs > 0; i++)
		if (sweep_grid_value(g, 0, i) != g->axes[i].values[0] ||
		    sweep_grid_value(g, runs - 1, i) != g->axes[i].values[g->axes[i].count - 1])
			abort();
	if (runs > 0)
		sweep_grid_describe(g, runs - 1, settings, sizeof settings);
}

static void check_line(const struct error *e, const char *start)
{
	if (strncmp(e->text, start, strlen(start)) != 0 || strchr(e->text, '\n') != NULL)
		abort();
}

static void try_overs(const uint8_t *data, size_t nbytes)
{
	struct sweep_grid g = {0};
	struct error e;
	char *text = strndup((const char *)data, nbytes);

	if (text == NULL)
		return;
	for (char *rest = text, *over; (over = strsep(&rest, "\n")) != NULL;) {
		unsigned axes = g.axis_count;
		int err = sweep_grid_add(&g, over, &e);
		if (err != 0)
			check_line(&e, "--over ");
		if (g.axis_count != axes + (err == 0))
			abort();
		if (err == 0 && sweep_grid_swept(&g, over) == NULL && strlen(over) < 200)
			abort();
		check_grid(&g);
	}
	free(text);
	sweep_grid_free(&g);
}

static void try_file(const uint8_t *data, size_t nbytes)
{
	struct sweep_file f;
	struct error e;
	unsigned a, b;

	if (sweep_file_parse(&f, "fuzz.json", (const char *)data, nbytes, &e) == 0) {
		if (f.workload == NULL || f.command == NULL || f.version == NULL ||
		    f.commit == NULL || f.runs == NULL || f.grid.run_count == 0)
			abort();
		check_grid(&f.grid);
		if (f.grid.run_count < 1000)
			sweep_find_twice(&f, &a, &b);
	} else {
		check_line(&e, "fuzz.json: ");
	}
	sweep_file_free(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes)
{
	if (nbytes > 0 && data[0] == '{')
		try_file(data, nbytes);
	else
		try_overs(data, nbytes);
	return 0;
}
