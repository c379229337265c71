/* tables_internal.h: what the tables_*.c files share. */
#ifndef GVR_TABLES_INTERNAL_H
#define GVR_TABLES_INTERNAL_H

#include "bench/json_reader.h"
#include "bench/report/tables.h"

/* An object of result.json and its path in there. */
struct place {
	struct json_reader *reader;
	const json_t *object;
	const char *path; /* "engines.retrieve"; "": the root */
};

typedef void tables_format(char *out, size_t capacity, double v);

tables_format tables_count, tables_plain, tables_us, tables_seconds, tables_part, tables_mib_per_s;
tables_format tables_days, tables_usd, tables_ratio;

/* Fill a cell of the last row; "-" where it is null. */
void cell_number(struct table *t, unsigned column, const struct place *at, const char *keys,
		 tables_format *format);
void cell_text(struct table *t, unsigned column, const struct place *at, const char *keys);
/* The same of an item of an array; `none` where it is null. */
void cell_item(struct table *t, unsigned column, const struct place *at, const char *keys,
	       size_t item, tables_format *format, const char *none);

/* Calls with each engine and its place, in order; column: 1 and on. */
void tables_each_engine(const struct report *r, struct json_reader *reader, struct table *t,
			void (*fill)(struct table *t, unsigned column, const struct place *at,
				     const void *arg),
			const void *arg);

/* One column an engine, named by its label; the first is "". */
void tables_init_engines(struct table *t, const char *name, const char *title,
			 const struct report *r);

typedef void tables_maker(struct table *t, const struct report *r, struct json_reader *reader);

tables_maker tables_engines, tables_steps, tables_ratios, tables_validity, tables_sources;
tables_maker tables_intervals, tables_sensitivity, tables_layers, tables_pair;
tables_maker tables_measured, tables_meters, tables_host, tables_platform, tables_prices;

#endif
