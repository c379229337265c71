/* tables_breakeven.c: store or regenerate, and the constants that it rests on. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/format.h"
#include "bench/json_values.h"
#include "bench/report/tables_internal.h"

/* The break-even of a result; NULL: there is none, and why is in there. */
static const json_t *breakeven_of_result(const struct report *r, struct json_reader *reader)
{
	const json_t *breakeven = json_reader_find(reader, r->result, "breakeven");

	if (breakeven == NULL || json_object_get(breakeven, "why_unavailable") != NULL)
		return NULL;
	if (!json_is_object(breakeven))
		json_reader_damaged(reader, "breakeven", "not an object");
	return json_is_object(breakeven) ? breakeven : NULL;
}

/* ---- intervals ---- */

static void add_interval(struct table *t, const char *name, const struct place *at)
{
	table_row(t, 0, name);
	cell_text(t, 1, at, "outcome");
	cell_number(t, 2, at, "interval_days", tables_days);
	cell_item(t, 3, at, "likely_days", 0, tables_days, "for ever");
	cell_item(t, 4, at, "likely_days", 1, tables_days, "for ever");
	cell_item(t, 5, at, "bounds_days", 0, tables_days, "for ever");
	cell_item(t, 6, at, "bounds_days", 1, tables_days, "for ever");
}

static void add_pair(struct table *t, const struct place *pair)
{
	static const char *const measures[] = {"money", "energy", "carbon"};
	char *text;

	if (asprintf(&text, "%s against %s",
		     json_reader_text(pair->reader, pair->object, "retrieve"),
		     json_reader_text(pair->reader, pair->object, "generate")) < 0) {
		t->out_of_memory = true;
		return;
	}
	table_heading(t, text);
	free(text);
	for (size_t i = 0; i < sizeof measures / sizeof measures[0]; i++) {
		char path[96];
		snprintf(path, sizeof path, "%s.%s", pair->path, measures[i]);
		add_interval(
			t, measures[i],
			&(struct place){pair->reader,
					json_reader_find(pair->reader, pair->object, measures[i]),
					path});
	}
}

void tables_intervals(struct table *t, const struct report *r, struct json_reader *reader)
{
	static const char *const columns[] = {"by", "outcome",	   "once every", "likely from",
					      "to", "bounds from", "to"};
	const json_t *breakeven = breakeven_of_result(r, reader), *other;
	size_t i;

	table_init(t, "intervals", "How often a content must be asked for to be worth storing", 7,
		   columns);
	if (breakeven == NULL)
		return;
	add_pair(t, &(struct place){reader, breakeven, "breakeven"});
	json_array_foreach(json_object_get(breakeven, "other_pairs"), i, other)
	{
		char path[64];
		snprintf(path, sizeof path, "breakeven.other_pairs.%zu", i);
		add_pair(t, &(struct place){reader, other, path});
	}
}

/* ---- sensitivity ---- */

static void format_input(char *out, size_t capacity, double v)
{
	snprintf(out, capacity, "%.4g", v);
}

static void cell_days(struct table *t, unsigned column, const struct place *at, const char *keys)
{
	const json_t *days = json_reader_find(at->reader, at->object, keys);

	if (json_is_null(days))
		table_text(t, column, "for ever");
	else
		cell_number(t, column, at, keys, tables_days);
}

void tables_sensitivity(struct table *t, const struct report *r, struct json_reader *reader)
{
	static const char *const columns[] = {"input",		 "from", "to", "unit",
					      "then once every", "to"};
	const json_t *money = json_member(breakeven_of_result(r, reader), "money"), *input;
	size_t i;

	table_init(t, "sensitivity", "What moves the answer by money most, each input alone", 6,
		   columns);
	if (money == NULL)
		return;
	json_array_foreach((json_t *)(uintptr_t)json_reader_find(reader, money, "sensitivity"), i,
			   input)
	{
		char path[64];
		snprintf(path, sizeof path, "breakeven.money.sensitivity.%zu", i);
		struct place at = {reader, input, path};
		table_row(t, 0, json_reader_text(reader, input, "input"));
		cell_number(t, 1, &at, "low", format_input);
		cell_number(t, 2, &at, "high", format_input);
		cell_text(t, 3, &at, "unit");
		cell_days(t, 4, &at, "days_at_low");
		cell_days(t, 5, &at, "days_at_high");
	}
}

/* ---- layers ---- */

static void format_large(char *out, size_t capacity, double v)
{
	static const char *const units[] = {"", " k", " M", " G", " T"};
	unsigned u = 0;

	for (; u < 4 && v >= 999.5; u++)
		v /= 1000;
	snprintf(out, capacity, "%.3g%s", v, units[u]);
}

static const struct {
	const char *heading, *name, *keys;
	tables_format *format;
} layers[] = {
	{"Energy", "energy a request", "energy.joules_per_request", format_joules},
	{"Chips", "CPU time a request", "chips.cpu_us_per_request", tables_us},
	{NULL, "requests in flight", "chips.requests_in_flight", tables_count},
	{NULL, "multiply-adds a request", "chips.macs_per_request", format_large},
	{"Infrastructure", "at rest: contents", "infrastructure.at_rest_bytes", format_bytes},
	{NULL, "shared (model, dictionary)", "infrastructure.shared_at_rest_bytes", format_bytes},
	{NULL, "moved a request", "infrastructure.moved_bytes_per_request", format_bytes},
	{NULL, "resident memory", "infrastructure.resident_bytes", format_bytes},
	{NULL, "kept ready, a month", "infrastructure.usd_per_month", tables_usd},
	{"Model", "bits a content byte", "model.bits_per_byte", tables_plain},
	{NULL, "tokens/s of a core", "model.tokens_per_core_second", format_large},
	{NULL, "tokens of a joule", "model.tokens_per_joule", format_large},
	{NULL, "content/s of a core", "model.content_bytes_per_core_second", format_throughput},
	{"Application", "response time p50", "application.response_p50_ns", format_ns},
	{NULL, "response time p99", "application.response_p99_ns", format_ns},
	{NULL, "requests served", "application.requests_per_s", format_rate},
	{NULL, "a million requests", "application.usd_per_million_requests", tables_usd},
};

void tables_layers(struct table *t, const struct report *r, struct json_reader *reader)
{
	const json_t *breakeven = breakeven_of_result(r, reader);
	const char *columns[] = {"", "", ""};
	struct place sides[2];

	if (breakeven != NULL) {
		columns[1] = json_reader_text(reader, breakeven, "retrieve");
		columns[2] = json_reader_text(reader, breakeven, "generate");
	}
	table_init(t, "layers", "What each layer of the machine had to do", 3, columns);
	if (breakeven == NULL)
		return;
	sides[0] = (struct place){reader, json_reader_find(reader, breakeven, "layers.retrieve"),
				  "breakeven.layers.retrieve"};
	sides[1] = (struct place){reader, json_reader_find(reader, breakeven, "layers.generate"),
				  "breakeven.layers.generate"};
	for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
		if (layers[i].heading != NULL)
			table_heading(t, layers[i].heading);
		table_row(t, 0, layers[i].name);
		for (unsigned side = 0; side < 2; side++)
			cell_number(t, side + 1, &sides[side], layers[i].keys, layers[i].format);
	}
}

/* ---- the pair ---- */

void tables_pair(struct table *t, const struct report *r, struct json_reader *reader)
{
	static const char *const columns[] = {"", ""};
	const json_t *breakeven = breakeven_of_result(r, reader);
	struct place at = {reader, breakeven, "breakeven"};

	table_init(t, "pair", "More of the two that were compared", 2, columns);
	if (breakeven == NULL)
		return;
	table_row(t, 0, "a content");
	cell_number(t, 1, &at, "content_bytes", format_bytes);
	table_row(t, 0, "asked for here once every");
	cell_number(t, 1, &at, "asked_every_days", tables_days);
	table_row(t, 0, "energy of generation, in reads");
	cell_number(t, 1, &at, "energy_ratio", tables_ratio);
	table_row(t, 0, "energy of the reads is");
	cell_text(t, 1, &at, "retrieve_energy");
	table_row(t, 0, "energy of generation is");
	cell_text(t, 1, &at, "generate_energy");
	table_row(t, 0, "as fast for contents below");
	cell_number(t, 1, &at, "time.generate_faster_below_bytes", format_bytes);
	table_row(t, 0, "the model");
	cell_number(t, 1, &at, "catalogue.model_bytes", format_bytes);
	table_row(t, 0, "the dictionary");
	cell_number(t, 1, &at, "catalogue.dictionary_bytes", format_bytes);
	table_row(t, 0, "the model's bytes, against the dictionary's, pay");
	cell_text(t, 1, &at, "catalogue.model.pays");
	table_row(t, 1, "so many bytes of contents");
	cell_number(t, 1, &at, "catalogue.model.content_bytes", format_bytes);
}

/* ---- constants ---- */

static void add_constant(struct table *t, const char *name, const struct place *at)
{
	table_row(t, 0, name);
	cell_number(t, 1, at, "low", format_input);
	cell_number(t, 2, at, "nominal", format_input);
	cell_number(t, 3, at, "high", format_input);
	cell_text(t, 4, at, "unit");
	cell_text(t, 5, at, "source");
}

/* A set of constants as constants_json wrote it, at path. */
static void add_constants(struct table *t, struct json_reader *reader, const json_t *set,
			  const char *path, const struct constant_table *table)
{
	static const char *const columns[] = {"constant", "low",  "nominal",
					      "high",	  "unit", "source"};
	char title[CONSTANT_TEXT_NBYTES];

	snprintf(title, sizeof title, "Constants: %.400s", json_reader_text(reader, set, "name"));
	table_init(t, table == &price_table ? "prices" : "platform", title, 6, columns);
	for (unsigned i = 0; i < table->count; i++) {
		char keys[96], from[128];
		snprintf(keys, sizeof keys, "constants.%s", table->kinds[i].name);
		snprintf(from, sizeof from, "%s.%s", path, keys);
		add_constant(t, table->kinds[i].name,
			     &(struct place){reader, json_reader_find(reader, set, keys), from});
	}
}

void tables_platform(struct table *t, const struct report *r, struct json_reader *reader)
{
	add_constants(t, reader, json_object_get(r->result, "platform"), "platform",
		      &platform_table);
}

void tables_prices(struct table *t, const struct report *r, struct json_reader *reader)
{
	const json_t *breakeven = breakeven_of_result(r, reader);

	if (breakeven != NULL)
		add_constants(t, reader, json_object_get(breakeven, "prices"), "breakeven.prices",
			      &price_table);
	else
		table_init(t, "prices", NULL, 0, NULL);
}
