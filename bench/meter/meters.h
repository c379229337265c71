/*
 * meters.h: every meter of this machine, opened, tried under a load, and read
 * while a run goes on. A meter is believed only if each domain it counts
 * advances under the load, and a window only if it holds METERS_UPDATES_MIN
 * of its updates.
 *
 * One thread uses a struct meters: it polls while the workers work.
 */
#ifndef GVR_METER_METERS_H
#define GVR_METER_METERS_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/meter/meter.h"
#include "bench/meter/series.h"
#include "workloads/error.h"

#define METERS_COUNT 6u
#define METERS_UPDATES_MIN 100u
#define METERS_WHY_NBYTES 320u

struct metered_domain {
	struct series series;
	uint64_t update_ns;	     /* between updates under the load; 0: fewer than two seen */
	double load_watts;	     /* NAN: not known */
	char why[METERS_WHY_NBYTES]; /* not "": cannot be believed, and what to do */
};

struct metered {
	const struct meter_ops *ops;
	struct meter *meter;	     /* NULL: did not open */
	char why[METERS_WHY_NBYTES]; /* not "": why it did not */
	int err;		     /* of opening it; 0: it did; -ENOENT: the machine has none */
	unsigned count;
	const struct meter_domain *domains;
	struct metered_domain *metered; /* count of them */
};

struct meters_span {
	uint64_t begin_ns, end_ns;
};

struct meters {
	const struct progress *progress;   /* of what takes seconds; lets the user stop */
	struct metered list[METERS_COUNT]; /* in the order in which they are believed */
	struct meters_span idle[2];	   /* before and after the run; end_ns 0: not measured */
};

/* Where this process's meters look: $GVR_SYSFS and $GVR_NVML instead of /sys
 * and libnvidia-ml.so.1; wall as --wall-meter gives it, or NULL. */
struct meter_env meters_env(const char *wall);

/* Opens all there are. Fails only if memory runs out or a wall meter that was
 * asked for cannot be used (-ENOENT: no such file). meters_close in every case. */
int meters_open(struct meters *m, const struct meter_env *env, const struct progress *progress,
		struct error *e);
void meters_close(struct meters *m);

/* True if any domain is readable: without, the following have nothing to do. */
bool meters_any(const struct meters *m);

/* Keeps all CPUs busy for one second and sees which domains advance and how
 * often; a wall meter that speaks seldom gets up to three. 0 or -errno;
 * -ECANCELED: the user stopped it. */
int meters_calibrate(struct meters *m, struct error *e);

/* Reads every domain now. Call it at least every 100 ms and at both ends of
 * what is to be known. */
void meters_poll(struct meters *m);

/* Waits until what the believed meter said covers that time: one that speaks by
 * itself does so later. */
void meters_wait(struct meters *m, uint64_t time_ns);

/* Polls while nothing runs, for as long as the believed meter needs for
 * METERS_UPDATES_MIN updates: 1 to 10 s; not at all if there is nothing to read.
 * which: 0 before, 1 after the run. Before: a meter that says no more under the
 * load than at rest is not believed from then on. */
void meters_idle(struct meters *m, unsigned which);
/* How long that takes, ns. */
uint64_t meters_idle_ns(const struct meters *m);

/* "" if the meter can be believed; else the reason. */
const char *metered_why(const struct metered *m);

/* The first meter that can be believed and covers an engine's processors; NULL:
 * none. */
const struct metered *meters_chosen(const struct meters *m);

/* The energy of its counted domains within span. False: not covered. */
bool metered_energy_uj(const struct metered *m, struct meters_span span, double *energy_uj);

/* How many updates of its slowest counted domain the span holds; 0 also if it
 * stood still for more than half of it. */
uint64_t metered_updates(const struct metered *m, struct meters_span span);

/* Between updates of its slowest counted domain under the load; 0: not known. */
uint64_t metered_update_ns(const struct metered *m);

/* The mean power of the idle spans [0] before and [1] after; NAN: not known. */
void metered_idle_watts(const struct meters *meters, const struct metered *m, double watts[2]);

#endif
