/* plot_place.c: finds places for texts where they cover no other. */
#include "bench/report/plot_internal.h"

#include <math.h>
#include <stdlib.h>

bool plot_clip(const struct plot_rect *in, struct plot_rect *line)
{
	double dx = line->x2 - line->x1, dy = line->y2 - line->y1, from = 0, to = 1;
	const double p[4] = {-dx, dx, -dy, dy};
	const double q[4] = {line->x1 - in->x1, in->x2 - line->x1, line->y1 - in->y1,
			     in->y2 - line->y1};

	for (unsigned i = 0; i < 4; i++) { /* Liang and Barsky */
		if (p[i] == 0 && q[i] < 0)
			return false;
		if (p[i] < 0)
			from = fmax(from, q[i] / p[i]);
		else if (p[i] > 0)
			to = fmin(to, q[i] / p[i]);
	}
	if (from > to)
		return false;
	*line = (struct plot_rect){line->x1 + from * dx, line->y1 + from * dy, line->x1 + to * dx,
				   line->y1 + to * dy};
	return true;
}

void plot_places_add(struct plot_places *p, enum plot_obstacle_kind kind, struct plot_rect at)
{
	if (p->count == p->capacity) {
		unsigned more = p->capacity == 0 ? 256 : p->capacity * 2;
		struct plot_obstacle *moved = realloc(p->obstacles, more * sizeof *moved);
		if (moved == NULL) {
			p->layout->out_of_memory = true;
			return;
		}
		p->obstacles = moved;
		p->capacity = more;
	}
	p->obstacles[p->count++] = (struct plot_obstacle){kind, at};
}

static bool overlap(const struct plot_rect *a, const struct plot_rect *b)
{
	return a->x1 < b->x2 && b->x1 < a->x2 && a->y1 < b->y2 && b->y1 < a->y2;
}

double plot_places_cost(const struct plot_places *p, const struct plot_rect *at)
{
	double cost = 0;

	if (at->x1 < p->bounds.x1 || at->x2 > p->bounds.x2 || at->y1 < p->bounds.y1 ||
	    at->y2 > p->bounds.y2)
		return INFINITY;
	for (unsigned i = 0; i < p->count; i++) {
		const struct plot_obstacle *o = &p->obstacles[i];
		struct plot_rect line = o->at;
		if (o->kind != PLOT_OVER_LINE && overlap(&o->at, at))
			return INFINITY;
		if (o->kind == PLOT_OVER_LINE && plot_clip(at, &line))
			cost++;
	}
	return cost;
}

struct plot_rect plot_label_rect(const struct plot_label *label, double font)
{
	double width = plot_text_width(label->text, font), left = label->x;

	if (label->anchor != PLOT_LEFT)
		left -= label->anchor == PLOT_CENTRE ? width / 2 : width;
	return (struct plot_rect){left - 2, label->y - font * 0.72, left + width + 2,
				  label->y + font * 0.72};
}

void plot_places_put(struct plot_places *p, const struct plot_label *label)
{
	struct plot_label *put = plot_layout_label(p->layout, label->x, label->y, label->anchor,
						   label->ink, label->text);
	struct plot_rect at = plot_label_rect(label, p->layout->font);
	double cost = plot_places_cost(p, &at);

	put->halo = isfinite(cost) && cost > 0;
	plot_places_add(p, PLOT_OVER_TEXT, at);
}

/* The label of the point x, y in a direction, `away` from it. */
static struct plot_label beside(const struct plot_label *label, int dx, int dy, double away,
				double font)
{
	struct plot_label moved = *label;
	double part = dx != 0 && dy != 0 ? 0.75 : 1;

	moved.anchor = dx > 0 ? PLOT_LEFT : dx < 0 ? PLOT_RIGHT : PLOT_CENTRE;
	moved.x += dx * away * part;
	moved.y += dy * (away * part + font * (dx == 0 ? 0.6 : 0.35));
	return moved;
}

/* The line from a point to its label, past the mark of the point. */
static struct plot_rect leader_of(const struct plot_label *label, const struct plot_label *moved,
				  double gap, double font)
{
	double x = moved->anchor == PLOT_LEFT ? moved->x - 3 : moved->x;
	double y = moved->y;

	if (moved->anchor == PLOT_RIGHT)
		x += 3;
	if (moved->anchor == PLOT_CENTRE)
		y += moved->y < label->y ? font * 0.65 : -font * 0.65;
	double length = hypot(x - label->x, y - label->y), start = length > gap ? gap / length : 0;
	return (struct plot_rect){label->x + (x - label->x) * start,
				  label->y + (y - label->y) * start, x, y};
}

static bool crosses_text(const struct plot_places *p, const struct plot_rect *line)
{
	for (unsigned i = 0; i < p->count; i++) {
		struct plot_rect part = *line;
		if (p->obstacles[i].kind == PLOT_OVER_TEXT && plot_clip(&p->obstacles[i].at, &part))
			return true;
	}
	return false;
}

static const struct {
	int dx, dy;
} directions[] = {{1, 0}, {-1, 0}, {0, -1}, {0, 1}, {1, -1}, {1, 1}, {-1, -1}, {-1, 1}};

static const double distances[] = {0, 14, 28, 48, 72};

#define LEADER_COST 2.0
#define ORDER_COST 0.05

bool plot_places_near(struct plot_places *p, const struct plot_label *label, double gap, bool far)
{
	double font = p->layout->font, best_cost = INFINITY;
	struct plot_label best = *label;
	struct plot_rect leader = {0};
	bool led = false;

	for (unsigned i = far ? 1 : 0; i < sizeof distances / sizeof distances[0]; i++) {
		for (unsigned k = 0; k < sizeof directions / sizeof directions[0]; k++) {
			struct plot_label moved = beside(label, directions[k].dx, directions[k].dy,
							 gap + distances[i], font);
			struct plot_rect at = plot_label_rect(&moved, font);
			struct plot_rect line = leader_of(label, &moved, gap, font);
			double cost = i * LEADER_COST + k * ORDER_COST;
			if (cost < best_cost)
				cost += plot_places_cost(p, &at);
			if (cost >= best_cost || (i > 0 && crosses_text(p, &line)))
				continue;
			best_cost = cost;
			best = moved;
			leader = line;
			led = i > 0;
		}
	}
	if (isinf(best_cost))
		return false;
	plot_places_put(p, &best);
	if (led) {
		plot_layout_rule(p->layout,
				 (struct plot_rule){leader.x1, leader.y1, leader.x2, leader.y2, 1,
						    PLOT_INK_LINE, false, true});
		plot_places_add(p, PLOT_OVER_LINE, leader);
	}
	return true;
}
