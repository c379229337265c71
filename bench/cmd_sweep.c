/* cmd_sweep.c: gvr sweep: runs a workload once for each combination of settings. */
#include "bench/commands.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/clock.h"
#include "bench/contents.h"
#include "bench/measure.h"
#include "bench/out_folder.h"
#include "bench/progress.h"
#include "bench/sweep.h"
#include "bench/sweep_plan.h"
#include "bench/sweep_table.h"
#include "bench/version.h"

static const char help[] =
	"usage: gvr sweep WORKLOAD --over SECTION.KEY=VALUES [--over ...]...\n"
	"                 [--set SECTION.KEY=VALUE]... [--store DIR] [--out DIR]\n"
	"                 [--wall-meter METER] [--format FORMAT]\n"
	"\n"
	"Runs the workload once for each value, or for each combination of values of\n"
	"several --over, the first of which varies slowest; keeps every result, each as\n"
	"gvr run would, in DIR/run-0001, DIR/run-0002..., and ends with a table of them.\n"
	"A sweep that was stopped goes on when the same command is given again: what is\n"
	"whole is not measured twice. Runs that are INVALID, as beyond what an engine\n"
	"can serve, are results too; an error ends the sweep.\n"
	"\n"
	"  --over SECTION.KEY=VALUES  VALUES is a list, 1,6,24 or 4KiB,64KiB; or a range:\n"
	"                             500:8000:x2 (each twice the one before, as far as\n"
	"                             8000) or 10:50:+10; with a unit, 1s:8s:x2.\n"
	"                             At most 16 --over and 10000 runs\n"
	"  --set SECTION.KEY=VALUE    replaces a value of the file in all runs; SECTION\n"
	"                             is workload or an engine's label\n"
	"  --store DIR                where stores and models are kept (default: gvr's\n"
	"                             folder in your cache directory)\n"
	"  --out DIR                  where results go (default: out/NAME-sweep)\n"
	"  --wall-meter METER         file:PATH or command:LINE: a meter of your own for\n"
	"                             the energy of the machine (gvr probe --help)\n"
	"  --format FORMAT            normal, or json: sweep.json, on standard output\n"
	"\n"
	"gvr run --help lists the keys.\n"
	"\n"
	"Exit: 0 every run has a result, 1 error (130: Ctrl-C), 2 bad arguments, 3 file\n"
	"missing, 4 permission, 5 bad workload file or value, 7 timeout, 8 bytes differ.\n"
	"\n"
	"Example: gvr sweep workloads/smoke.ini --over workload.rate_iops=500:8000:x2 \\\n"
	"                   --over generate.iodepth=1,6,24 --out out/knee\n";

static void print_help(void)
{
	fputs(help, stdout);
}

/* ---- before the first run ---- */

static int bad_over(const struct error *e)
{
	fprintf(stderr, "gvr sweep: %s; see gvr sweep --help\n", e->text);
	return EXIT_USAGE;
}

/* A key is set for all runs or swept over, not both. */
static int check_sets(const struct options *o, const struct sweep_grid *g, struct error *e)
{
	for (unsigned i = 0; i < o->set_count; i++) {
		const char *key = sweep_grid_swept(g, o->sets[i]);
		if (key != NULL)
			return error_set(e, -EINVAL,
					 "%.200s: in a --set and in an --over; leave one out", key);
	}
	return 0;
}

/* The command line alone. -1: go on; else the exit code. */
static int read_grid(struct sweep_grid *g, const struct options *o)
{
	struct error e;

	if (o->over_count == 0) {
		error_set(&e, 0, "nothing to sweep over: give --over SECTION.KEY=VALUES");
		return bad_over(&e);
	}
	for (unsigned i = 0; i < o->over_count; i++) {
		int err = sweep_grid_add(g, o->overs[i], &e);
		if (err != 0)
			return err == -EINVAL ? bad_over(&e) : command_failed(err, &e);
	}
	return check_sets(o, g, &e) != 0 ? bad_over(&e) : -1;
}

static void format_duration(char *out, size_t capacity, double s)
{
	unsigned long long whole = s < 1e15 ? (unsigned long long)ceil(s) : 1000000000000000;

	if (whole >= 3600)
		snprintf(out, capacity, "%llu h %llu min", whole / 3600, whole / 60 % 60);
	else if (whole >= 60)
		snprintf(out, capacity, "%llu min %llu s", whole / 60, whole % 60);
	else
		snprintf(out, capacity, "%llu s", whole);
}

/* Where to tell how it goes: what is for programs stands alone. */
static FILE *told(const struct sweep_plan *plan)
{
	return plan->options->json ? stderr : stdout;
}

static void print_budget(const struct sweep *s, const struct sweep_plan *plan)
{
	FILE *f = told(plan);
	char duration[64];
	unsigned count = s->file.grid.run_count, done = sweep_done(s);
	double left_s = sweep_plan_left_s(plan, s->file.runs);

	fprintf(f, "%u run%s of %u engine%s; results in %s/\n", count, count == 1 ? "" : "s",
		plan->engine_count, plan->engine_count == 1 ? "" : "s", s->folder);
	if (done > 0)
		fprintf(f, "%u of them there already, %u to go\n", done, count - done);
	if (isnan(left_s)) {
		fputs("How long it takes is not known before (number_ios or rate_iops = peak)\n",
		      f);
	} else if (done < count) {
		format_duration(duration, sizeof duration, left_s);
		fprintf(f, "Some %s of measuring, and loading what is missing\n", duration);
	}
	fflush(f);
}

/* ---- runs ---- */

static void show_run(const struct sweep *s, const struct sweep_plan *plan, unsigned run)
{
	char settings[256], text[sizeof settings + 32];
	double eta_s = sweep_plan_eta_s(plan, s->file.runs);

	sweep_grid_describe(&s->file.grid, run, settings, sizeof settings);
	error_clean(settings);
	snprintf(text, sizeof text, "run %u/%u %s", run + 1, s->file.grid.run_count, settings);
	progress_within(text, eta_s < 1e9 ? clock_ns() + (uint64_t)(eta_s * 1e9) : 0);
}

static bool is_stopped(void)
{
	return progress_step(progress_terminal(), "sweeping", 0, 1) != 0;
}

/* *whole: it was measured to its end; else it was stopped. */
static int measure_into(const struct workload *w, const struct options *o, const char *command,
			const char *folder, bool *whole, struct measured *m, struct error *e)
{
	static struct measure_site site;

	int err = measure_site_open(&site, w, o->wall_meter, e);
	if (err == 0)
		err = measure(w, &site, o->store, command, folder, m, e);
	measure_site_close(&site);
	free(m->summary);
	*whole = false;
	if (err != 0)
		return err == -ECANCELED ? 0 : err;
	/* of wrong bytes it does not say whether it was stopped, too */
	*whole = m->exit_code == EXIT_OK || m->exit_code == EXIT_INVALID ||
		 (m->exit_code == EXIT_DIFFER && !is_stopped());
	return 0;
}

/* Before anything is trained or stored for documents that the sweep cannot take. Those
 * that have just come may be left out yet. */
static int check_documents(const struct sweep *s, const struct sweep_plan *plan, unsigned run,
			   const struct workload *w, struct error *e)
{
	uint64_t all, old;

	int err = contents_documents(w, plan->options->store, &all, &old, progress_terminal(), e);
	if (err != 0)
		return sweep_plan_of_run(plan, run, err, e);
	err = sweep_check_documents(s, run, all, e);
	return err == 0 ? 0 : sweep_check_documents(s, run, old, e);
}

static int measure_run(struct sweep *s, const struct sweep_plan *plan, unsigned run, bool *whole,
		       struct error *e)
{
	static struct workload w;
	char part[SWEEP_PATH_NBYTES], folder[SWEEP_PATH_NBYTES];
	struct measured m = {0};

	int err = sweep_plan_workload(plan, run, &s->file.runs[run], &w, e);
	if (err == 0)
		err = check_documents(s, plan, run, &w, e);
	if (err == 0)
		err = sweep_begin(s, run, part, e);
	if (err != 0)
		return err == -ECANCELED ? 0 : err;
	sweep_run_folder(s, run, folder);
	char *command = sweep_plan_command(plan, run, folder);
	if (command == NULL)
		return error_set(e, -ENOMEM, "out of memory");
	measure_warn(&w);
	err = measure_into(&w, plan->options, command, part, whole, &m, e);
	free(command);
	/* documents may have been left out while it was loaded */
	int changed_err = *whole ? sweep_check_documents(s, run, m.documents, e) : 0;
	*whole = *whole && changed_err == 0;
	if (*whole) {
		command_draw_report(part, folder);
		return sweep_keep(s, run, m.exit_code == EXIT_OK, m.documents, e);
	}
	sweep_drop(s, run);
	if (changed_err != 0)
		return changed_err;
	return err != 0 ? sweep_plan_of_run(plan, run, err, e) : 0;
}

/* On a terminal the line that is rewritten tells enough. */
static int tell_run(const struct sweep *s, unsigned run, FILE *f, struct error *e)
{
	struct sweep_outcome outcome;
	int err = 0;

	progress_clear();
	if (progress_is_shown())
		return 0;
	err = sweep_outcome_read(&outcome, s, run, e);
	if (err == 0)
		sweep_outcome_print(f, s, run, &outcome);
	fflush(f);
	sweep_outcome_free(&outcome);
	return err;
}

/* *stopped: by the user. */
static int measure_runs(struct sweep *s, struct sweep_plan *plan, bool *stopped, struct error *e)
{
	int err = 0;

	*stopped = false;
	for (unsigned i = 0; i < s->file.grid.run_count && err == 0 && !*stopped; i++) {
		bool whole = false;
		uint64_t begin_ns = clock_ns();
		if (s->file.runs[i].done)
			continue;
		show_run(s, plan, i);
		if (!is_stopped())
			err = measure_run(s, plan, i, &whole, e);
		*stopped = err == 0 && !whole;
		if (!whole)
			continue;
		plan->latest_s = (double)(clock_ns() - begin_ns) * 1e-9;
		plan->latest_run_s = plan->run_s[i];
		if (err == 0)
			err = tell_run(s, i, told(plan), e);
	}
	progress_within(NULL, 0);
	progress_clear();
	return err;
}

/* ---- the sweep ---- */

static int finish(const struct sweep *s, const struct sweep_plan *plan)
{
	FILE *f = told(plan);
	bool bytes_differ;
	struct error e;

	fputc('\n', f);
	int err = sweep_table_print(f, s, &bytes_differ, &e);
	if (err != 0)
		return command_failed(err, &e);
	if (command_draw_report(s->folder, s->folder))
		fprintf(f, "\nReport: %s/report.html\n", s->folder);
	int code = bytes_differ ? EXIT_DIFFER : EXIT_OK;
	return plan->options->json ? command_print_json(sweep_file_json(&s->file), code) : code;
}

static int run_sweep(struct sweep *s, struct sweep_plan *plan)
{
	bool stopped;
	struct error e;

	print_budget(s, plan);
	int err = measure_runs(s, plan, &stopped, &e);
	if (err == 0 && !stopped)
		return finish(s, plan);
	fprintf(told(plan),
		"%u of %u runs are whole and kept in %s/; the same command goes on from there\n",
		sweep_done(s), s->file.grid.run_count, s->folder);
	if (stopped)
		err = error_set(&e, -ECANCELED, "interrupted");
	return command_failed(err, &e);
}

static bool describe(struct sweep_file *f, const char *workload)
{
	f->runs = calloc(f->grid.run_count, sizeof *f->runs);
	f->workload = strdup(workload);
	f->version = strdup(gvr_version);
	f->commit = strdup(gvr_commit);
	return f->runs != NULL && f->workload != NULL && f->version != NULL && f->commit != NULL &&
	       f->command != NULL;
}

static int plan_sweep(struct sweep *s, struct sweep_plan *plan, const struct options *o)
{
	static struct workload base;
	char out[WORKLOAD_PATH_NBYTES];
	struct error e;

	/* a file that is wrong by itself is no fault of a run's values */
	int err = workload_read(&base, o->operand, o->sets, o->set_count, &e);
	if (err == 0 && !describe(&s->file, o->operand))
		err = error_set(&e, -ENOMEM, "out of memory");
	if (err == 0 && o->out == NULL)
		err = out_folder_of_sweep(out, &base, &e);
	const char *folder = o->out != NULL ? o->out : out;
	if (err == 0)
		err = sweep_plan_make(plan, o, folder, &s->file, &e);
	if (err != 0)
		return command_bad_file(err, &e);
	err = sweep_open(s, folder, &e);
	return err != 0 ? command_failed(err, &e) : run_sweep(s, plan);
}

int cmd_sweep(int argc, char **argv)
{
	static struct options o;
	static struct sweep s = {.lock_fd = -1};
	struct sweep_plan plan = {0};

	s.file.command = command_quoted(argc, argv);
	int code = command_options(&o, argc, argv, "sdowvf", 1, print_help);
	if (code < 0)
		code = read_grid(&s.file.grid, &o);
	if (code < 0)
		code = plan_sweep(&s, &plan, &o);
	sweep_plan_free(&plan);
	sweep_close(&s);
	return code;
}
