/* plot_csv.c: the data of a figure, one value a line where there are many. */
#include "bench/report/plot_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* As RFC 4180 has it: quoted where it must be. */
static void put_text(FILE *f, const char *text)
{
	if (strpbrk(text, ",\"\r\n") == NULL) {
		fputs(text, f);
		return;
	}
	fputc('"', f);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			fputc('"', f);
		fputc(*text, f);
	}
	fputc('"', f);
}

/* The shortest that reads back as the same number; absent is empty. */
static void put_number(FILE *f, double value)
{
	char text[32];

	fputc(',', f);
	if (isnan(value))
		return;
	for (int digits = 6; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	if (fabs(value) < 0x1p53 && value == floor(value))
		snprintf(text, sizeof text, "%.0f", value);
	fputs(text, f);
}

static void xy_csv(FILE *f, const struct plot *p)
{
	bool high = false;

	for (unsigned i = 0; i < p->series_count; i++)
		high |= p->series[i].style == PLOT_AREA;
	fputs("series,", f);
	put_text(f, p->x.column);
	fputc(',', f);
	put_text(f, p->y.column);
	fputs(high ? ",high\n" : "\n", f);
	for (unsigned i = 0; i < p->series_count; i++) {
		const struct plot_series *s = &p->series[i];
		for (unsigned k = 0; k < s->count; k++) {
			put_text(f, s->name);
			put_number(f, s->x[k]);
			put_number(f, s->y[k]);
			if (high)
				put_number(f, s->high[k]);
			fputc('\n', f);
		}
	}
}

/* The columns that some row needs. */
struct columns {
	unsigned segments;
	bool figure, dots;
};

static struct columns columns_of(const struct plot *p)
{
	struct columns c = {0};

	for (unsigned i = 0; i < p->row_count; i++) {
		const struct plot_row *r = &p->rows[i];
		if (r->segment_count > 0)
			c.segments = p->segment_name_count;
		c.figure |= !isnan(r->low) || !isnan(r->nominal) || !isnan(r->high);
		c.dots |= r->dot_count > 0;
	}
	return c;
}

static void dot_csv(FILE *f, const char *name, const struct columns *c, double dot)
{
	put_text(f, name);
	for (unsigned i = 0; i < c->segments + (c->figure ? 3 : 0); i++)
		fputc(',', f);
	put_number(f, dot);
	fputc('\n', f);
}

static void row_csv(FILE *f, const struct plot_row *r, const struct columns *c)
{
	put_text(f, r->name);
	for (unsigned i = 0; i < c->segments; i++)
		put_number(f, i < r->segment_count ? r->segments[i] : NAN);
	if (c->figure) {
		put_number(f, r->low);
		put_number(f, r->nominal);
		put_number(f, r->high);
	}
	fputs(c->dots ? ",\n" : "\n", f);
	for (unsigned i = 0; i < r->dot_count; i++)
		dot_csv(f, r->name, c, r->dots[i]);
}

static void rows_csv(FILE *f, const struct plot *p)
{
	struct columns c = columns_of(p);

	fputs("row", f);
	for (unsigned i = 0; i < c.segments; i++) {
		fputc(',', f);
		put_text(f, p->segment_names[i]);
	}
	fputs(c.figure ? ",low,nominal,high" : "", f);
	fputs(c.dots ? ",dot\n" : "\n", f);
	for (unsigned i = 0; i < p->row_count; i++)
		row_csv(f, &p->rows[i], &c);
}

void plot_csv(FILE *f, const struct plot *p)
{
	if (p->form == PLOT_XY)
		xy_csv(f, p);
	else
		rows_csv(f, p);
}
