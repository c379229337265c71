/* test_ring.c: reads on fibers give what pread gives, in any order. */
#include "tests/test.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engines/store/ring.h"
#include "engines/store/ring_refused.h"
#include "tests/scratch.h"
#include "workloads/file.h"
#include "workloads/prng.h"

#define FILE_NBYTES 1000003u /* not a multiple of anything */
#define DEPTH 16u

static int open_file_of_noise(void)
{
	char path[] = "/tmp/gvr_ring_XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	unlink(path);
	uint8_t *bytes = malloc(FILE_NBYTES);
	assert_non_null(bytes);
	for (size_t i = 0; i < FILE_NBYTES; i++)
		bytes[i] = (uint8_t)prng_at(7, i);
	assert_int_equal(write(fd, bytes, FILE_NBYTES), FILE_NBYTES);
	free(bytes);
	return fd;
}

struct job {
	int fd;
	size_t nbytes;
	off_t offset;
	uint8_t *buf;
	ssize_t got;
	unsigned reads; /* how many times in a row */
	bool done;
};

static void run_job(void *arg)
{
	struct job *job = arg;
	for (unsigned i = 0; i < job->reads; i++)
		job->got = ring_pread(job->fd, job->buf, job->nbytes, job->offset);
	job->done = true;
}

static struct ring *create(unsigned depth, enum ring_io io)
{
	struct ring *r;
	struct error e = {{0}};
	struct ring_options options = {.depth = depth, .io = io};
	int err = ring_create(&r, &options, &e);
	if (err == -ENOSYS || err == -EPERM) { /* a kernel without io_uring */
		assert_non_null(strstr(e.text, "io = pread"));
		skip();
	}
	assert_int_equal(err, 0);
	return r;
}

/* Runs the ring until all of the jobs are done; ten seconds at most. */
static void run_until_done(struct ring *r, const struct job *jobs, unsigned count)
{
	for (unsigned turn = 0; turn < 1000; turn++) {
		unsigned done = 0;
		for (unsigned i = 0; i < count; i++)
			done += jobs[i].done;
		if (done == count)
			return;
		assert_true(ring_poll(r, 10000000) >= 0);
	}
	fail_msg("reads were not done within 1000 waits");
}

static void check_job(const struct job *job)
{
	assert_true(job->offset <= (off_t)FILE_NBYTES);
	size_t left = FILE_NBYTES - (size_t)job->offset;
	size_t want = job->nbytes < left ? job->nbytes : left;
	assert_int_equal(job->got, want);
	for (size_t i = 0; i < want; i++)
		assert_int_equal(job->buf[i], (uint8_t)prng_at(7, (uint64_t)job->offset + i));
}

static void reads_of_many_fibers_are_right(enum ring_io io)
{
	int fd = open_file_of_noise();
	struct ring *r = create(DEPTH, io);
	struct job jobs[DEPTH];
	for (unsigned round = 0; round < 20; round++) {
		for (unsigned i = 0; i < DEPTH; i++) {
			uint64_t random = prng_at(round, i);
			jobs[i] = (struct job){
				.fd = fd,
				.nbytes = 1 + prng_below(random, 9000),
				.offset = (off_t)prng_below(prng_mix(random), FILE_NBYTES),
				.buf = malloc(9001),
				.reads = 1 + i % 3};
			assert_int_equal(ring_start(r, run_job, &jobs[i]), 0);
		}
		run_until_done(r, jobs, DEPTH);
		for (unsigned i = 0; i < DEPTH; i++) {
			check_job(&jobs[i]);
			free(jobs[i].buf);
		}
	}
	struct ring_stats stats = ring_get_stats(r);
	if (io == RING_IO_URING) {
		/* one SQE a read, and another where it ended short at the end
		 * of the file */
		unsigned reads = 0;
		for (unsigned i = 0; i < DEPTH; i++)
			reads += 20 * (1 + i % 3);
		assert_true(stats.created);
		assert_in_range(stats.sqes, reads, reads + reads / 8);
		assert_int_equal(stats.cqes, stats.sqes);
	} else {
		assert_false(stats.created);
		assert_int_equal(stats.sqes, 0);
	}
	ring_destroy(r);
	close(fd);
}

static void io_uring_reads_are_right(void **state)
{
	(void)state;
	reads_of_many_fibers_are_right(RING_IO_URING);
}

static void pread_reads_are_right(void **state)
{
	(void)state;
	reads_of_many_fibers_are_right(RING_IO_PREAD);
}

/* What a pipe has not yet got cannot be read: the fiber must wait, and the
 * thread must not. */
static void a_fiber_waits_and_its_thread_goes_on(void **state)
{
	(void)state;
	struct ring *r = create(2, RING_IO_URING);
	int pipe_fds[2];
	uint8_t bytes[2][4] = {{0}};
	assert_int_equal(pipe(pipe_fds), 0);
	struct job jobs[2];
	for (unsigned i = 0; i < 2; i++) {
		/* offset -1: the file's own position, as a pipe needs */
		jobs[i] = (struct job){
			.fd = pipe_fds[0], .nbytes = 1, .offset = -1, .buf = bytes[i], .reads = 1};
		assert_int_equal(ring_start(r, run_job, &jobs[i]), 0);
		assert_false(jobs[i].done);
	}
	struct job third = {.fd = pipe_fds[0], .nbytes = 1, .buf = bytes[0], .reads = 1};
	assert_int_equal(ring_start(r, run_job, &third), -EBUSY);
	assert_int_equal(ring_poll(r, 0), 0);
	assert_int_equal(ring_poll(r, 1000000), 0); /* waits 1 ms, in vain */
	assert_int_equal(write(pipe_fds[1], "x", 1), 1);
	while (!jobs[0].done && !jobs[1].done)
		assert_true(ring_poll(r, 1000000000) >= 0);
	assert_int_equal(jobs[0].done + jobs[1].done, 1);
	assert_int_equal(write(pipe_fds[1], "y", 1), 1);
	run_until_done(r, jobs, 2);
	assert_int_equal(bytes[0][0] + bytes[1][0], 'x' + 'y');
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	ring_destroy(r);
}

static void poll_without_reads_does_not_wait(void **state)
{
	(void)state;
	struct ring *r = create(1, RING_IO_URING);
	assert_int_equal(ring_poll(r, UINT64_C(3600000000000)), 0); /* an hour */
	ring_destroy(r);
}

static void the_end_of_a_file_cuts_a_read(void **state)
{
	(void)state;
	int fd = open_file_of_noise();
	uint8_t buf[100];
	struct ring *r = create(1, RING_IO_URING);
	const off_t offsets[] = {FILE_NBYTES - 30, FILE_NBYTES - 1, FILE_NBYTES};
	for (unsigned i = 0; i < 3; i++) {
		struct job job = {
			.fd = fd, .nbytes = 100, .offset = offsets[i], .buf = buf, .reads = 1};
		assert_int_equal(ring_start(r, run_job, &job), 0);
		run_until_done(r, &job, 1);
		check_job(&job);
		assert_int_equal(ring_pread(fd, buf, 100, offsets[i]), job.got);
	}
	ring_destroy(r);
	close(fd);
}

/* O_DIRECT: the last block of a file is short, and what follows is unaligned. */
static void the_end_of_a_file_cuts_a_direct_read(void **state)
{
	(void)state;
	char path[] = "/var/tmp/gvr_ring_XXXXXX"; /* /tmp may be a tmpfs */
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "0123456789", 10), 10);
	fsync(fd);
	int direct = open(path, O_RDONLY | O_DIRECT);
	int open_errno = errno;
	unlink(path);
	close(fd);
	if (direct < 0 && open_errno == EINVAL)
		skip();
	uint8_t *buf = aligned_alloc(4096, 8192);
	struct ring *r = create(1, RING_IO_URING);
	struct job job = {.fd = direct, .nbytes = 8192, .buf = buf, .reads = 1};
	assert_int_equal(ring_start(r, run_job, &job), 0);
	run_until_done(r, &job, 1);
	assert_int_equal(job.got, 10);
	assert_memory_equal(buf, "0123456789", 10);
	ring_destroy(r);
	close(direct);
	free(buf);
}

static void errors_come_back_as_errno(void **state)
{
	(void)state;
	uint8_t buf[1];
	struct ring *r = create(1, RING_IO_URING);
	struct job job = {.fd = -1, .nbytes = 1, .buf = buf, .reads = 1};
	assert_int_equal(ring_start(r, run_job, &job), 0);
	run_until_done(r, &job, 1);
	assert_int_equal(job.got, -EBADF);
	assert_int_equal(ring_pread(-1, buf, 1, 0), -EBADF);
	ring_destroy(r);
}

/* Deep frames: RocksDB's Get needs some 20 KiB of a fiber's stack. */
static __attribute__((noinline)) unsigned use_stack(unsigned depth, int fd)
{
	volatile uint8_t frame[1024];
	frame[depth % sizeof frame] = 1;
	uint8_t byte = 0;
	if (depth == 0)
		return ring_pread(fd, &byte, 1, 0) == 1 ? byte : 0;
	return use_stack(depth - 1, fd) + frame[depth % sizeof frame] - 1u;
}

static void run_deep(void *arg)
{
	struct job *job = arg;
	job->got = use_stack(128, job->fd);
	job->done = true;
}

static void a_fiber_has_a_stack_of_128_kib_and_more(void **state)
{
	(void)state;
	int fd = open_file_of_noise();
	struct ring *r = create(1, RING_IO_URING);
	struct job job = {.fd = fd};
	assert_int_equal(ring_start(r, run_deep, &job), 0);
	run_until_done(r, &job, 1);
	assert_int_equal(job.got, (uint8_t)prng_at(7, 0));
	ring_destroy(r);
	close(fd);
}

static void *run_in_thread(void *arg)
{
	(void)arg;
	reads_of_many_fibers_are_right(RING_IO_URING);
	return NULL;
}

static void each_thread_has_its_ring(void **state)
{
	(void)state;
	ring_destroy(create(1, RING_IO_URING)); /* skips here, not in a thread */
	pthread_t threads[3];
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_in_thread, NULL), 0);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

/* ---- a kernel that gives none ---- */

/* Writes what the kernel would say of its sysctl and of this thread; "": nothing. */
static void make_proc(const char *root, const char *disabled, const char *capabilities)
{
	char path[128], text[64];
	static const char *const folders[] = {"", "/sys", "/sys/kernel", "/thread-self"};
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
		snprintf(path, sizeof path, "%s%s", root, folders[i]);
		mkdir(path, 0777);
	}
	struct file_part part = {disabled, strlen(disabled)};
	snprintf(path, sizeof path, "%s/sys/kernel/io_uring_disabled", root);
	if (part.nbytes > 0)
		assert_int_equal(file_write(path, &part, 1, NULL), 0);
	snprintf(text, sizeof text, "Name:\tgvr\nCapEff:\t%s\n", capabilities);
	part = (struct file_part){text, strlen(text)};
	snprintf(path, sizeof path, "%s/thread-self/status", root);
	assert_int_equal(file_write(path, &part, 1, NULL), 0);
}

static void assert_cause(int err, const char *disabled, const char *capabilities, const char *cause)
{
	char root[] = "/tmp/gvr_proc_XXXXXX";
	struct error e;
	assert_non_null(mkdtemp(root));
	make_proc(root, disabled, capabilities);
	assert_int_equal(ring_refused(&e, err, "", root), err);
	assert_int_equal(scratch_remove(root), 0);
	if (strstr(e.text, cause) == NULL || strstr(e.text, "io = pread") == NULL)
		fail_msg("%s", e.text);
}

static void a_refused_ring_names_the_cause(void **state)
{
	(void)state;
	static const char nobody[] = "0000000000000000", root[] = "000001ffffffffff";
	assert_cause(-ENOSYS, "", root, "this kernel has no io_uring");
	assert_cause(-EPERM, "", root, "seccomp");
	assert_cause(-EPERM, "0\n", nobody, "seccomp");
	assert_cause(-EPERM, "1\n", root, "seccomp");
	assert_cause(-EPERM, "1\n", nobody, "kernel.io_uring_group");
	assert_cause(-EPERM, "2\n", root, "sysctl kernel.io_uring_disabled=0");
	assert_cause(-ENOMEM, "0\n", root, "(ulimit -l)");
	assert_cause(-EMFILE, "0\n", root, "(ulimit -n)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refused_ring_names_the_cause),
		cmocka_unit_test(io_uring_reads_are_right),
		cmocka_unit_test(pread_reads_are_right),
		cmocka_unit_test(a_fiber_waits_and_its_thread_goes_on),
		cmocka_unit_test(poll_without_reads_does_not_wait),
		cmocka_unit_test(the_end_of_a_file_cuts_a_read),
		cmocka_unit_test(the_end_of_a_file_cuts_a_direct_read),
		cmocka_unit_test(errors_come_back_as_errno),
		cmocka_unit_test(a_fiber_has_a_stack_of_128_kib_and_more),
		cmocka_unit_test(each_thread_has_its_ring),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
