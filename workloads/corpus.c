#include "workloads/corpus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "workloads/corpus_internal.h"
#include "workloads/prng.h"

#define HELD_OUT_ONE_IN 8u

uint64_t corpus_pieces(uint64_t nbytes, uint64_t chunk_bytes)
{
	if (nbytes == 0 || chunk_bytes == 0)
		return 1;
	return (nbytes - 1) / chunk_bytes + 1;
}

int corpus_add_document(struct corpus *c, uint32_t file, uint64_t offset, uint32_t nbytes,
			uint64_t digest)
{
	uint32_t count = c->document_count;
	if (count == UINT32_MAX)
		return -EFBIG;
	/* the array doubles at 64, 128, 256 ... */
	if (c->documents == NULL || (count >= 64 && (count & (count - 1)) == 0)) {
		size_t capacity = count < 64 ? 64 : (size_t)count * 2;
		void *p = reallocarray(c->documents, capacity, sizeof *c->documents);
		if (p == NULL)
			return -ENOMEM;
		c->documents = p;
	}
	c->documents[c->document_count++] = (struct corpus_document){
		.file = file, .nbytes = nbytes, .offset = offset, .digest = digest};
	return 0;
}

/* ---- catalogue ---- */

static bool same_files(const struct corpus *a, const struct corpus *b)
{
	if (a->file_count != b->file_count || a->chunk_bytes != b->chunk_bytes)
		return false;
	for (uint32_t i = 0; i < a->file_count; i++) {
		const struct corpus_file *x = &a->files[i], *y = &b->files[i];
		if (x->nbytes != y->nbytes || x->mtime_ns != y->mtime_ns ||
		    strcmp(x->path, y->path) != 0)
			return false;
	}
	return true;
}

static void free_lists(struct corpus *c)
{
	for (uint32_t i = 0; i < c->file_count; i++)
		free(c->files[i].path);
	for (uint32_t i = 0; i < c->changing_count; i++)
		free(c->changing[i].path);
	free(c->files);
	free(c->changing);
	free(c->documents);
	free(c->held_out);
	free(c->training);
	free(c->catalogue);
}

/* Takes files and documents from the catalogue if it is still true. */
static bool use_catalogue(struct corpus *c)
{
	struct corpus kept = {0};
	bool ok = corpus_catalogue_read(&kept, c->catalogue) == 0;
	if (ok) {
		corpus_leave_out_known(c, &kept);
		ok = same_files(c, &kept);
	}
	if (ok) {
		struct corpus_file *files = c->files;
		c->files = kept.files;
		kept.files = files;
		c->documents = kept.documents;
		c->document_count = kept.document_count;
		kept.documents = NULL;
	}
	free_lists(&kept);
	return ok;
}

/* ---- sides ---- */

static void hold_out_smallest(struct corpus *c)
{
	uint64_t smallest = UINT64_MAX;
	for (uint32_t i = 0; i < c->file_count; i++) {
		uint64_t hash = prng_mix(c->files[i].digest);
		smallest = hash < smallest ? hash : smallest;
	}
	for (uint32_t i = 0; i < c->file_count; i++) /* and its equals */
		c->files[i].held_out = prng_mix(c->files[i].digest) == smallest;
}

static void choose_sides(struct corpus *c)
{
	bool any = false;
	for (uint32_t i = 0; i < c->file_count; i++) {
		struct corpus_file *f = &c->files[i];
		f->held_out = prng_mix(f->digest) % HELD_OUT_ONE_IN == 0;
		any |= f->held_out;
	}
	if (!any)
		hold_out_smallest(c);
}

static int list_sides(struct corpus *c, struct error *e)
{
	free(c->held_out);
	free(c->training);
	c->held_out = calloc((size_t)c->document_count + 1, sizeof *c->held_out);
	c->training = calloc((size_t)c->document_count + 1, sizeof *c->training);
	c->held_out_count = c->training_count = 0;
	c->held_out_bytes = c->training_bytes = 0;
	if (c->held_out == NULL || c->training == NULL)
		return error_set(e, -ENOMEM, "%s: no memory for its %u documents", c->dir,
				 c->document_count);
	for (uint32_t i = 0; i < c->document_count; i++) {
		const struct corpus_document *d = &c->documents[i];
		if (c->files[d->file].held_out) {
			c->held_out[c->held_out_count++] = i;
			c->held_out_bytes += d->nbytes;
		} else {
			c->training[c->training_count++] = i;
			c->training_bytes += d->nbytes;
		}
	}
	return 0;
}

/* ---- open and close ---- */

static int no_files(const struct corpus *c, struct error *e)
{
	const struct corpus_skipped *s = &c->skipped;
	char more[160] = "";
	int n = 0;
	if (s->changing > 0)
		n = snprintf(more, sizeof more, ", %llu that changed or went meanwhile",
			     (unsigned long long)s->changing);
	if (s->odd_size > 0)
		snprintf(more + n, sizeof more - (size_t)n,
			 ", %llu whose size is not what can be read, as in /proc and /sys",
			 (unsigned long long)s->odd_size);
	return error_set(e, -ENODATA,
			 "%s: no document in it (passed over: %llu links, %llu special, "
			 "%llu unreadable, %llu too large%s%s); name a directory of regular files",
			 c->dir, (unsigned long long)s->links, (unsigned long long)s->special,
			 (unsigned long long)s->unreadable, (unsigned long long)s->too_large,
			 s->too_large > 0 ? ", which `chunk` would cut" : "", more);
}

/* Reads what was listed; what changes until all is read is left out. */
static int read_all(struct corpus *c, int root, const struct progress *progress, struct error *e)
{
	int err = corpus_read_all(c, root, progress, e);
	if (err == 0)
		err = corpus_leave_out_unlike(c, root, false, progress, e);
	if (err == 0 && c->file_count == 0)
		err = no_files(c, e);
	if (err == 0 && c->catalogue != NULL)
		err = corpus_catalogue_write(c, c->catalogue, e);
	return err;
}

static int fill(struct corpus *c, int root, const struct progress *progress, struct error *e)
{
	int err = corpus_walk(c, root, e);
	if (err)
		return err;
	c->from_catalogue = c->catalogue != NULL && use_catalogue(c);
	if (c->file_count == 0)
		return no_files(c, e);
	if (!c->from_catalogue)
		err = read_all(c, root, progress, e);
	else if (c->changing_count > 0) /* the store may be read-only: nothing is lost */
		corpus_catalogue_write(c, c->catalogue, NULL);
	if (err)
		return err;
	choose_sides(c);
	return list_sides(c, e);
}

/* A corpus without files, and the directory as a descriptor. */
static int create(struct corpus **out, int *root, const char *dir, uint64_t chunk_bytes,
		  struct error *e)
{
	if (strlen(dir) >= WORKLOAD_PATH_NBYTES)
		return error_set(e, -ENAMETOOLONG, "%.64s...: a path of more than %u bytes", dir,
				 WORKLOAD_PATH_NBYTES - 1);
	if (chunk_bytes > CONTENT_NBYTES_MAX)
		return error_set(e, -EINVAL, "%s: chunk is at most %llu bytes", dir,
				 (unsigned long long)CONTENT_NBYTES_MAX);
	*root = corpus_dir_open(dir, e);
	if (*root < 0)
		return *root;
	struct corpus *c = calloc(1, sizeof *c);
	if (c == NULL) {
		close(*root);
		return error_set(e, -ENOMEM, "%s: no memory to list it", dir);
	}
	strcpy(c->dir, dir);
	c->chunk_bytes = chunk_bytes;
	*out = c;
	return 0;
}

int corpus_open(struct corpus **out, const char *dir, uint64_t chunk_bytes, const char *catalogue,
		const struct progress *progress, struct error *e)
{
	struct corpus *c = NULL;
	int root = -1, err = create(&c, &root, dir, chunk_bytes, e);
	if (err)
		return err;
	c->catalogue = catalogue != NULL ? strdup(catalogue) : NULL;
	if (catalogue != NULL && c->catalogue == NULL)
		err = error_set(e, -ENOMEM, "%s: no memory to list it", dir);
	if (!err)
		err = fill(c, root, progress, e);
	close(root);
	if (err)
		corpus_close(c);
	else
		*out = c;
	return err;
}

int corpus_leave_out_changed(struct corpus *c, bool bytes, uint32_t *count,
			     const struct progress *progress, struct error *e)
{
	uint32_t before = c->file_count;
	int root = corpus_dir_open(c->dir, e);
	if (root < 0)
		return root;
	int err = corpus_leave_out_unlike(c, root, false, progress, e);
	if (err == 0 && bytes && c->file_count == before)
		err = corpus_leave_out_unlike(c, root, true, progress, e);
	close(root);
	*count = before - c->file_count;
	if (*count == 0)
		return err;
	int sides_err = list_sides(c, err == 0 ? e : NULL);
	if (err == 0)
		err = sides_err;
	if (err == 0 && c->file_count == 0)
		err = no_files(c, e);
	if (err == 0 && c->catalogue != NULL)
		err = corpus_catalogue_write(c, c->catalogue, e);
	return err;
}

int corpus_list(struct corpus **out, const char *dir, struct error *e)
{
	struct corpus *c = NULL;
	int root = -1, err = create(&c, &root, dir, CONTENT_NBYTES_MAX, e);
	if (err)
		return err;
	err = corpus_walk(c, root, e);
	if (!err && c->file_count == 0)
		err = no_files(c, e);
	close(root);
	if (err)
		corpus_close(c);
	else
		*out = c;
	return err;
}

void corpus_close(struct corpus *c)
{
	if (c == NULL)
		return;
	free_lists(c);
	free(c);
}

/* ---- splits ---- */

uint32_t corpus_count(const struct corpus *c, enum split split)
{
	switch (split) {
	case SPLIT_HELD_OUT:
		return c->held_out_count;
	case SPLIT_TRAINING:
		return c->training_count;
	default:
		return c->document_count;
	}
}

uint32_t corpus_at(const struct corpus *c, enum split split, uint32_t k)
{
	switch (split) {
	case SPLIT_HELD_OUT:
		return c->held_out[k];
	case SPLIT_TRAINING:
		return c->training[k];
	default:
		return k;
	}
}

uint64_t corpus_bytes(const struct corpus *c, enum split split)
{
	switch (split) {
	case SPLIT_HELD_OUT:
		return c->held_out_bytes;
	case SPLIT_TRAINING:
		return c->training_bytes;
	default:
		return c->held_out_bytes + c->training_bytes;
	}
}

uint64_t corpus_nbytes_max(const struct corpus *c, enum split split)
{
	uint64_t max = 0;
	for (uint32_t k = 0; k < corpus_count(c, split); k++) {
		uint64_t nbytes = c->documents[corpus_at(c, split, k)].nbytes;
		max = nbytes > max ? nbytes : max;
	}
	return max;
}

uint64_t corpus_fingerprint_until(const struct corpus *c, enum split split, int64_t ctime_ns)
{
	uint32_t count = 0;
	for (uint32_t k = 0; k < corpus_count(c, split); k++)
		count += c->files[c->documents[corpus_at(c, split, k)].file].ctime_ns <= ctime_ns;
	/* a chain, so that order counts */
	uint64_t fingerprint = prng_mix(count + UINT64_C(1));
	for (uint32_t k = 0; k < corpus_count(c, split); k++) {
		const struct corpus_document *d = &c->documents[corpus_at(c, split, k)];
		if (c->files[d->file].ctime_ns > ctime_ns)
			continue;
		fingerprint = prng_mix(fingerprint + d->digest);
		fingerprint = prng_mix(fingerprint + d->nbytes + UINT64_C(1));
	}
	return fingerprint;
}

uint64_t corpus_fingerprint(const struct corpus *c, enum split split)
{
	return corpus_fingerprint_until(c, split, INT64_MAX);
}
