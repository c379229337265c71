#include "workloads/shell.h"

#include <stdbool.h>
#include <string.h>

static bool is_plain(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-_./:=,+@%";

	return word[0] != '\0' && word[strspn(word, plain)] == '\0';
}

void shell_quote(FILE *f, const char *word)
{
	if (is_plain(word)) {
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

void shell_quote_path(FILE *f, const char *path)
{
	if (path[0] == '-')
		fputs("./", f);
	shell_quote(f, path);
}

void shell_quoted(char *out, size_t capacity, const char *word)
{
	FILE *f = fmemopen(out, capacity, "w");

	if (f != NULL) {
		shell_quote(f, word);
		fputc('\0', f);
	}
	if (f == NULL || fclose(f) != 0)
		snprintf(out, capacity, "...");
}
