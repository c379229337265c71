/* corpus_internal.h: what the corpus_*.c files share with each other. */
#ifndef GVR_CORPUS_INTERNAL_H
#define GVR_CORPUS_INTERNAL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "workloads/corpus.h"

/* ---- corpus_walk.c: names, sizes and times; opens no file ---- */

/* Opens dir itself (a link to a directory is followed: the user named it).
 * Returns a descriptor or -errno. */
int corpus_dir_open(const char *dir, struct error *e);

/* Opens a path below root, however long, for reading, following no link in its
 * last component and never waiting (a fifo). Returns a descriptor or -errno. */
int corpus_open_below(int root, const char *path, int flags);

/* fstatat of a path below root, however long. 0 or -errno. */
int corpus_stat_below(int root, const char *path, struct stat *st);

/* Fills c->files (path, nbytes and times; sorted by path), c->file_count and
 * c->skipped of an otherwise zeroed c with chunk_bytes set. -ENOMEM, -EFBIG;
 * what was filled is freed by corpus_close either way. */
int corpus_walk(struct corpus *c, int root, struct error *e);

/* Size and times of a file. Times wrap before 1678 and after 2262: they are only
 * compared. */
void corpus_file_look(struct corpus_file *f, const struct stat *st);

/* Counts a path that is passed over and keeps the first: first[256]. */
void corpus_skip(uint64_t *count, char *first, const char *path);

/* For qsort and bsearch: files by path. */
int corpus_compare_paths(const void *a, const void *b);

/* ---- corpus.c ---- */

/* How many documents a file of nbytes is: an empty file is one. */
uint64_t corpus_pieces(uint64_t nbytes, uint64_t chunk_bytes);

/* Appends the next document of a file, which covers the nbytes bytes that
 * follow the file's last document. -ENOMEM, -EFBIG. */
int corpus_add_document(struct corpus *c, uint32_t file, uint64_t offset, uint32_t nbytes,
			uint64_t digest);

/* ---- corpus_read.c ---- */

/* Reads every file of c->files once and fills digests and documents; leaves out the
 * files that turn out to be unreadable, that change meanwhile, or whose size is not
 * what can be read. -ENOMEM, -EFBIG, -ECANCELED. */
int corpus_read_all(struct corpus *c, int root, const struct progress *progress, struct error *e);

/* ---- corpus_changed.c: files that do not keep still ---- */

/* Counts a file that is left out as changing. mtime_ns: the time that it has now, to
 * know it by in a later run. */
void corpus_left_out(struct corpus *c, const char *path, int64_t mtime_ns);
/* The same of one that has gone. */
void corpus_left_out_gone(struct corpus *c, const char *path);

/* Of a corpus that was only listed: leaves out the files that an earlier run left out,
 * as its catalogue tells, and that have changed again. */
void corpus_leave_out_known(struct corpus *c, const struct corpus *catalogue);

/* Leaves out files that are not as they were read, and their documents; bytes: looks
 * into them, too. -ENOMEM, -ECANCELED: some are left out, c is whole. */
int corpus_leave_out_unlike(struct corpus *c, int root, bool bytes, const struct progress *progress,
			    struct error *e);

/* ---- corpus_catalogue.c: files and documents as one file ---- */

/* Fills files, documents, changing and chunk_bytes of a zeroed c from a catalogue's
 * bytes. Any bytes are safe. -EBADMSG not a catalogue, of another version or
 * damaged, -ENOMEM; what was filled is freed by corpus_close either way. */
int corpus_catalogue_parse(struct corpus *c, const uint8_t *bytes, size_t nbytes);

/* The catalogue's bytes; the caller frees *bytes. -ENOMEM. */
int corpus_catalogue_format(const struct corpus *c, uint8_t **bytes, size_t *nbytes);

/* The same from and to a file. Reading: any -errno means there is none. */
int corpus_catalogue_read(struct corpus *c, const char *path);
int corpus_catalogue_write(const struct corpus *c, const char *path, struct error *e);

#endif
