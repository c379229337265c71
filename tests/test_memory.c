/*
 * test_memory.c: what a run keeps in memory does not depend on how many
 * requests it made. By the most that was ever resident (ru_maxrss), which
 * only rises: what comes later may raise it by no more than is said.
 */
#include "tests/test.h"

#include <sys/resource.h>

#include "bench/load.h"
#include "bench/run.h"
#include "bench/verdict.h"
#include "tests/sanitized.h"
#include "tests/scratch.h"

/* 100 times as many, some 2 s: a byte that is kept of every fortieth is seen. A
 * sanitizer's build takes 20 times as long for each, and what is resident there is
 * what it keeps of memory that was freed: it runs fewer, for what it looks for itself. */
#define FEW (SANITIZED ? 20000u : 200000u)
#define KIB 1024L

static char root[] = "/tmp/gvr-memory.XXXXXX";

static int make_root(void **state)
{
	(void)state;
	return mkdtemp(root) == NULL;
}

static int remove_root(void **state)
{
	(void)state;
	return scratch_remove(root);
}

static long most_resident_kib(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

static void assert_raised_by(long before_kib, long most_kib)
{
	if (!SANITIZED)
		assert_in_range(most_resident_kib() - before_kib, 0, most_kib);
}

/* A whole run and its result; requests that were completed. */
static uint64_t execute(const char *text)
{
	static struct workload workload;
	static struct run run;
	static struct verdict verdict;
	struct contents contents;
	struct load_report report;
	struct error e = {""};

	if (workload_parse(&workload, "test", text, strlen(text), NULL, 0, &e) != 0 ||
	    contents_open(&contents, &workload, root, CONTENTS_MAKE, scratch_no_notice, NULL, &e) !=
		    0 ||
	    load_all(&contents, &report, NULL, &e) != 0 ||
	    run_execute(&run, &contents, false, NULL, NULL, &e) != 0)
		fail_msg("%s", e.text);
	verdict_of(&run, &verdict);
	const struct recorder *r = run.engines[0].total;
	assert_int_equal(r->planned, r->completed + r->failed + r->dropped);
	assert_int_equal(run.rounds_done, workload.rounds);
	uint64_t completed = r->completed;
	run_free(&run);
	contents_close(&contents);
	return completed;
}

#define WORKLOAD                                                                                   \
	"[workload]\ncontents = noise:1000000\nsize = fixed:100\npopularity = sequential\n"        \
	"ramp_time = 0\n"

static void execute_many(uint64_t requests)
{
	char text[512];

	snprintf(text, sizeof text,
		 WORKLOAD "scenario = offline\nrounds = 5\nnumber_ios = %llu\n"
			  "[engine \"n\"]\nkind = null\niodepth = 32\n",
		 (unsigned long long)requests);
	assert_int_equal(execute(text), requests);
}

static void a_hundred_times_the_requests_take_no_more(void **state)
{
	(void)state;
	execute_many(FEW);
	long before_kib = most_resident_kib();
	execute_many(100u * FEW);
	/* the C library's own, at most: a byte a request would be 20 MB */
	assert_raised_by(before_kib, 512);
}

/* A schedule is computed as it is needed, and of the agents of bursts that an
 * engine cannot serve no more wake than there is room for. */
static void bursts_that_pile_up_take_no_more(void **state)
{
	(void)state;
	static const char *const lengths[] = {"100ms", "1s"};
	long before_kib = 0;

	for (unsigned i = 0; i < 2; i++) {
		char text[512];
		snprintf(text, sizeof text,
			 WORKLOAD "rate_iops = 1e8\nrate_process = bursts\nburst_agents = 60000\n"
				  "burst_chain = 100\nruntime = %s\nrounds = 1\n"
				  "[engine \"d\"]\nkind = delay\nservice_time = fixed:20us\n",
			 lengths[i]);
		assert_true(execute(text) > 100);
		if (i == 0)
			before_kib = most_resident_kib();
	}
	/* that room is touched bit by bit; all the requests would be gigabytes */
	assert_raised_by(before_kib, 3 * KIB);
}

/* Three histograms of each round wait for the end: they are few kB. */
static void a_thousand_rounds_take_little(void **state)
{
	(void)state;
	long before_kib = most_resident_kib();

	assert_int_equal(execute(WORKLOAD "scenario = offline\nrounds = 1000\nnumber_ios = 200000\n"
					  "[engine \"n\"]\nkind = null\n"),
			 200000);
	assert_raised_by(before_kib, 16 * KIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bursts_that_pile_up_take_no_more),
		cmocka_unit_test(a_hundred_times_the_requests_take_no_more),
		cmocka_unit_test(a_thousand_rounds_take_little),
	};
	return cmocka_run_group_tests(tests, make_root, remove_root);
}
