/* workload_check.c: which keys go together, and defaults that depend on others. */
#include "workloads/workload_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "workloads/file.h"

int fail(struct parser *p, struct origin at, const char *format, ...)
{
	char text[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (at.set != NULL)
		return error_set(p->e, -EINVAL, "--set %.300s: %s", at.set, text);
	return error_set(p->e, -EINVAL, "%.300s:%d: %s", p->w->file, at.line, text);
}

/* ---- what depends on what ---- */

static bool trains_dictionary(const struct workload *w)
{
	return w->contents_kind == CONTENTS_ARCHIVE ||
	       (w->contents_kind == CONTENTS_NOVEL && w->corpus_dir[0] != '\0');
}

static bool is_sst(const struct engine_config *engine)
{
	return strcmp(engine->layout, "sst") == 0;
}

static const char *iodepth_fallback(const struct workload *w, const struct engine_config *engine)
{
	if (w->scenario == SCENARIO_SINGLE_STREAM)
		return "1";
	return engine_kind(engine) == KIND_GENERATE ? "24" : "32";
}

const char *engine_fallback(const struct workload *w, const struct engine_config *engine,
			    enum engine_key key)
{
	bool zstd = engine->compression_type == COMPRESSION_ZSTD;
	bool per_value = engine->compression_unit == COMPRESSION_PER_VALUE;
	switch (key) {
	case E_IODEPTH:
		return iodepth_fallback(w, engine);
	case E_COMPRESSION_LEVEL:
		return zstd ? engine_keys[key].fallback : NULL;
	case E_COMPRESSION_MAX_DICT_BYTES:
		return zstd && per_value && trains_dictionary(w) ? "1MiB" : "0";
	case E_BLOCK_SIZE:
		return is_sst(engine) ? engine_keys[key].fallback : NULL;
	case E_GENERATOR:
		return w->contents_kind == CONTENTS_NOISE ? "noise" : "cm";
	default:
		return engine_keys[key].fallback;
	}
}

const char *workload_fallback(const struct workload *w, enum workload_key key)
{
	if (key == W_TARGET_LATENCY_PERCENTILE && w->scenario == SCENARIO_SINGLE_STREAM)
		return "90";
	return workload_keys[key].fallback;
}

/* So many that ten are expected beyond the percentile. */
static uint64_t queries_for_percentile(const struct workload *w)
{
	if (w->scenario == SCENARIO_OFFLINE)
		return 1;
	return (uint64_t)(1000 / (100 - w->target_latency_percentile) + 0.999999);
}

const char *workload_key_unused(const struct workload *w, enum workload_key key)
{
	bool unused;
	const char *belongs;
	switch (key) {
	case W_CORPUS:
		unused = w->contents_kind != CONTENTS_NOVEL;
		belongs = "contents = novel:N";
		break;
	case W_MODEL:
		unused = w->contents_kind == CONTENTS_NOISE;
		belongs = "contents = archive:DIR or novel:N";
		break;
	case W_CHUNK:
	case W_SPLIT:
		unused = w->contents_kind != CONTENTS_ARCHIVE;
		belongs = "contents = archive:DIR";
		break;
	case W_EXTRAPOLATE_CONTEXTS:
	case W_SIZE:
		unused = w->contents_kind == CONTENTS_ARCHIVE;
		belongs = "contents = novel:N or noise:N";
		break;
	case W_TEMPERATURE_PERCENTAGE:
	case W_TOP_P_PERCENTAGE:
		unused = w->contents_kind != CONTENTS_NOVEL;
		belongs = "contents = novel:N";
		break;
	case W_COMPRESS_PERCENTAGE:
		unused = w->contents_kind != CONTENTS_NOISE;
		belongs = "contents = noise:N";
		break;
	case W_RATE_IOPS:
	case W_RATE_PROCESS:
	case W_TARGET_LATENCY:
		unused = w->scenario != SCENARIO_SERVER;
		belongs = "scenario = server";
		break;
	case W_BURST_AGENTS:
	case W_BURST_CHAIN:
		unused = w->scenario != SCENARIO_SERVER || w->rate_process != RATE_BURSTS;
		belongs = "scenario = server with rate_process = bursts";
		break;
	case W_TARGET_LATENCY_PERCENTILE:
		unused = w->scenario == SCENARIO_OFFLINE;
		belongs = "scenario = server or single_stream";
		break;
	case W_NUMBER_IOS:
		unused = w->scenario == SCENARIO_SERVER;
		belongs = "scenario = offline or single_stream";
		break;
	default:
		return NULL;
	}
	return unused ? belongs : NULL;
}

bool engine_key_used(const struct engine_config *engine, enum engine_key key)
{
	if ((engine_keys[key].kinds & engine_kind(engine)) == 0)
		return false;
	switch (key) {
	case E_COMPRESSION_UNIT:
	case E_COMPRESSION_LEVEL:
	case E_COMPRESSION_MAX_DICT_BYTES:
		return engine->compression_type == COMPRESSION_ZSTD;
	case E_BLOCK_SIZE:
	case E_CACHE_SIZE:
		return is_sst(engine);
	default:
		return true;
	}
}

/* ---- checks ---- */

/* A key of the file that does not go with what --set changed is not used,
 * so that one file can be tried in other scenarios. */
static bool overruled(const struct setting *s, enum workload_key by, const struct setting *key)
{
	bool scenario_set = by == W_RATE_PROCESS && s[W_SCENARIO].origin.set != NULL;
	return key->origin.set == NULL && (s[by].origin.set != NULL || scenario_set);
}

static enum workload_key decided_by(enum workload_key key)
{
	switch (key) {
	case W_BURST_AGENTS:
	case W_BURST_CHAIN:
		return W_RATE_PROCESS;
	case W_RATE_IOPS:
	case W_RATE_PROCESS:
	case W_TARGET_LATENCY:
	case W_TARGET_LATENCY_PERCENTILE:
	case W_NUMBER_IOS:
		return W_SCENARIO;
	default:
		return W_CONTENTS;
	}
}

static int check_peak(struct parser *p, const struct setting *rate)
{
	if (p->w->scenario == SCENARIO_SERVER && p->w->rate_count == 0 &&
	    p->w->target_latency_ns == 0)
		return fail(p, rate->origin,
			    "rate_iops = peak is the highest rate that holds a latency: set "
			    "target_latency, as 10ms");
	return 0;
}

/* Paths are taken as they are written. */
static int check_tildes(struct parser *p)
{
	const struct workload *w = p->w;
	const struct {
		enum workload_key key;
		const char *path;
	} paths[] = {
		{W_CONTENTS, w->contents_dir},
		{W_CORPUS, w->corpus_dir},
		{W_MODEL, w->model},
		{W_PLATFORM, w->platform},
	};
	struct error why;

	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		if (file_has_tilde(paths[i].path, &why))
			return fail(p, p->sections[0].settings[paths[i].key].origin, "%s = %s",
				    workload_keys[paths[i].key].name, why.text);
	return 0;
}

int check_workload(struct parser *p)
{
	struct workload *w = p->w;
	const struct setting *s = p->sections[0].settings;
	for (int k = 0; k < W_COUNT; k++) {
		const char *belongs = workload_key_unused(w, (enum workload_key)k);
		if (s[k].text != NULL && belongs != NULL &&
		    !overruled(s, decided_by((enum workload_key)k), &s[k]))
			return fail(p, s[k].origin, "%s belongs to %s; remove it",
				    workload_keys[k].name, belongs);
	}
	if (w->contexts > 1 && w->contents_kind == CONTENTS_ARCHIVE)
		return fail(p, s[W_CONTEXTS].origin,
			    "contexts = %" PRIu32 " needs contents = novel:N or noise:N; "
			    "a file has one variant",
			    w->contexts);
	if (w->extrapolate_contexts != 0 && w->extrapolate_contexts < w->contexts)
		return fail(p, s[W_EXTRAPOLATE_CONTEXTS].origin,
			    "extrapolate_contexts = %" PRIu64 ": at least contexts = %" PRIu32,
			    w->extrapolate_contexts, w->contexts);
	if (w->contents_kind == CONTENTS_NOVEL && w->corpus_dir[0] == '\0' && w->model[0] == '\0')
		return fail(p, s[W_CONTENTS].origin,
			    "contents = novel:N needs a generator: set corpus = DIR to train one "
			    "on, or model = FILE");
	if (w->contents_count > (uint64_t)INT64_MAX / w->contexts)
		return fail(p, s[W_CONTENTS].origin,
			    "contents * contexts = %" PRIu64 " * %" PRIu32 ": at most 2^63 - 1",
			    w->contents_count, w->contexts);
	if (s[W_MIN_QUERY_COUNT].text == NULL)
		w->min_query_count = queries_for_percentile(w);
	int err = check_tildes(p);
	return err != 0 ? err : check_peak(p, &s[W_RATE_IOPS]);
}

static int check_kinds(struct parser *p, const struct engine_config *engine,
		       const struct setting *s)
{
	for (int k = 0; k < E_COUNT; k++) {
		unsigned of = engine_keys[k].kinds;
		char kinds[64];
		if (s[k].text == NULL || (of & engine_kind(engine)) != 0)
			continue;
		return fail(p, s[k].origin,
			    "%s belongs to kind = %s, and [engine \"%s\"] is of kind %s",
			    engine_keys[k].name, kinds_in_words(of, kinds, sizeof kinds),
			    engine->label, engine->kind);
	}
	return 0;
}

static int belongs(struct parser *p, const struct setting *s, const char *name, const char *to)
{
	return fail(p, s->origin, "%s belongs to %s", name, to);
}

static int check_layout(struct parser *p, const struct engine_config *engine,
			const struct setting *s)
{
	if (is_sst(engine))
		return 0;
	if (engine->block_size_bytes > 0)
		return belongs(p, &s[E_BLOCK_SIZE], "block_size", "layout = sst");
	if (engine->cache_size_bytes > 0)
		return belongs(p, &s[E_CACHE_SIZE], "cache_size", "layout = sst");
	if (engine->compression_unit == COMPRESSION_PER_BLOCK)
		return belongs(p, &s[E_COMPRESSION_UNIT], "compression_unit = block",
			       "layout = sst");
	return 0;
}

/* What only a ring can do. */
static int check_io(struct parser *p, const struct engine_config *engine, const struct setting *s)
{
	if (engine->io == STORE_IO_URING)
		return 0;
	if (engine->sqthread_poll)
		return belongs(p, &s[E_SQTHREAD_POLL], "sqthread_poll", "io = io_uring");
	if (engine->fixedbufs)
		return belongs(p, &s[E_FIXEDBUFS], "fixedbufs", "io = io_uring");
	return 0;
}

static int check_compression(struct parser *p, const struct engine_config *engine,
			     const struct setting *s)
{
	static const char zstd[] = "compression_type = zstd";
	const struct setting *dictionary = &s[E_COMPRESSION_MAX_DICT_BYTES];
	bool trains = engine->compression_unit == COMPRESSION_PER_BLOCK || trains_dictionary(p->w);
	if (engine->compression_type != COMPRESSION_ZSTD) {
		if (s[E_COMPRESSION_LEVEL].text != NULL)
			return belongs(p, &s[E_COMPRESSION_LEVEL], "compression_level", zstd);
		if (engine->compression_max_dict_bytes > 0)
			return belongs(p, dictionary, "compression_max_dict_bytes", zstd);
		if (engine->compression_unit == COMPRESSION_PER_BLOCK)
			return belongs(p, &s[E_COMPRESSION_UNIT], "compression_unit", zstd);
	}
	if (engine->compression_max_dict_bytes > 0 && !trains)
		return fail(
			p, dictionary->origin,
			"compression_max_dict_bytes = %.100s: nothing trains a dictionary here; "
			"set it to 0%s",
			dictionary->text,
			p->w->contents_kind == CONTENTS_NOVEL ? ", or set workload.corpus" : "");
	return 0;
}

/* One request at a time: one worker, one request in flight. */
static int check_single_stream(struct parser *p, const struct setting *setting, const char *name,
			       uint32_t *value)
{
	if (*value > 1 && !overruled(p->sections[0].settings, W_SCENARIO, setting))
		return fail(p, setting->origin,
			    "%s = %" PRIu32
			    ": scenario = single_stream has one request at a time; set it to 1",
			    name, *value);
	*value = 1;
	return 0;
}

/* Only rnn can be told how to sample. */
static int check_sampling(struct parser *p, unsigned index)
{
	const struct workload *w = p->w;
	bool plain = w->temperature_percentage == 100 && w->top_p_percentage == 100;
	enum workload_key key =
		w->temperature_percentage != 100 ? W_TEMPERATURE_PERCENTAGE : W_TOP_P_PERCENTAGE;
	if (plain || strcmp(w->engines[index].generator, "rnn") == 0)
		return 0;
	return fail(p, p->sections[0].settings[key].origin,
		    "%s: [engine \"%s\"] generates with %s, which samples as its model says; "
		    "set generator = rnn there, or leave this out",
		    workload_keys[key].name, w->engines[index].label, w->engines[index].generator);
}

/* Novel contents are what one generator makes: all engines that generate have
 * the same. One of any two that differ is written, for there is one default. */
static int check_same_generator(struct parser *p, unsigned index)
{
	const struct engine_config *engine = &p->w->engines[index];
	for (unsigned i = 0; i < index; i++) {
		const struct engine_config *other = &p->w->engines[i];
		const struct setting *s = &p->sections[1 + index].settings[E_GENERATOR];
		if (engine_kind(other) != KIND_GENERATE ||
		    strcmp(other->generator, engine->generator) == 0)
			continue;
		if (s->text == NULL)
			s = &p->sections[1 + i].settings[E_GENERATOR];
		return fail(p, s->origin,
			    "generator = %s in [engine \"%s\"] and %s in [engine \"%s\"]: "
			    "contents = novel:N are what one generator makes; name the same in all",
			    engine->generator, engine->label, other->generator, other->label);
	}
	return 0;
}

static int check_generator(struct parser *p, unsigned index)
{
	const struct engine_config *engine = &p->w->engines[index];
	bool noise = strcmp(engine->generator, "noise") == 0;
	if (noise != (p->w->contents_kind == CONTENTS_NOISE))
		return fail(p, p->sections[1 + index].settings[E_GENERATOR].origin,
			    "generator = %s: generator = noise is for contents = noise:N, and for "
			    "them only",
			    engine->generator);
	if (p->w->contents_kind != CONTENTS_NOVEL)
		return 0;
	int err = check_sampling(p, index);
	return err != 0 ? err : check_same_generator(p, index);
}

int check_engine(struct parser *p, unsigned index)
{
	const struct workload *w = p->w;
	const struct engine_config *engine = &w->engines[index];
	const struct setting *s = p->sections[1 + index].settings;
	int err = check_kinds(p, engine, s);
	if (err)
		return err;
	if (w->scenario == SCENARIO_SINGLE_STREAM) {
		err = check_single_stream(p, &s[E_IODEPTH], "iodepth",
					  &p->w->engines[index].iodepth);
		if (err == 0)
			err = check_single_stream(p, &s[E_NUMJOBS], "numjobs",
						  &p->w->engines[index].numjobs);
		if (err)
			return err;
	}
	if (engine_kind(engine) == KIND_GENERATE)
		err = check_generator(p, index);
	if (err == 0)
		err = check_io(p, engine, s);
	if (err == 0 && engine_kind(engine) == KIND_RETRIEVE)
		err = check_layout(p, engine, s);
	if (err == 0 && engine_kind(engine) == KIND_RETRIEVE)
		err = check_compression(p, engine, s);
	return err;
}
