#include "bench/sweep_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "bench/json_values.h"
#include "workloads/file.h"
#include "workloads/prng.h"

static_assert(SWEEP_RUNS_MAX <= 99999, "a run's number fits its name");

void sweep_run_name(char out[SWEEP_NAME_NBYTES], unsigned run)
{
	snprintf(out, SWEEP_NAME_NBYTES, "run-%04u", run % SWEEP_RUNS_MAX + 1);
}

bool sweep_run_made(unsigned run, const char *command)
{
	char name[SWEEP_NAME_NBYTES + 1] = "/";
	const char *last = command != NULL ? strrchr(command, '/') : NULL;

	sweep_run_name(name + 1, run);
	size_t nbytes = strlen(name);
	return last != NULL && strncmp(last, name, nbytes) == 0 &&
	       (last[nbytes] == '\0' || strcmp(last + nbytes, "'") == 0); /* as a shell takes it */
}

/* ---- settings ---- */

static void digest_text(uint64_t *digest, const char *text)
{
	*digest = XXH3_64bits_withSeed(text, strlen(text), *digest);
}

static void digest_value(void *arg, const char *label, const char *key, const char *value)
{
	digest_text(arg, label != NULL ? label : "");
	digest_text(arg, key);
	digest_text(arg, value);
}

uint64_t sweep_settings(const struct workload *w, const char *store, const char *wall_meter)
{
	uint64_t digest = 0;

	workload_each_value(w, digest_value, &digest);
	digest_text(&digest, store);
	digest_text(&digest, wall_meter != NULL ? wall_meter : "");
	return digest;
}

uint64_t sweep_source(const struct workload *w)
{
	uint64_t digest = prng_mix(w->chunk_bytes);

	digest_text(&digest, w->contents_dir);
	digest_text(&digest, w->corpus_dir);
	return digest;
}

bool sweep_find_twice(const struct sweep_file *f, unsigned *a, unsigned *b)
{
	for (*b = 1; *b < f->grid.run_count; ++*b)
		for (*a = 0; *a < *b; ++*a)
			if (f->runs[*a].settings == f->runs[*b].settings)
				return true;
	return false;
}

/* ---- written ---- */

static json_t *texts_json(char *const *texts, unsigned count)
{
	json_t *a = json_array();

	for (unsigned i = 0; i < count; i++)
		json_array_append_new(a, json_text(texts[i]));
	return a;
}

static json_t *axes_json(const struct sweep_grid *g)
{
	json_t *axes = json_array();

	for (unsigned i = 0; i < g->axis_count; i++)
		json_array_append_new(
			axes, json_pack("{s:o, s:o}", "key", json_text(g->axes[i].key), "values",
					texts_json(g->axes[i].values, g->axes[i].count)));
	return axes;
}

static json_t *run_json(const struct sweep_file *f, unsigned run)
{
	const struct sweep_run *r = &f->runs[run];
	json_t *values = json_array();
	char name[SWEEP_NAME_NBYTES];

	sweep_run_name(name, run);
	for (unsigned i = 0; i < f->grid.axis_count; i++)
		json_array_append_new(values, json_text(sweep_grid_value(&f->grid, run, i)));
	return json_pack("{s:s, s:o, s:o, s:b, s:s?}", "folder", name, "values", values, "settings",
			 json_sprintf("%016" PRIx64, r->settings), "done", r->done, "result",
			 !r->done   ? NULL
			 : r->valid ? "VALID"
				    : "INVALID");
}

json_t *sweep_file_json(const struct sweep_file *f)
{
	json_t *runs = json_array();

	for (unsigned i = 0; i < f->grid.run_count; i++)
		json_array_append_new(runs, run_json(f, i));
	return json_pack("{s:i, s:{s:s, s:s}, s:o, s:o, s:o, s:o}", "schema_version",
			 SWEEP_SCHEMA_VERSION, "tool", "version", f->version, "commit", f->commit,
			 "workload", json_text(f->workload), "command", json_text(f->command),
			 "axes", axes_json(&f->grid), "runs", runs);
}

int sweep_file_write(const struct sweep_file *f, const char *path, struct error *e)
{
	json_t *root = sweep_file_json(f);
	char *dump = root != NULL ? json_dumps(root, JSON_INDENT(2)) : NULL;

	json_decref(root);
	if (dump == NULL)
		return error_set(e, -ENOMEM, "out of memory");
	struct file_part parts[] = {{dump, strlen(dump)}, {"\n", 1}};
	int err = file_write(path, parts, 2, e);
	free(dump);
	return err;
}

/* ---- read ---- */

/* The file may be anything. */
struct reader {
	const char *path;
	struct error *e;
};

static int damaged(const struct reader *r, const char *where, const char *what)
{
	return error_set(r->e, -EBADMSG,
			 "%.600s: %.60s: %s; it is damaged or of another gvr: " SWEEP_REMEDY,
			 r->path, where, what);
}

/* Texts of jansson have no NUL bytes unless it is asked for them. */
static int take_text(const struct reader *r, const json_t *object, const char *key, char **out)
{
	const json_t *text = json_object_get(object, key);

	if (!json_is_string(text))
		return damaged(r, key, "missing, or not a text");
	*out = strdup(json_string_value(text));
	return *out != NULL ? 0 : error_set(r->e, -ENOMEM, "out of memory");
}

static int read_axis(struct sweep_grid *g, const struct reader *r, const json_t *axis)
{
	const char *key = json_string_value(json_object_get(axis, "key"));
	const json_t *values = json_object_get(axis, "values"), *value;
	const char **texts = calloc(json_array_size(values) + 1, sizeof *texts);
	struct error why = {"one without a key, or a value that is not a text"};
	size_t i, count = 0;
	int err = -EINVAL;

	if (texts == NULL)
		return error_set(r->e, -ENOMEM, "out of memory");
	json_array_foreach(values, i, value) if (json_is_string(value)) texts[count++] =
		json_string_value(value);
	if (key != NULL && count == json_array_size(values))
		err = sweep_grid_add_axis(g, key, texts, count, &why);
	free(texts);
	return err != 0 ? damaged(r, "axes", why.text) : 0;
}

static bool is_run(const struct sweep_grid *g, unsigned run, const json_t *object)
{
	char name[SWEEP_NAME_NBYTES];
	const char *folder = json_string_value(json_object_get(object, "folder"));
	const json_t *values = json_object_get(object, "values");

	sweep_run_name(name, run);
	if (folder == NULL || strcmp(folder, name) != 0 || json_array_size(values) != g->axis_count)
		return false;
	for (unsigned i = 0; i < g->axis_count; i++) {
		const char *value = json_string_value(json_array_get(values, i));
		if (value == NULL || strcmp(value, sweep_grid_value(g, run, i)) != 0)
			return false;
	}
	return true;
}

static bool take_settings(const json_t *object, uint64_t *settings)
{
	const char *text = json_string_value(json_object_get(object, "settings"));

	if (text == NULL || strlen(text) != 16 || text[strspn(text, "0123456789abcdef")] != '\0')
		return false;
	*settings = strtoull(text, NULL, 16);
	return true;
}

static int read_run(struct sweep_file *f, const struct reader *r, unsigned run,
		    const json_t *object)
{
	struct sweep_run *out = &f->runs[run];
	const json_t *done = json_object_get(object, "done");
	const char *result = json_string_value(json_object_get(object, "result"));
	char where[32];

	snprintf(where, sizeof where, "runs[%u]", run);
	if (!is_run(&f->grid, run, object))
		return damaged(r, where, "not what the axes say");
	if (!take_settings(object, &out->settings))
		return damaged(r, where, "settings missing, or no digest");
	out->done = json_is_true(done);
	out->valid = result != NULL && strcmp(result, "VALID") == 0;
	bool known = out->valid || (result != NULL && strcmp(result, "INVALID") == 0);
	if (!json_is_boolean(done) || out->done != known)
		return damaged(r, where, "done or result is missing or wrong");
	return 0;
}

static int read_runs(struct sweep_file *f, const struct reader *r, const json_t *runs)
{
	int err = 0;

	if (f->grid.run_count == 0 || json_array_size(runs) != f->grid.run_count)
		return damaged(r, "runs", "not as many as the axes say");
	f->runs = calloc(f->grid.run_count, sizeof *f->runs);
	if (f->runs == NULL)
		return error_set(r->e, -ENOMEM, "out of memory");
	for (unsigned i = 0; i < f->grid.run_count && err == 0; i++)
		err = read_run(f, r, i, json_array_get(runs, i));
	return err;
}

static int read_root(struct sweep_file *f, const struct reader *r, const json_t *root)
{
	const json_t *tool = json_object_get(root, "tool"), *axis;
	size_t i;

	if (json_integer_value(json_object_get(root, "schema_version")) != SWEEP_SCHEMA_VERSION)
		return damaged(r, "schema_version", "not 1");
	int err = take_text(r, root, "workload", &f->workload);
	if (err == 0)
		err = take_text(r, root, "command", &f->command);
	if (err == 0)
		err = take_text(r, tool, "version", &f->version);
	if (err == 0)
		err = take_text(r, tool, "commit", &f->commit);
	json_array_foreach(json_object_get(root, "axes"), i, axis) if (err == 0) err =
		read_axis(&f->grid, r, axis);
	return err != 0 ? err : read_runs(f, r, json_object_get(root, "runs"));
}

/* root: NULL: wrong tells why; is let go of. */
static int take_root(struct sweep_file *f, const struct reader *r, json_t *root,
		     const json_error_t *wrong)
{
	int err = root != NULL ? read_root(f, r, root) : damaged(r, "not JSON", wrong->text);

	json_decref(root);
	return err;
}

int sweep_file_parse(struct sweep_file *f, const char *path, const char *bytes, size_t nbytes,
		     struct error *e)
{
	const struct reader r = {path, e};
	json_error_t wrong;

	*f = (struct sweep_file){0};
	return take_root(f, &r, json_loadb(bytes, nbytes, JSON_REJECT_DUPLICATES, &wrong), &wrong);
}

int sweep_file_read(struct sweep_file *f, const char *path, struct error *e)
{
	const struct reader r = {path, e};
	json_error_t wrong = {.text = "not a plain file"};
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not make it wait */

	*f = (struct sweep_file){0};
	if (fd < 0)
		return file_error(e, -errno, "cannot read", path);
	json_t *root = fstat(fd, &st) == 0 && S_ISREG(st.st_mode)
			       ? json_loadfd(fd, JSON_REJECT_DUPLICATES, &wrong)
			       : NULL;
	close(fd);
	return take_root(f, &r, root, &wrong);
}

void sweep_file_free(struct sweep_file *f)
{
	free(f->workload);
	free(f->command);
	free(f->version);
	free(f->commit);
	free(f->runs);
	sweep_grid_free(&f->grid);
	*f = (struct sweep_file){0};
}
