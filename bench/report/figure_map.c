/* figure_map.c: who wins where, by money: over the access interval and one price. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/breakeven.h"
#include "bench/format.h"
#include "bench/json_reader.h"
#include "bench/json_values.h"
#include "bench/report/figure_text.h"
#include "bench/report/report.h"
#include "bench/report/report_text.h"

#define COLUMNS 37u /* of 1 to 10 copies: four for each */
#define TEXT_NBYTES 96u
#define SECOND (1.0 / 86400)
#define YEAR 365.25
#define DAYS_LEAST 1e-12 /* nothing is asked for more often, or more seldom */
#define DAYS_GREATEST 1e12

/* What a map is drawn over. */
struct map_kind {
	const char *name, *title;
	const char *axis, *column;
	enum plot_unit unit;
	bool log;
	double low, high;
	enum price_constant price;
	const char *assume; /* what the axis assumes */
};

static const struct map_kind map_kinds[] = {
	{"map_replicas", "Store or regenerate, by copies kept", "copies kept", "replicas",
	 PLOT_NUMBER, false, 1, 10, PRICE_REPLICAS, "every copy takes the bytes of the first"},
	{"map_ssd_price", "Store or regenerate, by the price of SSDs", "price of SSD",
	 "ssd_usd_per_gb", PLOT_USD_PER_GB, true, 0.01, 1, PRICE_SSD_USD_PER_GB,
	 "no other price follows that of SSDs"},
};

/* One price. Where it is not reversed, storing wins below `at`; 0 and INFINITY:
 * nowhere and everywhere. */
struct map_column {
	double price;
	bool equal, reversed;
	double at, low, high; /* days; the likely range of at */
};

struct map {
	const struct map_kind *kind;
	struct json_reader reader;
	const json_t *result, *breakeven;
	struct constants prices; /* of the result */
	double own;		 /* its value of the axis; 0: cannot be shown on a log axis */
	double asked;		 /* days; NAN: not known */
	double axis_low, axis_high;
	unsigned count;
	struct map_column columns[COLUMNS + 1];
};

/* ---- computing ---- */

static double end_of(const json_t *span, size_t index)
{
	const json_t *end = json_array_get(span, index);

	return json_is_number(end) ? json_number_value(end) : INFINITY;
}

static void take_money(struct map_column *c, const json_t *money)
{
	const char *outcome = json_string_value(json_object_get(money, "outcome"));
	const json_t *likely = json_object_get(money, "likely_days");

	c->reversed = strcmp(outcome, "reversed") == 0;
	c->equal = strcmp(outcome, "equal") == 0;
	c->low = end_of(likely, 0);
	c->high = end_of(likely, 1);
	c->at = strcmp(outcome, "always store") == 0 ? INFINITY
		: strcmp(outcome, "always regenerate") == 0
			? 0
			: json_number_at(money, "interval_days");
}

static int compute_column(struct map *m, const struct report *r, double price)
{
	struct map_column *c = &m->columns[m->count++];
	struct constants prices = m->prices;
	json_t *all = NULL;

	c->price = price;
	prices.values[m->kind->price].value = (struct figure){price, price, price};
	int err = breakeven_of(&all, r->result, NULL, &prices, 0, r->result_path, m->reader.e);
	if (err)
		return err;
	const json_t *money = json_object_get(all, "money");
	if (json_is_object(money))
		take_money(c, money);
	else
		json_reader_damaged(&m->reader, "breakeven", "does not belong to its engines");
	json_decref(all);
	return m->reader.err;
}

/* A price on the axis, part of the way from low to high. */
static double price_at(const struct map_kind *k, double low, double high, double part)
{
	if (part == 1)
		return high;
	return k->log ? low * pow(high / low, part) : low + (high - low) * part;
}

static int compute_columns(struct map *m, const struct report *r)
{
	const struct map_kind *k = m->kind;
	double low = m->own > 0 && m->own < k->low ? m->own : k->low;
	double high = m->own > k->high ? m->own : k->high;
	double before = 0;
	int err = 0;

	for (unsigned i = 0; i < COLUMNS && !err; i++) {
		double price = price_at(k, low, high, (double)i / (COLUMNS - 1));
		if (before < m->own && m->own < price)
			err = compute_column(m, r, m->own);
		if (!err)
			err = compute_column(m, r, price);
		before = price;
	}
	return err;
}

/* The column of the result itself; NULL: its price is not on the axis. */
static const struct map_column *own_column(const struct map *m)
{
	for (unsigned i = 0; i < m->count; i++)
		if (m->columns[i].price == m->own)
			return &m->columns[i];
	return NULL;
}

/* ---- what is read ---- */

/* 0, with *why not NULL: there is no break-even, and why. */
static int read_map(struct map *m, const struct report *r, const char **why)
{
	m->result = r->result;
	m->breakeven = json_object_get(r->result, "breakeven");
	*why = json_string_value(json_object_get(m->breakeven, "why_unavailable"));
	if (*why != NULL)
		return 0;
	json_reader_constants(&m->reader, json_object_get(m->breakeven, "prices"), &price_table,
			      &m->prices);
	m->asked = json_reader_number(&m->reader, m->result, "breakeven.asked_every_days");
	m->own = m->prices.values[m->kind->price].value.nominal;
	return m->reader.err;
}

static void widen_for(struct map *m, double days)
{
	const double room = 3;

	if (!(days > DAYS_LEAST && days < DAYS_GREATEST))
		return;
	m->axis_low = fmin(m->axis_low, days / room);
	m->axis_high = fmax(m->axis_high, days * room);
}

/* From a second to ten years, and further where something lies there. */
static void find_axis(struct map *m)
{
	m->axis_low = SECOND;
	m->axis_high = 10 * YEAR;
	widen_for(m, m->asked);
	for (unsigned i = 0; i < m->count; i++) {
		widen_for(m, m->columns[i].at);
		widen_for(m, m->columns[i].low);
		widen_for(m, m->columns[i].high);
	}
}

/* ---- drawing ---- */

/* Where an area begins and ends in a column; false: it has none there. */
static bool area_in(const struct map *m, const struct map_column *c, enum plot_colour colour,
		    double *from, double *to)
{
	bool lower = colour == (c->reversed ? PLOT_MAKE_AREA : PLOT_STORE_AREA);

	if (colour == PLOT_UNSURE_AREA) {
		*from = c->equal ? 0 : c->low;
		*to = c->equal ? INFINITY : c->high;
	} else {
		*from = lower ? 0 : c->high;
		*to = lower ? c->low : INFINITY;
	}
	*from = fmax(*from, m->axis_low);
	*to = fmin(*to, m->axis_high);
	return *from < *to && !(c->equal && colour != PLOT_UNSURE_AREA);
}

static void draw_area(struct plot *p, const struct map *m, const char *name, const char *label,
		      enum plot_colour colour)
{
	struct plot_series *s = NULL;
	double from, to;

	for (unsigned i = 0; i < m->count; i++) {
		if (!area_in(m, &m->columns[i], colour, &from, &to))
			continue;
		if (s == NULL)
			s = plot_add_series(p, name, label, PLOT_AREA, colour);
		plot_add_span(p, s, m->columns[i].price, from, to);
	}
}

static void draw_line(struct plot *p, const struct map *m)
{
	struct plot_series *s = NULL;

	for (unsigned i = 0; i < m->count; i++) {
		const struct map_column *c = &m->columns[i];
		if (c->equal || c->at == 0 || isinf(c->at))
			continue;
		if (s == NULL)
			s = plot_add_series(p, "break-even", "break-even", PLOT_LINE, PLOT_NEUTRAL);
		plot_add_point(p, s, c->price, c->at);
	}
}

static void price_text(char text[TEXT_NBYTES], const struct map *m, double price)
{
	bool copies = m->kind->price == PRICE_REPLICAS;

	snprintf(text, TEXT_NBYTES, "%g %s", price,
		 !copies      ? "USD/GB"
		 : price == 1 ? "copy"
			      : "copies");
}

/* Short, as a narrow picture has little room: most runs ask every few seconds. */
static void asked_text(char text[TEXT_NBYTES], double days)
{
	if (days < 100 * SECOND)
		format_ns(text, TEXT_NBYTES, days / SECOND * 1e9);
	else
		breakeven_format_days(text, TEXT_NBYTES, days);
}

static void draw_today(struct plot *p, const struct map *m)
{
	char price[TEXT_NBYTES], asked[TEXT_NBYTES], text[2 * TEXT_NBYTES];

	if (own_column(m) == NULL)
		return;
	price_text(price, m, m->own);
	snprintf(text, sizeof text, "today: %s", price);
	plot_add_mark(p, true, m->own, text);
	if (!(m->asked > 0))
		return;
	asked_text(asked, m->asked);
	snprintf(text, sizeof text, "this run: %s", asked);
	plot_add_note(p, m->own, m->asked, PLOT_NEUTRAL, text);
}

/* ---- words ---- */

static void say_column(char alt[PLOT_ALT_NBYTES], const struct map *m, const struct map_column *c)
{
	char price[TEXT_NBYTES], days[2 * TEXT_NBYTES];

	price_text(price, m, c->price);
	breakeven_format_interval(days, sizeof days, c->at, c->low, c->high);
	if (c->equal)
		report_text_add(alt, PLOT_ALT_NBYTES, " With %s both cost the same.", price);
	else if (c->at == 0)
		report_text_add(alt, PLOT_ALT_NBYTES,
				" With %s regenerating wins at every interval.", price);
	else if (isinf(c->at))
		report_text_add(alt, PLOT_ALT_NBYTES, " With %s storing wins at every interval.",
				price);
	else
		report_text_add(alt, PLOT_ALT_NBYTES,
				" With %s %s wins for what is asked for more often than every %s.",
				price, c->reversed ? "regenerating" : "storing", days);
}

static void describe(struct plot *p, const struct map *m)
{
	const struct map_column *own = own_column(m);
	char asked[TEXT_NBYTES];

	report_text_add(p->alt, PLOT_ALT_NBYTES,
			"Map of what costs less money, over %s and how often a content is asked "
			"for.",
			m->kind->axis);
	say_column(p->alt, m, &m->columns[0]);
	if (own != NULL && own != &m->columns[0] && own != &m->columns[m->count - 1])
		say_column(p->alt, m, own);
	say_column(p->alt, m, &m->columns[m->count - 1]);
	if (!(m->asked > 0))
		return;
	asked_text(asked, m->asked);
	report_text_add(p->alt, PLOT_ALT_NBYTES, " This run asked for each content every %s.",
			asked);
}

static void caption(struct plot *p, struct map *m)
{
	const json_t *prices = json_object_get(m->breakeven, "prices");
	const char *date = json_string_value(json_object_get(prices, "date"));
	struct json_reader *r = &m->reader;

	report_text_add(
		p->caption, PLOT_ALT_NBYTES,
		"What costs less money, for a content that is asked for once every so often: %s "
		"against %s. The band is the likely range of the break-even interval, from the "
		"uncertainty of what was measured (CPU time; energy: %s to make, %s to read) "
		"and of the constants; what the x axis tells is taken as exact, and %s. Prices: "
		"%s%s%s; platform %s; all else as in this run.",
		json_reader_text(r, m->result, "breakeven.generate"),
		json_reader_text(r, m->result, "breakeven.retrieve"),
		json_reader_text(r, m->result, "breakeven.generate_energy"),
		json_reader_text(r, m->result, "breakeven.retrieve_energy"), m->kind->assume,
		m->prices.name, date != NULL ? ", " : "", date != NULL ? date : "",
		json_reader_text(r, m->result, "platform.name"));
	if (own_column(m) == NULL)
		report_text_add(p->caption, PLOT_ALT_NBYTES,
				" Today's value, %g, is not on this axis.", m->own);
	if (!(m->asked > 0))
		report_text_add(p->caption, PLOT_ALT_NBYTES,
				" How often this run asked for a content is not known.");
}

static void draw(struct plot *p, struct map *m)
{
	p->y.low = m->axis_low;
	p->y.high = m->axis_high;
	p->x.low = m->columns[0].price;
	p->x.high = m->columns[m->count - 1].price;
	draw_area(p, m, "store", "store", PLOT_STORE_AREA);
	draw_area(p, m, "likely range", "", PLOT_UNSURE_AREA);
	draw_area(p, m, "regenerate", "regenerate", PLOT_MAKE_AREA);
	draw_line(p, m);
	draw_today(p, m);
	describe(p, m);
	caption(p, m);
}

static int figure_map(struct plot *p, const struct report *r, const struct map_kind *kind,
		      struct error *e)
{
	const char *why;
	int err = 0;

	plot_init(p, PLOT_XY, kind->name, kind->title);
	plot_x(p, kind->axis, kind->column, kind->unit, kind->log);
	plot_y(p, "a content is asked for every", "interval_days", PLOT_DAYS, true);
	if (r->result == NULL) {
		plot_cannot(p, "it is drawn of one result");
		return 0;
	}
	struct map *m = calloc(1, sizeof *m);
	if (m == NULL)
		return error_set(e, -ENOMEM, "a figure: no memory");
	m->kind = kind;
	m->reader = (struct json_reader){r->result_path, "", e, 0};
	err = read_map(m, r, &why);
	if (!err && why != NULL)
		plot_cannot(p, "no break-even: %s", why);
	else if (!err)
		err = compute_columns(m, r);
	if (!err && why == NULL) {
		find_axis(m);
		draw(p, m);
		err = m->reader.err;
	}
	free(m);
	return err;
}

int figure_map_replicas(struct plot *p, const struct report *r, struct error *e)
{
	return figure_map(p, r, &map_kinds[0], e);
}

int figure_map_ssd_price(struct plot *p, const struct report *r, struct error *e)
{
	return figure_map(p, r, &map_kinds[1], e);
}
