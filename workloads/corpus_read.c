/*
 * corpus_read.c: the bytes of a corpus: all files once, for their digests, and
 * single documents again, to be checked against them.
 */
#include "workloads/corpus_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define BUFFER_NBYTES ((size_t)1 << 20)
#define ATTEMPTS 3 /* at a file that is being written */
/* of a file; no call that reads one says so */
#define GONE (-EIDRM)
#define UNLIKE_ITS_SIZE (-ERANGE) /* fewer bytes came than it has, or more */

struct reading {
	struct corpus *corpus;
	int root;
	uint8_t *buffer;
	XXH3_state_t *whole, *piece; /* digests of the file and of its current piece */
	uint64_t piece_nbytes;
	const struct progress *progress;
	uint64_t done_bytes, total_bytes;
};

static int end_piece(struct reading *r, uint32_t file, uint64_t end)
{
	int err = corpus_add_document(r->corpus, file, end - r->piece_nbytes,
				      (uint32_t)r->piece_nbytes, XXH3_64bits_digest(r->piece));
	XXH3_64bits_reset(r->piece);
	r->piece_nbytes = 0;
	return err;
}

/* Takes the nbytes bytes of the buffer, which start at `offset` of the file. */
static int take(struct reading *r, uint32_t file, uint64_t offset, size_t nbytes)
{
	uint64_t chunk_bytes = r->corpus->chunk_bytes;
	XXH3_64bits_update(r->whole, r->buffer, nbytes);
	for (size_t at = 0; at < nbytes;) {
		uint64_t room = chunk_bytes == 0 ? nbytes : chunk_bytes - r->piece_nbytes;
		size_t n = nbytes - at < room ? nbytes - at : (size_t)room;
		XXH3_64bits_update(r->piece, r->buffer + at, n);
		r->piece_nbytes += n;
		at += n;
		int err = r->piece_nbytes == chunk_bytes ? end_piece(r, file, offset + at) : 0;
		if (err)
			return err;
	}
	return 0;
}

/* All bytes of an open file, documents added as they end. */
static int read_bytes(struct reading *r, int fd, uint32_t file)
{
	struct corpus_file *f = &r->corpus->files[file];
	uint64_t offset = 0;
	XXH3_64bits_reset(r->whole);
	XXH3_64bits_reset(r->piece);
	r->piece_nbytes = 0;
	while (offset < f->nbytes) {
		if (progress_step(r->progress, "reading documents", r->done_bytes + offset,
				  r->total_bytes) != 0)
			return -ECANCELED;
		uint64_t left = f->nbytes - offset;
		ssize_t n =
			read(fd, r->buffer, left < BUFFER_NBYTES ? (size_t)left : BUFFER_NBYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : UNLIKE_ITS_SIZE;
		int err = take(r, file, offset, (size_t)n);
		if (err)
			return err;
		offset += (uint64_t)n;
	}
	f->digest = XXH3_64bits_digest(r->whole);
	if (f->nbytes == 0) { /* or one that is made as it is read */
		ssize_t n = read(fd, r->buffer, 1);
		if (n != 0)
			return n < 0 ? -errno : UNLIKE_ITS_SIZE;
	}
	return r->piece_nbytes > 0 || f->nbytes == 0 ? end_piece(r, file, offset) : 0;
}

static int look(int fd, uint64_t chunk_bytes, struct corpus_file *f)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return -errno;
	corpus_file_look(f, &st);
	bool fits = chunk_bytes != 0 || f->nbytes <= CONTENT_NBYTES_MAX;
	return S_ISREG(st.st_mode) && fits ? 0 : -ESTALE;
}

/* -ESTALE: it changed while it was read; GONE; UNLIKE_ITS_SIZE; other -errno. */
static int read_once(struct reading *r, uint32_t file)
{
	struct corpus_file *f = &r->corpus->files[file], after = {0};
	int fd = corpus_open_below(r->root, f->path, O_RDONLY);
	if (fd < 0) /* another thing may have its name now */
		return fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP ? GONE : fd;
	int err = look(fd, r->corpus->chunk_bytes, f);
	if (!err)
		err = read_bytes(r, fd, file);
	if (!err || err == UNLIKE_ITS_SIZE) {
		int look_err = look(fd, r->corpus->chunk_bytes, &after);
		if (after.nbytes != f->nbytes || after.mtime_ns != f->mtime_ns)
			look_err = -ESTALE;
		err = look_err != 0 ? look_err : err;
	}
	close(fd);
	return err;
}

/* One file that cannot be a document, for any reason but those of the machine. */
static void leave_out(struct corpus *c, const struct corpus_file *f, int err)
{
	struct corpus_skipped *s = &c->skipped;
	if (err == -ESTALE)
		corpus_left_out(c, f->path, f->mtime_ns);
	else if (err == GONE)
		corpus_left_out_gone(c, f->path);
	else if (err == UNLIKE_ITS_SIZE)
		corpus_skip(&s->odd_size, s->first_odd_size, f->path);
	else /* no permission, a bad disk block */
		corpus_skip(&s->unreadable, s->first_unreadable, f->path);
}

/* 1; 0: it is left out; -errno. */
static int read_file(struct reading *r, uint32_t file, struct error *e)
{
	struct corpus *c = r->corpus;
	uint32_t document_count = c->document_count;
	int err = -ESTALE;
	for (int i = 0; i < ATTEMPTS && (err == -ESTALE || err == GONE); i++) {
		c->document_count = document_count; /* forget what a vain attempt added */
		err = read_once(r, file);
	}
	if (!err)
		return 1;
	c->document_count = document_count;
	if (err == -ECANCELED)
		return error_set(e, err, "%s: reading was stopped", c->dir);
	if (err == -ENOMEM || err == -EFBIG || err == -EMFILE || err == -ENFILE)
		return error_set(e, err, "%s/%s: %s%s", c->dir, c->files[file].path, strerror(-err),
				 err == -EFBIG ? "; set a larger chunk" : error_remedy(err));
	leave_out(c, &c->files[file], err);
	return 0;
}

/* Reads all files; those that are left out leave the list. */
static int read_files(struct reading *r, struct error *e)
{
	struct corpus *c = r->corpus;
	uint32_t kept = 0, count = c->file_count;
	for (uint32_t i = 0; i < count; i++) {
		struct corpus_file f = c->files[i];
		c->files[i].path = NULL;
		c->files[kept] = f;
		int ret = read_file(r, kept, e);
		if (ret < 0)
			return ret;
		r->done_bytes += f.nbytes;
		if (ret == 0) {
			free(f.path);
			c->files[kept].path = NULL;
		}
		kept += ret > 0;
	}
	c->file_count = kept;
	return 0;
}

int corpus_read_all(struct corpus *c, int root, const struct progress *progress, struct error *e)
{
	struct reading r = {.corpus = c, .root = root, .progress = progress};
	for (uint32_t i = 0; i < c->file_count; i++)
		r.total_bytes += c->files[i].nbytes;
	r.buffer = malloc(BUFFER_NBYTES);
	r.whole = XXH3_createState();
	r.piece = XXH3_createState();
	int err;
	if (r.buffer == NULL || r.whole == NULL || r.piece == NULL)
		err = error_set(e, -ENOMEM, "%s: no memory to read it", c->dir);
	else
		err = read_files(&r, e);
	XXH3_freeState(r.piece);
	XXH3_freeState(r.whole);
	free(r.buffer);
	return err;
}

/* ---- one document again ---- */

static int pread_whole(int fd, uint8_t *buf, size_t nbytes, uint64_t offset)
{
	for (size_t done = 0; done < nbytes;) {
		ssize_t n = pread(fd, buf + done, nbytes - done, (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ESTALE;
		done += (size_t)n;
	}
	return 0;
}

static int open_document(const struct corpus *c, const char *path)
{
	int root = open(c->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	int fd = corpus_open_below(root, path, O_RDONLY);
	close(root);
	struct stat st;
	if (fd < 0 || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)))
		return fd;
	close(fd); /* a folder, say, has its name now */
	return -ENOENT;
}

int corpus_read(const struct corpus *c, uint32_t document, uint8_t *buf, struct error *e)
{
	const struct corpus_document *d = &c->documents[document];
	const char *path = c->files[d->file].path;
	int fd = open_document(c, path);
	if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
		return error_set(e, -ESTALE, "%s/%s: is gone since it was catalogued; run again",
				 c->dir, path);
	int err = fd < 0 ? fd : pread_whole(fd, buf, d->nbytes, d->offset);
	if (fd >= 0)
		close(fd);
	if (err == -ESTALE)
		return error_set(e, err, "%s/%s: is shorter than when it was catalogued; run again",
				 c->dir, path);
	if (err)
		return error_set(e, err, "%s/%s: cannot be read: %s%s", c->dir, path,
				 strerror(-err), error_remedy(err));
	if (XXH3_64bits(buf, d->nbytes) != d->digest)
		return error_set(e, -ESTALE,
				 "%s/%s: has other bytes than when it was catalogued; "
				 "run again (touch it first if its time was set back)",
				 c->dir, path);
	return 0;
}
