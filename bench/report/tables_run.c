/* tables_run.c: the run as a whole, and the machine. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "bench/format.h"
#include "bench/report/tables_internal.h"

static const char *const columns[] = {"", ""};

static void add_text(struct table *t, const struct place *at, const char *name, const char *keys)
{
	table_row(t, 0, name);
	cell_text(t, 1, at, keys);
}

static void add_number(struct table *t, const struct place *at, const char *name, const char *keys,
		       tables_format *format)
{
	table_row(t, 0, name);
	cell_number(t, 1, at, keys, format);
}

void tables_measured(struct table *t, const struct report *r, struct json_reader *reader)
{
	struct place at = {reader, r->result, ""};

	table_init(t, "measured", "The run as a whole", 2, columns);
	add_text(t, &at, "measured at", "time");
	add_number(t, &at, "contents", "workload.content_count", tables_count);
	add_number(t, &at, "requests, the same for all engines", "request_stream.requests",
		   tables_count);
	add_text(t, &at, "their digest", "request_stream.digest");
	add_number(t, &at, "cost of the harness a request", "null_engine.ns_per_request",
		   format_ns);
	add_text(t, &at, "energy of the run", "energy.kind");
	add_number(t, &at, "of the machine", "energy.joules.nominal", format_joules);
	add_number(t, &at, "of the machine at rest", "energy.idle_joules.nominal", format_joules);
	add_number(t, &at, "of the engines", "energy.engines_joules.nominal", format_joules);
	add_number(t, &at, "of the harness", "energy.harness_joules", format_joules);
}

void tables_meters(struct table *t, const struct report *r, struct json_reader *reader)
{
	static const char *const heads[] = {"meter", "state", "covers", "why"};
	const json_t *meters = json_reader_find(reader, r->result, "meters"), *meter;
	size_t i;

	table_init(t, "meters", "Meters of energy on this machine", 4, heads);
	json_array_foreach((json_t *)(uintptr_t)meters, i, meter)
	{
		struct place at = {reader, meter, "meters"};
		table_row(t, 0, json_reader_text(reader, meter, "name"));
		cell_text(t, 1, &at, "state");
		cell_text(t, 2, &at, "covers");
		cell_text(t, 3, &at, "why");
	}
}

/* Older results know of those of the machine only, and call them cores. */
static bool has_other_cores(const struct report *r, struct json_reader *reader)
{
	const json_t *host = json_reader_find(reader, r->result, "host");
	const json_t *all = json_object_get(host, "cores_machine");

	return json_is_integer(all) && !json_equal(all, json_object_get(host, "cores"));
}

void tables_host(struct table *t, const struct report *r, struct json_reader *reader)
{
	struct place at = {reader, r->result, ""};

	table_init(t, "host", "The machine", 2, columns);
	add_text(t, &at, "name", "host.hostname");
	add_text(t, &at, "processor", "host.cpu");
	add_number(t, &at, "cores", "host.cores", tables_count);
	if (has_other_cores(r, reader))
		add_number(t, &at, "of the machine, which gvr may not all use",
			   "host.cores_machine", tables_count);
	add_number(t, &at, "memory", "host.memory_bytes", format_bytes);
	add_text(t, &at, "architecture", "host.machine");
	add_text(t, &at, "kernel", "host.kernel");
	add_text(t, &at, "file system of the store", "host.store_file_system");
	add_text(t, &at, "compiler", "host.compiler");
	add_text(t, &at, "gvr", "tool.version");
	add_text(t, &at, "its commit", "tool.commit");
}
