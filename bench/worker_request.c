/* worker_request.c: one request through the engine; the closed loop. */
#include "bench/worker_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "bench/clock.h"

/* An engine with requests in flight that answers none for so long has hung. */
#define HANG_NS UINT64_C(600000000000)

static void verify(struct worker *w, const struct request *r)
{
	const struct contents *c = w->config.contents;

	w->recorder->verified++;
	if (!contents_is_right(c, r, w->scratch)) {
		w->recorder->mismatched++;
		recorder_bad(w->recorder, r, 0);
	}
}

static bool wants_verify(const struct worker *w)
{
	const struct workload *wl = w->config.contents->workload;

	if (!w->config.ops->makes_replies || wl->verify == VERIFY_NONE)
		return false;
	return wl->verify == VERIFY_ALL || w->recorder->completed % wl->verify_sample == 0;
}

unsigned worker_step_of(const struct worker *w, uint64_t schedule_ns)
{
	return w->recorder->step_count > 0 ? arrivals_step_at(&w->arrivals.plan, schedule_ns) : 0;
}

/* done_ns is stamped when the reply came; the digest is taken after that,
 * outside every measured span. */
static void finish_request(struct worker *w, struct request *r)
{
	struct recorder *rec = w->recorder;
	size_t slot = (size_t)(r - w->requests);

	w->in_flight--;
	rec->last_done_ns = r->done_ns;
	if (r->error != 0) {
		rec->failed++;
		recorder_bad(rec, r, r->error);
	} else {
		bool check = wants_verify(w);
		recorder_done(rec, r, w->slip_ns[slot],
			      worker_step_of(w, w->issued[slot].schedule_ns));
		if (w->config.slice->plan.schedule != NULL)
			trend_record(&rec->trend, r->planned_ns, r->done_ns - r->planned_ns);
		if (check) {
			uint64_t begin_ns = clock_thread_cpu_ns();
			verify(w, r);
			rec->verify_ns += clock_thread_cpu_ns() - begin_ns;
		}
	}
	w->config.ops->release(w->engine_thread, r);
	w->free_requests[w->free_count++] = r;
	worker_follow_chain(w, &w->issued[slot], r->done_ns);
}

void worker_identify(struct worker *w, struct request *r, uint64_t index)
{
	const struct slice_plan *p = &w->config.slice->plan;

	if (p->stream != NULL && w->config.count == 1 && w->config.chain_max == 0) {
		stream_request_ahead(p->stream, &w->ahead, index + p->index_offset, r);
	} else if (p->stream != NULL) {
		stream_request(p->stream, index + p->index_offset, r);
	} else {
		uint32_t contexts = w->config.contents->workload->contexts;
		uint64_t item = p->item_first + index / p->item_repeat;
		item = (uint64_t)((unsigned __int128)item * p->item_stride %
				  w->config.contents->items);
		r->content = item / contexts;
		r->context = (uint32_t)(item % contexts);
	}
}

/* Tries to issue d at now_ns, its content being in the next free request.
 * False: the engine is busy, nothing changed. */
bool worker_issue(struct worker *w, const struct due *d, uint64_t slip_ns, uint64_t now_ns)
{
	struct request *r = w->free_requests[w->free_count - 1];
	size_t slot = (size_t)(r - w->requests);
	struct recorder *rec = w->recorder;

	r->error = 0;
	r->issued_ns = now_ns;
	r->planned_ns = d->planned_ns;
	enum submit_status status = w->config.ops->submit(w->engine_thread, r);
	if (status == SUBMIT_BUSY)
		return false;
	w->issued[slot] = *d;
	w->slip_ns[slot] = slip_ns;
	w->free_count--;
	if (w->in_flight++ == 0)
		w->last_progress_ns = now_ns;
	rec->planned++;
	if (rec->steps != NULL)
		rec->steps[worker_step_of(w, d->schedule_ns)].planned++;
	rec->issued++;
	rec->last_issued_ns = now_ns;
	rec->stream_digest += stream_digest_share(d->index, r->content, r->context, d->schedule_ns);
	if (status == SUBMIT_DONE) {
		r->done_ns = clock_ns();
		w->excused_ns += r->done_ns - now_ns;
		w->last_progress_ns = r->done_ns;
		finish_request(w, r);
	} else {
		w->submitted_ns = now_ns;
	}
	return true;
}

/* Takes back what is done, at most cap, waiting at most wait_ns. How many, or
 * -errno. */
int worker_reap(struct worker *w, unsigned cap, uint64_t wait_ns)
{
	struct request *done[WORKER_REAP_MAX];

	int n = w->config.ops->reap(w->engine_thread, done, cap, wait_ns);
	if (n < 0)
		return error_set(&w->error, n, "the engine broke: %s", strerror(-n));
	uint64_t now_ns = clock_ns();
	if (n == 0)
		return now_ns - w->last_progress_ns < HANG_NS
			       ? 0
			       : error_set(&w->error, -ETIMEDOUT,
					   "the engine has not answered for %" PRIu64 " s",
					   HANG_NS / 1000000000);
	w->last_progress_ns = now_ns;
	for (int i = 0; i < n; i++)
		done[i]->done_ns = now_ns;
	for (int i = 0; i < n; i++)
		finish_request(w, done[i]);
	return n;
}

bool worker_may_go_on(const struct worker *w, uint64_t now_ns)
{
	return !atomic_load_explicit(&w->config.slice->stopped, memory_order_relaxed) &&
	       now_ns < w->config.slice->stop_ns;
}

int worker_drain(struct worker *w)
{
	int n = 0;
	while (n >= 0 && w->in_flight > 0)
		n = worker_reap(w, WORKER_REAP_MAX, WORKER_WAIT_MAX_NS);
	return n < 0 ? n : 0;
}

/* ---- closed loop: as fast as iodepth allows ---- */

/* The next index to ask for; false: there is none, or the time is over, as
 * far as the clock was last read. */
static bool take_index(struct worker *w, uint64_t *index)
{
	struct slice *s = w->config.slice;

	if (!worker_may_go_on(w, w->last_progress_ns))
		return false;
	if (w->config.count == 1) { /* nobody else takes: no locked instruction */
		*index = atomic_load_explicit(&s->next_index, memory_order_relaxed);
		atomic_store_explicit(&s->next_index, *index + (*index < s->plan.index_limit),
				      memory_order_relaxed);
		return *index < s->plan.index_limit;
	}
	if (atomic_load_explicit(&s->next_index, memory_order_relaxed) >= s->plan.index_limit)
		return false;
	*index = atomic_fetch_add_explicit(&s->next_index, 1, memory_order_relaxed);
	return *index < s->plan.index_limit;
}

int worker_run_closed(struct worker *w)
{
	uint64_t index = UINT64_MAX; /* taken, not yet issued */
	int n = 0;

	w->last_progress_ns = clock_ns();
	while (n >= 0) {
		while (w->free_count > 0) {
			if (index == UINT64_MAX && !take_index(w, &index))
				return worker_drain(w);
			worker_identify(w, w->free_requests[w->free_count - 1], index);
			struct due d = {.index = index, .planned_ns = clock_ns()};
			if (!worker_issue(w, &d, 0, d.planned_ns))
				break;
			index = UINT64_MAX;
		}
		/* one, and its place is filled before the next is taken: iodepth
		 * requests are in flight at all times that are measured, as in fio */
		n = worker_reap(w, 1, WORKER_WAIT_MAX_NS);
	}
	return n;
}
