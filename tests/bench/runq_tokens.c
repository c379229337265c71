/*
 * runq_tokens.c: how many tokens a second llama2.c's int8 program makes, on one
 * core, with as many multiply-accumulates a token as are asked for. None of it
 * is here: RUNQ is the path of a runq.c. Compiled and called by runq.sh.
 *
 * usage: runq_tokens MACS   prints: MACs a token, those of attention, tokens/s
 *
 * Two layers of width 128 and hidden width 384, and a vocabulary that fills up
 * to MACS: all products of weights, classifier included. Random weights, greedy
 * choice, a context of at most 32 tokens, so that attention, which comes on top,
 * is little. Its own forward() and sample_argmax() are timed, by CPU time; what
 * it prints is not.
 */
#define TESTING /* without its main */
#include RUNQ

#define DIM 128
#define HIDDEN 384
#define LAYERS 2
#define HEADS 4
#define CONTEXT 32
#ifndef GROUP
#define GROUP 64 /* weights that share a scale: export.py's default */
#endif
#define HEADER_NBYTES 256
#define ROUND_S 1.0

static uint32_t next_random(void)
{
	static uint64_t state = 1;
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(state >> 33);
}

static void put_ones(FILE *f, int count)
{
	float one = 1;
	for (int i = 0; i < count; i++)
		fwrite(&one, sizeof one, 1, f);
}

/* `count` tensors: int8 values, then a scale for each group. */
static void put_tensors(FILE *f, int count, int rows, int cols)
{
	float scale = 1.7f / 127 / sqrtf((float)cols);
	for (int k = 0; k < count; k++) {
		for (int i = 0; i < rows * cols; i++)
			fputc((int)(next_random() % 255) - 127, f);
		for (int i = 0; i < rows * cols / GROUP; i++)
			fwrite(&scale, sizeof scale, 1, f);
	}
}

/* Version 2 of its checkpoints, classifier and embedding shared. */
static void write_checkpoint(const char *path, int vocabulary)
{
	uint32_t head[] = {0x616b3432,		 2,	 DIM, HIDDEN, LAYERS, HEADS, HEADS,
			   (uint32_t)vocabulary, CONTEXT};
	int group = GROUP;
	FILE *f = fopen(path, "wb");
	if (f == NULL)
		exit(EXIT_FAILURE);
	fwrite(head, sizeof head, 1, f);
	fputc(1, f);
	fwrite(&group, sizeof group, 1, f);
	while (ftell(f) < HEADER_NBYTES)
		fputc(0, f);
	put_ones(f, (2 * LAYERS + 1) * DIM);
	put_tensors(f, 1, vocabulary, DIM);
	put_tensors(f, 4 * LAYERS, DIM, DIM); /* query, key, value, output */
	put_tensors(f, LAYERS, HIDDEN, DIM);
	put_tensors(f, LAYERS, DIM, HIDDEN);
	put_tensors(f, LAYERS, HIDDEN, DIM);
	if (fclose(f) != 0)
		exit(EXIT_FAILURE);
}

static double cpu_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* One sequence, from its begin to the end of the context. */
static int make_sequence(Transformer *t, int token)
{
	for (int pos = 0; pos < CONTEXT; pos++)
		token = sample_argmax(forward(t, token, pos), t->config.vocab_size);
	return token;
}

static double measure(const char *path, int vocabulary)
{
	Transformer t;
	double tokens = 0, passed, begin;
	build_transformer(&t, (char *)path);
	int token = make_sequence(&t, 1);
	begin = cpu_s();
	do {
		token = make_sequence(&t, (token + 1) % vocabulary);
		tokens += CONTEXT;
		passed = cpu_s() - begin;
	} while (passed < ROUND_S);
	free_transformer(&t);
	return tokens / passed;
}

int main(int argc, char **argv)
{
	const long layers = LAYERS * (4l * DIM * DIM + 3l * DIM * HIDDEN);
	long macs = argc == 2 ? atol(argv[1]) : 0;
	long vocabulary = (macs - layers + DIM / 2) / DIM;
	char path[] = "/tmp/gvr-runq-XXXXXX";
	int fd = mkstemp(path);
	if (vocabulary < 64 || fd < 0) {
		fprintf(stderr, "usage: runq_tokens MACS, at least %ld\n", layers + 64 * DIM);
		return EXIT_FAILURE;
	}
	close(fd);
	write_checkpoint(path, (int)vocabulary);
	double rate = measure(path, (int)vocabulary);
	unlink(path);
	printf("%ld %ld %.0f\n", layers + vocabulary * DIM, LAYERS * DIM * (CONTEXT + 1l), rate);
	return EXIT_SUCCESS;
}
