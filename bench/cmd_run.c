/* cmd_run.c: gvr run: loads what is missing, runs, judges, writes the result. */
#include "bench/commands.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/contents.h"
#include "bench/files.h"
#include "bench/measure.h"
#include "bench/options.h"
#include "bench/out_folder.h"
#include "bench/progress.h"
#include "bench/result_read.h"
#include "workloads/shell.h"

static const char help[] =
	"usage: gvr run WORKLOAD [--set SECTION.KEY=VALUE]... [--store DIR] [--out DIR]\n"
	"               [--wall-meter METER] [--format FORMAT]\n"
	"\n"
	"Serves one stream of requests from every engine of the workload in turns,\n"
	"checks every reply, writes DIR/result.json, DIR/summary.txt, DIR/report.html and\n"
	"histograms (DIR/LABEL.hlog, .hgrm) and prints the summary; its first line is\n"
	"`Result is: VALID` or `Result is: INVALID`.\n"
	"\n"
	"  --set SECTION.KEY=VALUE  replaces a value of the file; SECTION is workload\n"
	"                           or an engine's label\n"
	"  --store DIR              where stores and models are kept (default: gvr's\n"
	"                           folder in your cache directory)\n"
	"  --out DIR                where results go (default: out/NAME)\n"
	"  --wall-meter METER       file:PATH or command:LINE: a meter of your own for\n"
	"                           the energy of the machine (gvr probe --help)\n"
	"  --format FORMAT          normal, or json: result.json instead of the summary\n"
	"\n"
	"Exit: 0 VALID, 1 error (130: Ctrl-C), 2 bad arguments, 3 file missing,\n"
	"4 permission, 5 bad workload file, 6 ran but INVALID, 7 timeout, 8 bytes differ.\n"
	"\n"
	"Example: gvr run workloads/manpages.ini --set workload.rate_iops=20 --out r1\n"
	"\n"
	"The keys of a workload file:\n"
	"\n";

static void print_help(void)
{
	fputs(help, stdout);
	workload_print_keys(stdout);
}

static int print_result(const char *out, int code)
{
	struct result_file *result;
	struct error e;

	int err = result_read(&result, out, &e);
	if (err != 0)
		return command_failed(err, &e);
	code = command_print_json(json_incref(result->json), code);
	result_close(result);
	return code;
}

/* The summary is shown even if the result cannot be written. */
static int run_workload(const struct workload *w, struct measure_site *site,
			const struct options *o, const char *command, const char *out)
{
	struct measured m;
	struct error e;

	int err = measure(w, site, o->store, command, out, &m, &e);
	progress_clear();
	if (m.summary != NULL && !o->json)
		fputs(m.summary, stdout);
	free(m.summary);
	if (err != 0)
		return command_failed(err, &e);
	bool drawn = command_draw_report(out, out);
	if (o->json)
		return print_result(out, m.exit_code);
	printf("\nResult: %s/result.json\n", out);
	if (drawn)
		printf("Report: %s/report.html\n", out);
	fputs("More: gvr breakeven ", stdout);
	shell_quote_path(stdout, out);
	putchar('\n');
	return m.exit_code;
}

/* Now, not after all the measuring. */
static int open_out(const struct options *o, const struct workload *w,
		    char out[WORKLOAD_PATH_NBYTES], int *lock_fd, struct error *e)
{
	int err = 0;

	if (o->out != NULL)
		snprintf(out, WORKLOAD_PATH_NBYTES, "%s", o->out);
	else
		err = out_folder_of_run(out, w, e);
	if (err == 0)
		err = contents_keep_apart(w, o->store, out, e);
	if (err == 0)
		err = files_make_writable_dir(out, e);
	return err != 0 ? err : files_lock_dir(lock_fd, out, e);
}

int cmd_run(int argc, char **argv)
{
	static struct options o;
	static struct workload w;
	static struct measure_site site;
	struct error e;
	char out[WORKLOAD_PATH_NBYTES];
	int lock_fd = -1;

	char *command = command_quoted(argc, argv);
	int code = command_begin(&o, &w, argc, argv, "sdowf", print_help);
	if (code >= 0) {
		free(command);
		return code;
	}
	measure_warn(&w);
	int err = open_out(&o, &w, out, &lock_fd, &e);
	if (err == 0)
		err = measure_site_open(&site, &w, o.wall_meter, &e);
	code = err != 0 ? command_bad_file(err, &e) : run_workload(&w, &site, &o, command, out);
	measure_site_close(&site);
	if (lock_fd >= 0)
		close(lock_fd);
	free(command);
	return code;
}
