/* cmd_report.c: gvr report: results as a page with figures. */
#include "bench/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/options.h"
#include "bench/progress.h"
#include "bench/report/report_read.h"
#include "bench/report/report_write.h"

static const char help[] =
	"usage: gvr report RESULT... [--out DIR]\n"
	"\n"
	"Draws a result of gvr run (result.json or the folder that holds it), a sweep, or\n"
	"several results beside each other: DIR/report.html, a page that stands alone,\n"
	"DIR/report.md, and each figure as DIR/figures/NAME.svg, .png and .csv. All that\n"
	"it shows is in result.json, nothing else: old results can be drawn again. Runs\n"
	"nothing but gnuplot.\n"
	"\n"
	"  --out DIR  where the report goes (default: the folder of the result or sweep;\n"
	"             of several results: out/report)\n"
	"\n"
	"Exit: 0 ok, 1 damaged result or cannot draw, 2 bad arguments, 3 file missing,\n"
	"4 permission.\n"
	"\n"
	"Example: gvr report out/manpages\n"
	"         gvr report results/*/ --out out/all\n";

static void print_help(void)
{
	fputs(help, stdout);
}

/* The folder of the only operand, or out/report. */
static char *default_out(const struct options *o)
{
	struct stat st;

	if (o->operand_count > 1)
		return strdup("out/report");
	if (stat(o->operand, &st) == 0 && S_ISDIR(st.st_mode))
		return strdup(o->operand);
	return report_folder_of(o->operand);
}

static int draw(const struct options *o, const char *out, const char *redraw, bool *lacks_png,
		struct error *e)
{
	struct report r;

	int err = report_read(&r, o->operands, o->operand_count, progress_terminal(), e);
	if (err != 0)
		return err;
	err = report_write(&r, out, redraw, progress_terminal(), lacks_png, e);
	report_free(&r);
	return err;
}

static int no_font(const char *out, struct error *e)
{
	return error_set(e, -ENODATA,
			 "%.600s/figures: no PNG is written: this machine has no font, and they "
			 "would be without a letter; install one (apt-get install "
			 "fonts-dejavu-core) and draw again",
			 out);
}

int cmd_report(int argc, char **argv)
{
	static struct options o;
	struct error e;
	bool lacks_png = false;

	char *redraw = command_quoted(argc, argv);
	int code = command_options(&o, argc, argv, "o", OPTIONS_SOME, print_help);
	if (code >= 0) {
		free(redraw);
		return code;
	}
	char *out = o.out != NULL ? strdup(o.out) : default_out(&o);
	int err = redraw != NULL && out != NULL ? draw(&o, out, redraw, &lacks_png, &e)
						: error_set(&e, -ENOMEM, "out of memory");
	progress_clear();
	if (err == 0)
		printf("Report: %s/report.html\n        %s/report.md\n        %s/figures/\n", out,
		       out, out);
	if (err == 0 && lacks_png)
		err = no_font(out, &e);
	code = err != 0 ? command_failed(err, &e) : EXIT_OK;
	free(redraw);
	free(out);
	return code;
}
