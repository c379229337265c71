/* plot_rows.c: lays out a figure with a row for each thing. */
#include "bench/report/plot_internal.h"

#include <math.h>
#include <stdlib.h>

#define ROWS_MAX 60u
#define STACKED_BELOW_PX 500
#define DOT_PX 2.0
#define NOMINAL_PX 5.0
#define INTERVAL_PX 6.0

/* How rows lie: name, data and value in one line or, where it is narrow, the
 * data below the two. */
struct row_geometry {
	unsigned shown;
	bool stacked, dots;
	double name_px, value_px, height, bar;
};

static double row_total(const struct plot_row *r)
{
	double total = 0;

	for (unsigned i = 0; i < r->segment_count; i++)
		if (r->segments[i] > 0)
			total += r->segments[i];
	return total;
}

static void extend(double *from, double *to, const struct plot_scale *s, double value)
{
	if (isnan(plot_linear(s, value)))
		return;
	*from = isnan(*from) ? value : fmin(*from, value);
	*to = isnan(*to) ? value : fmax(*to, value);
}

static void extent_of(const struct plot *p, const struct plot_scale *s, unsigned shown,
		      double *from, double *to)
{
	*from = *to = NAN;
	for (unsigned i = 0; i < shown; i++) {
		const struct plot_row *r = &p->rows[i];
		if (r->segment_count > 0)
			extend(from, to, s, row_total(r));
		extend(from, to, s, r->low);
		extend(from, to, s, r->nominal);
		extend(from, to, s, r->high);
		for (unsigned k = 0; k < r->dot_count; k++)
			extend(from, to, s, r->dots[k]);
	}
	for (unsigned i = 0; i < p->mark_count; i++)
		extend(from, to, s, p->marks[i].at);
}

static struct row_geometry geometry_of(const struct plot_layout *l)
{
	const struct plot *p = l->plot;
	struct row_geometry g = {.shown = p->row_count < ROWS_MAX ? p->row_count : ROWS_MAX,
				 .stacked = l->width < STACKED_BELOW_PX};

	for (unsigned i = 0; i < g.shown; i++) {
		g.dots |= p->rows[i].dot_count > 0;
		g.name_px = fmax(g.name_px, plot_text_width(p->rows[i].name, l->font));
		g.value_px = fmax(g.value_px, plot_text_width(p->rows[i].value, l->font));
	}
	if (g.stacked) {
		double both = l->width - 44;
		g.value_px = fmin(g.value_px, fmax(0.6 * both, both - g.name_px));
		g.name_px = both - g.value_px;
	} else {
		g.name_px = fmin(g.name_px, 0.3 * l->width);
		g.value_px = fmin(g.value_px, 0.3 * l->width);
	}
	g.bar = g.stacked ? 10 : 14;
	g.height = g.stacked ? l->line + g.bar + 10 : l->line + 9;
	if (g.dots)
		g.height += 4;
	return g;
}

/* Where a value lies, at the edge if beyond it; NAN: there is none. */
static double px_of(const struct plot_layout *l, double value)
{
	double linear = plot_linear(&l->x, value);

	if (isnan(value))
		return NAN;
	if (isnan(linear)) /* infinite, or not above 0 on a log axis */
		linear = value > 0 ? l->x.high : l->x.low;
	return plot_px(&l->x, fmin(fmax(linear, l->x.low), l->x.high));
}

static void put_segments(struct plot_layout *l, const struct plot_row *r, double y, double bar)
{
	double sum = 0, from = l->left;

	for (unsigned i = 0; i < r->segment_count; i++) {
		if (!(r->segments[i] > 0))
			continue;
		sum += r->segments[i];
		plot_layout_box(l, (struct plot_box){from, y - bar / 2, px_of(l, sum), y + bar / 2,
						     plot_ink_of(r->colour), i});
		from = px_of(l, sum);
	}
}

static void put_interval(struct plot_layout *l, const struct plot_row *r, double y)
{
	unsigned ink = plot_ink_of(r->colour);

	if (!isnan(r->low) && !isnan(r->high))
		plot_layout_box(l,
				(struct plot_box){px_of(l, r->low), y - INTERVAL_PX / 2,
						  px_of(l, r->high), y + INTERVAL_PX / 2, ink, 2});
	for (unsigned i = 0; i < r->dot_count; i++)
		if (!isnan(r->dots[i]))
			plot_layout_dot(l, (struct plot_dot){px_of(l, r->dots[i]),
							     y + NOMINAL_PX + DOT_PX + 1, DOT_PX,
							     ink, 0, false});
	if (!isnan(r->nominal))
		plot_layout_dot(
			l, (struct plot_dot){px_of(l, r->nominal), y, NOMINAL_PX, ink, 0, false});
}

static void put_row(struct plot_layout *l, const struct plot_row *r, const struct row_geometry *g,
		    double top)
{
	char fit[PLOT_LABEL_NBYTES];
	double text_y = g->stacked ? top + l->line / 2 : top + g->height / 2;
	double data_y = g->stacked ? top + l->line + g->bar / 2 + 2 : text_y;

	plot_text_fit(fit, r->name, l->font, g->name_px);
	plot_layout_label(l, g->stacked ? l->left : l->left - 12, text_y,
			  g->stacked ? PLOT_LEFT : PLOT_RIGHT, PLOT_INK_TEXT, fit)
		->halo = g->stacked;
	plot_text_fit(fit, r->value, l->font, g->value_px);
	plot_layout_label(l, g->stacked ? l->right : l->right + 12, text_y,
			  g->stacked ? PLOT_RIGHT : PLOT_LEFT, plot_ink_of(r->colour), fit)
		->halo = g->stacked;
	if (r->segment_count > 0)
		put_segments(l, r, data_y, g->bar);
	else
		put_interval(l, r, data_y - (g->dots && !g->stacked ? 2 : 0));
}

static void axis(struct plot_layout *l, const struct plot_tics *tics)
{
	char title[PLOT_TEXT_NBYTES], fit[PLOT_LABEL_NBYTES];
	struct plot_rule rule = {.y1 = l->top, .y2 = l->bottom, .width = 1, .ink = PLOT_INK_GRID};

	for (unsigned i = 0; i < tics->count; i++) {
		rule.x1 = rule.x2 = plot_px(&l->x, tics->tic[i].value);
		plot_layout_rule(l, rule);
		plot_layout_tic(l, &tics->tic[i]);
	}
	plot_axis_title(title, sizeof title, &l->plot->x);
	plot_text_fit(fit, title, l->font, l->right - 9 * l->font); /* beside "and 999 more" */
	plot_layout_label(l, l->right, l->bottom + 7 + l->font * 0.6 + l->line, PLOT_RIGHT,
			  PLOT_INK_MUTED, fit);
}

/* What the shades are, in as many lines as it takes; the height of all. */
static double legend(struct plot_layout *l, double y)
{
	double x = 8, from = y;
	char fit[PLOT_LABEL_NBYTES];

	for (unsigned i = 0; i < l->plot->segment_name_count; i++) {
		plot_text_fit(fit, l->plot->segment_names[i], l->font, l->width - 40);
		double width = plot_text_width(fit, l->font) + 17;
		if (x > 8 && x + width > l->width - 8) {
			x = 8;
			y += l->line;
		}
		plot_layout_box(l, (struct plot_box){x, y - 5, x + 10, y + 5, PLOT_NEUTRAL, i});
		plot_layout_label(l, x + 16, y, PLOT_LEFT, PLOT_INK_MUTED, fit);
		x += width + 16;
	}
	return x > 8 ? y + l->line - from : 0;
}

/* Marks with their names above the rows, in the line where there is room. */
static void marks(struct plot_layout *l)
{
	struct plot_places places = {.layout = l, .bounds = {4, 0, l->width - 4, l->top}};
	const struct plot *p = l->plot;

	for (unsigned i = 0; i < p->mark_count; i++) {
		double x = px_of(l, p->marks[i].at);
		if (isnan(x))
			continue;
		struct plot_label label = {.x = x, .ink = PLOT_INK_TEXT};
		plot_text_fit(label.text, p->marks[i].label, l->font, l->width - 16);
		double half = plot_text_width(label.text, l->font) / 2 + 8;
		label.anchor = PLOT_CENTRE;
		label.x = fmax(fmin(x, l->width - half), half);
		for (unsigned k = 0; k < p->mark_count; k++) {
			label.y = l->top - 4 - l->font * 0.7 - k * l->line;
			struct plot_rect at = plot_label_rect(&label, l->font);
			if (isinf(plot_places_cost(&places, &at)))
				continue;
			plot_places_put(&places, &label);
			plot_layout_rule(l, (struct plot_rule){x, label.y + l->font * 0.7, x,
							       l->bottom, 1, PLOT_INK_MUTED, true,
							       false});
			break;
		}
	}
	free(places.obstacles);
}

void plot_layout_rows(struct plot_layout *l, double offset_px)
{
	const struct plot *p = l->plot;
	struct row_geometry g = geometry_of(l);
	struct plot_tics tics;
	double from, to;

	l->x = (struct plot_scale){.unit = p->x.unit, .log = p->x.log};
	extent_of(p, &l->x, g.shown, &from, &to);
	l->left = g.stacked ? 14 : fmax(g.name_px + 20, 30);
	l->right = l->width - (g.stacked ? 26 : fmax(g.value_px + 18, 36));
	l->top = offset_px + 4 + p->mark_count * l->line;
	l->bottom = l->top + g.height * g.shown + 6;
	plot_scale_fit(&l->x, &tics, &p->x, from, to, l->right - l->left, l->font, true);
	l->x.at_low = l->left;
	l->x.at_high = l->right;
	axis(l, &tics);
	marks(l);
	for (unsigned i = 0; i < g.shown; i++)
		put_row(l, &p->rows[i], &g, l->top + 3 + i * g.height);
	l->height = l->bottom + 2 * l->line + 12;
	if (p->row_count > g.shown) {
		char more[64];
		snprintf(more, sizeof more, "and %u more", p->row_count - g.shown);
		plot_layout_label(l, 8, l->bottom + 7 + l->font * 0.6 + l->line, PLOT_LEFT,
				  PLOT_INK_MUTED, more);
	}
	l->height += legend(l, l->height + l->font * 0.5);
	l->height = ceil(l->height);
}
