/*
 * sweep_plan.h: the runs of a sweep before they are measured: what each is, that
 * each can be, and how long they take.
 */
#ifndef GVR_SWEEP_PLAN_H
#define GVR_SWEEP_PLAN_H

#include "bench/options.h"
#include "bench/sweep_file.h"

struct sweep_plan {
	const struct options *options; /* of the whole sweep */
	const struct sweep_grid *grid;
	double *run_s; /* measured time of each run; NAN: not known before */
	unsigned engine_count;
	double latest_s, latest_run_s; /* what the latest run took, and its run_s; 0: none yet */
};

/*
 * Reads the workload of every run, checks it, and sets runs[].settings. -EINVAL:
 * a run cannot be, or two are the same; -ENOENT and others of workload_read and
 * of a platform's file; e names the run. sweep_plan_free in every case.
 */
int sweep_plan_make(struct sweep_plan *p, const struct options *o, const char *folder,
		    struct sweep_file *f, struct error *e);
void sweep_plan_free(struct sweep_plan *p);

/* The workload of a run once more: -EINVAL also where it is another one now. */
int sweep_plan_workload(const struct sweep_plan *p, unsigned run, const struct sweep_run *expected,
			struct workload *w, struct error *e);

/* The command that makes the same result by itself, in that folder; to be freed
 * by the caller. NULL: no memory. */
char *sweep_plan_command(const struct sweep_plan *p, unsigned run, const char *folder);

/* The measured time of all runs that are not done; NAN: not known. */
double sweep_plan_left_s(const struct sweep_plan *p, const struct sweep_run *runs);

/* How long they will take, judged by the latest; NAN: not known. */
double sweep_plan_eta_s(const struct sweep_plan *p, const struct sweep_run *runs);

/* Puts "run-0003 (rate_iops=2000): " in front of an error of a run; returns err. */
int sweep_plan_of_run(const struct sweep_plan *p, unsigned run, int err, struct error *e);

#endif
