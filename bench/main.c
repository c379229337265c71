/* main.c: gvr's verbs. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "bench/commands.h"
#include "bench/progress.h"
#include "bench/standard_streams.h"
#include "bench/version.h"
#include "workloads/nearest.h"

/* Measured: training rnn takes 192 KiB, loading and serving 128. The rest is for
 * other compilers and libraries, and for long command lines. */
#define STACK_NBYTES_MIN (512u << 10)

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
} verbs[] = {
	{"init", cmd_init, "write a workload file for a directory of documents"},
	{"probe", cmd_probe, "list the meters of energy of this machine"},
	{"train", cmd_train, "train a generator on a folder of documents"},
	{"load", cmd_load, "fill the stores of a workload's engines"},
	{"run", cmd_run, "run a workload: load what is missing, measure, judge"},
	{"sweep", cmd_sweep, "run a workload over and over, with other settings each time"},
	{"verify", cmd_verify, "check every content of every engine"},
	{"audit", cmd_audit, "check that a workload's figures can be believed"},
	{"breakeven", cmd_breakeven, "from a result: how often asked for is worth storing"},
	{"compare", cmd_compare, "compare two results: is the second worse?"},
	{"report", cmd_report, "show a result, or several, as a page with figures"},
	{NULL, NULL, NULL},
};

static void print_help(FILE *out)
{
	fputs("usage: gvr VERB ...\n"
	      "\n"
	      "gvr measures whether content should be stored, or made again each time it is\n"
	      "asked for: one request stream, two engines, identical bytes.\n"
	      "\n",
	      out);
	for (size_t i = 0; verbs[i].name != NULL; i++)
		fprintf(out, "  gvr %-9s %s\n", verbs[i].name, verbs[i].what);
	fputs("\n"
	      "gvr help VERB tells more; gvr help run lists the keys of a workload file.\n"
	      "\n"
	      "Exit codes: 0 ok, 1 error, 2 bad arguments, 3 file missing, 4 permission, 5 bad\n"
	      "workload file, 6 ran but INVALID, 7 timeout, 8 bytes differ, 9 significant\n"
	      "regression. Stopped by Ctrl-C, gvr keeps what it has and ends by that signal\n"
	      "(130 in a shell).\n"
	      "\n"
	      "Example: gvr init ~/mail && gvr run mail.ini\n",
	      out);
}

/* A lost summary is not a success. Does not return if the user stopped it. */
static int finish(int code)
{
	if (!standard_streams_finish()) {
		fputs("gvr: standard output: cannot write all of it\n", stderr);
		code = code == EXIT_OK ? EXIT_ERROR : code;
	}
	progress_die_if_stopped();
	return code;
}

static int no_verb(const char *name)
{
	struct nearest nearest = nearest_to(name);
	struct error line;

	for (size_t i = 0; verbs[i].name != NULL; i++)
		nearest_try(&nearest, verbs[i].name);
	error_set(&line, 0, "%.300s", name);
	if (nearest.found != NULL)
		fprintf(stderr, "gvr: no verb %s; did you mean %s?\n", line.text, nearest.found);
	else
		fprintf(stderr, "gvr: no verb %s; see gvr --help\n", line.text);
	return EXIT_USAGE;
}

static int run_verb(int argc, char **argv)
{
	for (size_t i = 0; verbs[i].name != NULL; i++)
		if (strcmp(argv[0], verbs[i].name) == 0) {
			progress_catch_signals();
			return finish(verbs[i].run(argc, argv));
		}
	return no_verb(argv[0]);
}

/* gvr help VERB is gvr VERB --help. */
static int help(int argc, char **argv)
{
	char option[] = "--help", *of_verb[] = {argv[1], option, NULL};

	if (argc > 1)
		return run_verb(2, of_verb);
	print_help(stdout);
	return finish(EXIT_OK);
}

/* Else the first large frame is a signal 11. Threads get as much each. */
static bool has_stack(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= STACK_NBYTES_MIN)
		return true;
	fprintf(stderr,
		"gvr: the stack may have %llu KiB (ulimit -s), gvr needs %u: run ulimit -s 8192\n",
		(unsigned long long)limit.rlim_cur / 1024, STACK_NBYTES_MIN / 1024);
	return false;
}

int main(int argc, char **argv)
{
	if (!standard_streams_open())
		return EXIT_ERROR; /* there is nowhere to say it */
	if (!has_stack())
		return EXIT_ERROR;
	signal(SIGXFSZ, SIG_IGN); /* a write beyond ulimit -f is then an error */
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0)
		return help(argc - 1, argv + 1);
	if (strcmp(argv[1], "--version") == 0) {
		printf("gvr %s (%s)\n", gvr_version, gvr_commit);
		return finish(EXIT_OK);
	}
	return run_verb(argc - 1, argv + 1);
}
