/* cmd_audit.c: gvr audit. */
#include <stdio.h>

#include "bench/audit.h"
#include "bench/commands.h"
#include "bench/load.h"
#include "bench/progress.h"

static const char help[] =
	"usage: gvr audit WORKLOAD [--set SECTION.KEY=VALUE]... [--store DIR]\n"
	"                 [--format FORMAT]\n"
	"\n"
	"Checks whether the figures of a workload can be believed, in the manner of\n"
	"MLPerf's compliance tests, each engine by itself and as fast as it goes:\n"
	"\n"
	"  accuracy  replies while measuring are the right bytes, as in gvr verify\n"
	"  repeat    one content asked for again and again is not served more than\n"
	"            10 % faster than others, unless cache_state = warm or cache_size\n"
	"            declares a cache\n"
	"  seeds     other seeds, which draw other requests, give the same figures\n"
	"  harness   what gvr itself costs, beside what the engine takes\n"
	"\n"
	"  --set SECTION.KEY=VALUE  replaces a value of the file; SECTION is workload\n"
	"                           or an engine's label\n"
	"  --store DIR              where stores and models are kept (default: gvr's\n"
	"                           folder in your cache directory)\n"
	"  --format FORMAT          normal, or json: every check, on standard output\n"
	"\n"
	"Exit: 0 passed, 1 error (130: Ctrl-C), 2 bad arguments, 3 file missing,\n"
	"4 permission, 5 bad workload file, 6 failed, 7 timeout, 8 bytes differ.\n"
	"\n"
	"Example: gvr audit workloads/smoke.ini\n";

static void print_help(void)
{
	fputs(help, stdout);
}

static int exit_code(const struct audit *a)
{
	for (unsigned i = 0; i < a->run.engine_count; i++)
		if (a->engines[i].accuracy == AUDIT_FAIL)
			return EXIT_DIFFER;
	if (a->run.interrupted)
		return EXIT_ERROR;
	return a->passed ? EXIT_OK : EXIT_INVALID;
}

static int audit_contents(struct contents *c, struct workload *w, bool json)
{
	static struct audit audit;
	struct error e;

	int err = load_missing(c, progress_terminal(), &e);
	if (err != 0)
		return command_failed(err, &e);
	err = audit_execute(&audit, w, c, progress_terminal(), &e);
	progress_clear();
	int code = err != 0 ? command_failed(err, &e) : exit_code(&audit);
	if (err == 0 && json)
		code = command_print_json(audit_json(&audit), code);
	else if (err == 0)
		audit_print(&audit, stdout);
	run_free(&audit.run);
	return code;
}

int cmd_audit(int argc, char **argv)
{
	static struct options o;
	static struct workload w;
	struct contents c;
	struct error e;

	int code = command_begin(&o, &w, argc, argv, "sdf", print_help);
	if (code >= 0)
		return code;
	int err = contents_open(&c, &w, o.store, CONTENTS_MAKE, command_notice, progress_terminal(),
				&e);
	if (err != 0)
		return command_failed(err, &e);
	code = audit_contents(&c, &w, o.json);
	contents_remember_changed(&c);
	contents_close(&c);
	return code;
}
