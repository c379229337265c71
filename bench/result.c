#include "bench/result.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/breakeven.h"
#include "bench/energy.h"
#include "bench/energy_json.h"
#include "bench/files.h"
#include "bench/host.h"
#include "bench/json_values.h"
#include "bench/ratio.h"
#include "bench/summary.h"
#include "bench/version.h"

#define SCHEMA_VERSION 1
/* What each engine has three histograms of, as in the .hlog's tags. */
static const char *const histogram_names[] = {"response", "service", "slip"};
/* Contents are summed one by one up to so many ids, else not at all. */
#define SUM_CONTENTS_MAX UINT64_C(100000000)

static json_t *integer(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *hex(uint64_t value)
{
	return json_sprintf("%016" PRIx64, value);
}

/* ---- workload ---- */

struct workload_json {
	json_t *workload, *engines;
};

static void emit_value(void *arg, const char *label, const char *key, const char *value)
{
	struct workload_json *out = arg;
	json_t *target = out->workload;

	if (label != NULL) {
		target = json_object_get(out->engines, label);
		if (target == NULL) {
			target = json_object();
			json_put(out->engines, label, target);
		}
	}
	json_put(target, key, json_text(value));
}

static json_t *skipped_json(const struct corpus_skipped *s)
{
	json_t *o = json_object();

	json_put(o, "links", integer(s->links));
	json_put(o, "special", integer(s->special));
	json_put(o, "unreadable", integer(s->unreadable));
	json_put(o, "too_large", integer(s->too_large));
	json_put(o, "changing", integer(s->changing));
	json_put(o, "odd_size", integer(s->odd_size));
	return o;
}

static json_t *workload_json(const struct run *run)
{
	const struct contents *c = run->contents;
	struct workload_json out = {json_object(), json_object()};

	workload_each_value(run->workload, emit_value, &out);
	json_put(out.workload, "file", json_text(run->workload->file));
	json_put(out.workload, "engines", out.engines);
	json_put(out.workload, "content_count", integer(c->count));
	json_put(out.workload, "store_dir", json_text(c->dir));
	if (c->corpus != NULL) {
		json_put(out.workload, "training_documents",
			 integer(corpus_count(c->corpus, SPLIT_TRAINING)));
		json_put(out.workload, "training_bytes",
			 integer(corpus_bytes(c->corpus, SPLIT_TRAINING)));
		json_put(out.workload, "skipped_files", skipped_json(&c->corpus->skipped));
		if (c->workload->contents_kind == CONTENTS_ARCHIVE)
			json_put(out.workload, "model_may_have_seen_contents",
				 json_boolean(c->workload->split != SPLIT_HELD_OUT ||
					      contents_may_be_seen(c)));
		json_put(out.workload, "corpus_fingerprint",
			 hex(corpus_fingerprint(c->corpus, SPLIT_ALL)));
	}
	return out.workload;
}

static json_t *stream_json(const struct run *run)
{
	if (run->stream_requests == 0) /* rate_iops = peak: each engine has its own */
		return json_null();
	json_t *s = json_object();
	json_put(s, "requests", integer(run->stream_requests));
	json_put(s, "digest", hex(run->stream_digest));
	/* of a fixed number, to hold against other runs */
	json_put(s, "first_requests", integer(run->prefix_requests));
	json_put(s, "first_digest", hex(run->prefix_digest));
	return s;
}

/* ---- engines ---- */

static json_t *histogram_json(const struct histogram *h)
{
	static const double percentiles[] = {50, 90, 99, 99.9};
	static const char *const names[] = {"50", "90", "99", "99.9"};

	if (h->count == 0)
		return json_null();
	json_t *o = json_object(), *p = json_object();
	json_put(o, "min", integer(h->min_ns));
	json_put(o, "mean", json_figure(histogram_mean(h)));
	json_put(o, "max", integer(h->max_ns));
	json_put(o, "stddev", json_figure(histogram_stddev(h)));
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		json_put(p, names[i], integer(histogram_percentile(h, percentiles[i])));
	json_put(o, "percentile", p);
	json_put(o, "out_of_range", integer(h->out_of_range));
	return o;
}

/* The whole distribution, for drawing: 10 points for each tenth part of what is
 * left to 100 %, as far as there are requests to tell. */
static json_t *curve_json(const struct histogram *h)
{
	json_t *curve = json_array();

	for (unsigned i = 0; h->count > 0; i++) {
		double beyond = pow(10, -(double)i / 10);
		if (beyond < 1e-4 || beyond * (double)h->count < 1)
			break;
		double p = i == 0 ? 1e-9 : 100 * (1 - beyond); /* 0 is the least */
		json_t *point = json_array();
		json_array_append_new(point, json_figure(i == 0 ? 0 : p));
		json_array_append_new(point, integer(histogram_percentile(h, p)));
		json_array_append_new(curve, point);
	}
	return curve;
}

static json_t *requests_json(const struct run *run, const struct engine_run *er)
{
	const struct recorder *r = er->total;
	uint64_t digest = run->stream_requests > 0 ? run->stream_digest : r->stream_digest;
	json_t *o = json_object();

	json_put(o, "planned", integer(r->planned));
	json_put(o, "completed", integer(r->completed));
	json_put(o, "failed", integer(r->failed));
	json_put(o, "dropped", integer(r->dropped));
	json_put(o, "verified", integer(r->verified));
	json_put(o, "mismatched", integer(r->mismatched));
	json_put(o, "stream_digest", er->stream_checked ? hex(digest) : NULL);
	return o;
}

/* The bytes of all contents together: what storing them plain would take. */
static json_t *content_bytes_json(const struct run *run)
{
	const struct workload *w = run->workload;
	uint64_t sum = 0;

	if (w->contents_kind == CONTENTS_ARCHIVE)
		return integer(corpus_bytes(run->contents->corpus, w->split));
	if (run->contents->count > SUM_CONTENTS_MAX)
		return json_null();
	for (uint64_t i = 0; i < run->contents->count; i++)
		sum += workload_content_nbytes(w, i);
	return integer(sum * w->contexts);
}

/* Bytes kept for one more byte of content: without what even an empty store
 * takes. Nothing is kept of what comes from a seed. */
static double at_rest_ratio(const struct engine_stats *s)
{
	return s->content_bytes > 0 ? (double)(s->at_rest_bytes - s->at_rest_fixed_bytes) /
					      (double)s->content_bytes
				    : 0;
}

/* With more contexts than were stored: each takes as much as one of those. */
static json_t *extrapolated_json(const struct run *run, const struct engine_stats *s)
{
	const struct workload *w = run->workload;
	double factor = (double)w->extrapolate_contexts / w->contexts;

	if (w->extrapolate_contexts == 0)
		return json_null();
	json_t *o = json_object();
	json_put(o, "contexts", integer(w->extrapolate_contexts));
	json_put(o, "at_rest", json_figure(run_extrapolated_bytes(w, s)));
	json_put(o, "shared_at_rest", integer(s->shared_at_rest_bytes));
	json_put(o, "how",
		 json_sprintf("extrapolated, not stored: at_rest_fixed, and the rest of at_rest of "
			      "the %" PRIu32 " contexts that were, times %g",
			      w->contexts, factor));
	return o;
}

static json_t *bytes_json(const struct run *run, const struct engine_run *er)
{
	const struct recorder *r = er->total;
	json_t *o = json_object();
	bool moved = run_device_figures(er);

	json_put(o, "content", content_bytes_json(run));
	json_put(o, "served_per_request",
		 r->completed > 0 ? json_figure((double)r->content_bytes / (double)r->completed)
				  : NULL);
	json_put(o, "at_rest", integer(er->stats.at_rest_bytes));
	json_put(o, "at_rest_fixed", integer(er->stats.at_rest_fixed_bytes));
	json_put(o, "at_rest_disk", integer(er->stats.at_rest_disk_bytes));
	json_put(o, "at_rest_payload", integer(er->stats.payload_bytes));
	json_put(o, "shared_at_rest", integer(er->stats.shared_at_rest_bytes));
	json_put(o, "at_rest_per_content_byte", json_figure(at_rest_ratio(&er->stats)));
	json_put(o, "extrapolated", extrapolated_json(run, &er->stats));
	json_put(o, "written_to_load",
		 er->stats.load_written_bytes > 0 ? integer(er->stats.load_written_bytes) : NULL);
	json_put(o, "moved_per_request",
		 moved ? json_figure((double)er->device.read_bytes / (double)r->completed) : NULL);
	json_put(o, "device_reads_per_request",
		 moved ? json_figure((double)er->device.reads / (double)r->completed) : NULL);
	json_put(o, "moved_source",
		 json_string(er->stats.store_dir[0] == '\0'
				     ? "unavailable: this engine has no store to read"
			     : moved ? "counters of the block device under the store, all its users"
			     : er->device_known
				     ? "unavailable: others read from the device meanwhile"
				     : "unavailable: the store's file system lies on no block "
				       "device that the kernel counts"));
	json_put(o, "resident", integer(er->stats.resident_bytes));
	return o;
}

static json_t *cpu_json(const struct engine_run *er)
{
	const struct recorder *r = er->total;
	double withheld = run_withheld_part(er);
	json_t *o = json_object();
	double n = (double)r->completed;

	bool known = n > 0 && !er->stats.cpu_elsewhere;
	json_put(o, "us_per_request", known ? json_figure((double)r->cpu_ns / 1e3 / n) : NULL);
	json_put(o, "source",
		 json_string(er->stats.cpu_elsewhere
				     ? "unavailable: a thread of the kernel submits (sqthread_poll)"
				     : "CPU clocks of the workers"));
	json_put(o, "verify_us_per_request",
		 n > 0 ? json_figure((double)r->verify_ns / 1e3 / n) : NULL);
	json_put(o, "withheld_part", withheld >= 0 ? json_figure(withheld) : NULL);
	json_put(o, "paused_s", json_figure((double)er->paused_ns / 1e9));
	return o;
}

static json_t *ring_json(const struct engine_stats *s)
{
	if (!s->ring_created)
		return json_null();
	json_t *o = json_object();
	json_put(o, "ring_created", json_true());
	json_put(o, "sqes", integer(s->sqes));
	json_put(o, "cqes", integer(s->cqes));
	return o;
}

static json_t *dictionary_json(const struct engine_stats *s)
{
	if (s->dictionary_bytes == 0)
		return json_null();
	json_t *o = json_object();
	json_put(o, "bytes", integer(s->dictionary_bytes));
	json_put(o, "how", json_string(s->dictionary_how));
	return o;
}

/* Tokens that a joule makes: the range is that of the energy. */
static json_t *tokens_per_joule_json(const struct engine_run *er, const struct energy *en)
{
	const struct recorder *r = er->total;
	struct figure j = en->joules_per_request;

	if (en->kind == ENERGY_KIND_UNAVAILABLE || r->completed == 0 ||
	    !(er->stats.tokens_per_byte > 0))
		return json_null();
	double tokens = er->stats.tokens_per_byte * (double)r->content_bytes / (double)r->completed;
	return json_range((struct figure){tokens / j.high, tokens / j.nominal, tokens / j.low});
}

static json_t *generator_json(const struct engine_run *er, const struct energy *en)
{
	const struct engine_stats *s = &er->stats;

	if (s->generator[0] == '\0')
		return json_null();
	json_t *o = json_object();
	json_put(o, "name", json_string(s->generator));
	json_put(o, "model_bytes", integer(s->model_bytes));
	json_put(o, "bits_per_byte",
		 s->content_bytes > 0
			 ? json_figure((double)s->payload_bytes * 8 / (double)s->content_bytes)
			 : NULL);
	json_put(o, "tokens_per_byte",
		 s->tokens_per_byte > 0 ? json_figure(s->tokens_per_byte) : NULL);
	json_put(o, "tokens_per_joule", tokens_per_joule_json(er, en));
	json_put(o, "macs_per_byte", s->macs_per_byte > 0 ? json_figure(s->macs_per_byte) : NULL);
	json_put(o, "kernel", s->kernel != NULL ? json_string(s->kernel) : NULL);
	return o;
}

/* A cache of blocks in the engine's own memory, over the whole run. */
static json_t *block_cache_json(const struct engine_stats *s)
{
	if (s->cache_bytes == 0)
		return json_null();
	json_t *o = json_object();
	json_put(o, "bytes", integer(s->cache_bytes));
	json_put(o, "lookups", integer(s->cache_lookups));
	json_put(o, "hits", integer(s->cache_hits));
	json_put(o, "hit_ratio",
		 s->cache_lookups > 0
			 ? json_figure((double)s->cache_hits / (double)s->cache_lookups)
			 : NULL);
	return o;
}

/* The state of the caches that a read may meet. */
static json_t *cache_json(const struct run *run, const struct engine_run *er)
{
	static const char *const states[] = {"as-is", "cold", "warm"};
	json_t *o = json_object();

	if (er->stats.store_dir[0] == '\0') {
		json_decref(o);
		return json_null();
	}
	json_put(o, "state", json_string(states[run->workload->cache_state]));
	json_put(o, "direct", json_boolean(er->config->direct));
	json_put(o, "in_memory", json_boolean(er->cache.in_memory)); /* O_DIRECT or not */
	json_put(o, "block_cache", block_cache_json(&er->stats));
	json_put(o, "store_bytes", er->cache.known ? integer(er->cache.store_bytes) : NULL);
	json_put(o, "page_cache_bytes_before",
		 er->cache.known ? integer(er->cache.before_bytes) : NULL);
	json_put(o, "page_cache_bytes_after",
		 er->cache.known ? integer(er->cache.after_bytes) : NULL);
	return o;
}

static json_t *steady_json(const struct run *run, const struct steady *s)
{
	json_t *o = json_object();

	json_put(o, "reached",
		 s->judged && !steady_is_unclear(s, run->workload->ss_limit)
			 ? json_boolean(s->reached)
			 : NULL);
	json_put(o, "across_rounds", s->judged ? json_figure(s->across_rounds) : NULL);
	json_put(o, "within_round", s->judged ? json_figure(s->within_round) : NULL);
	json_put(o, "spread", s->judged ? json_figure(s->spread) : NULL);
	json_put(o, "why", json_text(s->why));
	return o;
}

/* Each step of rate_iops by itself. */
static json_t *steps_json(const struct run *run, const struct engine_run *er)
{
	json_t *steps = json_array();

	for (unsigned i = 0; i < er->total->step_count; i++) {
		const struct step_recorder *step = &er->total->steps[i];
		json_t *o = json_object();
		json_put(o, "rate_iops", json_figure(run->workload->rate_iops[i]));
		json_put(o, "planned", integer(step->planned));
		json_put(o, "completed",
			 integer(step->response.count + step->response.out_of_range));
		json_put(o, "response_ns", histogram_json(&step->response));
		json_array_append_new(steps, o);
	}
	return steps;
}

static json_t *peak_json(const struct run *run, const struct engine_run *er)
{
	if (run->workload->scenario != SCENARIO_SERVER || run->workload->rate_count > 0)
		return json_null();
	json_t *o = json_object(), *probes = json_array();
	json_put(o, "rate_iops", er->peak.rate_iops > 0 ? json_figure(er->peak.rate_iops) : NULL);
	for (unsigned i = 0; i < er->peak.probe_count; i++) {
		const struct peak_probe *p = &er->peak.probes[i];
		json_t *probe = json_object();
		json_put(probe, "rate_iops", json_figure(p->rate_iops));
		json_put(probe, "latency_ns", integer(p->latency_ns));
		json_put(probe, "served_rps", json_figure(p->served_rps));
		json_put(probe, "dropped", integer(p->dropped));
		json_put(probe, "held", json_boolean(p->held));
		json_array_append_new(probes, probe);
	}
	json_put(o, "probes", probes);
	return o;
}

static json_t *histogram_files_json(const struct engine_run *er)
{
	json_t *files = json_array();

	json_array_append_new(files, json_sprintf("%s.hlog", er->config->label));
	for (unsigned i = 0; i < 3; i++)
		json_array_append_new(
			files, json_sprintf("%s.%s.hgrm", er->config->label, histogram_names[i]));
	return files;
}

static json_t *rounds_json(const struct engine_run *er)
{
	json_t *rounds = json_array();

	for (unsigned i = 0; i < er->rounds_done; i++) {
		const struct round_figures *f = &er->rounds[i];
		json_t *o = json_object();
		json_put(o, "response_p50_ns", json_figure(f->response_p50_ns));
		json_put(o, "response_p99_ns", json_figure(f->response_p99_ns));
		json_put(o, "achieved_rps", json_figure(f->achieved_rps));
		json_put(o, "cpu_us_per_request", json_figure(f->cpu_us_per_request));
		json_put(o, "moved_bytes_per_request",
			 f->moved_bytes_per_request >= 0 && er->stats.store_dir[0] != '\0'
				 ? json_figure(f->moved_bytes_per_request)
				 : NULL);
		json_put(o, "joules_per_request", json_figure(f->joules_per_request));
		json_array_append_new(rounds, o);
	}
	return rounds;
}

static json_t *per_second(double sum, uint64_t window_ns)
{
	return window_ns > 0 ? json_figure(sum * 1e9 / (double)window_ns) : json_null();
}

static json_t *engine_json(const struct run *run, unsigned index, const struct energies *energies)
{
	const struct engine_run *er = &run->engines[index];
	const struct recorder *r = er->total;
	json_t *o = json_object();

	json_put(o, "kind", json_string(er->config->kind));
	json_put(o, "in_flight_max", integer((uint64_t)er->config->numjobs * run_depth(run, er)));
	json_put(o, "requests", requests_json(run, er));
	json_put(o, "offered_rps", per_second((double)r->planned, er->planned_window_ns));
	json_put(o, "achieved_rps", per_second((double)r->completed, er->window_ns));
	json_put(o, "content_mib_per_s",
		 per_second((double)r->content_bytes / (1 << 20), er->window_ns));
	json_put(o, "window_s", json_figure((double)er->window_ns / 1e9));
	json_put(o, "response_ns", histogram_json(&r->response));
	json_put(o, "response_curve", curve_json(&r->response));
	json_put(o, "service_ns", histogram_json(&r->service));
	json_put(o, "slip_ns", histogram_json(&r->slip));
	json_put(o, "histograms", histogram_files_json(er));
	json_put(o, "steps", steps_json(run, er));
	json_put(o, "peak", peak_json(run, er));
	json_put(o, "steady_state", steady_json(run, &er->steady));
	json_put(o, "cache", cache_json(run, er));
	json_put(o, "bytes", bytes_json(run, er));
	json_put(o, "cpu", cpu_json(er));
	json_put(o, "energy", energy_json(er, &energies->of[index], energies->platform));
	json_put(o, "io_uring", ring_json(&er->stats));
	json_put(o, "dictionary", dictionary_json(&er->stats));
	json_put(o, "generator", generator_json(er, &energies->of[index]));
	json_put(o, "rounds", rounds_json(er));
	return o;
}

/* ---- ratios ---- */

static json_t *ratio_json(const struct run *run, const struct engine_run *a,
			  const struct engine_run *b, size_t offset)
{
	unsigned n = run->rounds_done;
	double *x = calloc(n + 1, sizeof *x), *y = calloc(n + 1, sizeof *y);
	json_t *o = json_null();

	for (unsigned i = 0; x != NULL && y != NULL && i < n; i++) {
		memcpy(&x[i], (const char *)&a->rounds[i] + offset, sizeof *x);
		memcpy(&y[i], (const char *)&b->rounds[i] + offset, sizeof *y);
	}
	struct ratio r = {0};
	if (x != NULL && y != NULL)
		r = ratio_paired(x, y, n);
	if (r.known) {
		o = json_object();
		json_put(o, "value", json_figure(r.value));
		json_t *ci = json_array();
		json_array_append_new(ci, json_figure(r.low));
		json_array_append_new(ci, json_figure(r.high));
		json_put(o, "ci95", ci);
	}
	free(x);
	free(y);
	return o;
}

/* Every engine against the first of the file. */
static json_t *ratios_json(const struct run *run, const struct energies *energies)
{
	static const struct {
		const char *name;
		size_t offset;
	} figures[] = {
		{"response_p50", offsetof(struct round_figures, response_p50_ns)},
		{"response_p99", offsetof(struct round_figures, response_p99_ns)},
		{"achieved_rps", offsetof(struct round_figures, achieved_rps)},
		{"cpu_us_per_request", offsetof(struct round_figures, cpu_us_per_request)},
		{"moved_per_request", offsetof(struct round_figures, moved_bytes_per_request)},
		{"joules_per_request", offsetof(struct round_figures, joules_per_request)},
	};
	json_t *ratios = json_object();

	for (unsigned i = 1; i < run->engine_count; i++) {
		json_t *o = json_object();
		for (size_t k = 0; k < sizeof figures / sizeof figures[0]; k++)
			json_put(o, figures[k].name,
				 ratio_json(run, &run->engines[i], &run->engines[0],
					    figures[k].offset));
		if (!run_device_figures(&run->engines[i]) || !run_device_figures(&run->engines[0]))
			json_put(o, "moved_per_request", NULL);
		if (energies->of[i].kind != energies->of[0].kind) /* not of the same kind */
			json_put(o, "joules_per_request", NULL);
		char name[2 * WORKLOAD_NAME_NBYTES + 2];
		snprintf(name, sizeof name, "%s/%s", run->engines[i].config->label,
			 run->engines[0].config->label);
		json_put(ratios, name, o);
	}
	return ratios;
}

static json_t *result_json(const struct run *run, const struct verdict *v,
			   const struct energies *energies, const char *command)
{
	json_t *root = json_object(), *tool = json_object(), *why = json_array();
	json_t *null_cost = json_object(), *engines = json_object();
	char when[32];
	time_t now = time(NULL);
	struct tm tm;

	strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	json_put(root, "schema_version", json_integer(SCHEMA_VERSION));
	json_put(tool, "version", json_string(gvr_version));
	json_put(tool, "commit", json_string(gvr_commit));
	json_put(root, "tool", tool);
	json_put(root, "command", command != NULL ? json_text(command) : NULL);
	json_put(root, "time", json_string(when));
	json_put(root, "result", json_string(v->reason_count == 0 ? "VALID" : "INVALID"));
	for (unsigned i = 0; i < v->reason_count; i++)
		json_array_append_new(why, json_text(v->reasons[i]));
	json_put(root, "why_invalid", why);
	json_put(root, "host", host_describe(run->contents->dir));
	json_put(root, "workload", workload_json(run));
	json_put(root, "request_stream", stream_json(run));
	json_put(null_cost, "ns_per_request", json_figure(run->null_ns_per_request));
	json_put(root, "null_engine", null_cost);
	for (unsigned i = 0; i < run->engine_count; i++)
		json_put(engines, run->engines[i].config->label, engine_json(run, i, energies));
	json_put(root, "engines", engines);
	json_put(root, "ratios", ratios_json(run, energies));
	json_put(root, "platform", constants_json(energies->platform, &platform_table));
	json_put(root, "energy", energy_whole_json(&energies->whole));
	json_put(root, "meters", energy_meters_json(run));
	return root;
}

/* LABEL.hlog and LABEL.WHAT.hgrm; a label is fit for a file name. */
static int write_histograms(const struct engine_run *er, const char *dir, struct error *e)
{
	const struct histogram *histograms[] = {&er->total->response, &er->total->service,
						&er->total->slip};
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s.hlog", dir, er->config->label);
	int err = hlog_write(er->hlog, path, e);
	for (unsigned i = 0; i < 3 && err == 0; i++) {
		snprintf(path, sizeof path, "%s/%s.%s.hgrm", dir, er->config->label,
			 histogram_names[i]);
		err = hgrm_write(histograms[i], path, e);
	}
	return err;
}

static int write_text(const char *dir, const char *name, const char *what, struct error *e)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	return file_write(path, &(struct file_part){what, strlen(what)}, 1, e);
}

int result_write(const struct run *run, const struct verdict *v, const struct energies *energies,
		 const struct constants *prices, const char *command, const char *dir,
		 char **summary, struct error *e)
{
	json_t *breakeven = NULL;

	*summary = NULL;
	json_t *root = result_json(run, v, energies, command);
	int err = breakeven_of(&breakeven, root, NULL, prices, 0, "this result", e);
	if (err != 0) {
		json_decref(root);
		return err;
	}
	*summary = summary_text(run, v, energies, breakeven);
	json_put(root, "breakeven", breakeven);
	char *dump = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	json_decref(root);
	if (dump == NULL || *summary == NULL)
		err = error_set(e, -ENOMEM, "out of memory");
	for (unsigned i = 0; i < run->engine_count && err == 0; i++)
		err = write_histograms(&run->engines[i], dir, e);
	if (err == 0)
		err = write_text(dir, "summary.txt", *summary, e);
	if (err == 0) /* last: a result.json has all its files beside it */
		err = write_text(dir, "result.json", dump, e);
	free(dump);
	return err;
}
