/* plot_xy.c: lays out a figure over two axes: its axes and its data. */
#include "bench/report/plot_internal.h"

#include <math.h>
#include <stdlib.h>

/* How far a line may lie from where it should, and over how many points. */
#define TOLERANCE_PX 0.12
#define SKIPPED_MAX 64u
#define LONE_PX 3.0

/* An area goes to the edge where it goes beyond it. */
static double within(const struct plot_scale *s, double value)
{
	double linear = plot_linear(s, value);

	if (isnan(value))
		return NAN;
	if (isnan(linear)) /* infinite, or not above 0 on a log axis */
		linear = value > 0 ? s->high : s->low;
	return fmin(fmax(linear, s->low), s->high);
}

bool plot_point(const struct plot_layout *l, const struct plot_series *s, unsigned i, double *x,
		double *y, double *high)
{
	bool area = s->style == PLOT_AREA;

	*x = plot_px(&l->x, plot_linear(&l->x, s->x[i]));
	*y = plot_px(&l->y, area ? within(&l->y, s->y[i]) : plot_linear(&l->y, s->y[i]));
	*high = area ? plot_px(&l->y, within(&l->y, s->high[i])) : *y;
	return !isnan(*x) && !isnan(*y) && !isnan(*high);
}

/* Whether all between the points i and k lie on the lines from i to k. */
static bool is_straight(const struct plot_layout *l, const struct plot_series *s, unsigned i,
			unsigned k)
{
	double x[2], y[2], high[2], xb, yb, hb;

	if (!plot_point(l, s, i, &x[0], &y[0], &high[0]) ||
	    !plot_point(l, s, k, &x[1], &y[1], &high[1]))
		return false;
	double length = hypot(x[1] - x[0], y[1] - y[0]);
	for (unsigned between = i + 1; between < k; between++) {
		if (!plot_point(l, s, between, &xb, &yb, &hb))
			return false;
		double part = x[1] != x[0] ? (xb - x[0]) / (x[1] - x[0]) : 0;
		double off =
			length > 0
				? fabs((x[1] - x[0]) * (yb - y[0]) - (xb - x[0]) * (y[1] - y[0])) /
					  length
				: hypot(xb - x[0], yb - y[0]);
		if (off > TOLERANCE_PX || part < 0 || part > 1 ||
		    (s->style == PLOT_AREA &&
		     fabs(high[0] + part * (high[1] - high[0]) - hb) > TOLERANCE_PX) ||
		    (x[1] == x[0] && (yb - y[0]) * (yb - y[1]) > 0))
			return false;
	}
	return true;
}

unsigned plot_next_point(const struct plot_layout *l, const struct plot_series *s, unsigned i)
{
	unsigned next = i + 1;

	if (s->style != PLOT_LINE && s->style != PLOT_DASHED && s->style != PLOT_AREA)
		return next;
	while (next + 1 < s->count && next - i < SKIPPED_MAX && is_straight(l, s, i, next + 1))
		next++;
	return next;
}

/* Points of a line without neighbours: a line alone would not show them. */
static void dots_of_line(struct plot_layout *l, const struct plot_series *s)
{
	bool before = false, here = false, after;
	double x = 0, y = 0, next_x = 0, next_y = 0, high;

	for (unsigned i = 0; i <= s->count; i++) {
		after = i < s->count && plot_point(l, s, i, &next_x, &next_y, &high);
		if (here && !before && !after)
			plot_layout_dot(l, (struct plot_dot){x, y, LONE_PX, plot_ink_of(s->colour),
							     0, false});
		before = here;
		here = after;
		x = next_x;
		y = next_y;
	}
}

/* ---- how far the data go ---- */

struct extent {
	double low, high;
};

static void extend(struct extent *e, const struct plot_scale *s, double value)
{
	if (isnan(plot_linear(s, value)))
		return;
	e->low = isnan(e->low) ? value : fmin(e->low, value);
	e->high = isnan(e->high) ? value : fmax(e->high, value);
}

static void extend_by_series(struct extent *x, struct extent *y, const struct plot_layout *l,
			     const struct plot_series *s)
{
	for (unsigned i = 0; i < s->count; i++) {
		bool area = s->style == PLOT_AREA;
		if (isnan(plot_linear(&l->x, s->x[i])) ||
		    (!area && isnan(plot_linear(&l->y, s->y[i]))))
			continue;
		extend(x, &l->x, s->x[i]);
		extend(y, &l->y, s->y[i]);
		if (area)
			extend(y, &l->y, s->high[i]);
	}
}

/* Of all that can be drawn. */
static void extent_of(struct extent *x, struct extent *y, const struct plot_layout *l)
{
	const struct plot *p = l->plot;

	*x = *y = (struct extent){NAN, NAN};
	for (unsigned i = 0; i < p->series_count; i++)
		extend_by_series(x, y, l, &p->series[i]);
	for (unsigned i = 0; i < p->mark_count; i++)
		extend(p->marks[i].vertical ? x : y, p->marks[i].vertical ? &l->x : &l->y,
		       p->marks[i].at);
	for (unsigned i = 0; i < p->note_count; i++) {
		extend(x, &l->x, p->notes[i].x);
		extend(y, &l->y, p->notes[i].y);
	}
}

/* ---- margins and axes ---- */

static double margin_right(const struct plot_layout *l)
{
	const struct plot *p = l->plot;
	double widest = 0;

	for (unsigned i = 0; i < p->series_count; i++)
		if (plot_is_line(&p->series[i]))
			widest = fmax(widest, plot_text_width(p->series[i].label, l->font));
	return widest == 0 ? 30 : fmax(fmin(widest, 0.28 * l->width) + 18, 30);
}

static double margin_left(const struct plot_layout *l, const struct plot_tics *tics)
{
	double widest = 0;

	for (unsigned i = 0; i < tics->count; i++)
		widest = fmax(widest, plot_text_width(tics->tic[i].label, l->font));
	return fmax(widest + 14, 30);
}

static void axis_names(struct plot_layout *l)
{
	char title[PLOT_TEXT_NBYTES], fit[PLOT_LABEL_NBYTES];

	plot_axis_title(title, sizeof title, &l->plot->y);
	plot_text_fit(fit, title, l->font, l->width - 16);
	plot_layout_label(l, 8, l->top - 1.4 * l->font, PLOT_LEFT, PLOT_INK_MUTED, fit);
	plot_axis_title(title, sizeof title, &l->plot->x);
	plot_text_fit(fit, title, l->font, l->right - 8);
	plot_layout_label(l, l->right, l->height - 0.8 * l->font, PLOT_RIGHT, PLOT_INK_MUTED, fit);
}

static void axes(struct plot_layout *l, const struct plot_tics *x, const struct plot_tics *y)
{
	struct plot_rule grid = {.width = 1, .ink = PLOT_INK_GRID};
	struct plot_rule line = {.width = 1, .ink = PLOT_INK_LINE};

	for (unsigned i = 0; i < y->count; i++) {
		grid.x1 = l->left;
		grid.x2 = l->right;
		grid.y1 = grid.y2 = plot_px(&l->y, y->tic[i].value);
		plot_layout_rule(l, grid);
		plot_layout_label(l, l->left - 8, grid.y1, PLOT_RIGHT, PLOT_INK_MUTED,
				  y->tic[i].label);
	}
	line.y1 = l->bottom;
	line.y2 = l->bottom + 5;
	for (unsigned i = 0; i < x->count; i++) {
		line.x1 = line.x2 = plot_px(&l->x, x->tic[i].value);
		plot_layout_rule(l, line);
		plot_layout_tic(l, &x->tic[i]);
	}
	line.x1 = l->left;
	line.x2 = l->right;
	line.y1 = line.y2 = l->bottom;
	plot_layout_rule(l, line);
	axis_names(l);
}

void plot_layout_xy(struct plot_layout *l, double offset_px)
{
	const struct plot *p = l->plot;
	struct plot_tics x_tics, y_tics;
	struct extent x, y;

	l->x = (struct plot_scale){.unit = p->x.unit, .log = p->x.log};
	l->y = (struct plot_scale){.unit = p->y.unit, .log = p->y.log};
	extent_of(&x, &y, l);
	l->top = offset_px + 2.5 * l->font;
	l->bottom = l->height - 2 * l->line - 6;
	l->right = l->width - margin_right(l);
	plot_scale_fit(&l->y, &y_tics, &p->y, y.low, y.high, l->bottom - l->top, l->font, false);
	l->left = margin_left(l, &y_tics);
	plot_scale_fit(&l->x, &x_tics, &p->x, x.low, x.high, l->right - l->left, l->font, true);
	l->x.at_low = l->left;
	l->x.at_high = l->right;
	l->y.at_low = l->bottom;
	l->y.at_high = l->top;
	axes(l, &x_tics, &y_tics);
	for (unsigned i = 0; i < p->series_count; i++)
		if (p->series[i].style == PLOT_LINE || p->series[i].style == PLOT_DASHED)
			dots_of_line(l, &p->series[i]);
	plot_layout_names(l);
}
