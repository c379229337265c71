/*
 * plot_internal.h: the pieces that draw figures, in the order of the work:
 * plot_scale.c says where a value lies and which tics stand there, plot_text.c
 * how wide a text is, plot_place.c keeps texts apart, plot_layout.c (XY) and
 * plot_rows.c (ROWS) make of a figure a list of lines and texts, plot_gnuplot.c
 * has gnuplot draw it and plot_svg.c turns what gnuplot wrote into SVG for a
 * page. All lengths are px, from the left and the top of the picture.
 */
#ifndef GVR_PLOT_INTERNAL_H
#define GVR_PLOT_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "bench/report/plot.h"

/* ---- colours ---- */

/* What is drawn that belongs to no series; follows the colours of plot.h. */
enum plot_ink {
	PLOT_INK_TEXT = PLOT_COLOURS,
	PLOT_INK_MUTED, /* text of axes */
	PLOT_INK_GRID,
	PLOT_INK_LINE, /* axes, marks */
	PLOT_INKS
};

#define PLOT_SHADES PLOT_SEGMENTS_MAX

/* 0xrrggbb as it is on a light or on a dark page. */
struct plot_paint {
	unsigned mark[2], text[2];
};
extern const struct plot_paint plot_paints[PLOT_INKS];
extern const unsigned plot_paper[2];
/* How much of a shade's colour there is, the rest being paper. */
extern const double plot_shade_opacity[PLOT_SHADES];

/* The colour `ink` of a series or row: one that is known. */
unsigned plot_ink_of(unsigned colour);

/* ---- text ---- */

/* How wide a text becomes at most in the usual fonts of screens. */
double plot_text_width(const char *text, double font);

/* Cuts text (capacity PLOT_LABEL_NBYTES) to at most `width` by an ellipsis;
 * control characters go. */
#define PLOT_LABEL_NBYTES (PLOT_TEXT_NBYTES + 4)
void plot_text_fit(char *out, const char *text, double font, double width);

/* Text of HTML and XML, in an attribute as well. */
void plot_escape(FILE *f, const char *text);

/* ---- scales ---- */

struct plot_scale {
	enum plot_unit unit;
	bool log;
	double low, high;	/* as they are drawn: plot_linear of values */
	double at_low, at_high; /* px */
};

struct plot_tic {
	double value; /* as it is drawn */
	char label[24];
};

#define PLOT_TICS_MAX 24u

struct plot_tics {
	unsigned count;
	struct plot_tic tic[PLOT_TICS_MAX];
};

/* A value as it is drawn: its logarithm on a log axis. NAN: it cannot be. */
double plot_linear(const struct plot_scale *s, double value);
double plot_px(const struct plot_scale *s, double linear);

/* A scale over values from..to (NAN: there are none), and its tics; length_px and
 * font limit how many. */
void plot_scale_fit(struct plot_scale *s, struct plot_tics *tics, const struct plot_axis *axis,
		    double from, double to, double length_px, double font, bool horizontal);

/* The name of an axis with the unit that its tics lack. */
void plot_axis_title(char *out, size_t capacity, const struct plot_axis *axis);

/* ---- layout ---- */

enum plot_anchor { PLOT_LEFT, PLOT_CENTRE, PLOT_RIGHT };

struct plot_label {
	double x, y; /* y: the middle of the line */
	enum plot_anchor anchor;
	unsigned ink;
	bool strong, halo; /* halo: it may lie over lines */
	char text[PLOT_LABEL_NBYTES];
};

/* Dashed ones and others need different inks: in gnuplot's SVG a change of
 * dashes alone begins no new path. */
struct plot_rule {
	double x1, y1, x2, y2, width;
	unsigned ink;
	bool dashed, front;
};

struct plot_box {
	double x1, y1, x2, y2;
	unsigned ink, shade;
};

struct plot_dot {
	double x, y, radius;
	unsigned ink, shade;
	bool open;
};

struct plot_layout {
	const struct plot *plot;
	double width, height, font, line; /* line: from one line of text to the next */
	double left, right, top, bottom;  /* of the area of data */
	struct plot_scale x, y;
	unsigned label_count, label_capacity;
	unsigned rule_count, rule_capacity;
	unsigned box_count, box_capacity;
	unsigned dot_count, dot_capacity;
	struct plot_label *labels;
	struct plot_rule *rules;
	struct plot_box *boxes;
	struct plot_dot *dots;
	bool out_of_memory;
};

/* Lays out p. offset_px: kept free at the top, for a title. */
void plot_layout(struct plot_layout *l, const struct plot *p, enum plot_width width,
		 double offset_px);
void plot_layout_xy(struct plot_layout *l, double offset_px);
void plot_layout_rows(struct plot_layout *l, double offset_px);
/* The texts of an XY figure that stand in it. */
void plot_layout_names(struct plot_layout *l);
void plot_layout_free(struct plot_layout *l);

bool plot_is_line(const struct plot_series *s);

struct plot_label *plot_layout_label(struct plot_layout *l, double x, double y,
				     enum plot_anchor anchor, unsigned ink, const char *text);
/* The label of a tic of x, below the axis; at the edges it stays in the picture. */
void plot_layout_tic(struct plot_layout *l, const struct plot_tic *tic);
void plot_layout_rule(struct plot_layout *l, struct plot_rule rule);
void plot_layout_box(struct plot_layout *l, struct plot_box box);
void plot_layout_dot(struct plot_layout *l, struct plot_dot dot);

/* A point of a series in px, an area's within the scale of y. false: there is
 * nothing to draw there. */
bool plot_point(const struct plot_layout *l, const struct plot_series *s, unsigned i, double *x,
		double *y, double *high);

/* The next point to draw after i so that what is left out changes nothing that
 * could be seen; s->count after the last. */
unsigned plot_next_point(const struct plot_layout *l, const struct plot_series *s, unsigned i);

/* ---- places ---- */

struct plot_rect {
	double x1, y1, x2, y2;
};

enum plot_obstacle_kind {
	PLOT_OVER_TEXT, /* no text lies over another */
	PLOT_OVER_DOT,	/* nor over a point */
	PLOT_OVER_LINE, /* over a line only where there is no better place */
};

struct plot_obstacle {
	enum plot_obstacle_kind kind;
	struct plot_rect at; /* a line: from x1, y1 to x2, y2 */
};

/* What texts must keep clear of. */
struct plot_places {
	struct plot_layout *layout;
	struct plot_rect bounds;
	unsigned count, capacity;
	struct plot_obstacle *obstacles;
};

/* Cuts the line from..to of `line` to what lies in `in`; false: nothing. */
bool plot_clip(const struct plot_rect *in, struct plot_rect *line);

void plot_places_add(struct plot_places *p, enum plot_obstacle_kind kind, struct plot_rect at);

/* What a text there would cover: INFINITY, it cannot be there; else lines. */
double plot_places_cost(const struct plot_places *p, const struct plot_rect *at);

/* Where the text of a label lies. */
struct plot_rect plot_label_rect(const struct plot_label *label, double font);

/* Adds a label, with a halo if it lies over lines, and keeps others off it. */
void plot_places_put(struct plot_places *p, const struct plot_label *label);

/* Puts a label beside the point label->x, y, `gap` from it, or (far: only) farther
 * away with a line to it, or not at all: false. */
bool plot_places_near(struct plot_places *p, const struct plot_label *label, double gap, bool far);

/* ---- drawing ---- */

/* One picture that gnuplot draws: into `file`, a name in its folder. */
struct plot_job {
	struct plot_layout layout;
	char file[32];
	bool png;
};

/* Stand for '&' and '\'' between the script and plot_svg.c; no text has them. */
#define PLOT_AMPERSAND "\xee\x80\x80"
#define PLOT_APOSTROPHE "\xee\x80\x81"

/* The commands that draw a job. For SVG, rgb(1, shade, ink) is a colour of a mark
 * and rgb(1, halo or not, ink) one of a text. */
void plot_script(FILE *f, const struct plot_job *job);

/* The commands that draw two PNG, which are the same bytes if the machine has no font
 * for PNG. */
#define PLOT_WITH_LETTER "letter"
#define PLOT_WITHOUT_LETTER "blank"
void plot_font_script(FILE *f);

/* Runs gnuplot on `script` of folder. */
int plot_gnuplot(const char *folder, const struct progress *progress, unsigned count,
		 struct error *e);

/*
 * Turns what gnuplot wrote into what stands between <svg> and </svg> in a page.
 * *out is a string of its own. -EPROTO: it is not what gnuplot writes.
 */
int plot_svg_tidy(char **out, const char *gnuplot_svg, struct error *e);

#endif
