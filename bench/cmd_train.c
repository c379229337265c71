/* cmd_train.c: gvr train: trains a generator on a folder of documents. */
#include "bench/commands.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/builtin.h"
#include "bench/card.h"
#include "bench/clock.h"
#include "bench/energy.h"
#include "bench/files.h"
#include "bench/format.h"
#include "bench/options.h"
#include "bench/progress.h"

#define DICTIONARY_BYTES (UINT64_C(1) << 20)
#define MINUTES_MAX 100000.0
#define THREADS_MAX 16.0
#define STEPS_MAX 1e9

static const char help[] =
	"usage: gvr train DIR -o FILE [--generator NAME] [--minutes N | --steps N]\n"
	"                 [--threads N] [--format FORMAT]\n"
	"\n"
	"Trains a generator on the training split of the documents in DIR (7 of 8,\n"
	"chosen by a fixed hash) and writes the model to FILE, for the key `model` of a\n"
	"workload, and its card to FILE.json: documents, learning curve, and what the\n"
	"held-out documents cost with it and with zstd. gvr load trains what a workload\n"
	"needs by itself.\n"
	"\n"
	"  --generator NAME  cm: context mixing, seconds; rnn: a neural network\n"
	"  --minutes N       rnn: how long to train, 10 unless told\n"
	"  --steps N         rnn: instead, exactly so many steps: with as many threads\n"
	"                    the same documents give the same model\n"
	"  --threads N       rnn: as many as there are cores unless told; a power of two\n"
	"  -o, --out FILE    where the model goes; required\n"
	"  --format FORMAT   normal, or json: the card, on standard output\n"
	"\n"
	"A training of rnn that is stopped (Ctrl-C, kill) is kept beside FILE; the same\n"
	"command goes on with it. FILE itself is replaced when a training is done.\n"
	"\n"
	"Exit: 0 ok, 1 error (130: Ctrl-C), 2 bad arguments, 3 file missing,\n"
	"4 permission.\n"
	"\n"
	"Example: gvr train ~/mail -o mail.gvrm --generator rnn --minutes 30\n"
	"Generators, the first by default: ";

/* The names of all generators. */
static void print_generators(FILE *out)
{
	for (unsigned i = 0; generator_registry[i] != NULL; i++)
		fprintf(out, "%s%s", i > 0 ? ", " : "", generator_registry[i]->name);
	fputc('\n', out);
}

/* Keeps and prints a point of the learning curve. */
static void on_point(void *arg, const struct training_point *p)
{
	struct card *c = arg;
	if (c->point_count == CARD_POINTS_MAX) /* keep the last */
		c->point_count--;
	c->points[c->point_count++] = *p;
	if (c->quiet)
		return;
	progress_clear();
	char bits[32] = "nothing to test on";
	if (p->bits_per_byte > 0)
		snprintf(bits, sizeof bits, "%.4f bits/byte", p->bits_per_byte);
	printf("%5u:%02u  %8" PRIu64 " steps  %7.1f M tokens  %s\n", (unsigned)(p->elapsed_s / 60),
	       (unsigned)fmod(p->elapsed_s, 60), p->steps, (double)p->tokens / 1e6, bits);
	fflush(stdout);
}

/* ---- the card ---- */

static int measure_zstd(struct card *c, unsigned k, uint64_t bytes, struct error *e)
{
	char scratch[WORKLOAD_PATH_NBYTES + 40];
	snprintf(scratch, sizeof scratch, "%s.dictionary.tmp.%d", c->path, (int)getpid());
	int err = held_out_zstd(&c->zstd[k], &c->dictionary_bytes[k], c->corpus, bytes, scratch,
				progress_terminal(), e);
	if (err == -ENODATA) { /* nothing to train one on */
		c->dictionary_bytes[k] = 0;
		return 0;
	}
	return err;
}

static int measure(struct card *c, struct error *e)
{
	struct generator *g;
	int err = c->ops->open(&g, c->path, e);
	if (err != 0)
		return err;
	c->ops->info(g, &c->info);
	err = held_out_generator(&c->model, c->corpus, c->ops, g, progress_terminal(), e);
	c->ops->close(g);
	if (err == 0)
		err = measure_zstd(c, 0, DICTIONARY_BYTES, e);
	if (err == 0)
		err = measure_zstd(c, 1, c->info.model_bytes, e);
	return err;
}

static void print_zstd(const struct card *c, unsigned k)
{
	char size[32], pays[32];
	if (c->dictionary_bytes[k] == 0 || c->model.content_bytes == 0)
		return;
	double from = card_pays_from_bytes(c, k);
	format_bytes(size, sizeof size, (double)c->dictionary_bytes[k]);
	format_bytes(pays, sizeof pays, from);
	printf("  zstd -19, dictionary of %-8s   %.4f bits/byte   %s%s%s\n", size,
	       card_bits(&c->zstd[k]),
	       from > 1	   ? "pays from "
	       : from == 1 ? "pays always"
			   : "never pays",
	       from > 1 ? pays : "", from > 1 ? " in all" : "");
}

/* What gvr breakeven --training-kwh wants; modelled, of a server. */
static void print_energy(const struct card *c)
{
	static struct constants server;
	struct error e;

	if (c->cpu_s == 0 || platform_read(&server, "server", &e) != 0)
		return;
	struct figure kwh = figure_times(energy_model_cpu(&server, c->cpu_s), 1 / 3.6e6);
	printf("CPU time %.1f s: %.2g kWh modelled (%.2g to %.2g, platform server)\n", c->cpu_s,
	       kwh.nominal, kwh.low, kwh.high);
}

static void print_card(const struct card *c)
{
	char size[32], held_out[32];

	format_bytes(size, sizeof size, (double)c->info.model_bytes);
	format_bytes(held_out, sizeof held_out, (double)c->model.content_bytes);
	printf("%s: generator %s, %" PRIu64 " bytes, digest %016" PRIx64 "\n"
	       "trained on %" PRIu32 " documents, %" PRIu64 " bytes, in %.1f s\n",
	       c->path, c->ops->name, c->info.model_bytes, c->info.model_digest,
	       c->training_documents, c->training_bytes, c->elapsed_s);
	command_print_skipped(&c->corpus->skipped);
	print_energy(c);
	if (c->training_documents == 0)
		printf("Nothing was learned: 7 of 8 files train, and none of these did; add "
		       "more.\n");
	printf("held out: %" PRIu64 " documents, %s, each alone and made again\n",
	       c->model.documents, held_out);
	printf("  this model, %-8s              %.4f bits/byte\n", size, card_bits(&c->model));
	for (unsigned k = 0; k < CARD_DICTIONARIES; k++)
		print_zstd(c, k);
	printf("pays: the bytes of documents from which model and records take less\n"
	       "card: %s.json\n",
	       c->path);
}

/* True: documents have changed or gone since they were read, and are left out now. */
static bool leave_out_changed(struct corpus *corpus, int *err, struct error *e)
{
	uint32_t count = 0;
	struct error why;

	if (*err != -ESTALE)
		return false;
	int why_not = corpus_leave_out_changed(corpus, true, &count, progress_terminal(), &why);
	if (why_not != 0) {
		*err = why_not;
		*e = why;
	}
	return why_not == 0 && count > 0;
}

/* Documents are read before the training begins. */
static int train_model(struct card *c, struct corpus *corpus, struct error *e)
{
	int err;

	do
		err = c->ops->train(corpus, c->path, &c->training, progress_terminal(), e);
	while (leave_out_changed(corpus, &err, e));
	c->training_documents = corpus->training_count;
	c->training_bytes = corpus->training_bytes;
	c->training_fingerprint = corpus_fingerprint(corpus, SPLIT_TRAINING);
	return err;
}

static int train(const char *dir, struct card *c)
{
	struct corpus *corpus;
	struct error e;
	uint64_t begin_ns = clock_ns(), begin_cpu_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);

	int err = files_keep_file_apart(dir, c->path, "the model", "name another FILE with -o", &e);
	if (err == 0)
		err = corpus_open(&corpus, dir, 0, NULL, progress_terminal(), &e);
	if (err != 0)
		return command_failed(err, &e);
	c->dir = dir;
	c->corpus = corpus;
	c->training.report = on_point;
	c->training.report_arg = c;
	err = train_model(c, corpus, &e);
	c->elapsed_s = (double)(clock_ns() - begin_ns) / 1e9;
	c->cpu_s = (double)(clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) - begin_cpu_ns) / 1e9;
	/* what went before a training was gone on with counts */
	if (c->point_count > 0 && c->points[c->point_count - 1].elapsed_s > c->elapsed_s) {
		c->elapsed_s = c->points[c->point_count - 1].elapsed_s;
		c->cpu_s = 0;
	}
	bool trained = err == 0;
	if (err == 0) {
		do
			err = measure(c, &e);
		while (leave_out_changed(corpus, &err, &e));
	}
	progress_clear();
	if (err == 0)
		err = card_write(c, &e);
	if (trained && err != 0)
		command_notice("the model is written, its card is not");
	int code = err != 0 ? command_failed(err, &e) : EXIT_OK;
	if (err == 0 && c->quiet)
		code = command_print_json(card_json(c), code);
	else if (err == 0)
		print_card(c);
	corpus_close(corpus);
	return code;
}

/* ---- the command line ---- */

/* A number within (0, max], or a line on stderr. NULL stands for 0. */
static bool read_number(const char *option, const char *value, double max, bool whole, double *out)
{
	char *end;
	*out = 0;
	if (value == NULL)
		return true;
	*out = strtod(value, &end);
	if (end != value && *end == '\0' && *out > 0 && *out <= max &&
	    (!whole || *out == floor(*out)))
		return true;
	fprintf(stderr,
		"gvr train: %s %s: a%s number above 0, at most %.0f; see gvr train --help\n",
		option, value, whole ? " whole" : "", max);
	return false;
}

static bool read_training(const struct options *o, const struct generator_ops *ops,
			  struct training *t)
{
	double steps, threads;
	if (ops->train_minutes == 0 &&
	    (o->minutes != NULL || o->steps != NULL || o->threads != NULL)) {
		fprintf(stderr,
			"gvr train: %s takes no --minutes, --steps or --threads; add --generator "
			"rnn\n",
			ops->name);
		return false;
	}
	if (o->minutes != NULL && o->steps != NULL) {
		fprintf(stderr,
			"gvr train: --minutes or --steps, not both; see gvr train --help\n");
		return false;
	}
	if (!read_number("--minutes", o->minutes, MINUTES_MAX, false, &t->minutes) ||
	    !read_number("--steps", o->steps, STEPS_MAX, true, &steps) ||
	    !read_number("--threads", o->threads, THREADS_MAX, true, &threads))
		return false;
	t->steps = (uint64_t)steps;
	t->threads = (unsigned)threads;
	if ((t->threads & (t->threads - 1)) != 0) {
		fprintf(stderr, "gvr train: --threads %u: 1, 2, 4, 8 or 16\n", t->threads);
		return false;
	}
	return true;
}

static void print_help(void)
{
	fputs(help, stdout);
	print_generators(stdout);
}

int cmd_train(int argc, char **argv)
{
	static struct options o;
	static struct card c;

	int code = command_options(&o, argc, argv, "ogmnjf", 1, print_help);
	if (code >= 0)
		return code;
	c.ops = o.generator != NULL ? generator_find(o.generator) : generator_registry[0];
	if (c.ops == NULL) {
		fprintf(stderr, "gvr train: no generator named %s; there is ", o.generator);
		print_generators(stderr);
		return EXIT_USAGE;
	}
	if (o.out == NULL) {
		fprintf(stderr, "gvr train: -o FILE is missing; see gvr train --help\n");
		return EXIT_USAGE;
	}
	c.path = o.out;
	c.quiet = o.json;
	return read_training(&o, c.ops, &c.training) ? train(o.operand, &c) : EXIT_USAGE;
}
