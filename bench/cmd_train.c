/* cmd_train.c: gvr train: trains a generator on a folder of documents. */
#include "bench/commands.h"

#include <inttypes.h>
#include <stdio.h>

#include "bench/clock.h"
#include "bench/options.h"
#include "bench/progress.h"
#include "engines/generate/generator.h"

static const char help[] =
	"usage: gvr train DIR -o FILE [--generator NAME]\n"
	"\n"
	"Trains a generator on the training split of the documents in DIR (7 of 8,\n"
	"chosen by a fixed hash) and writes the model to FILE, for the key `model` of a\n"
	"workload. gvr load trains what a workload needs by itself.\n"
	"\n"
	"Example: gvr train ~/mail -o mail.gvrm\n"
	"Generators, the first by default: ";

/* The names of all generators. */
static void print_generators(FILE *out)
{
	for (unsigned i = 0; generator_registry[i] != NULL; i++)
		fprintf(out, "%s%s", i > 0 ? ", " : "", generator_registry[i]->name);
	fputc('\n', out);
}

static int train(const char *dir, const char *out, const struct generator_ops *ops)
{
	struct corpus *corpus;
	struct generator *g;
	struct generator_info info;
	struct error e;
	uint64_t begin_ns = clock_ns();

	int err = corpus_open(&corpus, dir, 0, NULL, progress_terminal(), &e);
	if (err != 0)
		return command_failed(err, &e);
	err = ops->train(corpus, out, progress_terminal(), &e);
	if (err == 0)
		err = ops->open(&g, out, &e);
	progress_clear();
	if (err == 0) {
		ops->info(g, &info);
		printf("%s: generator %s, %" PRIu64 " bytes, digest %016" PRIx64 "\n"
		       "trained on %" PRIu32 " documents, %" PRIu64 " bytes, in %.1f s\n",
		       out, ops->name, info.model_bytes, info.model_digest, corpus->training_count,
		       corpus->training_bytes, (double)(clock_ns() - begin_ns) / 1e9);
		ops->close(g);
	}
	corpus_close(corpus);
	return err == 0 ? EXIT_OK : command_failed(err, &e);
}

int cmd_train(int argc, char **argv)
{
	static struct options o;

	switch (options_parse(&o, argc, argv, "og")) {
	case OPTIONS_HELP:
		fputs(help, stdout);
		print_generators(stdout);
		return EXIT_OK;
	case OPTIONS_BAD:
		return EXIT_USAGE;
	case OPTIONS_OK:
		break;
	}
	const struct generator_ops *ops =
		o.generator != NULL ? generator_find(o.generator) : generator_registry[0];
	if (ops == NULL) {
		fprintf(stderr, "gvr train: no generator named %s; there is ", o.generator);
		print_generators(stderr);
		return EXIT_USAGE;
	}
	if (o.out == NULL) {
		fprintf(stderr, "gvr train: -o FILE is missing; see gvr train --help\n");
		return EXIT_USAGE;
	}
	return train(o.operand, o.out, ops);
}
