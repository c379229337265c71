#include "bench/report/report_read.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/json_reader.h"
#include "bench/json_values.h"
#include "bench/result_read.h"
#include "bench/sweep_file.h"
#include "workloads/file.h"

#define AXES_MAX 6u

/* The workload of a result as "workload.KEY" = value. */
struct settings {
	unsigned count;
	struct result_setting *list;
};

struct reading {
	struct report *report;
	unsigned run_capacity, engine_capacity;
	struct settings *of_runs; /* run_capacity */
	const struct progress *progress;
	struct error *e;
};

static int no_memory(struct error *e)
{
	return error_set(e, -ENOMEM, "out of memory");
}

/* Room for one more in *array; *capacity grows. */
static int reserve(void **array, unsigned count, unsigned *capacity, size_t nbytes, struct error *e)
{
	if (count < *capacity)
		return 0;
	unsigned more = *capacity == 0 ? 8 : 2 * *capacity;
	void *moved = realloc(*array, more * nbytes);
	if (moved == NULL)
		return no_memory(e);
	*array = moved;
	*capacity = more;
	return 0;
}

/* ---- engines ---- */

/* The same for a label in all results. */
static unsigned colour_of(const struct report *r, const char *label)
{
	unsigned next = 0;

	for (unsigned i = 0; i < r->engine_count; i++) {
		if (strcmp(r->engines[i].label, label) == 0)
			return r->engines[i].colour;
		if (r->engines[i].colour >= next)
			next = r->engines[i].colour + 1;
	}
	return next % PLOT_ENGINE_COLOURS;
}

static int take_engine(struct reading *in, struct json_reader *j, const char *label,
		       const json_t *object)
{
	struct report *r = in->report;

	int err = reserve((void **)&r->engines, r->engine_count, &in->engine_capacity,
			  sizeof *r->engines, in->e);
	if (err != 0)
		return err;
	j->label = label;
	struct report_engine engine = {
		.run = r->run_count - 1,
		.colour = colour_of(r, label),
		.offered_rps = json_reader_number(j, object, "offered_rps"),
		.achieved_rps = json_reader_number(j, object, "achieved_rps"),
		.response_p50_ns = json_reader_number(j, object, "response_ns.percentile.50"),
		.response_p99_ns = json_reader_number(j, object, "response_ns.percentile.99"),
		.cpu_us_per_request = json_reader_number(j, object, "cpu.us_per_request"),
		.content_bytes = json_reader_number(j, object, "bytes.content"),
		.at_rest_bytes = json_reader_number(j, object, "bytes.at_rest"),
		.at_rest_fixed_bytes = json_reader_number(j, object, "bytes.at_rest_fixed"),
		.shared_bytes = json_reader_number(j, object, "bytes.shared_at_rest"),
		.at_rest_per_content_byte =
			json_reader_number(j, object, "bytes.at_rest_per_content_byte"),
		.moved_bytes = json_reader_number(j, object, "bytes.moved_per_request"),
		.joules = json_reader_range(j, object, "energy.joules_per_request"),
	};
	const char *kind = json_reader_text(j, object, "kind");
	const char *energy_kind = json_reader_text(j, object, "energy.kind");
	j->label = "";
	if (j->err != 0)
		return j->err;
	engine.label = strdup(label);
	engine.kind = strdup(kind);
	engine.energy_kind = strdup(energy_kind);
	r->engines[r->engine_count++] = engine;
	r->runs[r->run_count - 1].engine_count++;
	if (engine.label == NULL || engine.kind == NULL || engine.energy_kind == NULL)
		return no_memory(in->e);
	return 0;
}

static int take_engines(struct reading *in, struct json_reader *j, const json_t *result)
{
	const char *label;
	json_t *object;
	int err = 0;

	in->report->runs[in->report->run_count - 1].first_engine = in->report->engine_count;
	json_object_foreach(json_object_get(result, "engines"), label, object)
	{
		err = take_engine(in, j, label, object);
		if (err != 0)
			break;
	}
	return err;
}

/* ---- one result ---- */

/* NAN: the key is not set. */
static double setting_number(struct json_reader *j, const json_t *result, const char *key)
{
	const json_t *value = json_member(json_object_get(result, "workload"), key);
	char keys[64];
	char *end;

	if (value == NULL)
		return NAN;
	snprintf(keys, sizeof keys, "workload.%s", key);
	const char *text = json_reader_text(j, result, keys);
	double v = strtod(text, &end);
	if (end == text || *end != '\0' || !(v >= 0) || isinf(v))
		json_reader_damaged(j, keys, "not a number of at least 0");
	return v;
}

static double setting_time(struct json_reader *j, const json_t *result, const char *keys)
{
	uint64_t ns;

	if (json_member(result, keys) == NULL)
		return NAN;
	if (workload_time(json_reader_text(j, result, keys), &ns) == 0)
		return (double)ns;
	json_reader_damaged(j, keys, "not a time");
	return NAN;
}

/* An end of likely_days: null is one without end, which a figure cannot show. */
static double end_of(struct json_reader *j, const json_t *ends, size_t i)
{
	const json_t *value = json_array_get(ends, i);

	if (json_is_null(value))
		return NAN;
	if (json_is_number(value) && json_number_value(value) >= 0)
		return json_number_value(value);
	json_reader_damaged(j, "breakeven.money.likely_days", "not two numbers of at least 0");
	return NAN;
}

static void take_breakeven(struct report_run *run, struct json_reader *j, const json_t *result)
{
	const json_t *breakeven = json_object_get(result, "breakeven");
	const json_t *why = json_object_get(breakeven, "why_unavailable");
	const json_t *ends = json_member(breakeven, "money.likely_days");

	run->interval_days = run->likely_days[0] = run->likely_days[1] = NAN;
	run->verdict = strdup(why != NULL ? json_reader_text(j, result, "breakeven.why_unavailable")
					  : json_reader_text(j, result, "breakeven.verdict"));
	run->compared = why == NULL;
	if (!run->compared)
		return;
	run->interval_days = json_reader_number(j, result, "breakeven.money.interval_days");
	run->likely_days[0] = end_of(j, ends, 0);
	run->likely_days[1] = end_of(j, ends, 1);
}

char *report_folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return strdup(".");
	return strndup(path, slash > path ? (size_t)(slash - path) : 1);
}

/* NULL: no memory. */
static char *source_of(const json_t *result)
{
	static const char *const keys[] = {"contents", "corpus", "chunk"};
	const json_t *workload = json_object_get(result, "workload");
	const char *texts[3];
	char *source;

	for (unsigned i = 0; i < 3; i++) {
		texts[i] = json_string_value(json_object_get(workload, keys[i]));
		texts[i] = texts[i] != NULL ? texts[i] : "";
	}
	return asprintf(&source, "%s\n%s\n%s", texts[0], texts[1], texts[2]) < 0 ? NULL : source;
}

static char *documents_of(const json_t *result)
{
	const char *text = json_string_value(
		json_object_get(json_object_get(result, "workload"), "corpus_fingerprint"));

	return strdup(text != NULL ? text : "");
}

static int take_run(struct reading *in, struct json_reader *j, const struct result_file *file)
{
	struct report *r = in->report;
	struct report_run *run = &r->runs[r->run_count++];
	const json_t *result = file->json;

	*run = (struct report_run){
		.valid = file->valid,
		.path = strdup(file->path),
		.folder = report_folder_of(file->path),
		.name = strdup(json_reader_text(j, result, "workload.name")),
		.source = source_of(result),
		.documents = documents_of(result),
		.why_invalid = strdup(file->why_invalid),
		.contexts = setting_number(j, result, "contexts"),
		.target_latency_ns = setting_time(j, result, "workload.target_latency"),
		.target_percentile = setting_number(j, result, "target_latency_percentile"),
	};
	take_breakeven(run, j, result);
	if (j->err != 0)
		return j->err;
	if (run->path == NULL || run->folder == NULL || run->name == NULL || run->source == NULL ||
	    run->documents == NULL || run->why_invalid == NULL || run->verdict == NULL)
		return no_memory(in->e);
	return take_engines(in, j, result);
}

/* What says nothing of how the work was done. */
static bool is_no_axis(const char *path)
{
	static const char *const not [] = {
		"workload.name",
		"workload.file",
		"workload.store_dir",
		"workload.content_count",
		"workload.corpus_fingerprint",
		"workload.training_documents",
		"workload.training_bytes",
		"workload.model_may_have_seen_contents",
	};

	for (size_t i = 0; i < sizeof not / sizeof not [0]; i++)
		if (strcmp(path, not [i]) == 0)
			return true;
	return strncmp(path, "workload.", 9) != 0 ||
	       strncmp(path, "workload.skipped_files.", 23) == 0;
}

/* Moves the settings out of the file: they may be many. */
static int take_settings(struct settings *s, struct result_file *file, struct error *e)
{
	s->list = calloc(file->setting_count + 1, sizeof *s->list);
	if (s->list == NULL)
		return no_memory(e);
	for (unsigned i = 0; i < file->setting_count; i++)
		if (!is_no_axis(file->settings[i].path)) {
			s->list[s->count++] = file->settings[i];
			file->settings[i] = (struct result_setting){NULL, NULL};
		}
	return 0;
}

static int reserve_run(struct reading *in)
{
	struct report *r = in->report;
	unsigned capacity = in->run_capacity;

	int err =
		reserve((void **)&in->of_runs, r->run_count, &capacity, sizeof *in->of_runs, in->e);
	if (err != 0)
		return err;
	in->of_runs[r->run_count] = (struct settings){0};
	return reserve((void **)&r->runs, r->run_count, &in->run_capacity, sizeof *r->runs, in->e);
}

/* Takes what a report over many needs, and the whole of the last one. */
static int take_file(struct reading *in, struct result_file *file)
{
	struct report *r = in->report;
	struct json_reader j = {file->path, "", in->e, 0};

	int err = reserve_run(in);
	if (err == 0)
		err = take_run(in, &j, file);
	if (err == 0)
		err = take_settings(&in->of_runs[r->run_count - 1], file, in->e);
	if (err == 0 && r->run_count == 1) {
		r->result = json_incref(file->json);
		r->result_path = r->runs[0].path;
	} else if (r->result != NULL) {
		json_decref((json_t *)(uintptr_t)r->result);
		r->result = NULL;
		r->result_path = NULL;
	}
	return err;
}

static int open_result(struct reading *in, struct result_file **file, const char *path)
{
	if (progress_step(in->progress, "results read", in->report->run_count, 0) != 0)
		return error_set(in->e, -ECANCELED, "interrupted");
	return result_read(file, path, in->e);
}

static int read_result(struct reading *in, const char *path)
{
	struct result_file *file;

	int err = open_result(in, &file, path);
	if (err != 0)
		return err;
	err = take_file(in, file);
	result_close(file);
	return err;
}

/* ---- a sweep ---- */

static int take_sweep_axes(struct report *r, const struct sweep_grid *g, struct error *e)
{
	r->axes = calloc(g->axis_count + 1, sizeof *r->axes);
	if (r->axes == NULL)
		return no_memory(e);
	for (unsigned i = 0; i < g->axis_count; i++) {
		r->axes[r->axis_count++] = strdup(g->axes[i].key);
		if (r->axes[i] == NULL)
			return no_memory(e);
	}
	return 0;
}

static int take_sweep_values(struct report *r, const struct sweep_grid *g, unsigned index,
			     struct error *e)
{
	struct report_run *run = &r->runs[r->run_count - 1];

	run->settings = calloc(r->axis_count + 1, sizeof *run->settings);
	if (run->settings == NULL)
		return no_memory(e);
	for (unsigned i = 0; i < r->axis_count; i++) {
		run->settings[i] = strdup(sweep_grid_value(g, index, i));
		if (run->settings[i] == NULL)
			return no_memory(e);
	}
	return 0;
}

/* Another result in its place would be shown with settings it never had. */
static int check_made(const struct result_file *file, unsigned index, struct error *e)
{
	if (sweep_run_made(index, json_string_value(json_object_get(file->json, "command"))))
		return 0;
	return error_set(
		e, -EBADMSG,
		"%.400s: is not the result of this run of the sweep; remove its folder and "
		"go on with the sweep",
		file->path);
}

static int read_sweep_run(struct reading *in, const struct sweep_file *f, const char *folder,
			  unsigned index, bool alone)
{
	char name[SWEEP_NAME_NBYTES], *path;
	struct result_file *file;

	sweep_run_name(name, index);
	if (asprintf(&path, "%s/%s/result.json", folder, name) < 0)
		return no_memory(in->e);
	int err = open_result(in, &file, path);
	free(path);
	if (err != 0)
		return err;
	err = check_made(file, index, in->e);
	if (err == 0)
		err = take_file(in, file);
	result_close(file);
	return err == 0 && alone ? take_sweep_values(in->report, &f->grid, index, in->e) : err;
}

/* alone: the report is of this sweep, and so are its axes. */
static int take_sweep(struct reading *in, const struct sweep_file *f, const char *path,
		      const char *folder, bool alone)
{
	struct report *r = in->report;
	unsigned before = r->run_count;
	int err = 0;

	if (alone) {
		r->sweep = strdup(f->command);
		err = r->sweep == NULL ? no_memory(in->e) : take_sweep_axes(r, &f->grid, in->e);
	}
	r->sweep_planned += f->grid.run_count;
	for (unsigned i = 0; i < f->grid.run_count && err == 0; i++)
		if (f->runs[i].done)
			err = read_sweep_run(in, f, folder, i, alone);
	if (err == 0 && r->run_count == before)
		err = error_set(in->e, -EBADMSG,
				"%.400s: none of its runs is done; go on with the sweep", path);
	return err;
}

static int read_sweep(struct reading *in, const char *path, const char *folder, bool alone)
{
	struct sweep_file f = {0};

	int err = sweep_file_read(&f, path, in->e);
	if (err == 0)
		err = take_sweep(in, &f, path, folder, alone);
	sweep_file_free(&f);
	return err;
}

/* ---- what differs ---- */

static const char *value_of(const struct settings *s, const char *path, unsigned at)
{
	if (at < s->count && strcmp(s->list[at].path, path) == 0)
		return s->list[at].value;
	for (unsigned i = 0; i < s->count; i++)
		if (strcmp(s->list[i].path, path) == 0)
			return s->list[i].value;
	return "";
}

static bool differs(const struct reading *in, const char *path, unsigned at)
{
	const char *first = value_of(&in->of_runs[0], path, at);

	for (unsigned i = 1; i < in->report->run_count; i++)
		if (strcmp(value_of(&in->of_runs[i], path, at), first) != 0)
			return true;
	return false;
}

static bool is_axis(const struct report *r, const char *path)
{
	for (unsigned i = 0; i < r->axis_count; i++)
		if (strcmp(r->axes[i], path) == 0)
			return true;
	return false;
}

/* The axes that the settings of one run bring: few differ in all. */
static int find_axes_of(struct reading *in, const struct settings *s)
{
	struct report *r = in->report;

	for (unsigned i = 0; i < s->count && r->axis_count < AXES_MAX; i++) {
		const char *path = s->list[i].path;
		if (is_axis(r, path) || !differs(in, path, i))
			continue;
		r->axes[r->axis_count] = strdup(path);
		if (r->axes[r->axis_count++] == NULL)
			return no_memory(in->e);
	}
	return 0;
}

static int set_values(struct reading *in, struct report_run *run, const struct settings *s)
{
	unsigned count = in->report->axis_count;

	run->settings = calloc(count + 1, sizeof *run->settings);
	if (run->settings == NULL)
		return no_memory(in->e);
	for (unsigned i = 0; i < count; i++) {
		run->settings[i] = strdup(value_of(s, in->report->axes[i], 0));
		if (run->settings[i] == NULL)
			return no_memory(in->e);
	}
	return 0;
}

bool report_is_one_workload(const struct report *r)
{
	for (unsigned i = 1; i < r->run_count; i++)
		if (strcmp(r->runs[i].name, r->runs[0].name) != 0)
			return false;
	return true;
}

/* Of different workloads nearly all differs: they have no axes. A setting that
 * only some have is found with the first or the last of them. */
static int find_axes(struct reading *in)
{
	struct report *r = in->report;
	int err = 0;

	r->axes = calloc(AXES_MAX, sizeof *r->axes);
	if (r->axes == NULL)
		return no_memory(in->e);
	if (report_is_one_workload(r)) {
		err = find_axes_of(in, &in->of_runs[0]);
		if (err == 0)
			err = find_axes_of(in, &in->of_runs[r->run_count - 1]);
	}
	for (unsigned i = 0; i < r->run_count && err == 0; i++)
		err = set_values(in, &r->runs[i], &in->of_runs[i]);
	return err;
}

/* ---- all ---- */

/* folder: without slashes at its end, which names of runs would show. */
static int read_folder(struct reading *in, const char *folder, bool alone)
{
	char *path;

	if (asprintf(&path, "%s/sweep.json", folder) < 0)
		return no_memory(in->e);
	int err = access(path, F_OK) == 0 ? read_sweep(in, path, folder, alone)
					  : read_result(in, folder);
	free(path);
	return err;
}

static int read_operand(struct reading *in, const char *operand, bool alone)
{
	size_t nbytes = strlen(operand);
	struct stat st;

	if (stat(operand, &st) != 0 || !S_ISDIR(st.st_mode))
		return read_result(in, operand);
	while (nbytes > 1 && operand[nbytes - 1] == '/')
		nbytes--;
	char *folder = strndup(operand, nbytes);
	int err = folder != NULL ? read_folder(in, folder, alone) : no_memory(in->e);
	free(folder);
	return err;
}

static void close_reading(struct reading *in)
{
	for (unsigned i = 0; in->of_runs != NULL && i < in->report->run_count; i++) {
		for (unsigned k = 0; k < in->of_runs[i].count; k++) {
			free(in->of_runs[i].list[k].path);
			free(in->of_runs[i].list[k].value);
		}
		free(in->of_runs[i].list);
	}
	free(in->of_runs);
}

static int finish(struct reading *in, int err)
{
	if (err == 0 && in->report->sweep == NULL)
		err = find_axes(in);
	close_reading(in);
	if (err != 0)
		report_free(in->report);
	return err;
}

int report_read(struct report *r, const char *const *operands, unsigned count,
		const struct progress *progress, struct error *e)
{
	struct reading in = {.report = r, .progress = progress, .e = e};
	int err = 0;

	memset(r, 0, sizeof *r);
	for (unsigned i = 0; i < count && err == 0; i++)
		err = read_operand(&in, operands[i], count == 1);
	if (err == 0 && r->sweep != NULL && r->result != NULL) {
		json_decref((json_t *)(uintptr_t)r->result); /* a sweep of one run */
		r->result = NULL;
	}
	return finish(&in, err);
}

int report_parse(struct report *r, const char *path, const char *bytes, size_t nbytes,
		 struct error *e)
{
	struct reading in = {.report = r, .e = e};
	struct result_file *file;

	memset(r, 0, sizeof *r);
	int err = result_parse(&file, path, bytes, nbytes, e);
	if (err != 0)
		return err;
	err = take_file(&in, file);
	result_close(file);
	return finish(&in, err);
}

static void free_run(struct report_run *run, unsigned axis_count)
{
	for (unsigned i = 0; run->settings != NULL && i < axis_count; i++)
		free(run->settings[i]);
	free(run->settings);
	free(run->path);
	free(run->folder);
	free(run->name);
	free(run->source);
	free(run->documents);
	free(run->why_invalid);
	free(run->verdict);
}

void report_free(struct report *r)
{
	for (unsigned i = 0; i < r->run_count; i++)
		free_run(&r->runs[i], r->axis_count);
	for (unsigned i = 0; i < r->engine_count; i++) {
		free(r->engines[i].label);
		free(r->engines[i].kind);
		free(r->engines[i].energy_kind);
	}
	for (unsigned i = 0; i < r->axis_count; i++)
		free(r->axes[i]);
	free(r->runs);
	free(r->engines);
	free(r->axes);
	free(r->sweep);
	json_decref((json_t *)(uintptr_t)r->result);
	memset(r, 0, sizeof *r);
}
