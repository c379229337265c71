/* workload_keys.c: the table that parser, checks, help and result.json share. */
#include "workloads/workload_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define YEAR_NS (UINT64_C(8760) * 3600 * 1000000000)
#define SERVICE_TIME_MAX_NS (UINT64_C(60) * 1000000000)

/* ---- keys whose value is more than one number or word ---- */

/* The rest of text after prefix, or NULL. */
static const char *after(const char *text, const char *prefix)
{
	size_t nbytes = strlen(prefix);
	return strncmp(text, prefix, nbytes) == 0 ? text + nbytes : NULL;
}

/* "A<separator>B" cut in two; false if there is no separator or a part is too long. */
static bool two_parts(const char *text, char separator, char a[64], char b[64])
{
	const char *mid = strchr(text, separator);
	if (mid == NULL || mid - text > 63 || strlen(mid + 1) > 63)
		return false;
	snprintf(a, 64, "%.*s", (int)(mid - text), text);
	snprintf(b, 64, "%s", mid + 1);
	return true;
}

static int parse_contents(void *base, const char *text)
{
	struct workload *w = base;
	const char *rest = after(text, "archive:");
	if (rest != NULL) {
		w->contents_kind = CONTENTS_ARCHIVE;
		return value_text(rest, w->contents_dir, sizeof w->contents_dir);
	}
	w->contents_kind = CONTENTS_NOVEL;
	rest = after(text, "novel:");
	if (rest == NULL) {
		w->contents_kind = CONTENTS_NOISE;
		rest = after(text, "noise:");
	}
	return rest == NULL ? -EINVAL : value_count(rest, 1, INT64_MAX, &w->contents_count);
}

static void format_contents(const void *base, char *out, size_t capacity)
{
	const struct workload *w = base;
	if (w->contents_kind == CONTENTS_ARCHIVE)
		snprintf(out, capacity, "archive:%s", w->contents_dir);
	else
		snprintf(out, capacity, "%s:%" PRIu64,
			 w->contents_kind == CONTENTS_NOVEL ? "novel" : "noise", w->contents_count);
}

static int parse_size(void *base, const char *text)
{
	struct size_distribution *s = &((struct workload *)base)->size;
	char a[64], b[64];
	const char *rest;
	if ((rest = after(text, "fixed:")) != NULL) {
		s->kind = SIZE_FIXED;
		return value_bytes(rest, 1, CONTENT_NBYTES_MAX, &s->low_bytes);
	}
	if ((rest = after(text, "uniform:")) != NULL) {
		s->kind = SIZE_UNIFORM;
		if (!two_parts(rest, '-', a, b) ||
		    value_bytes(a, 1, CONTENT_NBYTES_MAX, &s->low_bytes) != 0)
			return -EINVAL;
		return value_bytes(b, s->low_bytes, CONTENT_NBYTES_MAX, &s->high_bytes);
	}
	rest = after(text, "lognormal:");
	s->kind = SIZE_LOGNORMAL;
	if (rest == NULL || !two_parts(rest, ',', a, b) ||
	    value_bytes(a, 1, CONTENT_NBYTES_MAX, &s->low_bytes) != 0 ||
	    value_number(b, &s->sigma) != 0)
		return -EINVAL;
	return s->sigma <= 10 ? 0 : -EINVAL;
}

static void format_size(const void *base, char *out, size_t capacity)
{
	const struct size_distribution *s = &((const struct workload *)base)->size;
	char low[64], high[64];
	value_format_bytes(low, sizeof low, s->low_bytes);
	if (s->kind == SIZE_FIXED) {
		snprintf(out, capacity, "fixed:%s", low);
	} else if (s->kind == SIZE_UNIFORM) {
		value_format_bytes(high, sizeof high, s->high_bytes);
		snprintf(out, capacity, "uniform:%s-%s", low, high);
	} else {
		value_format_number(high, sizeof high, s->sigma);
		snprintf(out, capacity, "lognormal:%s,%s", low, high);
	}
}

static int parse_hotspot(struct workload *w, const char *text)
{
	char a[64], b[64];
	if (!two_parts(text, ',', a, b) || value_number(a, &w->hotspot_fraction) != 0 ||
	    value_number(b, &w->hotspot_probability) != 0)
		return -EINVAL;
	bool ok =
		w->hotspot_fraction > 0 && w->hotspot_fraction <= 1 && w->hotspot_probability <= 1;
	return ok ? 0 : -EINVAL;
}

static int parse_popularity(void *base, const char *text)
{
	struct workload *w = base;
	const char *rest;
	if (strcmp(text, "uniform") == 0) {
		w->popularity = POPULARITY_UNIFORM;
		return 0;
	}
	if (strcmp(text, "sequential") == 0) {
		w->popularity = POPULARITY_SEQUENTIAL;
		return 0;
	}
	if ((rest = after(text, "zipf:")) != NULL) {
		w->popularity = POPULARITY_ZIPF;
		int err = value_number(rest, &w->zipf_theta);
		return err == 0 && w->zipf_theta <= 100 ? 0 : -EINVAL;
	}
	w->popularity = POPULARITY_HOTSPOT;
	rest = after(text, "hotspot:");
	return rest != NULL ? parse_hotspot(w, rest) : -EINVAL;
}

static void format_popularity(const void *base, char *out, size_t capacity)
{
	const struct workload *w = base;
	char a[64], b[64];
	if (w->popularity == POPULARITY_ZIPF) {
		value_format_number(a, sizeof a, w->zipf_theta);
		snprintf(out, capacity, "zipf:%s", a);
	} else if (w->popularity == POPULARITY_HOTSPOT) {
		value_format_number(a, sizeof a, w->hotspot_fraction);
		value_format_number(b, sizeof b, w->hotspot_probability);
		snprintf(out, capacity, "hotspot:%s,%s", a, b);
	} else {
		snprintf(out, capacity, "%s",
			 w->popularity == POPULARITY_UNIFORM ? "uniform" : "sequential");
	}
}

/* The next part of a list, up to a comma, moved past it: false at the end or
 * if the part is too long. */
static bool next_part(const char **list, char part[64])
{
	if (*list == NULL)
		return false;
	size_t nbytes = strcspn(*list, ",");
	if (nbytes > 63)
		return false;
	snprintf(part, 64, "%.*s", (int)nbytes, *list);
	*list = (*list)[nbytes] == ',' ? *list + nbytes + 1 : NULL;
	return true;
}

static int parse_rate(void *base, const char *text)
{
	struct workload *w = base;
	char part[64];
	w->rate_count = 0;
	if (strcmp(text, "peak") == 0)
		return 0;
	while (next_part(&text, part)) {
		if (w->rate_count == RATE_STEPS_MAX)
			return -EINVAL;
		double *rate = &w->rate_iops[w->rate_count++];
		if (value_number(part, rate) != 0 || *rate <= 0 || *rate > 1e8)
			return -EINVAL;
	}
	return text == NULL ? 0 : -EINVAL;
}

static void format_rate(const void *base, char *out, size_t capacity)
{
	const struct workload *w = base;
	size_t used = 0;
	if (w->rate_count == 0)
		snprintf(out, capacity, "peak");
	for (unsigned i = 0; i < w->rate_count && used + 64 < capacity; i++) {
		if (i > 0)
			out[used++] = ',';
		value_format_number(out + used, capacity - used, w->rate_iops[i]);
		used += strlen(out + used);
	}
}

static int parse_percentile(void *base, const char *text)
{
	double *p = &((struct workload *)base)->target_latency_percentile;
	int err = value_number(text, p);
	return err == 0 && *p > 0 && *p <= 99.999 ? 0 : -EINVAL;
}

static void format_percentile(const void *base, char *out, size_t capacity)
{
	value_format_number(out, capacity,
			    ((const struct workload *)base)->target_latency_percentile);
}

static int parse_ss(void *base, const char *text)
{
	struct workload *w = base;
	char number[64];
	const char *rest = after(text, "slope:");
	w->ss_kind = SS_SLOPE;
	if (rest == NULL) {
		w->ss_kind = SS_MEAN;
		rest = after(text, "mean:");
	}
	if (rest == NULL) {
		w->ss_kind = SS_NONE;
		return strcmp(text, "none") == 0 ? 0 : -EINVAL;
	}
	size_t nbytes = strlen(rest);
	if (nbytes < 2 || nbytes > 63 || rest[nbytes - 1] != '%')
		return -EINVAL;
	snprintf(number, sizeof number, "%.*s", (int)(nbytes - 1), rest);
	int err = value_number(number, &w->ss_limit);
	w->ss_limit /= 100;
	return err == 0 && w->ss_limit <= 1000 ? 0 : -EINVAL;
}

static void format_ss(const void *base, char *out, size_t capacity)
{
	const struct workload *w = base;
	char number[64];
	value_format_number(number, sizeof number, w->ss_limit * 100);
	if (w->ss_kind == SS_NONE)
		snprintf(out, capacity, "none");
	else
		snprintf(out, capacity, "%s:%s%%", w->ss_kind == SS_SLOPE ? "slope" : "mean",
			 number);
}

/* "0-3,6" as fio writes it. */
static int parse_cpus(void *base, const char *text)
{
	struct engine_config *engine = base;
	char part[64], low[64], high[64];
	engine->cpu_count = 0;
	while (next_part(&text, part)) {
		uint64_t first, last;
		bool range = two_parts(part, '-', low, high);
		if (value_count(range ? low : part, 0, UINT16_MAX, &first) != 0 ||
		    value_count(range ? high : part, first, UINT16_MAX, &last) != 0)
			return -EINVAL;
		for (; first <= last; first++) {
			if (engine->cpu_count == CPUS_MAX)
				return -EINVAL;
			engine->cpus[engine->cpu_count++] = (uint16_t)first;
		}
	}
	return text == NULL ? 0 : -EINVAL;
}

static void format_cpus(const void *base, char *out, size_t capacity)
{
	const struct engine_config *engine = base;
	size_t used = 0;
	out[0] = '\0';
	for (uint32_t i = 0; i < engine->cpu_count && used + 16 < capacity; i++) {
		uint32_t last = i;
		while (last + 1 < engine->cpu_count &&
		       engine->cpus[last + 1] == engine->cpus[last] + 1)
			last++;
		int n = snprintf(out + used, capacity - used, i == last ? "%s%u" : "%s%u-%u",
				 used > 0 ? "," : "", engine->cpus[i], engine->cpus[last]);
		used += (size_t)n;
		i = last;
	}
}

static int parse_service(void *base, const char *text)
{
	struct engine_config *engine = base;
	const char *rest = after(text, "fixed:");
	engine->service_kind = SERVICE_FIXED;
	if (rest == NULL) {
		rest = after(text, "exponential:");
		engine->service_kind = SERVICE_EXPONENTIAL;
	}
	return rest == NULL ? -EINVAL
			    : value_time(rest, 0, SERVICE_TIME_MAX_NS, &engine->service_time_ns);
}

static void format_service(const void *base, char *out, size_t capacity)
{
	const struct engine_config *engine = base;
	char time[64];
	value_format_time(time, sizeof time, engine->service_time_ns);
	snprintf(out, capacity, "%s:%s",
		 engine->service_kind == SERVICE_FIXED ? "fixed" : "exponential", time);
}

/* "AT,LENGTH" */
static int parse_stall(void *base, const char *text)
{
	struct engine_config *engine = base;
	char at[64], length[64];
	if (!two_parts(text, ',', at, length) ||
	    value_time(at, 0, YEAR_NS, &engine->stall_at_ns) != 0)
		return -EINVAL;
	return value_time(length, 1, SERVICE_TIME_MAX_NS, &engine->stall_ns);
}

static void format_stall(const void *base, char *out, size_t capacity)
{
	const struct engine_config *engine = base;
	char at[64], length[64];
	value_format_time(at, sizeof at, engine->stall_at_ns);
	value_format_time(length, sizeof length, engine->stall_ns);
	snprintf(out, capacity, "%s,%s", at, length);
}

static int parse_verify(void *base, const char *text)
{
	struct workload *w = base;
	const char *rest = after(text, "sample:");
	if (rest != NULL) {
		w->verify = VERIFY_SAMPLE;
		return value_count(rest, 1, UINT64_MAX, &w->verify_sample);
	}
	w->verify = strcmp(text, "all") == 0 ? VERIFY_ALL : VERIFY_NONE;
	return w->verify == VERIFY_ALL || strcmp(text, "none") == 0 ? 0 : -EINVAL;
}

static void format_verify(const void *base, char *out, size_t capacity)
{
	const struct workload *w = base;
	if (w->verify == VERIFY_SAMPLE)
		snprintf(out, capacity, "sample:%" PRIu64, w->verify_sample);
	else
		snprintf(out, capacity, "%s", w->verify == VERIFY_ALL ? "all" : "none");
}

/* ---- the tables ---- */

/* in the order of the enums of workload.h */
static const char *const splits[] = {"held-out", "training", "all", NULL};
static const char *const scenarios[] = {"server", "offline", "single_stream", NULL};
static const char *const rate_processes[] = {"linear", "poisson", "bursts", NULL};
static const char *const cache_states[] = {"as-is", "cold", "warm", NULL};
static const char *const compressions[] = {"none", "zstd", NULL};
static const char *const compression_units[] = {"value", "block", NULL};
static const char *const ios[] = {"io_uring", "pread", NULL};
static const char *const booleans[] = {"0", "1", NULL};
/* bits of KIND_* */
static const char *const kinds[] = {"null", "delay", "raw", "retrieve", "generate", NULL};
static const char *const layouts[] = {"sst", "segments", NULL};
static const char *const generators[] = {"cm", "rnn", "noise", NULL};

#define W_AT(field)                                                                                \
	.offset = offsetof(struct workload, field), .width = sizeof((struct workload *)0)->field
#define E_AT(field)                                                                                \
	.offset = offsetof(struct engine_config, field),                                           \
	.width = sizeof((struct engine_config *)0)->field

const struct key workload_keys[W_COUNT] = {
	[W_NAME] = {.name = "name",
		    .takes = "a name of at most 127 bytes",
		    .fallback_how = "the file's name",
		    .help = "Of the workload, in reports.",
		    .type = KEY_TEXT,
		    W_AT(name)},
	[W_CONTENTS] = {.name = "contents",
			.takes = "archive:DIR | novel:N | noise:N",
			.help = "What is asked for: the files below a directory; N documents that "
				"the generator defines; N pseudo-random contents.",
			.type = KEY_OWN,
			.parse = parse_contents,
			.format = format_contents},
	[W_CORPUS] = {.name = "corpus",
		      .takes = "a directory",
		      .help = "novel: the documents that its generator trains on.",
		      .fallback_how = "none",
		      .type = KEY_TEXT,
		      W_AT(corpus_dir)},
	[W_MODEL] = {.name = "model",
		     .takes = "a file",
		     .help = "archive, novel: a model that is trained already, for the "
			     "engines of the generator that wrote it.",
		     .fallback_how = "one is trained",
		     .type = KEY_TEXT,
		     W_AT(model)},
	[W_CHUNK] = {.name = "chunk",
		     .takes = "a size from 16 to 64MiB, as 64KiB",
		     .help = "archive: cuts files into contents of this size.",
		     .fallback_how = "files are not cut",
		     .type = KEY_BYTES,
		     W_AT(chunk_bytes),
		     .least = 16,
		     .greatest = CONTENT_NBYTES_MAX},
	[W_SPLIT] = {.name = "split",
		     .takes = "held-out | training | all",
		     .fallback = "held-out",
		     .help = "archive: which files are asked for. The generator and the dictionary "
			     "train on the training files; one in 8 is held out.",
		     .type = KEY_CHOICE,
		     W_AT(split),
		     .choices = splits},
	[W_CONTEXTS] = {.name = "contexts",
			.takes = "a whole number from 1 to 4294967295",
			.fallback = "1",
			.help = "novel, noise: personal variants of each content.",
			.type = KEY_COUNT,
			W_AT(contexts),
			.least = 1,
			.greatest = UINT32_MAX},
	[W_EXTRAPOLATE_CONTEXTS] =
		{.name = "extrapolate_contexts",
		 .takes = "a whole number from contexts to 9223372036854775807",
		 .fallback_how = "none",
		 .help = "novel, noise: also tells what bytes at rest would be with so many "
			 "contexts, from what was stored; nothing of them is stored or asked for.",
		 .type = KEY_COUNT,
		 W_AT(extrapolate_contexts),
		 .least = 1,
		 .greatest = INT64_MAX},
	[W_SIZE] = {.name = "size",
		    .takes = "fixed:SIZE | uniform:SIZE-SIZE | lognormal:MEDIAN,SIGMA",
		    .fallback = "lognormal:4KiB,0.6",
		    .help = "novel, noise: bytes of a content, from 1 to 64MiB; SIGMA, at most 10, "
			    "is of the logarithm, and sizes end at 4 SIGMA.",
		    .type = KEY_OWN,
		    .parse = parse_size,
		    .format = format_size},
	[W_COMPRESS_PERCENTAGE] = {.name = "compress_percentage",
				   .takes = "a whole number from 0 to 100",
				   .fallback = "0",
				   .help = "noise: how much of each content is zero bytes.",
				   .type = KEY_COUNT,
				   W_AT(compress_percentage),
				   .greatest = 100},
	[W_TEMPERATURE_PERCENTAGE] = {.name = "temperature_percentage",
				      .takes = "a whole number from 1 to 1000",
				      .fallback = "100",
				      .help = "novel, rnn: logits are divided by it: below 100 the "
					      "likely is likelier.",
				      .type = KEY_COUNT,
				      W_AT(temperature_percentage),
				      .least = 1,
				      .greatest = 1000},
	[W_TOP_P_PERCENTAGE] =
		{.name = "top_p_percentage",
		 .takes = "a whole number from 1 to 100",
		 .fallback = "100",
		 .help = "novel, rnn: at each choice only the likeliest that make up "
			 "so much.",
		 .type = KEY_COUNT,
		 W_AT(top_p_percentage),
		 .least = 1,
		 .greatest = 100},
	[W_POPULARITY] =
		{.name = "popularity",
		 .takes = "uniform | zipf:THETA | hotspot:FRACTION,PROBABILITY | sequential",
		 .fallback = "uniform",
		 .help = "Which contents are asked for how often. THETA from 0 to 100, the "
			 "others from 0 to 1.",
		 .type = KEY_OWN,
		 .parse = parse_popularity,
		 .format = format_popularity},
	[W_SCENARIO] =
		{.name = "scenario",
		 .takes = "server | offline | single_stream",
		 .fallback = "server",
		 .help = "Requests come at their own times; as fast as they can be served; or "
			 "one after the other.",
		 .type = KEY_CHOICE,
		 W_AT(scenario),
		 .choices = scenarios},
	[W_RATE_IOPS] = {.name = "rate_iops",
			 .takes = "a number > 0 | a list of up to 16, as 500,1000,2000 | peak",
			 .fallback = "1000",
			 .help = "server: requests a second, at most 1e8. A list is "
				 "steps of equal length, gone through in every round. peak finds "
				 "the highest rate at which "
				 "target_latency holds.",
			 .type = KEY_OWN,
			 .parse = parse_rate,
			 .format = format_rate},
	[W_RATE_PROCESS] = {.name = "rate_process",
			    .takes = "linear | poisson | bursts",
			    .fallback = "poisson",
			    .help = "server: equal or exponential gaps between requests. bursts: "
				    "burst_agents agents wake together and each sends burst_chain "
				    "requests, the next when the one before was answered.",
			    .type = KEY_CHOICE,
			    W_AT(rate_process),
			    .choices = rate_processes},
	[W_BURST_AGENTS] = {.name = "burst_agents",
			    .takes = "a whole number from 1 to 65536",
			    .fallback = "16",
			    .help = "bursts: agents that wake together.",
			    .type = KEY_COUNT,
			    W_AT(burst_agents),
			    .least = 1,
			    .greatest = 65536},
	[W_BURST_CHAIN] = {.name = "burst_chain",
			   .takes = "a whole number from 1 to 65536",
			   .fallback = "4",
			   .help = "bursts: dependent requests of an agent, one after the other.",
			   .type = KEY_COUNT,
			   W_AT(burst_chain),
			   .least = 1,
			   .greatest = 65536},
	[W_TARGET_LATENCY] = {.name = "target_latency",
			      .takes = "a time > 0, at most 1h, as 10ms",
			      .fallback_how = "none",
			      .help = "server: a run whose response time exceeds this at "
				      "target_latency_percentile is INVALID.",
			      .type = KEY_TIME,
			      W_AT(target_latency_ns),
			      .least = 1,
			      .greatest = UINT64_C(3600) * 1000000000},
	[W_TARGET_LATENCY_PERCENTILE] =
		{.name = "target_latency_percentile",
		 .takes = "a number > 0, at most 99.999",
		 .fallback = "99",
		 .fallback_how = "99, single_stream 90",
		 .help = "server, single_stream: the percentile that target_latency and "
			 "min_query_count are about.",
		 .type = KEY_OWN,
		 .parse = parse_percentile,
		 .format = format_percentile},
	[W_RUNTIME] = {.name = "runtime",
		       .takes = "a time > 0, at most 8760h, as 30s or 500ms",
		       .fallback = "30s",
		       .help = "Measured time of each engine, all rounds together.",
		       .type = KEY_TIME,
		       W_AT(runtime_ns),
		       .least = 1,
		       .greatest = YEAR_NS},
	[W_RAMP_TIME] = {.name = "ramp_time",
			 .takes = "a time, at most 8760h, as 2s or 500ms",
			 .fallback = "2s",
			 .help = "Time before an engine's first slice that is not measured.",
			 .type = KEY_TIME,
			 W_AT(ramp_time_ns),
			 .greatest = YEAR_NS},
	[W_NUMBER_IOS] = {.name = "number_ios",
			  .takes = "a whole number > 0",
			  .fallback_how = "by runtime",
			  .help = "offline, single_stream: exactly so many requests, however long "
				  "they take.",
			  .type = KEY_COUNT,
			  W_AT(number_ios),
			  .least = 1,
			  .greatest = UINT64_MAX},
	[W_ROUNDS] = {.name = "rounds",
		      .takes = "a whole number from 1 to 1000",
		      .fallback = "5",
		      .help = "Slices of runtime; the engines take turns in them.",
		      .type = KEY_COUNT,
		      W_AT(rounds),
		      .least = 1,
		      .greatest = 1000},
	[W_MIN_DURATION] = {.name = "min_duration",
			    .takes = "a time, at most 8760h, as 60s",
			    .fallback = "1s",
			    .help = "Measured time that a VALID run needs at least, unless "
				    "number_ios is set.",
			    .type = KEY_TIME,
			    W_AT(min_duration_ns),
			    .greatest = YEAR_NS},
	[W_MIN_QUERY_COUNT] =
		{.name = "min_query_count",
		 .takes = "a whole number > 0",
		 .fallback_how = "10 beyond target_latency_percentile, 1000 for 99; offline 1",
		 .help = "Requests that a VALID run completes at least, of each engine.",
		 .type = KEY_COUNT,
		 W_AT(min_query_count),
		 .least = 1,
		 .greatest = UINT64_MAX},
	[W_SS] = {.name = "ss",
		  .takes = "slope:PERCENT% | mean:PERCENT% | none",
		  .fallback = "slope:20%",
		  .help = "Steady state: how much the mean response time may rise or fall, across "
			  "rounds and within one (slope), or how far a round may be from the mean "
			  "(mean). A slope must also be clear of noise at 99 %.",
		  .type = KEY_OWN,
		  .parse = parse_ss,
		  .format = format_ss},
	[W_CACHE_STATE] = {.name = "cache_state",
			   .takes = "as-is | cold | warm",
			   .fallback = "as-is",
			   .help = "The page cache before each slice: as it is found, without the "
				   "stores' files, or with all of them. Matters where direct = 0.",
			   .type = KEY_CHOICE,
			   W_AT(cache_state),
			   .choices = cache_states},
	[W_RANDSEED] = {.name = "randseed",
			.takes = "a whole number from 0 to 2^64 - 1",
			.fallback = "1",
			.help = "Fixes the whole request stream.",
			.type = KEY_COUNT,
			W_AT(randseed),
			.greatest = UINT64_MAX},
	[W_PLATFORM] = {.name = "platform",
			.takes = "server | desktop | laptop | a file",
			.fallback = "server",
			.help = "What kind of machine this is: the watts that modelled energy is "
				"computed from (gvr probe --calibrate writes such a file).",
			.type = KEY_TEXT,
			W_AT(platform)},
	[W_VERIFY] = {.name = "verify",
		      .takes = "all | sample:N | none",
		      .fallback = "all",
		      .help = "Whose replies are checked byte by byte: N means one in N.",
		      .type = KEY_OWN,
		      .parse = parse_verify,
		      .format = format_verify},
};

#define KINDS_ALL (KIND_NULL | KIND_DELAY | KIND_RAW | KIND_RETRIEVE | KIND_GENERATE)
#define KINDS_STORE (KIND_RAW | KIND_RETRIEVE | KIND_GENERATE)
#define KINDS_VALUES (KIND_RAW | KIND_RETRIEVE)

const struct key engine_keys[E_COUNT] = {
	[E_KIND] = {.name = "kind",
		    .takes = "null | delay | raw | retrieve | generate",
		    .help = "null answers at once and delay after a set time: checks of the "
			    "harness; raw reads contents from one plain file: the device's own "
			    "speed; retrieve reads stored contents; generate makes them again.",
		    .type = KEY_WORD,
		    E_AT(kind),
		    .choices = kinds,
		    .kinds = KINDS_ALL},
	[E_NUMJOBS] = {.name = "numjobs",
		       .takes = "a whole number from 1 to 256",
		       .fallback = "1",
		       .help = "Workers; they share the requests.",
		       .type = KEY_COUNT,
		       E_AT(numjobs),
		       .least = 1,
		       .greatest = 256,
		       .kinds = KINDS_ALL},
	[E_IODEPTH] = {.name = "iodepth",
		       .takes = "a whole number from 1 to 4096",
		       .fallback_how = "32, generate 24, single_stream 1",
		       .help = "Requests in flight per worker.",
		       .type = KEY_COUNT,
		       E_AT(iodepth),
		       .least = 1,
		       .greatest = 4096,
		       .kinds = KINDS_ALL},
	[E_CPUS_ALLOWED] =
		{.name = "cpus_allowed",
		 .takes = "CPU numbers, as 0-3,6",
		 .fallback_how = "any; several workers have one each, if there are enough",
		 .help = "Worker i runs on the i-th of these CPUs only, and so on in turn.",
		 .type = KEY_OWN,
		 .parse = parse_cpus,
		 .format = format_cpus,
		 .kinds = KINDS_ALL},
	[E_SERVICE_TIME] = {.name = "service_time",
			    .takes = "fixed:TIME | exponential:MEAN, at most 60s",
			    .fallback = "fixed:1ms",
			    .help = "How long each worker serves a request, one after the other.",
			    .type = KEY_OWN,
			    .parse = parse_service,
			    .format = format_service,
			    .kinds = KIND_DELAY},
	[E_STALL] = {.name = "stall",
		     .takes = "AT,LENGTH, as 4s,2s; LENGTH at most 60s",
		     .fallback_how = "never",
		     .help = "Blocks once for LENGTH, in the first request from AT on; AT counts "
			     "from the engine's first request, warm-up included.",
		     .type = KEY_OWN,
		     .parse = parse_stall,
		     .format = format_stall,
		     .kinds = KIND_DELAY},
	[E_DIRECT] = {.name = "direct",
		      .takes = "0 | 1",
		      .fallback = "1",
		      .help = "1: stores are read with O_DIRECT, past the page cache.",
		      .type = KEY_CHOICE,
		      E_AT(direct),
		      .choices = booleans,
		      .kinds = KINDS_STORE},
	[E_IO] = {.name = "io",
		  .takes = "io_uring | pread",
		  .fallback = "io_uring",
		  .help = "How stores are read.",
		  .type = KEY_CHOICE,
		  E_AT(io),
		  .choices = ios,
		  .kinds = KINDS_STORE},
	[E_SQTHREAD_POLL] = {.name = "sqthread_poll",
			     .takes = "0 | 1",
			     .fallback = "0",
			     .help = "io_uring: a thread of the kernel submits; its CPU time is "
				     "not in the figures.",
			     .type = KEY_CHOICE,
			     E_AT(sqthread_poll),
			     .choices = booleans,
			     .kinds = KINDS_VALUES},
	[E_FIXEDBUFS] = {.name = "fixedbufs",
			 .takes = "0 | 1",
			 .fallback = "0",
			 .help = "io_uring: buffers are registered with the ring.",
			 .type = KEY_CHOICE,
			 E_AT(fixedbufs),
			 .choices = booleans,
			 .kinds = KINDS_VALUES},
	[E_HUGEPAGES] = {.name = "hugepages",
			 .takes = "0 | 1",
			 .fallback = "1",
			 .help = "Buffers lie in huge pages, if the kernel has some: each is then "
				 "one piece of memory for the device.",
			 .type = KEY_CHOICE,
			 E_AT(hugepages),
			 .choices = booleans,
			 .kinds = KINDS_VALUES},
	[E_LAYOUT] = {.name = "layout",
		      .takes = "sst | segments",
		      .fallback = "sst",
		      .help = "sst: values in RocksDB's own tables. segments: values in "
			      "append-only files, RocksDB keeps where.",
		      .type = KEY_WORD,
		      E_AT(layout),
		      .choices = layouts,
		      .kinds = KIND_RETRIEVE},
	[E_COMPRESSION_TYPE] = {.name = "compression_type",
				.takes = "none | zstd",
				.fallback = "zstd",
				.help = "Of what is stored.",
				.type = KEY_CHOICE,
				E_AT(compression_type),
				.choices = compressions,
				.kinds = KIND_RETRIEVE},
	[E_COMPRESSION_UNIT] =
		{.name = "compression_unit",
		 .takes = "value | block",
		 .fallback = "value",
		 .help = "zstd: gvr compresses each content, or (layout sst) RocksDB "
			 "each block of its tables.",
		 .type = KEY_CHOICE,
		 E_AT(compression_unit),
		 .choices = compression_units,
		 .kinds = KIND_RETRIEVE},
	[E_COMPRESSION_LEVEL] = {.name = "compression_level",
				 .takes = "a whole number from 1 to 22",
				 .fallback = "19",
				 .help = "Of zstd.",
				 .type = KEY_COUNT,
				 E_AT(compression_level),
				 .least = 1,
				 .greatest = 22,
				 .kinds = KIND_RETRIEVE},
	[E_COMPRESSION_MAX_DICT_BYTES] =
		{.name = "compression_max_dict_bytes",
		 .takes = "a size from 0 to 64MiB, as 1MiB",
		 .fallback_how = "1MiB; 0 where nothing trains it and for blocks",
		 .help = "zstd's dictionary, trained on the training files; compression_unit = "
			 "block: of each table, trained on its blocks.",
		 .type = KEY_BYTES,
		 E_AT(compression_max_dict_bytes),
		 .greatest = UINT64_C(64) << 20,
		 .kinds = KIND_RETRIEVE},
	[E_BLOCK_SIZE] = {.name = "block_size",
			  .takes = "a size from 512 to 1MiB, as 16KiB",
			  .fallback = "4KiB",
			  .help = "sst: of a table's blocks, about; each read is of one.",
			  .type = KEY_BYTES,
			  E_AT(block_size_bytes),
			  .least = 512,
			  .greatest = UINT64_C(1) << 20,
			  .kinds = KIND_RETRIEVE},
	[E_CACHE_SIZE] = {.name = "cache_size",
			  .takes = "a size from 0 to 1TiB, as 64MiB",
			  .fallback = "0",
			  .help = "sst: RocksDB's cache of data blocks, in memory.",
			  .type = KEY_BYTES,
			  E_AT(cache_size_bytes),
			  .greatest = UINT64_C(1) << 40,
			  .kinds = KIND_RETRIEVE},
	[E_GENERATOR] =
		{.name = "generator",
		 .takes = "cm | rnn | noise",
		 .fallback_how = "cm, for noise contents noise",
		 .help = "cm: context mixing. rnn: a neural network. noise: the bytes of noise "
			 "contents.",
		 .type = KEY_WORD,
		 E_AT(generator),
		 .choices = generators,
		 .kinds = KIND_GENERATE},
};

unsigned engine_kind(const struct engine_config *engine)
{
	for (unsigned i = 0; kinds[i] != NULL; i++)
		if (strcmp(kinds[i], engine->kind) == 0)
			return 1u << i;
	return 0;
}

const char *kinds_in_words(unsigned of, char *out, size_t capacity)
{
	size_t used = 0;
	out[0] = '\0';
	for (unsigned i = 0; kinds[i] != NULL && used < capacity; i++) {
		if ((of & 1u << i) == 0)
			continue;
		of &= ~(1u << i);
		used += (size_t)snprintf(out + used, capacity - used, "%s%s",
					 used == 0 ? ""
					 : of == 0 ? " or "
						   : ", ",
					 kinds[i]);
	}
	return out;
}

/* ---- parse and format by type ---- */

static void store(void *at, size_t width, uint64_t v)
{
	uint32_t v32 = (uint32_t)v;
	bool v1 = v != 0;
	const void *from = width == sizeof v	 ? (const void *)&v
			   : width == sizeof v32 ? (const void *)&v32
						 : (const void *)&v1;
	memcpy(at, from, width);
}

static uint64_t load(const void *at, size_t width)
{
	uint64_t v;
	uint32_t v32;
	if (width == sizeof v) {
		memcpy(&v, at, sizeof v);
		return v;
	}
	if (width == sizeof v32) {
		memcpy(&v32, at, sizeof v32);
		return v32;
	}
	return *(const bool *)at;
}

static int parse_choice(const char *const *choices, const char *text, uint64_t *v)
{
	for (*v = 0; choices[*v] != NULL; ++*v)
		if (strcmp(choices[*v], text) == 0)
			return 0;
	return -EINVAL;
}

int key_parse(const struct key *key, void *base, const char *text)
{
	char *at = (char *)base + key->offset;
	uint64_t v = 0;
	int err = 0;
	switch (key->type) {
	case KEY_TEXT:
		return value_text(text, at, key->width);
	case KEY_OWN:
		return key->parse(base, text);
	case KEY_WORD:
		err = parse_choice(key->choices, text, &v);
		return err ? err : value_text(text, at, key->width);
	case KEY_CHOICE:
		err = parse_choice(key->choices, text, &v);
		break;
	case KEY_COUNT:
		err = value_count(text, key->least, key->greatest, &v);
		break;
	case KEY_BYTES:
		err = value_bytes(text, key->least, key->greatest, &v);
		break;
	case KEY_TIME:
		err = value_time(text, key->least, key->greatest, &v);
		break;
	}
	if (!err)
		store(at, key->width, v);
	return err;
}

void key_format(const struct key *key, const void *base, char *out, size_t capacity)
{
	const char *at = (const char *)base + key->offset;
	switch (key->type) {
	case KEY_TEXT:
	case KEY_WORD:
		snprintf(out, capacity, "%s", at);
		break;
	case KEY_OWN:
		key->format(base, out, capacity);
		break;
	case KEY_CHOICE:
		snprintf(out, capacity, "%s", key->choices[load(at, key->width)]);
		break;
	case KEY_COUNT:
		snprintf(out, capacity, "%" PRIu64, load(at, key->width));
		break;
	case KEY_BYTES:
		value_format_bytes(out, capacity, load(at, key->width));
		break;
	case KEY_TIME:
		value_format_time(out, capacity, load(at, key->width));
		break;
	}
}
