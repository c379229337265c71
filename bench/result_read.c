#include "bench/result_read.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workloads/file.h"

#define FILE_NBYTES_MAX ((size_t)64 << 20)
#define SETTINGS_MAX 2048u
#define SETTING_DEPTH_MAX 8u
#define REMEDY "it is damaged or no result of gvr run: run again"

const char *const result_figure_keys[RESULT_FIGURES] = {
	[RESULT_RESPONSE_P50_NS] = "response_p50_ns",
	[RESULT_RESPONSE_P99_NS] = "response_p99_ns",
	[RESULT_ACHIEVED_RPS] = "achieved_rps",
	[RESULT_CPU_US_PER_REQUEST] = "cpu_us_per_request",
	[RESULT_MOVED_BYTES_PER_REQUEST] = "moved_bytes_per_request",
};

/* ---- values of a type ---- */

/* What a message needs: the file, and where in it `parent` is. */
struct place {
	const char *path;
	char where[256]; /* "engines.retrieve.rounds[3]"; "" is the root */
	struct error *e;
};

static int wrong(const struct place *at, const char *key, const char *what)
{
	const char *dot = at->where[0] != '\0' && key[0] != '\0' ? "." : "";

	return error_set(at->e, -EBADMSG, "%.400s: %.200s%s%.100s: %s; " REMEDY, at->path,
			 at->where, dot, key, what);
}

static int get(const json_t **out, const json_t *object, const char *key, json_type type,
	       const struct place *at)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "not an object",
		[JSON_ARRAY] = "not an array",
		[JSON_STRING] = "not a text",
		[JSON_INTEGER] = "not a whole number",
	};

	*out = json_object_get(object, key);
	if (*out == NULL)
		return wrong(at, key, "missing");
	if (json_typeof(*out) != type)
		return wrong(at, key, names[type]);
	return 0;
}

static int get_text(const char **out, const json_t *object, const char *key, const struct place *at)
{
	const json_t *value;
	int err = get(&value, object, key, JSON_STRING, at);

	if (err == 0)
		*out = json_string_value(value);
	return err;
}

/* ---- verdict ---- */

static int read_version(const json_t *root, const struct place *at)
{
	const json_t *version;
	int err = get(&version, root, "schema_version", JSON_INTEGER, at);

	if (err != 0 || json_integer_value(version) == RESULT_SCHEMA_VERSION)
		return err;
	return error_set(at->e, -EBADMSG,
			 "%.400s: schema_version: is %lld, this gvr reads %d; compare with the gvr "
			 "that wrote it",
			 at->path, (long long)json_integer_value(version), RESULT_SCHEMA_VERSION);
}

static int read_verdict(struct result_file *r, const json_t *root, const struct place *at)
{
	const json_t *why;
	const char *result;
	int err = get_text(&result, root, "result", at);

	if (err == 0)
		err = get(&why, root, "why_invalid", JSON_ARRAY, at);
	if (err != 0)
		return err;
	r->valid = strcmp(result, "VALID") == 0;
	if (!r->valid && strcmp(result, "INVALID") != 0)
		return wrong(at, "result", "neither VALID nor INVALID");
	r->why_invalid = "";
	if (json_array_size(why) > 0) {
		r->why_invalid = json_string_value(json_array_get(why, 0));
		if (r->why_invalid == NULL)
			return wrong(at, "why_invalid[0]", "not a text");
	}
	return 0;
}

/* ---- settings ---- */

static int add_setting(struct result_file *r, char *path, const json_t *value,
		       const struct place *at)
{
	if (r->setting_count == SETTINGS_MAX) {
		free(path);
		return wrong(at, "workload", "more values than any run has");
	}
	char *text = json_is_string(value) ? strdup(json_string_value(value))
					   : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT |
								       JSON_REAL_PRECISION(6));
	r->settings[r->setting_count++] = (struct result_setting){path, text};
	return text != NULL ? 0 : error_set(at->e, -ENOMEM, "out of memory");
}

/* Every value below `object`, whatever it is. */
static int read_settings(struct result_file *r, const json_t *object, const char *name,
			 unsigned depth, const struct place *at)
{
	const char *key;
	json_t *value;
	int err = 0;

	if (depth > SETTING_DEPTH_MAX)
		return wrong(at, name, "nested too deep");
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		char *path;
		if (asprintf(&path, "%s.%s", name, key) < 0)
			return error_set(at->e, -ENOMEM, "out of memory");
		if (!json_is_object(value)) {
			err = add_setting(r, path, value, at);
		} else {
			err = read_settings(r, value, path, depth + 1, at);
			free(path);
		}
		if (err != 0)
			return err;
	}
	return 0;
}

static int read_all_settings(struct result_file *r, const json_t *root, const struct place *at)
{
	static const char *const names[] = {"tool", "host", "workload", "request_stream"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const json_t *object = json_object_get(root, names[i]);
		if (json_is_null(object)) /* request_stream, where each engine had its own */
			continue;
		int err = get(&object, root, names[i], JSON_OBJECT, at);
		if (err == 0)
			err = read_settings(r, object, names[i], 1, at);
		if (err != 0)
			return err;
	}
	return 0;
}

/* ---- engines ---- */

/* A figure that is missing or null in any round is not known. */
static int read_round(struct result_engine *engine, unsigned round, const json_t *object,
		      const struct place *at)
{
	if (!json_is_object(object))
		return wrong(at, "", "not an object");
	for (unsigned i = 0; i < RESULT_FIGURES; i++) {
		const json_t *value = json_object_get(object, result_figure_keys[i]);
		if (value == NULL || json_is_null(value)) {
			engine->known[i] = false;
			continue;
		}
		double number = json_number_value(value);
		if (!json_is_number(value) || !isfinite(number) || number < 0)
			return wrong(at, result_figure_keys[i], "not a number of at least 0");
		engine->values[i][round] = number;
	}
	return 0;
}

static int read_rounds(struct result_engine *engine, const json_t *rounds, struct place *at)
{
	size_t count = json_array_size(rounds);
	char engine_where[sizeof at->where];
	int err = 0;

	if (count > RESULT_ROUNDS_MAX)
		return wrong(at, "rounds", "more rounds than any run has");
	memcpy(engine_where, at->where, sizeof engine_where);
	engine->round_count = (unsigned)count;
	for (unsigned i = 0; i < RESULT_FIGURES; i++)
		engine->known[i] = count > 0;
	for (unsigned i = 0; i < count && err == 0; i++) {
		snprintf(at->where, sizeof at->where, "%.200s.rounds[%u]", engine_where, i);
		err = read_round(engine, i, json_array_get(rounds, i), at);
	}
	return err;
}

static int read_engine(struct result_engine *engine, const char *label, const json_t *object,
		       struct place *at)
{
	const json_t *rounds;

	snprintf(at->where, sizeof at->where, "engines.%.100s", label);
	engine->label = label;
	if (!json_is_object(object))
		return wrong(at, "", "not an object");
	int err = get_text(&engine->kind, object, "kind", at);
	if (err == 0)
		err = get(&rounds, object, "rounds", JSON_ARRAY, at);
	return err != 0 ? err : read_rounds(engine, rounds, at);
}

static int read_engines(struct result_file *r, const json_t *root, struct place *at)
{
	const json_t *engines;
	const char *label;
	json_t *object;

	int err = get(&engines, root, "engines", JSON_OBJECT, at);
	if (err != 0)
		return err;
	if (json_object_size(engines) > RESULT_ENGINES_MAX)
		return wrong(at, "engines", "more engines than any run has");
	json_object_foreach((json_t *)(uintptr_t)engines, label, object)
	{
		err = read_engine(&r->engines[r->engine_count++], label, object, at);
		if (err != 0)
			return err;
	}
	return 0;
}

/* ---- the file ---- */

static int read_root(struct result_file *r, const json_t *root, struct place *at)
{
	if (!json_is_object(root))
		return wrong(at, "$", "not an object");
	int err = read_version(root, at);
	if (err == 0)
		err = read_verdict(r, root, at);
	if (err == 0)
		err = get_text(&r->time, root, "time", at);
	if (err == 0)
		err = read_all_settings(r, root, at);
	return err != 0 ? err : read_engines(r, root, at);
}

static struct result_file *result_create(const char *path)
{
	struct result_file *r = calloc(1, sizeof *r);

	if (r == NULL)
		return NULL;
	r->path = strdup(path);
	r->engines = calloc(RESULT_ENGINES_MAX, sizeof *r->engines);
	r->settings = calloc(SETTINGS_MAX, sizeof *r->settings);
	if (r->path != NULL && r->engines != NULL && r->settings != NULL)
		return r;
	result_close(r);
	return NULL;
}

int result_parse(struct result_file **out, const char *path, const char *bytes, size_t nbytes,
		 struct error *e)
{
	struct place at = {.path = path, .where = "", .e = e};
	json_error_t why;
	int err;

	struct result_file *r = result_create(path);
	if (r == NULL)
		return error_set(e, -ENOMEM, "%.400s: out of memory", path);
	r->json = json_loadb(bytes, nbytes, JSON_REJECT_DUPLICATES, &why);
	if (r->json == NULL)
		err = error_set(e, -EBADMSG, "%.400s: line %d: no JSON: %.150s; " REMEDY, path,
				why.line, why.text);
	else
		err = read_root(r, r->json, &at);
	if (err != 0) {
		result_close(r);
		return err;
	}
	*out = r;
	return 0;
}

void result_close(struct result_file *r)
{
	if (r == NULL)
		return;
	for (unsigned i = 0; i < r->setting_count; i++) {
		free(r->settings[i].path);
		free(r->settings[i].value);
	}
	json_decref(r->json);
	free(r->settings);
	free(r->engines);
	free(r->path);
	free(r);
}

/* All of fd, to be freed by the caller whatever is returned. */
static int read_all(int fd, char **bytes, size_t *nbytes)
{
	struct stat st;

	*bytes = NULL;
	*nbytes = 0;
	if (fstat(fd, &st) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size > (off_t)FILE_NBYTES_MAX)
		return -EFBIG;
	*bytes = malloc((size_t)st.st_size + 1);
	if (*bytes == NULL)
		return -ENOMEM;
	ssize_t n = file_read_up_to(fd, *bytes, (size_t)st.st_size);
	*nbytes = n > 0 ? (size_t)n : 0;
	return n < 0 ? (int)n : 0;
}

static int read_path(struct result_file **out, const char *path, struct error *e)
{
	char *bytes;
	size_t nbytes;

	/* a pipe must not make it wait */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return file_error(e, -errno, "cannot read", path);
	int err = read_all(fd, &bytes, &nbytes);
	close(fd);
	if (err != 0)
		file_error(e, err, "cannot read", path);
	else
		err = result_parse(out, path, bytes, nbytes, e);
	free(bytes);
	return err;
}

int result_read(struct result_file **out, const char *file_or_folder, struct error *e)
{
	struct stat st;
	char *path;

	bool folder = stat(file_or_folder, &st) == 0 && S_ISDIR(st.st_mode);
	if (asprintf(&path, "%s%s", file_or_folder, folder ? "/result.json" : "") < 0)
		return error_set(e, -ENOMEM, "%.400s: out of memory", file_or_folder);
	int err = read_path(out, path, e);
	free(path);
	return err;
}

const struct result_engine *result_find_engine(const struct result_file *r, const char *label)
{
	for (unsigned i = 0; i < r->engine_count; i++)
		if (strcmp(r->engines[i].label, label) == 0)
			return &r->engines[i];
	return NULL;
}

const char *result_find_setting(const struct result_file *r, const char *path)
{
	for (unsigned i = 0; i < r->setting_count; i++)
		if (strcmp(r->settings[i].path, path) == 0)
			return r->settings[i].value;
	return NULL;
}
