/* cmd_probe.c: gvr probe: which meters of energy this machine has, what each
 * can say, and what a run will use; --calibrate fits a platform file to one. */
#include "bench/commands.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/allowed.h"
#include "bench/builtin.h"
#include "bench/calibrate.h"
#include "bench/energy_json.h"
#include "bench/files.h"
#include "bench/format.h"
#include "bench/json_values.h"
#include "bench/meter/meters.h"
#include "bench/options.h"
#include "bench/progress.h"

#define LINE_NBYTES 512u

static const char help[] =
	"usage: gvr probe [--wall-meter METER] [--calibrate [--out FILE]]\n"
	"                 [--format FORMAT]\n"
	"\n"
	"Lists every meter of energy that gvr knows, what it covers, and whether it can\n"
	"be believed here: each is tried for a second with all processors busy (one that\n"
	"stands still measures nothing), then for a second or more at rest. Says what\n"
	"`gvr run` will use; without a meter, energy is modelled, and always called so.\n"
	"\n"
	"  --wall-meter METER  a meter of your own: file:PATH or command:LINE, which\n"
	"                      appends or prints lines `SECONDS VALUE UNIT`: Unix time,\n"
	"                      a number, W (power) or J (energy so far)\n"
	"  --calibrate         fits the model to the meter, at several loads (about a\n"
	"                      minute; let nothing else run), and tells its error\n"
	"  --out FILE          and writes a platform file for the key `platform`\n"
	"  --format FORMAT     normal, or json: the list, on standard output; not with\n"
	"                      --calibrate, whose platform file is for programs\n"
	"\n"
	"$GVR_SYSFS and $GVR_NVML replace /sys and libnvidia-ml.so.1.\n"
	"\n"
	"Exit: 0 ok, 1 error, 2 bad arguments, 3 file missing, 4 permission.\n"
	"\n"
	"Example: gvr probe --calibrate --out here.ini\n"
	"         gvr run workloads/manpages.ini --set workload.platform=here.ini\n"
	"\n"
	"A platform file replaces as few constants as it likes of the built-in server:\n"
	"\n"
	"  [about]\n"
	"  name = our nodes\n"
	"  [core_active_watts]\n"
	"  low = 3.5\n"
	"  nominal = 4\n"
	"  high = 4.5\n"
	"  source = measured at the socket\n"
	"\n"
	"The built-in server (with sources in bench/platforms/server.ini):\n"
	"\n";

static void print_help(void)
{
	static struct constants server;
	struct error e;

	fputs(help, stdout);
	if (platform_read(&server, "server", &e) == 0)
		constants_print(stdout, &server, &platform_table);
}

/* ---- the list ---- */

/* "updated every 1.0 ms, wraps after 71 min" */
static void describe_counter(char *out, size_t room, const struct meter_domain *d,
			     const struct metered_domain *m)
{
	char every[32] = "less than twice a second";

	if (m->update_ns > 0)
		format_ns(every, sizeof every, (double)m->update_ns);
	int n = snprintf(out, room, "%s %s%s",
			 d->unit == METER_POWER_UW ? "power, updated" : "energy, updated",
			 m->update_ns > 0 ? "every " : "", every);
	if (d->wrap_uj > 0 && m->load_watts > 0)
		snprintf(out + n, room - (size_t)n, ", wraps after %.3g min under load",
			 (double)d->wrap_uj / 1e6 / m->load_watts / 60);
}

static double watts_in(const struct metered_domain *m, struct meters_span span)
{
	double uj;

	if (span.end_ns == 0 || !series_energy_uj(&m->series, span.begin_ns, span.end_ns, &uj))
		return NAN;
	return uj * 1e3 / (double)(span.end_ns - span.begin_ns);
}

static void print_domain(const struct meters *meters, const struct metered *m, unsigned k)
{
	const struct meter_domain *d = &m->domains[k];
	const struct metered_domain *md = &m->metered[k];
	char prefix[80], text[LINE_NBYTES], how[160];

	snprintf(prefix, sizeof prefix, "  %-17.60s ", d->name);
	if (md->why[0] != '\0') {
		snprintf(text, sizeof text, "%s", md->why);
	} else {
		double idle = watts_in(md, meters->idle[0]);
		describe_counter(how, sizeof how, d, md);
		snprintf(text, sizeof text, "%.3g W busy, ", md->load_watts);
		if (!isnan(idle))
			snprintf(text + strlen(text), sizeof text - strlen(text),
				 "%.3g W at rest, ", idle);
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s%s", how,
			 d->counted ? "" : "; not counted", d->note[0] != '\0' ? ": " : "");
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s", d->note);
	}
	format_wrapped(stdout, prefix, text);
}

static void print_meter(const struct meters *meters, const struct metered *m)
{
	char prefix[80], text[LINE_NBYTES];
	const char *why = metered_why(m);

	snprintf(prefix, sizeof prefix, "%-19.60s ", m->ops->name);
	if (m->meter == NULL) {
		snprintf(text, sizeof text, "%s: %s", m->err == -ENOENT ? "not here" : "unusable",
			 why);
		format_wrapped(stdout, prefix, text);
		return;
	}
	snprintf(text, sizeof text, "%s: %s", why[0] == '\0' ? "usable" : "unavailable",
		 m->ops->covers);
	format_wrapped(stdout, prefix, text);
	for (unsigned k = 0; k < m->count; k++)
		print_domain(meters, m, k);
}

static void print_verdict(const struct meters *meters)
{
	const struct metered *chosen = meters_chosen(meters);
	char text[LINE_NBYTES];

	putchar('\n');
	if (chosen == NULL) {
		format_wrapped(stdout, "Runs: ",
			       "energy is modelled: what a run measures (CPU time, device reads "
			       "and bytes) times the constants of a platform (key `platform`, "
			       "default server), each with its range. Nothing is measured.");
		return;
	}
	double every_s = (double)metered_update_ns(chosen) / 1e9;
	snprintf(text, sizeof text,
		 "energy is measured by %s in rounds of at least %u of its updates (%.3g s; with 5 "
		 "rounds a runtime of %.3g s), less the machine at rest%s.",
		 chosen->ops->name, METERS_UPDATES_MIN, METERS_UPDATES_MIN * every_s,
		 1.1 * 5 * METERS_UPDATES_MIN * every_s,
		 chosen->ops->scope == METER_PROCESSOR
			 ? "; what the device takes for reads is modelled, as this meter does not "
			   "cover it"
			 : "");
	format_wrapped(stdout, "Runs: ", text);
}

/* ---- as JSON ---- */

static json_t *domain_json(const struct meters *meters, const struct metered *m, unsigned k)
{
	const struct meter_domain *d = &m->domains[k];
	const struct metered_domain *md = &m->metered[k];
	json_t *o = json_object();
	bool known = md->why[0] == '\0';

	json_put(o, "name", json_text(d->name));
	json_put(o, "state", json_string(known ? "usable" : "unusable"));
	json_put(o, "why", known ? NULL : json_text(md->why));
	json_put(o, "unit", json_string(d->unit == METER_POWER_UW ? "power" : "energy"));
	json_put(o, "counted", json_boolean(d->counted));
	json_put(o, "note", d->note[0] != '\0' ? json_text(d->note) : NULL);
	json_put(o, "update_ns",
		 md->update_ns > 0 ? json_integer((json_int_t)md->update_ns) : NULL);
	json_put(o, "wraps_after_joules",
		 d->wrap_uj > 0 ? json_figure((double)d->wrap_uj / 1e6) : NULL);
	json_put(o, "busy_watts", known ? json_figure(md->load_watts) : NULL);
	json_put(o, "idle_watts", known ? json_figure(watts_in(md, meters->idle[0])) : NULL);
	return o;
}

static json_t *meter_json(const struct meters *meters, const struct metered *m)
{
	json_t *o = energy_meter_json(m), *domains = json_array();

	for (unsigned k = 0; m->meter != NULL && k < m->count; k++)
		json_array_append_new(domains, domain_json(meters, m, k));
	json_put(o, "domains", domains);
	return o;
}

static json_t *probe_json(const struct meters *meters)
{
	json_t *root = json_object(), *list = json_array();
	const struct metered *chosen = meters_chosen(meters);

	for (unsigned i = 0; i < METERS_COUNT; i++)
		json_array_append_new(list, meter_json(meters, &meters->list[i]));
	json_put(root, "processors", json_integer(allowed_cores(&allowed_here)));
	json_put(root, "energy", json_string(chosen != NULL ? "measured" : "modelled"));
	json_put(root, "meter", chosen != NULL ? json_string(chosen->ops->name) : NULL);
	json_put(root, "round_s_min",
		 chosen != NULL
			 ? json_figure(METERS_UPDATES_MIN * (double)metered_update_ns(chosen) / 1e9)
			 : NULL);
	json_put(root, "meters", list);
	return root;
}

static void print_meters(const struct meters *meters)
{
	printf("Meters of energy, tried with %u processors busy:\n\n",
	       allowed_cores(&allowed_here));
	for (unsigned i = 0; i < METERS_COUNT; i++)
		print_meter(meters, &meters->list[i]);
	print_verdict(meters);
}

/* Before all the measuring. */
static int prepare_folder(const char *file, struct error *e)
{
	char folder[PATH_MAX];

	snprintf(folder, sizeof folder, "%s", file);
	return files_make_writable_dir(dirname(folder), e);
}

static int probe(struct meters *meters, const struct options *o, struct error *e)
{
	const struct meter_env env = meters_env(o->wall_meter);

	int err = o->out != NULL ? prepare_folder(o->out, e) : 0;
	if (err == 0)
		err = meters_open(meters, &env, progress_terminal(), e);
	if (err == 0 && meters_any(meters))
		err = meters_calibrate(meters, e);
	if (err != 0)
		return err;
	meters_idle(meters, 0);
	if (progress_step(progress_terminal(), "probing", 1, 1) != 0)
		return error_set(e, -ECANCELED, "stopped");
	progress_clear();
	if (o->json)
		return 0;
	print_meters(meters);
	return o->calibrate ? calibrate(meters, o->out, e) : 0;
}

int cmd_probe(int argc, char **argv)
{
	static struct options o;
	static struct meters meters;
	struct error e;

	int code = command_options(&o, argc, argv, "owcf", 0, print_help);
	if (code >= 0)
		return code;
	if (o.out != NULL && !o.calibrate) {
		fprintf(stderr, "gvr probe: --out is for --calibrate; see gvr probe --help\n");
		return EXIT_USAGE;
	}
	if (o.json && o.calibrate) {
		fprintf(stderr, "gvr probe: --format json does not go with --calibrate; see gvr "
				"probe --help\n");
		return EXIT_USAGE;
	}
	int err = probe(&meters, &o, &e);
	code = err != 0 ? command_failed(err, &e) : EXIT_OK;
	if (err == 0 && o.json)
		code = command_print_json(probe_json(&meters), code);
	meters_close(&meters);
	return code;
}
