/* cmd_verify.c: gvr verify: asks every engine for every content, once. */
#include "bench/commands.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bench/options.h"
#include "bench/progress.h"
#include "bench/run.h"

static const char help[] =
	"usage: gvr verify WORKLOAD [--set SECTION.KEY=VALUE]... [--store DIR]\n"
	"\n"
	"Asks every engine for every content in every context, once, and compares the\n"
	"bytes with the right ones: the whole store, every spec. Names what is damaged.\n"
	"Exit: 0 all is right, 3 not loaded, 8 something is wrong.\n"
	"\n"
	"Example: gvr verify workloads/manpages.ini\n";

static void print_help(void)
{
	fputs(help, stdout);
}

static void print_bad(const struct contents *c, const struct engine_run *er)
{
	const struct recorder *r = er->total;

	for (unsigned i = 0; i < r->bad_count; i++) {
		struct error line;
		char name[512];
		contents_describe(c, r->bad[i].content, r->bad[i].context, name, sizeof name);
		error_set(&line, 0, "%s: %s: %s", er->config->label, name,
			  r->bad[i].error == 0		? "wrong bytes"
			  : r->bad[i].error == -EBADMSG ? "damaged"
							: strerror(-r->bad[i].error));
		fprintf(stderr, "gvr: %s\n", line.text);
	}
	uint64_t bad = r->mismatched + r->failed;
	if (bad > r->bad_count)
		fprintf(stderr, "gvr: %s: and %" PRIu64 " more\n", er->config->label,
			bad - r->bad_count);
}

static int report(const struct run *run)
{
	uint64_t bad = 0;

	progress_clear();
	for (unsigned i = 0; i < run->engine_count; i++) {
		const struct engine_run *er = &run->engines[i];
		if (!er->ops->makes_replies) {
			printf("%s: makes no replies, nothing to verify\n", er->config->label);
			continue;
		}
		uint64_t wrong = er->total->mismatched + er->total->failed;
		printf("%s: %" PRIu64 " of %" PRIu64 " right\n", er->config->label,
		       er->total->verified - er->total->mismatched, run->contents->items);
		print_bad(run->contents, er);
		if (wrong > 0 && er->stats.store_dir[0] != '\0')
			fprintf(stderr, "gvr: %s: to repair: rm -r '%s', then gvr load %s\n",
				er->config->label, er->stats.store_dir, run->workload->file);
		bad += wrong;
	}
	if (run->interrupted) {
		fprintf(stderr, "gvr: interrupted; the rest was not verified\n");
		return EXIT_ERROR;
	}
	return bad > 0 ? EXIT_DIFFER : EXIT_OK;
}

/* Every item once, as fast as the engines go, in one round. */
static void become_verify_workload(struct workload *w)
{
	w->scenario = SCENARIO_OFFLINE;
	w->rounds = 1;
	w->verify = VERIFY_ALL;
}

/* What is damaged as a whole is wrong, too. */
static int failed(int err, const struct error *e)
{
	int code = command_failed(err, e);
	return err == -EBADMSG ? EXIT_DIFFER : err == -ESTALE ? EXIT_MISSING : code;
}

static int verify(const struct contents *c)
{
	static struct run run;
	struct error e;

	int err = run_execute(&run, c, true, NULL, progress_terminal(), &e);
	int code = err != 0 ? failed(err, &e) : report(&run);
	run_free(&run);
	return code;
}

int cmd_verify(int argc, char **argv)
{
	static struct options o;
	static struct workload w;
	struct contents c;
	struct error e;

	int code = command_begin(&o, &w, argc, argv, "sd", print_help);
	if (code >= 0)
		return code;
	become_verify_workload(&w);
	int err = contents_open(&c, &w, o.store, CONTENTS_USE, command_notice, progress_terminal(),
				&e);
	if (err != 0)
		return failed(err, &e);
	err = contents_map_digests(&c, &e);
	code = err != 0 ? failed(err, &e) : verify(&c);
	contents_close(&c);
	return code;
}
