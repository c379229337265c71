/*
 * json_check [MEMBER...]: standard input must be one JSON text and nothing
 * else, without a key twice and without a byte that a terminal obeys. Prints the
 * value of each MEMBER ("engines/retrieve/right", "figures/0/p"), one a line,
 * strings as they are. Exit 1 with a line on stderr: it is not so, or there is no
 * such member.
 */
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(const char *what, const char *which)
{
	fprintf(stderr, "json_check: %s%s\n", what, which);
	return 1;
}

static char *read_all(FILE *in, size_t *nbytes)
{
	char *text = NULL;
	size_t capacity = 0;
	ssize_t n = getdelim(&text, &capacity, EOF, in);

	*nbytes = n > 0 ? (size_t)n : 0;
	return text;
}

static const json_t *find(const json_t *at, char *path)
{
	for (char *name = strtok(path, "/"); name != NULL && at != NULL; name = strtok(NULL, "/"))
		at = json_is_array(at) ? json_array_get(at, (size_t)atoi(name))
				       : json_object_get(at, name);
	return at;
}

int main(int argc, char **argv)
{
	json_error_t error;
	size_t nbytes;
	char *text = read_all(stdin, &nbytes);

	for (size_t i = 0; i < nbytes; i++)
		if (!isprint((unsigned char)text[i]) && text[i] != '\n')
			return fail("a byte that is not printable ASCII", "");
	json_t *root = nbytes > 0 ? json_loadb(text, nbytes, JSON_REJECT_DUPLICATES, &error) : NULL;
	free(text);
	if (root == NULL)
		return fail("not JSON: ", nbytes > 0 ? error.text : "nothing");
	for (int i = 1; i < argc; i++) {
		const json_t *value = find(root, argv[i]);
		if (value == NULL)
			return fail("no such member", "");
		if (json_is_string(value))
			puts(json_string_value(value));
		else if (json_dumpf(value, stdout, JSON_ENCODE_ANY | JSON_COMPACT) == 0)
			putchar('\n');
	}
	json_decref(root);
	return 0;
}
