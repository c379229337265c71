/* page_markdown.c: report.md, for a repository or a ticket. */
#include <stdint.h>

#include "bench/report/html.h"
#include "bench/report/page.h"

#define ROWS_MAX 60u

static void paragraph(FILE *f, const char *before, const char *text)
{
	fputs(before, f);
	markdown_text(f, text);
	fputs("\n\n", f);
}

/* Indented, so that no text can end it; one line, as a shell takes a command. */
static void code(FILE *f, const char *text)
{
	fputs("    ", f);
	markdown_code(f, text);
	fputs("\n\n", f);
}

static void section(FILE *f, const char *title, const struct table *t)
{
	if (t->row_count == 0)
		return;
	fprintf(f, "## %s\n\n", title);
	table_markdown(f, t, ROWS_MAX);
}

static void reasons(FILE *f, const json_t *result)
{
	const json_t *why = json_object_get(result, "why_invalid"), *reason;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)why, i, reason)
	{
		fputs("* ", f);
		markdown_text(f, json_string_value(reason));
		fputc('\n', f);
	}
	if (json_array_size(why) > 0)
		fputc('\n', f);
}

static void one(FILE *f, const struct page *p)
{
	const struct report_run *run = &p->report->runs[0];
	const json_t *command = json_object_get(p->report->result, "command");

	paragraph(f, "# ", run->name);
	fprintf(f, "Result is: **%s**\n\n", run->valid ? "VALID" : "INVALID");
	reasons(f, p->report->result);
	paragraph(f,
		  !run->compared ? "Store or regenerate? Not known: "
		  : run->valid	 ? "> "
				 : "> Were this run VALID: ",
		  run->verdict);
	section(f, "Engines", &p->tables[TABLE_ENGINES]);
	section(f, "Steps of rate_iops", &p->tables[TABLE_STEPS]);
	section(f, "Store or regenerate?", &p->tables[TABLE_INTERVALS]);
	section(f, "Validity", &p->tables[TABLE_VALIDITY]);
	table_markdown(f, &p->tables[TABLE_SOURCES], ROWS_MAX);
	for (unsigned i = 0; i < p->method_count; i++)
		paragraph(f, "", p->method[i]);
	if (json_is_string(command)) {
		fputs("## Reproduce\n\n", f);
		code(f, json_string_value(command));
	}
}

static void several(FILE *f, const struct page *p)
{
	char line[PAGE_LINE_NBYTES];

	paragraph(f, "# ", page_title(p->report));
	page_counts(p->report, line, sizeof line);
	paragraph(f, "", line);
	page_range(p->report, line, sizeof line);
	paragraph(f, "> ", line);
	page_documents(p->report, line, sizeof line);
	if (line[0] != '\0')
		paragraph(f, "", line);
	section(f, "Results", &p->overview);
	if (p->report->sweep != NULL) {
		fputs("## Reproduce\n\n", f);
		code(f, p->report->sweep);
	}
}

void page_markdown(FILE *f, const struct page *p)
{
	if (p->report->result != NULL)
		one(f, p);
	else
		several(f, p);
	fputs("Drawn again by\n\n", f);
	code(f, p->redraw);
}
