/* breakeven_layers.c: one engine seen from the five layers that an AI economy
 * is made of: energy, chips, infrastructure, models, applications. */
#include "bench/breakeven_internal.h"

#include <math.h>

#include "bench/json_values.h"

static json_t *chips_json(const json_t *engine, double served_bytes)
{
	json_t *o = json_object();

	json_put(o, "cpu_us_per_request",
		 json_figure(json_number_at(engine, "cpu.us_per_request")));
	json_put(o, "requests_in_flight", json_figure(json_number_at(engine, "in_flight_max")));
	json_put(o, "macs_per_request",
		 json_figure(json_number_at(engine, "generator.macs_per_byte") * served_bytes));
	return o;
}

static json_t *infrastructure_json(const json_t *engine, double usd_per_month)
{
	json_t *o = json_object();

	json_put(o, "at_rest_bytes", json_figure(json_number_at(engine, "bytes.at_rest")));
	json_put(o, "shared_at_rest_bytes",
		 json_figure(json_number_at(engine, "bytes.shared_at_rest")));
	json_put(o, "moved_bytes_per_request",
		 json_figure(json_number_at(engine, "bytes.moved_per_request")));
	json_put(o, "resident_bytes", json_figure(json_number_at(engine, "bytes.resident")));
	json_put(o, "usd_per_month", json_figure(usd_per_month));
	return o;
}

static json_t *model_json(const json_t *engine, const struct layer_costs *costs)
{
	double served_bytes = costs->served_bytes;
	double tokens = json_number_at(engine, "generator.tokens_per_byte") * served_bytes;
	double cpu_s = json_number_at(engine, "cpu.us_per_request") / 1e6;
	double payload = json_number_at(engine, "bytes.at_rest_payload");
	double bits = payload > 0 ? payload * 8 / json_number_at(engine, "bytes.content") : NAN;
	json_t *o = json_object();

	json_put(o, "shared_bytes", json_figure(json_number_at(engine, "bytes.shared_at_rest")));
	json_put(o, "bits_per_byte", json_figure(bits));
	json_put(o, "tokens_per_core_second", json_figure(tokens / cpu_s));
	json_put(o, "tokens_per_joule", json_figure(tokens / costs->joules));
	json_put(o, "content_bytes_per_core_second", json_figure(served_bytes / cpu_s));
	return o;
}

static json_t *application_json(const json_t *engine, double usd_per_million)
{
	json_t *o = json_object();

	json_put(o, "response_p50_ns",
		 json_figure(json_number_at(engine, "response_ns.percentile.50")));
	json_put(o, "response_p99_ns",
		 json_figure(json_number_at(engine, "response_ns.percentile.99")));
	json_put(o, "requests_per_s", json_figure(json_number_at(engine, "achieved_rps")));
	json_put(o, "usd_per_million_requests", json_figure(usd_per_million));
	return o;
}

json_t *breakeven_layer_json(const json_t *engine, const struct layer_costs *costs)
{
	json_t *o = json_object(), *energy = json_object();

	json_put(energy, "joules_per_request", json_figure(costs->joules));
	json_put(o, "energy", energy);
	json_put(o, "chips", chips_json(engine, costs->served_bytes));
	json_put(o, "infrastructure", infrastructure_json(engine, costs->usd_per_month));
	json_put(o, "model", model_json(engine, costs));
	json_put(o, "application", application_json(engine, costs->usd_per_million));
	return o;
}
