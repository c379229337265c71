/* plot.c: what a figure shows; plot_draw.c says how it looks. */
#include "bench/report/plot.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void plot_init(struct plot *p, enum plot_form form, const char *name, const char *title)
{
	memset(p, 0, sizeof *p);
	p->form = form;
	snprintf(p->name, sizeof p->name, "%s", name);
	snprintf(p->title, sizeof p->title, "%s", title);
	p->x.low = p->x.high = p->y.low = p->y.high = NAN;
}

void plot_free(struct plot *p)
{
	for (unsigned i = 0; i < p->series_count; i++) {
		free(p->series[i].x);
		free(p->series[i].y);
		free(p->series[i].high);
	}
	for (unsigned i = 0; i < p->row_count; i++)
		free(p->rows[i].dots);
	free(p->series);
	free(p->marks);
	free(p->notes);
	free(p->rows);
	memset(p, 0, sizeof *p);
}

static void set_axis(struct plot_axis *a, const char *name, const char *column, enum plot_unit unit,
		     bool log)
{
	snprintf(a->name, sizeof a->name, "%s", name);
	snprintf(a->column, sizeof a->column, "%s", column);
	a->unit = unit;
	a->log = log;
}

void plot_x(struct plot *p, const char *name, const char *column, enum plot_unit unit, bool log)
{
	set_axis(&p->x, name, column, unit, log);
}

void plot_y(struct plot *p, const char *name, const char *column, enum plot_unit unit, bool log)
{
	set_axis(&p->y, name, column, unit, log);
}

/* Room for one more in *array, zeroed. NULL: no memory, and p says so. */
static void *grow(struct plot *p, void **array, unsigned *count, unsigned *capacity, size_t nbytes)
{
	if (*count == *capacity) {
		unsigned more = *capacity == 0 ? 8 : *capacity * 2;
		void *moved = realloc(*array, more * nbytes);
		if (moved == NULL) {
			p->out_of_memory = true;
			return NULL;
		}
		*array = moved;
		*capacity = more;
	}
	void *added = (char *)*array + *count * nbytes;
	memset(added, 0, nbytes);
	++*count;
	return added;
}

#define ADD(p, what)                                                                               \
	grow(p, (void **)&(p)->what##s, &(p)->what##_count, &(p)->what##_capacity,                 \
	     sizeof *(p)->what##s)

struct plot_series *plot_add_series(struct plot *p, const char *name, const char *label,
				    enum plot_style style, unsigned colour)
{
	static struct plot_series dropped;
	struct plot_series *s = grow(p, (void **)&p->series, &p->series_count, &p->series_capacity,
				     sizeof *p->series);

	if (s == NULL)
		s = &dropped;
	snprintf(s->name, sizeof s->name, "%s", name);
	snprintf(s->label, sizeof s->label, "%s", label);
	s->style = style;
	s->colour = colour;
	return s;
}

struct plot_row *plot_add_row(struct plot *p, const char *name, unsigned colour)
{
	static struct plot_row dropped;
	struct plot_row *row = ADD(p, row);

	if (row == NULL)
		row = &dropped;
	snprintf(row->name, sizeof row->name, "%s", name);
	row->colour = colour;
	row->low = row->nominal = row->high = NAN;
	return row;
}

/* Doubles the room of an array of numbers; on failure it stays as it is. */
static bool widen(double **values, unsigned capacity)
{
	double *moved = realloc(*values, capacity * sizeof *moved);

	if (moved != NULL)
		*values = moved;
	return moved != NULL;
}

void plot_add_span(struct plot *p, struct plot_series *s, double x, double y, double high)
{
	if (s->count == s->capacity) {
		unsigned more = s->capacity == 0 ? 32 : s->capacity * 2;
		if (!widen(&s->x, more) || !widen(&s->y, more) || !widen(&s->high, more)) {
			p->out_of_memory = true;
			return;
		}
		s->capacity = more;
	}
	s->x[s->count] = x;
	s->y[s->count] = y;
	s->high[s->count++] = high;
}

void plot_add_point(struct plot *p, struct plot_series *s, double x, double y)
{
	plot_add_span(p, s, x, y, NAN);
}

void plot_add_dot(struct plot *p, struct plot_row *r, double value)
{
	if (r->dot_count == r->dot_capacity) {
		unsigned more = r->dot_capacity == 0 ? 8 : r->dot_capacity * 2;
		if (!widen(&r->dots, more)) {
			p->out_of_memory = true;
			return;
		}
		r->dot_capacity = more;
	}
	r->dots[r->dot_count++] = value;
}

void plot_add_mark(struct plot *p, bool vertical, double at, const char *label)
{
	struct plot_mark *m = ADD(p, mark);

	if (m == NULL)
		return;
	snprintf(m->label, sizeof m->label, "%s", label);
	m->vertical = vertical;
	m->at = at;
}

void plot_add_note(struct plot *p, double x, double y, unsigned colour, const char *label)
{
	struct plot_note *n = ADD(p, note);

	if (n == NULL)
		return;
	snprintf(n->label, sizeof n->label, "%s", label);
	n->colour = colour;
	n->x = x;
	n->y = y;
}

void plot_cannot(struct plot *p, const char *format, ...)
{
	va_list args;

	if (p->why_not[0] != '\0')
		return;
	va_start(args, format);
	vsnprintf(p->why_not, sizeof p->why_not, format, args);
	va_end(args);
}
