/* cmd_load.c: gvr load: fills what a workload's engines need. */
#include "bench/commands.h"

#include <inttypes.h>
#include <stdio.h>

#include "bench/clock.h"
#include "bench/json_values.h"
#include "bench/load.h"
#include "bench/options.h"
#include "bench/progress.h"

static const char help[] =
	"usage: gvr load WORKLOAD [--set SECTION.KEY=VALUE]... [--store DIR]\n"
	"                [--format FORMAT]\n"
	"\n"
	"Fills the stores of every engine of the workload and trains what is missing\n"
	"(model, dictionary). A load that was stopped, even by kill -9, goes on where\n"
	"it was. gvr run loads by itself; this verb is for doing it beforehand.\n"
	"\n"
	"  --set SECTION.KEY=VALUE  replaces a value of the file; SECTION is workload\n"
	"                           or an engine's label\n"
	"  --store DIR              where stores and models are kept (default: gvr's\n"
	"                           folder in your cache directory)\n"
	"  --format FORMAT          normal, or json: the counts, on standard output\n"
	"\n"
	"Exit: 0 ok, 1 error (130: Ctrl-C), 2 bad arguments, 3 file missing,\n"
	"4 permission, 5 bad workload file.\n"
	"\n"
	"Example: gvr load workloads/manpages.ini --store /mnt/nvme/gvr\n";

static void print_help(void)
{
	fputs(help, stdout);
}

static void print_corpus(const struct contents *c)
{
	const struct workload *w = c->workload;
	const struct corpus *d = c->corpus;
	char dir[WORKLOAD_PATH_NBYTES];

	snprintf(dir, sizeof dir, "%s", d->dir);
	error_clean(dir);
	printf("%s:\n%" PRIu32 " files became %" PRIu32 " contents: %" PRIu32
	       " for training (%" PRIu64 " bytes), %" PRIu32 " held out (%" PRIu64 " bytes)\n",
	       dir, d->file_count, d->document_count, d->training_count, d->training_bytes,
	       d->held_out_count, d->held_out_bytes);
	if (w->chunk_bytes > 0)
		printf("files above %" PRIu64 " bytes were cut into contents of that size\n",
		       w->chunk_bytes);
	command_print_skipped(&d->skipped);
}

static void print_loaded(const struct contents *c, const struct load_report *report,
			 double elapsed_s)
{
	printf("loaded %" PRIu64 " of %" PRIu64 " contents x contexts now, %" PRIu64
	       " were there; %.1f s\nstore: %s\n",
	       report->items, c->items, report->present, elapsed_s, c->dir);
}

/* ---- as JSON ---- */

static json_t *skipped_json(const struct corpus_skipped *s)
{
	json_t *o = json_object();

	json_put(o, "links", json_integer((json_int_t)s->links));
	json_put(o, "special", json_integer((json_int_t)s->special));
	json_put(o, "unreadable", json_integer((json_int_t)s->unreadable));
	json_put(o, "first_unreadable", s->unreadable > 0 ? json_text(s->first_unreadable) : NULL);
	json_put(o, "too_large", json_integer((json_int_t)s->too_large));
	json_put(o, "first_too_large", s->too_large > 0 ? json_text(s->first_too_large) : NULL);
	json_put(o, "changing", json_integer((json_int_t)s->changing));
	json_put(o, "first_changing", s->changing > 0 ? json_text(s->first_changing) : NULL);
	json_put(o, "odd_size", json_integer((json_int_t)s->odd_size));
	json_put(o, "first_odd_size", s->odd_size > 0 ? json_text(s->first_odd_size) : NULL);
	return o;
}

static json_t *corpus_json(const struct corpus *d)
{
	json_t *o = json_object();

	json_put(o, "folder", json_text(d->dir));
	json_put(o, "files", json_integer(d->file_count));
	json_put(o, "documents", json_integer(d->document_count));
	json_put(o, "training_documents", json_integer(d->training_count));
	json_put(o, "training_bytes", json_integer((json_int_t)d->training_bytes));
	json_put(o, "held_out_documents", json_integer(d->held_out_count));
	json_put(o, "held_out_bytes", json_integer((json_int_t)d->held_out_bytes));
	json_put(o, "skipped", skipped_json(&d->skipped));
	return o;
}

static json_t *load_json(const struct contents *c, const struct load_report *report,
			 double elapsed_s)
{
	const struct workload *w = c->workload;
	json_t *root = json_object(), *engines = json_object();

	for (unsigned i = 0; i < w->engine_count; i++) {
		json_t *o = json_object();
		json_put(o, "kind", json_text(w->engines[i].kind));
		json_put(o, "loaded", json_integer((json_int_t)report->loaded[i]));
		json_put(engines, w->engines[i].label, o);
	}
	json_put(root, "workload", json_text(w->name));
	json_put(root, "corpus", c->corpus != NULL ? corpus_json(c->corpus) : NULL);
	json_put(root, "contents", json_integer((json_int_t)c->count));
	json_put(root, "contexts", json_integer((json_int_t)w->contexts));
	json_put(root, "loaded", json_integer((json_int_t)report->items));
	json_put(root, "present", json_integer((json_int_t)report->present));
	json_put(root, "elapsed_s", json_figure(elapsed_s));
	json_put(root, "store", json_text(c->dir));
	json_put(root, "engines", engines);
	return root;
}

static int load(const struct workload *w, const char *store, bool json)
{
	struct contents c;
	struct load_report report;
	struct error e;
	uint64_t begin_ns = clock_ns();

	int err = contents_open(&c, w, store, CONTENTS_REPAIR, command_notice, progress_terminal(),
				&e);
	if (err != 0)
		return command_failed(err, &e);
	if (c.corpus != NULL && !json)
		print_corpus(&c);
	fflush(stdout);
	uint64_t told = c.corpus != NULL ? c.corpus->skipped.changing : 0;
	err = load_all(&c, &report, progress_terminal(), &e);
	if (err == 0)
		err = contents_map_digests(&c, &e);
	if (c.corpus != NULL && c.corpus->skipped.changing > told)
		contents_notice_changing(&c);
	progress_clear();
	double elapsed_s = (double)(clock_ns() - begin_ns) / 1e9;
	int code = err == 0 ? EXIT_OK : command_failed(err, &e);
	if (err == 0 && json)
		code = command_print_json(load_json(&c, &report, elapsed_s), code);
	else if (err == 0)
		print_loaded(&c, &report, elapsed_s);
	contents_remember_changed(&c);
	contents_close(&c);
	return code;
}

int cmd_load(int argc, char **argv)
{
	static struct options o;
	static struct workload w;

	int code = command_begin(&o, &w, argc, argv, "sdf", print_help);
	return code >= 0 ? code : load(&w, o.store, o.json);
}
