#include "bench/report/figure_engines.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/report/report_text.h"
#include "bench/result_read.h"

static void read_engine(struct figure_engines *all, const char *label, const json_t *json)
{
	struct figure_engine *engine = &all->of[all->count];

	engine->label = label;
	report_text(engine->name, sizeof engine->name, "%s", label);
	engine->colour = all->count++ % PLOT_ENGINE_COLOURS;
	engine->json = json;
	engine->rounds = json_object_get(json, "rounds");
	all->json.label = label;
	if (!json_is_array(engine->rounds))
		json_reader_damaged(&all->json, "rounds", "missing, or not an array");
	else if (json_array_size(engine->rounds) > RESULT_ROUNDS_MAX)
		json_reader_damaged(&all->json, "rounds", "more rounds than any run has");
	else
		engine->round_count = (unsigned)json_array_size(engine->rounds);
}

int figure_engines_read(struct figure_engines *all, const struct report *r, struct error *e)
{
	json_t *engines = json_object_get(r->result, "engines");
	const char *label;
	json_t *json;

	memset(all, 0, sizeof *all);
	all->json = (struct json_reader){.path = r->result_path, .label = "", .e = e};
	all->result = r->result;
	if (json_object_size(engines) == 0)
		json_reader_damaged(&all->json, "engines", "missing, or there are none");
	else if (json_object_size(engines) > WORKLOAD_ENGINES_MAX)
		json_reader_damaged(&all->json, "engines", "more than any run has");
	else
		json_object_foreach(engines, label, json) read_engine(all, label, json);
	all->json.label = "";
	return all->json.err;
}

double figure_number(struct figure_engines *all, const struct figure_engine *engine,
		     const char *keys)
{
	all->json.label = engine->label;
	return json_reader_number(&all->json, engine->json, keys);
}

struct figure figure_range(struct figure_engines *all, const struct figure_engine *engine,
			   const char *keys)
{
	all->json.label = engine->label;
	return json_reader_range(&all->json, engine->json, keys);
}

const char *figure_text(struct figure_engines *all, const struct figure_engine *engine,
			const char *keys)
{
	all->json.label = engine->label;
	return json_reader_text(&all->json, engine->json, keys);
}

double figure_round(struct figure_engines *all, const struct figure_engine *engine, unsigned i,
		    const char *key)
{
	char where[sizeof engine->name + 32];

	snprintf(where, sizeof where, "%s.rounds[%u]", engine->name, i);
	all->json.label = where;
	double value = json_reader_number(&all->json, json_array_get(engine->rounds, i), key);
	all->json.label = engine->label;
	return value;
}

void figure_add_rounds(struct plot *p, struct plot_row *row, struct figure_engines *all,
		       const struct figure_engine *engine, const char *key)
{
	for (unsigned i = 0; i < engine->round_count; i++) {
		double value = figure_round(all, engine, i, key);
		if (!isnan(value))
			plot_add_dot(p, row, value);
	}
}

/* Whether all engines from the first on have this text. */
static bool is_of_all(const struct figure_engines *all, const char *const *texts)
{
	for (unsigned i = 1; i < all->count; i++)
		if (strcmp(texts[i], texts[0]) != 0)
			return false;
	return true;
}

static bool was_added(const char *const *texts, unsigned i)
{
	for (unsigned k = 0; k < i; k++)
		if (strcmp(texts[k], texts[i]) == 0)
			return true;
	return false;
}

void figure_add_texts(char *out, size_t capacity, const struct figure_engines *all,
		      const char *const *texts)
{
	if (is_of_all(all, texts)) {
		report_text_add(out, capacity, "%s", texts[0]);
		return;
	}
	for (unsigned i = 0; i < all->count; i++) {
		if (texts[i][0] == '\0' || was_added(texts, i))
			continue;
		report_text_item(out, capacity, "%s", all->of[i].name);
		for (unsigned k = i + 1; k < all->count; k++)
			if (strcmp(texts[k], texts[i]) == 0)
				report_text_add(out, capacity, ", %s", all->of[k].name);
		report_text_add(out, capacity, ": %s", texts[i]);
	}
}
