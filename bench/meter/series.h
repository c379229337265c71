/*
 * series.h: the energy of one domain over time, from what its meter said now
 * and then. Wraps are undone, power is integrated; what a span of time took is
 * asked for afterwards.
 */
#ifndef GVR_METER_SERIES_H
#define GVR_METER_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/meter/meter.h"

struct series_point {
	uint64_t time_ns;
	double energy_uj; /* since the first point */
	uint64_t updates; /* how often the value was updated until then, as far as seen */
};

struct series {
	enum meter_unit unit;
	uint64_t wrap_uj; /* as in struct meter_domain */
	bool each_counts; /* each reading is an update, also of the same value */
	size_t count, capacity;
	struct series_point *points; /* ascending in time */
	uint64_t last_value;	     /* as read */
	double peak_uw;		     /* the greatest mean power over at least 10 ms */
};

/* What a counter counted between two readings. wrap_uj: its greatest value; 0:
 * it does not wrap. One wrap at most. */
uint64_t series_delta_uj(uint64_t before, uint64_t after, uint64_t wrap_uj);

void series_init(struct series *s, const struct meter_domain *domain, bool each_counts);
void series_free(struct series *s);

/* Adds a reading. One that is not later than the last, or hardly so where each
 * counts: ignored. 0, -ENOMEM, -ERANGE: the counter fell, -ETIME: so long after
 * the last one that the counter may have wrapped unseen, at twice its peak power
 * so far, or that power may have been anything. */
int series_add(struct series *s, const struct meter_reading *reading);

/* The energy from begin to end, linear between readings. False: readings do
 * not cover it. */
bool series_energy_uj(const struct series *s, uint64_t begin_ns, uint64_t end_ns,
		      double *energy_uj);

/* How many updates were seen between begin and end, of how many readings. */
uint64_t series_updates(const struct series *s, uint64_t begin_ns, uint64_t end_ns,
			uint64_t *readings);

#endif
