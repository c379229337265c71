#include "bench/commands.h"

#include <errno.h>
#include <stdint.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/progress.h"
#include "bench/report/report_write.h"
#include "workloads/shell.h"

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
		shell_quote(f, argv[i]);
	}
	if (fclose(f) == 0)
		return line;
	free(line);
	return NULL;
}

static void print_skipped(uint64_t count, const char *what, const char *first)
{
	char name[256];

	if (count == 0)
		return;
	snprintf(name, sizeof name, "%s", first);
	error_clean(name);
	printf("skipped: %" PRIu64 " %s%s%s\n", count, what, name[0] != '\0' ? ", first " : "",
	       name);
}

void command_print_skipped(const struct corpus_skipped *s)
{
	print_skipped(s->links, "symbolic links (not followed)", "");
	print_skipped(s->special, "devices, sockets or pipes", "");
	print_skipped(s->unreadable, "not readable", s->first_unreadable);
	print_skipped(s->too_large, "larger than 64 MiB (set chunk to cut them)",
		      s->first_too_large);
	print_skipped(s->changing, "that changed or went meanwhile", s->first_changing);
	print_skipped(s->odd_size, "whose size is not what can be read, as in /proc and /sys",
		      s->first_odd_size);
}

int command_print_json(json_t *root, int code)
{
	const size_t flags = JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(6);
	char *text = root != NULL ? json_dumps(root, flags) : NULL;

	json_decref(root);
	progress_clear();
	if (text == NULL) {
		fputs("gvr: out of memory\n", stderr);
		return EXIT_ERROR;
	}
	puts(text);
	free(text);
	return code;
}

bool command_draw_report(const char *folder, const char *called)
{
	char verb[] = "report";
	struct error e;

	char *redraw = command_quoted(2, (char *[]){verb, (char *)(uintptr_t)called});
	int err = redraw != NULL ? report_write_page(folder, redraw, progress_terminal(), &e)
				 : error_set(&e, -ENOMEM, "out of memory");
	free(redraw);
	progress_clear();
	if (err != 0)
		command_notice(e.text);
	return err == 0;
}
