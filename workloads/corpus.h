/*
 * corpus.h: the documents of a directory: every regular file, recursively,
 * symbolic links not followed, any bytes, any size up to CONTENT_NBYTES_MAX
 * (larger ones need `chunk`), empty files included. Files are ordered by
 * path (bytes), so that content ids do not depend on the directory's order.
 *
 * A fixed hash of a file's bytes decides its side: one in 8 is held out, the
 * others train. Equal files therefore land on the same side, and so do all
 * chunks of one file. If that leaves the held-out side empty, the file with
 * the smallest hash is held out.
 *
 * What was read is kept in a catalogue file, so that a later run only has to
 * look at names, sizes and times.
 *
 * A file that changes or goes while gvr works with the directory is left out,
 * and the catalogue remembers it: it stays out as long as each run finds it with
 * another time than the run before.
 */
#ifndef GVR_CORPUS_H
#define GVR_CORPUS_H

#include <stdbool.h>
#include <stdint.h>

#include "workloads/error.h"
#include "workloads/workload.h"

struct corpus_file {
	char *path; /* relative to the directory */
	uint64_t nbytes;
	int64_t mtime_ns; /* to see that a file changed since */
	int64_t ctime_ns; /* when it came or last changed; 0: it is of a catalogue */
	uint64_t digest;  /* XXH3-64 of its bytes */
	bool held_out;
};

struct corpus_document { /* a content: a file or one chunk of it */
	uint32_t file;
	uint32_t nbytes;
	uint64_t offset;
	uint64_t digest; /* XXH3-64 of these bytes: the right answer */
};

struct corpus_skipped { /* what was passed over, by reason */
	uint64_t links, special, unreadable, too_large;
	uint64_t changing; /* changed or went meanwhile */
	uint64_t odd_size; /* its size is not what can be read, as in /proc and /sys */
	/* a path of each, or "" */
	char first_unreadable[256], first_too_large[256], first_changing[256], first_odd_size[256];
};

struct corpus {
	char dir[WORKLOAD_PATH_NBYTES];
	uint64_t chunk_bytes;
	struct corpus_file *files;
	uint32_t file_count;
	struct corpus_document *documents; /* of all files, in order */
	uint32_t document_count;
	uint32_t *held_out, *training; /* indices into documents, ascending */
	uint32_t held_out_count, training_count;
	uint64_t held_out_bytes, training_bytes;
	struct corpus_skipped skipped;
	struct corpus_file *changing; /* left out, and there still: path and mtime_ns only */
	uint32_t changing_count;
	char *catalogue;     /* its path; NULL: nothing is kept */
	bool from_catalogue; /* nothing had to be read again */
};

/*
 * Reads the directory, by way of the catalogue file `catalogue` if that is
 * there, intact (its own checksum) and still true (same chunk, and the same
 * paths, sizes and times); else reads every file and writes the catalogue
 * (temporary file, fsync, rename). A damaged catalogue is rebuilt, not an
 * error. catalogue may be NULL: then nothing is kept. Files that change
 * meanwhile are left out.
 *
 * -ENOENT no such directory, -ENOTDIR, -EACCES, -ENODATA no regular file in
 * it, -ENOMEM, -ECANCELED. The caller owns *out (corpus_close).
 */
int corpus_open(struct corpus **out, const char *dir, uint64_t chunk_bytes, const char *catalogue,
		const struct progress *progress, struct error *e);
void corpus_close(struct corpus *c);

/*
 * Looks at every file once more and leaves out those that have gone or changed since
 * they were read; bytes: if by size and time none has, tells by their bytes. *count of
 * them were left out. The others stay on their sides, and the catalogue, if there is one, is
 * written anew. Moves documents: nobody else may be at work with the corpus.
 *
 * -ENODATA: there is none left. Other errors as of corpus_open.
 */
int corpus_leave_out_changed(struct corpus *c, bool bytes, uint32_t *count,
			     const struct progress *progress, struct error *e);

/* Only lists the directory: files of any size with their paths, sizes and times,
 * and what is passed over. Opens no file, so that digests, documents and splits
 * are missing. Errors as above. */
int corpus_list(struct corpus **out, const char *dir, struct error *e);

/* The documents of a split: how many, the k-th's index into documents, bytes. */
uint32_t corpus_count(const struct corpus *c, enum split split);
uint32_t corpus_at(const struct corpus *c, enum split split, uint32_t k);
uint64_t corpus_bytes(const struct corpus *c, enum split split);
uint64_t corpus_nbytes_max(const struct corpus *c, enum split split);

/* One number for everything that the documents of a split are: changes if
 * any byte of any of them, their order or the cutting changes. */
uint64_t corpus_fingerprint(const struct corpus *c, enum split split);

/* The same as if the files with a later ctime_ns were not there. */
uint64_t corpus_fingerprint_until(const struct corpus *c, enum split split, int64_t ctime_ns);

/* Reads documents[document] into buf (its nbytes) and checks its digest.
 * -ESTALE if the file is gone, shorter or has other bytes than when it was
 * catalogued (e names it and says: run again). Thread-safe. */
int corpus_read(const struct corpus *c, uint32_t document, uint8_t *buf, struct error *e);

#endif
