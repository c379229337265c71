/*
 * test_run.c: whole runs in memory: every planned request is accounted for,
 * every engine is asked the same, wrong bytes and overload are found.
 */
#include "tests/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "bench/load.h"
#include "bench/run.h"
#include "bench/verdict.h"
#include "tests/scratch.h"

static char root[] = "/tmp/gvr-run.XXXXXX";

struct fixture {
	struct workload workload;
	struct contents contents;
	struct run run;
	struct verdict verdict;
};

static struct fixture f;

static int make_documents(void **state)
{
	(void)state;
	char path[128];
	assert_non_null(mkdtemp(root));
	snprintf(path, sizeof path, "%s/docs", root);
	assert_int_equal(mkdir(path, 0777), 0);
	for (unsigned i = 0; i < 20; i++) {
		snprintf(path, sizeof path, "%s/docs/d%02u", root, i);
		FILE *file = fopen(path, "w");
		assert_non_null(file);
		fprintf(file, "document %u, which is short\n", i);
		fclose(file);
	}
	return 0;
}

static int remove_documents(void **state)
{
	(void)state;
	return scratch_remove(root);
}

static void open_contents(const char *text)
{
	struct error e = {""};
	struct load_report report;
	char store[64];

	memset(&f, 0, sizeof f);
	if (workload_parse(&f.workload, "test", text, strlen(text), NULL, 0, &e) != 0)
		fail_msg("%s", e.text);
	snprintf(store, sizeof store, "%s/store", root);
	if (contents_open(&f.contents, &f.workload, store, CONTENTS_MAKE, scratch_no_notice, NULL,
			  &e) != 0 ||
	    load_all(&f.contents, &report, NULL, &e) != 0)
		fail_msg("%s", e.text);
}

static void execute(void)
{
	struct error e = {""};
	if (run_execute(&f.run, &f.contents, false, NULL, NULL, &e) != 0)
		fail_msg("%s", e.text);
	verdict_of(&f.run, &f.verdict);
}

static void close_contents(void)
{
	run_free(&f.run);
	contents_close(&f.contents);
}

/* Nothing is wrong with the run, unless the machine was too busy for it. */
static void assert_valid(void)
{
	for (unsigned i = 0; i < f.verdict.reason_count; i++)
		if (strstr(f.verdict.reasons[i], "the harness was late") == NULL &&
		    strstr(f.verdict.reasons[i], "overloaded") == NULL &&
		    strstr(f.verdict.reasons[i], "stood still") == NULL)
			fail_msg("%s", f.verdict.reasons[i]);
}

static void assert_accounted(const struct recorder *r)
{
	assert_int_equal(r->planned, r->completed + r->failed + r->dropped);
	assert_int_equal(r->issued, r->completed + r->failed);
	uint64_t of_steps = 0;
	for (unsigned i = 0; i < r->step_count; i++)
		of_steps += r->steps[i].planned;
	assert_int_equal(of_steps, r->step_count > 0 ? r->planned : 0);
	assert_int_equal(r->response.count + r->response.out_of_range, r->completed);
	assert_int_equal(r->service.count + r->service.out_of_range, r->completed);
	assert_int_equal(r->slip.count + r->slip.out_of_range, r->completed);
}

static void server_asks_all_engines_the_planned_requests(void **state)
{
	(void)state;
	open_contents(
		"[workload]\ncontents = noise:100\nsize = fixed:200\nrate_iops = 2000\n"
		"runtime = 600ms\nramp_time = 100ms\nrounds = 3\nmin_duration = 0\nss = none\n"
		"[engine \"a\"]\nkind = generate\n[engine \"b\"]\nkind = generate\nnumjobs = 3\n"
		"[engine \"n\"]\nkind = null\n");
	execute();
	assert_valid();
	for (unsigned i = 0; i < 3; i++) {
		assert_true(f.run.engines[i].stream_checked);
		const struct recorder *r = f.run.engines[i].total;
		assert_accounted(r);
		/* Poisson: 1 200 +- 35 */
		assert_in_range(r->planned, 1200 - 175, 1200 + 175);
		assert_int_equal(r->planned, f.run.engines[0].total->planned);
		assert_int_equal(r->stream_digest, f.run.stream_digest);
		assert_int_equal(r->verified, i < 2 ? r->completed : 0);
		assert_int_equal(r->content_bytes, i < 2 ? r->completed * 200 : 0);
	}
	close_contents();
}

/* Whatever the machine does, a request is never released early: response
 * time holds at least the service time. */
static void response_is_never_less_than_service(void **state)
{
	(void)state;
	open_contents("[workload]\ncontents = noise:100\nsize = fixed:200\nrate_iops = 3000\n"
		      "runtime = 400ms\nramp_time = 0\nrounds = 2\n"
		      "[engine \"a\"]\nkind = generate\nnumjobs = 2\n");
	execute();
	const struct recorder *r = f.run.engines[0].total;
	assert_true(r->completed > 0);
	assert_true(r->response.min_ns >= r->service.min_ns);
	assert_true(r->response.sum_ns >= r->service.sum_ns);
	assert_true(r->response.sum_ns >= r->slip.sum_ns);
	close_contents();
}

static void number_ios_is_exact_for_any_workers(void **state)
{
	(void)state;
	open_contents(
		"[workload]\ncontents = noise:50\nsize = fixed:100\nscenario = offline\n"
		"number_ios = 1001\nramp_time = 0\nrounds = 4\n"
		"[engine \"a\"]\nkind = generate\n[engine \"b\"]\nkind = generate\nnumjobs = 5\n");
	execute();
	for (unsigned i = 0; i < 2; i++) {
		assert_accounted(f.run.engines[i].total);
		assert_int_equal(f.run.engines[i].total->completed, 1001);
		assert_int_equal(f.run.engines[i].total->stream_digest, f.run.stream_digest);
	}
	close_contents();
}

/* More workers than CPUs, odd depths and rates, every way of asking: nothing
 * is lost, whoever was in whose way. Also what the thread sanitizer watches. */
static void workers_that_crowd_lose_nothing(void **state)
{
	(void)state;
	static const char *const ways[] = {
		"scenario = offline\nnumber_ios = 10007\n",
		"scenario = offline\nruntime = 90ms\n",
		"rate_iops = 7919\nruntime = 90ms\n",
		"rate_iops = 7919\nruntime = 90ms\nrate_process = bursts\nburst_agents = 13\n"
		"burst_chain = 7\n",
		"rate_iops = 1009,30011,503\nruntime = 90ms\nrate_process = linear\n",
		"rate_iops = peak\ntarget_latency = 3ms\nruntime = 60ms\nrate_process = bursts\n"
		"burst_agents = 3\nburst_chain = 2\n",
	};

	for (unsigned i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		char text[1024];
		/* a search takes half a second an engine */
		const char *others =
			strstr(ways[i], "peak") != NULL
				? ""
				: "[engine \"n\"]\nkind = null\nnumjobs = 8\niodepth = 7\n"
				  "[engine \"r\"]\nkind = retrieve\nnumjobs = 8\n"
				  "compression_type = none\ndirect = 0\niodepth = 5\n"
				  "[engine \"g\"]\nkind = generate\nnumjobs = 8\n";
		snprintf(text, sizeof text,
			 "[workload]\ncontents = noise:50\nsize = fixed:100\nramp_time = 5ms\n"
			 "rounds = 3\n%s[engine \"d\"]\nkind = delay\nnumjobs = 8\niodepth = 3\n"
			 "service_time = exponential:30us\n%s",
			 ways[i], others);
		open_contents(text);
		execute();
		for (unsigned k = 0; k < f.run.engine_count; k++) {
			const struct engine_run *er = &f.run.engines[k];
			assert_accounted(er->total);
			assert_true(er->stream_checked);
			assert_int_equal(er->total->mismatched + er->total->failed, 0);
			/* a busy machine may leave a slice of 30 ms no time for any */
			assert_true(er->total->planned > 0);
			assert_true(i > 0 || er->total->completed == 10007);
		}
		close_contents();
	}
}

/* What agents were still to ask when time was up is dropped, and counted. */
static void chains_cut_short_are_accounted(void **state)
{
	(void)state;
	open_contents("[workload]\ncontents = noise:50\nsize = fixed:100\nramp_time = 0\n"
		      "rate_iops = 5000,20000\nrate_process = bursts\nburst_agents = 5\n"
		      "burst_chain = 100\nruntime = 500ms\nrounds = 1\n"
		      "[engine \"d\"]\nkind = delay\nservice_time = fixed:2ms\niodepth = 2\n");
	execute();
	assert_accounted(f.run.engines[0].total);
	assert_true(f.run.engines[0].total->dropped > 0);
	close_contents();
}

static int stop_at_stream_check(void *arg, const char *what, unsigned long long done,
				unsigned long long total)
{
	(void)arg;
	(void)done;
	(void)total;
	return strcmp(what, "checking the request stream") == 0;
}

/* Ctrl-C while the streams of a long run are made again: all is measured, and
 * nothing is claimed of the requests. */
static void a_check_that_is_stopped_claims_nothing(void **state)
{
	(void)state;
	static const struct progress progress = {.step = stop_at_stream_check};
	struct error e = {""};
	open_contents("[workload]\ncontents = noise:50\nsize = fixed:100\nscenario = offline\n"
		      "popularity = sequential\nnumber_ios = 4200000\nramp_time = 0\nrounds = 2\n"
		      "[engine \"n\"]\nkind = null\niodepth = 32\n");
	assert_int_equal(run_execute(&f.run, &f.contents, false, NULL, &progress, &e), 0);
	verdict_of(&f.run, &f.verdict);
	assert_true(f.run.interrupted);
	assert_int_equal(f.run.stream_requests, 0);
	assert_false(f.run.engines[0].stream_checked);
	assert_accounted(f.run.engines[0].total);
	assert_int_equal(f.run.engines[0].total->completed, 4200000);
	assert_int_equal(verdict_exit_code(&f.run, &f.verdict), 1);
	assert_int_equal(f.verdict.reason_count, 1);
	assert_non_null(strstr(f.verdict.reasons[0], "interrupted"));
	close_contents();
}

static void single_stream_keeps_one_in_flight(void **state)
{
	(void)state;
	open_contents(
		"[workload]\ncontents = noise:50\nsize = fixed:100\nscenario = single_stream\n"
		"number_ios = 100\nramp_time = 0\nrounds = 2\n[engine \"a\"]\nkind = generate\n");
	execute();
	const struct recorder *r = f.run.engines[0].total;
	assert_int_equal(r->completed, 100);
	assert_int_equal(r->slip.max_ns, 0); /* issued when planned: at once */
	close_contents();
}

static void time_limited_offline_ends_in_time(void **state)
{
	(void)state;
	open_contents("[workload]\ncontents = noise:50\nsize = fixed:100\nscenario = offline\n"
		      "runtime = 300ms\nramp_time = 0\nrounds = 3\nmin_duration = 0\nss = none\n"
		      "[engine \"a\"]\nkind = generate\n[engine \"n\"]\nkind = null\n");
	execute();
	for (unsigned i = 0; i < 2; i++) {
		assert_true(f.run.engines[i].stream_checked);
		assert_accounted(f.run.engines[i].total);
		assert_true(f.run.engines[i].total->completed > 100);
		assert_true(f.run.engines[i].window_ns >= 290000000);
	}
	assert_valid();
	close_contents();
}

static void a_wrong_answer_is_named_and_exit_8(void **state)
{
	(void)state;
	char text[512];
	snprintf(text, sizeof text,
		 "[workload]\ncontents = archive:%s/docs\nsplit = all\nscenario = offline\n"
		 "popularity = sequential\nnumber_ios = 40\nramp_time = 0\nrounds = 2\n"
		 "[engine \"r\"]\nkind = retrieve\ncompression_type = none\ndirect = 0\n",
		 root);
	open_contents(text);
	/* what is stored is now wrong, as far as anybody can tell */
	f.contents.corpus->documents[7].digest ^= 1;
	execute();
	assert_int_equal(f.run.engines[0].total->mismatched, 2);
	assert_int_equal(f.run.engines[0].total->verified, 40);
	assert_true(f.verdict.bytes_differ);
	assert_int_equal(verdict_exit_code(&f.run, &f.verdict), 8);
	assert_non_null(strstr(f.verdict.reasons[0], "d07"));
	close_contents();
}

static void a_store_of_other_contents_is_refused(void **state)
{
	(void)state;
	char text[512];
	snprintf(text, sizeof text,
		 "[workload]\ncontents = archive:%s/docs\nsplit = all\nscenario = offline\n"
		 "popularity = sequential\nnumber_ios = 21\nramp_time = 0\nrounds = 1\n"
		 "[engine \"r\"]\nkind = retrieve\ncompression_type = none\ndirect = 0\n",
		 root);
	open_contents(text);
	f.contents.count++; /* the stream now asks for one that was never stored */
	struct run *run = &f.run;
	struct error e = {""};
	/* the store's identity holds the count: the engine refuses to open */
	assert_int_equal(run_execute(run, &f.contents, false, NULL, NULL, &e), -ESTALE);
	assert_non_null(strstr(e.text, "gvr load"));
	f.contents.count--;
	close_contents();
}

static void overload_is_invalid(void **state)
{
	(void)state;
	open_contents("[workload]\ncontents = noise:10\nsize = fixed:4MiB\nrate_iops = 20000\n"
		      "runtime = 200ms\nramp_time = 0\nrounds = 1\n"
		      "[engine \"a\"]\nkind = generate\n");
	execute();
	const struct recorder *r = f.run.engines[0].total;
	assert_accounted(r);
	assert_true(r->dropped > 0);
	assert_int_equal(verdict_exit_code(&f.run, &f.verdict), 6);
	assert_non_null(strstr(f.verdict.reasons[0], "overloaded"));
	close_contents();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(server_asks_all_engines_the_planned_requests),
		cmocka_unit_test(response_is_never_less_than_service),
		cmocka_unit_test(number_ios_is_exact_for_any_workers),
		cmocka_unit_test(workers_that_crowd_lose_nothing),
		cmocka_unit_test(chains_cut_short_are_accounted),
		cmocka_unit_test(a_check_that_is_stopped_claims_nothing),
		cmocka_unit_test(single_stream_keeps_one_in_flight),
		cmocka_unit_test(time_limited_offline_ends_in_time),
		cmocka_unit_test(a_wrong_answer_is_named_and_exit_8),
		cmocka_unit_test(a_store_of_other_contents_is_refused),
		cmocka_unit_test(overload_is_invalid),
	};
	return cmocka_run_group_tests(tests, make_documents, remove_documents);
}
