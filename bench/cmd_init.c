/* cmd_init.c: gvr init: writes a workload file for a directory. */
#include "bench/commands.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/files.h"
#include "bench/format.h"
#include "bench/init.h"
#include "bench/options.h"
#include "workloads/file.h"
#include "workloads/shell.h"

#define LONG_LOAD_BYTES (UINT64_C(128) << 20)

static const char help[] =
	"usage: gvr init DIR [--out FILE]\n"
	"\n"
	"Looks through a directory of documents (any bytes, any sizes; none is opened)\n"
	"and writes a workload file with settings that suit them, each explained, for\n"
	"gvr run. A file that is there already is not replaced.\n"
	"\n"
	"  --out FILE  the workload file (default: NAME.ini in the current folder, after\n"
	"              the directory's name)\n"
	"\n"
	"Exit: 0 ok, 1 no documents, not a directory, or FILE is there already, 2 bad\n"
	"arguments, 3 directory missing, 4 permission, 5 a workload file cannot hold the\n"
	"directory's path.\n"
	"\n"
	"Example: gvr init ~/mail && gvr run mail.ini\n";

static void print_help(void)
{
	fputs(help, stdout);
}

static void print_found(const struct init_found *f)
{
	char dir[WORKLOAD_PATH_NBYTES], bytes[32], largest[32];

	snprintf(dir, sizeof dir, "%s", f->dir);
	error_clean(dir);
	format_bytes(bytes, sizeof bytes, (double)f->bytes);
	format_bytes(largest, sizeof largest, (double)f->largest_bytes);
	printf("%s:\n%" PRIu64 " file%s, %s in all, the largest %s\n", dir, f->files,
	       f->files == 1 ? "" : "s", bytes, largest);
	if (f->empty > 0)
		printf("empty: %" PRIu64 "\n", f->empty);
	command_print_skipped(&f->skipped);
	if (init_asked_bytes(f) < LONG_LOAD_BYTES)
		return;
	format_bytes(bytes, sizeof bytes, (double)init_asked_bytes(f));
	printf("The first run encodes some %s of them for the generator, each core about\n"
	       "half a MiB a second: begin with a part of the directory.\n",
	       bytes);
}

/* What gvr writes must not become one of the documents. */
static int check_outside(const struct init_found *f, const char *file, struct error *e)
{
	int err = files_keep_file_apart(f->dir, file, "the workload file",
					"go elsewhere (cd), or name a file with --out", e);
	if (err == 0 && file_lies_in(f->dir, "."))
		command_notice("the current folder lies in the directory: give gvr run an --out "
			       "elsewhere, or go elsewhere (cd)");
	return err;
}

static int write_workload(const struct init_found *f, const char *file, struct error *e)
{
	static struct workload w;
	char *text = init_text(f, file);

	if (text == NULL)
		return error_set(e, -ENOMEM, "out of memory");
	struct file_part part = {text, strlen(text)};
	int err = workload_parse(&w, file, text, part.nbytes, NULL, 0, NULL);
	if (err != 0) /* a line end in a name can be no comment */
		error_set(e, err, "%.300s: a name that a workload file cannot hold; choose another",
			  file);
	else
		err = file_write_new(file, &part, 1, e);
	free(text);
	if (err == -EEXIST)
		error_set(e, err, "%.300s: is there already; name another with --out, or remove it",
			  file);
	return err;
}

static int init(const struct options *o, struct error *e)
{
	static struct init_found found;
	char file[WORKLOAD_PATH_NBYTES];

	int err = init_look(&found, o->operand, e);
	if (err != 0)
		return err;
	snprintf(file, sizeof file, "%s%s", o->out != NULL ? o->out : found.name,
		 o->out != NULL ? "" : ".ini");
	err = check_outside(&found, file, e);
	if (err == 0)
		err = write_workload(&found, file, e);
	if (err != 0)
		return err;
	print_found(&found);
	fputs("\nNext: gvr run ", stdout);
	shell_quote_path(stdout, file);
	putchar('\n');
	return 0;
}

int cmd_init(int argc, char **argv)
{
	static struct options o;
	struct error e;

	int code = command_options(&o, argc, argv, "o", 1, print_help);
	if (code >= 0)
		return code;
	int err = init(&o, &e);
	return err != 0 ? command_bad_file(err, &e) : EXIT_OK;
}
