/* cmd_load.c: gvr load: fills what a workload's engines need. */
#include "bench/commands.h"

#include <inttypes.h>
#include <stdio.h>

#include "bench/clock.h"
#include "bench/load.h"
#include "bench/options.h"
#include "bench/progress.h"

static const char help[] =
	"usage: gvr load WORKLOAD [--set SECTION.KEY=VALUE]... [--store DIR]\n"
	"\n"
	"Fills the stores of every engine of the workload and trains what is missing\n"
	"(model, dictionary). A load that was stopped, even by kill -9, goes on where\n"
	"it was. gvr run loads by itself; this verb is for doing it beforehand.\n"
	"\n"
	"  --set SECTION.KEY=VALUE  replaces a value of the file; SECTION is workload\n"
	"                           or an engine's label\n"
	"  --store DIR              where stores and models are kept (default: gvr's\n"
	"                           folder in your cache directory)\n"
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

static int load(const struct workload *w, const char *store)
{
	struct contents c;
	struct load_report report;
	struct error e;
	uint64_t begin_ns = clock_ns();

	int err = contents_open(&c, w, store, CONTENTS_REPAIR, command_notice, progress_terminal(),
				&e);
	if (err != 0)
		return command_failed(err, &e);
	if (c.corpus != NULL)
		print_corpus(&c);
	fflush(stdout);
	err = load_all(&c, &report, progress_terminal(), &e);
	if (err == 0)
		err = contents_map_digests(&c, &e);
	progress_clear();
	if (err == 0)
		printf("loaded %" PRIu64 " of %" PRIu64 " contents x contexts now, %" PRIu64
		       " were there; %.1f s\nstore: %s\n",
		       report.items, c.items, report.present, (double)(clock_ns() - begin_ns) / 1e9,
		       c.dir);
	int code = err == 0 ? EXIT_OK : command_failed(err, &e);
	contents_close(&c);
	return code;
}

int cmd_load(int argc, char **argv)
{
	static struct options o;
	static struct workload w;

	int code = command_begin(&o, &w, argc, argv, "sd", print_help);
	return code >= 0 ? code : load(&w, o.store);
}
