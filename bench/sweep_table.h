/* sweep_table.h: what the runs of a sweep came to, in a line each. */
#ifndef GVR_SWEEP_TABLE_H
#define GVR_SWEEP_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/sweep.h"

/* What a run that is done came to, from its result.json. */
struct sweep_outcome {
	bool valid;
	bool bytes_differ;
	char *why_invalid; /* the first reason */
	char *breakeven;   /* "3.4 years (0.88 to 11)", "always regenerate"; "-": not known */
	unsigned engine_count;
	struct {
		char *label;
		double p99_ns; /* of the response; NAN: none */
	} engines[WORKLOAD_ENGINES_MAX];
};

/* Errors as of result_read. sweep_outcome_free in every case. */
int sweep_outcome_read(struct sweep_outcome *out, const struct sweep *s, unsigned run,
		       struct error *e);
void sweep_outcome_free(struct sweep_outcome *o);

/* "run-0003 rate_iops=2000 iodepth=6: VALID, break-even 3.4 years (0.88 to 11), retrieve p99 ..."
 */
void sweep_outcome_print(FILE *f, const struct sweep *s, unsigned run,
			 const struct sweep_outcome *o);

/*
 * A row of each run: all are done. At most 80 columns where the settings leave
 * room; below it, which runs are INVALID and why. *bytes_differ: in some run.
 * Errors as of result_read, and -ENOMEM.
 */
int sweep_table_print(FILE *f, const struct sweep *s, bool *bytes_differ, struct error *e);

#endif
