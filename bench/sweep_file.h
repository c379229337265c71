/* sweep_file.h: sweep.json: what is swept over, and which runs are done. */
#ifndef GVR_SWEEP_FILE_H
#define GVR_SWEEP_FILE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/sweep_grid.h"
#include "workloads/workload.h"

#define SWEEP_SCHEMA_VERSION 1
#define SWEEP_NAME_NBYTES 16u
#define SWEEP_REMEDY "sweep into another folder, or remove it"

struct sweep_run {
	uint64_t settings; /* sweep_settings of it */
	bool done;
	bool valid; /* if done */
	/* where its documents come from (sweep_source) and, if it is done, what they were:
	 * the fingerprint that its result tells; 0: it tells none */
	uint64_t source, documents;
};

struct sweep_file {
	char *workload; /* its path, as given */
	char *command;
	char *version, *commit; /* of the gvr that began it */
	struct sweep_grid grid;
	struct sweep_run *runs; /* grid.run_count */
};

/* -EBADMSG with e ("PATH: what is wrong"): it is no sweep.json of this version;
 * -ENOMEM. sweep_file_free in every case. path is for messages. */
int sweep_file_parse(struct sweep_file *f, const char *path, const char *bytes, size_t nbytes,
		     struct error *e);

/* The same of a file; also -ENOENT and others of open. */
int sweep_file_read(struct sweep_file *f, const char *path, struct error *e);

/* A new object, what the file holds; NULL: no memory. */
json_t *sweep_file_json(const struct sweep_file *f);

/* As file_write. */
int sweep_file_write(const struct sweep_file *f, const char *path, struct error *e);

void sweep_file_free(struct sweep_file *f);

/* "run-0001" of run 0: also the folder that holds it. */
void sweep_run_name(char out[SWEEP_NAME_NBYTES], unsigned run);

/* Is this the `command` of a result that was measured as that run? It ends with its
 * folder. Another result, or that of another run, must not stand in its place. */
bool sweep_run_made(unsigned run, const char *command);

/* A digest of all that decides a run: the effective settings of its workload,
 * where the stores are, and the user's own meter (NULL: none). */
uint64_t sweep_settings(const struct workload *w, const char *store, const char *wall_meter);

/* A digest of where a workload's documents come from and how they are cut. */
uint64_t sweep_source(const struct workload *w);

/* Two runs with the same settings, *a < *b. */
bool sweep_find_twice(const struct sweep_file *f, unsigned *a, unsigned *b);

#endif
