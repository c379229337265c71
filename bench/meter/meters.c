#include "bench/meter/meters.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/allowed.h"
#include "bench/clock.h"
#include "bench/meter/busy.h"

#define CALIBRATE_NS UINT64_C(1000000000)
/* A wall meter that prints once a second has two lines by then. */
#define CALIBRATE_SLOW_NS UINT64_C(3000000000)
#define CALIBRATE_POLL_NS 500000
#define SEES_LOAD 1.005	   /* busy over idle power, at least */
#define READINGS_MAX 4096u /* at once: a wall meter may flood */
#define IDLE_POLL_NS 20000000
#define AT_REST "the machine at rest"
#define LATE_NS UINT64_C(5000000000)
#define IDLE_MIN_NS UINT64_C(1000000000)
#define IDLE_MAX_NS UINT64_C(10000000000)

/* The whole machine before its processors; counters before a battery's gauge. */
static const struct meter_ops *const registry[METERS_COUNT] = {
	&meter_wall,	&meter_rapl_powercap, &meter_rapl_perf,
	&meter_battery, &meter_nvml,	      &meter_hwmon,
};

struct meter_env meters_env(const char *wall)
{
	const char *sysfs = getenv("GVR_SYSFS"), *nvml = getenv("GVR_NVML");

	return (struct meter_env){
		.sysfs = sysfs != NULL ? sysfs : "/sys",
		.nvml = nvml != NULL ? nvml : "libnvidia-ml.so.1",
		.wall = wall,
	};
}

/* ---- opening ---- */

static void distrust(char why[METERS_WHY_NBYTES], const char *reason)
{
	if (why[0] == '\0')
		snprintf(why, METERS_WHY_NBYTES, "%.*s", (int)METERS_WHY_NBYTES - 1, reason);
}

static int prepare_domains(struct metered *m)
{
	m->domains = m->ops->domains(m->meter, &m->count);
	m->metered = calloc(m->count, sizeof *m->metered);
	if (m->metered == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < m->count; i++) {
		series_init(&m->metered[i].series, &m->domains[i], m->ops->queues);
		m->metered[i].load_watts = NAN;
		distrust(m->metered[i].why, m->domains[i].unusable);
	}
	return 0;
}

static int open_one(struct metered *m, const struct meter_ops *ops, const struct meter_env *env)
{
	struct error why;

	m->ops = ops;
	m->err = ops->open(&m->meter, env, &why);
	if (m->err == -ENOMEM)
		return m->err;
	if (m->err != 0) {
		m->meter = NULL;
		distrust(m->why, why.text);
		return 0;
	}
	return prepare_domains(m);
}

/* One that was asked for must not be missing without a word. */
static int require_wall(const struct metered *m, const struct meter_env *env, struct error *e)
{
	const char *why = metered_why(m);

	if (env->wall == NULL || why[0] == '\0')
		return 0;
	if (m->err != 0) /* the line names it */
		return error_set(e, m->err == -ENXIO ? -ENOENT : m->err, "%s", why);
	return error_set(e, -EIO, "--wall-meter %.300s: %s", env->wall, why);
}

int meters_open(struct meters *m, const struct meter_env *env, const struct progress *progress,
		struct error *e)
{
	memset(m, 0, sizeof *m);
	m->progress = progress;
	for (unsigned i = 0; i < METERS_COUNT; i++)
		if (open_one(&m->list[i], registry[i], env) != 0)
			return error_set(e, -ENOMEM, "out of memory");
	for (unsigned i = 0; i < METERS_COUNT; i++)
		if (m->list[i].ops == &meter_wall)
			return require_wall(&m->list[i], env, e);
	return 0;
}

void meters_close(struct meters *m)
{
	for (unsigned i = 0; i < METERS_COUNT; i++) {
		struct metered *one = &m->list[i];
		for (unsigned k = 0; k < one->count && one->metered != NULL; k++)
			series_free(&one->metered[k].series);
		free(one->metered);
		if (one->meter != NULL)
			one->ops->close(one->meter);
		*one = (struct metered){0};
	}
}

bool meters_any(const struct meters *m)
{
	for (unsigned i = 0; i < METERS_COUNT; i++)
		for (unsigned k = 0; k < m->list[i].count; k++)
			if (m->list[i].metered[k].why[0] == '\0')
				return true;
	return false;
}

/* ---- reading ---- */

static void take(struct metered_domain *d, const struct meter_reading *reading)
{
	char why[METERS_WHY_NBYTES];

	switch (series_add(&d->series, reading)) {
	case 0:
		return;
	case -ERANGE:
		distrust(d->why, "its counter fell");
		return;
	case -ETIME:
		snprintf(
			why, sizeof why,
			"not read for %.1f s (gvr was stopped?): what it counted is not known",
			(double)(reading->time_ns - d->series.points[d->series.count - 1].time_ns) /
				1e9);
		distrust(d->why, why);
		return;
	default:
		distrust(d->why, "out of memory");
	}
}

static void poll_domain(struct metered *m, unsigned domain)
{
	struct metered_domain *d = &m->metered[domain];
	struct meter_reading reading;
	struct error e;
	int err = 0;

	for (unsigned n = 0; n < READINGS_MAX && d->why[0] == '\0' && err == 0; n++) {
		err = m->ops->read(m->meter, domain, &reading, &e);
		if (err == 0)
			take(d, &reading);
		else if (err != -EAGAIN && err != -ENODATA)
			distrust(d->why, e.text);
		if (!m->ops->queues)
			return;
	}
}

void meters_poll(struct meters *m)
{
	for (unsigned i = 0; i < METERS_COUNT; i++)
		for (unsigned k = 0; k < m->list[i].count; k++)
			poll_domain(&m->list[i], k);
}

/* False: the user stopped it. */
static bool poll_for(struct meters *m, const char *what, uint64_t length_ns, long every_ns)
{
	const struct timespec pause = {0, every_ns};
	uint64_t begin_ns = clock_ns();

	for (uint64_t now_ns = begin_ns; now_ns < begin_ns + length_ns; now_ns = clock_ns()) {
		meters_poll(m);
		if (progress_step(m->progress, what, now_ns - begin_ns, length_ns) != 0)
			return false;
		nanosleep(&pause, NULL);
	}
	meters_poll(m);
	return true;
}

/* ---- the load ---- */

/* One that speaks by itself has said too little to be judged. */
static bool wants_more(const struct meters *m)
{
	for (unsigned i = 0; i < METERS_COUNT; i++)
		for (unsigned k = 0; m->list[i].ops->queues && k < m->list[i].count; k++)
			if (m->list[i].metered[k].why[0] == '\0' &&
			    m->list[i].metered[k].series.count < 3)
				return true;
	return false;
}

/* What the load showed: does it advance, how often, at which power? */
static void judge(struct metered_domain *d, double length_s)
{
	const struct series *s = &d->series;
	char why[METERS_WHY_NBYTES];

	if (d->why[0] != '\0')
		return;
	const struct series_point *last = s->count > 0 ? &s->points[s->count - 1] : NULL;
	if (s->count < 2 || last->energy_uj <= 0) {
		snprintf(why, sizeof why,
			 "stands still: %s in %.1f s with all processors busy is no measurement",
			 s->count < 2 ? "nothing" : "0 J", length_s);
		distrust(d->why, why);
		return;
	}
	double span_ns = (double)(last->time_ns - s->points[0].time_ns);
	d->load_watts = last->energy_uj * 1e3 / span_ns;
	if (last->updates > 1)
		d->update_ns = (uint64_t)(span_ns / (double)last->updates);
}

int meters_calibrate(struct meters *m, struct error *e)
{
	struct busy *load;
	uint64_t begin_ns = clock_ns();

	int err = busy_start(&load, allowed_cores(&allowed_here));
	if (err != 0)
		return error_thread(e, err, "the load that meters are tried with");
	bool on = poll_for(m, "trying meters", CALIBRATE_NS, CALIBRATE_POLL_NS);
	while (on && wants_more(m) && clock_ns() - begin_ns < CALIBRATE_SLOW_NS)
		on = poll_for(m, "trying meters", CALIBRATE_NS / 10, CALIBRATE_POLL_NS);
	busy_stop(load);
	if (!on)
		return error_set(e, -ECANCELED, "stopped");
	for (unsigned i = 0; i < METERS_COUNT; i++)
		for (unsigned k = 0; k < m->list[i].count; k++)
			judge(&m->list[i].metered[k], (double)(clock_ns() - begin_ns) / 1e9);
	return 0;
}

/* ---- idle ---- */

uint64_t metered_update_ns(const struct metered *m)
{
	uint64_t slowest_ns = 0;

	for (unsigned k = 0; k < m->count; k++)
		if (m->domains[k].counted && m->metered[k].update_ns > slowest_ns)
			slowest_ns = m->metered[k].update_ns;
	return slowest_ns;
}

uint64_t meters_idle_ns(const struct meters *m)
{
	const struct metered *chosen = meters_chosen(m);
	uint64_t length_ns = chosen != NULL ? metered_update_ns(chosen) * METERS_UPDATES_MIN : 0;

	if (length_ns < IDLE_MIN_NS)
		return IDLE_MIN_NS;
	return length_ns < IDLE_MAX_NS ? length_ns : IDLE_MAX_NS;
}

void meters_wait(struct meters *m, uint64_t time_ns)
{
	const struct metered *chosen = meters_chosen(m);
	const struct meters_span until = {time_ns, time_ns};
	double uj;

	meters_poll(m);
	while (chosen != NULL && metered_why(chosen)[0] == '\0' &&
	       !metered_energy_uj(chosen, until, &uj) && clock_ns() < time_ns + LATE_NS)
		if (!poll_for(m, AT_REST, IDLE_POLL_NS, IDLE_POLL_NS))
			return;
}

/* Its counted domains together; NAN: not known. */
static double watts_under_load(const struct metered *m)
{
	double watts = 0;

	for (unsigned k = 0; k < m->count; k++)
		watts += m->domains[k].counted ? m->metered[k].load_watts : 0;
	return watts;
}

/* A meter that shows a constant, or another machine, sees no load. */
static void believe_or_not(struct meters *m, struct metered *one)
{
	char why[METERS_WHY_NBYTES];
	double idle[2];

	if (one->meter == NULL || metered_why(one)[0] != '\0')
		return;
	metered_idle_watts(m, one, idle);
	double load = watts_under_load(one);
	if (isnan(idle[0]))
		snprintf(why, sizeof why, "it told nothing of the machine at rest");
	else if (!(load > SEES_LOAD * idle[0]))
		snprintf(why, sizeof why,
			 "it sees no load: %.3g W with all processors busy, %.3g W at rest", load,
			 idle[0]);
	else
		return;
	for (unsigned k = 0; k < one->count; k++)
		if (one->domains[k].counted)
			distrust(one->metered[k].why, why);
}

void meters_idle(struct meters *m, unsigned which)
{
	if (!meters_any(m))
		return;
	meters_poll(m);
	m->idle[which].begin_ns = clock_ns();
	if (!poll_for(m, AT_REST, meters_idle_ns(m), IDLE_POLL_NS))
		return;
	m->idle[which].end_ns = clock_ns();
	meters_wait(m, m->idle[which].end_ns);
	for (unsigned i = 0; which == 0 && i < METERS_COUNT; i++)
		believe_or_not(m, &m->list[i]);
}

void metered_idle_watts(const struct meters *meters, const struct metered *m, double watts[2])
{
	for (unsigned i = 0; i < 2; i++) {
		struct meters_span span = meters->idle[i];
		double uj;
		watts[i] = NAN;
		if (span.end_ns > 0 && metered_energy_uj(m, span, &uj) && uj > 0 &&
		    metered_updates(m, span) > 0)
			watts[i] = uj * 1e3 / (double)(span.end_ns - span.begin_ns);
	}
}

/* ---- judging ---- */

const char *metered_why(const struct metered *m)
{
	const char *other = "it counts no part of the machine that stands for the whole";
	unsigned counted = 0;

	if (m->meter == NULL)
		return m->why;
	for (unsigned k = 0; k < m->count; k++) {
		counted += m->domains[k].counted;
		if (m->domains[k].counted && m->metered[k].why[0] != '\0')
			return m->metered[k].why;
		if (!m->domains[k].counted && m->metered[k].why[0] != '\0')
			other = m->metered[k].why;
	}
	return counted > 0 ? "" : other;
}

const struct metered *meters_chosen(const struct meters *m)
{
	for (unsigned i = 0; i < METERS_COUNT; i++)
		if (m->list[i].ops != NULL && m->list[i].ops->scope != METER_OTHER &&
		    metered_why(&m->list[i])[0] == '\0')
			return &m->list[i];
	return NULL;
}

bool metered_energy_uj(const struct metered *m, struct meters_span span, double *energy_uj)
{
	double one;

	*energy_uj = 0;
	for (unsigned k = 0; k < m->count; k++) {
		if (!m->domains[k].counted)
			continue;
		if (!series_energy_uj(&m->metered[k].series, span.begin_ns, span.end_ns, &one))
			return false;
		*energy_uj += one;
	}
	return true;
}

/* Those seen, or as many as the load showed to come in such a time. A counter
 * whose readings were mostly the same, although it should have gone on between
 * them, stood still. */
static uint64_t updates_in(const struct metered_domain *d, struct meters_span span)
{
	uint64_t readings, likely = 0;
	uint64_t seen = series_updates(&d->series, span.begin_ns, span.end_ns, &readings);

	if (d->update_ns > 0)
		likely = (span.end_ns - span.begin_ns) / d->update_ns;
	uint64_t expected = readings < likely ? readings : likely;
	if (d->series.unit == METER_ENERGY_UJ && 2 * seen < expected)
		return 0;
	return seen > likely ? seen : likely;
}

uint64_t metered_updates(const struct metered *m, struct meters_span span)
{
	uint64_t least = UINT64_MAX;

	for (unsigned k = 0; k < m->count; k++) {
		uint64_t updates = updates_in(&m->metered[k], span);
		if (m->domains[k].counted && updates < least)
			least = updates;
	}
	return least;
}
