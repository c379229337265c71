/* cmd_verify.c: gvr verify: asks every engine for every content, once. */
#include "bench/commands.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bench/json_values.h"
#include "bench/options.h"
#include "bench/progress.h"
#include "bench/run.h"
#include "workloads/shell.h"

static const char help[] =
	"usage: gvr verify WORKLOAD [--set SECTION.KEY=VALUE]... [--store DIR]\n"
	"                  [--format FORMAT]\n"
	"\n"
	"Asks every engine for every content in every context, once, and compares the\n"
	"bytes with the right ones: the whole store, every spec. Names what is damaged.\n"
	"\n"
	"  --set SECTION.KEY=VALUE  replaces a value of the file; SECTION is workload\n"
	"                           or an engine's label\n"
	"  --store DIR              where stores and models are kept (default: gvr's\n"
	"                           folder in your cache directory)\n"
	"  --format FORMAT          normal, or json: the counts, on standard output\n"
	"\n"
	"Exit: 0 all is right, 1 error (130: Ctrl-C), 2 bad arguments, 3 file missing or\n"
	"not loaded, 4 permission, 5 bad workload file, 8 something is wrong.\n"
	"\n"
	"Example: gvr verify workloads/manpages.ini\n";

static void print_help(void)
{
	fputs(help, stdout);
}

static const char *what_is_wrong(const struct bad_reply *bad)
{
	return bad->error == 0		? "wrong bytes"
	       : bad->error == -EBADMSG ? "damaged"
					: strerror(-bad->error);
}

static uint64_t right(const struct engine_run *er)
{
	return er->total->verified - er->total->mismatched;
}

static uint64_t wrong(const struct engine_run *er)
{
	return er->total->mismatched + er->total->failed;
}

/* ---- as text ---- */

static void print_bad(const struct contents *c, const struct engine_run *er)
{
	const struct recorder *r = er->total;

	for (unsigned i = 0; i < r->bad_count; i++) {
		struct error line;
		char name[512];
		contents_describe(c, r->bad[i].content, r->bad[i].context, name, sizeof name);
		error_set(&line, 0, "%s: %s: %s", er->config->label, name,
			  what_is_wrong(&r->bad[i]));
		fprintf(stderr, "gvr: %s\n", line.text);
	}
	if (wrong(er) > r->bad_count)
		fprintf(stderr, "gvr: %s: and %" PRIu64 " more\n", er->config->label,
			wrong(er) - r->bad_count);
	if (wrong(er) == 0 || er->stats.store_dir[0] == '\0')
		return;
	fprintf(stderr, "gvr: %s: to repair: rm -r ", er->config->label);
	shell_quote_path(stderr, er->stats.store_dir);
	fputs(", then gvr load ", stderr);
	shell_quote_path(stderr, c->workload->file);
	fputc('\n', stderr);
}

static void print_engine(const struct run *run, const struct engine_run *er)
{
	if (er->ops->makes_replies)
		printf("%s: %" PRIu64 " of %" PRIu64 " right\n", er->config->label, right(er),
		       run->contents->items);
	else
		printf("%s: makes no replies, nothing to verify\n", er->config->label);
}

/* ---- as JSON ---- */

static json_t *bad_json(const struct contents *c, const struct bad_reply *bad)
{
	json_t *o = json_object();
	char name[512];

	contents_describe(c, bad->content, bad->context, name, sizeof name);
	json_put(o, "content", json_integer((json_int_t)bad->content));
	json_put(o, "context", json_integer((json_int_t)bad->context));
	json_put(o, "name", json_text(name));
	json_put(o, "what", json_string(what_is_wrong(bad)));
	return o;
}

static json_t *engine_json(const struct contents *c, const struct engine_run *er)
{
	json_t *o = json_object(), *bad = json_array();
	bool replies = er->ops->makes_replies;

	for (unsigned i = 0; i < er->total->bad_count; i++)
		json_array_append_new(bad, bad_json(c, &er->total->bad[i]));
	json_put(o, "kind", json_text(er->config->kind));
	json_put(o, "right", replies ? json_integer((json_int_t)right(er)) : NULL);
	json_put(o, "wrong", replies ? json_integer((json_int_t)wrong(er)) : NULL);
	json_put(o, "why_unavailable", replies ? NULL : json_string("it makes no replies"));
	json_put(o, "first_wrong", bad);
	json_put(o, "store",
		 er->stats.store_dir[0] != '\0' ? json_text(er->stats.store_dir) : NULL);
	return o;
}

static json_t *verify_json(const struct run *run)
{
	json_t *root = json_object(), *engines = json_object();

	for (unsigned i = 0; i < run->engine_count; i++)
		json_put(engines, run->engines[i].config->label,
			 engine_json(run->contents, &run->engines[i]));
	json_put(root, "workload", json_text(run->workload->name));
	json_put(root, "contents", json_integer((json_int_t)run->contents->count));
	json_put(root, "contexts", json_integer((json_int_t)run->workload->contexts));
	json_put(root, "interrupted", json_boolean(run->interrupted));
	json_put(root, "engines", engines);
	return root;
}

static int report(const struct run *run, bool json)
{
	uint64_t bad = 0;

	progress_clear();
	for (unsigned i = 0; i < run->engine_count; i++) {
		const struct engine_run *er = &run->engines[i];
		if (!json)
			print_engine(run, er);
		if (!er->ops->makes_replies)
			continue;
		print_bad(run->contents, er);
		bad += wrong(er);
	}
	if (run->interrupted)
		fprintf(stderr, "gvr: interrupted; the rest was not verified\n");
	int code = run->interrupted ? EXIT_ERROR : bad > 0 ? EXIT_DIFFER : EXIT_OK;
	return json ? command_print_json(verify_json(run), code) : code;
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

static int verify(const struct contents *c, bool json)
{
	static struct run run;
	struct error e;

	int err = run_execute(&run, c, true, NULL, progress_terminal(), &e);
	int code = err != 0 ? failed(err, &e) : report(&run, json);
	run_free(&run);
	return code;
}

int cmd_verify(int argc, char **argv)
{
	static struct options o;
	static struct workload w;
	struct contents c;
	struct error e;

	int code = command_begin(&o, &w, argc, argv, "sdf", print_help);
	if (code >= 0)
		return code;
	become_verify_workload(&w);
	int err = contents_open(&c, &w, o.store, CONTENTS_USE, command_notice, progress_terminal(),
				&e);
	if (err != 0)
		return failed(err, &e);
	err = contents_map_digests(&c, &e);
	code = err != 0 ? failed(err, &e) : verify(&c, o.json);
	contents_close(&c);
	return code;
}
