/*
 * test_store.c: what was put is got, in either layout, through any way of
 * reading; a load that was cut goes on; damage is an error, never a crash or a
 * wrong byte.
 *
 * Loads that are killed or refused run in a child, which is this program
 * again: a fork alone would lack RocksDB's threads.
 */
#include "tests/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engines/store/ring.h"
#include "engines/store/store.h"
#include "workloads/prng.h"

#define CONTEXTS 3u

extern char **environ;

static enum store_layout layout; /* that is tested now */

static struct store_format format(void)
{
	return (struct store_format){.layout = layout, .block_nbytes = 4096};
}

/* ---- places ---- */

/* Not in /tmp, which may be a tmpfs without O_DIRECT. */
static const char *discarded; /* of the last store_writer_open */

static int make_dir(void **state)
{
	char *dir = strdup("/var/tmp/gvr_store_XXXXXX");
	*state = mkdtemp(dir);
	return *state == NULL;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int remove_dir(void **state)
{
	int err = nftw(*state, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	free(*state);
	return err;
}

static void join(char path[512], const char *dir, const char *name)
{
	snprintf(path, 512, "%s/%s", dir, name);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* ---- values: a function of the item ---- */

static size_t value_nbytes(uint64_t item)
{
	return item % 7 == 0 ? 0 : item % 11 == 0 ? 5000 : 100 + item % 400;
}

/* The part of a value that may be kept apart from the rest. */
static size_t head_nbytes(uint64_t item)
{
	size_t nbytes = item % (STORE_HEAD_NBYTES_MAX + 1);
	return nbytes < value_nbytes(item) ? nbytes : value_nbytes(item);
}

static void fill_value(uint64_t item, uint8_t *value)
{
	for (size_t i = 0; i < value_nbytes(item); i++)
		value[i] = (uint8_t)prng_at(item, i);
}

static void put_items(struct store_writer *w, uint64_t from, uint64_t to)
{
	uint8_t value[5000];
	for (uint64_t item = from; item < to; item++) {
		fill_value(item, value);
		assert_int_equal(store_put(w, item / CONTEXTS, (uint32_t)(item % CONTEXTS), value,
					   value_nbytes(item), head_nbytes(item),
					   2 * value_nbytes(item), NULL),
				 0);
	}
}

static int try_writer(struct store_writer **w, const char *dir, const char *identity,
		      uint64_t *next, struct error *e)
{
	struct store_format f = format();
	return store_writer_open(w, dir, identity, &f, true, CONTEXTS, next, &discarded, e);
}

static uint64_t open_writer(struct store_writer **w, const char *dir, const char *identity)
{
	uint64_t next = UINT64_MAX;
	struct error e = {{0}};
	int err = try_writer(w, dir, identity, &next, &e);
	if (err != 0)
		fail_msg("%s", e.text);
	return next;
}

static void load(const char *dir, const char *identity, uint64_t items)
{
	struct store_writer *w;
	uint64_t next = open_writer(&w, dir, identity);
	put_items(w, next, items);
	assert_int_equal(store_writer_close(w, true, NULL), 0);
}

static int open_store(struct store **s, const char *dir, bool direct, struct error *e)
{
	struct store_options options = {.layout = layout, .contexts = CONTEXTS, .direct = direct};
	return store_open(s, dir, "test 1", &options, e);
}

static struct ring_buffer make_buffer(size_t value_nbytes_max)
{
	struct ring_buffer b = {NULL, store_buffer_nbytes(1, 4096, value_nbytes_max)};
	assert_int_equal(posix_memalign((void **)&b.bytes, 4096, b.nbytes), 0);
	return b;
}

/* 1: right bytes, 0: not got, for an allowed reason. Fails on wrong bytes. */
static int got_item(struct store *s, uint64_t item)
{
	uint8_t want[5000];
	struct store_value value;
	struct ring_buffer b = make_buffer(5000);
	int err = store_get(s, item / CONTEXTS, (uint32_t)(item % CONTEXTS), &b, &value);
	if (err != 0) {
		assert_int_equal(err, -EBADMSG);
		free(b.bytes);
		return 0;
	}
	fill_value(item, want);
	assert_int_equal(value.nbytes, value_nbytes(item));
	if (value.nbytes > 0)
		assert_memory_equal(value.bytes, want, value.nbytes);
	store_unpin(&value);
	free(b.bytes);
	return 1;
}

static unsigned count_got(struct store *s, uint64_t items)
{
	unsigned got = 0;
	for (uint64_t item = 0; item < items; item++)
		got += (unsigned)got_item(s, item);
	return got;
}

static void assert_serves(const char *dir, uint64_t items)
{
	struct store *s;
	struct error e = {{0}};
	if (open_store(&s, dir, false, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(count_got(s, items), items);
	store_close(s);
}

/* ---- reading ---- */

struct fiber_job {
	struct store *store;
	uint64_t item;
	bool got, done;
};

static void get_on_fiber(void *arg)
{
	struct fiber_job *job = arg;
	job->got = got_item(job->store, job->item) == 1;
	job->done = true;
}

static void get_all_on_fibers(struct store *s, struct ring *r, uint64_t items)
{
	struct fiber_job jobs[8];
	for (uint64_t first = 0; first < items; first += 8) {
		unsigned done = 0;
		for (unsigned i = 0; i < 8; i++) {
			jobs[i] = (struct fiber_job){.store = s, .item = (first + i) % items};
			assert_int_equal(ring_start(r, get_on_fiber, &jobs[i]), 0);
		}
		for (unsigned turn = 0; done < 8 && turn < 1000; turn++) {
			assert_true(ring_poll(r, 10000000) >= 0);
			done = 0;
			for (unsigned i = 0; i < 8; i++)
				done += jobs[i].done;
		}
		assert_int_equal(done, 8);
		for (unsigned i = 0; i < 8; i++)
			assert_true(jobs[i].got);
	}
}

static void serves_on_fibers(const char *dir, bool direct)
{
	struct store *s;
	struct ring *r;
	load(dir, "test 1", 400);
	int err = open_store(&s, dir, direct, NULL);
	if (direct && err == -EINVAL)
		skip(); /* a file system without O_DIRECT */
	assert_int_equal(err, 0);
	struct ring_options options = {.depth = 8, .io = RING_IO_URING};
	err = ring_create(&r, &options, NULL);
	if (err == -ENOSYS || err == -EPERM) {
		store_close(s);
		skip();
	}
	assert_int_equal(err, 0);
	get_all_on_fibers(s, r, 400);
	/* one read of the device for each value, and no other way of reading;
	 * of an empty value segments need none */
	struct ring_stats stats = ring_get_stats(r);
	uint64_t reads = layout == STORE_SST ? 400 : 400 - (400 + 6) / 7;
	assert_int_equal(stats.sqes, reads);
	assert_int_equal(stats.cqes, reads);
	ring_destroy(r);
	store_close(s);
}

static void a_value_costs_one_read_on_a_fiber(void **state)
{
	serves_on_fibers(*state, false);
}

static void a_value_costs_one_direct_read_on_a_fiber(void **state)
{
	serves_on_fibers(*state, true);
}

static void what_was_put_is_got_without_fibers(void **state)
{
	load(*state, "test 1", 500);
	assert_serves(*state, 500);
}

static void a_large_value_is_got_whole(void **state)
{
	struct store_writer *w;
	struct store *s;
	struct store_value value;
	size_t nbytes = (9u << 20) + 1;
	uint8_t *bytes = malloc(nbytes);
	for (size_t i = 0; i < nbytes; i++)
		bytes[i] = (uint8_t)(i * 2654435761u >> 13);
	assert_int_equal(open_writer(&w, *state, "test 1"), 0);
	assert_int_equal(store_put(w, 0, 0, bytes, nbytes, 5, nbytes, NULL), 0);
	assert_int_equal(store_writer_close(w, true, NULL), 0);
	assert_int_equal(open_store(&s, *state, false, NULL), 0);
	struct ring_buffer b = make_buffer(nbytes);
	assert_int_equal(store_get(s, 0, 0, &b, &value), 0);
	assert_int_equal(value.nbytes, nbytes);
	assert_memory_equal(value.bytes, bytes, nbytes);
	store_unpin(&value);
	store_close(s);
	free(b.bytes);
	free(bytes);
}

static void an_absent_key_is_enoent(void **state)
{
	struct store *s;
	struct store_value value;
	load(*state, "test 1", 30);
	assert_int_equal(open_store(&s, *state, false, NULL), 0);
	assert_int_equal(store_get(s, 10, 0, NULL, &value), -ENOENT);
	assert_int_equal(store_get(s, 0, CONTEXTS, NULL, &value), -ENOENT);
	assert_int_equal(store_get(s, UINT64_MAX, UINT32_MAX, NULL, &value), -ENOENT);
	store_close(s);
}

static void an_empty_store_serves_nothing(void **state)
{
	struct store *s;
	struct store_value value;
	load(*state, "test 1", 0);
	assert_int_equal(open_store(&s, *state, false, NULL), 0);
	assert_int_equal(store_get(s, 0, 0, NULL, &value), -ENOENT);
	store_close(s);
}

static void stats_count_what_lies_on_disk(void **state)
{
	struct store *s;
	struct store_stats stats;
	struct store_usage usage;
	uint64_t payload_bytes = 0;
	load(*state, "test 1", 300);
	for (uint64_t item = 0; item < 300; item++)
		payload_bytes += value_nbytes(item);
	assert_int_equal(open_store(&s, *state, false, NULL), 0);
	store_get_stats(s, &stats);
	store_close(s);
	assert_int_equal(stats.counts.items, 300);
	assert_int_equal(stats.counts.payload_bytes, payload_bytes);
	assert_int_equal(stats.counts.content_bytes, 2 * payload_bytes);
	/* random values: they and their keys cannot take less; nor a third more */
	assert_in_range(stats.at_rest.bytes, payload_bytes, payload_bytes * 4 / 3);
	assert_true(stats.at_rest.disk_bytes >= stats.at_rest.bytes);
	assert_true(stats.resident_bytes > 0);
	assert_int_equal(store_disk_usage(*state, &usage), 0);
	assert_memory_equal(&usage, &stats.at_rest, sizeof usage);
	/* what is not a table or segment holds no value */
	assert_true(usage.bytes - usage.fixed_bytes >= payload_bytes);
	assert_in_range(usage.fixed_bytes, 1000, 100000);
}

static void serving_writes_nothing(void **state)
{
	struct store_usage before, after;
	struct stat st[2];
	char path[512];
	join(path, *state, "db");
	load(*state, "test 1", 100);
	assert_int_equal(store_disk_usage(*state, &before), 0);
	assert_int_equal(stat(path, &st[0]), 0);
	assert_serves(*state, 100);
	assert_serves(*state, 100);
	assert_int_equal(store_disk_usage(*state, &after), 0);
	assert_int_equal(stat(path, &st[1]), 0);
	assert_memory_equal(&before, &after, sizeof before);
	/* no file came or went */
	assert_int_equal(st[0].st_mtim.tv_sec, st[1].st_mtim.tv_sec);
	assert_int_equal(st[0].st_mtim.tv_nsec, st[1].st_mtim.tv_nsec);
}

/* ---- who may open what ---- */

static void a_store_that_is_not_there_is_enoent(void **state)
{
	struct store *s;
	struct error e;
	char path[512];
	join(path, *state, "none");
	assert_int_equal(open_store(&s, path, false, &e), -ENOENT);
	assert_non_null(strstr(e.text, path));
	assert_non_null(strstr(e.text, "gvr load"));
	assert_int_not_equal(access(path, F_OK), 0);
	assert_false(store_is_complete(path, "test 1"));
}

static void a_store_not_loaded_completely_is_enoent(void **state)
{
	struct store *s;
	struct error e;
	struct store_writer *w;
	open_writer(&w, *state, "test 1");
	put_items(w, 0, 10);
	assert_int_equal(store_writer_close(w, false, NULL), 0);
	assert_false(store_is_complete(*state, "test 1"));
	assert_int_equal(open_store(&s, *state, false, &e), -ENOENT);
	assert_non_null(strstr(e.text, "gvr load"));
}

static void another_identity_is_estale(void **state)
{
	struct store *s;
	struct error e;
	load(*state, "test 10", 10);
	assert_int_equal(open_store(&s, *state, false, &e), -ESTALE);
	assert_non_null(strstr(e.text, "gvr load"));
	assert_true(store_is_complete(*state, "test 10"));
	assert_false(store_is_complete(*state, "test 1"));
}

static void loading_shuts_others_out(void **state)
{
	struct store *s;
	struct store_writer *w, *other;
	struct error e;
	uint64_t next;
	open_writer(&w, *state, "test 1");
	assert_int_equal(open_store(&s, *state, false, &e), -EBUSY);
	assert_int_equal(try_writer(&other, *state, "test 1", &next, &e), -EBUSY);
	put_items(w, 0, 10);
	assert_int_equal(store_writer_close(w, true, NULL), 0);
	assert_serves(*state, 10);
}

static void serving_shuts_loading_out_and_lets_others_serve(void **state)
{
	struct store *s;
	struct store_writer *w;
	struct error e;
	uint64_t next;
	load(*state, "test 1", 10);
	assert_int_equal(open_store(&s, *state, false, NULL), 0);
	assert_int_equal(try_writer(&w, *state, "test 1", &next, &e), -EBUSY);
	assert_serves(*state, 10);
	store_close(s);
	assert_int_equal(open_writer(&w, *state, "test 1"), 10);
	assert_int_equal(store_writer_close(w, true, NULL), 0);
}

/* ---- loads that stop and go on ---- */

static void items_out_of_order_are_refused(void **state)
{
	struct store_writer *w;
	open_writer(&w, *state, "test 1");
	assert_int_equal(store_put(w, 0, 1, "", 0, 0, 0, NULL), -EINVAL);
	put_items(w, 0, 2);
	assert_int_equal(store_put(w, 0, 1, "", 0, 0, 0, NULL), -EINVAL);
	assert_int_equal(store_put(w, 1, 0, "", 0, 0, 0, NULL), -EINVAL);
	put_items(w, 2, 10);
	assert_int_equal(store_writer_close(w, true, NULL), 0);
	assert_serves(*state, 10);
}

static void an_interrupted_load_goes_on(void **state)
{
	struct store_writer *w;
	struct store *s;
	struct store_stats stats;
	const uint64_t stops[] = {0, 1, 57, 58, 300};
	for (unsigned i = 0; i + 1 < sizeof stops / sizeof stops[0]; i++) {
		assert_int_equal(open_writer(&w, *state, "test 1"), stops[i]);
		put_items(w, stops[i], stops[i + 1]);
		assert_int_equal(store_writer_close(w, stops[i + 1] == 300, NULL), 0);
	}
	assert_serves(*state, 300);
	assert_int_equal(open_store(&s, *state, false, NULL), 0);
	store_get_stats(s, &stats);
	store_close(s);
	uint64_t content_bytes = 0;
	for (uint64_t item = 0; item < 300; item++)
		content_bytes += 2 * value_nbytes(item);
	assert_int_equal(stats.counts.items, 300);
	assert_int_equal(stats.counts.content_bytes, content_bytes);
}

static void a_complete_store_is_left_as_it_is(void **state)
{
	struct store_writer *w;
	load(*state, "test 1", 50);
	for (int complete = 0; complete < 2; complete++) {
		assert_int_equal(open_writer(&w, *state, "test 1"), 50);
		assert_null(discarded);
		assert_int_equal(store_writer_close(w, complete, NULL), 0);
		assert_true(store_is_complete(*state, "test 1"));
	}
	assert_serves(*state, 50);
}

static void another_identity_is_emptied(void **state)
{
	struct store_writer *w;
	load(*state, "test 2", 50);
	assert_int_equal(open_writer(&w, *state, "test 1"), 0);
	put_items(w, 0, 5);
	assert_int_equal(store_writer_close(w, true, NULL), 0);
	assert_serves(*state, 5);
}

static void emptying_removes_only_what_is_ours(void **state)
{
	char own[512], in_db[512];
	load(*state, "test 2", 50);
	join(own, *state, "notes.txt");
	join(in_db, *state, "db/notes.txt");
	write_file(own, "mine");
	write_file(in_db, "mine");
	load(*state, "test 1", 5);
	assert_serves(*state, 5);
	assert_int_equal(access(own, F_OK), 0);
	assert_int_equal(access(in_db, F_OK), 0);
}

static void a_db_that_is_not_ours_is_refused(void **state)
{
	struct store_writer *w;
	struct error e;
	uint64_t next;
	char path[512];
	join(path, *state, "db");
	assert_int_equal(mkdir(path, 0777), 0);
	join(path, *state, "db/000001.sst");
	write_file(path, "somebody's");
	assert_int_equal(try_writer(&w, *state, "test 1", &next, &e), -EEXIST);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(try_writer(&w, *state, "test 1", &next, &e), -EEXIST);
}

/* ---- children ---- */

/* Values of 1 MiB, for what a commit makes durable. */
static int put_mebibytes(struct store_writer *w, uint64_t from, uint64_t to, struct error *e)
{
	int err = 0;
	uint8_t *value = malloc(1 << 20);
	for (size_t i = 0; i < 1 << 20; i++)
		value[i] = (uint8_t)prng_mix(i);
	for (uint64_t item = from; err == 0 && item < to; item++) {
		memcpy(value, &item, sizeof item);
		err = store_put(w, item / CONTEXTS, (uint32_t)(item % CONTEXTS), value, 1 << 20, 1,
				1 << 20, e);
	}
	free(value);
	return err;
}

static int report(int err, const struct error *e)
{
	if (err != 0)
		fprintf(stderr, "%d %s\n", -err, e->text);
	return err == 0 ? 0 : 1;
}

/* gvr's own load, as a child: HOW is what befalls it. */
static int child(const char *how, const char *dir)
{
	struct store_writer *w;
	struct error e = {{0}};
	uint64_t next;
	if (strcmp(how, "nobody") == 0 && setuid(65534) != 0)
		return 2;
	int err = try_writer(&w, dir, "test 1", &next, &e);
	if (err != 0)
		return report(err, &e);
	if (strcmp(how, "kill") == 0) {
		put_mebibytes(w, next, 200, &e);
		kill(getpid(), SIGKILL);
	}
	if (strcmp(how, "full") == 0) { /* as on a full disk: a write fails */
		struct rlimit limit = {.rlim_cur = 3 << 20, .rlim_max = 3 << 20};
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
	}
	err = put_mebibytes(w, next, 8, &e);
	struct error close_error = {{0}};
	int close_err = store_writer_close(w, err == 0, &close_error);
	return report(err != 0 ? err : close_err, err != 0 ? &e : &close_error);
}

/* Returns its wait status; what it wrote to stderr in text. */
static int run_child(const char *how, const char *dir, char text[2048])
{
	pid_t pid;
	int pipe_fds[2], status;
	size_t nbytes = 0;
	ssize_t got;
	char *argv[] = {"test_store", (char *)how, (char *)dir,
			layout == STORE_SEGMENTS ? "segments" : "sst", NULL};
	posix_spawn_file_actions_t actions;
	assert_int_equal(pipe(pipe_fds), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], 2);
	posix_spawn_file_actions_addclose(&actions, pipe_fds[0]);
	assert_int_equal(posix_spawn(&pid, "/proc/self/exe", &actions, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	close(pipe_fds[1]);
	while (nbytes < 2047 && (got = read(pipe_fds[0], text + nbytes, 2047 - nbytes)) > 0)
		nbytes += (size_t)got;
	text[nbytes] = '\0';
	close(pipe_fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void a_killed_load_goes_on_from_its_last_commit(void **state)
{
	char text[2048];
	struct store_writer *w;
	struct store *s;
	struct store_value value;
	int status = run_child("kill", *state, text);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	/* it put 200 MiB; the interval is 128 */
	uint64_t next = open_writer(&w, *state, "test 1");
	assert_in_range(next, 100, 199);
	assert_int_equal(put_mebibytes(w, next, 202, NULL), 0);
	assert_int_equal(store_writer_close(w, true, NULL), 0);
	assert_int_equal(open_store(&s, *state, false, NULL), 0);
	struct ring_buffer b = make_buffer(1 << 20);
	for (uint64_t item = 0; item < 202; item++) {
		assert_int_equal(
			store_get(s, item / CONTEXTS, (uint32_t)(item % CONTEXTS), &b, &value), 0);
		assert_int_equal(value.nbytes, 1 << 20);
		assert_memory_equal(value.bytes, &item, sizeof item);
		assert_int_equal(value.bytes[99], (uint8_t)prng_mix(99));
		store_unpin(&value);
	}
	free(b.bytes);
	store_close(s);
}

static void assert_one_line(const char *text, int err)
{
	char *end;
	assert_int_equal(strtol(text, &end, 10), err);
	assert_ptr_not_equal(end, text);
	const char *newline = strchr(text, '\n');
	assert_non_null(newline);
	assert_int_equal(newline[1], '\0');
}

static void a_write_that_fails_is_its_errno_and_one_line(void **state)
{
	char text[2048];
	struct store_writer *w;
	int status = run_child("full", *state, text);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	assert_one_line(text, EFBIG);
	assert_non_null(strstr(text, *state));
	assert_false(store_is_complete(*state, "test 1"));
	/* once there is room the load is done again */
	uint64_t next = open_writer(&w, *state, "test 1");
	assert_int_equal(put_mebibytes(w, next, 8, NULL), 0);
	assert_int_equal(store_writer_close(w, true, NULL), 0);
	assert_true(store_is_complete(*state, "test 1"));
}

static void a_directory_one_may_not_write_is_eacces(void **state)
{
	char text[2048];
	if (geteuid() != 0)
		skip(); /* needs another user to be */
	assert_int_equal(chmod(*state, 0755), 0);
	int status = run_child("nobody", *state, text);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	assert_one_line(text, EACCES);
	assert_non_null(strstr(text, *state));
}

/* ---- damage ---- */

#define DAMAGED_ITEMS 120u

/* Opens and reads all; true if the damage was noticed. */
static bool damage_is_noticed(const char *dir)
{
	struct store *s;
	struct error e = {{0}};
	int err = open_store(&s, dir, false, &e);
	if (err != 0) {
		assert_true(err == -EBADMSG || err == -ESTALE || err == -ENOENT);
		assert_non_null(strstr(e.text, "gvr load"));
		assert_null(strchr(e.text, '\n'));
		return true;
	}
	unsigned got = count_got(s, DAMAGED_ITEMS);
	store_close(s);
	return got < DAMAGED_ITEMS;
}

static void flip_bytes(const char *dir, const char *path)
{
	static const uint8_t masks[] = {0x01, 0x80, 0xff, 0x10};
	struct stat st;
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	off_t step = st.st_size / 80 + 1;
	unsigned noticed = 0;
	for (off_t at = 0; at < st.st_size; at += st.st_size - at < 100 ? 1 : step) {
		uint8_t byte, flipped;
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		flipped = byte ^ masks[at % 4];
		assert_int_equal(pwrite(fd, &flipped, 1, at), 1);
		noticed += damage_is_noticed(dir);
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	close(fd);
	if (st.st_size > 0)
		assert_true(noticed > 0);
	assert_false(damage_is_noticed(dir));
}

static void truncate_and_remove(const char *dir, const char *path, const char *name)
{
	struct stat st;
	char aside[1100];
	snprintf(aside, sizeof aside, "%s.aside", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(rename(path, aside), 0);
	/* LOCK is made again, PROGRESS is of no use to a complete store */
	bool spare = strcmp(name, "PROGRESS") == 0 || strcmp(name, "LOCK") == 0;
	assert_true(damage_is_noticed(dir) || spare);
	for (off_t nbytes = 0; nbytes < st.st_size; nbytes += st.st_size / 5 + 1) {
		char command[2400];
		snprintf(command, sizeof command, "head -c %lld '%s' > '%s'", (long long)nbytes,
			 aside, path);
		assert_int_equal(system(command), 0);
		assert_true(damage_is_noticed(dir));
	}
	assert_int_equal(rename(aside, path), 0);
	assert_false(damage_is_noticed(dir));
}

static unsigned damage_each_file(const char *dir, const char *in)
{
	char path[1024];
	unsigned files = 0;
	struct dirent **entries;
	int count = scandir(in, &entries, NULL, alphasort);
	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		struct stat st;
		snprintf(path, sizeof path, "%s/%s", in, entries[i]->d_name);
		assert_int_equal(lstat(path, &st), 0);
		if (S_ISREG(st.st_mode)) {
			flip_bytes(dir, path);
			truncate_and_remove(dir, path, entries[i]->d_name);
			files++;
		}
		free(entries[i]);
	}
	free(entries);
	return files;
}

static void damage_of_any_file_is_noticed(void **state)
{
	char db[512];
	join(db, *state, "db");
	load(*state, "test 1", DAMAGED_ITEMS);
	assert_false(damage_is_noticed(*state));
	assert_true(damage_each_file(*state, *state) >= 3); /* LOCK, IDENTITY, COMPLETE */
	assert_true(damage_each_file(*state, db) >= 4); /* CURRENT, MANIFEST, OPTIONS, a table */
}

static void a_damaged_store_is_loaded_anew(void **state)
{
	static const char *const names[] = {"IDENTITY", "COMPLETE", "db/CURRENT"};
	struct store_writer *w;
	char path[512];
	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
		load(*state, "test 1", 20);
		join(path, *state, names[i]);
		write_file(path, "damage");
		assert_false(store_is_complete(*state, "test 1"));
		assert_int_equal(open_writer(&w, *state, "test 1"), 0);
		assert_non_null(discarded);
		put_items(w, 0, 20);
		assert_int_equal(store_writer_close(w, true, NULL), 0);
		assert_serves(*state, 20);
	}
}

static void a_begun_load_that_was_damaged_starts_anew(void **state)
{
	static const char *const names[] = {"PROGRESS", "db/CURRENT", "IDENTITY"};
	struct store_writer *w;
	char path[512];
	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
		assert_int_equal(open_writer(&w, *state, "test 1"), 0);
		put_items(w, 0, 20);
		assert_int_equal(store_writer_close(w, false, NULL), 0);
		join(path, *state, names[i]);
		write_file(path, "damage");
	}
	load(*state, "test 1", 20);
	assert_serves(*state, 20);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(a_value_costs_one_read_on_a_fiber),
		TEST(a_value_costs_one_direct_read_on_a_fiber),
		TEST(what_was_put_is_got_without_fibers),
		TEST(a_large_value_is_got_whole),
		TEST(an_absent_key_is_enoent),
		TEST(an_empty_store_serves_nothing),
		TEST(stats_count_what_lies_on_disk),
		TEST(serving_writes_nothing),
		TEST(a_store_that_is_not_there_is_enoent),
		TEST(a_store_not_loaded_completely_is_enoent),
		TEST(another_identity_is_estale),
		TEST(loading_shuts_others_out),
		TEST(serving_shuts_loading_out_and_lets_others_serve),
		TEST(items_out_of_order_are_refused),
		TEST(an_interrupted_load_goes_on),
		TEST(a_complete_store_is_left_as_it_is),
		TEST(another_identity_is_emptied),
		TEST(emptying_removes_only_what_is_ours),
		TEST(a_db_that_is_not_ours_is_refused),
		TEST(a_killed_load_goes_on_from_its_last_commit),
		TEST(a_write_that_fails_is_its_errno_and_one_line),
		TEST(a_directory_one_may_not_write_is_eacces),
		TEST(damage_of_any_file_is_noticed),
		TEST(a_damaged_store_is_loaded_anew),
		TEST(a_begun_load_that_was_damaged_starts_anew),
	};
	if (argc == 4) {
		layout = strcmp(argv[3], "segments") == 0 ? STORE_SEGMENTS : STORE_SST;
		return child(argv[1], argv[2]);
	}
	layout = STORE_SST;
	int failed = cmocka_run_group_tests_name("sst", tests, NULL, NULL);
	layout = STORE_SEGMENTS;
	return failed + cmocka_run_group_tests_name("segments", tests, NULL, NULL);
}
