/* figure_ratios.c: every engine against the first, paired by round. */
#include <math.h>
#include <string.h>

#include "bench/ratio.h"
#include "bench/report/figure_engines.h"
#include "bench/report/report_text.h"

#define PAIRS_MAX 4u /* 24 rows: more are a wall */

static const struct {
	const char *key, *round_key, *name;
} figures[] = {
	{"response_p50", "response_p50_ns", "response p50"},
	{"response_p99", "response_p99_ns", "response p99"},
	{"achieved_rps", "achieved_rps", "requests/s"},
	{"cpu_us_per_request", "cpu_us_per_request", "CPU time"},
	{"moved_per_request", "moved_bytes_per_request", "bytes moved"},
	{"joules_per_request", "joules_per_request", "energy"},
};
#define FIGURES (sizeof figures / sizeof figures[0])

/* Whether key is "A/B". */
static bool is_pair(const char *key, const char *a, const char *b)
{
	size_t a_nbytes = strlen(a);

	return strncmp(key, a, a_nbytes) == 0 && key[a_nbytes] == '/' &&
	       strcmp(key + a_nbytes + 1, b) == 0;
}

/* NULL: there is none. */
static const json_t *find_pair(json_t *ratios, const char *a, const char *b)
{
	const char *key;
	json_t *pair;

	json_object_foreach(ratios, key, pair)
	{
		if (is_pair(key, a, b))
			return pair;
	}
	return NULL;
}

/* The rounds that all engines have: of an interrupted run some have one more. */
static unsigned common_rounds(const struct figure_engines *all)
{
	unsigned rounds = all->of[0].round_count;

	for (unsigned i = 1; i < all->count; i++)
		if (all->of[i].round_count < rounds)
			rounds = all->of[i].round_count;
	return rounds;
}

static void add_dots(struct plot *p, struct plot_row *row, struct figure_engines *all,
		     const struct figure_engine *a, const char *key)
{
	const struct figure_engine *b = &all->of[0];

	for (unsigned i = 0; i < common_rounds(all); i++) {
		double x = figure_round(all, a, i, key), y = figure_round(all, b, i, key);
		if (x > 0 && y > 0)
			plot_add_dot(p, row, x / y);
	}
}

/* A ratio, or an end of its interval. NAN: null, there is no end. */
static double read_value(const json_t *json, bool *damaged)
{
	double value = json_number_value(json);

	if (json_is_null(json))
		return NAN;
	*damaged = *damaged || !json_is_number(json) || !(value >= 0 && value <= RATIO_END_MAX);
	return value;
}

/* value and ci95; false: the figure is null, or damaged. */
static bool read_ratio(struct json_reader *json, const json_t *pair, const char *key,
		       const char *where, struct figure *ratio)
{
	const json_t *figure = json_object_get(pair, key), *ends = json_object_get(figure, "ci95");
	bool damaged = json_array_size(ends) != 2;

	if (json_is_null(figure))
		return false;
	ratio->nominal = read_value(json_object_get(figure, "value"), &damaged);
	ratio->low = read_value(json_array_get(ends, 0), &damaged);
	ratio->high = read_value(json_array_get(ends, 1), &damaged);
	if (damaged || ratio->low > ratio->high || isnan(ratio->nominal))
		json_reader_damaged(json, where, "not a value with the ends of its interval");
	return json->err == 0;
}

/* "3.25x (2.91–3.52)" */
static void format_ratio(char *out, size_t capacity, const struct figure *ratio)
{
	char value[32], low[32], high[32];

	report_text_number(value, sizeof value, ratio->nominal);
	report_text_number(low, sizeof low, ratio->low);
	report_text_number(high, sizeof high, ratio->high);
	report_text(out, capacity, "%sx", value);
	if (!isnan(ratio->low) && !isnan(ratio->high))
		report_text_add(out, capacity, " (%s–%s)", low, high);
}

static void add_figure(struct plot *p, struct figure_engines *all, const struct figure_engine *a,
		       const json_t *pair, unsigned i)
{
	char name[PLOT_TEXT_NBYTES], where[2 * PLOT_TEXT_NBYTES];
	struct figure ratio;

	report_text(name, sizeof name, "%s: %s", figures[i].name, a->label);
	report_text(where, sizeof where, "ratios.%s/%s.%s", a->name, all->of[0].name,
		    figures[i].key);
	all->json.label = "";
	if (!read_ratio(&all->json, pair, figures[i].key, where, &ratio))
		return;
	struct plot_row *row = plot_add_row(p, name, a->colour);
	row->low = ratio.low;
	row->nominal = ratio.nominal;
	row->high = ratio.high;
	format_ratio(row->value, sizeof row->value, &ratio);
	add_dots(p, row, all, a, figures[i].round_key);
	report_text_add(p->alt, sizeof p->alt, ", %s %s", figures[i].name, row->value);
}

/* All figures of an engine against the first. */
static void add_pair(struct plot *p, struct figure_engines *all, const struct figure_engine *a)
{
	const json_t *pair =
		find_pair(json_object_get(all->result, "ratios"), a->label, all->of[0].label);

	all->json.label = a->label;
	if (!json_is_object(pair))
		json_reader_damaged(&all->json, "ratios", "missing against the first engine");
	report_text_item(p->alt, sizeof p->alt, "%s against %s", a->name, all->of[0].name);
	for (unsigned i = 0; i < FIGURES && all->json.err == 0; i++)
		add_figure(p, all, a, pair, i);
}

static void explain(struct plot *p, const struct figure_engines *all, unsigned pairs)
{
	report_text(
		p->caption, sizeof p->caption,
		"Engines against %s, the first of the workload, in %u rounds. Both were measured "
		"in the same round, moments apart, so that the machine's drift cancels. A dot "
		"is the ratio of one round; the mark is their geometric mean, the line its "
		"95 %% interval: where it holds 1x, no difference is shown. Left out are "
		"figures that are 0 or not known in a round of either.",
		all->of[0].name, common_rounds(all));
	if (pairs + 1 < all->count)
		report_text_add(p->caption, sizeof p->caption,
				" Here are the first %u of %u pairs; result.json holds them all.",
				pairs, all->count - 1);
}

int figure_ratios(struct plot *p, const struct report *r, struct error *e)
{
	struct figure_engines all;
	char axis[PLOT_TEXT_NBYTES];
	unsigned pairs = 0;

	plot_init(p, PLOT_ROWS, "ratios", "Ratios, paired by round");
	if (figure_engines_read(&all, r, e) != 0)
		return all.json.err;
	report_text(axis, sizeof axis, "ratio to %s", all.of[0].label);
	plot_x(p, axis, "ratio_to_the_first_engine", PLOT_RATIO, true);
	for (; pairs + 1 < all.count && pairs < PAIRS_MAX; pairs++)
		add_pair(p, &all, &all.of[pairs + 1]);
	if (all.count == 1)
		plot_cannot(p, "ratios: one engine alone has none to be held against");
	if (common_rounds(&all) < 2)
		plot_cannot(p, "ratios: they need 2 rounds or more of each engine (key rounds)");
	if (p->row_count == 0)
		plot_cannot(p, "ratios: no figure of two engines is known in every round");
	explain(p, &all, pairs);
	plot_add_mark(p, true, 1, "equal");
	return all.json.err;
}
