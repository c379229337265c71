/*
 * test_raw.c: the file of the raw engine: where contents lie in it, what is
 * left of a load that stopped, what is refused. (test_engines.c holds the
 * contract that all engines share.)
 */
#include "tests/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engines/engine.h"
#include "tests/scratch.h"
#include "workloads/noise.h"

#define DEPTH 4u
#define CONTENTS 30u
#define CONTEXTS 2u
#define ITEMS (CONTENTS * CONTEXTS)
#define SLOT_NBYTES 8192u

extern const struct engine_ops raw_engine;
static const struct engine_ops *const ops = &raw_engine;

struct fixture {
	char dir[64];
	struct workload workload;
	struct engine_config config;
	struct engine_env env;
};

static char noticed[1024];

static void keep_notice(const char *line)
{
	snprintf(noticed, sizeof noticed, "%s", line);
}

/* /var/tmp, since O_DIRECT is not to be had where /tmp is in memory. */
static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	*state = f;
	strcpy(f->dir, "/var/tmp/gvr-raw.XXXXXX");
	if (mkdtemp(f->dir) == NULL)
		return 1;
	noticed[0] = '\0';
	f->workload = (struct workload){
		.contents_kind = CONTENTS_NOISE,
		.contexts = CONTEXTS,
		.size = {.kind = SIZE_UNIFORM, .low_bytes = 0, .high_bytes = 5000}};
	f->config = (struct engine_config){.numjobs = 1, .iodepth = DEPTH};
	f->env = (struct engine_env){.workload = &f->workload,
				     .config = &f->config,
				     .contents = CONTENTS,
				     .content_nbytes_max = 5000,
				     .fingerprint = 42,
				     .dir = f->dir,
				     .model_path = "",
				     .notice = keep_notice};
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	int err = scratch_remove(f->dir);
	free(f);
	return err;
}

static size_t make_content(const struct fixture *f, uint64_t item, uint8_t *bytes)
{
	size_t nbytes = workload_content_nbytes(&f->workload, item / CONTEXTS);
	noise_fill(item / CONTEXTS, (uint32_t)(item % CONTEXTS), 0, bytes, nbytes);
	return nbytes;
}

static void put(const struct fixture *f, struct engine_load *l, uint64_t item)
{
	uint8_t bytes[SLOT_NBYTES];
	size_t nbytes = make_content(f, item, bytes);
	assert_int_equal(ops->load_put(l, item / CONTEXTS, (uint32_t)(item % CONTEXTS), bytes,
				       nbytes, nbytes, NULL),
			 0);
}

/* Loads up to item `end`; returns the first that was missing. */
static uint64_t load_to(struct fixture *f, uint64_t end)
{
	struct engine_load *l;
	struct error e = {""};
	uint64_t next = 99999;
	if (ops->load_open(&l, &f->env, &next, NULL, &e) != 0)
		fail_msg("%s", e.text);
	for (uint64_t item = next; item < end; item++)
		put(f, l, item);
	if (ops->load_close(l, end == ITEMS, &e) != 0)
		fail_msg("%s", e.text);
	return next;
}

static void path_of(const struct fixture *f, const char *name, char *path, size_t capacity)
{
	snprintf(path, capacity, "%s/raw/%s", f->dir, name);
}

static void flip_byte(const struct fixture *f, const char *name, off_t offset)
{
	char path[128];
	uint8_t byte;
	path_of(f, name, path, sizeof path);
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, offset), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, offset), 1);
	close(fd);
}

static int open_error(struct fixture *f, struct error *e)
{
	struct engine *engine;
	int err = ops->open(&engine, &f->env, e);
	if (err == 0)
		ops->close(engine);
	return err;
}

/* Asks for every item, DEPTH at a time, and checks every byte. */
static void assert_all_right(struct fixture *f)
{
	struct engine *engine;
	struct engine_thread *t;
	struct error e = {""};
	struct request r[DEPTH] = {0}, *done[DEPTH];
	uint8_t want[SLOT_NBYTES];
	if (ops->open(&engine, &f->env, &e) != 0 || ops->thread_open(&t, engine, &e) != 0)
		fail_msg("%s", e.text);
	for (uint64_t first = 0; first < ITEMS; first += DEPTH) {
		unsigned queued = 0;
		for (unsigned i = 0; i < DEPTH; i++) {
			r[i].content = (first + i) / CONTEXTS;
			r[i].context = (uint32_t)((first + i) % CONTEXTS);
			queued += ops->submit(t, &r[i]) == SUBMIT_QUEUED;
		}
		while (queued > 0) {
			int n = ops->reap(t, done, DEPTH, 1000000);
			assert_in_range(n, 0, queued);
			queued -= (unsigned)n;
		}
		for (unsigned i = 0; i < DEPTH; i++) {
			assert_int_equal(r[i].error, 0);
			assert_int_equal(r[i].reply_nbytes, make_content(f, first + i, want));
			assert_memory_equal(r[i].reply, want, r[i].reply_nbytes);
			ops->release(t, &r[i]);
		}
	}
	ops->thread_close(t);
	ops->close(engine);
}

/* ---- */

static void contents_lie_in_slots(void **state)
{
	struct fixture *f = *state;
	char path[128];
	uint8_t file[SLOT_NBYTES], want[SLOT_NBYTES];
	assert_int_equal(load_to(f, ITEMS), 0);
	path_of(f, "db/values", path, sizeof path);
	int fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	for (uint64_t item = 0; item < ITEMS; item++) {
		assert_int_equal(pread(fd, file, SLOT_NBYTES, (off_t)(item * SLOT_NBYTES)),
				 SLOT_NBYTES);
		memset(want, 0, sizeof want);
		make_content(f, item, want);
		assert_memory_equal(file, want, SLOT_NBYTES);
	}
	assert_int_equal(lseek(fd, 0, SEEK_END), ITEMS * SLOT_NBYTES);
	close(fd);
	assert_all_right(f);
}

static void one_device_read_a_request(void **state)
{
	struct fixture *f = *state;
	struct engine *engine;
	struct engine_thread *t;
	struct engine_stats stats;
	struct request r = {.content = 1}, *done;
	uint64_t content_bytes = 0;
	assert_true(workload_content_nbytes(&f->workload, 1) > 0);
	load_to(f, ITEMS);
	assert_int_equal(ops->open(&engine, &f->env, NULL), 0);
	assert_int_equal(ops->thread_open(&t, engine, NULL), 0);
	assert_int_equal(ops->submit(t, &r), SUBMIT_QUEUED);
	while (ops->reap(t, &done, 1, 1000000) == 0)
		;
	ops->release(t, &r);
	ops->thread_close(t);
	ops->stats(engine, &stats);
	ops->close(engine);
	for (uint64_t c = 0; c < CONTENTS; c++)
		content_bytes += CONTEXTS * workload_content_nbytes(&f->workload, c);
	assert_true(stats.ring_created);
	assert_int_equal(stats.sqes, 1);
	assert_int_equal(stats.cqes, 1);
	assert_int_equal(stats.content_bytes, content_bytes);
	assert_int_equal(stats.payload_bytes, content_bytes);
	assert_true(stats.at_rest_bytes >= ITEMS * SLOT_NBYTES);
	assert_in_range(stats.resident_bytes, 1, DEPTH * SLOT_NBYTES);
	assert_non_null(strstr(stats.store_dir, "/raw"));
}

static void a_stopped_load_goes_on(void **state)
{
	struct fixture *f = *state;
	struct error e = {""};
	assert_int_equal(load_to(f, 17), 0);
	assert_int_equal(open_error(f, &e), -ENOENT);
	assert_non_null(strstr(e.text, "gvr load"));
	assert_int_equal(load_to(f, 33), 17);
	assert_int_equal(load_to(f, ITEMS), 33);
	assert_string_equal(noticed, "");
	assert_all_right(f);
	assert_int_equal(load_to(f, ITEMS), ITEMS);
}

/* Killed after writing what PROGRESS does not tell of: it is written again. */
static void what_progress_does_not_tell_is_not_trusted(void **state)
{
	struct fixture *f = *state;
	char path[128];
	load_to(f, 17);
	path_of(f, "db/values", path, sizeof path);
	int fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	for (uint64_t item = 17; item < 2 * ITEMS; item++)
		assert_int_equal(pwrite(fd, "torn", 4, (off_t)(item * SLOT_NBYTES)), 4);
	close(fd);
	assert_int_equal(load_to(f, ITEMS), 17);
	assert_all_right(f);
}

static void a_cut_or_lost_file_starts_over(void **state)
{
	struct fixture *f = *state;
	char path[128];
	path_of(f, "db/values", path, sizeof path);
	load_to(f, 17);
	assert_int_equal(truncate(path, 16 * SLOT_NBYTES), 0);
	assert_int_equal(load_to(f, 20), 0);
	flip_byte(f, "PROGRESS", 20);
	assert_int_equal(load_to(f, 20), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(load_to(f, ITEMS), 0);
	assert_all_right(f);
}

static void damage_is_refused_and_made_anew(void **state)
{
	static const struct {
		const char *name;
		off_t offset;
	} damage[] = {
		{"COMPLETE", 30},
		{"db/values", (off_t)ITEMS * SLOT_NBYTES - 1},
	};
	struct fixture *f = *state;
	for (size_t k = 0; k < sizeof damage / sizeof damage[0]; k++) {
		struct error e = {""};
		load_to(f, ITEMS);
		flip_byte(f, damage[k].name, damage[k].offset);
		assert_int_equal(open_error(f, &e), -EBADMSG);
		assert_non_null(strstr(e.text, "gvr load"));
		noticed[0] = '\0';
		assert_int_equal(load_to(f, ITEMS), 0);
		assert_non_null(strstr(noticed, "damaged"));
		assert_all_right(f);
	}
}

static void a_file_of_another_size_is_refused(void **state)
{
	struct fixture *f = *state;
	char path[128];
	struct error e = {""};
	path_of(f, "db/values", path, sizeof path);
	load_to(f, ITEMS);
	assert_int_equal(truncate(path, (off_t)(ITEMS + 1) * SLOT_NBYTES), 0);
	assert_int_equal(open_error(f, &e), -EBADMSG);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(open_error(f, &e), -EBADMSG);
	assert_int_equal(load_to(f, ITEMS), 0);
	assert_all_right(f);
}

static void a_file_cut_while_served_fails_the_request(void **state)
{
	struct fixture *f = *state;
	struct engine *engine;
	struct engine_thread *t;
	struct request r = {.content = CONTENTS - 1, .context = CONTEXTS - 1}, *done;
	char path[128];
	path_of(f, "db/values", path, sizeof path);
	assert_true(workload_content_nbytes(&f->workload, CONTENTS - 1) > 0);
	load_to(f, ITEMS);
	assert_int_equal(ops->open(&engine, &f->env, NULL), 0);
	assert_int_equal(ops->thread_open(&t, engine, NULL), 0);
	assert_int_equal(truncate(path, SLOT_NBYTES), 0);
	if (ops->submit(t, &r) == SUBMIT_QUEUED)
		while (ops->reap(t, &done, 1, 1000000) == 0)
			;
	assert_int_equal(r.error, -EBADMSG);
	assert_null(r.reply);
	ops->release(t, &r);
	ops->thread_close(t);
	ops->close(engine);
}

static void another_content_set_is_stale(void **state)
{
	struct fixture *f = *state;
	struct error e = {""};
	load_to(f, ITEMS);
	f->env.fingerprint = 43;
	assert_int_equal(open_error(f, &e), -ESTALE);
	assert_non_null(strstr(e.text, "gvr load"));
	assert_int_equal(load_to(f, ITEMS), 0);
	assert_non_null(strstr(noticed, "other contents"));
	assert_all_right(f);
}

static void nothing_loaded_is_said(void **state)
{
	struct fixture *f = *state;
	struct error e = {""};
	assert_int_equal(open_error(f, &e), -ENOENT);
	assert_non_null(strstr(e.text, "gvr load"));
}

static void only_the_next_content_of_its_length_is_taken(void **state)
{
	struct fixture *f = *state;
	struct engine_load *l;
	uint8_t bytes[SLOT_NBYTES];
	uint64_t next;
	size_t nbytes = make_content(f, 0, bytes);
	assert_int_equal(ops->load_open(&l, &f->env, &next, NULL, NULL), 0);
	assert_int_equal(ops->load_put(l, 0, 1, bytes, nbytes, nbytes, NULL), -EINVAL);
	assert_int_equal(ops->load_put(l, 0, 0, bytes, nbytes + 1, nbytes + 1, NULL), -EINVAL);
	assert_int_equal(ops->load_put(l, 0, 0, bytes, nbytes, nbytes, NULL), 0);
	assert_int_equal(ops->load_close(l, false, NULL), 0);
}

static void one_process_loads(void **state)
{
	struct fixture *f = *state;
	struct engine_load *l, *second;
	uint64_t next;
	struct error e = {""};
	assert_int_equal(ops->load_open(&l, &f->env, &next, NULL, NULL), 0);
	assert_int_equal(ops->load_open(&second, &f->env, &next, NULL, &e), -EBUSY);
	assert_int_equal(ops->load_close(l, false, NULL), 0);
}

static void more_than_a_file_can_hold_is_refused(void **state)
{
	struct fixture *f = *state;
	struct engine_load *l;
	uint64_t next;
	struct error e = {""};
	f->env.contents = UINT64_C(1) << 52;
	assert_int_equal(ops->load_open(&l, &f->env, &next, NULL, &e), -EFBIG);
}

/* O_DIRECT where the file system has it; where not, the remedy is told. */
static void direct_reads_or_says_why_not(void **state)
{
	struct fixture *f = *state;
	struct error e = {""};
	load_to(f, ITEMS);
	f->config.direct = true;
	if (open_error(f, &e) == 0)
		assert_all_right(f);
	else
		assert_non_null(strstr(e.text, "direct = 0"));
}

static void no_direct_in_memory(void **state)
{
	struct fixture *f = *state;
	char in_memory[] = "/dev/shm/gvr-raw.XXXXXX";
	struct error e = {""};
	if (mkdtemp(in_memory) == NULL)
		skip();
	f->env.dir = in_memory;
	load_to(f, ITEMS);
	f->config.direct = true;
	int err = open_error(f, &e);
	f->config.direct = false;
	assert_int_equal(open_error(f, NULL), 0);
	assert_int_equal(scratch_remove(in_memory), 0);
	if (err == 0) /* newer kernels have it */
		skip();
	assert_int_equal(err, -EINVAL);
	assert_non_null(strstr(e.text, "direct = 0"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(contents_lie_in_slots),
		TEST(one_device_read_a_request),
		TEST(a_stopped_load_goes_on),
		TEST(what_progress_does_not_tell_is_not_trusted),
		TEST(a_cut_or_lost_file_starts_over),
		TEST(damage_is_refused_and_made_anew),
		TEST(a_file_of_another_size_is_refused),
		TEST(a_file_cut_while_served_fails_the_request),
		TEST(another_content_set_is_stale),
		TEST(nothing_loaded_is_said),
		TEST(only_the_next_content_of_its_length_is_taken),
		TEST(one_process_loads),
		TEST(more_than_a_file_can_hold_is_refused),
		TEST(direct_reads_or_says_why_not),
		TEST(no_direct_in_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
