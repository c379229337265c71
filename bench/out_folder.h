/* out_folder.h: where results go unless the user says so. */
#ifndef GVR_OUT_FOLDER_H
#define GVR_OUT_FOLDER_H

#include "workloads/workload.h"

/*
 * out/NAME: the workload's name, of which letters and digits of any script, '-', '_'
 * and '.' are kept; names that differ become folders that differ, as one that had to
 * be changed has a digest of it behind. Makes nothing. -EEXIST: it holds the result of
 * another workload, by its name or its file, or a sweep; -ENOMEM. The same workload's
 * last result may be replaced.
 */
int out_folder_of_run(char out[WORKLOAD_PATH_NBYTES], const struct workload *w, struct error *e);

/* The same, out/NAME-sweep. -EEXIST: it holds the result of a run; whose sweep it
 * holds is for sweep_open to see. */
int out_folder_of_sweep(char out[WORKLOAD_PATH_NBYTES], const struct workload *w, struct error *e);

#endif
