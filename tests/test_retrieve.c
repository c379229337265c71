/*
 * test_retrieve.c: the retrieve engine: what was loaded is answered, lent and
 * taken back; what is damaged or missing is an error. (test_engines.c holds
 * the contract that all engines share.)
 */
#include "tests/test.h"

#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engines/engine.h"
#include "workloads/noise.h"
#include "workloads/prng.h"

#define DEPTH 8u

extern const struct engine_ops retrieve_engine;
static const struct engine_ops *const ops = &retrieve_engine;

struct fixture {
	char dir[64];
	struct workload workload;
	struct engine_config config;
	struct engine_env env;
	struct corpus *corpus;
};

/* ---- a folder for each test ---- */

static void ignore_notice(const char *line)
{
	(void)line;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	*state = f;
	strcpy(f->dir, "/var/tmp/gvr_retrieve_XXXXXX");
	if (mkdtemp(f->dir) == NULL)
		return 1;
	f->workload.contents_kind = CONTENTS_NOISE;
	f->workload.contexts = 2;
	f->workload.compress_percentage = 50;
	f->config = (struct engine_config){.numjobs = 1,
					   .iodepth = DEPTH,
					   .layout = "sst",
					   .block_size_bytes = 4096,
					   .hugepages = true,
					   .compression_type = COMPRESSION_ZSTD,
					   .compression_level = 3};
	f->env = (struct engine_env){.workload = &f->workload,
				     .config = &f->config,
				     .contents = 60,
				     .content_nbytes_max = 6000,
				     .fingerprint = 42,
				     .dir = f->dir,
				     .model_path = "",
				     .notice = ignore_notice};
	return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	int err = nftw(f->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	corpus_close(f->corpus);
	free(f);
	return err;
}

/* Documents that share most of their words. */
static void add_corpus(struct fixture *f)
{
	char path[128];
	struct error e;
	snprintf(path, sizeof path, "%s/docs", f->dir);
	assert_int_equal(mkdir(path, 0777), 0);
	for (unsigned i = 0; i < 60; i++) {
		snprintf(path, sizeof path, "%s/docs/%u", f->dir, i);
		FILE *file = fopen(path, "w");
		assert_non_null(file);
		for (unsigned line = 0; line < 20; line++)
			fprintf(file, "document %u line %u says %llx as all of them do\n", i, line,
				(unsigned long long)prng_at(1, prng_below(prng_at(i, line), 200)));
		fclose(file);
	}
	snprintf(path, sizeof path, "%s/docs", f->dir);
	if (corpus_open(&f->corpus, path, 0, NULL, NULL, &e) != 0)
		fail_msg("%s", e.text);
	f->env.corpus = f->corpus;
	f->env.contents = corpus_count(f->corpus, SPLIT_HELD_OUT);
	f->workload.contents_kind = CONTENTS_ARCHIVE;
	f->workload.contexts = 1;
	f->config.compression_max_dict_bytes = 4096;
}

static size_t content_nbytes(const struct fixture *f, uint64_t content)
{
	if (f->corpus != NULL)
		return f->corpus->documents[corpus_at(f->corpus, SPLIT_HELD_OUT, (uint32_t)content)]
			.nbytes;
	return content % 10 == 0 ? 0 : content * 100;
}

static void fill_content(const struct fixture *f, uint64_t content, uint32_t context, uint8_t *out)
{
	if (f->corpus != NULL)
		assert_int_equal(
			corpus_read(f->corpus,
				    corpus_at(f->corpus, SPLIT_HELD_OUT, (uint32_t)content), out,
				    NULL),
			0);
	else
		noise_fill(content, context, f->workload.compress_percentage, out,
			   content_nbytes(f, content));
}

/* ---- loading and asking ---- */

static void put_all(struct fixture *f, struct engine_load *l, uint64_t next)
{
	struct engine_load_thread *t;
	const uint8_t *value;
	size_t value_nbytes;
	uint8_t bytes[6000];
	assert_int_equal(ops->load_thread_open(&t, l, NULL), 0);
	for (uint64_t item = next; item < f->env.contents * f->workload.contexts; item++) {
		uint64_t content = item / f->workload.contexts;
		uint32_t context = (uint32_t)(item % f->workload.contexts);
		size_t nbytes = content_nbytes(f, content);
		fill_content(f, content, context, bytes);
		assert_int_equal(ops->load_encode(t, content, context, bytes, nbytes, &value,
						  &value_nbytes, NULL),
				 0);
		assert_int_equal(
			ops->load_put(l, content, context, value, value_nbytes, nbytes, NULL), 0);
	}
	ops->load_thread_close(t);
}

/* Returns how many items were there before. */
static uint64_t load(struct fixture *f)
{
	struct engine_load *l;
	struct error e;
	uint64_t next = UINT64_MAX;
	if (ops->load_open(&l, &f->env, &next, NULL, &e) != 0)
		fail_msg("%s", e.text);
	if (next < f->env.contents * f->workload.contexts)
		put_all(f, l, next);
	assert_int_equal(ops->load_close(l, true, &e), 0);
	return next;
}

static struct engine *open_engine(struct fixture *f)
{
	struct engine *engine;
	struct error e;
	if (ops->open(&engine, &f->env, &e) != 0)
		fail_msg("%s", e.text);
	return engine;
}

static struct engine_thread *open_thread(struct fixture *f, struct engine *engine)
{
	struct engine_thread *t;
	struct error e;
	int err = ops->thread_open(&t, engine, &e);
	if (f->config.io == STORE_IO_URING && (err == -ENOSYS || err == -EPERM)) {
		ops->close(engine);
		skip(); /* a kernel without io_uring */
	}
	assert_int_equal(err, 0);
	return t;
}

/* Submits, waiting until it is taken; reaps until it is back. */
static void ask(struct engine_thread *t, struct request *req)
{
	struct request *done = NULL;
	enum submit_status status = ops->submit(t, req);
	assert_int_not_equal(status, SUBMIT_BUSY);
	for (unsigned turn = 0; status == SUBMIT_QUEUED && done == NULL && turn < 1000; turn++)
		assert_true(ops->reap(t, &done, 1, 10000000) >= 0);
	if (status == SUBMIT_QUEUED)
		assert_ptr_equal(done, req);
}

static void assert_answered(struct fixture *f, const struct request *req)
{
	uint8_t want[6000];
	assert_int_equal(req->error, 0);
	assert_int_equal(req->reply_nbytes, content_nbytes(f, req->content));
	fill_content(f, req->content, req->context, want);
	if (req->reply_nbytes > 0)
		assert_memory_equal(req->reply, want, req->reply_nbytes);
}

static void ask_for_all(struct fixture *f, struct engine_thread *t)
{
	for (uint64_t content = 0; content < f->env.contents; content++)
		for (uint32_t context = 0; context < f->workload.contexts; context++) {
			struct request req = {.content = content, .context = context};
			ask(t, &req);
			assert_answered(f, &req);
			ops->release(t, &req);
		}
}

/* Loads, asks for everything, and gives the engine's counters. */
static struct engine_stats serve_all(struct fixture *f)
{
	struct engine_stats stats;
	load(f);
	struct engine *engine = open_engine(f);
	struct engine_thread *t = open_thread(f, engine);
	ask_for_all(f, t);
	ops->thread_close(t);
	ops->stats(engine, &stats);
	ops->close(engine);
	return stats;
}

/* ---- */

static void coded_contents_are_answered(void **state)
{
	struct fixture *f = *state;
	struct engine_stats stats = serve_all(f);
	assert_true(stats.ring_created);
	assert_int_equal(stats.sqes, 120); /* one read each */
	assert_int_equal(stats.cqes, 120);
	assert_int_equal(stats.shared_at_rest_bytes, 0);
	uint64_t content_bytes = 0;
	for (uint64_t content = 0; content < 60; content++)
		content_bytes += 2 * content_nbytes(f, content);
	assert_int_equal(stats.content_bytes, content_bytes);
	/* half of each content is zero bytes: those zstd takes away */
	assert_in_range(stats.payload_bytes, content_bytes / 2, content_bytes * 6 / 10);
	assert_true(stats.at_rest_bytes > stats.payload_bytes);
	assert_true(stats.resident_bytes > 0);
	assert_string_equal(stats.generator, "");
}

static void plain_contents_are_answered(void **state)
{
	struct fixture *f = *state;
	f->config.compression_type = COMPRESSION_NONE;
	struct engine_stats stats = serve_all(f);
	assert_int_equal(stats.sqes, 120);
	assert_in_range(stats.payload_bytes, stats.content_bytes, stats.content_bytes + 120 * 4);
}

static void direct_reads_are_answered(void **state)
{
	struct fixture *f = *state;
	struct engine *engine;
	load(f);
	f->config.direct = true;
	if (ops->open(&engine, &f->env, NULL) == -EINVAL)
		skip(); /* a file system without O_DIRECT */
	struct engine_thread *t = open_thread(f, engine);
	ask_for_all(f, t);
	ops->thread_close(t);
	ops->close(engine);
}

static void pread_answers_at_once_and_makes_no_ring(void **state)
{
	struct fixture *f = *state;
	f->config.io = STORE_IO_PREAD;
	load(f);
	struct engine *engine = open_engine(f);
	struct engine_thread *t = open_thread(f, engine);
	struct request req = {.content = 7, .context = 1};
	assert_int_equal(ops->submit(t, &req), SUBMIT_DONE);
	assert_answered(f, &req);
	ops->release(t, &req);
	ask_for_all(f, t);
	ops->thread_close(t);
	struct engine_stats stats;
	ops->stats(engine, &stats);
	ops->close(engine);
	assert_false(stats.ring_created);
	assert_int_equal(stats.sqes, 0);
}

static void documents_are_answered_with_a_dictionary(void **state)
{
	struct fixture *f = *state;
	add_corpus(f);
	uint64_t with = serve_all(f).payload_bytes;
	struct engine_stats stats = serve_all(f);
	char path[256];
	struct stat st;
	snprintf(path, sizeof path, "%s/dict-4096-l3.gvrd", f->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(stats.shared_at_rest_bytes, st.st_size);
	f->config.compression_max_dict_bytes = 0;
	uint64_t without = serve_all(f).payload_bytes;
	assert_true(with < without);
}

static void lent_replies_stay_until_released_and_busy_says_so(void **state)
{
	struct fixture *f = *state;
	for (int type = 0; type < 2; type++) {
		f->config.compression_type = type == 0 ? COMPRESSION_NONE : COMPRESSION_ZSTD;
		load(f);
		struct engine *engine = open_engine(f);
		struct engine_thread *t = open_thread(f, engine);
		struct request reqs[DEPTH], late = {.content = 33};
		for (unsigned i = 0; i < DEPTH; i++) {
			reqs[i] = (struct request){.content = 21 + i};
			ask(t, &reqs[i]);
		}
		assert_int_equal(ops->submit(t, &late), SUBMIT_BUSY);
		for (unsigned i = 0; i < DEPTH; i++)
			assert_answered(f, &reqs[i]);
		ops->release(t, &reqs[3]);
		ask(t, &late);
		assert_answered(f, &late);
		assert_answered(f, &reqs[2]);
		ops->release(t, &late);
		for (unsigned i = 0; i < DEPTH; i++)
			if (i != 3)
				ops->release(t, &reqs[i]);
		ops->thread_close(t);
		ops->close(engine);
	}
}

/* As many as fit, again and again: none is lost, doubled or mixed up. */
static void many_in_flight_are_each_answered_once(void **state)
{
	struct fixture *f = *state;
	load(f);
	struct engine *engine = open_engine(f);
	struct engine_thread *t = open_thread(f, engine);
	struct request reqs[DEPTH], *done[3];
	unsigned answered = 0;
	for (unsigned round = 0; round < 50; round++) {
		unsigned queued = 0;
		for (unsigned i = 0; i < DEPTH; i++) {
			reqs[i] = (struct request){.content = prng_below(prng_at(round, i), 60),
						   .context = i % 2};
			enum submit_status status = ops->submit(t, &reqs[i]);
			assert_int_not_equal(status, SUBMIT_BUSY);
			queued += status == SUBMIT_QUEUED;
		}
		answered += DEPTH - queued;
		for (unsigned turn = 0; queued > 0 && turn < 1000; turn++) {
			int count = ops->reap(t, done, 3, 10000000);
			assert_in_range(count, 0, 3);
			queued -= (unsigned)count;
			answered += (unsigned)count;
		}
		for (unsigned i = 0; i < DEPTH; i++) {
			assert_answered(f, &reqs[i]);
			ops->release(t, &reqs[i]);
		}
	}
	assert_int_equal(answered, 50 * DEPTH);
	assert_int_equal(ops->reap(t, done, 3, 0), 0);
	ops->thread_close(t);
	ops->close(engine);
}

struct worker {
	struct fixture *f;
	struct engine *engine;
	int err;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	struct engine_thread *t;
	w->err = ops->thread_open(&t, w->engine, NULL);
	if (w->err != 0)
		return NULL;
	ask_for_all(w->f, t);
	ops->thread_close(t);
	return NULL;
}

static void workers_share_an_engine(void **state)
{
	struct fixture *f = *state;
	pthread_t threads[3];
	struct worker workers[3];
	struct engine_stats stats;
	f->config.numjobs = 3;
	load(f);
	struct engine *engine = open_engine(f);
	ops->thread_close(open_thread(f, engine)); /* skips here, not in a thread */
	for (unsigned i = 0; i < 3; i++) {
		workers[i] = (struct worker){.f = f, .engine = engine};
		assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(workers[i].err, 0);
	}
	ops->stats(engine, &stats);
	assert_int_equal(stats.sqes, 3 * 120);
	ops->close(engine);
}

static void what_is_not_stored_fails_alone(void **state)
{
	struct fixture *f = *state;
	load(f);
	struct engine *engine = open_engine(f);
	struct engine_thread *t = open_thread(f, engine);
	struct request req = {.content = 60};
	ask(t, &req);
	assert_int_equal(req.error, -ENOENT);
	assert_null(req.reply);
	assert_int_equal(req.reply_nbytes, 0);
	ops->release(t, &req);
	ask_for_all(f, t);
	ops->thread_close(t);
	ops->close(engine);
}

/* ---- stores that are missing, other or damaged ---- */

static void assert_open_fails(struct fixture *f, int want)
{
	struct engine *engine;
	struct error e = {{0}};
	assert_int_equal(ops->open(&engine, &f->env, &e), want);
	assert_non_null(strstr(e.text, "gvr load"));
}

static void a_store_must_be_loaded_for_these_contents(void **state)
{
	struct fixture *f = *state;
	assert_open_fails(f, -ENOENT);
	load(f);
	f->env.fingerprint++;
	assert_open_fails(f, -ESTALE);
	f->env.fingerprint--;
	f->config.compression_level++;
	assert_open_fails(f, -ENOENT); /* each setting has a store of its own */
	f->config.compression_level--;
	ops->close(open_engine(f));
}

static void an_interrupted_load_goes_on(void **state)
{
	struct fixture *f = *state;
	struct engine_load *l;
	uint64_t next;
	f->env.contents = 20;
	assert_int_equal(ops->load_open(&l, &f->env, &next, NULL, NULL), 0);
	assert_int_equal(next, 0);
	put_all(f, l, 0);
	assert_int_equal(ops->load_close(l, false, NULL), 0);
	assert_open_fails(f, -ENOENT);
	assert_int_equal(load(f), 40);
	assert_int_equal(load(f), 40); /* and is found complete */
	serve_all(f);
}

static void a_complete_store_can_be_loaded_while_it_serves(void **state)
{
	struct fixture *f = *state;
	load(f);
	struct engine *engine = open_engine(f);
	assert_int_equal(load(f), 120);
	ops->close(engine);
}

static void a_damaged_or_missing_dictionary_is_made_anew_by_load(void **state)
{
	struct fixture *f = *state;
	char path[256];
	add_corpus(f);
	serve_all(f);
	snprintf(path, sizeof path, "%s/dict-4096-l3.gvrd", f->dir);
	assert_int_equal(truncate(path, 100), 0);
	assert_open_fails(f, -EBADMSG);
	serve_all(f);
	assert_int_equal(unlink(path), 0);
	assert_open_fails(f, -ENOENT);
	serve_all(f);
}

/* The only table in f's store, which has one. */
static void flip_table_byte(const struct fixture *f, off_t at)
{
	char command[256], path[512];
	uint8_t byte;
	snprintf(command, sizeof command, "ls %s/retrieve-*/db/*.sst", f->dir);
	FILE *ls = popen(command, "r");
	assert_non_null(fgets(path, sizeof path, ls));
	pclose(ls);
	path[strcspn(path, "\n")] = '\0';
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 4;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

static void a_damaged_value_fails_alone(void **state)
{
	struct fixture *f = *state;
	unsigned failed = 0;
	load(f);
	flip_table_byte(f, 1000);
	struct engine *engine = open_engine(f);
	struct engine_thread *t = open_thread(f, engine);
	for (uint64_t content = 0; content < 60; content++) {
		struct request req = {.content = content};
		ask(t, &req);
		if (req.error == 0)
			assert_answered(f, &req);
		else
			assert_int_equal(req.error, -EBADMSG);
		failed += req.error != 0;
		ops->release(t, &req);
	}
	/* one block of some 4 KiB out of some 180 KiB */
	assert_in_range(failed, 1, 20);
	ops->thread_close(t);
	ops->close(engine);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(coded_contents_are_answered),
		TEST(plain_contents_are_answered),
		TEST(direct_reads_are_answered),
		TEST(pread_answers_at_once_and_makes_no_ring),
		TEST(documents_are_answered_with_a_dictionary),
		TEST(lent_replies_stay_until_released_and_busy_says_so),
		TEST(many_in_flight_are_each_answered_once),
		TEST(workers_share_an_engine),
		TEST(what_is_not_stored_fails_alone),
		TEST(a_store_must_be_loaded_for_these_contents),
		TEST(an_interrupted_load_goes_on),
		TEST(a_complete_store_can_be_loaded_while_it_serves),
		TEST(a_damaged_or_missing_dictionary_is_made_anew_by_load),
		TEST(a_damaged_value_fails_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
