/*
 * init.h: a first workload file for a directory of documents: what lies in it,
 * and the settings that suit that. The text is what `gvr init` writes.
 */
#ifndef GVR_INIT_H
#define GVR_INIT_H

#include <stdint.h>

#include "workloads/corpus.h"

struct init_found {
	char dir[WORKLOAD_PATH_NBYTES];	 /* absolute */
	char name[WORKLOAD_NAME_NBYTES]; /* of the workload, from the directory's */
	uint64_t files, bytes, largest_bytes, empty;
	uint64_t contents; /* the files, or what they are cut into; > 0 */
	struct corpus_skipped skipped;
	unsigned cores; /* that gvr may use */
};

/* Looks through a directory; opens none of its files. Errors as corpus_open's;
 * -EINVAL: a workload file cannot hold its path (a comment sign, a control
 * character, a blank at an end). */
int init_look(struct init_found *f, const char *dir, struct error *e);

/* About so many of the bytes are asked for, and so are to be stored and encoded. */
uint64_t init_asked_bytes(const struct init_found *f);

/* The workload file, which parses and means f->dir; file: its own name, for the
 * commands in it. To be freed by the caller; NULL: no memory. */
char *init_text(const struct init_found *f, const char *file);

#endif
