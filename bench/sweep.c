#include "bench/sweep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/files.h"
#include "bench/result_read.h"

/* ---- runs ---- */

void sweep_run_folder(const struct sweep *s, unsigned run, char out[SWEEP_PATH_NBYTES])
{
	char name[SWEEP_NAME_NBYTES];

	sweep_run_name(name, run);
	snprintf(out, SWEEP_PATH_NBYTES, "%s/%s", s->folder, name);
}

static void part_folder(const struct sweep *s, unsigned run, char out[SWEEP_PATH_NBYTES])
{
	char name[SWEEP_NAME_NBYTES];

	sweep_run_name(name, run);
	snprintf(out, SWEEP_PATH_NBYTES, "%s/%s.part", s->folder, name);
}

/* What a run leaves is files only: anything else is not ours to remove. */
static int remove_folder(const char *path)
{
	const struct dirent *entry;
	int err = 0, fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	DIR *d = fdopendir(fd);
	if (d == NULL) {
		close(fd);
		return -ENOMEM;
	}
	while (err == 0 && (entry = readdir(d)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    unlinkat(fd, entry->d_name, 0) != 0)
			err = -errno;
	closedir(d);
	return err != 0 ? err : rmdir(path) != 0 ? -errno : 0;
}

int sweep_begin(const struct sweep *s, unsigned run, char out[SWEEP_PATH_NBYTES], struct error *e)
{
	part_folder(s, run, out);
	int err = remove_folder(out);
	if (err != 0)
		return file_error(e, err, "cannot empty it", out);
	return files_make_writable_dir(out, e);
}

void sweep_drop(const struct sweep *s, unsigned run)
{
	char part[SWEEP_PATH_NBYTES];

	part_folder(s, run, part);
	remove_folder(part); /* if not now, then before it is used again */
}

static int write_file(const struct sweep *s, struct error *e)
{
	char path[SWEEP_PATH_NBYTES];

	snprintf(path, sizeof path, "%s/sweep.json", s->folder);
	return sweep_file_write(&s->file, path, e);
}

int sweep_check_documents(const struct sweep *s, unsigned run, uint64_t documents, struct error *e)
{
	const struct sweep_run *runs = s->file.runs;
	char name[SWEEP_NAME_NBYTES];

	for (unsigned i = 0; i < s->file.grid.run_count; i++) {
		if (i == run || !runs[i].done || runs[i].source != runs[run].source ||
		    runs[i].documents == 0 || documents == 0 || runs[i].documents == documents)
			continue;
		sweep_run_name(name, i);
		return error_set(e, -EEXIST,
				 "%.600s: the documents have changed since %s was measured; bring "
				 "them back as they were, or " SWEEP_REMEDY,
				 s->folder, name);
	}
	return 0;
}

int sweep_keep(struct sweep *s, unsigned run, bool valid, uint64_t documents, struct error *e)
{
	char part[SWEEP_PATH_NBYTES], whole[SWEEP_PATH_NBYTES];

	part_folder(s, run, part);
	sweep_run_folder(s, run, whole);
	if (rename(part, whole) != 0)
		return file_error(e, -errno, "cannot rename it", part);
	s->file.runs[run].done = true;
	s->file.runs[run].valid = valid;
	s->file.runs[run].documents = documents;
	return write_file(s, e); /* which syncs the folder */
}

unsigned sweep_done(const struct sweep *s)
{
	unsigned done = 0;

	for (unsigned i = 0; i < s->file.grid.run_count; i++)
		done += s->file.runs[i].done;
	return done;
}

/* ---- opening ---- */

static bool same_axes(const struct sweep_grid *a, const struct sweep_grid *b)
{
	bool same = a->axis_count == b->axis_count && a->run_count == b->run_count;

	for (unsigned i = 0; same && i < a->axis_count; i++) {
		const struct sweep_axis *x = &a->axes[i], *y = &b->axes[i];
		same = strcmp(x->key, y->key) == 0 && x->count == y->count;
		for (unsigned k = 0; same && k < x->count; k++)
			same = strcmp(x->values[k], y->values[k]) == 0;
	}
	return same;
}

static int other_sweep(const struct sweep *s, const char *what, struct error *e)
{
	return error_set(e, -EEXIST, "%.600s: holds a sweep %s; " SWEEP_REMEDY, s->folder, what);
}

static bool same_settings(const struct sweep_file *a, const struct sweep_file *b)
{
	bool same = a->grid.run_count == b->grid.run_count;

	for (unsigned i = 0; same && i < a->grid.run_count; i++)
		same = a->runs[i].settings == b->runs[i].settings;
	return same;
}

/* Runs of one sweep are held against each other: all that is not swept over must
 * be the same. */
static int check_same(const struct sweep *s, const struct sweep_file *old, struct error *e)
{
	char what[256];

	if (!same_settings(old, &s->file))
		return other_sweep(s,
				   same_axes(&old->grid, &s->file.grid)
					   ? "with other settings (of the workload file, --set, "
					     "--store or --wall-meter)"
					   : "over other values",
				   e);
	if (strcmp(old->version, s->file.version) == 0 && strcmp(old->commit, s->file.commit) == 0)
		return 0;
	snprintf(what, sizeof what, "by another gvr, %.80s (%.80s)", old->version, old->commit);
	return other_sweep(s, what, e);
}

static int check_file(const struct sweep *s, const char *path, struct error *e)
{
	struct sweep_file old;

	int err = sweep_file_read(&old, path, e);
	if (err == 0)
		err = check_same(s, &old, e);
	sweep_file_free(&old);
	return err;
}

/* The fingerprint of its documents; 0: it tells none. */
static uint64_t documents_of(const json_t *result)
{
	const char *text = json_string_value(
		json_object_get(json_object_get(result, "workload"), "corpus_fingerprint"));

	return text != NULL ? strtoull(text, NULL, 16) : 0;
}

/* What is there counts, not what sweep.json says of it: gvr may have been killed
 * between the two. */
static int find_run(struct sweep *s, unsigned run, bool resumed, struct error *e)
{
	char folder[SWEEP_PATH_NBYTES];
	struct result_file *result;
	struct error why;

	sweep_run_folder(s, run, folder);
	if (access(folder, F_OK) != 0)
		return 0;
	if (!resumed)
		return error_set(
			e, -EEXIST,
			"%.600s: there is a run, but no sweep.json beside it; " SWEEP_REMEDY,
			folder);
	int err = result_read(&result, folder, &why);
	if (err != 0)
		return error_set(e, -EBADMSG, "%.600s; remove %.300s to measure it again", why.text,
				 folder);
	if (!sweep_run_made(run, json_string_value(json_object_get(result->json, "command"))))
		err = error_set(e, -EBADMSG,
				"%.600s: holds another result; remove it to measure it again",
				folder);
	s->file.runs[run].done = err == 0;
	s->file.runs[run].valid = result->valid;
	s->file.runs[run].documents = documents_of(result->json);
	result_close(result);
	return err;
}

int sweep_open(struct sweep *s, const char *folder, struct error *e)
{
	char path[SWEEP_PATH_NBYTES];

	s->folder = folder;
	s->lock_fd = -1;
	int err = files_make_writable_dir(folder, e);
	if (err == 0)
		err = files_lock_dir(&s->lock_fd, folder, e);
	if (err != 0)
		return err;
	snprintf(path, sizeof path, "%s/sweep.json", folder);
	err = check_file(s, path, e);
	bool resumed = err == 0;
	if (err != 0 && err != -ENOENT)
		return err;
	err = 0;
	for (unsigned i = 0; i < s->file.grid.run_count && err == 0; i++)
		err = find_run(s, i, resumed, e);
	for (unsigned i = 0; i < s->file.grid.run_count && err == 0; i++)
		if (s->file.runs[i].done)
			err = sweep_check_documents(s, i, s->file.runs[i].documents, e);
	return err != 0 ? err : write_file(s, e);
}

void sweep_close(struct sweep *s)
{
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	s->lock_fd = -1;
	sweep_file_free(&s->file);
}
