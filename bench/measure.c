/* measure.c: loads, runs, judges, writes: what a run is. */
#include "bench/measure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/builtin.h"
#include "bench/commands.h"
#include "bench/energy.h"
#include "bench/load.h"
#include "bench/progress.h"
#include "bench/result.h"
#include "bench/run.h"
#include "bench/verdict.h"

int measure_site_open(struct measure_site *site, const struct workload *w, const char *wall,
		      struct error *e)
{
	const struct meter_env env = meters_env(wall);

	memset(site, 0, sizeof *site);
	int err = prices_read(&site->prices, NULL, e);
	if (err == 0)
		err = platform_read(&site->platform, w->platform, e);
	return err != 0 ? err : meters_open(&site->meters, &env, progress_terminal(), e);
}

void measure_site_close(struct measure_site *site)
{
	meters_close(&site->meters);
}

/* "1,5" is a list of two steps, and 1.5 with a decimal comma in much of the world. Of
 * one digit behind the comma: few steps end below 10/s, while "10,20" is steps. */
static void warn_decimal_comma(const struct workload *w)
{
	double one = w->rate_iops[0], two = w->rate_iops[1];
	char line[256];

	if (w->scenario != SCENARIO_SERVER || w->rate_count != 2 || two >= 10 ||
	    one != floor(one) || two != floor(two))
		return;
	snprintf(line, sizeof line,
		 "rate_iops = %.0f,%.0f: two steps, %.0f/s and then %.0f/s; a single rate has a "
		 "point, as %.0f.%.0f",
		 one, two, one, two, one, two);
	command_notice(line);
}

void measure_warn(const struct workload *w)
{
	char line[256];
	double runtime_s = (double)w->runtime_ns / 1e9, rate = workload_rate_mean(w);

	warn_decimal_comma(w);
	if (w->number_ios == 0 && w->runtime_ns < w->min_duration_ns) {
		snprintf(
			line, sizeof line,
			"runtime = %gs is less than min_duration = %gs: the result will be INVALID",
			runtime_s, (double)w->min_duration_ns / 1e9);
		command_notice(line);
	}
	if (w->scenario == SCENARIO_SERVER && rate > 0 &&
	    rate * runtime_s < (double)w->min_query_count) {
		snprintf(line, sizeof line,
			 "some %.0f requests in runtime = %gs, %llu are needed: the result will be "
			 "INVALID; set runtime = %.0fs",
			 rate * runtime_s, runtime_s, (unsigned long long)w->min_query_count,
			 1.1 * (double)w->min_query_count / rate + 1);
		command_notice(line);
	}
}

/* A round that the meter cannot resolve is known before it is measured. */
static void warn_too_short_for_meter(const struct meters *meters, const struct workload *w)
{
	const struct metered *meter = meters_chosen(meters);
	char line[256];

	if (meter == NULL || w->number_ios > 0)
		return;
	uint64_t wanted_ns = METERS_UPDATES_MIN * metered_update_ns(meter) * w->rounds;
	if (w->runtime_ns >= wanted_ns)
		return;
	snprintf(line, sizeof line,
		 "energy will be modelled: each round must hold %u updates of %s; set runtime = "
		 "%.0fs for it to be measured",
		 METERS_UPDATES_MIN, meter->ops->name, ceil(1.1 * (double)wanted_ns / 1e9));
	command_notice(line);
}

static int write_result(struct run *run, const struct measure_site *site, const char *command,
			const char *out, struct measured *m, struct error *e)
{
	static struct verdict v;
	static struct energies energies;

	verdict_of(run, &v);
	energies_of(run, &site->platform, &energies);
	m->exit_code = verdict_exit_code(run, &v);
	return result_write(run, &v, &energies, &site->prices, command, out, &m->summary, e);
}

static int run_contents(struct contents *c, struct measure_site *site, const char *command,
			const char *out, struct measured *m, struct error *e)
{
	static struct run run;

	int err = load_missing(c, progress_terminal(), e);
	if (err == 0 && meters_any(&site->meters))
		err = meters_calibrate(&site->meters, e);
	if (err != 0)
		return err;
	warn_too_short_for_meter(&site->meters, c->workload);
	err = run_execute(&run, c, false, &site->meters, progress_terminal(), e);
	if (err == 0)
		err = write_result(&run, site, command, out, m, e);
	run_free(&run);
	return err;
}

int measure(const struct workload *w, struct measure_site *site, const char *store,
	    const char *command, const char *out, struct measured *m, struct error *e)
{
	struct contents c;

	memset(m, 0, sizeof *m);
	int err =
		contents_open(&c, w, store, CONTENTS_MAKE, command_notice, progress_terminal(), e);
	if (err != 0)
		return err;
	err = run_contents(&c, site, command, out, m, e);
	if (c.corpus != NULL)
		m->documents = corpus_fingerprint(c.corpus, SPLIT_ALL);
	contents_remember_changed(&c);
	contents_close(&c);
	return err;
}
