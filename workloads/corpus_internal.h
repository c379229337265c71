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

/* Fills c->files (path, nbytes and mtime_ns; sorted by path), c->file_count and
 * c->skipped of an otherwise zeroed c with chunk_bytes set. -ENOMEM, -EFBIG;
 * what was filled is freed by corpus_close either way. */
int corpus_walk(struct corpus *c, int root, struct error *e);

/* Wraps for times before 1678 and after 2262, which are only compared. */
int64_t corpus_mtime_ns(const struct stat *st);

/* Counts a path that cannot be read and remembers the first. */
void corpus_skip_unreadable(struct corpus_skipped *s, const char *path);

/* ---- corpus.c ---- */

/* How many documents a file of nbytes is: an empty file is one. */
uint64_t corpus_pieces(uint64_t nbytes, uint64_t chunk_bytes);

/* Appends the next document of a file, which covers the nbytes bytes that
 * follow the file's last document. -ENOMEM, -EFBIG. */
int corpus_add_document(struct corpus *c, uint32_t file, uint64_t offset, uint32_t nbytes,
			uint64_t digest);

/* ---- corpus_read.c ---- */

/* Reads every file of c->files once and fills digests and documents; drops the
 * files that turn out to be unreadable. -ESTALE a file changes while it is
 * read, -ENOMEM, -EFBIG, -ECANCELED. */
int corpus_read_all(struct corpus *c, int root, const struct progress *progress, struct error *e);

/* ---- corpus_catalogue.c: files and documents as one file ---- */

/* Fills files, documents and chunk_bytes of a zeroed c from a catalogue's
 * bytes. Any bytes are safe. -EBADMSG not a catalogue, of another version or
 * damaged, -ENOMEM; what was filled is freed by corpus_close either way. */
int corpus_catalogue_parse(struct corpus *c, const uint8_t *bytes, size_t nbytes);

/* The catalogue's bytes; the caller frees *bytes. -ENOMEM. */
int corpus_catalogue_format(const struct corpus *c, uint8_t **bytes, size_t *nbytes);

/* The same from and to a file. Reading: any -errno means there is none. */
int corpus_catalogue_read(struct corpus *c, const char *path);
int corpus_catalogue_write(const struct corpus *c, const char *path, struct error *e);

#endif
