/*
 * plot.h: one figure: what it shows, and how it becomes SVG, PNG and CSV.
 *
 * A figure says what is to be seen (series, rows, marks, units); plot.c decides
 * where things lie: tics in the units that people read, direct labels that do
 * not cover each other, margins. Two forms:
 *
 *   PLOT_XY    series over two axes, each named at its end
 *   PLOT_ROWS  a row for each thing, one axis: stacked bars, intervals, dots
 *
 * All texts may be anything that is valid UTF-8; they are shown as they are,
 * shortened by an ellipsis where there is no room.
 */
#ifndef GVR_PLOT_H
#define GVR_PLOT_H

#include <stdbool.h>
#include <stdio.h>

#include "workloads/error.h"

#define PLOT_TEXT_NBYTES 128u
#define PLOT_ALT_NBYTES 1536u
#define PLOT_ENGINE_COLOURS 8u

/* A colour is a role; the page and the file decide what it looks like, in light
 * and in dark. Engines are 0 to PLOT_ENGINE_COLOURS - 1, by their order. */
enum plot_colour {
	PLOT_NEUTRAL = PLOT_ENGINE_COLOURS, /* lines that belong to no engine */
	PLOT_STORE_AREA,		    /* where storing wins */
	PLOT_MAKE_AREA,			    /* where regenerating wins */
	PLOT_UNSURE_AREA,		    /* the uncertainty between */
	PLOT_COLOURS
};

/* What the values of an axis are: decides tics ("10 ms", "1 MiB", "3 days") and
 * how a value is written beside a mark. */
enum plot_unit {
	PLOT_NUMBER,	 /* 0.1, 10, 1000, 10k, 1M */
	PLOT_RATIO,	 /* 0.5x, 1x, 2x */
	PLOT_PERCENTILE, /* 0 to < 100, drawn over log(1 / (1 - p)) as HdrHistogram does */
	PLOT_NS,	 /* 10 us, 1 ms */
	PLOT_BYTES,	 /* powers of 1024 */
	PLOT_JOULES,	 /* 1 mJ */
	PLOT_DAYS,	 /* in days; shown as seconds to years */
	PLOT_PER_SECOND, /* requests a second */
	PLOT_USD_PER_GB,
};

struct plot_axis {
	char name[PLOT_TEXT_NBYTES];   /* "response time": the unit is added where tics lack it */
	char column[PLOT_TEXT_NBYTES]; /* of the CSV: "response_ns" */
	enum plot_unit unit;
	bool log;	  /* ignored for PLOT_PERCENTILE */
	double low, high; /* NAN: as the data want it */
};

enum plot_style {
	PLOT_LINE,
	PLOT_DASHED, /* extrapolated, a bound: what was not measured */
	PLOT_LINE_POINTS,
	PLOT_POINTS,
	PLOT_OPEN_POINTS, /* dominated, INVALID: what does not count fully */
	PLOT_AREA,	  /* between y and high */
};

/* Of PLOT_XY. NAN in a series leaves a gap. */
struct plot_series {
	char name[PLOT_TEXT_NBYTES];  /* of the CSV */
	char label[PLOT_TEXT_NBYTES]; /* shown at the end of a line, beside the last point, in the
				       * middle of an area; "": none */
	enum plot_style style;
	unsigned colour;
	unsigned count, capacity;
	double *x, *y, *high; /* high: of PLOT_AREA */
};

/* A line across the figure: a target, today's workload, 1x. */
struct plot_mark {
	char label[PLOT_TEXT_NBYTES];
	bool vertical; /* at an x; else at a y (PLOT_ROWS: always at a value) */
	double at;
};

/* A point that is named: the knee, this run. PLOT_XY only. */
struct plot_note {
	char label[PLOT_TEXT_NBYTES];
	unsigned colour;
	double x, y;
};

#define PLOT_SEGMENTS_MAX 4u

/* Of PLOT_ROWS. Either segments (a stacked bar, from 0) or a figure with dots. */
struct plot_row {
	char name[PLOT_TEXT_NBYTES];  /* left of the row */
	char value[PLOT_TEXT_NBYTES]; /* right of it: "1.20 mJ, modelled" */
	unsigned colour;
	unsigned segment_count;
	double segments[PLOT_SEGMENTS_MAX]; /* what they are: segment_names of the plot */
	double low, nominal, high;	    /* NAN: none */
	unsigned dot_count, dot_capacity;
	double *dots;
};

enum plot_form { PLOT_XY, PLOT_ROWS };

struct plot {
	char name[PLOT_TEXT_NBYTES]; /* of the files: lower case, digits, '_' */
	char title[PLOT_TEXT_NBYTES];
	char caption[PLOT_ALT_NBYTES]; /* how to read it, what it rests on; not in the picture */
	char alt[PLOT_ALT_NBYTES];     /* what there is to see, for who does not see it */
	char why_not[PLOT_ALT_NBYTES]; /* not "": there is nothing to draw, and why */
	enum plot_form form;
	struct plot_axis x, y; /* PLOT_ROWS: x alone */
	unsigned series_count, mark_count, note_count, row_count;
	unsigned series_capacity, mark_capacity, note_capacity, row_capacity;
	struct plot_series *series;
	struct plot_mark *marks;
	struct plot_note *notes;
	struct plot_row *rows;
	char segment_names[PLOT_SEGMENTS_MAX][PLOT_TEXT_NBYTES];
	unsigned segment_name_count;
	bool out_of_memory; /* something could not be added; plot_draw then says so */
};

/* ---- making one ---- */

/* An empty figure. title and texts are copied. */
void plot_init(struct plot *p, enum plot_form form, const char *name, const char *title);
void plot_free(struct plot *p);

void plot_x(struct plot *p, const char *name, const char *column, enum plot_unit unit, bool log);
void plot_y(struct plot *p, const char *name, const char *column, enum plot_unit unit, bool log);

/* The new one, to be filled; never NULL: where memory ran out, one that is
 * dropped. Valid until the next of its kind is added. */
struct plot_series *plot_add_series(struct plot *p, const char *name, const char *label,
				    enum plot_style style, unsigned colour);
struct plot_row *plot_add_row(struct plot *p, const char *name, unsigned colour);

void plot_add_point(struct plot *p, struct plot_series *s, double x, double y);
void plot_add_span(struct plot *p, struct plot_series *s, double x, double y, double high);
void plot_add_dot(struct plot *p, struct plot_row *r, double value);
void plot_add_mark(struct plot *p, bool vertical, double at, const char *label);
void plot_add_note(struct plot *p, double x, double y, unsigned colour, const char *label);

/* Says why there is nothing to draw; the first reason stays. */
void plot_cannot(struct plot *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A value as a person reads it: "343 us", "1.00 MiB", "3.4 years". */
void plot_format(char *out, size_t capacity, enum plot_unit unit, double value);

/* ---- drawing ---- */

/* Widths of a picture: for a page as wide as a desk, and as narrow as a hand. */
enum plot_width { PLOT_WIDE, PLOT_NARROW, PLOT_WIDTHS };

struct plot_picture {
	char *svg[PLOT_WIDTHS]; /* to stand in a page: colours by classes, no id, no script */
	char *svg_file;		/* to stand alone, light and dark */
	unsigned char *png;	/* NULL: not asked for, or no font */
	size_t png_nbytes;
};

/*
 * Draws figures with one gnuplot, in a folder of its own below TMPDIR, which is
 * gone afterwards. Those with why_not are left empty. png: also PNG, which stay NULL
 * where the machine has no font, as they would be without a letter. -ENOENT: no
 * gnuplot is there, -EPROTO: it failed (e tells what it said), -ECANCELED.
 */
int plot_draw(struct plot *plots, unsigned count, bool png, struct plot_picture *pictures,
	      const struct progress *progress, struct error *e);
void plot_picture_free(struct plot_picture *picture);

/* Its data, in rows of series (or row), x, y and high (or values). */
void plot_csv(FILE *f, const struct plot *p);

/* What the colours are: rules for a <style> of a page with SVG of plot_draw. */
void plot_css(FILE *f);

#endif
