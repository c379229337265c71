/* plot_names.c: the texts in a figure over two axes: of lines, areas, points, marks. */
#include "bench/report/plot_internal.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DOT_PX 4.5
#define RING_PX 6.0
#define END_PX 30.0 /* lines that end so near the right edge are named beyond it */
#define AREA_TRIES 48u
#define ENDS_MAX 32u

bool plot_is_line(const struct plot_series *s)
{
	return s->style == PLOT_LINE || s->style == PLOT_DASHED || s->style == PLOT_LINE_POINTS;
}

static struct plot_rect area_of_data(const struct plot_layout *l)
{
	return (struct plot_rect){l->left, l->top, l->right, l->bottom};
}

static bool is_in(const struct plot_rect *r, double x, double y)
{
	return x >= r->x1 - 0.5 && x <= r->x2 + 0.5 && y >= r->y1 - 0.5 && y <= r->y2 + 0.5;
}

/* ---- what texts keep clear of ---- */

static void add_line(struct plot_places *places, const struct plot_series *s)
{
	const struct plot_layout *l = places->layout;
	struct plot_rect in = area_of_data(l), line;
	double x, y, high, last_x = NAN, last_y = NAN;

	for (unsigned i = 0; i < s->count; i = plot_next_point(l, s, i)) {
		bool drawn = plot_point(l, s, i, &x, &y, &high);
		line = (struct plot_rect){last_x, last_y, x, y};
		if (drawn && !isnan(last_x) && plot_clip(&in, &line))
			plot_places_add(places, PLOT_OVER_LINE, line);
		last_x = drawn ? x : NAN;
		last_y = y;
	}
}

static void add_dots(struct plot_places *places, const struct plot_series *s)
{
	double x, y, high;

	for (unsigned i = 0; i < s->count; i++)
		if (plot_point(places->layout, s, i, &x, &y, &high))
			plot_places_add(
				places, PLOT_OVER_DOT,
				(struct plot_rect){x - DOT_PX, y - DOT_PX, x + DOT_PX, y + DOT_PX});
}

static void add_data(struct plot_places *places)
{
	const struct plot *p = places->layout->plot;

	for (unsigned i = 0; i < p->series_count; i++) {
		if (plot_is_line(&p->series[i]))
			add_line(places, &p->series[i]);
		else if (p->series[i].style != PLOT_AREA)
			add_dots(places, &p->series[i]);
	}
}

/* ---- lines ---- */

/* The last that is to be seen of a series: a point, or where it leaves. */
static bool end_of(const struct plot_layout *l, const struct plot_series *s, double *x, double *y)
{
	struct plot_rect in = area_of_data(l);
	double high, after_x = NAN, after_y = NAN;

	for (unsigned i = s->count; i-- > 0;) {
		if (!plot_point(l, s, i, x, y, &high)) {
			after_x = NAN;
			continue;
		}
		if (is_in(&in, *x, *y)) {
			struct plot_rect line = {*x, *y, after_x, after_y};
			if (!isnan(after_x) && plot_is_line(s) && plot_clip(&in, &line)) {
				*x = line.x2;
				*y = line.y2;
			}
			return true;
		}
		after_x = *x;
		after_y = *y;
	}
	return false;
}

struct end {
	const struct plot_series *s;
	double x, y, at; /* at: where the name is to stand */
};

/* Names that touch each other: from the first on, one a line. */
struct group {
	unsigned first, count;
	double at; /* of its first */
};

static int by_height(const void *a, const void *b)
{
	const struct end *x = a, *y = b;

	return x->y != y->y ? (x->y > y->y) - (x->y < y->y) : (x->s > y->s) - (x->s < y->s);
}

/* A group lies where its members want to be on average. */
static double group_at(const struct group *g, const struct end *ends, double line, double top,
		       double bottom)
{
	double want = 0;

	for (unsigned i = 0; i < g->count; i++)
		want += (ends[g->first + i].y - i * line) / g->count;
	return fmax(fmin(want, bottom - (g->count - 1) * line), top);
}

/* Moves names apart, each as near its line as can be; groups: room for count. */
static void spread(struct end *ends, unsigned count, struct group *groups,
		   const struct plot_layout *l)
{
	double top = l->top + l->font * 0.5, bottom = l->bottom - l->font * 0.5;
	unsigned group_count = 0;

	for (unsigned i = 0; i < count; i++) {
		struct group *g = &groups[group_count++];
		*g = (struct group){.first = i, .count = 1};
		g->at = group_at(g, ends, l->line, top, bottom);
		while (g > groups && g[-1].at + g[-1].count * l->line > g->at) {
			g[-1].count += g->count;
			g--;
			group_count--;
			g->at = group_at(g, ends, l->line, top, bottom);
		}
	}
	for (unsigned k = 0; k < group_count; k++)
		for (unsigned i = 0; i < groups[k].count; i++)
			ends[groups[k].first + i].at = groups[k].at + i * l->line;
}

static void put_end(struct plot_places *places, const struct end *end)
{
	struct plot_layout *l = places->layout;
	struct plot_label label = {
		.x = l->right + 10, .y = end->at, .ink = plot_ink_of(end->s->colour)};
	bool moved = fabs(end->at - end->y) > 4 || l->right - end->x > 4;

	plot_text_fit(label.text, end->s->label, l->font, l->width - l->right - 14);
	plot_places_put(places, &label);
	if (moved)
		plot_layout_rule(l, (struct plot_rule){end->x + 2, end->y, l->right + 8, end->at, 1,
						       label.ink, false, true});
}

/* Names of lines that go to the right edge, in the margin beyond it. */
static void name_at_edge(struct plot_places *places)
{
	struct plot_layout *l = places->layout;
	const struct plot *p = l->plot;
	struct end ends[ENDS_MAX];
	struct group groups[ENDS_MAX];
	unsigned count = 0, fit = (unsigned)((l->bottom - l->top) / l->line);

	assert(fit <= ENDS_MAX);
	for (unsigned i = 0; i < p->series_count && count < fit; i++) {
		struct end *end = &ends[count];
		end->s = &p->series[i];
		if (plot_is_line(end->s) && end->s->label[0] != '\0' &&
		    end_of(l, end->s, &end->x, &end->y) && l->right - end->x < END_PX)
			count++;
	}
	qsort(ends, count, sizeof *ends, by_height);
	spread(ends, count, groups, l);
	for (unsigned i = 0; i < count; i++)
		put_end(places, &ends[i]);
}

/* The name of a point, or of a line that ends before the edge. */
static void name_end(struct plot_places *places, const struct plot_series *s)
{
	struct plot_layout *l = places->layout;
	struct plot_label label = {.ink = plot_ink_of(s->colour)};

	if (s->label[0] == '\0' || s->style == PLOT_AREA || !end_of(l, s, &label.x, &label.y) ||
	    (plot_is_line(s) && l->right - label.x < END_PX))
		return;
	plot_text_fit(label.text, s->label, l->font, 0.45 * (l->right - l->left));
	plot_places_near(places, &label, 8, false);
}

/* ---- areas ---- */

/* What an area covers at x; false: nothing. */
static bool span_at(const struct plot_layout *l, const struct plot_series *s, double x, double *top,
		    double *bottom)
{
	double x1 = NAN, y1 = NAN, h1 = NAN, x2, y2, h2;

	for (unsigned i = 0; i < s->count; i++) {
		bool drawn = plot_point(l, s, i, &x2, &y2, &h2);
		if (drawn && !isnan(x1) && (x - x1) * (x - x2) <= 0 && x1 != x2) {
			double part = (x - x1) / (x2 - x1);
			double a = y1 + part * (y2 - y1), b = h1 + part * (h2 - h1);
			*top = fmin(a, b);
			*bottom = fmax(a, b);
			return true;
		}
		x1 = drawn ? x2 : NAN;
		y1 = y2;
		h1 = h2;
	}
	return false;
}

/* How far a text there is from the edges of its area; negative: not within. */
static double clearance(const struct plot_layout *l, const struct plot_series *s,
			const struct plot_rect *at)
{
	double clear = INFINITY, top, bottom;

	for (unsigned i = 0; i < 5; i++) {
		if (!span_at(l, s, at->x1 + i * (at->x2 - at->x1) / 4, &top, &bottom))
			return -1;
		clear = fmin(clear, fmin(at->y1 - top, bottom - at->y2));
	}
	return clear;
}

/* Whether an area that is drawn later covers some of it. */
static bool is_covered(const struct plot_layout *l, unsigned series, const struct plot_rect *at)
{
	double top, bottom;

	for (unsigned i = series + 1; i < l->plot->series_count; i++) {
		if (l->plot->series[i].style != PLOT_AREA)
			continue;
		for (unsigned k = 0; k < 5; k++)
			if (span_at(l, &l->plot->series[i], at->x1 + k * (at->x2 - at->x1) / 4,
				    &top, &bottom) &&
			    top < at->y2 && bottom > at->y1)
				return true;
	}
	return false;
}

/* The best place in the middle of an area. */
static double best_in_area(const struct plot_places *places, unsigned series,
			   struct plot_label *label)
{
	const struct plot_layout *l = places->layout;
	const struct plot_series *s = &l->plot->series[series];
	double best = -INFINITY, at_x = label->x, at_y = label->y;

	for (unsigned i = 1; i < AREA_TRIES; i++) {
		double top, bottom;
		label->x = l->left + i * (l->right - l->left) / AREA_TRIES;
		if (!span_at(l, s, label->x, &top, &bottom))
			continue;
		for (unsigned k = 1; k < 8; k++) {
			label->y = top + k * (bottom - top) / 8;
			struct plot_rect at = plot_label_rect(label, l->font);
			double clear = clearance(l, s, &at);
			if (clear < 1 || is_covered(l, series, &at))
				continue;
			/* wide enough is enough; then the middle counts */
			double value = fmin(clear, 3 * l->font) - fabs(k - 4.0) -
				       5 * l->font * plot_places_cost(places, &at) -
				       fabs((double)i / AREA_TRIES - 0.5);
			if (value > best) {
				best = value;
				at_x = label->x;
				at_y = label->y;
			}
		}
	}
	label->x = at_x;
	label->y = at_y;
	return best;
}

/* A point in an area where it is wide, and not far from the middle of the figure. */
static bool widest_at(const struct plot_layout *l, const struct plot_series *s, double *at_x,
		      double *at_y)
{
	struct plot_rect in = area_of_data(l);
	double x, y, high, best = -INFINITY;

	for (unsigned i = 0; i < s->count; i++) {
		if (!plot_point(l, s, i, &x, &y, &high) || !is_in(&in, x, y))
			continue;
		double value = fabs(high - y) - 0.1 * fabs(x - (l->left + l->right) / 2);
		if (value <= best)
			continue;
		best = value;
		*at_x = x;
		*at_y = y + 0.25 * (high - y); /* a line may lie in its middle */
	}
	return isfinite(best);
}

static void name_area(struct plot_places *places, unsigned series)
{
	struct plot_layout *l = places->layout;
	const struct plot_series *s = &l->plot->series[series];
	struct plot_label label = {.anchor = PLOT_CENTRE, .ink = plot_ink_of(s->colour)};

	if (s->style != PLOT_AREA || s->label[0] == '\0' || s->count == 0)
		return;
	plot_text_fit(label.text, s->label, l->font, 0.6 * (l->right - l->left));
	if (isfinite(best_in_area(places, series, &label))) {
		plot_places_put(places, &label);
		return;
	}
	if (widest_at(l, s, &label.x, &label.y)) /* too narrow: named beside it */
		plot_places_near(places, &label, 1, true);
}

/* ---- marks and notes ---- */

/* The places along a mark: of a vertical one from the top on, beside it. */
static struct plot_label beside_mark(const struct plot_layout *l, const struct plot_label *label,
				     bool vertical, unsigned i)
{
	struct plot_label moved = *label;
	bool second = i % 2 == 1;

	if (vertical) {
		moved.x += second ? -6 : 6;
		moved.anchor = second ? PLOT_RIGHT : PLOT_LEFT;
		moved.y = l->top + l->font * 0.8 + (i / 2) * l->line / 2;
	} else {
		moved.y += second ? l->font * 0.85 : -l->font * 0.85;
		moved.anchor = PLOT_LEFT;
		moved.x = l->left + 6 + (i / 2) * 2 * l->font;
	}
	return moved;
}

static void name_mark(struct plot_places *places, const struct plot_mark *m, double at)
{
	struct plot_layout *l = places->layout;
	struct plot_label label = {.x = at, .y = at, .ink = PLOT_INK_TEXT}, best = label;
	double best_cost = INFINITY, room = l->right - l->left - 16;

	if (m->vertical)
		room = fmax(at - l->left, l->width - at) - 14;
	plot_text_fit(label.text, m->label, l->font, room);
	for (unsigned i = 0; i < 64; i++) {
		struct plot_label moved = beside_mark(l, &label, m->vertical, i);
		struct plot_rect rect = plot_label_rect(&moved, l->font);
		double cost = plot_places_cost(places, &rect) + 0.04 * i;
		if (cost < best_cost) {
			best_cost = cost;
			best = moved;
		}
	}
	if (isfinite(best_cost))
		plot_places_put(places, &best);
}

static bool mark_px(const struct plot_layout *l, const struct plot_mark *m, double *at)
{
	const struct plot_scale *s = m->vertical ? &l->x : &l->y;
	double linear = plot_linear(s, m->at), slack = 1e-9 * (s->high - s->low);

	*at = plot_px(s, linear);
	return linear >= s->low - slack && linear <= s->high + slack;
}

static void marks(struct plot_places *places)
{
	struct plot_layout *l = places->layout;
	const struct plot *p = l->plot;
	double at;

	for (unsigned i = 0; i < p->mark_count; i++) {
		struct plot_rule rule = {l->left, l->top,	  l->right, l->bottom,
					 1,	  PLOT_INK_MUTED, true,	    true};
		if (!mark_px(l, &p->marks[i], &at))
			continue;
		if (p->marks[i].vertical)
			rule.x1 = rule.x2 = at;
		else
			rule.y1 = rule.y2 = at;
		plot_layout_rule(l, rule);
		plot_places_add(places, PLOT_OVER_LINE,
				(struct plot_rect){rule.x1, rule.y1, rule.x2, rule.y2});
	}
	for (unsigned i = 0; i < p->mark_count; i++)
		if (p->marks[i].label[0] != '\0' && mark_px(l, &p->marks[i], &at))
			name_mark(places, &p->marks[i], at);
}

/* A note's place; false: it is not in the figure. */
static bool note_px(const struct plot_layout *l, const struct plot_note *n, double *x, double *y)
{
	struct plot_rect in = area_of_data(l);

	*x = plot_px(&l->x, plot_linear(&l->x, n->x));
	*y = plot_px(&l->y, plot_linear(&l->y, n->y));
	return is_in(&in, *x, *y);
}

static void notes(struct plot_places *places)
{
	struct plot_layout *l = places->layout;
	const struct plot *p = l->plot;
	struct plot_label label = {0};

	for (unsigned i = 0; i < p->note_count; i++) {
		unsigned ink = plot_ink_of(p->notes[i].colour);
		if (!note_px(l, &p->notes[i], &label.x, &label.y))
			continue;
		plot_layout_dot(l, (struct plot_dot){label.x, label.y, RING_PX, ink, 0, true});
		plot_places_add(places, PLOT_OVER_DOT,
				(struct plot_rect){label.x - RING_PX, label.y - RING_PX,
						   label.x + RING_PX, label.y + RING_PX});
	}
	for (unsigned i = 0; i < p->note_count; i++) {
		if (!note_px(l, &p->notes[i], &label.x, &label.y))
			continue;
		label.ink = plot_ink_of(p->notes[i].colour);
		plot_text_fit(label.text, p->notes[i].label, l->font, 0.75 * (l->right - l->left));
		if (label.text[0] != '\0')
			plot_places_near(places, &label, RING_PX + 3, false);
	}
}

void plot_layout_names(struct plot_layout *l)
{
	struct plot_places places = {.layout = l,
				     .bounds = {l->left + 2, l->top, l->width - 4, l->bottom - 1}};
	const struct plot *p = l->plot;

	add_data(&places);
	name_at_edge(&places);
	marks(&places);
	notes(&places);
	for (unsigned i = 0; i < p->series_count; i++)
		name_area(&places, i);
	for (unsigned i = 0; i < p->series_count; i++)
		name_end(&places, &p->series[i]);
	free(places.obstacles);
}
