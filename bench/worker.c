#include "bench/worker.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "bench/clock.h"

#define REAP_MAX 64u
/* The last stretch before a deadline is spun: sleep wakes late by about this. */
#define SPIN_NS UINT64_C(30000)
#define WAIT_MAX_NS UINT64_C(10000000)
/* An engine with requests in flight that answers none for so long has hung. */
#define HANG_NS UINT64_C(600000000000)

enum command { COMMAND_NONE, COMMAND_SLICE, COMMAND_EXIT };

struct worker {
	struct worker_config config;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum command command;
	bool ready; /* opened (or failed to), and idle */
	int err;
	struct error error;

	struct engine_thread *engine_thread;
	struct request *requests; /* depth of them */
	struct request **free_requests;
	unsigned free_count;
	unsigned in_flight;
	uint64_t last_progress_ns; /* when a reply came last, or the first was issued */
	uint8_t *scratch;	   /* to verify with */
	struct recorder recorder;

	/* paced: the next request of this worker, not yet issued */
	uint64_t next_index, next_planned_ns; /* planned: schedule time */
};

/* ---- one request ---- */

static void verify(struct worker *w, const struct request *r)
{
	const struct contents *c = w->config.contents;

	w->recorder.verified++;
	if (!contents_is_right(c, r, w->scratch)) {
		w->recorder.mismatched++;
		recorder_bad(&w->recorder, r, 0);
	}
}

static bool wants_verify(const struct worker *w)
{
	const struct workload *wl = w->config.contents->workload;

	if (!w->config.ops->makes_replies || wl->verify == VERIFY_NONE)
		return false;
	return wl->verify == VERIFY_ALL || w->recorder.completed % wl->verify_sample == 0;
}

/* done_ns is stamped when the reply came; the digest is taken after that,
 * outside every measured span. */
static void finish_request(struct worker *w, struct request *r)
{
	struct recorder *rec = &w->recorder;

	w->in_flight--;
	rec->last_done_ns = r->done_ns;
	if (r->error != 0) {
		rec->failed++;
		recorder_bad(rec, r, r->error);
	} else {
		bool check = wants_verify(w);
		recorder_done(rec, r);
		if (check) {
			uint64_t begin_ns = clock_thread_cpu_ns();
			verify(w, r);
			rec->verify_ns += clock_thread_cpu_ns() - begin_ns;
		}
	}
	w->config.ops->release(w->engine_thread, r);
	w->free_requests[w->free_count++] = r;
}

static void identify(const struct worker *w, struct request *r, uint64_t index)
{
	const struct slice *s = w->config.slice;

	if (s->enumerate) {
		uint32_t contexts = w->config.contents->workload->contexts;
		r->content = index / contexts;
		r->context = (uint32_t)(index % contexts);
	} else {
		stream_request(w->config.stream, index + s->index_offset, r);
	}
}

/* Tries to issue request `index`. False: the engine is busy, nothing changed.
 * planned_ns: clock time, 0 for "now"; schedule_ns goes into the digest. */
static bool issue(struct worker *w, uint64_t index, uint64_t planned_ns, uint64_t schedule_ns)
{
	if (w->free_count == 0)
		return false;
	struct request *r = w->free_requests[w->free_count - 1];

	identify(w, r, index);
	r->error = 0;
	r->issued_ns = clock_ns();
	r->planned_ns = planned_ns != 0 ? planned_ns : r->issued_ns;
	enum submit_status status = w->config.ops->submit(w->engine_thread, r);
	if (status == SUBMIT_BUSY)
		return false;
	w->free_count--;
	if (w->in_flight++ == 0)
		w->last_progress_ns = r->issued_ns;
	w->recorder.issued++;
	w->recorder.last_issued_ns = r->issued_ns;
	w->recorder.stream_digest +=
		stream_digest_share(index, r->content, r->context, schedule_ns);
	if (status == SUBMIT_DONE) {
		r->done_ns = clock_ns();
		w->last_progress_ns = r->done_ns;
		finish_request(w, r);
	}
	return true;
}

/* Takes back what is done, waiting at most wait_ns. 0 or -errno. */
static int reap(struct worker *w, uint64_t wait_ns)
{
	struct request *done[REAP_MAX];

	int n = w->config.ops->reap(w->engine_thread, done, REAP_MAX, wait_ns);
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
	return 0;
}

static int drain(struct worker *w)
{
	int err = 0;
	while (err == 0 && w->in_flight > 0)
		err = reap(w, WAIT_MAX_NS);
	return err;
}

/* ---- open loop: requests at planned times ---- */

/* Moves on to this worker's next request of the schedule. */
static void advance_schedule(struct worker *w)
{
	do {
		w->next_index = w->config.arrivals.index;
		w->next_planned_ns = arrivals_next_ns(&w->config.arrivals);
	} while (w->next_index % w->config.count != w->config.index);
}

/* Sleeps until shortly before the deadline, then spins; what is spun is the
 * harness's CPU time, not the engine's. */
static void wait_until(struct worker *w, uint64_t deadline_ns)
{
	uint64_t now_ns = clock_ns();

	if (deadline_ns > now_ns + SPIN_NS) {
		uint64_t wake_ns = deadline_ns - SPIN_NS;
		if (wake_ns > now_ns + WAIT_MAX_NS) {
			wake_ns = now_ns + WAIT_MAX_NS;
			deadline_ns = wake_ns;
		}
		struct timespec t = {.tv_sec = (time_t)(wake_ns / 1000000000),
				     .tv_nsec = (long)(wake_ns % 1000000000)};
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
	}
	uint64_t begin_ns = clock_thread_cpu_ns();
	do {
		now_ns = clock_ns();
	} while (now_ns < deadline_ns);
	w->recorder.spin_ns += clock_thread_cpu_ns() - begin_ns;
}

/* Issues all that is due. False: nothing is left to issue in this slice, or
 * it has to end. *due_ns: the clock time of the next one. */
static bool issue_due(struct worker *w, uint64_t *due_ns)
{
	const struct slice *s = w->config.slice;

	while (w->next_planned_ns < s->end_ns) {
		uint64_t now_ns = clock_ns();
		*due_ns = s->start_ns + (w->next_planned_ns - s->begin_ns);
		if (s->stopped || now_ns >= s->stop_ns)
			return false;
		if (*due_ns > now_ns || !issue(w, w->next_index, *due_ns, w->next_planned_ns))
			return true;
		w->recorder.planned++;
		advance_schedule(w);
	}
	return false;
}

/* What is planned for this slice and was never issued. */
static void drop_rest(struct worker *w)
{
	while (w->next_planned_ns < w->config.slice->end_ns && !w->config.slice->stopped) {
		w->recorder.planned++;
		w->recorder.dropped++;
		advance_schedule(w);
	}
}

static int run_paced(struct worker *w)
{
	uint64_t due_ns = 0;
	int err = 0;

	while (err == 0 && issue_due(w, &due_ns)) {
		if (w->in_flight == 0) {
			wait_until(w, due_ns);
			continue;
		}
		uint64_t now_ns = clock_ns();
		uint64_t wait_ns = due_ns > now_ns ? due_ns - now_ns : WAIT_MAX_NS;
		err = reap(w, wait_ns < WAIT_MAX_NS ? wait_ns : WAIT_MAX_NS);
	}
	drop_rest(w);
	return err != 0 ? err : drain(w);
}

/* ---- closed loop: as fast as iodepth allows ---- */

static bool may_issue(const struct worker *w)
{
	const struct slice *s = w->config.slice;

	return !s->stopped &&
	       atomic_load_explicit(&w->config.slice->next_index, memory_order_relaxed) <
		       s->index_limit &&
	       (s->stop_ns == UINT64_MAX || clock_ns() < s->stop_ns);
}

static int run_closed(struct worker *w)
{
	struct slice *s = w->config.slice;
	uint64_t index = UINT64_MAX; /* taken, not yet issued */
	int err = 0;

	while (err == 0) {
		while (w->free_count > 0) {
			if (index == UINT64_MAX) {
				if (!may_issue(w))
					return drain(w);
				index = atomic_fetch_add_explicit(&s->next_index, 1,
								  memory_order_relaxed);
				if (index >= s->index_limit)
					return drain(w);
			}
			if (!issue(w, index, 0, 0))
				break;
			w->recorder.planned++;
			index = UINT64_MAX;
		}
		err = reap(w, WAIT_MAX_NS);
	}
	return err;
}

/* ---- the thread ---- */

static void run_slice(struct worker *w)
{
	recorder_reset(&w->recorder);
	uint64_t cpu_ns = clock_thread_cpu_ns();
	w->err = w->config.slice->paced ? run_paced(w) : run_closed(w);
	cpu_ns = clock_thread_cpu_ns() - cpu_ns;
	w->recorder.cpu_ns = cpu_ns - w->recorder.verify_ns - w->recorder.spin_ns;
}

static void become_ready(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	w->ready = true;
	w->command = COMMAND_NONE;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

static enum command next_command(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	while (w->command == COMMAND_NONE)
		pthread_cond_wait(&w->changed, &w->lock);
	enum command command = w->command;
	pthread_mutex_unlock(&w->lock);
	return command;
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	w->err = w->config.ops->thread_open(&w->engine_thread, w->config.engine, &w->error);
	bool opened = w->err == 0;
	become_ready(w);
	while (next_command(w) == COMMAND_SLICE) {
		run_slice(w);
		become_ready(w);
	}
	/* a broken engine may still own requests: its memory is left alone */
	if (opened && w->in_flight == 0)
		w->config.ops->thread_close(w->engine_thread);
	return NULL;
}

static int allocate(struct worker *w)
{
	size_t nbytes_max = w->config.contents->nbytes_max;

	w->scratch = malloc(nbytes_max > 0 ? nbytes_max : 1);
	w->requests = aligned_alloc(64, sizeof *w->requests * w->config.depth);
	w->free_requests = calloc(w->config.depth, sizeof(struct request *));
	if (w->scratch == NULL || w->requests == NULL || w->free_requests == NULL)
		return -ENOMEM;
	memset(w->requests, 0, sizeof *w->requests * w->config.depth);
	for (unsigned i = 0; i < w->config.depth; i++)
		w->free_requests[i] = &w->requests[w->config.depth - 1 - i];
	w->free_count = w->config.depth;
	return 0;
}

static void free_worker(struct worker *w)
{
	free(w->scratch);
	free(w->requests);
	free(w->free_requests);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

int worker_create(struct worker **out, const struct worker_config *config, struct error *e)
{
	struct worker *w = calloc(1, sizeof *w);
	if (w == NULL)
		return error_set(e, -ENOMEM, "out of memory");
	w->config = *config;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	advance_schedule(w);
	int err = allocate(w);
	if (err == 0)
		err = -pthread_create(&w->thread, NULL, worker_main, w);
	if (err != 0) {
		free_worker(w);
		return error_set(e, err, "cannot start a worker: %s", strerror(-err));
	}
	err = worker_wait(w, e);
	if (err != 0) {
		worker_destroy(w);
		return err;
	}
	*out = w;
	return 0;
}

void worker_begin(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	w->ready = false;
	w->command = COMMAND_SLICE;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

bool worker_is_done(struct worker *w, uint64_t timeout_ns)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	uint64_t ns = (uint64_t)until.tv_nsec + timeout_ns;
	until.tv_sec += (time_t)(ns / 1000000000);
	until.tv_nsec = (long)(ns % 1000000000);
	pthread_mutex_lock(&w->lock);
	if (!w->ready)
		pthread_cond_timedwait(&w->changed, &w->lock, &until);
	bool ready = w->ready;
	pthread_mutex_unlock(&w->lock);
	return ready;
}

int worker_wait(struct worker *w, struct error *e)
{
	pthread_mutex_lock(&w->lock);
	while (!w->ready)
		pthread_cond_wait(&w->changed, &w->lock);
	pthread_mutex_unlock(&w->lock);
	if (w->err != 0)
		*e = w->error;
	return w->err;
}

const struct recorder *worker_recorder(const struct worker *w)
{
	return &w->recorder;
}

void worker_destroy(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	w->command = COMMAND_EXIT;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	free_worker(w);
}
