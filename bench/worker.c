#include "bench/worker.h"

#include <errno.h>
#include <inttypes.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/clock.h"

#define REAP_MAX 64u
/* Before a deadline the worker sleeps until a margin and spins the rest. The
 * margin follows how late sleeps end on this machine, within these. */
#define MARGIN_MIN_NS UINT64_C(50000)
#define MARGIN_MAX_NS UINT64_C(1000000)
/* Two looks at the clock of a spinning thread that are further apart than this
 * had something between them. */
#define GAP_NS UINT64_C(3000)
/* A look for replies that found none and was as short as this is waiting. */
#define IDLE_LOOK_NS UINT64_C(1000)
#define WAIT_MAX_NS UINT64_C(10000000)
/* An engine with requests in flight that answers none for so long has hung. */
#define HANG_NS UINT64_C(600000000000)

enum command { COMMAND_NONE, COMMAND_SLICE, COMMAND_EXIT };

/* A request that is planned and not yet issued. */
struct due {
	uint64_t index;
	uint64_t planned_ns;  /* clock time */
	uint64_t schedule_ns; /* of the arrival it belongs to, in the schedule's time */
	uint32_t chain_left;  /* requests that follow it, one after the other */
};

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
	struct due *issued;	  /* what each of them is about */
	uint64_t *slip_ns;	  /* of each of them */
	struct request **free_requests;
	unsigned free_count;
	unsigned in_flight;
	uint64_t last_progress_ns; /* when a reply came last, or the first was issued */
	uint8_t *scratch;	   /* to verify with */
	struct recorder *recorder;
	struct stream_ahead ahead; /* a single worker asks for one index after the other */

	/* open loop */
	struct arrivals arrivals;
	struct due head;    /* this worker's next arrival, not yet issued */
	uint64_t margin_ns; /* spun before a deadline */
	uint64_t idle_ns;   /* when a look that found nothing ended; 0: it was not the last thing */
	/* since requests have been due without a pause: what was not the harness's
	 * time (worker.h); when the last submit began, 0: it is counted; when the
	 * engine first refused the request, 0: it did not */
	uint64_t excused_ns, submitted_ns, busy_since_ns;
	/* what the kernel counts of this thread: context switches, and waiting for
	 * its CPU (/proc/thread-self/schedstat) */
	long switches;
	uint64_t run_delay_ns;
	int schedstat_fd; /* -1: none */
	/* the request that is due next: its content made before its time comes;
	 * and that offered last, for a busy engine is offered it again */
	uint64_t prepared_index, offered_index;
	struct request prepared;
	uint64_t offered_slip_ns;
	/* bursts: requests whose turn in their chain has come, first come first
	 * served: a ring of chain_max */
	struct due *follow;
	unsigned follow_first, follow_count;
	unsigned chains; /* begun and not ended */
};

/* ---- one request ---- */

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

/* The next request of a chain is planned when the one before was answered,
 * whatever the answer. */
static void follow_chain(struct worker *w, const struct due *d, uint64_t done_ns)
{
	if (d->chain_left == 0) {
		w->chains -= w->chains > 0;
		return;
	}
	unsigned last = (w->follow_first + w->follow_count++) % w->config.chain_max;
	w->follow[last] = (struct due){d->index + 1, done_ns, d->schedule_ns, d->chain_left - 1};
}

static unsigned step_of(const struct worker *w, uint64_t schedule_ns)
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
		recorder_done(rec, r, w->slip_ns[slot], step_of(w, w->issued[slot].schedule_ns));
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
	follow_chain(w, &w->issued[slot], r->done_ns);
}

static void identify(struct worker *w, struct request *r, uint64_t index)
{
	const struct slice_plan *p = &w->config.slice->plan;

	if (p->stream != NULL && w->config.count == 1 && w->config.chain_max == 0) {
		stream_request_ahead(p->stream, &w->ahead, index + p->index_offset, r);
	} else if (p->stream != NULL) {
		stream_request(p->stream, index + p->index_offset, r);
	} else {
		uint32_t contexts = w->config.contents->workload->contexts;
		uint64_t item = index / p->item_repeat % p->item_count;
		item = (uint64_t)((unsigned __int128)item * p->item_stride %
				  w->config.contents->items);
		r->content = item / contexts;
		r->context = (uint32_t)(item % contexts);
	}
}

/* Tries to issue d at now_ns, its content being in the next free request.
 * False: the engine is busy, nothing changed. */
static bool issue(struct worker *w, const struct due *d, uint64_t slip_ns, uint64_t now_ns)
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
		rec->steps[step_of(w, d->schedule_ns)].planned++;
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
static int reap(struct worker *w, unsigned cap, uint64_t wait_ns)
{
	struct request *done[REAP_MAX];

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

/* ---- open loop: requests at planned times ---- */

/* Moves on to this worker's next arrival of the schedule. */
static void advance_schedule(struct worker *w)
{
	const struct slice *s = w->config.slice;
	uint64_t arrival, chain = w->arrivals.plan.chain;

	do {
		arrival = w->arrivals.index;
		w->head.schedule_ns = arrivals_next_ns(&w->arrivals);
	} while (arrival % w->config.count != w->config.index);
	w->head.index = arrival * chain;
	w->head.planned_ns = s->start_ns + (w->head.schedule_ns - s->plan.begin_ns);
	w->head.chain_left = (uint32_t)chain - 1;
}

/* Of what is planned and not issued, that with the earliest time; NULL: there
 * is none, for now. So many agents may be awake that the ring is never full. */
static const struct due *next_due(const struct worker *w)
{
	bool head = w->head.schedule_ns < w->config.slice->plan.end_ns &&
		    (w->config.chain_max == 0 || w->chains < w->config.chain_max);

	if (w->follow_count == 0)
		return head ? &w->head : NULL;
	const struct due *follow = &w->follow[w->follow_first];
	return head && w->head.planned_ns < follow->planned_ns ? &w->head : follow;
}

/* Takes d, which next_due gave, out of what is due, or puts it back, to be
 * called before anything else is taken. */
static void take_due(struct worker *w, bool is_head)
{
	if (is_head) {
		w->chains += w->config.chain_max > 0;
	} else {
		w->follow_first = (w->follow_first + 1) % w->config.chain_max;
		w->follow_count--;
	}
}

static void put_back(struct worker *w, bool is_head)
{
	if (is_head) {
		w->chains -= w->config.chain_max > 0;
	} else {
		w->follow_first = (w->follow_first + w->config.chain_max - 1) % w->config.chain_max;
		w->follow_count++;
	}
}

static bool may_go_on(const struct worker *w, uint64_t now_ns)
{
	return !atomic_load_explicit(&w->config.slice->stopped, memory_order_relaxed) &&
	       now_ns < w->config.slice->stop_ns;
}

/* Makes the content of d before its time has come, so that it can go at once. */
static void prepare(struct worker *w, const struct due *d)
{
	if (w->prepared_index == d->index)
		return;
	identify(w, &w->prepared, d->index);
	w->prepared_index = d->index;
}

/* What the harness itself is late with d: less what the engine took while
 * requests were waiting. */
static uint64_t slip_of(const struct worker *w, const struct due *d, uint64_t now_ns)
{
	uint64_t late_ns = now_ns - d->planned_ns;

	return late_ns > w->excused_ns ? late_ns - w->excused_ns : 0;
}

/* How long the thread waited for its CPU while others ran on it, ns; 0 if the
 * kernel does not say. */
static uint64_t run_delay_ns(const struct worker *w)
{
	char text[96];
	unsigned long long ran_ns, waited_ns;

	ssize_t n = w->schedstat_fd >= 0 ? pread(w->schedstat_fd, text, sizeof text - 1, 0) : -1;
	if (n <= 0)
		return 0;
	text[n] = '\0';
	return sscanf(text, "%llu %llu", &ran_ns, &waited_ns) == 2 ? waited_ns : 0;
}

/* The thread's context switches since this was asked last. */
static long new_switches(struct worker *w)
{
	struct rusage u;

	getrusage(RUSAGE_THREAD, &u);
	long before = w->switches;
	w->switches = u.ru_nvcsw + u.ru_nivcsw;
	return w->switches - before;
}

/* True if since this was asked last the kernel ran something else in the
 * thread's place: the thread slept more often than it meant to, or waited for
 * its CPU. */
static bool was_displaced(struct worker *w, long sleeps)
{
	uint64_t before_ns = w->run_delay_ns;

	w->run_delay_ns = run_delay_ns(w);
	return new_switches(w) > sleeps || w->run_delay_ns - before_ns > GAP_NS;
}

/* Offers d, which is prepared and due. False: the engine is busy. */
static bool offer(struct worker *w, const struct due *d, uint64_t now_ns)
{
	struct due taken = *d;
	bool is_head = d == &w->head;

	if (w->offered_index != d->index) {
		w->offered_index = d->index;
		w->offered_slip_ns = slip_of(w, d, now_ns);
	}
	if (w->busy_since_ns != 0)
		w->excused_ns += now_ns - w->busy_since_ns;
	w->busy_since_ns = now_ns; /* until it takes the request */
	if (w->free_count == 0)
		return false;
	w->free_requests[w->free_count - 1]->content = w->prepared.content;
	w->free_requests[w->free_count - 1]->context = w->prepared.context;
	take_due(w, is_head);
	if (!issue(w, &taken, w->offered_slip_ns, now_ns)) {
		put_back(w, is_head);
		return false;
	}
	w->busy_since_ns = 0;
	if (is_head)
		advance_schedule(w);
	return true;
}

/* Issues all that is due. False: nothing is left to issue in this slice, or
 * it has to end. *due_ns: when the next one is due; UINT64_MAX: not before the
 * engine answers. */
static bool issue_due(struct worker *w, uint64_t *due_ns)
{
	const struct due *d;

	*due_ns = UINT64_MAX;
	while ((d = next_due(w)) != NULL) {
		prepare(w, d);
		uint64_t now_ns = clock_ns();
		if (w->submitted_ns != 0)
			w->excused_ns += now_ns - w->submitted_ns;
		w->submitted_ns = 0;
		if (!may_go_on(w, now_ns))
			return false;
		if (d->planned_ns > now_ns) {
			w->excused_ns = 0;
			*due_ns = d->planned_ns;
			return true;
		}
		if (!offer(w, d, now_ns))
			return true;
	}
	w->excused_ns = w->submitted_ns = 0;
	return w->chains > 0 && may_go_on(w, clock_ns());
}

/* A sleep that was to end at wake_ns ended at now_ns. The margin grows by
 * half if much of it was used up, which then happens in some 2 % of sleeps. */
static void learn_margin(struct worker *w, uint64_t wake_ns, uint64_t now_ns)
{
	if (now_ns > wake_ns + w->margin_ns / 2)
		w->margin_ns += w->margin_ns / 2;
	else
		w->margin_ns -= w->margin_ns / 64;
	if (w->margin_ns < MARGIN_MIN_NS)
		w->margin_ns = MARGIN_MIN_NS;
	if (w->margin_ns > MARGIN_MAX_NS)
		w->margin_ns = MARGIN_MAX_NS;
}

/* What passed between from_ns and to_ns was not the harness's: the part of it
 * in which the request due at due_ns was late does not count as slip. */
static void excuse(struct worker *w, uint64_t from_ns, uint64_t to_ns, uint64_t due_ns)
{
	uint64_t begin_ns = from_ns > due_ns ? from_ns : due_ns;

	if (to_ns > begin_ns)
		w->excused_ns += to_ns - begin_ns;
}

/* Spins. Gaps between looks at the clock are what the machine withheld. */
static void spin_until(struct worker *w, uint64_t deadline_ns, uint64_t due_ns)
{
	struct recorder *rec = w->recorder;
	uint64_t begin_ns = clock_ns(), look_ns = begin_ns, now_ns = begin_ns;

	while (now_ns < deadline_ns) {
		look_ns = now_ns;
		now_ns = clock_ns();
		if (now_ns - look_ns > GAP_NS)
			rec->withheld_ns += now_ns - look_ns;
	}
	rec->spun_ns += now_ns - begin_ns;
	if (now_ns - look_ns > GAP_NS && !was_displaced(w, 0))
		excuse(w, look_ns, now_ns, due_ns);
}

/* Sleeps until wake_ns and learns how late that ends here. */
static void sleep_until(struct worker *w, uint64_t wake_ns, uint64_t due_ns)
{
	struct timespec t = {.tv_sec = (time_t)(wake_ns / 1000000000),
			     .tv_nsec = (long)(wake_ns % 1000000000)};

	was_displaced(w, 0); /* from here on */
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
	uint64_t now_ns = clock_ns();
	learn_margin(w, wake_ns, now_ns);
	if (!was_displaced(w, 1))
		excuse(w, wake_ns, now_ns, due_ns);
}

/* Sleeps until shortly before the request is due, then spins; this is the
 * harness's CPU time, not the engine's. */
static void wait_until(struct worker *w, uint64_t due_ns)
{
	uint64_t now_ns = clock_ns(), begin_ns = clock_thread_cpu_ns(), deadline_ns = due_ns;

	if (due_ns > now_ns + w->margin_ns) {
		uint64_t wake_ns = due_ns - w->margin_ns;
		if (wake_ns > now_ns + WAIT_MAX_NS)
			deadline_ns = wake_ns = now_ns + WAIT_MAX_NS;
		sleep_until(w, wake_ns, due_ns);
	}
	spin_until(w, deadline_ns, due_ns);
	w->recorder->spin_ns += clock_thread_cpu_ns() - begin_ns;
}

/* Looks for replies without waiting. Looking in vain is the harness's CPU
 * time; where it took long, the engine was at work, or the machine was. */
static int look(struct worker *w, uint64_t due_ns)
{
	uint64_t now_ns = clock_ns(), idle_ns = w->idle_ns;

	w->idle_ns = 0;
	int n = reap(w, REAP_MAX, 0);
	uint64_t end_ns = clock_ns();
	if (n == 0 && end_ns - now_ns < IDLE_LOOK_NS) {
		w->idle_ns = end_ns;
		w->recorder->spin_ns += end_ns - (idle_ns != 0 ? idle_ns : now_ns);
	} else if (n == 0 && end_ns > due_ns && !was_displaced(w, 0)) {
		excuse(w, now_ns, end_ns, due_ns);
	}
	return n;
}

/* Takes back what comes until due_ns: waits far from it, looks again and
 * again near it. */
static int reap_until(struct worker *w, uint64_t due_ns)
{
	uint64_t now_ns = clock_ns(), left_ns = due_ns > now_ns ? due_ns - now_ns : 0;

	if (left_ns <= w->margin_ns)
		return look(w, due_ns);
	w->idle_ns = 0;
	uint64_t wait_ns = left_ns - w->margin_ns;
	if (wait_ns > WAIT_MAX_NS)
		wait_ns = WAIT_MAX_NS;
	int n = reap(w, REAP_MAX, wait_ns);
	uint64_t end_ns = clock_ns();
	if (n == 0 && end_ns >= now_ns + wait_ns)
		learn_margin(w, now_ns + wait_ns, end_ns);
	was_displaced(w, 0); /* from here on */
	w->recorder->spin_ns += clock_ns() - end_ns;
	return n;
}

/* What is planned for this slice and was never issued, if the slice had to
 * end. */
static void drop_rest(struct worker *w)
{
	struct recorder *rec = w->recorder;
	uint64_t dropped = 0;

	for (; w->follow_count > 0; w->follow_count--) {
		dropped += 1 + w->follow[w->follow_first].chain_left;
		w->follow_first = (w->follow_first + 1) % w->config.chain_max;
	}
	while (w->head.schedule_ns < w->config.slice->plan.end_ns && !w->config.slice->stopped) {
		uint64_t chain = w->arrivals.plan.chain;
		dropped += chain;
		if (rec->steps != NULL)
			rec->steps[step_of(w, w->head.schedule_ns)].planned += chain;
		advance_schedule(w);
	}
	rec->planned += dropped;
	rec->dropped += dropped;
	w->chains = 0;
}

static int drain(struct worker *w)
{
	int n = 0;
	while (n >= 0 && w->in_flight > 0)
		n = reap(w, REAP_MAX, WAIT_MAX_NS);
	return n < 0 ? n : 0;
}

static int run_paced(struct worker *w)
{
	uint64_t due_ns = 0;
	int n = 0;

	w->arrivals = *w->config.slice->plan.schedule;
	w->prepared_index = w->offered_index = UINT64_MAX;
	w->follow_first = w->follow_count = w->chains = 0;
	advance_schedule(w);
	while (n >= 0 && issue_due(w, &due_ns)) {
		if (w->in_flight == 0)
			wait_until(w, due_ns);
		else
			n = reap_until(w, due_ns);
	}
	int err = n < 0 ? n : drain(w);
	drop_rest(w);
	return err;
}

/* ---- closed loop: as fast as iodepth allows ---- */

/* The next index to ask for; false: there is none, or the time is over, as
 * far as the clock was last read. */
static bool take_index(struct worker *w, uint64_t *index)
{
	struct slice *s = w->config.slice;

	if (!may_go_on(w, w->last_progress_ns))
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

static int run_closed(struct worker *w)
{
	uint64_t index = UINT64_MAX; /* taken, not yet issued */
	int n = 0;

	w->last_progress_ns = clock_ns();
	while (n >= 0) {
		while (w->free_count > 0) {
			if (index == UINT64_MAX && !take_index(w, &index))
				return drain(w);
			identify(w, w->free_requests[w->free_count - 1], index);
			struct due d = {.index = index, .planned_ns = clock_ns()};
			if (!issue(w, &d, 0, d.planned_ns))
				break;
			index = UINT64_MAX;
		}
		/* one, and its place is filled before the next is taken: iodepth
		 * requests are in flight at all times that are measured, as in fio */
		n = reap(w, 1, WAIT_MAX_NS);
	}
	return n;
}

/* ---- the thread ---- */

static void run_slice(struct worker *w)
{
	trend_reset(&w->recorder->trend, w->config.slice->start_ns);
	w->ahead.count = 0;
	w->idle_ns = 0;
	w->excused_ns = w->submitted_ns = w->busy_since_ns = 0;
	uint64_t cpu_ns = clock_thread_cpu_ns();
	w->err = w->config.slice->plan.schedule != NULL ? run_paced(w) : run_closed(w);
	cpu_ns = clock_thread_cpu_ns() - cpu_ns;
	uint64_t own_ns = w->recorder->verify_ns + w->recorder->spin_ns;
	w->recorder->cpu_ns = cpu_ns > own_ns ? cpu_ns - own_ns : 0;
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

/* Puts the thread on its CPU, before the engine allocates for it. */
static int pin(struct worker *w)
{
	const struct engine_config *config = w->config.engine_config;
	cpu_set_t set;

	if (config->cpu_count == 0)
		return 0;
	unsigned cpu = config->cpus[w->config.index % config->cpu_count];
	CPU_ZERO(&set);
	if (cpu < CPU_SETSIZE)
		CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof set, &set) == 0)
		return 0;
	return error_set(&w->error, -errno,
			 "engine \"%s\": cpus_allowed: CPU %u cannot be used here: %s; "
			 "`nproc` and /proc/self/status tell which can",
			 config->label, cpu, strerror(errno));
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	w->schedstat_fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	w->err = pin(w);
	if (w->err == 0)
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
	if (w->schedstat_fd >= 0)
		close(w->schedstat_fd);
	return NULL;
}

static int allocate(struct worker *w)
{
	size_t nbytes_max = w->config.contents->nbytes_max, depth = w->config.depth;

	w->scratch = malloc(nbytes_max > 0 ? nbytes_max : 1);
	w->requests = aligned_alloc(64, sizeof *w->requests * depth);
	w->free_requests = calloc(depth, sizeof(struct request *));
	w->issued = calloc(depth, sizeof *w->issued);
	w->slip_ns = calloc(depth, sizeof *w->slip_ns);
	w->follow = calloc(w->config.chain_max + 1, sizeof *w->follow);
	w->recorder = recorder_create(w->config.step_count);
	if (w->scratch == NULL || w->requests == NULL || w->free_requests == NULL ||
	    w->issued == NULL || w->slip_ns == NULL || w->follow == NULL || w->recorder == NULL)
		return -ENOMEM;
	memset(w->requests, 0, sizeof *w->requests * depth);
	for (size_t i = 0; i < depth; i++)
		w->free_requests[i] = &w->requests[depth - 1 - i];
	w->free_count = w->config.depth;
	w->margin_ns = 4 * MARGIN_MIN_NS;
	return 0;
}

static void free_worker(struct worker *w)
{
	free(w->scratch);
	free(w->requests);
	free(w->free_requests);
	free(w->issued);
	free(w->slip_ns);
	free(w->follow);
	recorder_destroy(w->recorder);
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

void worker_prepare(struct worker *w)
{
	recorder_reset(w->recorder, 0);
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
	return w->recorder;
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
