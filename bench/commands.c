#include "bench/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/progress.h"

int command_options(struct options *o, int argc, char **argv, const char *accepted,
		    int operand_count, void (*print_help)(void))
{
	switch (options_parse(o, argc, argv, accepted, operand_count)) {
	case OPTIONS_HELP:
		print_help();
		return EXIT_OK;
	case OPTIONS_BAD:
		return EXIT_USAGE;
	default:
		return -1;
	}
}

int command_begin(struct options *o, struct workload *w, int argc, char **argv,
		  const char *accepted, void (*print_help)(void))
{
	struct error e;

	int code = command_options(o, argc, argv, accepted, 1, print_help);
	if (code >= 0)
		return code;
	int err = workload_read(w, o->operand, o->sets, o->set_count, &e);
	return err != 0 ? command_bad_file(err, &e) : -1;
}

int command_failed(int err, const struct error *e)
{
	progress_clear();
	fprintf(stderr, "gvr: %s\n", e->text);
	switch (-err) {
	case ENOENT:
		return EXIT_MISSING;
	case EACCES:
	case EPERM:
	case EROFS:
		return EXIT_PERMISSION;
	case ETIMEDOUT:
		return EXIT_TIMEOUT;
	case EILSEQ:
		return EXIT_DIFFER;
	default:
		return EXIT_ERROR;
	}
}

int command_bad_file(int err, const struct error *e)
{
	int code = command_failed(err, e);
	return err == -EINVAL ? EXIT_WORKLOAD : code;
}

void command_notice(const char *line)
{
	progress_clear();
	fprintf(stderr, "gvr: %s\n", line);
}

static void quote(FILE *f, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-_./:=,+@%";

	if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
		fputs(word, f);
		return;
	}
	fputc('\'', f);
	for (; *word != '\0'; word++)
		if (*word == '\'')
			fputs("'\\''", f);
		else
			fputc(*word, f);
	fputc('\'', f);
}

char *command_quoted(int argc, char **argv)
{
	char *line = NULL;
	size_t nbytes;
	FILE *f = open_memstream(&line, &nbytes);

	if (f == NULL)
		return NULL;
	fputs("gvr", f);
	for (int i = 0; i < argc; i++) {
		fputc(' ', f);
		quote(f, argv[i]);
	}
	if (fclose(f) == 0)
		return line;
	free(line);
	return NULL;
}
