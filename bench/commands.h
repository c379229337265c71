/* commands.h: the verbs of gvr, one file each (cmd_VERB.c). */
#ifndef GVR_COMMANDS_H
#define GVR_COMMANDS_H

#include <jansson.h>
#include <stdio.h>

#include "bench/options.h"
#include "workloads/corpus.h"
#include "workloads/error.h"
#include "workloads/workload.h"

/* The exit codes of gvr. */
enum {
	EXIT_OK = 0,
	EXIT_ERROR = 1,
	EXIT_USAGE = 2,
	EXIT_MISSING = 3,
	EXIT_PERMISSION = 4,
	EXIT_WORKLOAD = 5,
	EXIT_INVALID = 6,
	EXIT_TIMEOUT = 7,
	EXIT_DIFFER = 8,
	EXIT_REGRESSION = 9,
};

/* argv[0] is the verb. Each returns an exit code. */
int cmd_audit(int argc, char **argv);
int cmd_breakeven(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_init(int argc, char **argv);
int cmd_load(int argc, char **argv);
int cmd_probe(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_sweep(int argc, char **argv);
int cmd_train(int argc, char **argv);
int cmd_verify(int argc, char **argv);

/* Parses the command line of a verb with so many operands (options.h). -1: go
 * on; else the exit code, everything being said. */
int command_options(struct options *o, int argc, char **argv, const char *accepted,
		    int operand_count, void (*print_help)(void));

/* The same, and reads the workload file. */
int command_begin(struct options *o, struct workload *w, int argc, char **argv,
		  const char *accepted, void (*print_help)(void));

/* Prints the error as one line on stderr and returns the exit code that fits
 * err (-errno). */
int command_failed(int err, const struct error *e);

/* The same for a file that the user wrote (a workload, prices, a platform): what
 * is wrong with what it says, -EINVAL, is EXIT_WORKLOAD. */
int command_bad_file(int err, const struct error *e);

/* "gvr", the verb and its arguments as a shell takes them, in one line; to be
 * freed by the caller. NULL: no memory. */
char *command_quoted(int argc, char **argv);

/* Draws report.html of the result or the sweep in a folder; `called`: what the
 * folder is called once the command is done. False: it could not, for want of gnuplot
 * say, and a notice was printed; the result is none the worse for it. */
bool command_draw_report(const char *folder, const char *called);

/* Prints one line on stderr: something was made on the way. */
void command_notice(const char *line);

/* What of a directory is no document, a line for each reason. */
void command_print_skipped(const struct corpus_skipped *s);

/* Prints root, whose reference it takes, on stdout, in ASCII: what a terminal
 * would obey is escaped. NULL: no memory. Returns code or, where that is not
 * possible, says so on stderr and returns EXIT_ERROR. */
int command_print_json(json_t *root, int code);

#endif
