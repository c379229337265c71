/*
 * result_read.h: what `gvr compare` needs of a result.json. The file may be
 * anything: what is not as it should be is refused, named by its JSON path.
 */
#ifndef GVR_RESULT_READ_H
#define GVR_RESULT_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "workloads/error.h"
#include "workloads/workload.h"

#define RESULT_SCHEMA_VERSION 1
#define RESULT_ENGINES_MAX WORKLOAD_ENGINES_MAX
#define RESULT_ROUNDS_MAX 1000u

/* The figures of a round. */
enum result_figure {
	RESULT_RESPONSE_P50_NS,
	RESULT_RESPONSE_P99_NS,
	RESULT_ACHIEVED_RPS,
	RESULT_CPU_US_PER_REQUEST,
	RESULT_MOVED_BYTES_PER_REQUEST,
	RESULT_FIGURES,
};

extern const char *const result_figure_keys[RESULT_FIGURES];

struct result_engine {
	const char *label, *kind;
	unsigned round_count;
	bool known[RESULT_FIGURES];			  /* in every round, and there is a round */
	double values[RESULT_FIGURES][RESULT_ROUNDS_MAX]; /* finite, >= 0 */
};

/* A value of tool, host, workload or request_stream by its JSON path. */
struct result_setting {
	char *path, *value;
};

struct result_file {
	char *path;		 /* of the file, for messages */
	bool valid;		 /* "result" */
	const char *why_invalid; /* the first reason; "" if none is given */
	const char *time;
	unsigned engine_count;
	struct result_engine *engines;
	unsigned setting_count;
	struct result_setting *settings;
	void *json; /* owns the strings above that are const */
};

/* Reads a result.json, or the one in a folder. -ENOENT, -EACCES and others of
 * open, -EBADMSG: it is no result of a version that can be read, -ENOMEM. */
int result_read(struct result_file **out, const char *file_or_folder, struct error *e);

/* The same from memory; path is for messages. */
int result_parse(struct result_file **out, const char *path, const char *bytes, size_t nbytes,
		 struct error *e);

void result_close(struct result_file *r); /* NULL: nothing */

/* NULL: there is none of that label, of that path. */
const struct result_engine *result_find_engine(const struct result_file *r, const char *label);
const char *result_find_setting(const struct result_file *r, const char *path);

#endif
