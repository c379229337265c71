/*
 * test_plot.c: figures as they are drawn: colours that can be told apart, tics
 * that people read, texts that cover no other, whatever the data and the texts
 * are, and what happens when gnuplot is not there or fails.
 */
#include "tests/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/report/plot_internal.h"
#include "tests/scratch.h"
#include "workloads/prng.h"

/* Chance, the same every time. */
struct chance {
	uint64_t seed, drawn;
};

static double unit(struct chance *r)
{
	return prng_unit(prng_at(r->seed, r->drawn++));
}

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* ---- colours ---- */

struct linear_rgb {
	double c[3];
};

static struct linear_rgb linear_of(unsigned colour)
{
	struct linear_rgb out;

	for (unsigned i = 0; i < 3; i++) {
		double v = (colour >> (16 - 8 * i) & 255) / 255.0;
		out.c[i] = v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
	}
	return out;
}

/* WCAG 2's contrast ratio. */
static double contrast(unsigned a, unsigned b)
{
	double light[2];
	unsigned colours[2] = {a, b};

	for (unsigned i = 0; i < 2; i++) {
		struct linear_rgb v = linear_of(colours[i]);
		light[i] = 0.2126 * v.c[0] + 0.7152 * v.c[1] + 0.0722 * v.c[2] + 0.05;
	}
	return fmax(light[0], light[1]) / fmin(light[0], light[1]);
}

static void contrast_is_that_of_wcag(void **state)
{
	(void)state;
	assert_float_equal(contrast(0x000000, 0xffffff), 21, 1e-9);
	assert_float_equal(contrast(0x777777, 0xffffff), 4.48, 0.01);
}

static void colours_stand_out_from_the_page(void **state)
{
	(void)state;
	for (unsigned dark = 0; dark < 2; dark++) {
		for (unsigned i = 0; i <= PLOT_NEUTRAL; i++)
			assert_true(contrast(plot_paints[i].mark[dark], plot_paper[dark]) >= 3);
		for (unsigned i = 0; i < PLOT_INKS; i++)
			if (i != PLOT_INK_GRID)
				assert_true(contrast(plot_paints[i].text[dark], plot_paper[dark]) >=
					    4.5);
		for (unsigned i = PLOT_STORE_AREA; i < PLOT_COLOURS; i++) {
			assert_true(contrast(plot_paints[i].text[dark],
					     plot_paints[i].mark[dark]) >= 4.5);
			assert_true(contrast(plot_paints[PLOT_INK_TEXT].text[dark],
					     plot_paints[i].mark[dark]) >= 4.5);
		}
	}
}

/* Machado, Oliveira and Fernandes 2009, severity 1, for linear RGB. */
static const double eyes[4][3][3] = {
	{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	{{0.152286, 1.052583, -0.204868},
	 {0.114503, 0.786281, 0.099216},
	 {-0.003882, -0.048116, 1.051998}},
	{{0.367322, 0.860646, -0.227968},
	 {0.280085, 0.672501, 0.047413},
	 {-0.011820, 0.042940, 0.968881}},
	{{1.255528, -0.076749, -0.178779},
	 {-0.078411, 0.930809, 0.147602},
	 {0.004733, 0.691367, 0.303900}},
};

static double lab_curve(double t)
{
	return t > 0.008856 ? cbrt(t) : 7.787 * t + 16 / 116.0;
}

/* CIELAB under D65, as such eyes see it. */
static void lab_of(double lab[3], unsigned colour, const double eye[3][3])
{
	struct linear_rgb v = linear_of(colour), s;

	for (unsigned i = 0; i < 3; i++) {
		double sum = eye[i][0] * v.c[0] + eye[i][1] * v.c[1] + eye[i][2] * v.c[2];
		s.c[i] = fmin(fmax(sum, 0), 1);
	}
	double x =
		lab_curve((0.4124564 * s.c[0] + 0.3575761 * s.c[1] + 0.1804375 * s.c[2]) / 0.95047);
	double y = lab_curve(0.2126729 * s.c[0] + 0.7151522 * s.c[1] + 0.0721750 * s.c[2]);
	double z =
		lab_curve((0.0193339 * s.c[0] + 0.1191920 * s.c[1] + 0.9503041 * s.c[2]) / 1.08883);
	lab[0] = 116 * y - 16;
	lab[1] = 500 * (x - y);
	lab[2] = 200 * (y - z);
}

static double difference(unsigned a, unsigned b, const double eye[3][3])
{
	double p[3], q[3];

	lab_of(p, a, eye);
	lab_of(q, b, eye);
	return sqrt((p[0] - q[0]) * (p[0] - q[0]) + (p[1] - q[1]) * (p[1] - q[1]) +
		    (p[2] - q[2]) * (p[2] - q[2]));
}

static void engines_differ_for_all_eyes(void **state)
{
	(void)state;
	assert_float_equal(difference(0x000000, 0xffffff, eyes[0]), 100, 0.1);
	for (unsigned dark = 0; dark < 2; dark++)
		for (unsigned eye = 0; eye < 4; eye++)
			for (unsigned i = 0; i < PLOT_ENGINE_COLOURS; i++)
				for (unsigned k = 0; k < i; k++)
					assert_true(difference(plot_paints[i].mark[dark],
							       plot_paints[k].mark[dark],
							       eyes[eye]) >= (i < 4 ? 24 : 14));
}

/* ---- tics ---- */

/* The labels of an axis, ' | ' between them. */
static const char *tics_of(enum plot_unit unit, bool log, double low, double high, double length)
{
	static char text[PLOT_TICS_MAX * 32];
	struct plot_axis axis = {.unit = unit, .log = log, .low = low, .high = high};
	struct plot_scale s;
	struct plot_tics tics;

	plot_scale_fit(&s, &tics, &axis, NAN, NAN, length, 13, true);
	text[0] = '\0';
	for (unsigned i = 0; i < tics.count; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s",
			 i > 0 ? " | " : "", tics.tic[i].label);
	return text;
}

static void tics_are_in_units_that_people_read(void **state)
{
	(void)state;
	assert_string_equal(tics_of(PLOT_NS, true, 1e5, 1e10, 600),
			    "100 us | 1 ms | 10 ms | 100 ms | 1 s | 10 s");
	assert_string_equal(tics_of(PLOT_NS, true, 1e6, 2e7, 600),
			    "1 ms | 2 ms | 5 ms | 10 ms | 20 ms");
	assert_string_equal(tics_of(PLOT_NS, false, 0, 4.2e6, 600),
			    "0 | 0.5 ms | 1 ms | 1.5 ms | 2 ms | "
			    "2.5 ms | 3 ms | 3.5 ms | 4 ms");
	assert_string_equal(tics_of(PLOT_BYTES, true, 1024, 0x1p31, 600),
			    "1 KiB | 32 KiB | 1 MiB | 32 MiB | 1 GiB");
	assert_string_equal(tics_of(PLOT_BYTES, false, 0, 70000, 600),
			    "0 | 8 KiB | 16 KiB | 24 KiB | 32 KiB "
			    "| 40 KiB | 48 KiB | 56 KiB | 64 KiB");
	assert_string_equal(
		tics_of(PLOT_DAYS, true, 1 / 86400.0, 3653, 640),
		"1 s | 10 s | 1 min | 10 min | 1 h | 1 day | 30 days | 1 year | 10 years");
	assert_string_equal(tics_of(PLOT_DAYS, true, 2, 20, 300), "3 days | 7 days | 15 days");
	assert_string_equal(tics_of(PLOT_PERCENTILE, false, 0, 99.995, 500),
			    "0 % | 90 % | 99 % | 99.9 % | 99.99 %");
	assert_string_equal(tics_of(PLOT_PERCENTILE, false, 0, 99, 500),
			    "0 % | 50 % | 90 % | 99 %");
	assert_string_equal(tics_of(PLOT_RATIO, true, 0.5, 20, 600),
			    "0.5x | 1x | 2x | 5x | 10x | 20x");
	assert_string_equal(tics_of(PLOT_RATIO, true, 0.5, 2000, 600), "1x | 10x | 100x | 1000x");
	assert_string_equal(tics_of(PLOT_PER_SECOND, true, 100, 1e4, 600), "100 | 1k | 10k");
	assert_string_equal(tics_of(PLOT_JOULES, true, 1e-6, 1e-2, 600),
			    "1 uJ | 10 uJ | 100 uJ | 1 mJ | 10 mJ");
	assert_string_equal(tics_of(PLOT_NUMBER, false, 0, 2.5e6, 300),
			    "0 | 500k | 1M | 1.5M | 2M | 2.5M");
	assert_string_equal(tics_of(PLOT_USD_PER_GB, false, 0, 0.1, 300),
			    "0 | 0.02 | 0.04 | 0.06 | 0.08 | 0.1");
}

/* Whatever the range: 2 tics or more, in order, whose labels stand apart. */
static void tics_never_collide(void **state)
{
	struct chance r = {7, 0};
	(void)state;

	for (unsigned i = 0; i < 20000; i++) {
		struct plot_axis axis = {.unit = (enum plot_unit)(i % 9),
					 .log = i / 9 % 2 == 1,
					 .low = NAN,
					 .high = NAN};
		double from = pow(10, -9 + 24 * unit(&r)), length = 170 + 430 * unit(&r);
		double to =
			i % 5 == 0 ? from : fmin(from * pow(10, 15 * unit(&r) * unit(&r)), 1e15);
		struct plot_scale s;
		struct plot_tics tics;
		bool horizontal = i % 2 == 0;
		if (axis.unit == PLOT_PERCENTILE) {
			from = 100 * unit(&r);
			to = 100 - pow(10, -5 * unit(&r)) * (100 - from);
		}
		plot_scale_fit(&s, &tics, &axis, from, to, length, 12, horizontal);
		assert_true(s.low < s.high);
		assert_true(plot_linear(&s, from) >= s.low - 1e-9 * fabs(s.low));
		assert_true(plot_linear(&s, to) <= s.high + 1e-9 * fabs(s.high));
		if (tics.count < 2 || tics.count >= PLOT_TICS_MAX)
			fail_msg("%u tics: unit %u, log %d, %g to %g on %g px", tics.count,
				 axis.unit, axis.log, from, to, length);
		for (unsigned k = 0; k + 1 < tics.count; k++) {
			double apart = (tics.tic[k + 1].value - tics.tic[k].value) /
				       (s.high - s.low) * length;
			double half = (plot_text_width(tics.tic[k].label, 12) +
				       plot_text_width(tics.tic[k + 1].label, 12)) /
				      2;
			assert_true(apart > (horizontal ? half : 12));
			assert_string_not_equal(tics.tic[k].label, tics.tic[k + 1].label);
		}
	}
}

static void values_are_told_with_their_units(void **state)
{
	static const struct {
		enum plot_unit unit;
		double value;
		const char *text;
	} cases[] = {
		{PLOT_NS, 343e3, "343 us"},
		{PLOT_BYTES, 1048576, "1.00 MiB"},
		{PLOT_DAYS, 3.4 * 365.25, "3.4 years"},
		{PLOT_JOULES, 4.12e-3, "4.12 mJ"},
		{PLOT_RATIO, 2.345, "2.35x"},
		{PLOT_PERCENTILE, 99.9, "99.9 %"},
		{PLOT_NUMBER, 12, "12"},
		{PLOT_USD_PER_GB, 0.08, "0.08 USD/GB"},
		{PLOT_PER_SECOND, 1234, "1234 /s"},
		{PLOT_NS, NAN, "-"},
	};
	char out[64];
	(void)state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		plot_format(out, sizeof out, cases[i].unit, cases[i].value);
		assert_string_equal(out, cases[i].text);
	}
}

/* ---- texts ---- */

static void texts_are_cut_between_characters(void **state)
{
	char out[PLOT_LABEL_NBYTES];
	(void)state;

	plot_text_fit(out, "retrieve", 13, 200);
	assert_string_equal(out, "retrieve");
	plot_text_fit(out, "2.84 KiB", 13, plot_text_width("2.84 KiB", 13));
	assert_string_equal(out, "2.84 KiB");
	plot_text_fit(out, "a\tb\nc\x01", 13, 200);
	assert_string_equal(out, "a?b?c?");
	plot_text_fit(out, "\xff\xc3", 13, 200);
	assert_string_equal(out, "??");
	for (double width = 0; width < 120; width += 0.5) {
		plot_text_fit(out,
			      "caf\xc3\xa9 \xf0\x9f\x98\x80 \xe4\xb8\xad\xe6\x96\x87 caf\xc3\xa9",
			      13, width);
		assert_true(plot_text_width(out, 13) <= width);
		for (const char *c = out; *c != '\0'; c++) /* nothing was cut in two */
			assert_true(strncmp(c, "?", 1) != 0);
	}
}

/* ---- what is drawn covers nothing ---- */

static struct plot_rect rect_of(const struct plot_layout *l, const struct plot_label *label)
{
	struct plot_rect r = plot_label_rect(label, l->font * (label->strong ? 1.1 : 1));
	/* the letters alone: lines of text may touch */
	return (struct plot_rect){r.x1 + 2, label->y - 0.5 * l->font, r.x2 - 2,
				  label->y + 0.5 * l->font};
}

static void assert_texts_apart(const struct plot_layout *l)
{
	for (unsigned i = 0; i < l->label_count; i++) {
		struct plot_rect a = rect_of(l, &l->labels[i]);
		if (l->labels[i].text[0] == '\0')
			continue;
		if (a.x1 < 0 || a.y1 < 0 || a.x2 > l->width || a.y2 > l->height)
			fail_msg("'%s' leaves the picture", l->labels[i].text);
		for (unsigned k = 0; k < i; k++) {
			struct plot_rect b = rect_of(l, &l->labels[k]);
			if (l->labels[k].text[0] != '\0' && a.x1 < b.x2 && b.x1 < a.x2 &&
			    a.y1 < b.y2 && b.y1 < a.y2)
				fail_msg("'%s' covers '%s'", l->labels[i].text, l->labels[k].text);
		}
	}
}

static void assert_laid_out(const struct plot *p)
{
	for (unsigned w = 0; w < PLOT_WIDTHS + 1; w++) {
		struct plot_layout l;
		plot_layout(&l, p, w < PLOT_WIDTHS ? (enum plot_width)w : PLOT_WIDE,
			    w < PLOT_WIDTHS ? 0 : 34);
		assert_false(l.out_of_memory);
		assert_texts_apart(&l);
		plot_layout_free(&l);
	}
}

/* A text of some length, with characters of all widths. */
static const char *some_text(struct chance *r, unsigned longest)
{
	static const char *const parts[] = {
		"a", "W", "i", " ", "9", "\xe4\xb8\xad", "\xf0\x9f\x98\x80", "&", "<"};
	static char text[PLOT_TEXT_NBYTES];
	unsigned count = (unsigned)(unit(r) * longest);

	text[0] = '\0';
	for (unsigned i = 0; i < count && strlen(text) + 8 < sizeof text; i++)
		strcat(text, parts[(size_t)(unit(r) * COUNT(parts))]);
	return text;
}

static double some_value(struct chance *r)
{
	static const double odd[] = {NAN, INFINITY, -INFINITY, 0, -1, 1e-9, 1e15, 1e308, 5};

	if (unit(r) < 0.1)
		return odd[(size_t)(unit(r) * COUNT(odd))];
	return pow(10, 4 * unit(r));
}

static void some_xy(struct plot *p, struct chance *r)
{
	unsigned series_count = (unsigned)(unit(r) * 30);

	plot_init(p, PLOT_XY, "some", some_text(r, 80));
	plot_x(p, some_text(r, 60), "x", (enum plot_unit)(unit(r) * 9), unit(r) < 0.5);
	plot_y(p, some_text(r, 60), "y", (enum plot_unit)(unit(r) * 9), unit(r) < 0.5);
	for (unsigned i = 0; i < series_count; i++) {
		struct plot_series *s = plot_add_series(p, "s", some_text(r, 30),
							(enum plot_style)(unit(r) * 6), i % 14);
		unsigned count = (unsigned)(unit(r) * 12);
		for (unsigned k = 0; k < count; k++)
			plot_add_span(p, s, some_value(r), some_value(r), some_value(r));
	}
	for (unsigned i = 0; i < 3; i++) {
		plot_add_mark(p, unit(r) < 0.5, some_value(r), some_text(r, 40));
		plot_add_note(p, some_value(r), some_value(r), i, some_text(r, 40));
	}
}

static void some_rows(struct plot *p, struct chance *r)
{
	unsigned row_count = (unsigned)(unit(r) * 70);

	plot_init(p, PLOT_ROWS, "some", some_text(r, 80));
	plot_x(p, some_text(r, 60), "x", (enum plot_unit)(unit(r) * 9), unit(r) < 0.5);
	for (unsigned i = 0; i < row_count; i++) {
		struct plot_row *row = plot_add_row(p, some_text(r, 40), i % 9);
		strcpy(row->value, some_text(r, 40));
		row->segment_count = unit(r) < 0.5 ? 0 : 4;
		for (unsigned k = 0; k < 4; k++)
			row->segments[k] = some_value(r);
		row->low = some_value(r);
		row->nominal = some_value(r);
		row->high = some_value(r);
		for (unsigned k = 0; k < 3; k++)
			plot_add_dot(p, row, some_value(r));
	}
	p->segment_name_count = 4;
	for (unsigned i = 0; i < 4; i++)
		strcpy(p->segment_names[i], some_text(r, 30));
	for (unsigned i = 0; i < 3; i++)
		plot_add_mark(p, true, some_value(r), some_text(r, 40));
}

static void no_text_covers_another(void **state)
{
	struct plot p;
	struct chance r = {11, 0};
	(void)state;

	for (unsigned i = 0; i < 1000; i++) {
		if (i % 4 == 3)
			some_rows(&p, &r);
		else
			some_xy(&p, &r);
		assert_laid_out(&p);
		plot_free(&p);
	}
}

/* ---- drawing ---- */

static char scratch[64];

static unsigned files_in(const char *folder)
{
	unsigned count = 0;
	DIR *dir = opendir(folder);

	assert_non_null(dir);
	for (struct dirent *d; (d = readdir(dir)) != NULL;)
		count += d->d_name[0] != '.';
	closedir(dir);
	return count;
}

/* Draws one figure; nothing may stay behind. */
static void draw(struct plot *p, bool png, struct plot_picture *picture)
{
	struct error e = {""};
	int err = plot_draw(p, 1, png, picture, NULL, &e);

	if (err != 0)
		fail_msg("%d: %s", err, e.text);
	assert_int_equal(files_in(scratch), 0);
}

/* Reads XML as strictly as a parser that knows no entities but the five; counts
 * an element. */
static unsigned count_elements(const char *xml, const char *element)
{
	const char *open[32];
	unsigned depth = 0, count = 0;

	for (const char *c = xml; *c != '\0'; c++) {
		if (*c == '&')
			assert_true(strncmp(c, "&lt;", 4) == 0 || strncmp(c, "&gt;", 4) == 0 ||
				    strncmp(c, "&amp;", 5) == 0 || strncmp(c, "&quot;", 6) == 0);
		assert_true((unsigned char)*c >= 0x20 || *c == '\n');
		if (*c != '<')
			continue;
		const char *name = c + 1, *end = strchr(c, '>');
		assert_non_null(end);
		if (*name == '/') {
			assert_true(depth > 0);
			size_t length = strcspn(open[--depth], " >\n");
			assert_int_equal(strncmp(name + 1, open[depth], length), 0);
			assert_int_equal(name[1 + length], '>');
		} else {
			size_t length = strcspn(name, " />\n");
			count += length == strlen(element) && strncmp(name, element, length) == 0;
			if (end[-1] != '/')
				open[depth++] = name;
			assert_true(depth < COUNT(open));
			unsigned quotes = 0;
			for (const char *q = c; q < end; q++)
				quotes += *q == '"';
			assert_int_equal(quotes % 2, 0);
		}
		c = end;
	}
	assert_int_equal(depth, 0);
	return count;
}

static void assert_svg(const char *svg)
{
	assert_int_equal(count_elements(svg, "svg"), 1);
	assert_int_equal(count_elements(svg, "script"), 0);
	assert_int_equal(count_elements(svg, "g"), 0);
	assert_null(strstr(svg, " id="));
	assert_null(strstr(svg, "rgb("));
	assert_null(strstr(svg, "href"));
	assert_null(strstr(svg, "nan"));
}

static void simple_figure(struct plot *p, const char *label)
{
	plot_init(p, PLOT_XY, "simple", label);
	plot_x(p, label, "x", PLOT_NS, true);
	plot_y(p, label, "y", PLOT_NUMBER, false);
	struct plot_series *s = plot_add_series(p, label, label, PLOT_LINE, 0);
	for (unsigned i = 1; i < 10; i++)
		plot_add_point(p, s, i * 1000, i * i);
	s = plot_add_series(p, label, label, PLOT_POINTS, 1);
	plot_add_point(p, s, 2000, 70);
	plot_add_mark(p, false, 40, label);
	plot_add_note(p, 3000, 9, 1, label);
	snprintf(p->alt, sizeof p->alt, "%s", label);
}

static void a_figure_becomes_svg_and_png(void **state)
{
	static const unsigned char png[] = {0x89, 'P', 'N', 'G'};
	struct plot_picture picture;
	struct plot p;
	(void)state;

	simple_figure(&p, "retrieve");
	draw(&p, true, &picture);
	for (unsigned w = 0; w < PLOT_WIDTHS; w++) {
		assert_svg(picture.svg[w]);
		assert_int_equal(count_elements(picture.svg[w], "circle"), 2);
		assert_int_equal(strncmp(picture.svg[w], "<svg class=\"figure\"", 19), 0);
		assert_non_null(strstr(picture.svg[w], "aria-label=\"retrieve\""));
	}
	assert_non_null(strstr(picture.svg[PLOT_WIDE], "viewBox=\"0 0 760 400\""));
	assert_non_null(strstr(picture.svg[PLOT_NARROW], "viewBox=\"0 0 360 300\""));
	assert_svg(picture.svg_file);
	assert_non_null(strstr(picture.svg_file, "<title>retrieve</title>"));
	assert_true(picture.png_nbytes > 1000);
	assert_memory_equal(picture.png, png, sizeof png);
	plot_picture_free(&picture);
	assert_null(picture.png);
	plot_free(&p);
}

static void texts_are_never_commands_or_markup(void **state)
{
	static const char *const texts[] = {
		"'; system(\"touch X\") #",
		"`touch X`",
		"$(touch X)",
		"<script>alert(1)</script>",
		"@{a}_b^c",
		"&#x3c;b> &amp; &lt; &bogus;",
		"\"\\",
		"it's 'quoted' \\",
		"{/:Bold x}",
		"\xf0\x9f\x98\x80 \xe4\xb8\xad\xe6\x96\x87 \xc3\xa9",
		"a\nset output 'X'\nb",
		"%s%n%d",
		"two  spaces",
		"]]>-->",
		"$s0",
		"\xff\xfe",
	};
	(void)state;

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct plot_picture picture;
		struct plot p;
		simple_figure(&p, texts[i]);
		draw(&p, i == 0, &picture);
		for (unsigned w = 0; w < PLOT_WIDTHS; w++)
			assert_svg(picture.svg[w]);
		assert_svg(picture.svg_file);
		assert_int_equal(access("X", F_OK), -1);
		plot_picture_free(&picture);
		plot_free(&p);
	}
}

/* The text is what was given. */
static void texts_are_shown_as_they_are(void **state)
{
	struct plot_picture picture;
	struct plot p;
	(void)state;

	simple_figure(&p, "a&#x3c;_b^c<'`@d");
	draw(&p, false, &picture);
	assert_non_null(strstr(picture.svg[0], ">a&amp;#x3c;_b^c&lt;'`@d</text>"));
	plot_picture_free(&picture);
	plot_free(&p);
}

static void odd_data_are_drawn(void **state)
{
	struct plot_picture picture;
	struct plot p;
	struct chance r = {5, 0};
	(void)state;

	for (unsigned i = 0; i < 40; i++) {
		if (i % 4 == 3)
			some_rows(&p, &r);
		else
			some_xy(&p, &r);
		if (i == 0) { /* nothing at all */
			plot_free(&p);
			plot_init(&p, PLOT_XY, "empty", "");
		}
		draw(&p, false, &picture);
		for (unsigned w = 0; w < PLOT_WIDTHS; w++)
			assert_svg(picture.svg[w]);
		plot_picture_free(&picture);
		plot_free(&p);
	}
}

static void gaps_break_a_line(void **state)
{
	struct plot_picture picture;
	struct plot p;
	(void)state;

	plot_init(&p, PLOT_XY, "gap", "gap");
	plot_x(&p, "x", "x", PLOT_NUMBER, false);
	plot_y(&p, "y", "y", PLOT_NUMBER, true);
	struct plot_series *s = plot_add_series(&p, "s", "", PLOT_LINE, 0);
	plot_add_point(&p, s, 1, 1);
	plot_add_point(&p, s, 2, 10);
	plot_add_point(&p, s, 3, 0); /* not on a log axis */
	plot_add_point(&p, s, 4, 10);
	plot_add_point(&p, s, 5, 1);
	plot_add_point(&p, s, 6, NAN);
	plot_add_point(&p, s, 7, 3);
	draw(&p, false, &picture);
	assert_int_equal(count_elements(picture.svg[0], "circle"), 1); /* the one at 7 */
	const char *path = strstr(picture.svg[0], "<path class=\"s0\"");
	assert_non_null(path);
	const char *moved = strchr(path, 'M');
	assert_non_null(moved);
	const char *again = strpbrk(moved + 1, "M<");
	assert_non_null(again);
	assert_true(*again == 'M' || strncmp(again, "<path class=\"s0\"", 16) == 0);
	plot_picture_free(&picture);
	plot_free(&p);
}

static void many_series_stay_small(void **state)
{
	struct plot_picture picture;
	struct plot p;
	(void)state;

	plot_init(&p, PLOT_XY, "many", "many");
	plot_x(&p, "x", "x", PLOT_NUMBER, false);
	plot_y(&p, "y", "y", PLOT_NUMBER, false);
	for (unsigned i = 0; i < 1000; i++) {
		struct plot_series *s =
			plot_add_series(&p, "s", "a point of many", PLOT_POINTS, i % 8);
		plot_add_point(&p, s, i * 7919 % 1000, i * 104729 % 1009);
	}
	draw(&p, false, &picture);
	assert_int_equal(count_elements(picture.svg[0], "circle"), 1000);
	assert_true(strlen(picture.svg[0]) < 300000);
	plot_picture_free(&picture);
	plot_free(&p);

	plot_init(&p, PLOT_XY, "lines", "lines");
	plot_x(&p, "x", "x", PLOT_NUMBER, false);
	plot_y(&p, "y", "y", PLOT_NUMBER, false);
	for (unsigned i = 0; i < 120; i++) {
		struct plot_series *s =
			plot_add_series(&p, "s", "a line of many", PLOT_LINE, i % 8);
		for (unsigned k = 0; k < 1000; k++)
			plot_add_point(&p, s, k, i * sin(k / 150.0));
	}
	draw(&p, false, &picture);
	assert_true(strlen(picture.svg[0]) < 300000);
	plot_picture_free(&picture);
	plot_free(&p);
}

static void what_cannot_be_drawn_is_left_empty(void **state)
{
	struct plot_picture pictures[2];
	struct plot plots[2];
	struct error e;
	(void)state;

	simple_figure(&plots[0], "a");
	simple_figure(&plots[1], "b");
	plot_cannot(&plots[0], "no data");
	assert_int_equal(plot_draw(plots, 2, false, pictures, NULL, &e), 0);
	assert_null(pictures[0].svg[0]);
	assert_null(pictures[0].svg_file);
	assert_non_null(pictures[1].svg[0]);
	plot_picture_free(&pictures[0]);
	plot_picture_free(&pictures[1]);
	plots[0].out_of_memory = true;
	assert_int_equal(plot_draw(plots, 2, false, pictures, NULL, &e), -ENOMEM);
	assert_null(pictures[1].svg[0]);
	plot_free(&plots[0]);
	plot_free(&plots[1]);
}

/* ---- gnuplot ---- */

/* A program of that name in a folder that is all of PATH. */
static char *put_gnuplot(const char *script)
{
	static char folder[64];
	char path[128], *before = strdup(getenv("PATH"));

	strcpy(folder, "/tmp/gvr-gnuplot.XXXXXX");
	assert_non_null(mkdtemp(folder));
	if (script != NULL) {
		snprintf(path, sizeof path, "%s/gnuplot", folder);
		int fd = open(path, O_WRONLY | O_CREAT, 0700);
		assert_true(fd >= 0);
		assert_int_equal(write(fd, script, strlen(script)), (ssize_t)strlen(script));
		close(fd);
	}
	setenv("PATH", folder, 1);
	return before;
}

static void take_gnuplot(char *before)
{
	assert_int_equal(scratch_remove(getenv("PATH")), 0);
	setenv("PATH", before, 1);
	free(before);
}

static void assert_fails(const char *script, int want, const char *text,
			 const struct progress *progress)
{
	struct plot_picture picture;
	struct plot p;
	struct error e = {""};
	char *path = put_gnuplot(script);

	simple_figure(&p, "a");
	int err = plot_draw(&p, 1, false, &picture, progress, &e);
	take_gnuplot(path);
	assert_int_equal(err, want);
	if (strstr(e.text, text) == NULL)
		fail_msg("'%s' lacks '%s'", e.text, text);
	assert_null(picture.svg[0]);
	assert_int_equal(files_in(scratch), 0);
	plot_free(&p);
}

static void without_gnuplot_it_is_named(void **state)
{
	(void)state;
	assert_fails(NULL, -ENOENT, "install gnuplot-nox", NULL);
}

static void what_gnuplot_says_is_told(void **state)
{
	(void)state;
	assert_fails("#!/bin/sh\necho 'line 3: no such terminal' >&2\nexit 1\n", -EPROTO,
		     "line 3: no such terminal", NULL);
	assert_fails("#!/bin/sh\nkill -9 $$\n", -EPROTO, "gnuplot: ", NULL);
	assert_fails("#!/bin/sh\nexit 0\n", -EPROTO, "gnuplot: ", NULL);
}

static void svg_that_is_not_known_is_an_error(void **state)
{
	static const char *const shapes[] = {
		"<ellipse/>",
		"<path stroke='rgb(9,9,9)' d='M0,0'/>",
		"<path d='M0,0'/>",
		"<path stroke='rgb( 1,   0,  99)' d='M0,0'/>",
		"<polygon fill='black' points='0,0'/>",
		"<use xlink:href='#gpPt3' transform='translate(1,2) scale(3)' color='rgb(1,0,0)'/>",
		"<text>a</text>",
		"<text>a",
		"<svg>",
		"",
		"</g>",
		"<path",
		"<title>a",
	};
	struct error e;
	char *out;
	(void)state;

	assert_int_equal(
		plot_svg_tidy(&out,
			      "<svg><g stroke-width='1.00'><path stroke='rgb(  1,   0,   3)' "
			      "d='M1.00,2.50 L3.04,4.00  '/></g></svg>",
			      &e),
		0);
	assert_string_equal(out, "<path class=\"s3\" d=\"M1,2.5L3,4\"/>\n");
	free(out);
	for (size_t i = 0; i < COUNT(shapes); i++) {
		assert_int_equal(plot_svg_tidy(&out, shapes[i], &e), -EPROTO);
		assert_null(out);
	}
}

static int stop(void *arg, const char *what, unsigned long long done, unsigned long long total)
{
	(void)what;
	(void)done;
	(void)total;
	return ++*(unsigned *)arg > 5;
}

static void it_can_be_stopped(void **state)
{
	unsigned calls = 0;
	struct progress progress = {stop, &calls};
	(void)state;

	assert_fails("#!/bin/sh\nexec /bin/sleep 1000\n", -ECANCELED, "stopped", &progress);
	assert_int_equal(calls, 6);
}

/* What a user has set up for gnuplot changes nothing. */
static void settings_of_a_user_do_not_matter(void **state)
{
	struct plot_picture before, after;
	char path[128];
	struct plot p;
	(void)state;

	simple_figure(&p, "a");
	draw(&p, false, &before);
	char *home = getenv("HOME") != NULL ? strdup(getenv("HOME")) : NULL;
	snprintf(path, sizeof path, "%s/.gnuplot", scratch);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs("exit status 3\n", f);
	fclose(f);
	setenv("HOME", scratch, 1);
	setenv("GNUTERM", "dumb", 1);
	setenv("LC_ALL", "de_DE.UTF-8", 1);
	struct error e;
	assert_int_equal(plot_draw(&p, 1, false, &after, NULL, &e), 0);
	assert_string_equal(after.svg[0], before.svg[0]);
	unsetenv("GNUTERM");
	unsetenv("LC_ALL");
	if (home != NULL)
		setenv("HOME", home, 1);
	free(home);
	unlink(path);
	plot_picture_free(&before);
	plot_picture_free(&after);
	plot_free(&p);
}

/* ---- CSV and CSS ---- */

static char *text_of(void (*print)(FILE *, const struct plot *), const struct plot *p)
{
	char *text = NULL;
	size_t nbytes;
	FILE *f = open_memstream(&text, &nbytes);

	assert_non_null(f);
	print(f, p);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void assert_csv(struct plot *p, const char *want)
{
	char *text = text_of(plot_csv, p);

	assert_string_equal(text, want);
	free(text);
	plot_free(p);
}

static void csv_has_every_value(void **state)
{
	struct plot p;
	(void)state;

	plot_init(&p, PLOT_XY, "a", "a");
	plot_x(&p, "x", "x_ns", PLOT_NS, true);
	plot_y(&p, "y", "y,\"q\"", PLOT_NUMBER, true);
	struct plot_series *s = plot_add_series(&p, "a \"b\", c", "", PLOT_LINE, 0);
	plot_add_point(&p, s, 9007199254740991.0, 0.1);
	plot_add_point(&p, s, 1e15, NAN);
	plot_add_point(&p, s, 123456.7, 1e-300);
	assert_csv(&p, "series,x_ns,\"y,\"\"q\"\"\"\n"
		       "\"a \"\"b\"\", c\",9007199254740991,0.1\n"
		       "\"a \"\"b\"\", c\",1000000000000000,\n"
		       "\"a \"\"b\"\", c\",123456.7,1e-300\n");

	plot_init(&p, PLOT_XY, "a", "a");
	plot_x(&p, "x", "x", PLOT_NS, true);
	plot_y(&p, "y", "y", PLOT_NUMBER, true);
	plot_add_span(&p, plot_add_series(&p, "band", "", PLOT_AREA, 0), 1, 2, INFINITY);
	assert_csv(&p, "series,x,y,high\nband,1,2,inf\n");

	plot_init(&p, PLOT_ROWS, "a", "a");
	struct plot_row *row = plot_add_row(&p, "r", 0);
	row->low = 1;
	row->nominal = 2.5;
	row->high = 4;
	plot_add_dot(&p, row, 3);
	assert_csv(&p, "row,low,nominal,high,dot\nr,1,2.5,4,\nr,,,,3\n");

	plot_init(&p, PLOT_ROWS, "a", "a");
	strcpy(p.segment_names[0], "CPU");
	strcpy(p.segment_names[1], "device");
	p.segment_name_count = 2;
	row = plot_add_row(&p, "r", 0);
	row->segment_count = 2;
	row->segments[0] = 1;
	row->segments[1] = 0.5;
	assert_csv(&p, "row,CPU,device\nr,1,0.5\n");
}

static void css_has_every_class(void **state)
{
	char *css = NULL, rule[32];
	size_t nbytes;
	FILE *f = open_memstream(&css, &nbytes);
	(void)state;

	assert_non_null(f);
	plot_css(f);
	assert_int_equal(fclose(f), 0);
	for (unsigned i = 0; i < PLOT_INKS; i++) {
		for (const char *kind = "sfc"; *kind != '\0'; kind++) {
			snprintf(rule, sizeof rule, ".figure .%c%u{", *kind, i);
			assert_non_null(strstr(css, rule));
		}
	}
	assert_non_null(strstr(css, "@media screen and (prefers-color-scheme:dark)"));
	free(css);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(scratch, "/tmp/gvr-test-plot.XXXXXX");
	if (mkdtemp(scratch) == NULL)
		return -1;
	setenv("TMPDIR", scratch, 1);
	return chdir(scratch);
}

static int tear_down(void **state)
{
	(void)state;
	return chdir("/") != 0 ? -1 : scratch_remove(scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contrast_is_that_of_wcag),
		cmocka_unit_test(colours_stand_out_from_the_page),
		cmocka_unit_test(engines_differ_for_all_eyes),
		cmocka_unit_test(tics_are_in_units_that_people_read),
		cmocka_unit_test(tics_never_collide),
		cmocka_unit_test(values_are_told_with_their_units),
		cmocka_unit_test(texts_are_cut_between_characters),
		cmocka_unit_test(no_text_covers_another),
		cmocka_unit_test(a_figure_becomes_svg_and_png),
		cmocka_unit_test(texts_are_never_commands_or_markup),
		cmocka_unit_test(texts_are_shown_as_they_are),
		cmocka_unit_test(odd_data_are_drawn),
		cmocka_unit_test(gaps_break_a_line),
		cmocka_unit_test(many_series_stay_small),
		cmocka_unit_test(what_cannot_be_drawn_is_left_empty),
		cmocka_unit_test(without_gnuplot_it_is_named),
		cmocka_unit_test(what_gnuplot_says_is_told),
		cmocka_unit_test(svg_that_is_not_known_is_an_error),
		cmocka_unit_test(it_can_be_stopped),
		cmocka_unit_test(settings_of_a_user_do_not_matter),
		cmocka_unit_test(csv_has_every_value),
		cmocka_unit_test(css_has_every_class),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
