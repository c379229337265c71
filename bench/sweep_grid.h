/*
 * sweep_grid.h: what `gvr sweep` sweeps over: axes of values, and the runs that
 * are their product, the first axis varying slowest.
 */
#ifndef GVR_SWEEP_GRID_H
#define GVR_SWEEP_GRID_H

#include <stddef.h>

#include "workloads/error.h"

#define SWEEP_AXES_MAX 16u
#define SWEEP_RUNS_MAX 10000u

struct sweep_axis {
	char *key; /* as --set takes it, without "engine.": "workload.rate_iops" */
	unsigned count;
	char **values; /* no two the same */
};

/* Starts as {0}. */
struct sweep_grid {
	unsigned axis_count;
	unsigned run_count; /* the product; 0: no axis */
	struct sweep_axis axes[SWEEP_AXES_MAX];
};

/*
 * Adds the axis of an --over, SECTION.KEY=VALUES. VALUES: "1,6,24"; or
 * "500:8000:x2", each twice the one before as far as 8000; or "10:50:+10". Ends
 * of a range may have a unit, the same for both and for what is added:
 * "1s:8s:x2", "4KiB:12KiB:+4KiB". Whether a key takes them is not looked at.
 * -EINVAL with e ("--over ...: what is wrong"), -ENOMEM; g is then as before.
 */
int sweep_grid_add(struct sweep_grid *g, const char *over, struct error *e);

/* Adds an axis of these values as they are. Errors as before, without "--over". */
int sweep_grid_add_axis(struct sweep_grid *g, const char *key, const char *const *values,
			size_t count, struct error *e);

void sweep_grid_free(struct sweep_grid *g);

/* Of a run (from 0) on an axis. */
const char *sweep_grid_value(const struct sweep_grid *g, unsigned run, unsigned axis);

/* The key of a --set where it is swept over; NULL: it is not. */
const char *sweep_grid_swept(const struct sweep_grid *g, const char *set);

/* The key without its section, where that is enough to tell it from the others. */
const char *sweep_grid_name(const struct sweep_grid *g, unsigned axis);

/* The settings of a run as words: "rate_iops=2000 iodepth=6". */
void sweep_grid_describe(const struct sweep_grid *g, unsigned run, char *out, size_t capacity);

#endif
