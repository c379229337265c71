/* worker_paced.c: the open loop: requests at planned times, whatever becomes
 * of those before. */
#include "bench/worker_internal.h"

#include <stdio.h>
#include <unistd.h>

#include "bench/clock.h"

/* Two looks at the clock of a spinning thread that are further apart than this
 * had something between them. */
#define GAP_NS UINT64_C(3000)
/* A look for replies that found none and was as short as this is waiting. */
#define IDLE_LOOK_NS UINT64_C(1000)

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

/* Makes the content of d before its time has come, so that it can go at once. */
static void prepare(struct worker *w, const struct due *d)
{
	if (w->prepared_index == d->index)
		return;
	worker_identify(w, &w->prepared, d->index);
	w->prepared_index = d->index;
}

/* What the harness itself is late with d: less what the engine took while
 * requests were waiting. */
static uint64_t slip_of(const struct worker *w, const struct due *d, uint64_t now_ns)
{
	uint64_t late_ns = now_ns - d->planned_ns;

	return late_ns > w->excused_ns ? late_ns - w->excused_ns : 0;
}

/* What others ran in the thread's place since this was asked last. False: the
 * kernel does not say. */
static bool new_run_delay_ns(struct worker *w, uint64_t *delay_ns)
{
	char text[96];
	unsigned long long ran_ns, waited_ns;

	ssize_t n = w->schedstat_fd >= 0 ? pread(w->schedstat_fd, text, sizeof text - 1, 0) : -1;
	text[n > 0 ? n : 0] = '\0';
	if (sscanf(text, "%llu %llu", &ran_ns, &waited_ns) != 2)
		return false;
	*delay_ns = waited_ns - w->run_delay_ns;
	w->run_delay_ns = waited_ns;
	return true;
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
	if (!worker_issue(w, &taken, w->offered_slip_ns, now_ns)) {
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
		if (!worker_may_go_on(w, now_ns))
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
	return w->chains > 0 && worker_may_go_on(w, clock_ns());
}

/* A sleep that was to end at wake_ns ended at now_ns. The margin grows by
 * half if much of it was used up, which then happens in some 2 % of sleeps. */
static void learn_margin(struct worker *w, uint64_t wake_ns, uint64_t now_ns)
{
	if (now_ns > wake_ns + w->margin_ns / 2)
		w->margin_ns += w->margin_ns / 2;
	else
		w->margin_ns -= w->margin_ns / 64;
	if (w->margin_ns < WORKER_MARGIN_MIN_NS)
		w->margin_ns = WORKER_MARGIN_MIN_NS;
	if (w->margin_ns > WORKER_MARGIN_MAX_NS)
		w->margin_ns = WORKER_MARGIN_MAX_NS;
}

/* Between from_ns and to_ns the thread did not do the harness's work. As far
 * as the request due at due_ns was late in that time, and no other thread ran
 * in this one's place, that is no slip: the engine was at work, or the machine
 * stood still. A kernel that does not tell of others excuses nothing. */
static void excuse(struct worker *w, uint64_t from_ns, uint64_t to_ns, uint64_t due_ns)
{
	uint64_t begin_ns = from_ns > due_ns ? from_ns : due_ns;
	uint64_t others_ns;

	if (new_run_delay_ns(w, &others_ns) && to_ns > begin_ns && to_ns - begin_ns > others_ns)
		w->excused_ns += to_ns - begin_ns - others_ns;
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
	if (now_ns - look_ns > GAP_NS)
		excuse(w, look_ns, now_ns, due_ns);
}

/* Sleeps until wake_ns and learns how late that ends here. */
static void sleep_until(struct worker *w, uint64_t wake_ns, uint64_t due_ns)
{
	struct timespec t = {.tv_sec = (time_t)(wake_ns / 1000000000),
			     .tv_nsec = (long)(wake_ns % 1000000000)};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
	uint64_t now_ns = clock_ns();
	learn_margin(w, wake_ns, now_ns);
	excuse(w, wake_ns, now_ns, due_ns);
}

/* Sleeps until shortly before the request is due, then spins; this is the
 * harness's CPU time, not the engine's. */
static void wait_until(struct worker *w, uint64_t due_ns)
{
	uint64_t now_ns = clock_ns(), begin_ns = clock_thread_cpu_ns(), deadline_ns = due_ns;

	if (due_ns > now_ns + w->margin_ns) {
		uint64_t wake_ns = due_ns - w->margin_ns;
		if (wake_ns > now_ns + WORKER_WAIT_MAX_NS)
			deadline_ns = wake_ns = now_ns + WORKER_WAIT_MAX_NS;
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
	int n = worker_reap(w, WORKER_REAP_MAX, 0);
	uint64_t end_ns = clock_ns();
	if (n == 0 && end_ns - now_ns < IDLE_LOOK_NS) {
		w->idle_ns = end_ns;
		w->recorder->spin_ns += end_ns - (idle_ns != 0 ? idle_ns : now_ns);
	}
	if (n > 0) /* the engine's part ended then; verification is the harness's */
		end_ns = w->last_progress_ns;
	if (end_ns > due_ns && end_ns - now_ns > GAP_NS)
		excuse(w, now_ns, end_ns, due_ns);
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
	if (wait_ns > WORKER_WAIT_MAX_NS)
		wait_ns = WORKER_WAIT_MAX_NS;
	int n = worker_reap(w, WORKER_REAP_MAX, wait_ns);
	uint64_t end_ns = clock_ns(), back_ns = n > 0 ? w->last_progress_ns : end_ns;
	if (back_ns >= now_ns + wait_ns)
		learn_margin(w, now_ns + wait_ns, back_ns);
	excuse(w, now_ns + wait_ns, back_ns, due_ns);
	w->recorder->spin_ns += clock_ns() - end_ns;
	return n;
}

static void drop(struct worker *w, const struct due *d)
{
	struct recorder *rec = w->recorder;
	uint64_t requests = 1 + (uint64_t)d->chain_left;

	rec->planned += requests;
	rec->dropped += requests;
	if (rec->steps != NULL)
		rec->steps[worker_step_of(w, d->schedule_ns)].planned += requests;
}

/* What is planned for this slice and was never issued, if the slice had to
 * end. */
static void drop_rest(struct worker *w)
{
	for (; w->follow_count > 0; w->follow_count--) {
		drop(w, &w->follow[w->follow_first]);
		w->follow_first = (w->follow_first + 1) % w->config.chain_max;
	}
	while (w->head.schedule_ns < w->config.slice->plan.end_ns && !w->config.slice->stopped) {
		drop(w, &w->head);
		advance_schedule(w);
	}
	w->chains = 0;
}

int worker_run_paced(struct worker *w)
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
	int err = n < 0 ? n : worker_drain(w);
	drop_rest(w);
	return err;
}

void worker_follow_chain(struct worker *w, const struct due *d, uint64_t done_ns)
{
	if (d->chain_left == 0) {
		w->chains -= w->chains > 0;
		return;
	}
	unsigned last = (w->follow_first + w->follow_count++) % w->config.chain_max;
	w->follow[last] = (struct due){d->index + 1, done_ns, d->schedule_ns, d->chain_left - 1};
}
