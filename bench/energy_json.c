#include "bench/energy_json.h"

#include <errno.h>
#include <stdio.h>

#include "bench/json_values.h"

static const char *const kinds[] = {
	[ENERGY_KIND_UNAVAILABLE] = "unavailable",
	[ENERGY_KIND_MEASURED] = "measured",
	[ENERGY_KIND_MODELLED] = "modelled",
};

/* ---- one engine ---- */

static json_t *modelled_json(const struct energy_modelled *m)
{
	json_t *o = json_object();
	bool known = m->why == NULL;

	json_put(o, "why_unavailable", known ? NULL : json_string(m->why));
	json_put(o, "joules_per_request", known ? json_range(m->joules) : NULL);
	json_put(o, "cpu_joules_per_request", known ? json_range(m->cpu_joules) : NULL);
	json_put(o, "device_joules_per_request", known ? json_range(m->device_joules) : NULL);
	json_put(o, "device_reads_per_request", known ? json_figure(m->device.reads) : NULL);
	json_put(o, "device_bytes_per_request", known ? json_figure(m->device.bytes) : NULL);
	json_put(o, "device_source", known ? json_string(m->device.how) : NULL);
	json_put(o, "device_assumed", known ? json_boolean(m->device.assumed) : NULL);
	json_put(o, "resident_watts", json_range(m->resident_watts));
	json_put(o, "at_rest_watts", json_range(m->at_rest_watts));
	return o;
}

/* Every domain of the meter that measured, also those that are not counted. */
static json_t *domains_json(const struct engine_run *er, const struct metered *meter)
{
	json_t *domains = json_array();

	for (unsigned k = 0; meter != NULL && k < meter->count; k++) {
		const struct meter_domain *d = &meter->domains[k];
		const struct metered_domain *md = &meter->metered[k];
		double sum = 0, uj;
		bool known = md->why[0] == '\0';
		for (unsigned i = 0; i < er->rounds_done && known; i++) {
			struct meters_span span = er->rounds[i].span;
			known = series_energy_uj(&md->series, span.begin_ns, span.end_ns, &uj);
			sum += uj;
		}
		json_t *o = json_object();
		json_put(o, "name", json_text(d->name));
		json_put(o, "joules", known ? json_figure(sum / 1e6) : NULL);
		json_put(o, "counted", json_boolean(d->counted));
		json_put(o, "note", json_text(known ? d->note : md->why));
		json_array_append_new(domains, o);
	}
	return domains;
}

static json_t *source_json(const struct energy *en, const struct constants *platform)
{
	char text[CONSTANT_TEXT_NBYTES + 128], how[256];

	if (en->kind == ENERGY_KIND_MEASURED) {
		energy_measured_how(en, how, sizeof how);
		snprintf(text, sizeof text, "measured %s", how);
	} else if (en->kind == ENERGY_KIND_MODELLED) {
		snprintf(text, sizeof text, "modelled from CPU time and device reads, platform %s",
			 platform->name);
	} else {
		snprintf(text, sizeof text, "unavailable: %s", en->modelled.why);
	}
	return json_text(text);
}

json_t *energy_json(const struct engine_run *er, const struct energy *en,
		    const struct constants *platform)
{
	bool measured = en->kind == ENERGY_KIND_MEASURED,
	     known = en->kind != ENERGY_KIND_UNAVAILABLE;
	json_t *o = json_object();

	json_put(o, "kind", json_string(kinds[en->kind]));
	json_put(o, "source", source_json(en, platform));
	json_put(o, "why_not_measured", measured ? NULL : json_text(en->why));
	json_put(o, "scope",
		 measured ? json_string(en->meter->ops->scope == METER_MACHINE ? "machine"
									       : "processor")
			  : NULL);
	json_put(o, "domains", domains_json(er, en->meter));
	json_put(o, "window_s", en->window_s > 0 ? json_figure(en->window_s) : NULL);
	json_put(o, "idle_watts", known ? json_figure(en->idle_watts.nominal) : NULL);
	json_put(o, "idle_watts_range", known ? json_range(en->idle_watts) : NULL);
	json_put(o, "total_joules", en->meter != NULL ? json_figure(en->total_joules) : NULL);
	json_put(o, "active_joules",
		 en->meter != NULL
			 ? json_figure(en->total_joules - en->idle_watts.nominal * en->window_s)
			 : NULL);
	json_put(o, "joules_per_request", known ? json_range(en->joules_per_request) : NULL);
	json_put(o, "metered_joules_per_request", measured ? json_range(en->metered_joules) : NULL);
	json_put(o, "modelled", modelled_json(&en->modelled));
	return o;
}

/* ---- the run ---- */

json_t *energy_whole_json(const struct energy_whole *w)
{
	json_t *o = json_object();
	bool known = w->kind != ENERGY_KIND_UNAVAILABLE;

	json_put(o, "kind", json_string(kinds[w->kind]));
	json_put(o, "why_unavailable",
		 known ? NULL : json_string("the energy of an engine is not known"));
	json_put(o, "window_s", known ? json_figure(w->window_s) : NULL);
	json_put(o, "process_cpu_s", known ? json_figure(w->process_cpu_s) : NULL);
	json_put(o, "joules", known ? json_range(w->joules) : NULL);
	json_put(o, "idle_joules", known ? json_range(w->idle_joules) : NULL);
	json_put(o, "engines_joules", known ? json_range(w->engines_joules) : NULL);
	json_put(o, "harness_joules", known ? json_figure(w->harness_joules) : NULL);
	return o;
}

json_t *energy_meter_json(const struct metered *m)
{
	const char *why = metered_why(m);
	json_t *o = json_object();

	json_put(o, "name", json_string(m->ops->name));
	json_put(o, "covers", json_string(m->ops->covers));
	json_put(o, "state",
		 json_string(why[0] == '\0'	 ? "usable"
			     : m->err == -ENOENT ? "absent"
						 : "unusable"));
	json_put(o, "why", why[0] == '\0' ? NULL : json_text(why));
	return o;
}

json_t *energy_meters_json(const struct run *run)
{
	json_t *meters = json_array();

	for (unsigned i = 0; run->meters != NULL && i < METERS_COUNT; i++)
		json_array_append_new(meters, energy_meter_json(&run->meters->list[i]));
	return meters;
}

json_t *constants_json(const struct constants *set, const struct constant_table *table)
{
	json_t *o = json_object(), *values = json_object();

	json_put(o, "name", json_text(set->name));
	json_put(o, "date", set->date[0] != '\0' ? json_text(set->date) : NULL);
	for (unsigned i = 0; i < table->count; i++) {
		const struct constant *c = &set->values[i];
		json_t *value = json_range(c->value);
		json_put(value, "unit", json_text(table->kinds[i].unit));
		json_put(value, "source", json_text(c->source));
		json_put(value, "from", json_text(c->from));
		json_put(values, table->kinds[i].name, value);
	}
	json_put(o, "constants", values);
	return o;
}
