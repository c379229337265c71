/* memory.c: what each engine says it takes, added up. */
#include "bench/memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/format.h"
#include "bench/recorder.h"

/* Of as many contents the sizes are looked at. */
#define SAMPLES UINT64_C(1000)

/* What all engines take, and the one that takes most of it. */
struct sum {
	uint64_t bytes, largest_bytes;
	const struct engine_config *largest;
};

static void add(struct sum *s, const struct engine_config *config, uint64_t bytes)
{
	s->bytes += bytes;
	if (s->largest != NULL && bytes <= s->largest_bytes)
		return;
	s->largest = config;
	s->largest_bytes = bytes;
}

static uint64_t mean_nbytes(const struct contents *c)
{
	const struct workload *w = c->workload;
	uint64_t sum = 0, step = c->count / SAMPLES + 1, samples = (c->count + step - 1) / step;

	if (c->count == 0)
		return 0;
	if (w->contents_kind == CONTENTS_ARCHIVE)
		return corpus_bytes(c->corpus, w->split) / c->count;
	for (uint64_t k = 0; k < samples; k++)
		sum += workload_content_nbytes(w, k * step);
	return sum / samples;
}

/* Surely in flight at some time: at a given rate perhaps one at a time. */
static uint64_t least_in_flight(const struct workload *w, const struct engine_config *config,
				uint64_t requests_max)
{
	uint64_t count = config->numjobs;

	if (w->scenario == SCENARIO_OFFLINE)
		count *= config->iodepth;
	return requests_max > 0 && requests_max < count ? requests_max : count;
}

static uint64_t most_in_flight(const struct workload *w, const struct engine_config *config)
{
	unsigned depth = w->scenario == SCENARIO_SINGLE_STREAM ? 1 : config->iodepth;
	return (uint64_t)config->numjobs * depth;
}

/* used: what cannot but be touched; most: what may be, at worst; mapped: address
 * space. */
static void add_up(const struct contents *c, uint64_t requests_max, struct sum *used,
		   struct sum *most, struct sum *mapped)
{
	const struct workload *w = c->workload;
	uint64_t mean = mean_nbytes(c);

	for (unsigned i = 0; i < w->engine_count; i++) {
		const struct engine_config *config = &w->engines[i];
		const struct engine_ops *ops = engine_find(config->kind);
		struct engine_env env = contents_env(c, config);
		struct engine_memory m;
		uint64_t workers = config->numjobs, own = workers * sizeof(struct recorder);
		ops->memory(&env, least_in_flight(w, config, requests_max), mean, &m);
		add(used, config, m.used_bytes);
		ops->memory(&env, most_in_flight(w, config), c->nbytes_max, &m);
		add(most, config, m.mapped_bytes + own);
		ops->memory(&env, workers * config->iodepth, c->nbytes_max, &m);
		add(mapped, config, m.mapped_bytes + own + workers * c->nbytes_max);
	}
}

static const char *smaller(const struct workload *w)
{
	if (w->contents_kind != CONTENTS_ARCHIVE)
		return "set a smaller size";
	return w->chunk_bytes > 0 ? "set a smaller chunk" : "set chunk";
}

/* "3.9 GiB, of that 3.9 GiB engine "retrieve" (numjobs = 2, iodepth = 32)" */
static void describe(char *out, size_t capacity, const struct sum *s)
{
	char all[32], largest[32];

	format_bytes(all, sizeof all, (double)s->bytes);
	format_bytes(largest, sizeof largest, (double)s->largest_bytes);
	snprintf(out, capacity, "%s, of that %s engine \"%s\" (numjobs = %u, iodepth = %u)", all,
		 largest, s->largest->label, s->largest->numjobs, s->largest->iodepth);
}

static int refuse(struct error *e, const struct workload *w, const struct sum *s, uint64_t there,
		  const char *source)
{
	char what[256], available[32];

	describe(what, sizeof what, s);
	format_bytes(available, sizeof available, (double)there);
	return error_set(e, -ENOMEM,
			 "not enough memory: requests in flight take %s; %s are available %s; "
			 "lower iodepth or numjobs, or %s",
			 what, available, source, smaller(w));
}

static void warn(const struct contents *c, const struct sum *s, const struct allowed_memory *there)
{
	char what[256], available[32], line[512];

	describe(what, sizeof what, s);
	format_bytes(available, sizeof available, (double)there->bytes);
	snprintf(line, sizeof line,
		 "requests in flight may take up to %s; %s are available %s: if that is too "
		 "little, lower iodepth or numjobs, or %s",
		 what, available, there->source, smaller(c->workload));
	c->notice(line);
}

int memory_check(const struct contents *c, uint64_t requests_max, const struct allowed_roots *roots,
		 struct error *e)
{
	struct sum used = {0}, most = {0}, mapped = {0};
	struct allowed_memory there = allowed_memory(roots);

	add_up(c, requests_max, &used, &most, &mapped);
	if (used.bytes > there.bytes)
		return refuse(e, c->workload, &used, there.bytes, there.source);
	if (mapped.bytes > there.address_bytes)
		return refuse(e, c->workload, &mapped, there.address_bytes,
			      "within the limit of address space (ulimit -v)");
	if (most.bytes > there.bytes / 2)
		warn(c, &most, &there);
	return 0;
}
