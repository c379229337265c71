/* page_html.c: report.html. No script, nothing from elsewhere. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "bench/breakeven.h"
#include "bench/format.h"
#include "bench/report/html.h"
#include "bench/report/page.h"
#include "bench/report/report_read.h"
#include "bench/version.h"

/* So many results are listed; more, behind a click. */
#define LISTED_MAX 60u

static const char css[] =
#include "bench/report/report.css.inc"
	;

/* ---- pieces ---- */

static void element(FILE *f, const char *tag, const char *text)
{
	fprintf(f, "<%s>", tag);
	html_text(f, text);
	fprintf(f, "</%s>\n", tag);
}

static void heading(FILE *f, const char *id, const char *text)
{
	fprintf(f, "<h2 id=\"%s\">", id);
	html_text(f, text);
	fputs("</h2>\n", f);
}

static void code(FILE *f, const char *label, const char *text)
{
	fputs("<pre tabindex=\"0\" aria-label=\"", f);
	html_text(f, label);
	fputs("\"><code>", f);
	html_text(f, text);
	fputs("</code></pre>\n", f);
}

static void begin_details(FILE *f, const char *summary)
{
	fputs("<details>\n<summary>", f);
	html_text(f, summary);
	fputs("</summary>\n", f);
}

static void end_details(FILE *f)
{
	fputs("</details>\n", f);
}

static void badge(FILE *f, bool valid)
{
	fprintf(f, "<strong class=\"badge %s\">%s</strong>", valid ? "valid" : "invalid",
		valid ? "VALID" : "INVALID");
}

/* ---- the whole ---- */

static void begin(FILE *f, const char *title)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "style-src 'unsafe-inline'; img-src data:\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n",
	      f);
	fprintf(f, "<meta name=\"generator\" content=\"gvr %s\">\n<title>", gvr_version);
	html_text(f, title);
	fputs(" | gvr</title>\n<style>\n", f);
	fputs(css, f);
	plot_css(f);
	fputs("</style>\n</head>\n<body>\n<main>\n", f);
}

static void end(FILE *f, const struct page *p)
{
	fputs("<footer>\n<p>Drawn from result.json alone, again by</p>\n", f);
	code(f, "Command that draws the report again", p->redraw);
	fputs("</footer>\n</main>\n</body>\n</html>\n", f);
}

/* ---- figures ---- */

static void files(FILE *f, const char *name, bool has_png)
{
	static const char *const ends[] = {"csv", "svg", "png"};
	size_t count = has_png ? 3 : 2;

	fputs("<p class=\"files\">", f);
	for (size_t i = 0; i < count; i++)
		fprintf(f, "<a href=\"figures/%s.%s\">%s.%s</a>%s", name, ends[i], name, ends[i],
			i + 1 < count ? " " : "</p>\n");
}

static void figure(FILE *f, const struct page *p, unsigned i)
{
	const struct plot *plot = &p->plots[i];

	fprintf(f, "<figure id=\"figure_%s\">\n<figcaption>\n", plot->name);
	element(f, "h3", plot->title);
	if (plot->caption[0] != '\0')
		element(f, "p", plot->caption);
	fputs("</figcaption>\n", f);
	fprintf(f, "<div class=\"wide\">%s</div>\n<div class=\"narrow\">%s</div>\n",
		p->pictures[i].svg[PLOT_WIDE], p->pictures[i].svg[PLOT_NARROW]);
	if (p->has_files)
		files(f, plot->name, p->pictures[i].png != NULL);
	fputs("</figure>\n", f);
}

static void not_drawn(FILE *f, const struct page *p)
{
	bool any = false;

	for (unsigned i = 0; i < p->plot_count; i++) {
		if (p->plots[i].why_not[0] == '\0')
			continue;
		if (!any)
			fputs("<h3>Not drawn</h3>\n<ul>\n", f);
		any = true;
		fputs("<li>", f);
		html_text(f, p->plots[i].title);
		fputs(": ", f);
		html_text(f, p->plots[i].why_not);
		fputs("</li>\n", f);
	}
	if (any)
		fputs("</ul>\n", f);
}

static void figures(FILE *f, const struct page *p)
{
	if (p->plot_count == 0)
		return;
	fputs("<section aria-labelledby=\"figures\">\n", f);
	heading(f, "figures", "Figures");
	for (unsigned i = 0; i < p->plot_count; i++)
		if (p->pictures[i].svg[PLOT_WIDE] != NULL)
			figure(f, p, i);
	not_drawn(f, p);
	fputs("</section>\n", f);
}

/* ---- one result ---- */

static void reasons(FILE *f, const json_t *result)
{
	const json_t *why = json_object_get(result, "why_invalid"), *reason;
	size_t i;

	if (json_array_size(why) == 0)
		return;
	fputs("<ul class=\"reasons\">\n", f);
	json_array_foreach((json_t *)(uintptr_t)why, i, reason)
		element(f, "li", json_string_value(reason));
	fputs("</ul>\n", f);
}

static void verdict_of_one(FILE *f, const struct report_run *run)
{
	if (!run->compared)
		fputs("<p class=\"verdict none\">Store or regenerate? Not known: ", f);
	else if (run->valid)
		fputs("<p class=\"verdict\">", f);
	else
		fputs("<p class=\"verdict none\">Were this run VALID: ", f);
	html_text(f, run->verdict);
	fputs("</p>\n", f);
}

/* Said once if it is the same for all. */
static void energy_kind(FILE *f, const struct report *r)
{
	bool same = true;

	for (unsigned i = 1; i < r->engine_count; i++)
		same = same && strcmp(r->engines[i].energy_kind, r->engines[0].energy_kind) == 0;
	fputs("<p class=\"note\">Energy", f);
	for (unsigned i = 0; i < (same ? 0 : r->engine_count); i++) {
		fprintf(f, "%s of ", i > 0 ? "," : "");
		html_text(f, r->engines[i].label);
		fputs(": ", f);
		html_text(f, r->engines[i].energy_kind);
	}
	if (same && r->engine_count > 0) {
		fputs(" of all engines: ", f);
		html_text(f, r->engines[0].energy_kind);
	}
	fputs(".</p>\n", f);
}

/* What the interval leaves out, and how much this run had. */
static void catalogue(FILE *f, const struct report *r)
{
	char words[BREAKEVEN_CATALOGUE_NBYTES], bytes[32];

	if (!r->runs[0].compared)
		return;
	breakeven_catalogue(words, json_object_get(r->result, "breakeven"));
	fputs("<p class=\"note\">", f);
	html_text(f, words);
	if (r->engine_count > 0 && !isnan(r->engines[0].content_bytes)) {
		format_bytes(bytes, sizeof bytes, r->engines[0].content_bytes);
		fprintf(f, " Here there were %s.", bytes);
	}
	fputs("</p>\n", f);
}

static void head_of_one(FILE *f, const struct page *p)
{
	const struct report_run *run = &p->report->runs[0];

	fputs("<header>\n<p class=\"over\">gvr: generate versus retrieve</p>\n", f);
	element(f, "h1", run->name);
	fputs("<p>", f);
	badge(f, run->valid);
	fputs("</p>\n", f);
	reasons(f, p->report->result);
	verdict_of_one(f, run);
	catalogue(f, p->report);
	if (p->report->engine_count > 0)
		energy_kind(f, p->report);
	fputs("</header>\n", f);
}

static void section_engines(FILE *f, const struct page *p)
{
	fputs("<section aria-labelledby=\"h-engines\">\n", f);
	heading(f, "h-engines", "Engines");
	table_html(f, &p->tables[TABLE_ENGINES]);
	table_html(f, &p->tables[TABLE_STEPS]);
	fputs("</section>\n", f);
}

static void section_breakeven(FILE *f, const struct page *p)
{
	fputs("<section aria-labelledby=\"breakeven\">\n", f);
	heading(f, "breakeven", "Store or regenerate?");
	if (!p->report->runs[0].compared)
		element(f, "p", p->report->runs[0].verdict);
	table_html(f, &p->tables[TABLE_INTERVALS]);
	table_html(f, &p->tables[TABLE_SENSITIVITY]);
	table_html(f, &p->tables[TABLE_LAYERS]);
	table_html(f, &p->tables[TABLE_PAIR]);
	fputs("</section>\n", f);
}

static void section_method(FILE *f, const struct page *p)
{
	fputs("<section aria-labelledby=\"method\">\n", f);
	heading(f, "method", "Method and validity");
	for (unsigned i = 0; i < p->method_count; i++)
		element(f, "p", p->method[i]);
	table_html(f, &p->tables[TABLE_MEASURED]);
	table_html(f, &p->tables[TABLE_VALIDITY]);
	table_html(f, &p->tables[TABLE_SOURCES]);
	table_html(f, &p->tables[TABLE_RATIOS]);
	table_html(f, &p->tables[TABLE_METERS]);
	table_html(f, &p->tables[TABLE_HOST]);
	fputs("</section>\n", f);
}

static void section_inputs(FILE *f, const struct page *p)
{
	fputs("<section aria-labelledby=\"inputs\">\n", f);
	heading(f, "inputs", "Workload and constants");
	element(f, "p", "Every setting with its effective value, as a file for gvr run:");
	code(f, "The workload", p->workload_ini);
	begin_details(f, "Constants of the platform");
	table_html(f, &p->tables[TABLE_PLATFORM]);
	end_details(f);
	if (p->tables[TABLE_PRICES].row_count > 0) {
		begin_details(f, "Prices");
		table_html(f, &p->tables[TABLE_PRICES]);
		end_details(f);
	}
	fputs("</section>\n", f);
}

static void section_reproduce(FILE *f, const struct page *p)
{
	const json_t *command = json_object_get(p->report->result, "command");
	const json_t *tool = json_object_get(p->report->result, "tool");
	const char *commit = json_string_value(json_object_get(tool, "commit"));

	fputs("<section aria-labelledby=\"reproduce\">\n", f);
	heading(f, "reproduce", "Reproduce");
	if (json_is_string(command)) {
		fputs("<p>With gvr of commit <code>", f);
		html_text(f, commit != NULL ? commit : "unknown");
		fputs("</code>:</p>\n", f);
		code(f, "The command of this run", json_string_value(command));
	} else {
		element(f, "p", "This result does not tell the command that made it.");
	}
	fputs("</section>\n", f);
}

static void page_of_one(FILE *f, const struct page *p)
{
	begin(f, p->report->runs[0].name);
	head_of_one(f, p);
	section_engines(f, p);
	figures(f, p);
	section_breakeven(f, p);
	section_method(f, p);
	section_inputs(f, p);
	section_reproduce(f, p);
	end(f, p);
}

/* ---- several ---- */

static void verdicts(FILE *f, const struct page *p)
{
	const struct report *r = p->report;

	fputs("<section aria-labelledby=\"verdicts\">\n", f);
	heading(f, "verdicts", "Verdicts");
	fputs("<ul class=\"verdicts\">\n", f);
	for (unsigned i = 0; i < r->run_count && i < LISTED_MAX; i++) {
		const struct table_cell *name = &p->overview.rows[i].cells[0];
		fputs("<li>", f);
		badge(f, r->runs[i].valid);
		fputs(" ", f);
		table_cell_html(f, name);
		fputs(!r->runs[i].compared ? ": not known: "
		      : r->runs[i].valid   ? ": "
					   : ": were it VALID: ",
		      f);
		html_text(f, r->runs[i].verdict);
		fputs("</li>\n", f);
	}
	fputs("</ul>\n", f);
	if (r->run_count > LISTED_MAX)
		element(f, "p", "The others are in the table below.");
	fputs("</section>\n", f);
}

static void results_table(FILE *f, const struct page *p)
{
	bool many = p->report->run_count > LISTED_MAX;

	fputs("<section aria-labelledby=\"h-results\">\n", f);
	heading(f, "h-results", "Results");
	if (many)
		begin_details(f, "Every result");
	table_html(f, &p->overview);
	if (many)
		end_details(f);
	fputs("</section>\n", f);
}

/* What was swept, or what is not the same in all. */
static void differing(FILE *f, const struct report *r)
{
	if (r->axis_count == 0)
		return;
	fputs("<p class=\"note\">They differ in", f);
	for (unsigned i = 0; i < r->axis_count; i++) {
		fputs(i > 0 ? ", <code>" : " <code>", f);
		html_text(f, r->axes[i]);
		fputs("</code>", f);
	}
	fputs(".</p>\n", f);
}

static void head_of_several(FILE *f, const struct page *p)
{
	const struct report *r = p->report;
	char line[PAGE_LINE_NBYTES];

	fputs("<header>\n<p class=\"over\">gvr: generate versus retrieve</p>\n", f);
	element(f, "h1", page_title(r));
	page_counts(r, line, sizeof line);
	element(f, "p", line);
	page_range(r, line, sizeof line);
	fputs("<p class=\"verdict\">", f);
	html_text(f, line);
	fputs("</p>\n", f);
	page_documents(r, line, sizeof line);
	if (line[0] != '\0')
		element(f, "p", line);
	differing(f, r);
	if (r->sweep != NULL)
		code(f, "The command of the sweep", r->sweep);
	fputs("</header>\n", f);
}

static void page_of_several(FILE *f, const struct page *p)
{
	begin(f, page_title(p->report));
	head_of_several(f, p);
	if (!report_is_one_workload(p->report))
		verdicts(f, p);
	figures(f, p);
	results_table(f, p);
	end(f, p);
}

void page_html(FILE *f, const struct page *p)
{
	if (p->report->result != NULL)
		page_of_one(f, p);
	else
		page_of_several(f, p);
}
