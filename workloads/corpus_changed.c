/*
 * corpus_changed.c: files that do not keep still. They are left out, counted and
 * named; those that are there still are remembered with their time, so that a later
 * run can tell whether they are at it yet.
 */
#include "workloads/corpus_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void corpus_left_out_gone(struct corpus *c, const char *path)
{
	corpus_skip(&c->skipped.changing, c->skipped.first_changing, path);
}

/* For want of memory one is not remembered: a later run reads it again. */
static void remember(struct corpus *c, const char *path, int64_t mtime_ns)
{
	uint32_t count = c->changing_count;
	if ((count & (count - 1)) == 0) { /* the array doubles at 1, 2, 4 ... */
		size_t capacity = count == 0 ? 1 : (size_t)count * 2;
		void *p = reallocarray(c->changing, capacity, sizeof *c->changing);
		if (p == NULL)
			return;
		c->changing = p;
	}
	char *copy = strdup(path);
	if (copy != NULL)
		c->changing[c->changing_count++] =
			(struct corpus_file){.path = copy, .mtime_ns = mtime_ns};
}

void corpus_left_out(struct corpus *c, const char *path, int64_t mtime_ns)
{
	corpus_left_out_gone(c, path);
	remember(c, path, mtime_ns);
}

/* ---- left out before ---- */

static bool still_changes(const struct corpus_file *f, const struct corpus *catalogue)
{
	if (catalogue->changing_count == 0)
		return false;
	const struct corpus_file *then = bsearch(f, catalogue->changing, catalogue->changing_count,
						 sizeof *then, corpus_compare_paths);
	return then != NULL && then->mtime_ns != f->mtime_ns;
}

void corpus_leave_out_known(struct corpus *c, const struct corpus *catalogue)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < c->file_count; i++) {
		struct corpus_file f = c->files[i];
		if (!still_changes(&f, catalogue)) {
			c->files[kept++] = f;
			continue;
		}
		corpus_left_out(c, f.path, f.mtime_ns);
		free(f.path);
	}
	c->file_count = kept;
}

/* ---- changed since they were read ---- */

struct looking {
	struct corpus *corpus;
	int root;
	uint8_t *buffer; /* for a document; NULL: bytes are not looked at */
};

/* documents[first] up to those of other files. */
static bool has_its_bytes(const struct looking *l, uint32_t file, uint32_t first)
{
	const struct corpus *c = l->corpus;
	for (uint32_t i = first; i < c->document_count && c->documents[i].file == file; i++)
		if (corpus_read(c, i, l->buffer, NULL) == -ESTALE)
			return false;
	return true;
}

/* Or it is counted, and remembered if it is there. */
static bool is_as_read(const struct looking *l, uint32_t file, uint32_t first_document)
{
	const struct corpus_file *f = &l->corpus->files[file];
	struct corpus_file now;
	struct stat st;
	int err = corpus_stat_below(l->root, f->path, &st);
	if (err != 0 || !S_ISREG(st.st_mode)) {
		corpus_left_out_gone(l->corpus, f->path);
		return false;
	}
	corpus_file_look(&now, &st);
	if (now.nbytes == f->nbytes && now.mtime_ns == f->mtime_ns &&
	    (l->buffer == NULL || has_its_bytes(l, file, first_document)))
		return true;
	corpus_left_out(l->corpus, f->path, now.mtime_ns);
	return false;
}

/* The list of files, and that of their documents, with what stays moved up. */
static int sift(const struct looking *l, const struct progress *progress)
{
	struct corpus *c = l->corpus;
	uint32_t files = 0, documents = 0, next = 0;
	int err = 0;
	for (uint32_t i = 0; i < c->file_count; i++) {
		if (err == 0 &&
		    progress_step(progress, "looking for changes", i, c->file_count) != 0)
			err = -ECANCELED;
		bool stays = err != 0 || is_as_read(l, i, next);
		for (; next < c->document_count && c->documents[next].file == i; next++) {
			if (!stays)
				continue;
			c->documents[documents] = c->documents[next];
			c->documents[documents++].file = files;
		}
		if (stays)
			c->files[files++] = c->files[i];
		else
			free(c->files[i].path);
	}
	c->file_count = files;
	c->document_count = documents;
	return err;
}

int corpus_leave_out_unlike(struct corpus *c, int root, bool bytes, const struct progress *progress,
			    struct error *e)
{
	struct looking l = {.corpus = c, .root = root};
	uint64_t nbytes = 0;
	for (uint32_t i = 0; i < c->document_count; i++)
		nbytes = c->documents[i].nbytes > nbytes ? c->documents[i].nbytes : nbytes;
	if (bytes) {
		l.buffer = malloc(nbytes + 1);
		if (l.buffer == NULL)
			return error_set(e, -ENOMEM, "%s: no memory to read it", c->dir);
	}
	int err = sift(&l, bytes ? progress : NULL);
	free(l.buffer);
	if (c->changing_count > 1) /* as a catalogue has them */
		qsort(c->changing, c->changing_count, sizeof *c->changing, corpus_compare_paths);
	return err != 0 ? error_set(e, err, "%s: reading was stopped", c->dir) : 0;
}
