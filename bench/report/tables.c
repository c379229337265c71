#include "bench/report/tables.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/breakeven.h"
#include "bench/format.h"
#include "bench/report/tables_internal.h"

#define CELL_NBYTES 64u

/* ---- figures as text ---- */

void tables_count(char *out, size_t capacity, double v)
{
	snprintf(out, capacity, v < 1e15 ? "%.0f" : "%.3g", v);
}

void tables_plain(char *out, size_t capacity, double v)
{
	snprintf(out, capacity, v < 1e6 ? "%.3f" : "%.3g", v);
}

void tables_us(char *out, size_t capacity, double v)
{
	format_ns(out, capacity, v * 1e3);
}

void tables_seconds(char *out, size_t capacity, double v)
{
	format_ns(out, capacity, v * 1e9);
}

void tables_part(char *out, size_t capacity, double v)
{
	snprintf(out, capacity, v < 1e6 ? "%.1f %%" : "%.3g %%", 100 * v);
}

void tables_mib_per_s(char *out, size_t capacity, double v)
{
	format_throughput(out, capacity, v * (1 << 20));
}

void tables_days(char *out, size_t capacity, double v)
{
	breakeven_format_days(out, capacity, v);
}

void tables_usd(char *out, size_t capacity, double v)
{
	snprintf(out, capacity, "%.3g $", v);
}

void tables_ratio(char *out, size_t capacity, double v)
{
	snprintf(out, capacity, v >= 99.5 && v < 1e6 ? "%.0f x" : "%.3g x", v);
}

/* ---- cells ---- */

static void put_number(struct table *t, unsigned column, const json_t *value, const char *from,
		       tables_format *format)
{
	char text[CELL_NBYTES];

	format(text, sizeof text, json_number_value(value));
	table_number(t, column, text, value, from);
}

void cell_number(struct table *t, unsigned column, const struct place *at, const char *keys,
		 tables_format *format)
{
	char *from;

	if (isnan(json_reader_number(at->reader, at->object, keys))) {
		table_text(t, column, "-");
		return;
	}
	if (asprintf(&from, "%s%s%s", at->path, at->path[0] != '\0' ? "." : "", keys) < 0) {
		t->out_of_memory = true;
		return;
	}
	put_number(t, column, json_reader_find(at->reader, at->object, keys), from, format);
	free(from);
}

void cell_text(struct table *t, unsigned column, const struct place *at, const char *keys)
{
	const json_t *value = json_reader_find(at->reader, at->object, keys);

	if (value == NULL || json_is_null(value))
		table_text(t, column, "-");
	else
		table_text(t, column, json_reader_text(at->reader, at->object, keys));
}

void cell_item(struct table *t, unsigned column, const struct place *at, const char *keys,
	       size_t item, tables_format *format, const char *none)
{
	const json_t *array = json_reader_find(at->reader, at->object, keys);
	const json_t *value = json_array_get(array, item);
	char *from;

	if (array == NULL || json_is_null(array) || json_is_null(value)) {
		table_text(t, column, none);
		return;
	}
	if (!json_is_number(value) || !isfinite(json_number_value(value))) {
		json_reader_damaged(at->reader, keys, "an item that is missing or no number");
		return;
	}
	if (asprintf(&from, "%s.%s.%zu", at->path, keys, item) < 0) {
		t->out_of_memory = true;
		return;
	}
	put_number(t, column, value, from, format);
	free(from);
}

void tables_each_engine(const struct report *r, struct json_reader *reader, struct table *t,
			void (*fill)(struct table *t, unsigned column, const struct place *at,
				     const void *arg),
			const void *arg)
{
	const json_t *engines = json_object_get(r->result, "engines");

	for (unsigned i = 0; i < r->engine_count; i++) {
		const char *label = r->engines[i].label;
		char *path;
		if (asprintf(&path, "engines.%s", label) < 0) {
			t->out_of_memory = true;
			return;
		}
		reader->label = label;
		fill(t, i + 1, &(struct place){reader, json_object_get(engines, label), path}, arg);
		reader->label = "";
		free(path);
	}
}

void tables_init_engines(struct table *t, const char *name, const char *title,
			 const struct report *r)
{
	const char **columns = calloc(r->engine_count + 1, sizeof *columns);

	if (columns == NULL) {
		memset(t, 0, sizeof *t);
		t->out_of_memory = true;
		return;
	}
	columns[0] = "";
	for (unsigned i = 0; i < r->engine_count; i++)
		columns[i + 1] = r->engines[i].label;
	table_init(t, name, title, r->engine_count + 1, columns);
	free(columns);
}

/* ---- all ---- */

static tables_maker *const makers[REPORT_TABLES] = {
	[TABLE_ENGINES] = tables_engines,
	[TABLE_STEPS] = tables_steps,
	[TABLE_RATIOS] = tables_ratios,
	[TABLE_INTERVALS] = tables_intervals,
	[TABLE_SENSITIVITY] = tables_sensitivity,
	[TABLE_LAYERS] = tables_layers,
	[TABLE_PAIR] = tables_pair,
	[TABLE_VALIDITY] = tables_validity,
	[TABLE_MEASURED] = tables_measured,
	[TABLE_METERS] = tables_meters,
	[TABLE_HOST] = tables_host,
	[TABLE_PLATFORM] = tables_platform,
	[TABLE_PRICES] = tables_prices,
	[TABLE_SOURCES] = tables_sources,
};

int tables_make(struct table tables[REPORT_TABLES], const struct report *r, struct error *e)
{
	struct json_reader reader = {r->result_path, "", e, 0};
	bool out_of_memory = false;

	for (unsigned i = 0; i < REPORT_TABLES; i++) {
		makers[i](&tables[i], r, &reader);
		out_of_memory |= tables[i].out_of_memory;
	}
	if (reader.err == 0 && out_of_memory)
		reader.err = error_set(e, -ENOMEM, "out of memory");
	if (reader.err != 0)
		tables_free(tables);
	return reader.err;
}

void tables_free(struct table tables[REPORT_TABLES])
{
	for (unsigned i = 0; i < REPORT_TABLES; i++)
		table_free(&tables[i]);
}
