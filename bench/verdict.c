#include "bench/verdict.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bench/format.h"

/* How far the measured window may exceed the planned one. */
#define WINDOW_TOLERANCE 0.01
/* How late the harness may be: of the response time's p99, or at all. */
#define SLIP_TOLERANCE 0.05
#define SLIP_NEGLIGIBLE_NS 20000
#define WITHHELD_NOTABLE 0.01
/* How much of the measured time the process may stand still. */
#define PAUSE_TOLERANCE 0.01

static void reason(struct verdict *v, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void reason(struct verdict *v, const char *format, ...)
{
	va_list args;

	if (v->reason_count == VERDICT_REASONS_MAX)
		return;
	va_start(args, format);
	vsnprintf(v->reasons[v->reason_count++], VERDICT_REASON_NBYTES, format, args);
	va_end(args);
}

static const struct bad_reply *first_bad(const struct recorder *r, bool failed)
{
	for (unsigned i = 0; i < r->bad_count; i++)
		if ((r->bad[i].error != 0) == failed)
			return &r->bad[i];
	return NULL;
}

static void judge_replies(const struct run *run, const struct engine_run *er, struct verdict *v)
{
	const struct recorder *r = er->total;
	const struct bad_reply *bad;
	char name[256] = "";

	if (r->mismatched > 0) {
		bad = first_bad(r, false);
		if (bad != NULL)
			contents_describe(run->contents, bad->content, bad->context, name,
					  sizeof name);
		reason(v, "%s: %" PRIu64 " replies with wrong bytes, first %s", er->config->label,
		       r->mismatched, name);
		v->bytes_differ = true;
	}
	if (r->failed > 0) {
		bad = first_bad(r, true);
		if (bad != NULL)
			contents_describe(run->contents, bad->content, bad->context, name,
					  sizeof name);
		reason(v,
		       "%s: %" PRIu64 " requests failed, first %s: %s; gvr verify names them all",
		       er->config->label, r->failed, name,
		       bad == NULL		? "unknown"
		       : bad->error == -EBADMSG ? "damaged"
						: strerror(-bad->error));
	}
}

static void judge_rate(const struct engine_run *er, struct verdict *v)
{
	const struct recorder *r = er->total;

	if (er->planned_window_ns == 0 || er->window_ns == 0)
		return;
	double offered = (double)r->planned * 1e9 / (double)er->planned_window_ns;
	double achieved = (double)r->completed * 1e9 / (double)er->window_ns;
	if (r->dropped > 0 ||
	    (double)er->window_ns > (double)er->planned_window_ns * (1 + WINDOW_TOLERANCE))
		reason(v,
		       "%s: overloaded: offered %.1f/s, served %.1f/s, %" PRIu64
		       " dropped; %s below %.0f",
		       er->config->label, offered, achieved, r->dropped,
		       er->peak.rate_iops > 0 ? "the peak is rather" : "lower rate_iops",
		       achieved * 0.8);
}

/* Enough time and enough requests for the percentile that is reported. */
static void judge_size(const struct run *run, const struct engine_run *er, struct verdict *v)
{
	const struct workload *w = run->workload;
	const struct recorder *r = er->total;
	char took[32], least[32];

	if (r->completed == 0) {
		reason(v, "%s: no request completed; raise runtime or the rate", er->config->label);
		return;
	}
	if (w->number_ios == 0 && er->window_ns < w->min_duration_ns) {
		format_ns(took, sizeof took, (double)er->window_ns);
		format_ns(least, sizeof least, (double)w->min_duration_ns);
		reason(v, "%s: measured for %s, less than min_duration = %s; raise runtime",
		       er->config->label, took, least);
	}
	if (r->completed < w->min_query_count)
		reason(v,
		       "%s: %" PRIu64 " requests completed, %" PRIu64
		       " are needed (min_query_count%s); raise %s",
		       er->config->label, r->completed, w->min_query_count,
		       w->scenario == SCENARIO_OFFLINE ? "" : ", for target_latency_percentile",
		       w->number_ios > 0 ? "number_ios" : "runtime");
}

/* A request that the harness released late was not measured as planned. */
static void judge_slip(const struct run *run, const struct engine_run *er, struct verdict *v)
{
	double slip_ns = (double)histogram_percentile(&er->total->slip, 99);
	double response_ns = (double)histogram_percentile(&er->total->response, 99);
	char slip[32], response[32], withheld[96] = "";

	/* the null engine's response is the harness's own time */
	if (run->workload->scenario != SCENARIO_SERVER || strcmp(er->config->kind, "null") == 0 ||
	    slip_ns < SLIP_NEGLIGIBLE_NS || slip_ns <= response_ns * SLIP_TOLERANCE)
		return;
	format_ns(slip, sizeof slip, slip_ns);
	format_ns(response, sizeof response, response_ns);
	if (run_withheld_part(er) > WITHHELD_NOTABLE)
		snprintf(withheld, sizeof withheld,
			 " (the machine withheld %.1f %% of its CPU time: try one of your own)",
			 100 * run_withheld_part(er));
	reason(v,
	       "%s: the harness was late: its slip p99 of %s is more than 5 %% of the response "
	       "time's %s; leave it a free CPU: less numjobs, nothing else running%s",
	       er->config->label, slip, response, withheld);
}

static void judge_target(const struct run *run, const struct engine_run *er, struct verdict *v)
{
	const struct workload *w = run->workload;
	uint64_t reached_ns =
		histogram_percentile(&er->total->response, w->target_latency_percentile);
	char reached[32], target[32];

	if (w->scenario != SCENARIO_SERVER || reached_ns <= w->target_latency_ns ||
	    w->target_latency_ns == 0)
		return;
	format_ns(reached, sizeof reached, (double)reached_ns);
	format_ns(target, sizeof target, (double)w->target_latency_ns);
	reason(v, "%s: response time p%g is %s, above target_latency = %s; %s", er->config->label,
	       w->target_latency_percentile, reached, target,
	       w->rate_count == 0 ? "raise runtime, so that each probe is longer"
				  : "lower rate_iops, or let rate_iops = peak find the rate");
}

static void judge_state(const struct run *run, const struct engine_run *er, struct verdict *v)
{
	char paused[32];

	if ((double)er->paused_ns > (double)er->window_ns * PAUSE_TOLERANCE) {
		format_ns(paused, sizeof paused, (double)er->paused_ns);
		reason(v,
		       "%s: gvr stood still for %s (stopped, or without a CPU); measure again on "
		       "a machine that is not busy",
		       er->config->label, paused);
	}
	if (er->steady.judged && !er->steady.reached)
		reason(v,
		       "%s: no steady state: %s; raise ramp_time or runtime, or see ss in gvr run "
		       "--help",
		       er->config->label, er->steady.why);
	if (run->workload->cache_state == CACHE_COLD && er->cache.known && !er->config->direct &&
	    er->cache.before_bytes > 0)
		reason(v,
		       "%s: cache_state = cold: %" PRIu64 " bytes of the store stay in the page "
		       "cache; put --store on a disk (not tmpfs), or set direct = 1",
		       er->config->label, er->cache.before_bytes);
}

static void judge_books(const struct run *run, const struct engine_run *er, struct verdict *v)
{
	const struct recorder *r = er->total;

	if (r->planned != r->completed + r->failed + r->dropped)
		reason(v, "%s: the harness lost requests: planned %" PRIu64 ", completed %" PRIu64,
		       er->config->label, r->planned, r->completed);
	if (r->response.count + r->response.out_of_range != r->completed)
		reason(v, "%s: the harness lost response times", er->config->label);
	if (!run->enumerated && !run->interrupted && !er->stream_checked)
		reason(v, "%s: was not asked the requests of the stream", er->config->label);
}

static void judge_engine(const struct run *run, const struct engine_run *er, struct verdict *v)
{
	judge_replies(run, er, v);
	judge_books(run, er, v);
	if (run->interrupted || run->enumerated)
		return;
	if (run->workload->scenario == SCENARIO_SERVER && run->workload->rate_count == 0 &&
	    er->peak.rate_iops == 0) {
		reason(v, "%s: no rate was found that holds target_latency; raise it, or runtime",
		       er->config->label);
		return;
	}
	judge_rate(er, v);
	judge_size(run, er, v);
	judge_target(run, er, v);
	judge_slip(run, er, v);
	judge_state(run, er, v);
}

void verdict_of(const struct run *run, struct verdict *v)
{
	memset(v, 0, sizeof *v);
	if (run->interrupted)
		reason(v, "interrupted after %u of %u rounds", run->rounds_done,
		       run->workload->rounds);
	for (unsigned i = 0; i < run->engine_count; i++)
		judge_engine(run, &run->engines[i], v);
}

int verdict_exit_code(const struct run *run, const struct verdict *v)
{
	if (v->bytes_differ)
		return 8;
	if (run->interrupted)
		return 1;
	return v->reason_count > 0 ? 6 : 0;
}
