/* page.h: a report as one HTML file that stands alone, and as Markdown. */
#ifndef GVR_PAGE_H
#define GVR_PAGE_H

#include <stdio.h>

#include "bench/report/report.h"
#include "bench/report/tables.h"

/* All that is shown. */
struct page {
	const struct report *report;
	const char *redraw;		    /* the command that makes the report again */
	bool has_files;			    /* figures/NAME.svg, .png, .csv are beside it */
	struct table tables[REPORT_TABLES]; /* of a single result */
	struct table overview;		    /* of several */
	char *workload_ini;		    /* of a single result */
	char **method;			    /* of a single result, in words */
	unsigned method_count;
	unsigned plot_count;
	struct plot *plots;
	struct plot_picture *pictures; /* of each plot, or empty */
};

/*
 * Everything but pictures, from a report. out: the folder that it is for; of
 * several results it must be there, for the links to theirs. On error there is nothing: -EBADMSG
 * with e: a result is damaged; -ENOMEM. page_free also frees the pictures.
 */
int page_make(struct page *p, const struct report *r, const char *out, struct error *e);
void page_free(struct page *p);

#define PAGE_LINE_NBYTES 1024u

/* Of several results: a title, how many there are, and from where to where
 * their break-even intervals reach. */
const char *page_title(const struct report *r);
void page_counts(const struct report *r, char *out, size_t capacity);
void page_range(const struct report *r, char *out, size_t capacity);

/* Which of them were measured over other documents than the first of the same folder;
 * "": none, as far as they tell. */
void page_documents(const struct report *r, char *out, size_t capacity);

void page_html(FILE *f, const struct page *p);
void page_markdown(FILE *f, const struct page *p);

#endif
