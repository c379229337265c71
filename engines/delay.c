/*
 * delay.c: a server of known service time, so that anybody can hold the
 * harness against queueing theory. Replies are NULL, nothing is stored.
 *
 * Each worker is one first-come-first-served server: a request submitted at
 * time t is done at max(t, done of the one before) + S. S is service_time, or
 * exponential with that mean: the k-th request of the engine, whichever worker
 * takes it, has the k-th draw of a sequence fixed by randseed. A request is
 * never handed back early.
 *
 * stall = AT,LENGTH: the first request submitted AT or later after the
 * engine's first one blocks its worker inside submit for LENGTH, once, and its
 * own S is LENGTH longer. Those behind it wait; they are not served slower.
 */
#include "engines/engine.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#include "engines/stores_nothing.h"
#include "workloads/exact.h"
#include "workloads/prng.h"

#define NEVER UINT64_MAX
/* The last stretch before a time is spun. In a virtual machine a sleep ends
 * some 70 us late at the median, and 100 at the 90th percentile. */
#define SPIN_NS UINT64_C(250000)

enum { KEY_SERVICE = 0x64656c61 }; /* the name of a sub-sequence of randseed */

struct engine {
	const struct engine_config *config;
	uint64_t key;
	_Atomic uint64_t draws;	     /* service times drawn by all workers */
	_Atomic uint64_t started_ns; /* when the first request came; NEVER: not yet */
	atomic_bool stalled;
};

struct served {
	struct request *req;
	uint64_t done_ns;
};

struct engine_thread {
	struct engine *engine;
	uint64_t free_ns; /* when the server is done with all it has */
	unsigned depth, first, count;
	struct served queue[]; /* depth of them, count in use from first on, in a circle */
};

/* ---- time ---- */

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

/* Sleeps where the time is far, spins where it is near; returns the time. */
static uint64_t wait_until(uint64_t now, uint64_t until_ns)
{
	while (now < until_ns) {
		if (until_ns - now > SPIN_NS) {
			uint64_t wake_ns = until_ns - SPIN_NS;
			struct timespec t = {.tv_sec = (time_t)(wake_ns / 1000000000),
					     .tv_nsec = (long)(wake_ns % 1000000000)};
			clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
		}
		now = now_ns();
	}
	return now;
}

static uint64_t draw_service_ns(struct engine *en)
{
	if (en->config->service_kind == SERVICE_FIXED)
		return en->config->service_time_ns;
	uint64_t k = atomic_fetch_add_explicit(&en->draws, 1, memory_order_relaxed);
	double u = 1 - prng_unit(prng_at(en->key, k)); /* (0, 1] */
	return (uint64_t)(-exact_log(u) * (double)en->config->service_time_ns + 0.5);
}

/* How long the worker of a request submitted now is to block: seldom not 0. */
static uint64_t stall_due_ns(struct engine *en, uint64_t now)
{
	uint64_t started_ns = NEVER;
	if (en->config->stall_ns == 0 || atomic_load(&en->stalled))
		return 0;
	if (atomic_compare_exchange_strong(&en->started_ns, &started_ns, now))
		started_ns = now;
	/* another worker may have come first by a clock read later than ours */
	if (now < started_ns || now - started_ns < en->config->stall_at_ns)
		return 0;
	return atomic_exchange(&en->stalled, true) ? 0 : en->config->stall_ns;
}

/* ---- hooks ---- */

static int delay_open(struct engine **out, const struct engine_env *env, struct error *e)
{
	struct engine *en = calloc(1, sizeof *en);
	if (en == NULL)
		return error_set(e, -ENOMEM, "delay: out of memory");
	en->config = env->config;
	en->key = prng_key(env->workload->randseed, KEY_SERVICE);
	atomic_init(&en->started_ns, NEVER);
	*out = en;
	return 0;
}

static int delay_thread_open(struct engine_thread **out, struct engine *engine, struct error *e)
{
	unsigned depth = engine->config->iodepth;
	struct engine_thread *t = calloc(1, sizeof *t + depth * sizeof t->queue[0]);
	if (t == NULL)
		return error_set(e, -ENOMEM, "delay: out of memory for %u requests", depth);
	t->engine = engine;
	t->depth = depth;
	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); /* else another 50 us late */
	*out = t;
	return 0;
}

static enum submit_status delay_submit(struct engine_thread *t, struct request *req)
{
	if (t->count == t->depth)
		return SUBMIT_BUSY;
	uint64_t now = now_ns();
	uint64_t stall_ns = stall_due_ns(t->engine, now);
	uint64_t start_ns = now > t->free_ns ? now : t->free_ns;
	t->free_ns = start_ns + stall_ns + draw_service_ns(t->engine);
	t->queue[(t->first + t->count++) % t->depth] = (struct served){req, t->free_ns};
	req->error = 0;
	req->reply = NULL;
	req->reply_nbytes = 0;
	if (stall_ns > 0)
		wait_until(now, now + stall_ns);
	return SUBMIT_QUEUED;
}

static int delay_reap(struct engine_thread *t, struct request **done, unsigned cap,
		      uint64_t wait_ns)
{
	int taken = 0;
	if (t->count == 0)
		return 0;
	uint64_t now = now_ns(), next_ns = t->queue[t->first].done_ns;
	uint64_t left_ns = next_ns > now ? next_ns - now : 0;
	now = wait_until(now, now + (left_ns < wait_ns ? left_ns : wait_ns));
	while (t->count > 0 && (unsigned)taken < cap && t->queue[t->first].done_ns <= now) {
		done[taken++] = t->queue[t->first].req;
		t->first = (t->first + 1) % t->depth;
		t->count--;
	}
	return taken;
}

static void delay_release(struct engine_thread *t, struct request *req)
{
	(void)t;
	(void)req;
}

static void delay_thread_close(struct engine_thread *t)
{
	free(t);
}

static void delay_close(struct engine *engine)
{
	free(engine);
}

const struct engine_ops delay_engine = {
	.name = "delay",
	.makes_replies = false,
	.memory = stores_nothing_memory,
	.load_open = stores_nothing_load_open,
	.load_thread_open = stores_nothing_load_thread_open,
	.load_encode = stores_nothing_load_encode,
	.load_thread_close = stores_nothing_load_thread_close,
	.load_put = stores_nothing_load_put,
	.load_close = stores_nothing_load_close,
	.open = delay_open,
	.thread_open = delay_thread_open,
	.submit = delay_submit,
	.reap = delay_reap,
	.release = delay_release,
	.thread_close = delay_thread_close,
	.stats = stores_nothing_stats,
	.close = delay_close,
};
