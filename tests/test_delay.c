/*
 * test_delay.c: the delay engine against the recursion that defines a
 * first-come-first-served server: done = max(submitted, done before) + S.
 *
 * In virtual time: each look at the clock takes TICK_NS and a sleep ends
 * OVERSLEEP_NS late. One test looks at the real clock.
 */
#include "tests/test.h"

#include <math.h>

#include "engines/engine.h"
#include "tests/virtual_clock.h"

#define DEPTH 16u
#define US UINT64_C(1000)
#define MS UINT64_C(1000000)
#define TICK_NS 100u
#define OVERSLEEP_NS (90 * US)
/* Looks at the clock between a time and the test's seeing it: a few. */
#define LATE_NS (10u * TICK_NS)

extern const struct engine_ops delay_engine;
static const struct engine_ops *const ops = &delay_engine;

struct server {
	struct workload workload;
	struct engine_config config;
	struct engine_env env;
	struct engine *engine;
	struct engine_thread *thread;
};

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ---- a server ---- */

static void start(struct server *s, enum service_kind kind, uint64_t service_time_ns,
		  uint64_t stall_at_ns, uint64_t stall_ns)
{
	struct error e = {""};
	*s = (struct server){.workload = {.contexts = 1, .randseed = 7},
			     .config = {.numjobs = 1,
					.iodepth = DEPTH,
					.service_kind = kind,
					.service_time_ns = service_time_ns,
					.stall_at_ns = stall_at_ns,
					.stall_ns = stall_ns}};
	s->env =
		(struct engine_env){.workload = &s->workload, .config = &s->config, .contents = 10};
	assert_int_equal(ops->open(&s->engine, &s->env, &e), 0);
	assert_int_equal(ops->thread_open(&s->thread, s->engine, &e), 0);
}

static void stop(struct server *s)
{
	ops->thread_close(s->thread);
	ops->close(s->engine);
}

/* Submits and says when, between which clock readings: issued_ns before,
 * planned_ns after. */
static void submit(struct server *s, struct request *r)
{
	r->issued_ns = now_ns();
	assert_int_equal(ops->submit(s->thread, r), SUBMIT_QUEUED);
	r->planned_ns = now_ns();
}

/* The next request that is done. */
static struct request *next_done(struct server *s)
{
	struct request *r = NULL;
	int n = 0;
	while (n == 0)
		n = ops->reap(s->thread, &r, 1, MS);
	assert_int_equal(n, 1);
	r->done_ns = now_ns();
	ops->release(s->thread, r);
	return r;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double *x, size_t n)
{
	qsort(x, n, sizeof *x, compare);
	return x[n / 2];
}

/* ---- */

#define assert_at(ns, want_ns) assert_in_range(ns, want_ns, (want_ns) + LATE_NS)

static void a_queue_is_served_one_by_one(void **state)
{
	(void)state;
	struct server s;
	struct request r[DEPTH] = {0};
	start(&s, SERVICE_FIXED, 2 * MS, 0, 0);
	for (unsigned i = 0; i < DEPTH; i++)
		submit(&s, &r[i]);
	for (unsigned i = 0; i < DEPTH; i++) {
		assert_ptr_equal(next_done(&s), &r[i]); /* first come, first served */
		/* all came while the first was served, so they are 2 ms apart */
		assert_at(r[i].done_ns, r[0].issued_ns + (i + 1) * 2 * MS);
	}
	stop(&s);
}

static void a_free_server_starts_at_once(void **state)
{
	(void)state;
	static const uint64_t service_ns[] = {US, 100 * US, 251 * US, MS, 1000 * MS};
	for (size_t i = 0; i < sizeof service_ns / sizeof service_ns[0]; i++) {
		struct server s;
		struct request r = {0};
		start(&s, SERVICE_FIXED, service_ns[i], 0, 0);
		submit(&s, &r);
		assert_ptr_equal(next_done(&s), &r);
		virtual_now_ns += MS; /* idle */
		submit(&s, &r);
		assert_ptr_equal(next_done(&s), &r);
		assert_at(r.done_ns, r.issued_ns + service_ns[i]);
		stop(&s);
	}
}

/* Never early; late only by what the machine does to few of them. */
static void it_is_so_by_the_real_clock(void **state)
{
	(void)state;
	struct server s;
	double took_ns[101];
	virtual_is_real = true;
	start(&s, SERVICE_FIXED, 100 * US, 0, 0);
	for (unsigned i = 0; i < 101; i++) {
		struct request r = {0};
		submit(&s, &r);
		assert_ptr_equal(next_done(&s), &r);
		took_ns[i] = (double)(r.done_ns - r.issued_ns);
		assert_true(took_ns[i] >= 100e3);
	}
	stop(&s);
	virtual_is_real = false;
	assert_true(median(took_ns, 101) < 110e3);
}

static void busy_at_iodepth(void **state)
{
	(void)state;
	struct server s;
	struct request r[DEPTH + 1] = {0}, *done[DEPTH + 1];
	start(&s, SERVICE_FIXED, MS, 0, 0);
	for (unsigned i = 0; i < DEPTH; i++)
		submit(&s, &r[i]);
	assert_int_equal(ops->submit(s.thread, &r[DEPTH]), SUBMIT_BUSY);
	assert_ptr_equal(next_done(&s), &r[0]);
	submit(&s, &r[DEPTH]);
	/* what has been due for long is handed back together, but for cap */
	virtual_now_ns += (DEPTH + 1) * MS;
	assert_int_equal(ops->reap(s.thread, done, 3, 0), 3);
	assert_ptr_equal(done[0], &r[1]);
	assert_int_equal(ops->reap(s.thread, done, DEPTH + 1, 0), DEPTH - 3);
	assert_ptr_equal(done[DEPTH - 4], &r[DEPTH]);
	assert_int_equal(ops->reap(s.thread, done, DEPTH, MS), 0);
	stop(&s);
}

static void no_service_time_is_due_at_once(void **state)
{
	(void)state;
	struct server s;
	struct request r[DEPTH] = {0}, *done[DEPTH];
	start(&s, SERVICE_FIXED, 0, 0, 0);
	for (unsigned i = 0; i < DEPTH; i++)
		submit(&s, &r[i]);
	assert_int_equal(ops->reap(s.thread, done, DEPTH, 0), DEPTH);
	for (unsigned i = 0; i < DEPTH; i++) {
		assert_ptr_equal(done[i], &r[i]);
		assert_int_equal(r[i].error, 0);
		assert_null(r[i].reply);
	}
	stop(&s);
}

static void a_wait_ends_where_it_is_told_to(void **state)
{
	(void)state;
	static const uint64_t wait_ns[] = {0, US, 100 * US, MS, 10 * MS};
	struct server s;
	struct request r = {0}, *done;
	start(&s, SERVICE_FIXED, 1000 * MS, 0, 0);
	submit(&s, &r);
	for (size_t i = 0; i < sizeof wait_ns / sizeof wait_ns[0]; i++) {
		uint64_t begin_ns = now_ns();
		assert_int_equal(ops->reap(s.thread, &done, 1, wait_ns[i]), 0);
		assert_at(now_ns(), begin_ns + wait_ns[i]);
	}
	assert_int_equal(ops->reap(s.thread, &done, 1, UINT64_MAX), 1);
	stop(&s);
}

/* The first request at 20 ms or later holds its worker for 40 ms, once. */
static void a_stall_blocks_once(void **state)
{
	(void)state;
	struct server s;
	struct request first = {0}, stalled = {0}, behind = {0}, later = {0};
	start(&s, SERVICE_FIXED, MS, 20 * MS, 40 * MS);
	submit(&s, &first);
	assert_ptr_equal(next_done(&s), &first);
	assert_at(first.planned_ns, first.issued_ns);
	virtual_now_ns = first.issued_ns + 20 * MS + LATE_NS;
	submit(&s, &stalled);
	assert_at(stalled.planned_ns, stalled.issued_ns + 40 * MS);
	submit(&s, &behind);
	assert_at(behind.planned_ns, behind.issued_ns);
	assert_ptr_equal(next_done(&s), &stalled);
	assert_at(stalled.done_ns, stalled.issued_ns + 41 * MS);
	assert_ptr_equal(next_done(&s), &behind);
	assert_at(behind.done_ns, stalled.issued_ns + 42 * MS);
	virtual_now_ns += 100 * MS;
	submit(&s, &later);
	assert_ptr_equal(next_done(&s), &later);
	assert_at(later.done_ns, later.issued_ns + MS);
	stop(&s);
}

static void no_stall_before_its_time(void **state)
{
	(void)state;
	struct server s;
	struct request r = {0};
	start(&s, SERVICE_FIXED, 0, 20 * MS, 40 * MS);
	submit(&s, &r);
	next_done(&s);
	virtual_now_ns = r.issued_ns + 20 * MS - LATE_NS;
	submit(&s, &r);
	assert_at(r.planned_ns, r.issued_ns);
	next_done(&s);
	stop(&s);
}

/* Service times of n requests, from the times at which a queue that never runs
 * dry hands them back. */
static void serve_many(struct server *s, double *service_ns, unsigned n)
{
	struct request r[DEPTH] = {0};
	uint64_t before_ns = 0;
	for (unsigned i = 0; i < n + DEPTH; i++) {
		if (i >= DEPTH) {
			struct request *done = next_done(s);
			assert_ptr_equal(done, &r[i % DEPTH]);
			service_ns[i - DEPTH] = (double)(done->done_ns - before_ns);
			before_ns = done->done_ns;
		}
		submit(s, &r[i % DEPTH]);
		if (i == 0)
			before_ns = r[0].issued_ns;
	}
	for (unsigned i = 0; i < DEPTH; i++)
		next_done(s);
}

/* Kolmogorov's distance to the exponential distribution of this mean. */
static double ks_distance(double *x, unsigned n, double mean)
{
	double most = 0;
	qsort(x, n, sizeof *x, compare);
	for (unsigned i = 0; i < n; i++) {
		double p = 1 - exp(-x[i] / mean);
		most = fmax(most, fmax(p - (double)i / n, (double)(i + 1) / n - p));
	}
	return most;
}

static void exponential_times_are_exponential(void **state)
{
	(void)state;
	enum { N = 4000 };
	static double service_ns[N];
	struct server s;
	double sum = 0;
	start(&s, SERVICE_EXPONENTIAL, 400 * US, 0, 0);
	serve_many(&s, service_ns, N);
	stop(&s);
	for (unsigned i = 0; i < N; i++)
		sum += service_ns[i];
	/* the mean of N has a standard error of 1 / sqrt(N): 3 of them; and
	 * Kolmogorov and Smirnov's 1 % is at 1.63 / sqrt(N) */
	assert_true(fabs(sum / N / 400e3 - 1) < 3 / sqrt(N));
	assert_true(ks_distance(service_ns, N, 400e3) < 1.63 / sqrt(N));
}

/* The k-th request of the engine has the k-th draw, whichever worker takes it:
 * what the second one takes, on another worker than the first or on the same. */
static uint64_t second_service_ns(uint64_t seed, bool same_worker)
{
	struct server s;
	struct engine_thread *other;
	struct request r[2] = {0}, *done;
	start(&s, SERVICE_EXPONENTIAL, 100 * US, 0, 0);
	stop(&s);
	s.workload.randseed = seed;
	assert_int_equal(ops->open(&s.engine, &s.env, NULL), 0);
	assert_int_equal(ops->thread_open(&s.thread, s.engine, NULL), 0);
	assert_int_equal(ops->thread_open(&other, s.engine, NULL), 0);
	submit(&s, &r[0]);
	next_done(&s);
	uint64_t begin_ns = now_ns();
	struct engine_thread *t = same_worker ? s.thread : other;
	assert_int_equal(ops->submit(t, &r[1]), SUBMIT_QUEUED);
	while (ops->reap(t, &done, 1, MS) == 0)
		;
	uint64_t took_ns = now_ns() - begin_ns;
	ops->thread_close(other);
	stop(&s);
	return took_ns;
}

static void draws_follow_from_the_seed(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 10; seed++) {
		uint64_t ns = second_service_ns(seed, true);
		assert_in_range(second_service_ns(seed, false), ns - LATE_NS, ns + LATE_NS);
		assert_not_in_range(second_service_ns(seed + 1, true), ns - LATE_NS, ns + LATE_NS);
	}
}

int main(void)
{
	virtual_step_ns = TICK_NS;
	virtual_late_ns = OVERSLEEP_NS;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_queue_is_served_one_by_one),
		cmocka_unit_test(a_free_server_starts_at_once),
		cmocka_unit_test(it_is_so_by_the_real_clock),
		cmocka_unit_test(busy_at_iodepth),
		cmocka_unit_test(no_service_time_is_due_at_once),
		cmocka_unit_test(a_wait_ends_where_it_is_told_to),
		cmocka_unit_test(a_stall_blocks_once),
		cmocka_unit_test(no_stall_before_its_time),
		cmocka_unit_test(exponential_times_are_exponential),
		cmocka_unit_test(draws_follow_from_the_seed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
