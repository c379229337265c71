/*
 * held_out.c: what peers.sh sets beside other programs: the held-out documents
 * of a folder by models and by zstd with dictionaries, all of the same training
 * documents, each document alone, in gvr's records. And the documents themselves,
 * for those programs.
 *
 * usage: held_out DIR MODEL OUT   MODEL: of rnn. OUT: a folder; the documents
 *                                 become OUT/0, OUT/1 ...
 * Prints "documents COUNT BYTES", then lines "NAME SHARED RECORDS": bytes of the
 * dictionary or the model, and of all records.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/held_out.h"
#include "workloads/file.h"

static const uint64_t MIB = 1 << 20;

static void check(int err, const struct error *e)
{
	if (err == 0)
		return;
	fprintf(stderr, "held_out: %s\n", e->text);
	exit(1);
}

static void write_documents(const struct corpus *c, const char *folder)
{
	struct error e;
	char path[4096];
	uint8_t *bytes = malloc(corpus_nbytes_max(c, SPLIT_HELD_OUT) + 1);
	for (uint32_t k = 0; bytes != NULL && k < c->held_out_count; k++) {
		uint32_t document = c->held_out[k];
		check(corpus_read(c, document, bytes, &e), &e);
		snprintf(path, sizeof path, "%s/%" PRIu32, folder, k);
		struct file_part part = {bytes, c->documents[document].nbytes};
		check(file_write(path, &part, 1, &e), &e);
	}
	free(bytes);
	printf("documents %" PRIu32 " %" PRIu64 "\n", c->held_out_count, c->held_out_bytes);
}

static void print(const char *name, uint64_t shared, const struct held_out_cost *cost)
{
	printf("%s %" PRIu64 " %" PRIu64 "\n", name, shared, cost->record_bytes);
	fflush(stdout);
}

/* Returns the model's bytes. */
static uint64_t measure_model(const struct corpus *c, const struct generator_ops *ops,
			      const char *path)
{
	struct error e;
	struct generator *g;
	struct generator_info info;
	struct held_out_cost cost;
	check(ops->open(&g, path, &e), &e);
	ops->info(g, &info);
	check(held_out_generator(&cost, c, ops, g, NULL, &e), &e);
	ops->close(g);
	print(ops->name, info.model_bytes, &cost);
	if (info.trained_on != 0 && info.trained_on != corpus_fingerprint(c, SPLIT_TRAINING))
		fprintf(stderr, "held_out: %s was trained on other documents than these\n", path);
	return info.model_bytes;
}

static void measure_cm(const struct corpus *c)
{
	struct error e;
	char path[] = "/tmp/gvr-held-out-XXXXXX";
	int fd = mkstemp(path);
	if (fd >= 0)
		close(fd);
	check(cm_generator.train(c, path, NULL, NULL, &e), &e);
	measure_model(c, &cm_generator, path);
	unlink(path);
}

static void measure_zstd(const struct corpus *c, uint64_t nbytes)
{
	struct error e;
	struct held_out_cost cost;
	char path[] = "/tmp/gvr-held-out-XXXXXX";
	int fd = mkstemp(path);
	if (fd >= 0)
		close(fd);
	uint64_t dictionary_nbytes;
	check(held_out_zstd(&cost, &dictionary_nbytes, c, nbytes, path, NULL, &e), &e);
	print("zstd", dictionary_nbytes, &cost);
}

int main(int argc, char **argv)
{
	struct corpus *c;
	struct error e;
	if (argc != 4) {
		fprintf(stderr, "usage: held_out DIR MODEL OUT\n");
		return 2;
	}
	check(corpus_open(&c, argv[1], 0, NULL, NULL, &e), &e);
	write_documents(c, argv[3]);
	uint64_t model_nbytes = measure_model(c, &rnn_generator, argv[2]);
	measure_zstd(c, MIB);
	measure_zstd(c, model_nbytes);
	measure_cm(c);
	corpus_close(c);
	return 0;
}
