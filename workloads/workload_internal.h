/* workload_internal.h: what the workload_*.c files share with each other. */
#ifndef GVR_WORKLOAD_INTERNAL_H
#define GVR_WORKLOAD_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "workloads/ini_lines.h"
#include "workloads/workload.h"

/* ---- workload_value.c: single values as text ---- */

/* All return 0 or -EINVAL: not one, trailing characters, out of range. */
int value_count(const char *text, uint64_t least, uint64_t greatest, uint64_t *v);
int value_bytes(const char *text, uint64_t least, uint64_t greatest, uint64_t *v);
int value_time(const char *text, uint64_t least_ns, uint64_t greatest_ns, uint64_t *v);
/* A finite number >= 0, as 0.5 or 1e3. */
int value_number(const char *text, double *v);
/* A path or name that a workload file can hold: some bytes, fewer than
 * capacity, no control characters, no comment. Blanks around it are cut. */
int value_text(const char *text, char *out, size_t capacity);

/* The text that reads back as the same value. */
void value_format_bytes(char *out, size_t capacity, uint64_t v);
void value_format_time(char *out, size_t capacity, uint64_t v);
void value_format_number(char *out, size_t capacity, double v);

/* ---- workload_keys.c: every key there is ---- */

enum workload_key {
	W_NAME,
	W_CONTENTS,
	W_CORPUS,
	W_MODEL,
	W_CHUNK,
	W_SPLIT,
	W_CONTEXTS,
	W_EXTRAPOLATE_CONTEXTS, /* after contexts, which it must reach */
	W_SIZE,
	W_COMPRESS_PERCENTAGE,
	W_TEMPERATURE_PERCENTAGE,
	W_TOP_P_PERCENTAGE,
	W_POPULARITY,
	W_SCENARIO,
	W_RATE_IOPS,
	W_RATE_PROCESS,
	W_BURST_AGENTS,
	W_BURST_CHAIN,
	W_TARGET_LATENCY,
	W_TARGET_LATENCY_PERCENTILE,
	W_RUNTIME,
	W_RAMP_TIME,
	W_NUMBER_IOS,
	W_ROUNDS,
	W_MIN_DURATION,
	W_MIN_QUERY_COUNT, /* after the percentile, which decides it */
	W_SS,
	W_CACHE_STATE,
	W_RANDSEED,
	W_PLATFORM,
	W_VERIFY,
	W_COUNT
};

enum engine_key {
	E_KIND, /* first: the others depend on it */
	E_NUMJOBS,
	E_IODEPTH,
	E_CPUS_ALLOWED,
	E_SERVICE_TIME,
	E_STALL,
	E_DIRECT,
	E_IO,
	E_SQTHREAD_POLL,
	E_FIXEDBUFS,
	E_HUGEPAGES,
	E_LAYOUT,	    /* before block and cache size, which depend on it */
	E_COMPRESSION_TYPE, /* before unit, level and dictionary, which depend on it */
	E_COMPRESSION_UNIT,
	E_COMPRESSION_LEVEL,
	E_COMPRESSION_MAX_DICT_BYTES,
	E_BLOCK_SIZE,
	E_CACHE_SIZE,
	E_GENERATOR,
	E_COUNT
};

#define KEYS_MAX W_COUNT
#define VALUE_NBYTES (WORKLOAD_PATH_NBYTES + 64u) /* the longest formatted value */

enum { KIND_NULL = 1, KIND_DELAY = 2, KIND_RAW = 4, KIND_RETRIEVE = 8, KIND_GENERATE = 16 };

enum key_type {
	KEY_TEXT,   /* char[width] */
	KEY_WORD,   /* char[width], one of choices */
	KEY_CHOICE, /* an index into choices */
	KEY_COUNT,
	KEY_BYTES,
	KEY_TIME,
	KEY_OWN /* parse and format */
};

struct key {
	const char *name;
	const char *takes;	  /* what is allowed, in words */
	const char *fallback;	  /* the value if it is not written; NULL: none, or it depends */
	const char *fallback_how; /* where it depends: what the help says instead */
	const char *help;
	enum key_type type;
	size_t offset, width; /* within struct workload or struct engine_config */
	uint64_t least, greatest;
	const char *const *choices; /* NULL-terminated */
	unsigned kinds;		    /* engine keys: of which kinds */
	int (*parse)(void *base, const char *text);
	void (*format)(const void *base, char *out, size_t capacity);
};

extern const struct key workload_keys[W_COUNT];
extern const struct key engine_keys[E_COUNT];

/* base: the struct workload or struct engine_config. */
int key_parse(const struct key *key, void *base, const char *text);
void key_format(const struct key *key, const void *base, char *out, size_t capacity);

/* KIND_*, or 0 for a kind that there is not. */
unsigned engine_kind(const struct engine_config *engine);
/* The kinds of a set of KIND_* bits, as "retrieve or generate"; returns out. */
const char *kinds_in_words(unsigned of, char *out, size_t capacity);

/* ---- workload_check.c: keys together ---- */

struct origin { /* where a setting or section was written */
	int line;
	const char *set; /* the --set, or NULL */
};

struct setting {
	char *text; /* NULL: not written */
	struct origin origin;
};

struct section {
	int line; /* 0: there is none */
	struct setting settings[KEYS_MAX];
};

struct parser {
	struct workload *w;
	struct error *e;
	struct ini_lines lines;
	int section;					   /* index into sections; -1: none yet */
	struct section sections[1 + WORKLOAD_ENGINES_MAX]; /* [workload], engines in order */
};

/* Sets the error "FILE:LINE: ..." or "--set ...: ..."; returns -EINVAL. */
int fail(struct parser *p, struct origin at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The default of a key of [workload]; NULL: none. */
const char *workload_fallback(const struct workload *w, enum workload_key key);

/* The default of an engine's key where it depends on other keys; else the
 * table's. NULL: none. */
const char *engine_fallback(const struct workload *w, const struct engine_config *engine,
			    enum engine_key key);

/* NULL if the key has a meaning in this workload; else which it belongs to. */
const char *workload_key_unused(const struct workload *w, enum workload_key key);
bool engine_key_used(const struct engine_config *engine, enum engine_key key);

/* All values are set; do they go together? 0 or -EINVAL. */
int check_workload(struct parser *p);
int check_engine(struct parser *p, unsigned index);

#endif
