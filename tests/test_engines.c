/*
 * test_engines.c: one contract suite over every registered engine, in every
 * kind of content it serves. engine.h is the contract.
 */
#include "tests/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "bench/contents.h"
#include "bench/load.h"
#include "tests/scratch.h"

#define DEPTH 4u

static char root[] = "/tmp/gvr-engines.XXXXXX";
static char text[4096];

struct fixture {
	struct workload workload;
	struct contents contents;
	struct engine_env env;
	const struct engine_ops *ops;
	struct engine *engine;
	struct engine_thread *thread;
};

/* A case: what goes into [workload] and [engine "x"]; %s is the test folder. */
static const struct {
	const char *name, *kind, *contents, *engine;
} cases[] = {
	{"null", "null", "contents = noise:50\nsize = fixed:100\n", ""},
	{"delay", "delay", "contents = noise:50\nsize = fixed:100\n",
	 "service_time = exponential:100us\n"},
	{"raw noise", "raw",
	 "contents = noise:50\ncontexts = 2\nsize = uniform:1-9000\ncompress_percentage = 50\n",
	 "direct = 0\n"},
	{"raw archive, pread", "raw", "contents = archive:%s/docs\nsplit = all\n",
	 "direct = 0\nio = pread\n"},
	{"raw novel", "raw",
	 "contents = novel:20\ncontexts = 3\nsize = fixed:200\ncorpus = %s/docs\n", "direct = 0\n"},
	{"retrieve noise, plain", "retrieve",
	 "contents = noise:50\nsize = uniform:1-9000\ncompress_percentage = 50\n",
	 "compression_type = none\ndirect = 0\n"},
	{"retrieve archive, zstd with dictionary", "retrieve", "contents = archive:%s/docs\n",
	 "compression_level = 3\ncompression_max_dict_bytes = 4KiB\ndirect = 0\n"},
	{"retrieve archive, pread", "retrieve", "contents = archive:%s/docs\nsplit = all\n",
	 "compression_level = 3\ncompression_max_dict_bytes = 0\ndirect = 0\nio = pread\n"},
	{"retrieve noise, segments", "retrieve",
	 "contents = noise:50\ncontexts = 2\nsize = uniform:1-9000\ncompress_percentage = 50\n",
	 "layout = segments\ncompression_type = none\ndirect = 0\n"},
	{"retrieve archive, segments", "retrieve", "contents = archive:%s/docs\n",
	 "layout = segments\ncompression_level = 3\ncompression_max_dict_bytes = 4KiB\n"
	 "direct = 0\n"},
	{"retrieve archive, segments, pread", "retrieve",
	 "contents = archive:%s/docs\nsplit = all\n",
	 "layout = segments\ncompression_level = 3\ncompression_max_dict_bytes = 0\n"
	 "direct = 0\nio = pread\n"},
	{"retrieve archive, RocksDB's compression and cache", "retrieve",
	 "contents = archive:%s/docs\nsplit = all\n",
	 "compression_unit = block\ncompression_level = 3\ncompression_max_dict_bytes = 4KiB\n"
	 "block_size = 16KiB\ncache_size = 1MiB\ndirect = 0\n"},
	{"retrieve noise, registered buffers", "retrieve",
	 "contents = noise:50\nsize = uniform:1-9000\n",
	 "compression_type = none\nfixedbufs = 1\ndirect = 0\n"},
	{"retrieve noise, the kernel's thread submits", "retrieve",
	 "contents = noise:50\nsize = uniform:1-9000\n",
	 "layout = segments\ncompression_type = none\nsqthread_poll = 1\ndirect = 0\n"},
	{"generate noise", "generate", "contents = noise:50\nsize = fixed:1000\n",
	 "generator = noise\n"},
	{"generate archive, cm", "generate", "contents = archive:%s/docs\n", "direct = 0\n"},
	{"generate novel, cm", "generate",
	 "contents = novel:20\ncontexts = 3\nsize = fixed:200\ncorpus = %s/docs\n", ""},
};
#define CASES (sizeof cases / sizeof cases[0])

static int make_documents(void **state)
{
	(void)state;
	char path[128];
	assert_non_null(mkdtemp(root));
	snprintf(path, sizeof path, "%s/docs", root);
	assert_int_equal(mkdir(path, 0777), 0);
	for (unsigned i = 0; i < 60; i++) {
		snprintf(path, sizeof path, "%s/docs/d%u", root, i);
		FILE *f = fopen(path, "w");
		assert_non_null(f);
		for (unsigned k = 0; k < i * 5; k++)
			fprintf(f, "document %u says line %u of %u, as documents do\n", i, k,
				i * 5);
		fclose(f);
	}
	return 0;
}

static int remove_documents(void **state)
{
	(void)state;
	return scratch_remove(root);
}

static void open_contents(struct fixture *f, size_t k, const char *store_name)
{
	struct error e = {""};
	char contents[256], store[64];

	snprintf(contents, sizeof contents, cases[k].contents, root);
	int n = snprintf(text, sizeof text,
			 "[workload]\nname = t%zu\n%s[engine \"x\"]\nkind = %s\niodepth = %u\n%s",
			 k, contents, cases[k].kind, DEPTH, cases[k].engine);
	memset(f, 0, sizeof *f);
	if (workload_parse(&f->workload, "test", text, (size_t)n, NULL, 0, &e) != 0)
		fail_msg("%s: %s", cases[k].name, e.text);
	snprintf(store, sizeof store, "%s/%s", root, store_name);
	if (contents_open(&f->contents, &f->workload, store, CONTENTS_MAKE, scratch_no_notice, NULL,
			  &e) != 0)
		fail_msg("%s: %s", cases[k].name, e.text);
	f->env = contents_env(&f->contents, &f->workload.engines[0]);
	f->ops = engine_find(cases[k].kind);
}

static void load_and_open(struct fixture *f, size_t k)
{
	struct error e = {""};
	struct load_report report;

	if (load_all(&f->contents, &report, NULL, &e) != 0)
		fail_msg("%s: %s", cases[k].name, e.text);
	if (contents_map_digests(&f->contents, &e) != 0)
		fail_msg("%s: %s", cases[k].name, e.text);
	if (f->ops->open(&f->engine, &f->env, &e) != 0)
		fail_msg("%s: %s", cases[k].name, e.text);
	if (f->ops->thread_open(&f->thread, f->engine, &e) != 0)
		fail_msg("%s: %s", cases[k].name, e.text);
}

static void set_up(struct fixture *f, size_t k)
{
	open_contents(f, k, "store");
	load_and_open(f, k);
}

static void tear_down(struct fixture *f)
{
	f->ops->thread_close(f->thread);
	f->ops->close(f->engine);
	contents_close(&f->contents);
}

static void assert_right(const struct fixture *f, const struct request *r)
{
	static uint8_t scratch[1 << 16];
	assert_int_equal(r->error, 0);
	if (f->ops->makes_replies)
		assert_true(contents_is_right(&f->contents, r, scratch));
	else
		assert_null(r->reply);
}

/* Reaps until `want` requests are back. */
static void reap_all(struct fixture *f, struct request **back, unsigned want)
{
	unsigned have = 0;
	for (unsigned tries = 0; have < want && tries < 1000000; tries++) {
		int n = f->ops->reap(f->thread, back + have, want - have, 1000000);
		assert_in_range(n, 0, want - have);
		have += (unsigned)n;
	}
	assert_int_equal(have, want);
}

static void every_registered_engine_has_a_case(void **state)
{
	(void)state;
	for (const struct engine_ops *const *ops = engine_registry; *ops != NULL; ops++) {
		bool found = false;
		for (size_t k = 0; k < CASES; k++)
			found |= engine_find(cases[k].kind) == *ops;
		assert_true(found);
	}
}

static void every_content_comes_back_right(void **state)
{
	(void)state;
	for (size_t k = 0; k < CASES; k++) {
		struct fixture f;
		set_up(&f, k);
		assert_true(f.contents.items >= 5);
		for (uint64_t item = 0; item < f.contents.items; item++) {
			struct request r = {.content = item / f.workload.contexts,
					    .context = (uint32_t)(item % f.workload.contexts)};
			struct request *back = &r;
			enum submit_status status = f.ops->submit(f.thread, &r);
			assert_int_not_equal(status, SUBMIT_BUSY);
			if (status == SUBMIT_QUEUED)
				reap_all(&f, &back, 1);
			assert_ptr_equal(back, &r);
			assert_right(&f, &r);
			f.ops->release(f.thread, &r);
		}
		tear_down(&f);
	}
}

/* Fills the engine until it says BUSY (or it answers at once), holds all
 * replies, and finds every one still right before it releases them. */
static void replies_stay_valid_until_released(void **state)
{
	(void)state;
	for (size_t k = 0; k < CASES; k++) {
		struct fixture f;
		struct request r[DEPTH + 1], *back[DEPTH];
		unsigned queued = 0, taken = 0;
		set_up(&f, k);
		memset(r, 0, sizeof r);
		for (unsigned i = 0; i <= DEPTH; i++) {
			r[i].content = i % f.contents.count;
			enum submit_status status = f.ops->submit(f.thread, &r[i]);
			if (status == SUBMIT_BUSY)
				break;
			taken++;
			queued += status == SUBMIT_QUEUED;
		}
		if (f.ops->makes_replies)
			assert_int_equal(taken, DEPTH); /* unreleased replies count too */
		if (queued > 0)
			reap_all(&f, back, queued);
		for (unsigned i = 0; i < taken; i++)
			assert_right(&f, &r[i]);
		for (unsigned i = 0; i < taken; i++)
			f.ops->release(f.thread, &r[i]);
		/* and now there is room again */
		struct request again = {.content = 1};
		struct request *one = &again;
		enum submit_status status = f.ops->submit(f.thread, &again);
		assert_int_not_equal(status, SUBMIT_BUSY);
		if (status == SUBMIT_QUEUED)
			reap_all(&f, &one, 1);
		assert_right(&f, &again);
		f.ops->release(f.thread, &again);
		tear_down(&f);
	}
}

static void an_idle_engine_reaps_nothing(void **state)
{
	(void)state;
	for (size_t k = 0; k < CASES; k++) {
		struct fixture f;
		struct request *back[1];
		set_up(&f, k);
		assert_int_equal(f.ops->reap(f.thread, back, 1, 0), 0);
		tear_down(&f);
	}
}

static void stats_tell_what_is_kept(void **state)
{
	(void)state;
	for (size_t k = 0; k < CASES; k++) {
		struct fixture f;
		struct engine_stats stats;
		set_up(&f, k);
		f.ops->thread_close(f.thread);
		f.ops->stats(f.engine, &stats);
		bool stores = strcmp(cases[k].kind, "retrieve") == 0 ||
			      strcmp(cases[k].kind, "raw") == 0 ||
			      strcmp(cases[k].name, "generate archive, cm") == 0;
		assert_int_equal(stats.at_rest_bytes > 0, stores);
		if (stores)
			assert_true(stats.at_rest_bytes >= stats.payload_bytes);
		f.ops->close(f.engine);
		contents_close(&f.contents);
	}
}

static void loaded_is_not_loaded_again(void **state)
{
	(void)state;
	for (size_t k = 0; k < CASES; k++) {
		struct fixture f;
		struct engine_load *l;
		uint64_t next = 0;
		set_up(&f, k);
		tear_down(&f);
		set_up(&f, k);
		struct error e;
		f.ops->thread_close(f.thread);
		f.ops->close(f.engine);
		assert_int_equal(f.ops->load_open(&l, &f.env, &next, NULL, &e), 0);
		assert_int_equal(next, f.contents.items);
		assert_int_equal(f.ops->load_close(l, false, &e), 0);
		contents_close(&f.contents);
	}
}

/* Puts all items, but does not live to end the load. False: none is stored. */
static bool load_but_for_the_end(struct fixture *f)
{
	struct engine_load *l;
	struct engine_load_thread *t;
	struct contents_maker maker;
	uint64_t next = 0;
	const uint8_t *value;
	size_t nbytes, value_nbytes;
	uint32_t contexts = f->workload.contexts;
	assert_int_equal(f->ops->load_open(&l, &f->env, &next, NULL, NULL), 0);
	if (next == f->contents.items) {
		assert_int_equal(f->ops->load_close(l, true, NULL), 0);
		return false;
	}
	assert_int_equal(f->ops->load_thread_open(&t, l, NULL), 0);
	assert_int_equal(contents_maker_open(&maker, &f->contents, NULL), 0);
	for (uint64_t item = 0; item < f->contents.items; item++) {
		uint64_t content = item / contexts;
		uint32_t context = (uint32_t)(item % contexts);
		assert_int_equal(contents_make(&maker, content, context, &nbytes, NULL), 0);
		assert_int_equal(f->ops->load_encode(t, content, context, maker.buf, nbytes, &value,
						     &value_nbytes, NULL),
				 0);
		assert_int_equal(
			f->ops->load_put(l, content, context, value, value_nbytes, nbytes, NULL),
			0);
	}
	contents_maker_close(&maker);
	f->ops->load_thread_close(t);
	assert_int_equal(f->ops->load_close(l, false, NULL), 0);
	return true;
}

static void a_load_that_was_cut_before_its_end_is_ended(void **state)
{
	(void)state;
	unsigned stored = 0;
	for (size_t k = 0; k < CASES; k++) {
		struct fixture f;
		open_contents(&f, k, "cut");
		stored += load_but_for_the_end(&f);
		load_and_open(&f, k); /* which refuses a store that is not complete */
		tear_down(&f);
	}
	assert_true(stored >= 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_registered_engine_has_a_case),
		cmocka_unit_test(every_content_comes_back_right),
		cmocka_unit_test(replies_stay_valid_until_released),
		cmocka_unit_test(an_idle_engine_reaps_nothing),
		cmocka_unit_test(stats_tell_what_is_kept),
		cmocka_unit_test(loaded_is_not_loaded_again),
		cmocka_unit_test(a_load_that_was_cut_before_its_end_is_ended),
	};
	return cmocka_run_group_tests(tests, make_documents, remove_documents);
}
