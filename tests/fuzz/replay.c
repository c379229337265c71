/*
 * replay.c: runs a fuzz target over the files of its corpus, so that fuzz
 * targets are tested without a fuzzing compiler. `make fuzz` links the same
 * targets with libFuzzer instead.
 *
 * usage: fuzz_NAME FILE...
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes);

static int replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (f == NULL) {
		perror(path);
		return 1;
	}
	static uint8_t data[1 << 20];
	size_t nbytes = fread(data, 1, sizeof data, f);
	fclose(f);
	/* a copy of exact size, so that a read past the end is caught */
	uint8_t *exact = malloc(nbytes > 0 ? nbytes : 1);
	if (exact == NULL)
		return 1;
	for (size_t i = 0; i < nbytes; i++)
		exact[i] = data[i];
	LLVMFuzzerTestOneInput(exact, nbytes);
	free(exact);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "%s: no corpus files given\n", argv[0]);
		return 1;
	}
	for (int i = 1; i < argc; i++)
		if (replay(argv[i]) != 0)
			return 1;
	printf("%s: %d inputs\n", argv[0], argc - 1);
	return 0;
}
