/*
 * corpus_walk.c: the regular files below a directory. Directories wait on a
 * heap of paths and are opened from the root piece by piece, so that neither
 * the stack, nor the number of descriptors, nor PATH_MAX limits the depth.
 */
#include "workloads/corpus_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_NBYTES_MAX 2048u

struct walk {
	struct corpus *corpus;
	int root;
	char **pending; /* directories still to read, relative to root; "" is root */
	size_t pending_count, pending_capacity;
	size_t file_capacity;
};

int corpus_dir_open(const char *dir, struct error *e)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	int err = -errno;
	if (err == -ENOENT)
		return error_set(e, err, "%s: no such directory; check the path", dir);
	if (err == -ENOTDIR)
		return error_set(e, err, "%s: not a directory; name the directory of documents",
				 dir);
	if (err == -EACCES)
		return error_set(e, err, "%s: may not be read; check its permissions", dir);
	return error_set(e, err, "%s: cannot be opened: %s%s", dir, strerror(-err),
			 error_remedy(err));
}

/* Where to cut a path that is too long for one openat: after at most
 * PIECE_NBYTES_MAX bytes, at a '/'. A name is at most 255 bytes. */
static size_t piece_nbytes(const char *path)
{
	size_t nbytes = strnlen(path, PIECE_NBYTES_MAX + 1);
	if (nbytes <= PIECE_NBYTES_MAX)
		return nbytes;
	while (nbytes > 0 && path[nbytes - 1] != '/')
		nbytes--;
	return nbytes;
}

int corpus_open_below(int root, const char *path, int flags)
{
	int at = root;
	for (;;) {
		size_t nbytes = piece_nbytes(path);
		bool last = path[nbytes] == '\0';
		char piece[PIECE_NBYTES_MAX + 2];
		memcpy(piece, path, nbytes);
		piece[nbytes] = '\0';
		int fd = openat(at, piece,
				last ? flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
				     : O_PATH | O_DIRECTORY | O_CLOEXEC);
		int err = fd < 0 ? -errno : 0;
		if (at != root)
			close(at);
		if (err != 0 || last)
			return err != 0 ? err : fd;
		at = fd;
		path += nbytes;
	}
}

int corpus_stat_below(int root, const char *path, struct stat *st)
{
	if (fstatat(root, path, st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (errno != ENAMETOOLONG)
		return -errno;
	int fd = corpus_open_below(root, path, O_PATH);
	if (fd < 0)
		return fd;
	int err = fstat(fd, st) != 0 ? -errno : 0;
	close(fd);
	return err;
}

static int64_t time_ns(const struct timespec *t)
{
	return (int64_t)((uint64_t)t->tv_sec * UINT64_C(1000000000) + (uint64_t)t->tv_nsec);
}

void corpus_file_look(struct corpus_file *f, const struct stat *st)
{
	f->nbytes = (uint64_t)st->st_size;
	f->mtime_ns = time_ns(&st->st_mtim);
	f->ctime_ns = time_ns(&st->st_ctim);
}

void corpus_skip(uint64_t *count, char *first, const char *path)
{
	if ((*count)++ == 0)
		snprintf(first, 256, "%s", path);
}

static void skip_unreadable(struct walk *w, const char *path)
{
	struct corpus_skipped *s = &w->corpus->skipped;
	corpus_skip(&s->unreadable, s->first_unreadable, path);
}

static char *join(const char *dir, const char *name)
{
	size_t dir_nbytes = strlen(dir), name_nbytes = strlen(name);
	char *path = malloc(dir_nbytes + name_nbytes + 2);
	if (path == NULL)
		return NULL;
	memcpy(path, dir, dir_nbytes);
	if (dir_nbytes > 0)
		path[dir_nbytes++] = '/';
	memcpy(path + dir_nbytes, name, name_nbytes + 1);
	return path;
}

/* The array, with room for one more element; NULL: no memory, array is kept. */
static void *grown(void *array, size_t count, size_t *capacity, size_t element_nbytes)
{
	if (count < *capacity)
		return array;
	size_t more = *capacity == 0 ? 64 : *capacity * 2;
	void *p = reallocarray(array, more, element_nbytes);
	if (p != NULL)
		*capacity = more;
	return p;
}

/* Takes path. */
static int add_pending(struct walk *w, char *path)
{
	if (path == NULL)
		return -ENOMEM;
	char **pending =
		grown(w->pending, w->pending_count, &w->pending_capacity, sizeof *w->pending);
	if (pending == NULL) {
		free(path);
		return -ENOMEM;
	}
	w->pending = pending;
	w->pending[w->pending_count++] = path;
	return 0;
}

/* Takes path. */
static int add_file(struct walk *w, char *path, const struct stat *st)
{
	struct corpus *c = w->corpus;
	struct corpus_file *files = NULL;
	if (c->file_count < UINT32_MAX)
		files = grown(c->files, c->file_count, &w->file_capacity, sizeof *c->files);
	if (files == NULL) {
		free(path);
		return c->file_count < UINT32_MAX ? -ENOMEM : -EFBIG;
	}
	c->files = files;
	struct corpus_file *f = &c->files[c->file_count++];
	*f = (struct corpus_file){.path = path};
	corpus_file_look(f, st);
	return 0;
}

/* What all may read is not asked about: half the time of a walk. */
static bool is_readable(int dir_fd, const char *name, const struct stat *st)
{
	const mode_t all = S_IRUSR | S_IRGRP | S_IROTH;
	return (st->st_mode & all) == all || faccessat(dir_fd, name, R_OK, AT_EACCESS) == 0;
}

static int visit_file(struct walk *w, int dir_fd, const char *name, char *path,
		      const struct stat *st)
{
	struct corpus_skipped *s = &w->corpus->skipped;
	if (w->corpus->chunk_bytes == 0 && (uint64_t)st->st_size > CONTENT_NBYTES_MAX) {
		corpus_skip(&s->too_large, s->first_too_large, path);
	} else if (!is_readable(dir_fd, name, st)) {
		skip_unreadable(w, path);
	} else {
		return add_file(w, path, st);
	}
	free(path);
	return 0;
}

static int visit(struct walk *w, int dir_fd, const char *dir, const char *name)
{
	struct corpus_skipped *s = &w->corpus->skipped;
	struct stat st;
	int stat_err = fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ? errno : 0;
	if (stat_err == ENOENT) /* removed since it was listed */
		return 0;
	if (stat_err == 0 && S_ISLNK(st.st_mode)) {
		s->links++;
		return 0;
	}
	if (stat_err == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
		s->special++;
		return 0;
	}
	char *path = join(dir, name);
	if (path == NULL)
		return -ENOMEM;
	if (stat_err != 0) {
		skip_unreadable(w, path);
		free(path);
		return 0;
	}
	return S_ISDIR(st.st_mode) ? add_pending(w, path) : visit_file(w, dir_fd, name, path, &st);
}

static int read_entries(struct walk *w, DIR *d, const char *dir)
{
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(d);
		if (entry == NULL) {
			if (errno != 0)
				skip_unreadable(w, dir);
			return 0;
		}
		const char *name = entry->d_name;
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		int err = visit(w, dirfd(d), dir, name);
		if (err)
			return err;
	}
}

/* An error of the machine, not of one directory: to go on would leave out
 * documents because descriptors or memory are short just now. */
static bool is_fatal(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -ENOMEM;
}

static int walk_dir(struct walk *w, const char *dir)
{
	int fd = corpus_open_below(w->root, dir[0] == '\0' ? "." : dir, O_RDONLY | O_DIRECTORY);
	if (is_fatal(fd))
		return fd;
	if (fd < 0) {
		if (fd != -ENOENT)
			skip_unreadable(w, dir);
		return 0;
	}
	DIR *d = fdopendir(fd);
	if (d == NULL) {
		int err = -errno;
		close(fd);
		return err;
	}
	int err = read_entries(w, d, dir);
	closedir(d);
	return err;
}

int corpus_compare_paths(const void *a, const void *b)
{
	const struct corpus_file *x = a, *y = b;
	return strcmp(x->path, y->path);
}

int corpus_walk(struct corpus *c, int root, struct error *e)
{
	struct walk w = {.corpus = c, .root = root};
	int err = add_pending(&w, strdup(""));
	while (!err && w.pending_count > 0) {
		char *dir = w.pending[--w.pending_count];
		err = walk_dir(&w, dir);
		free(dir);
	}
	while (w.pending_count > 0)
		free(w.pending[--w.pending_count]);
	free(w.pending);
	if (err)
		return error_set(e, err, "%s: its files cannot be listed: %s%s", c->dir,
				 strerror(-err), error_remedy(err));
	if (c->file_count > 1)
		qsort(c->files, c->file_count, sizeof *c->files, corpus_compare_paths);
	return 0;
}
