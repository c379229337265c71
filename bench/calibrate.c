#include "bench/calibrate.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/allowed.h"
#include "bench/builtin.h"
#include "bench/clock.h"
#include "bench/meter/busy.h"
#include "bench/progress.h"
#include "workloads/file.h"

#define REPEATS 3u
#define LEVEL_MIN_NS UINT64_C(2000000000)
#define SETTLE_NS UINT64_C(200000000)
#define POLL_NS 20000000
#define ERROR_MAX 0.5 /* a line that is off by more fits nothing */

/* ---- the fit ---- */

static void ends_of(const struct calibrate_level *levels, unsigned count, struct calibrate_fit *fit)
{
	struct figure *a = &fit->active_watts;

	a->low = a->high = a->nominal;
	for (unsigned i = 0; i < count; i++) {
		double model = fit->idle_watts + levels[i].busy * a->nominal;
		double error = fabs(model - levels[i].watts) / levels[i].watts;
		fit->error = error > fit->error ? error : fit->error;
		if (levels[i].busy < 0.5)
			continue;
		double one = (levels[i].watts - fit->idle_watts) / levels[i].busy;
		a->low = one < a->low ? one : a->low;
		a->high = one > a->high ? one : a->high;
	}
	a->low = a->low > 0 ? a->low : 0;
}

bool calibrate_line(const struct calibrate_level *levels, unsigned count, struct calibrate_fit *fit)
{
	double n = count, sx = 0, sy = 0, sxx = 0, sxy = 0;

	memset(fit, 0, sizeof *fit);
	for (unsigned i = 0; i < count; i++) {
		if (!(levels[i].watts > 0))
			return false;
		sx += levels[i].busy;
		sy += levels[i].watts;
		sxx += levels[i].busy * levels[i].busy;
		sxy += levels[i].busy * levels[i].watts;
	}
	double spread = n * sxx - sx * sx;
	if (count < 2 || spread < 1e-6)
		return false;
	fit->active_watts.nominal = (n * sxy - sx * sy) / spread;
	fit->idle_watts = (sy - fit->active_watts.nominal * sx) / n;
	if (fit->active_watts.nominal <= 0 || fit->idle_watts < 0)
		return false;
	ends_of(levels, count, fit);
	return true;
}

/* ---- measuring ---- */

static uint64_t level_ns(const struct meters *meters)
{
	uint64_t ns = meters_idle_ns(meters);

	return ns > LEVEL_MIN_NS ? ns : LEVEL_MIN_NS;
}

static void poll_for(struct meters *meters, uint64_t length_ns)
{
	const struct timespec pause = {0, POLL_NS};

	for (uint64_t end_ns = clock_ns() + length_ns; clock_ns() < end_ns;) {
		nanosleep(&pause, NULL);
		meters_poll(meters);
	}
}

/* The mean power with so many processors busy, once their clocks have settled. */
static int measure_level(struct meters *meters, const struct metered *meter, unsigned threads,
			 struct calibrate_level *level, struct error *e)
{
	struct busy *load = NULL;
	struct meters_span span;
	double uj, cpu_s = 0;
	uint64_t begin_ns = clock_ns();

	int err = threads > 0 ? busy_start(&load, threads) : 0;
	if (err != 0)
		return error_thread(e, err, "a load");
	poll_for(meters, SETTLE_NS);
	span.begin_ns = clock_ns();
	poll_for(meters, level_ns(meters));
	span.end_ns = clock_ns();
	meters_poll(meters);
	if (load != NULL)
		cpu_s = busy_stop(load);
	/* what they really got: less than one each on a machine that is shared */
	level->busy = cpu_s * 1e9 / (double)(clock_ns() - begin_ns);
	meters_wait(meters, span.end_ns);
	const char *why = metered_why(meter);
	if (!metered_energy_uj(meter, span, &uj))
		return error_set(e, -ENODEV, "%s: %.300s", meter->ops->name,
				 why[0] != '\0' ? why : "it did not tell of all of the time");
	level->watts = uj * 1e3 / (double)(span.end_ns - span.begin_ns);
	return 0;
}

/* None, all, and what lies between, each once. */
static unsigned choose_loads(unsigned cpus, unsigned loads[CALIBRATE_LEVELS_MAX])
{
	unsigned count = 0;

	for (unsigned quarter = 0; quarter <= 4; quarter++) {
		unsigned threads = cpus * quarter / 4;
		if (count == 0 || threads != loads[count - 1])
			loads[count++] = threads;
	}
	return count;
}

static int measure_levels(struct meters *meters, const struct metered *meter,
			  struct calibrate_level *levels, unsigned *count, struct error *e)
{
	unsigned loads[CALIBRATE_LEVELS_MAX],
		load_count = choose_loads(allowed_cores(&allowed_here), loads);

	*count = 0;
	for (unsigned repeat = 0; repeat < REPEATS; repeat++)
		for (unsigned i = 0; i < load_count; i++) {
			if (progress_step(progress_terminal(), "calibrating", *count,
					  REPEATS * load_count) != 0)
				return error_set(e, -ECANCELED, "stopped; nothing was written");
			int err = measure_level(meters, meter, loads[i], &levels[*count], e);
			if (err != 0)
				return err;
			(*count)++;
		}
	progress_clear();
	return 0;
}

/* ---- the file ---- */

static void write_constant(FILE *f, const char *name, struct figure v, const char *source)
{
	fprintf(f, "\n[%s]\nlow = %.4g\nnominal = %.4g\nhigh = %.4g\nsource = %s\n", name, v.low,
		v.nominal, v.high, source);
}

/* For each core of the machine, also of those that gvr may not use. */
static struct figure idle_watts_of_core(const struct calibrate_fit *fit)
{
	double watts = fit->idle_watts / allowed_cores_of_machine();
	return (struct figure){watts * (1 - fit->error), watts, watts * (1 + fit->error)};
}

/* Would a platform file take it? */
static bool is_a_machine(const struct calibrate_fit *fit)
{
	const struct constant_kind *active = &platform_table.kinds[PLATFORM_CORE_ACTIVE_WATTS];
	const struct constant_kind *idle = &platform_table.kinds[PLATFORM_CORE_IDLE_WATTS];

	return fit->error <= ERROR_MAX && fit->active_watts.low >= active->least &&
	       fit->active_watts.high <= active->greatest &&
	       idle_watts_of_core(fit).low >= idle->least &&
	       idle_watts_of_core(fit).high <= idle->greatest;
}

static void write_text(FILE *f, const struct metered *meter, const struct calibrate_fit *fit,
		       const struct constants *base)
{
	char date[16], source[128];
	time_t now = time(NULL);
	struct tm tm;
	struct figure idle = idle_watts_of_core(fit);

	strftime(date, sizeof date, "%Y-%m-%d", gmtime_r(&now, &tm));
	snprintf(source, sizeof source, "fitted to %s by gvr probe --calibrate", meter->ops->name);
	fprintf(f,
		"# A platform file of gvr, fitted to this machine: set it by the key\n"
		"# platform = FILE. What the meter does not cover is the built-in server's.\n"
		"\n[about]\nname = fitted to %s\ndate = %s\n",
		meter->ops->name, date);
	for (unsigned i = 0; i < platform_table.count; i++) {
		const char *name = platform_table.kinds[i].name;
		if (i == PLATFORM_CORE_ACTIVE_WATTS)
			write_constant(f, name, fit->active_watts, source);
		else if (i == PLATFORM_CORE_IDLE_WATTS)
			write_constant(f, name, idle, source);
		else
			write_constant(f, name, base->values[i].value, base->values[i].source);
	}
}

static int write_file(const char *out, const struct metered *meter, const struct calibrate_fit *fit,
		      const struct constants *base, struct error *e)
{
	char *text = NULL;
	size_t nbytes = 0;
	FILE *f = open_memstream(&text, &nbytes);

	if (f == NULL)
		return error_set(e, -ENOMEM, "out of memory");
	write_text(f, meter, fit, base);
	int err = fclose(f) != 0 ? error_set(e, -ENOMEM, "out of memory") : 0;
	if (err == 0)
		err = file_write(out, &(struct file_part){text, nbytes}, 1, e);
	free(text);
	if (err == 0)
		printf("Written: %s\n", out);
	return err;
}

/* ---- the command ---- */

static void print_fit(const struct metered *meter, const struct calibrate_level *levels,
		      unsigned count, const struct calibrate_fit *fit, const struct constants *base)
{
	const struct figure was = base->values[PLATFORM_CORE_ACTIVE_WATTS].value;

	printf("\nCalibration with %s:\n\n  busy processors   measured    fitted\n",
	       meter->ops->name);
	for (unsigned i = 0; i < count; i++)
		printf("  %15.2f%9.2f W%8.2f W\n", levels[i].busy, levels[i].watts,
		       fit->idle_watts + levels[i].busy * fit->active_watts.nominal);
	printf("\nOne busy core: %.3g W above rest (%.3g to %.3g).\nPlatform server has %.3g (%.3g "
	       "to %.3g).\nThe machine at rest: %.3g W. The line is off by at most %.1f %%.\n",
	       fit->active_watts.nominal, fit->active_watts.low, fit->active_watts.high,
	       was.nominal, was.low, was.high, fit->idle_watts, 100 * fit->error);
}

int calibrate(struct meters *meters, const char *out, struct error *e)
{
	const struct metered *meter = meters_chosen(meters);
	struct calibrate_level levels[CALIBRATE_LEVELS_MAX * REPEATS];
	struct calibrate_fit fit;
	static struct constants base;
	unsigned count;

	if (meter == NULL)
		return error_set(
			e, -ENODEV,
			"no meter to calibrate with: see the list for each meter's reason");
	int err = platform_read(&base, "server", e);
	if (err == 0)
		err = measure_levels(meters, meter, levels, &count, e);
	if (err != 0)
		return err;
	if (!calibrate_line(levels, count, &fit))
		return error_set(e, -ERANGE,
				 "%s: its power does not grow with the load: nothing to fit",
				 meter->ops->name);
	print_fit(meter, levels, count, &fit, &base);
	if (!is_a_machine(&fit))
		return error_set(e, -ERANGE,
				 "%s: this fits no machine: nothing was written; is something else "
				 "running?",
				 meter->ops->name);
	return out != NULL ? write_file(out, meter, &fit, &base, e) : 0;
}
