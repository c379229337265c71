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

#include "bench/files.h"
#include "bench/host.h"
#include "bench/json_text.h"
#include "bench/ratio.h"
#include "bench/summary.h"
#include "bench/version.h"

#define SCHEMA_VERSION 1
/* What each engine has three histograms of, as in the .hlog's tags. */
static const char *const histogram_names[] = {"response", "service", "slip"};
/* Contents are summed one by one up to so many ids, else not at all. */
#define SUM_CONTENTS_MAX UINT64_C(100000000)

static void set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value != NULL ? value : json_null());
}

/* Figures are stored to 6 significant digits: more would be noise. */
static json_t *figure(double value)
{
	if (!isfinite(value))
		return json_null();
	if (value == 0)
		return json_real(0);
	double scale = pow(10, 5 - floor(log10(fabs(value))));
	return json_real(round(value * scale) / scale);
}

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
			set(out->engines, label, target);
		}
	}
	set(target, key, json_text(value));
}

static json_t *skipped_json(const struct corpus_skipped *s)
{
	json_t *o = json_object();

	set(o, "links", integer(s->links));
	set(o, "special", integer(s->special));
	set(o, "unreadable", integer(s->unreadable));
	set(o, "too_large", integer(s->too_large));
	return o;
}

static json_t *workload_json(const struct run *run)
{
	const struct contents *c = run->contents;
	struct workload_json out = {json_object(), json_object()};

	workload_each_value(run->workload, emit_value, &out);
	set(out.workload, "file", json_text(run->workload->file));
	set(out.workload, "engines", out.engines);
	set(out.workload, "content_count", integer(c->count));
	set(out.workload, "store_dir", json_text(c->dir));
	if (c->corpus != NULL) {
		set(out.workload, "training_documents",
		    integer(corpus_count(c->corpus, SPLIT_TRAINING)));
		set(out.workload, "training_bytes",
		    integer(corpus_bytes(c->corpus, SPLIT_TRAINING)));
		set(out.workload, "skipped_files", skipped_json(&c->corpus->skipped));
		if (c->workload->contents_kind == CONTENTS_ARCHIVE)
			set(out.workload, "model_may_have_seen_contents",
			    json_boolean(c->workload->split != SPLIT_HELD_OUT ||
					 contents_may_be_seen(c)));
		set(out.workload, "corpus_fingerprint",
		    hex(corpus_fingerprint(c->corpus, SPLIT_ALL)));
	}
	return out.workload;
}

static json_t *stream_json(const struct run *run)
{
	if (run->stream_requests == 0) /* rate_iops = peak: each engine has its own */
		return json_null();
	json_t *s = json_object();
	set(s, "requests", integer(run->stream_requests));
	set(s, "digest", hex(run->stream_digest));
	/* of a fixed number, to hold against other runs */
	set(s, "first_requests", integer(run->prefix_requests));
	set(s, "first_digest", hex(run->prefix_digest));
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
	set(o, "min", integer(h->min_ns));
	set(o, "mean", figure(histogram_mean(h)));
	set(o, "max", integer(h->max_ns));
	set(o, "stddev", figure(histogram_stddev(h)));
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		set(p, names[i], integer(histogram_percentile(h, percentiles[i])));
	set(o, "percentile", p);
	set(o, "out_of_range", integer(h->out_of_range));
	return o;
}

static json_t *requests_json(const struct run *run, const struct engine_run *er)
{
	const struct recorder *r = er->total;
	uint64_t digest = run->stream_requests > 0 ? run->stream_digest : r->stream_digest;
	json_t *o = json_object();

	set(o, "planned", integer(r->planned));
	set(o, "completed", integer(r->completed));
	set(o, "failed", integer(r->failed));
	set(o, "dropped", integer(r->dropped));
	set(o, "verified", integer(r->verified));
	set(o, "mismatched", integer(r->mismatched));
	set(o, "stream_digest", er->stream_checked ? hex(digest) : NULL);
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

static json_t *bytes_json(const struct run *run, const struct engine_run *er)
{
	const struct recorder *r = er->total;
	json_t *o = json_object();
	bool moved = run_device_figures(er);

	set(o, "content", content_bytes_json(run));
	set(o, "at_rest", integer(er->stats.at_rest_bytes));
	set(o, "at_rest_disk", integer(er->stats.at_rest_disk_bytes));
	set(o, "at_rest_payload", integer(er->stats.payload_bytes));
	set(o, "shared_at_rest", integer(er->stats.shared_at_rest_bytes));
	set(o, "written_to_load",
	    er->stats.load_written_bytes > 0 ? integer(er->stats.load_written_bytes) : NULL);
	set(o, "moved_per_request",
	    moved ? figure((double)er->device.read_bytes / (double)r->completed) : NULL);
	set(o, "device_reads_per_request",
	    moved ? figure((double)er->device.reads / (double)r->completed) : NULL);
	set(o, "moved_source",
	    json_string(
		    er->stats.store_dir[0] == '\0' ? "unavailable: this engine has no store to read"
		    : moved ? "counters of the block device under the store, all its users"
		    : er->device_known ? "unavailable: others read from the device meanwhile"
				       : "unavailable: the store's file system lies on no block "
					 "device that the kernel counts"));
	set(o, "resident", integer(er->stats.resident_bytes));
	return o;
}

static json_t *cpu_json(const struct engine_run *er)
{
	const struct recorder *r = er->total;
	double withheld = run_withheld_part(er);
	json_t *o = json_object();
	double n = (double)r->completed;

	bool known = n > 0 && !er->stats.cpu_elsewhere;
	set(o, "us_per_request", known ? figure((double)r->cpu_ns / 1e3 / n) : NULL);
	set(o, "source",
	    json_string(er->stats.cpu_elsewhere
				? "unavailable: a thread of the kernel submits (sqthread_poll)"
				: "CPU clocks of the workers"));
	set(o, "verify_us_per_request", n > 0 ? figure((double)r->verify_ns / 1e3 / n) : NULL);
	set(o, "withheld_part", withheld >= 0 ? figure(withheld) : NULL);
	set(o, "paused_s", figure((double)er->paused_ns / 1e9));
	return o;
}

static json_t *energy_json(void)
{
	json_t *o = json_object();

	set(o, "kind", json_string("unavailable"));
	set(o, "source", json_string("this version of gvr has no energy meter"));
	set(o, "domains", json_array());
	set(o, "window_s", NULL);
	set(o, "idle_watts", NULL);
	set(o, "joules_per_request", NULL);
	return o;
}

static json_t *ring_json(const struct engine_stats *s)
{
	if (!s->ring_created)
		return json_null();
	json_t *o = json_object();
	set(o, "ring_created", json_true());
	set(o, "sqes", integer(s->sqes));
	set(o, "cqes", integer(s->cqes));
	return o;
}

static json_t *dictionary_json(const struct engine_stats *s)
{
	if (s->dictionary_bytes == 0)
		return json_null();
	json_t *o = json_object();
	set(o, "bytes", integer(s->dictionary_bytes));
	set(o, "how", json_string(s->dictionary_how));
	return o;
}

static json_t *generator_json(const struct engine_stats *s)
{
	if (s->generator[0] == '\0')
		return json_null();
	json_t *o = json_object();
	set(o, "name", json_string(s->generator));
	set(o, "model_bytes", integer(s->model_bytes));
	set(o, "bits_per_byte",
	    s->content_bytes > 0 ? figure((double)s->payload_bytes * 8 / (double)s->content_bytes)
				 : NULL);
	set(o, "macs_per_byte", s->macs_per_byte > 0 ? figure(s->macs_per_byte) : NULL);
	set(o, "kernel", s->kernel != NULL ? json_string(s->kernel) : NULL);
	return o;
}

/* A cache of blocks in the engine's own memory, over the whole run. */
static json_t *block_cache_json(const struct engine_stats *s)
{
	if (s->cache_bytes == 0)
		return json_null();
	json_t *o = json_object();
	set(o, "bytes", integer(s->cache_bytes));
	set(o, "lookups", integer(s->cache_lookups));
	set(o, "hits", integer(s->cache_hits));
	set(o, "hit_ratio",
	    s->cache_lookups > 0 ? figure((double)s->cache_hits / (double)s->cache_lookups) : NULL);
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
	set(o, "state", json_string(states[run->workload->cache_state]));
	set(o, "direct", json_boolean(er->config->direct));
	set(o, "in_memory", json_boolean(er->cache.in_memory)); /* O_DIRECT or not */
	set(o, "block_cache", block_cache_json(&er->stats));
	set(o, "store_bytes", er->cache.known ? integer(er->cache.store_bytes) : NULL);
	set(o, "page_cache_bytes_before", er->cache.known ? integer(er->cache.before_bytes) : NULL);
	set(o, "page_cache_bytes_after", er->cache.known ? integer(er->cache.after_bytes) : NULL);
	return o;
}

static json_t *steady_json(const struct run *run, const struct steady *s)
{
	json_t *o = json_object();

	set(o, "reached",
	    s->judged && !steady_is_unclear(s, run->workload->ss_limit) ? json_boolean(s->reached)
									: NULL);
	set(o, "across_rounds", s->judged ? figure(s->across_rounds) : NULL);
	set(o, "within_round", s->judged ? figure(s->within_round) : NULL);
	set(o, "spread", s->judged ? figure(s->spread) : NULL);
	set(o, "why", json_text(s->why));
	return o;
}

/* Each step of rate_iops by itself. */
static json_t *steps_json(const struct run *run, const struct engine_run *er)
{
	json_t *steps = json_array();

	for (unsigned i = 0; i < er->total->step_count; i++) {
		const struct step_recorder *step = &er->total->steps[i];
		json_t *o = json_object();
		set(o, "rate_iops", figure(run->workload->rate_iops[i]));
		set(o, "planned", integer(step->planned));
		set(o, "completed", integer(step->response.count + step->response.out_of_range));
		set(o, "response_ns", histogram_json(&step->response));
		json_array_append_new(steps, o);
	}
	return steps;
}

static json_t *peak_json(const struct run *run, const struct engine_run *er)
{
	if (run->workload->scenario != SCENARIO_SERVER || run->workload->rate_count > 0)
		return json_null();
	json_t *o = json_object(), *probes = json_array();
	set(o, "rate_iops", er->peak.rate_iops > 0 ? figure(er->peak.rate_iops) : NULL);
	for (unsigned i = 0; i < er->peak.probe_count; i++) {
		const struct peak_probe *p = &er->peak.probes[i];
		json_t *probe = json_object();
		set(probe, "rate_iops", figure(p->rate_iops));
		set(probe, "latency_ns", integer(p->latency_ns));
		set(probe, "served_rps", figure(p->served_rps));
		set(probe, "dropped", integer(p->dropped));
		set(probe, "held", json_boolean(p->held));
		json_array_append_new(probes, probe);
	}
	set(o, "probes", probes);
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
		set(o, "response_p50_ns", figure(f->response_p50_ns));
		set(o, "response_p99_ns", figure(f->response_p99_ns));
		set(o, "achieved_rps", figure(f->achieved_rps));
		set(o, "cpu_us_per_request", figure(f->cpu_us_per_request));
		set(o, "moved_bytes_per_request",
		    f->moved_bytes_per_request >= 0 && er->stats.store_dir[0] != '\0'
			    ? figure(f->moved_bytes_per_request)
			    : NULL);
		json_array_append_new(rounds, o);
	}
	return rounds;
}

static json_t *per_second(double sum, uint64_t window_ns)
{
	return window_ns > 0 ? figure(sum * 1e9 / (double)window_ns) : json_null();
}

static json_t *engine_json(const struct run *run, const struct engine_run *er)
{
	const struct recorder *r = er->total;
	json_t *o = json_object();

	set(o, "kind", json_string(er->config->kind));
	set(o, "requests", requests_json(run, er));
	set(o, "offered_rps", per_second((double)r->planned, er->planned_window_ns));
	set(o, "achieved_rps", per_second((double)r->completed, er->window_ns));
	set(o, "content_mib_per_s",
	    per_second((double)r->content_bytes / (1 << 20), er->window_ns));
	set(o, "window_s", figure((double)er->window_ns / 1e9));
	set(o, "response_ns", histogram_json(&r->response));
	set(o, "service_ns", histogram_json(&r->service));
	set(o, "slip_ns", histogram_json(&r->slip));
	set(o, "histograms", histogram_files_json(er));
	set(o, "steps", steps_json(run, er));
	set(o, "peak", peak_json(run, er));
	set(o, "steady_state", steady_json(run, &er->steady));
	set(o, "cache", cache_json(run, er));
	set(o, "bytes", bytes_json(run, er));
	set(o, "cpu", cpu_json(er));
	set(o, "energy", energy_json());
	set(o, "io_uring", ring_json(&er->stats));
	set(o, "dictionary", dictionary_json(&er->stats));
	set(o, "generator", generator_json(&er->stats));
	set(o, "rounds", rounds_json(er));
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
		set(o, "value", figure(r.value));
		json_t *ci = json_array();
		json_array_append_new(ci, figure(r.low));
		json_array_append_new(ci, figure(r.high));
		set(o, "ci95", ci);
	}
	free(x);
	free(y);
	return o;
}

/* Every engine against the first of the file. */
static json_t *ratios_json(const struct run *run)
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
	};
	json_t *ratios = json_object();

	for (unsigned i = 1; i < run->engine_count; i++) {
		json_t *o = json_object();
		for (size_t k = 0; k < sizeof figures / sizeof figures[0]; k++)
			set(o, figures[k].name,
			    ratio_json(run, &run->engines[i], &run->engines[0], figures[k].offset));
		set(o, "joules_per_request", NULL); /* no engine's energy is measured */
		char name[2 * WORKLOAD_NAME_NBYTES + 2];
		snprintf(name, sizeof name, "%s/%s", run->engines[i].config->label,
			 run->engines[0].config->label);
		set(ratios, name, o);
	}
	return ratios;
}

static json_t *result_json(const struct run *run, const struct verdict *v)
{
	json_t *root = json_object(), *tool = json_object(), *why = json_array();
	json_t *null_cost = json_object(), *engines = json_object();
	char when[32];
	time_t now = time(NULL);
	struct tm tm;

	strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	set(root, "schema_version", json_integer(SCHEMA_VERSION));
	set(tool, "version", json_string(gvr_version));
	set(tool, "commit", json_string(gvr_commit));
	set(root, "tool", tool);
	set(root, "time", json_string(when));
	set(root, "result", json_string(v->reason_count == 0 ? "VALID" : "INVALID"));
	for (unsigned i = 0; i < v->reason_count; i++)
		json_array_append_new(why, json_text(v->reasons[i]));
	set(root, "why_invalid", why);
	set(root, "host", host_describe(run->contents->dir));
	set(root, "workload", workload_json(run));
	set(root, "request_stream", stream_json(run));
	set(null_cost, "ns_per_request", figure(run->null_ns_per_request));
	set(root, "null_engine", null_cost);
	for (unsigned i = 0; i < run->engine_count; i++)
		set(engines, run->engines[i].config->label, engine_json(run, &run->engines[i]));
	set(root, "engines", engines);
	set(root, "ratios", ratios_json(run));
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

int result_write(const struct run *run, const struct verdict *v, const char *dir, char **summary,
		 struct error *e)
{
	int err = 0;

	json_t *root = result_json(run, v);
	char *dump = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	json_decref(root);
	*summary = summary_text(run, v);
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
