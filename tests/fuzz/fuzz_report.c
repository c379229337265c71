/*
 * fuzz_report.c: any bytes as a result.json, for gvr report: refused with one
 * line, or a whole page and Markdown of it, whose figures no gnuplot drew.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/page.h"
#include "bench/report/report_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes);

static char *printed(void (*print)(FILE *f, const struct page *p), const struct page *p)
{
	char *text = NULL;
	size_t nbytes = 0;
	FILE *f = open_memstream(&text, &nbytes);

	if (f == NULL)
		abort();
	print(f, p);
	if (fclose(f) != 0 || nbytes == 0 || strlen(text) != nbytes)
		abort();
	return text;
}

/* Nothing that a text brought became markup. */
static void check_page(const struct page *p)
{
	char *html = printed(page_html, p), *markdown = printed(page_markdown, p);

	if (strstr(html, "<script") != NULL || strstr(html, "<img") != NULL ||
	    strcmp(html + strlen(html) - 8, "</html>\n") != 0)
		abort();
	for (const char *c = html; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 && *c != '\n' && *c != '\t')
			abort();
	free(html);
	free(markdown);
}

static void check_csv(const struct page *p)
{
	char *text = NULL;
	size_t nbytes = 0;

	for (unsigned i = 0; i < p->plot_count; i++) {
		FILE *f = open_memstream(&text, &nbytes);
		if (f == NULL)
			abort();
		plot_csv(f, &p->plots[i]);
		if (fclose(f) != 0)
			abort();
		free(text);
	}
}

static int check_report(const struct report *r, struct error *e)
{
	struct page p;

	int err = page_make(&p, r, ".", e);
	if (err != 0)
		return err;
	p.redraw = "gvr report fuzz";
	check_page(&p);
	check_csv(&p);
	page_free(&p);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes)
{
	struct error e = {""};
	struct report r;

	int err = report_parse(&r, "fuzz.json", (const char *)data, nbytes, &e);
	if (err == 0) {
		err = check_report(&r, &e);
		report_free(&r);
	}
	if (err != 0 && (e.text[0] == '\0' || strchr(e.text, '\n') != NULL))
		abort();
	return 0;
}
