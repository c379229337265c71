#include "bench/meter/series.h"

#include <errno.h>
#include <stdlib.h>

#define PEAK_SPAN_NS UINT64_C(10000000)
/* No counter of one machine goes on faster: else it fell. */
#define FALL_WATTS 1e5
#define FALL_JOULES 1e3
/* A sensor of power says nothing of a time in which it was not read. */
#define GAP_MAX_S 2.0
/* Readings that come by themselves, closer than this: one is enough. */
#define CLOSE_NS UINT64_C(500000)

uint64_t series_delta_uj(uint64_t before, uint64_t after, uint64_t wrap_uj)
{
	if (after >= before || wrap_uj == 0)
		return after - before;
	return wrap_uj - before + after;
}

void series_init(struct series *s, const struct meter_domain *domain, bool each_counts)
{
	*s = (struct series){
		.unit = domain->unit, .wrap_uj = domain->wrap_uj, .each_counts = each_counts};
}

void series_free(struct series *s)
{
	free(s->points);
	s->points = NULL;
	s->count = s->capacity = 0;
}

static int append(struct series *s, uint64_t time_ns, double energy_uj, uint64_t updates)
{
	if (s->count == s->capacity) {
		size_t capacity = s->capacity == 0 ? 1024 : 2 * s->capacity;
		void *p = realloc(s->points, capacity * sizeof *s->points);
		if (p == NULL)
			return -ENOMEM;
		s->points = p;
		s->capacity = capacity;
	}
	s->points[s->count++] = (struct series_point){time_ns, energy_uj, updates};
	return 0;
}

/* What was used since the last point, uJ. */
static double energy_since(const struct series *s, const struct meter_reading *r, double elapsed_s)
{
	if (s->unit == METER_ENERGY_UJ)
		return (double)series_delta_uj(s->last_value, r->value, s->wrap_uj);
	return ((double)s->last_value + (double)r->value) / 2 * elapsed_s;
}

/* Of the last 10 ms or more: a counter's single steps tell no power. */
static void note_peak(struct series *s)
{
	const struct series_point *last = &s->points[s->count - 1];

	for (size_t i = s->count - 1; i-- > 0;) {
		uint64_t span_ns = last->time_ns - s->points[i].time_ns;
		if (span_ns < PEAK_SPAN_NS)
			continue;
		double uw = (last->energy_uj - s->points[i].energy_uj) * 1e9 / (double)span_ns;
		s->peak_uw = uw > s->peak_uw ? uw : s->peak_uw;
		return;
	}
}

static int refuse(const struct series *s, const struct meter_reading *r, double elapsed_s)
{
	if (s->unit == METER_POWER_UW)
		return !s->each_counts && elapsed_s > GAP_MAX_S ? -ETIME : 0;
	if (s->wrap_uj == 0)
		return r->value < s->last_value ? -ERANGE : 0;
	if (elapsed_s * s->peak_uw > (double)s->wrap_uj / 2)
		return -ETIME;
	double joules = (double)series_delta_uj(s->last_value, r->value, s->wrap_uj) / 1e6;
	return joules > FALL_JOULES + FALL_WATTS * elapsed_s ? -ERANGE : 0;
}

int series_add(struct series *s, const struct meter_reading *r)
{
	if (s->count == 0) {
		s->last_value = r->value;
		return append(s, r->time_ns, 0, 0);
	}
	const struct series_point last = s->points[s->count - 1];
	if (r->time_ns <= last.time_ns || (s->each_counts && r->time_ns - last.time_ns < CLOSE_NS))
		return 0;
	double elapsed_s = (double)(r->time_ns - last.time_ns) / 1e9;
	int err = refuse(s, r, elapsed_s);
	if (err != 0)
		return err;
	err = append(s, r->time_ns, last.energy_uj + energy_since(s, r, elapsed_s),
		     last.updates + (s->each_counts || r->value != s->last_value));
	if (err != 0)
		return err;
	s->last_value = r->value;
	note_peak(s);
	return 0;
}

/* The point at or before time_ns; the series covers it. */
static size_t point_before(const struct series *s, uint64_t time_ns)
{
	size_t low = 0, high = s->count - 1;

	while (low < high) {
		size_t mid = (low + high + 1) / 2;
		if (s->points[mid].time_ns <= time_ns)
			low = mid;
		else
			high = mid - 1;
	}
	return low;
}

static bool covers(const struct series *s, uint64_t time_ns)
{
	return s->count > 0 && s->points[0].time_ns <= time_ns &&
	       time_ns <= s->points[s->count - 1].time_ns;
}

static double energy_at(const struct series *s, uint64_t time_ns)
{
	size_t i = point_before(s, time_ns);
	const struct series_point *a = &s->points[i], *b = a + 1;

	if (i + 1 == s->count || a->time_ns == time_ns)
		return a->energy_uj;
	double part = (double)(time_ns - a->time_ns) / (double)(b->time_ns - a->time_ns);
	return a->energy_uj + part * (b->energy_uj - a->energy_uj);
}

bool series_energy_uj(const struct series *s, uint64_t begin_ns, uint64_t end_ns, double *energy_uj)
{
	if (begin_ns > end_ns || !covers(s, begin_ns) || !covers(s, end_ns))
		return false;
	*energy_uj = energy_at(s, end_ns) - energy_at(s, begin_ns);
	return true;
}

uint64_t series_updates(const struct series *s, uint64_t begin_ns, uint64_t end_ns,
			uint64_t *readings)
{
	*readings = 0;
	if (begin_ns > end_ns || !covers(s, begin_ns) || !covers(s, end_ns))
		return 0;
	size_t first = point_before(s, begin_ns), last = point_before(s, end_ns);
	*readings = last - first;
	return s->points[last].updates - s->points[first].updates;
}
