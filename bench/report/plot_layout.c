/* plot_layout.c: what every layout is made of. */
#include "bench/report/plot_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	double width, height, font;
} sizes[PLOT_WIDTHS] = {
	[PLOT_WIDE] = {760, 400, 13},
	[PLOT_NARROW] = {360, 300, 12},
};

/* Room for one more; NULL: no memory, and l says so. */
static void *grow(struct plot_layout *l, void **array, unsigned *count, unsigned *capacity,
		  size_t nbytes)
{
	if (*count == *capacity) {
		unsigned more = *capacity == 0 ? 64 : *capacity * 2;
		void *moved = realloc(*array, more * nbytes);
		if (moved == NULL) {
			l->out_of_memory = true;
			return NULL;
		}
		*array = moved;
		*capacity = more;
	}
	return (char *)*array + nbytes * (*count)++;
}

struct plot_label *plot_layout_label(struct plot_layout *l, double x, double y,
				     enum plot_anchor anchor, unsigned ink, const char *text)
{
	static struct plot_label dropped;
	struct plot_label *label = grow(l, (void **)&l->labels, &l->label_count, &l->label_capacity,
					sizeof *l->labels);

	if (label == NULL)
		label = &dropped;
	*label = (struct plot_label){.x = x, .y = y, .anchor = anchor, .ink = ink};
	snprintf(label->text, sizeof label->text, "%s", text);
	return label;
}

void plot_layout_tic(struct plot_layout *l, const struct plot_tic *tic)
{
	double half = plot_text_width(tic->label, l->font) / 2 + 2;
	double x = fmax(fmin(plot_px(&l->x, tic->value), l->width - half), half);

	plot_layout_label(l, x, l->bottom + 7 + l->font * 0.6, PLOT_CENTRE, PLOT_INK_MUTED,
			  tic->label);
}

void plot_layout_rule(struct plot_layout *l, struct plot_rule rule)
{
	struct plot_rule *added =
		grow(l, (void **)&l->rules, &l->rule_count, &l->rule_capacity, sizeof rule);
	if (added != NULL)
		*added = rule;
}

void plot_layout_box(struct plot_layout *l, struct plot_box box)
{
	struct plot_box *added =
		grow(l, (void **)&l->boxes, &l->box_count, &l->box_capacity, sizeof box);
	if (added != NULL)
		*added = box;
}

void plot_layout_dot(struct plot_layout *l, struct plot_dot dot)
{
	struct plot_dot *added =
		grow(l, (void **)&l->dots, &l->dot_count, &l->dot_capacity, sizeof dot);

	if (added != NULL)
		*added = dot;
}

void plot_layout(struct plot_layout *l, const struct plot *p, enum plot_width width,
		 double offset_px)
{
	memset(l, 0, sizeof *l);
	l->plot = p;
	l->width = sizes[width].width;
	l->height = sizes[width].height + offset_px;
	l->font = sizes[width].font;
	l->line = l->font * 1.45;
	if (offset_px > 0) {
		char title[PLOT_LABEL_NBYTES];
		plot_text_fit(title, p->title, l->font * 1.1, l->width - 16);
		plot_layout_label(l, 8, 18, PLOT_LEFT, PLOT_INK_TEXT, title)->strong = true;
	}
	if (p->form == PLOT_XY)
		plot_layout_xy(l, offset_px);
	else
		plot_layout_rows(l, offset_px);
}

void plot_layout_free(struct plot_layout *l)
{
	free(l->labels);
	free(l->rules);
	free(l->boxes);
	free(l->dots);
	memset(l, 0, sizeof *l);
}
