/* figure_energy.c: joules a request. */
#include <math.h>
#include <string.h>

#include "bench/format.h"
#include "bench/report/figure_engines.h"
#include "bench/report/report_text.h"

static bool is_kind(const char *kind)
{
	return strcmp(kind, "measured") == 0 || strcmp(kind, "modelled") == 0 ||
	       strcmp(kind, "unavailable") == 0;
}

static void add_joules(struct plot *p, struct figure_engines *all,
		       const struct figure_engine *engine, const char *kind)
{
	struct figure joules = figure_range(all, engine, "energy.joules_per_request");
	struct plot_row *row = plot_add_row(p, engine->name, engine->colour);
	char nominal[32], range[48];

	row->low = joules.low;
	row->nominal = joules.nominal;
	row->high = joules.high;
	figure_add_rounds(p, row, all, engine, "joules_per_request");
	format_joules(nominal, sizeof nominal, joules.nominal);
	format_joules_range(range, sizeof range, joules.low, joules.high);
	report_text(row->value, sizeof row->value, "%s, %s", nominal, kind);
	report_text_item(p->alt, sizeof p->alt, "%s: %s, %s, range %s", engine->name, nominal, kind,
			 range);
}

/* Returns whether there is something to draw. */
static bool add_energy(struct plot *p, struct figure_engines *all,
		       const struct figure_engine *engine)
{
	const char *kind = figure_text(all, engine, "energy.kind");
	bool known = strcmp(kind, "unavailable") != 0;
	double nominal = figure_number(all, engine, "energy.joules_per_request.nominal");

	if (!is_kind(kind) || known == (isnan(nominal) != 0)) {
		json_reader_damaged(&all->json, "energy.kind",
				    "not one there is, or not that of joules_per_request");
		return false;
	}
	if (known) {
		add_joules(p, all, engine, kind);
		return nominal > 0;
	}
	struct plot_row *row = plot_add_row(p, engine->name, engine->colour);
	report_text(row->value, sizeof row->value, "unavailable");
	report_text_item(p->alt, sizeof p->alt, "%s: %s", engine->name,
			 figure_text(all, engine, "energy.source"));
	return false;
}

static void explain_sources(struct plot *p, struct figure_engines *all)
{
	const char *sources[WORKLOAD_ENGINES_MAX], *why[WORKLOAD_ENGINES_MAX];
	char how[700] = "", not_measured[500] = "";

	for (unsigned i = 0; i < all->count; i++) {
		const struct figure_engine *engine = &all->of[i];
		sources[i] = figure_text(all, engine, "energy.source");
		why[i] = json_is_null(json_object_get(json_object_get(engine->json, "energy"),
						      "why_not_measured"))
				 ? ""
				 : figure_text(all, engine, "energy.why_not_measured");
	}
	figure_add_texts(how, sizeof how, all, sources);
	figure_add_texts(not_measured, sizeof not_measured, all, why);
	report_text(
		p->caption, sizeof p->caption,
		"What a request takes above the machine at rest: the line is the range, the mark "
		"the nominal figure, a dot a round. How: %s.",
		how);
	all->json.label = "";
	const char *platform = json_reader_text(&all->json, all->result, "platform.name");
	if (strstr(how, platform) == NULL)
		report_text_add(p->caption, sizeof p->caption, " Platform: %s.", platform);
	if (not_measured[0] != '\0')
		report_text_add(p->caption, sizeof p->caption, " Not measured: %s.", not_measured);
}

/* Of engines that make tokens; an end of the range may be without end. */
static void explain_tokens(struct plot *p, struct figure_engines *all)
{
	char nominal[32], low[32], high[32];

	for (unsigned i = 0; i < all->count; i++) {
		const struct figure_engine *engine = &all->of[i];
		double tokens = figure_number(all, engine, "generator.tokens_per_joule.nominal"),
		       most = figure_number(all, engine, "generator.tokens_per_joule.high");
		if (isnan(tokens))
			continue;
		report_text_number(nominal, sizeof nominal, tokens);
		report_text_number(low, sizeof low,
				   figure_number(all, engine, "generator.tokens_per_joule.low"));
		report_text_number(high, sizeof high, most);
		report_text_add(p->caption, sizeof p->caption,
				" %s makes %s tokens a joule (%s %s%s).", engine->name, nominal,
				low, isnan(most) ? "or more" : "to ", isnan(most) ? "" : high);
	}
}

int figure_energy(struct plot *p, const struct report *r, struct error *e)
{
	struct figure_engines all;
	unsigned drawn = 0;

	plot_init(p, PLOT_ROWS, "energy", "Energy a request");
	plot_x(p, "energy a request", "joules_per_request", PLOT_JOULES, true);
	if (figure_engines_read(&all, r, e) != 0)
		return all.json.err;
	for (unsigned i = 0; i < all.count; i++)
		drawn += add_energy(p, &all, &all.of[i]);
	if (drawn == 0)
		plot_cannot(p, "energy is not known: %s", p->alt);
	explain_sources(p, &all);
	explain_tokens(p, &all);
	return all.json.err;
}
