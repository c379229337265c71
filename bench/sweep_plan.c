#include "bench/sweep_plan.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/builtin.h"
#include "bench/commands.h"
#include "bench/contents.h"

#define SETS_MAX (OPTIONS_SETS_MAX + SWEEP_AXES_MAX)
#define SETTINGS_NBYTES 256u

/* ---- the settings of a run ---- */

/* Those of all runs, then its own. */
struct sets {
	const char *texts[SETS_MAX];
	unsigned count;
	char *own[SWEEP_AXES_MAX];
	unsigned own_count;
};

static void free_sets(struct sets *sets)
{
	for (unsigned i = 0; i < sets->own_count; i++)
		free(sets->own[i]);
	sets->own_count = 0;
}

/* 0 or -ENOMEM; free_sets in every case. */
static int make_sets(struct sets *sets, const struct sweep_plan *p, unsigned run)
{
	sets->count = sets->own_count = 0;
	for (unsigned i = 0; i < p->options->set_count; i++)
		sets->texts[sets->count++] = p->options->sets[i];
	for (unsigned i = 0; i < p->grid->axis_count; i++) {
		char **own = &sets->own[sets->own_count];
		if (asprintf(own, "%s=%s", p->grid->axes[i].key,
			     sweep_grid_value(p->grid, run, i)) < 0)
			return -ENOMEM;
		sets->own_count++;
		sets->texts[sets->count++] = *own;
	}
	return 0;
}

int sweep_plan_of_run(const struct sweep_plan *p, unsigned run, int err, struct error *e)
{
	char name[SWEEP_NAME_NBYTES], settings[SETTINGS_NBYTES];
	const struct error inner = *e;

	sweep_run_name(name, run);
	sweep_grid_describe(p->grid, run, settings, sizeof settings);
	return error_set(e, err, "%s (%s): %.700s", name, settings, inner.text);
}

static int read_workload(const struct sweep_plan *p, unsigned run, struct workload *w,
			 struct error *e)
{
	struct sets sets;
	struct constants platform;

	int err = make_sets(&sets, p, run);
	if (err != 0)
		error_set(e, err, "out of memory");
	if (err == 0)
		err = workload_read(w, p->options->operand, sets.texts, sets.count, e);
	if (err == 0)
		err = platform_read(&platform, w->platform, e);
	free_sets(&sets);
	return err != 0 ? sweep_plan_of_run(p, run, err, e) : 0;
}

static uint64_t settings_of(const struct sweep_plan *p, const struct workload *w)
{
	return sweep_settings(w, p->options->store, p->options->wall_meter);
}

int sweep_plan_workload(const struct sweep_plan *p, unsigned run, const struct sweep_run *expected,
			struct workload *w, struct error *e)
{
	int err = read_workload(p, run, w, e);

	if (err != 0 || settings_of(p, w) == expected->settings)
		return err;
	return error_set(e, -EINVAL,
			 "%.400s: changed since the sweep began; change it back, or begin another "
			 "sweep in another --out",
			 w->file);
}

char *sweep_plan_command(const struct sweep_plan *p, unsigned run, const char *folder)
{
	const struct options *o = p->options;
	const char *argv[2 * SETS_MAX + 8] = {"run", o->operand};
	char *command = NULL;
	int argc = 2;
	struct sets sets;

	int err = make_sets(&sets, p, run);
	for (unsigned i = 0; i < sets.count; i++) {
		argv[argc++] = "--set";
		argv[argc++] = sets.texts[i];
	}
	argv[argc++] = "--store";
	argv[argc++] = o->store;
	argv[argc++] = "--out";
	argv[argc++] = folder;
	if (o->wall_meter != NULL) {
		argv[argc++] = "--wall-meter";
		argv[argc++] = o->wall_meter;
	}
	if (err == 0)
		command = command_quoted(argc, (char **)argv);
	free_sets(&sets);
	return command;
}

/* ---- all of them ---- */

static double measured_s(const struct workload *w)
{
	if (w->number_ios > 0 || (w->scenario == SCENARIO_SERVER && w->rate_count == 0))
		return NAN;
	return ((double)w->runtime_ns + (double)w->ramp_time_ns) * 1e-9 * w->engine_count;
}

static int check_twice(const struct sweep_plan *p, const struct sweep_file *f, struct error *e)
{
	char names[2][SWEEP_NAME_NBYTES], settings[2][SETTINGS_NBYTES];
	unsigned runs[2];

	if (!sweep_find_twice(f, &runs[0], &runs[1]))
		return 0;
	for (unsigned i = 0; i < 2; i++) {
		sweep_run_name(names[i], runs[i]);
		sweep_grid_describe(p->grid, runs[i], settings[i], sizeof settings[i]);
	}
	return error_set(e, -EINVAL, "%s (%s) and %s (%s) would be the same; leave one out",
			 names[0], settings[0], names[1], settings[1]);
}

int sweep_plan_make(struct sweep_plan *p, const struct options *o, const char *folder,
		    struct sweep_file *f, struct error *e)
{
	static struct workload w;

	*p = (struct sweep_plan){.options = o, .grid = &f->grid};
	p->run_s = calloc(f->grid.run_count, sizeof *p->run_s);
	if (p->run_s == NULL)
		return error_set(e, -ENOMEM, "out of memory");
	for (unsigned i = 0; i < f->grid.run_count; i++) {
		int err = read_workload(p, i, &w, e);
		if (err == 0)
			err = contents_keep_apart(&w, o->store, folder, e);
		if (err != 0)
			return err;
		f->runs[i].settings = settings_of(p, &w);
		f->runs[i].source = sweep_source(&w);
		p->run_s[i] = measured_s(&w);
		p->engine_count = w.engine_count;
	}
	return check_twice(p, f, e);
}

void sweep_plan_free(struct sweep_plan *p)
{
	free(p->run_s);
	*p = (struct sweep_plan){0};
}

double sweep_plan_left_s(const struct sweep_plan *p, const struct sweep_run *runs)
{
	double left_s = 0;

	for (unsigned i = 0; i < p->grid->run_count; i++)
		left_s += runs[i].done ? 0 : p->run_s[i];
	return left_s;
}

double sweep_plan_eta_s(const struct sweep_plan *p, const struct sweep_run *runs)
{
	double sum_s = 0, stretch = p->latest_s > 0 ? p->latest_s / p->latest_run_s : 1;

	for (unsigned i = 0; i < p->grid->run_count; i++) {
		if (runs[i].done)
			continue;
		if (isnan(p->run_s[i]))
			sum_s += p->latest_s > 0 ? p->latest_s : NAN;
		else
			sum_s += p->run_s[i] * (isnan(stretch) ? 1 : stretch);
	}
	return sum_s;
}
