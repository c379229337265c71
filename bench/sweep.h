/*
 * sweep.h: the folder of a sweep. sweep.json says what is swept over and which
 * runs are done; run-0001 and so on hold the whole runs, each as `gvr run` leaves
 * it. A run is measured into run-0001.part, which gets its name once it is whole:
 * whenever gvr is killed, the runs that are there are whole, and the same sweep
 * again goes on with the others.
 */
#ifndef GVR_SWEEP_H
#define GVR_SWEEP_H

#include <stdbool.h>

#include "bench/sweep_file.h"
#include "workloads/workload.h"

#define SWEEP_PATH_NBYTES (WORKLOAD_PATH_NBYTES + 32u)

struct sweep {
	const char *folder;
	int lock_fd;
	struct sweep_file file;
};

/*
 * Makes the folder or goes on in it, with s->file filled; sets done, valid and
 * documents of the runs that are there. -EBUSY: another gvr writes there; -EEXIST: it
 * holds another sweep, or other runs; -EBADMSG: it is damaged; each with e and a
 * remedy. sweep_close in every case.
 */
int sweep_open(struct sweep *s, const char *folder, struct error *e);
void sweep_close(struct sweep *s);

/* FOLDER/run-0001 for run 0. */
void sweep_run_folder(const struct sweep *s, unsigned run, char out[SWEEP_PATH_NBYTES]);

/* The empty folder to measure a run into. */
int sweep_begin(const struct sweep *s, unsigned run, char out[SWEEP_PATH_NBYTES], struct error *e);

/* Runs are held against each other: -EEXIST with e if a run that is done had other
 * documents of the same source than these, which the given run has. 0: not known. */
int sweep_check_documents(const struct sweep *s, unsigned run, uint64_t documents, struct error *e);

/* Ends a run that was begun: it is whole, and gets its name... */
int sweep_keep(struct sweep *s, unsigned run, bool valid, uint64_t documents, struct error *e);
/* ...or it is not, and is removed. */
void sweep_drop(const struct sweep *s, unsigned run);

unsigned sweep_done(const struct sweep *s);

#endif
