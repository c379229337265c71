/* cmd_run.c: gvr run: loads what is missing, runs, judges, writes the result. */
#include "bench/commands.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/files.h"
#include "bench/load.h"
#include "bench/options.h"
#include "bench/progress.h"
#include "bench/result.h"
#include "bench/run.h"
#include "bench/verdict.h"

static const char help[] =
	"usage: gvr run WORKLOAD [--set SECTION.KEY=VALUE]... [--store DIR] [--out DIR]\n"
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

/* The summary is shown even if the result cannot be written. */
static int write_result(struct run *run, const char *dir)
{
	static struct verdict v;
	char *summary;
	struct error e;

	verdict_of(run, &v);
	int err = result_write(run, &v, dir, &summary, &e);
	progress_clear();
	if (summary != NULL)
		fputs(summary, stdout);
	free(summary);
	if (err != 0)
		return command_failed(err, &e);
	printf("\nResult: %s/result.json\n", dir);
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

static int run_contents(struct contents *c, const char *out)
{
	static struct run run;
	struct error e;

	int err = load_missing(c, progress_terminal(), &e);
	if (err != 0)
		return command_failed(err, &e);
	err = run_execute(&run, c, false, progress_terminal(), &e);
	int code = err != 0 ? command_failed(err, &e) : write_result(&run, out);
	run_free(&run);
	return code;
}

int cmd_run(int argc, char **argv)
{
	static struct options o;
	static struct workload w;
	struct contents c;
	struct error e;
	char out[WORKLOAD_PATH_NBYTES], name[WORKLOAD_NAME_NBYTES];

	int code = command_begin(&o, &w, argc, argv, "sdo", print_help);
	if (code >= 0)
		return code;
	files_clean_name(name, sizeof name, w.name);
	snprintf(out, sizeof out, "%s%s", o.out != NULL ? o.out : "out/",
		 o.out != NULL ? "" : name);
	warn_too_short(&w);
	/* now, not after all the measuring */
	int err = files_make_writable_dir(out, &e);
	if (err == 0)
		err = contents_open(&c, &w, o.store, CONTENTS_MAKE, command_notice,
				    progress_terminal(), &e);
	if (err != 0)
		return command_failed(err, &e);
	code = run_contents(&c, out);
	contents_close(&c);
	return code;
}
