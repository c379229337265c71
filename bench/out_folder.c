#include "bench/out_folder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "bench/json_values.h"
#include "bench/result_read.h"
#include "workloads/utf8.h"

#define REMEDY "give --out DIR, or the workload another name"

static void name_folder(char out[WORKLOAD_PATH_NBYTES], const char *name, const char *behind)
{
	char clean[WORKLOAD_NAME_NBYTES], digest[16] = "";

	utf8_name(clean, sizeof clean, name);
	if (clean[0] == '.' || clean[0] == '-')
		clean[0] = '_';
	if (strcmp(clean, name) != 0)
		snprintf(digest, sizeof digest, "-%08" PRIx32,
			 (uint32_t)XXH3_64bits(name, strlen(name)));
	snprintf(out, WORKLOAD_PATH_NBYTES, "out/%s%s%s", clean, digest, behind);
}

static bool holds(const char *folder, const char *file)
{
	char path[WORKLOAD_PATH_NBYTES + 16];

	snprintf(path, sizeof path, "%s/%s", folder, file);
	return access(path, F_OK) == 0;
}

/* As a result has the name: what is no UTF-8 is replaced there. */
static bool is_name(const char *written, const struct workload *w)
{
	json_t *name = json_text(w->name);
	bool same = name != NULL && strcmp(written, json_string_value(name)) == 0;

	json_decref(name);
	return same;
}

/* One that is gone may have been renamed: no other. */
static bool is_other_file(const char *a, const char *b)
{
	struct stat at_a, at_b;

	return strcmp(a, b) != 0 && stat(a, &at_a) == 0 && stat(b, &at_b) == 0 &&
	       (at_a.st_ino != at_b.st_ino || at_a.st_dev != at_b.st_dev);
}

static int check_result(const char *out, const struct result_file *r, const struct workload *w,
			struct error *e)
{
	const char *name = result_find_setting(r, "workload.name");
	const char *file = result_find_setting(r, "workload.file");

	if (name != NULL && !is_name(name, w))
		return error_set(e, -EEXIST,
				 "%.300s: holds the result of another workload, %.200s; " REMEDY,
				 out, name);
	if (file != NULL && is_other_file(file, w->file))
		return error_set(
			e, -EEXIST,
			"%.300s: holds the result of another workload file, %.400s; " REMEDY, out,
			file);
	return 0;
}

int out_folder_of_run(char out[WORKLOAD_PATH_NBYTES], const struct workload *w, struct error *e)
{
	struct result_file *r;
	struct error why;

	name_folder(out, w->name, "");
	if (holds(out, "sweep.json"))
		return error_set(e, -EEXIST, "%.300s: holds a sweep; " REMEDY, out);
	int err = result_read(&r, out, &why);
	if (err != 0) /* none, or nothing that is worth keeping */
		return err == -ENOMEM ? error_set(e, err, "%s", why.text) : 0;
	err = check_result(out, r, w, e);
	result_close(r);
	return err;
}

int out_folder_of_sweep(char out[WORKLOAD_PATH_NBYTES], const struct workload *w, struct error *e)
{
	name_folder(out, w->name, "-sweep");
	if (holds(out, "result.json"))
		return error_set(e, -EEXIST, "%.300s: holds the result of a run; " REMEDY, out);
	return 0;
}
