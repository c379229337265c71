#include "bench/verdict.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* How far the measured window may exceed the planned one. */
#define WINDOW_TOLERANCE 0.01

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
	if (r->completed + r->failed == 0 && !run->interrupted)
		reason(v, "%s: no request completed; raise runtime or the rate", er->config->label);
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
		       " dropped; lower rate_iops below %.0f or raise numjobs",
		       er->config->label, offered, achieved, r->dropped, achieved * 0.8);
}

void verdict_of(const struct run *run, struct verdict *v)
{
	memset(v, 0, sizeof *v);
	if (run->interrupted)
		reason(v, "interrupted after %u of %u rounds", run->rounds_done,
		       run->workload->rounds);
	for (unsigned i = 0; i < run->engine_count; i++) {
		const struct engine_run *er = &run->engines[i];
		const struct recorder *r = er->total;
		judge_replies(run, er, v);
		judge_rate(er, v);
		if (r->planned != r->completed + r->failed + r->dropped)
			reason(v,
			       "%s: the harness lost requests: planned %" PRIu64
			       ", completed %" PRIu64,
			       er->config->label, r->planned, r->completed);
		if (r->response.count + r->response.out_of_range != r->completed)
			reason(v, "%s: the harness lost response times", er->config->label);
	}
	if (!run->enumerate && !run->stream_checked)
		reason(v, "the engines were not asked the same requests");
}

int verdict_exit_code(const struct run *run, const struct verdict *v)
{
	if (v->bytes_differ)
		return 8;
	if (run->interrupted)
		return 1;
	return v->reason_count > 0 ? 6 : 0;
}
