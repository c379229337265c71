#include "bench/energy.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/allowed.h"
#include "bench/student.h"

#define GB 1e9
#define TB 1e12
#define PAGE_NBYTES 4096.0

/* ---- the model ---- */

static struct figure constant(const struct constants *platform, enum platform_constant which)
{
	return platform->values[which].value;
}

struct figure energy_model_cpu(const struct constants *platform, double cpu_s)
{
	return figure_times(constant(platform, PLATFORM_CORE_ACTIVE_WATTS), cpu_s);
}

static struct figure energy_model_device(const struct constants *platform, struct energy_device d)
{
	struct figure reads =
		figure_times(constant(platform, PLATFORM_SSD_READ_MICROJOULES), d.reads / 1e6);
	struct figure bytes = figure_times(
		constant(platform, PLATFORM_SSD_READ_NANOJOULES_PER_BYTE), d.bytes / 1e9);
	struct figure sum = figure_plus(reads, bytes);

	if (d.assumed)
		sum.low = 0;
	return sum;
}

/* What a request read: the device's own count or, where that is not known, at
 * most one read of the pages that a value lies in. */
static struct energy_device device_of(const struct engine_run *er)
{
	double n = (double)er->total->completed;

	if (er->stats.store_dir[0] == '\0')
		return (struct energy_device){0, 0, false, "no store: nothing is read"};
	if (er->cache.in_memory)
		return (struct energy_device){0, 0, false, "the store lies in memory (tmpfs)"};
	if (run_device_figures(er))
		return (struct energy_device){(double)er->device.reads / n,
					      (double)er->device.read_bytes / n, false,
					      "counters of the block device"};
	double part = er->stats.content_bytes > 0
			      ? (double)er->stats.payload_bytes / (double)er->stats.content_bytes
			      : 1;
	double value = part * (double)er->total->content_bytes / n;
	return (struct energy_device){1, ceil(value / PAGE_NBYTES) * PAGE_NBYTES, true,
				      "assumed: at most one read of the value's pages, as the "
				      "device's counters do not tell"};
}

static void model(const struct engine_run *er, const struct constants *platform,
		  struct energy_modelled *m)
{
	const struct engine_stats *s = &er->stats;

	memset(m, 0, sizeof *m);
	m->resident_watts = figure_times(constant(platform, PLATFORM_DRAM_WATTS_PER_GB),
					 (double)s->resident_bytes / GB);
	m->at_rest_watts = figure_times(constant(platform, PLATFORM_SSD_WATTS_PER_TB),
					(double)(s->at_rest_bytes + s->shared_at_rest_bytes) / TB);
	if (er->total->completed == 0)
		m->why = "no request was completed";
	else if (s->cpu_elsewhere)
		m->why = "its CPU time is not known: a thread of the kernel submits "
			 "(sqthread_poll)";
	if (m->why != NULL)
		return;
	double cpu_s = (double)er->total->cpu_ns / 1e9 / (double)er->total->completed;
	m->device = device_of(er);
	m->cpu_joules = energy_model_cpu(platform, cpu_s);
	m->device_joules = energy_model_device(platform, m->device);
	m->joules = figure_plus(m->cpu_joules, m->device_joules);
}

/* ---- what a meter says ---- */

static double span_s(struct meters_span span)
{
	return (double)(span.end_ns - span.begin_ns) / 1e9;
}

static double window_s(const struct engine_run *er)
{
	double sum = 0;

	for (unsigned i = 0; i < er->rounds_done; i++)
		sum += span_s(er->rounds[i].span);
	return sum;
}

/* "" or why the meter that the run could believe tells nothing of this engine. */
static void judge(const struct metered *meter, const struct engine_run *er, char *why, size_t room)
{
	double uj;

	why[0] = '\0';
	if (er->rounds_done == 0 || er->total->completed == 0)
		snprintf(why, room, "no request was completed");
	for (unsigned i = 0; i < er->rounds_done && why[0] == '\0'; i++) {
		struct meters_span span = er->rounds[i].span;
		uint64_t updates = metered_updates(meter, span);
		if (!metered_energy_uj(meter, span, &uj))
			snprintf(why, room, "%s did not tell of all of the time", meter->ops->name);
		else if (updates == 0)
			snprintf(why, room, "%s stood still in a round", meter->ops->name);
		else if (updates < METERS_UPDATES_MIN)
			snprintf(why, room,
				 "%s: %llu updates in a round of %.3g s are too few, %u are "
				 "needed: set runtime = %.0fs",
				 meter->ops->name, (unsigned long long)updates, span_s(span),
				 METERS_UPDATES_MIN,
				 ceil(1.1 * METERS_UPDATES_MIN / (double)updates * window_s(er)));
	}
}

/* Of the CPU time in an engine's slices, the part that was its own: the rest
 * is verification and waiting for deadlines, which the meter sees as well. */
static double own_part(const struct recorder *r)
{
	double all = (double)(r->cpu_ns + r->verify_ns + r->spin_ns);
	return all > 0 ? (double)r->cpu_ns / all : 1;
}

static double energy_of_round(const struct metered *meter, const struct engine_run *er, unsigned i)
{
	double uj = 0;

	metered_energy_uj(meter, er->rounds[i].span, &uj);
	return uj / 1e6;
}

/* Half the 95 % interval of the mean power of a round, W; rounds differ. */
static double power_spread(const struct metered *meter, const struct engine_run *er)
{
	double sum = 0, squares = 0, n = er->rounds_done;

	if (er->rounds_done < 2)
		return 0;
	for (unsigned i = 0; i < er->rounds_done; i++) {
		double watts = energy_of_round(meter, er, i) / span_s(er->rounds[i].span);
		sum += watts;
		squares += watts * watts;
	}
	double variance = (squares - sum * sum / n) / (n - 1);
	return student_t(0.95, er->rounds_done - 1) * sqrt(variance > 0 ? variance / n : 0);
}

static double at_least_zero(double x)
{
	return x > 0 ? x : 0;
}

static bool lacks_device(const struct metered *meter)
{
	return meter->ops->scope == METER_PROCESSOR;
}

/* What a request takes that the meter does not cover. */
static struct figure beside_meter(const struct energy *en)
{
	return lacks_device(en->meter) ? en->modelled.device_joules : (struct figure){0, 0, 0};
}

void energy_measured_how(const struct energy *en, char *text, size_t capacity)
{
	snprintf(text, capacity, "by %s: %s%s", en->meter->ops->name, en->meter->ops->covers,
		 lacks_device(en->meter) ? "; the device's reads are modelled and added" : "");
}

static void measure(const struct run *run, const struct metered *meter, const struct engine_run *er,
		    struct energy *en)
{
	double idle[2], n = (double)er->total->completed, part = own_part(er->total);

	metered_idle_watts(run->meters, meter, idle);
	if (isnan(idle[0]) || isnan(idle[1])) {
		snprintf(en->why, sizeof en->why, "the machine at rest was not measured");
		return;
	}
	en->meter = meter;
	for (unsigned i = 0; i < er->rounds_done; i++)
		en->total_joules += energy_of_round(meter, er, i);
	double spread = power_spread(meter, er);
	double power = en->total_joules / en->window_s;
	en->idle_watts = (struct figure){fmin(idle[0], idle[1]), (idle[0] + idle[1]) / 2,
					 fmax(idle[0], idle[1])};
	if (power <= en->idle_watts.nominal) {
		snprintf(en->why, sizeof en->why,
			 "%s: %.3g W while it ran is no more than the %.3g W of the machine at "
			 "rest: give it more to do",
			 meter->ops->name, power, en->idle_watts.nominal);
		return;
	}
	en->kind = ENERGY_KIND_MEASURED;
	double s_per_request = en->window_s / n;
	/* the high end leaves all that gvr itself did to the engine */
	en->metered_joules = (struct figure){
		at_least_zero(power - spread - en->idle_watts.high) * part * s_per_request,
		(power - en->idle_watts.nominal) * part * s_per_request,
		(power + spread - en->idle_watts.low) * s_per_request,
	};
	en->joules_per_request = figure_plus(en->metered_joules, beside_meter(en));
}

/* Why no meter of the machine can be believed: of the one that comes nearest. */
static void why_none(const struct meters *m, char *why, size_t room)
{
	snprintf(why, room, "this machine has no meter that gvr can read (gvr probe tells more)");
	for (unsigned i = 0; i < METERS_COUNT; i++) {
		const struct metered *one = &m->list[i];
		if (one->ops->scope == METER_OTHER || one->err == -ENOENT)
			continue;
		snprintf(why, room, "%s: %.300s", one->ops->name, metered_why(one));
		return;
	}
}

/* ---- both ---- */

static struct figure modelled_idle(const struct constants *platform)
{
	return figure_times(constant(platform, PLATFORM_CORE_IDLE_WATTS),
			    allowed_cores_of_machine());
}

static void energy_of(const struct run *run, const struct engine_run *er,
		      const struct constants *platform, struct energy *en)
{
	memset(en, 0, sizeof *en);
	en->window_s = window_s(er);
	model(er, platform, &en->modelled);
	if (run->meters != NULL) {
		const struct metered *meter = meters_chosen(run->meters);
		if (meter == NULL)
			why_none(run->meters, en->why, sizeof en->why);
		else
			judge(meter, er, en->why, sizeof en->why);
		if (en->why[0] == '\0')
			measure(run, meter, er, en);
	}
	if (en->kind == ENERGY_KIND_MEASURED)
		return;
	if (en->meter == NULL)
		en->idle_watts = modelled_idle(platform);
	if (en->modelled.why != NULL)
		return;
	en->kind = ENERGY_KIND_MODELLED;
	en->joules_per_request = en->modelled.joules;
}

/* ---- the whole run ---- */

/* Measured if every engine is; else the model speaks for all of them. */
static enum energy_kind kind_of_all(const struct run *run, const struct energies *all)
{
	bool metered = run->engine_count > 0, known = metered;

	for (unsigned k = 0; k < run->engine_count; k++) {
		metered = metered && all->of[k].kind == ENERGY_KIND_MEASURED;
		known = known && all->of[k].kind != ENERGY_KIND_UNAVAILABLE;
	}
	return metered ? ENERGY_KIND_MEASURED
	       : known ? ENERGY_KIND_MODELLED
		       : ENERGY_KIND_UNAVAILABLE;
}

/* Above idle, by the CPU time of the whole process. */
static struct figure modelled_process(const struct run *run, const struct energy *energies,
				      const struct constants *platform, double process_cpu_s)
{
	struct figure joules = energy_model_cpu(platform, process_cpu_s);

	for (unsigned k = 0; k < run->engine_count; k++)
		joules =
			figure_plus(joules, figure_times(energies[k].modelled.device_joules,
							 (double)run->engines[k].total->completed));
	return joules;
}

static void add_engine(struct energy_whole *w, const struct engine_run *er, const struct energy *en)
{
	w->window_s += en->window_s;
	for (unsigned i = 0; i < er->rounds_done; i++)
		w->process_cpu_s += er->rounds[i].process_cpu_s;
	w->engines_joules =
		figure_plus(w->engines_joules,
			    figure_times(w->kind == ENERGY_KIND_MEASURED ? en->metered_joules
									 : en->modelled.joules,
					 (double)er->total->completed));
}

static void sum_up(const struct run *run, struct energies *all)
{
	struct energy_whole *w = &all->whole;
	double measured = 0;

	w->kind = kind_of_all(run, all);
	if (w->kind == ENERGY_KIND_UNAVAILABLE)
		return;
	for (unsigned k = 0; k < run->engine_count; k++) {
		add_engine(w, &run->engines[k], &all->of[k]);
		measured += all->of[k].total_joules;
	}
	w->idle_joules =
		figure_times(w->kind == ENERGY_KIND_MEASURED ? all->of[0].idle_watts
							     : modelled_idle(all->platform),
			     w->window_s);
	w->joules = (struct figure){measured, measured, measured};
	if (w->kind == ENERGY_KIND_MODELLED)
		w->joules =
			figure_plus(w->idle_joules, modelled_process(run, all->of, all->platform,
								     w->process_cpu_s));
	w->harness_joules = w->joules.nominal - w->idle_joules.nominal - w->engines_joules.nominal;
}

/* ---- rounds ---- */

/* Nominal: what differs between rounds is what the run did. */
static double joules_of_round(const struct energies *all, const struct engine_run *er,
			      const struct energy *en, unsigned i)
{
	const struct round_figures *f = &er->rounds[i];

	if (f->completed == 0 || en->kind == ENERGY_KIND_UNAVAILABLE)
		return NAN;
	if (en->kind == ENERGY_KIND_MODELLED)
		return energy_model_cpu(all->platform, f->cpu_us_per_request / 1e6).nominal +
		       en->modelled.device_joules.nominal;
	double active =
		energy_of_round(en->meter, er, i) - en->idle_watts.nominal * span_s(f->span);
	if (active <= 0)
		return NAN;
	return active * own_part(er->total) / (double)f->completed + beside_meter(en).nominal;
}

void energies_of(struct run *run, const struct constants *platform, struct energies *all)
{
	memset(all, 0, sizeof *all);
	all->platform = platform;
	for (unsigned k = 0; k < run->engine_count; k++) {
		struct engine_run *er = &run->engines[k];
		energy_of(run, er, platform, &all->of[k]);
		for (unsigned i = 0; i < er->rounds_done; i++)
			er->rounds[i].joules_per_request = joules_of_round(all, er, &all->of[k], i);
	}
	sum_up(run, all);
}
