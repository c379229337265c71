/* cmd_run.c: gvr run: loads what is missing, runs, judges, writes the result. */
#include "bench/commands.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/builtin.h"
#include "bench/energy.h"
#include "bench/files.h"
#include "bench/load.h"
#include "bench/meter/meters.h"
#include "bench/options.h"
#include "bench/progress.h"
#include "bench/result.h"
#include "bench/run.h"
#include "bench/verdict.h"

static const char help[] =
	"usage: gvr run WORKLOAD [--set SECTION.KEY=VALUE]... [--store DIR] [--out DIR]\n"
	"               [--wall-meter METER]\n"
	"\n"
	"Serves one stream of requests from every engine of the workload in turns,\n"
	"checks every reply, writes DIR/result.json, DIR/summary.txt and histograms\n"
	"(DIR/LABEL.hlog, .hgrm) and prints the summary; its first line is\n"
	"`Result is: VALID` or `Result is: INVALID`.\n"
	"\n"
	"  --set SECTION.KEY=VALUE  replaces a value of the file; SECTION is workload\n"
	"                           or an engine's label\n"
	"  --store DIR              where stores and models are kept (default: gvr's\n"
	"                           folder in your cache directory)\n"
	"  --out DIR                where results go (default: out/NAME)\n"
	"  --wall-meter METER       file:PATH or command:LINE: a meter of your own for\n"
	"                           the energy of the machine (gvr probe --help)\n"
	"\n"
	"Exit: 0 VALID, 1 error or interrupted, 2 bad arguments, 3 file missing,\n"
	"4 permission, 5 bad workload file, 6 ran but INVALID, 7 timeout, 8 bytes differ.\n"
	"\n"
	"Example: gvr run workloads/manpages.ini --set workload.rate_iops=200 --out r1\n"
	"\n"
	"The keys of a workload file:\n"
	"\n";

static void print_help(void)
{
	fputs(help, stdout);
	workload_print_keys(stdout);
}

/* What a run needs to know of the machine and the world beside the workload. */
struct site {
	struct constants platform, prices;
	struct meters meters;
};

/* The summary is shown even if the result cannot be written. */
static int write_result(struct run *run, const struct site *site, const char *dir)
{
	static struct verdict v;
	static struct energies energies;
	char *summary;
	struct error e;

	verdict_of(run, &v);
	energies_of(run, &site->platform, &energies);
	int err = result_write(run, &v, &energies, &site->prices, dir, &summary, &e);
	progress_clear();
	if (summary != NULL)
		fputs(summary, stdout);
	free(summary);
	if (err != 0)
		return command_failed(err, &e);
	printf("\nResult: %s/result.json\nMore: gvr breakeven %s\n", dir, dir);
	return verdict_exit_code(run, &v);
}

/* What would make the run INVALID whatever the engines do is said at once. */
static void warn_too_short(const struct workload *w)
{
	char line[256];
	double runtime_s = (double)w->runtime_ns / 1e9, rate = workload_rate_mean(w);

	if (w->number_ios == 0 && w->runtime_ns < w->min_duration_ns) {
		snprintf(
			line, sizeof line,
			"runtime = %gs is less than min_duration = %gs: the result will be INVALID",
			runtime_s, (double)w->min_duration_ns / 1e9);
		command_notice(line);
	}
	if (w->scenario == SCENARIO_SERVER && rate > 0 &&
	    rate * runtime_s < (double)w->min_query_count) {
		snprintf(line, sizeof line,
			 "some %.0f requests in runtime = %gs, %llu are needed: the result will be "
			 "INVALID; set runtime = %.0fs",
			 rate * runtime_s, runtime_s, (unsigned long long)w->min_query_count,
			 1.1 * (double)w->min_query_count / rate + 1);
		command_notice(line);
	}
}

/* A round that the meter cannot resolve is known before it is measured. */
static void warn_too_short_for_meter(const struct meters *meters, const struct workload *w)
{
	const struct metered *meter = meters_chosen(meters);
	char line[256];

	if (meter == NULL || w->number_ios > 0)
		return;
	uint64_t wanted_ns = METERS_UPDATES_MIN * metered_update_ns(meter) * w->rounds;
	if (w->runtime_ns >= wanted_ns)
		return;
	snprintf(line, sizeof line,
		 "energy will be modelled: each round must hold %u updates of %s; set runtime = "
		 "%.0fs for it to be measured",
		 METERS_UPDATES_MIN, meter->ops->name, ceil(1.1 * (double)wanted_ns / 1e9));
	command_notice(line);
}

static int run_contents(struct contents *c, struct site *site, const char *out)
{
	static struct run run;
	struct error e;

	int err = load_missing(c, progress_terminal(), &e);
	if (err == 0 && meters_any(&site->meters))
		err = meters_calibrate(&site->meters, &e);
	if (err != 0)
		return command_failed(err, &e);
	warn_too_short_for_meter(&site->meters, c->workload);
	err = run_execute(&run, c, false, &site->meters, progress_terminal(), &e);
	int code = err != 0 ? command_failed(err, &e) : write_result(&run, site, out);
	run_free(&run);
	return code;
}

static int run_workload(const struct workload *w, struct site *site, const char *store,
			const char *out)
{
	struct contents c;
	struct error e;

	int err =
		contents_open(&c, w, store, CONTENTS_MAKE, command_notice, progress_terminal(), &e);
	if (err != 0)
		return command_failed(err, &e);
	int code = run_contents(&c, site, out);
	contents_close(&c);
	return code;
}

/* Before any work, so that what is wrong is said at once. */
static int open_site(struct site *site, const struct workload *w, const char *wall, struct error *e)
{
	const struct meter_env env = meters_env(wall);

	int err = prices_read(&site->prices, NULL, e);
	if (err == 0)
		err = platform_read(&site->platform, w->platform, e);
	return err != 0 ? err : meters_open(&site->meters, &env, progress_terminal(), e);
}

int cmd_run(int argc, char **argv)
{
	static struct options o;
	static struct workload w;
	static struct site site;
	struct error e;
	char out[WORKLOAD_PATH_NBYTES], name[WORKLOAD_NAME_NBYTES];

	int code = command_begin(&o, &w, argc, argv, "sdow", print_help);
	if (code >= 0)
		return code;
	files_clean_name(name, sizeof name, w.name);
	snprintf(out, sizeof out, "%s%s", o.out != NULL ? o.out : "out/",
		 o.out != NULL ? "" : name);
	warn_too_short(&w);
	/* now, not after all the measuring */
	int err = files_make_writable_dir(out, &e);
	if (err == 0)
		err = open_site(&site, &w, o.wall_meter, &e);
	code = err != 0 ? command_bad_file(err, &e) : run_workload(&w, &site, o.store, out);
	meters_close(&site.meters);
	return code;
}
