/*
 * plot_svg.c: of the SVG that gnuplot writes, the shapes alone: one element
 * each, coloured by classes. Everything else (groups, ids, symbols) goes; what
 * is not known is an error.
 */
#include "bench/report/plot_internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32u
#define POINT_PX 1.0

/* Of a <g>: what its elements take from it. */
struct group {
	char width[16];
	char transform[64], anchor[16], fill[32];
};

struct reader {
	const char *at;
	FILE *out;
	unsigned depth;
	struct group groups[DEPTH_MAX];
	bool ended;
	struct error *e;
};

struct attribute {
	const char *value;
	size_t length;
};

static int odd(struct reader *r, const char *what, const char *where)
{
	return error_set(r->e, -EPROTO, "gnuplot: writes SVG that is not known here: %s in '%.60s'",
			 what, where);
}

/* The value of an attribute in tag..end. */
static struct attribute attribute(const char *tag, const char *end, const char *name)
{
	size_t length = strlen(name);

	for (const char *c = tag; c + length < end; c++) {
		if (strncmp(c, name, length) != 0 || strchr(" \t\n", c[-1]) == NULL)
			continue;
		const char *v = c + length;
		v += strspn(v, " ");
		if (*v != '=')
			continue;
		v += 1 + strspn(v + 1, " ");
		const char *close = memchr(v + 1, *v, (size_t)(end - v - 1));
		if ((*v == '"' || *v == '\'') && close != NULL)
			return (struct attribute){v + 1, (size_t)(close - v - 1)};
	}
	return (struct attribute){NULL, 0};
}

static void copy(char *out, size_t capacity, struct attribute a)
{
	if (a.value != NULL)
		snprintf(out, capacity, "%.*s", (int)a.length, a.value);
}

/* "rgb(  1,   0,   3)" to the ink and shade that it stands for. */
static bool placeholder(struct attribute a, unsigned *ink, unsigned *shade)
{
	char text[40] = "";
	unsigned one;

	copy(text, sizeof text, a);
	return sscanf(text, "rgb(%u ,%u ,%u )", &one, shade, ink) == 3 && one == 1 &&
	       *ink < PLOT_INKS && *shade < PLOT_SHADES;
}

static void put_class(FILE *f, char kind, unsigned ink, unsigned shade)
{
	fprintf(f, " class=\"%c%u", kind, ink);
	if (shade > 0)
		fprintf(f, " d%u", shade);
	fputc('"', f);
}

/* Coordinates with one digit, without what separates nothing. */
static void put_coordinates(FILE *f, struct attribute a)
{
	const char *end = a.value + a.length;
	char last = '\0';

	for (const char *c = a.value; c < end;) {
		char *after;
		double number = strtod(c, &after);
		if (after != c && after <= end) {
			if (last == '0')
				fputc(' ', f);
			fprintf(f, "%g", round(number * 10) / 10);
			c = after;
			last = '0';
			continue;
		}
		if (*c == ',' || *c == 'M' || *c == 'L' || *c == 'Z') {
			fputc(*c, f);
			last = *c;
		}
		c++;
	}
}

static int put_path(struct reader *r, const char *tag, const char *end)
{
	struct attribute d = attribute(tag, end, "d");
	struct attribute dash = attribute(tag, end, "stroke-dasharray");
	const struct group *g = &r->groups[r->depth];
	unsigned ink, shade;

	if (d.value == NULL || !placeholder(attribute(tag, end, "stroke"), &ink, &shade))
		return odd(r, "a path", tag);
	fputs("<path", r->out);
	put_class(r->out, 's', ink, shade);
	if (strtod(g->width, NULL) != 1)
		fprintf(r->out, " stroke-width=\"%g\"", strtod(g->width, NULL));
	if (dash.value != NULL)
		fprintf(r->out, " stroke-dasharray=\"%.*s\"", (int)dash.length, dash.value);
	fputs(" d=\"", r->out);
	put_coordinates(r->out, d);
	fputs("\"/>\n", r->out);
	return 0;
}

static int put_polygon(struct reader *r, const char *tag, const char *end)
{
	struct attribute points = attribute(tag, end, "points");
	unsigned ink, shade;

	if (points.value == NULL || !placeholder(attribute(tag, end, "fill"), &ink, &shade))
		return odd(r, "a polygon", tag);
	fputs("<polygon", r->out);
	put_class(r->out, 'f', ink, shade);
	fputs(" points=\"", r->out);
	put_coordinates(r->out, points);
	fputs("\"/>\n", r->out);
	return 0;
}

/* gnuplot's point types 6, a ring, and 7, a disc. */
static int put_point(struct reader *r, const char *tag, const char *end)
{
	struct attribute type = attribute(tag, end, "xlink:href");
	char transform[80] = "";
	double x, y, scale;
	unsigned ink, shade;
	bool disc = type.value != NULL && strncmp(type.value, "#gpPt6'", 7) == 0;
	bool ring = type.value != NULL && strncmp(type.value, "#gpPt5'", 7) == 0;

	copy(transform, sizeof transform, attribute(tag, end, "transform"));
	if ((!disc && !ring) ||
	    sscanf(transform, "translate(%lf,%lf) scale(%lf)", &x, &y, &scale) != 3 ||
	    !placeholder(attribute(tag, end, "color"), &ink, &shade))
		return odd(r, "a point", tag);
	fputs("<circle", r->out);
	put_class(r->out, disc ? 'f' : 's', ink, shade);
	fprintf(r->out, "%s cx=\"%g\" cy=\"%g\" r=\"%g\"/>\n", disc ? "" : " stroke-width=\"1.5\"",
		round(x * 10) / 10, round(y * 10) / 10, round(scale * POINT_PX * 100) / 100);
	return 0;
}

/* A text that gnuplot has escaped, but for what has stand-ins and '>'. */
static void put_characters(FILE *f, const char *text, const char *end)
{
	const size_t length = strlen(PLOT_AMPERSAND);

	while (text < end) {
		size_t past = 1;
		if (strncmp(text, PLOT_AMPERSAND, length) == 0) {
			fputs("&amp;", f);
			past = length;
		} else if (strncmp(text, PLOT_APOSTROPHE, length) == 0) {
			fputc('\'', f);
			past = length;
		} else if (*text == '>') {
			fputs("&gt;", f);
		} else {
			fputc(*text, f);
		}
		text += past;
	}
}

static int put_text(struct reader *r, const char *end)
{
	const struct group *g = &r->groups[r->depth];
	const char *close = strstr(end, "</text>");
	unsigned ink, halo;
	double x, y;

	if (close == NULL || sscanf(g->transform, "translate(%lf,%lf)", &x, &y) != 2 ||
	    !placeholder((struct attribute){g->fill, strlen(g->fill)}, &ink, &halo))
		return odd(r, "a text", end);
	fputs("<text", r->out);
	fprintf(r->out, " class=\"c%u%s\" x=\"%g\" y=\"%g\"", ink, halo > 0 ? " h" : "",
		round(x * 10) / 10, round(y * 10) / 10);
	if (strcmp(g->anchor, "start") != 0)
		fprintf(r->out, " text-anchor=\"%s\"", g->anchor);
	fputc('>', r->out);
	put_characters(r->out, end + 1, close);
	fputs("</text>\n", r->out);
	r->at = close + strlen("</text>");
	return 0;
}

static int open_group(struct reader *r, const char *tag, const char *end)
{
	if (r->depth + 1 == DEPTH_MAX)
		return odd(r, "groups too deep", tag);
	struct group *g = &r->groups[++r->depth];
	*g = r->groups[r->depth - 1];
	copy(g->width, sizeof g->width, attribute(tag, end, "stroke-width"));
	copy(g->transform, sizeof g->transform, attribute(tag, end, "transform"));
	copy(g->anchor, sizeof g->anchor, attribute(tag, end, "text-anchor"));
	copy(g->fill, sizeof g->fill, attribute(tag, end, "fill"));
	return 0;
}

static bool is(const char *tag, const char *name)
{
	size_t length = strlen(name);

	return strncmp(tag, name, length) == 0 && strchr(" \t\n/>", tag[length]) != NULL;
}

static int skip_to(struct reader *r, const char *close)
{
	const char *found = strstr(r->at, close);

	if (found == NULL)
		return odd(r, "no end", r->at);
	r->at = found + strlen(close);
	return 0;
}

/* One tag, from behind its '<' to its '>'. */
static int tag(struct reader *r, const char *t, const char *end)
{
	if (is(t, "/svg"))
		r->ended = true;
	if (is(t, "?xml") || is(t, "svg") || is(t, "/svg") || is(t, "rect"))
		return 0;
	if (is(t, "title"))
		return skip_to(r, "</title>");
	if (is(t, "desc"))
		return skip_to(r, "</desc>");
	if (is(t, "defs"))
		return skip_to(r, "</defs>");
	if (is(t, "g"))
		return open_group(r, t, end);
	if (is(t, "/g")) {
		if (r->depth == 0)
			return odd(r, "a group's end", t);
		r->depth--;
		return 0;
	}
	if (is(t, "path"))
		return put_path(r, t, end);
	if (is(t, "polygon"))
		return put_polygon(r, t, end);
	if (is(t, "use"))
		return put_point(r, t, end);
	if (is(t, "text"))
		return put_text(r, end);
	return odd(r, "an element", t);
}

int plot_svg_tidy(char **out, const char *gnuplot_svg, struct error *e)
{
	struct reader r = {.at = gnuplot_svg, .e = e};
	size_t nbytes;
	int err = 0;

	*out = NULL;
	r.out = open_memstream(out, &nbytes);
	if (r.out == NULL)
		return error_set(e, -ENOMEM, "figures: out of memory");
	while (err == 0 && (r.at = strchr(r.at, '<')) != NULL) {
		const char *t = r.at + 1, *end = strchr(t, '>');
		if (end == NULL) {
			err = odd(&r, "no '>'", t);
			break;
		}
		r.at = end + 1;
		err = tag(&r, t, end);
	}
	if (err == 0 && !r.ended)
		err = odd(&r, "no end", gnuplot_svg);
	if (fclose(r.out) != 0 && err == 0)
		err = error_set(e, -ENOMEM, "figures: out of memory");
	if (err != 0) {
		free(*out);
		*out = NULL;
	}
	return err;
}
