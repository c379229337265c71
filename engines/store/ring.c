/* ring.c: one io_uring and its fibers; the loop that resumes them. */
#include "engines/store/ring.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engines/store/direct.h"
#include "engines/store/fiber.h"
#include "engines/store/ring_refused.h"

/* One SQE reads at most this much: its length field has 32 bits. */
#define READ_NBYTES_MAX ((size_t)1 << 30)

/*
 * One in so many of the ring's reads may wait for others to be handed over
 * with it, while there are completions to work on: a call into the kernel, and
 * in a virtual machine a way out of it, is then made once for all of them. The
 * device has that much less to do meanwhile. Measured at depth 32, 4 KiB, one
 * thread, of segments (ratio of IOPS to fio's, CPU us a read): batches of 1:
 * 0.99, 5.0; of 2: 1.00, 4.9; of 4: 0.95, 4.3; of 8: 0.91, 4.0.
 */
#define BATCH_OF_DEPTH 16u

/* How long the kernel's submitting thread (sqthread_poll) spins before it
 * sleeps. */
#define SQTHREAD_IDLE_MS 100u

/* A fiber that serves one call after another. */
struct task {
	struct fiber fiber;
	struct ring *ring;
	void (*fn)(void *arg);
	void *arg;
	int result;		 /* of the read it waits for */
	struct ring_buffer lent; /* bytes NULL: none */
	uint64_t reads;
	struct task *next_free;
};

struct ring {
	struct io_uring uring;
	struct ring_options options;
	unsigned batch;	  /* reads that are handed over together at most */
	unsigned waiting; /* fibers whose read is under way */
	struct fiber loop;
	struct task *free;
	struct ring_stats stats;
	struct task tasks[];
};

/* The task whose fiber this thread is on; NULL: it is on its own stack. */
static _Thread_local struct task *thread_task;

/* Not inlined: after a switch the thread is the same, but what a compiler
 * kept of the variable from before it is not. */
static __attribute__((noinline)) struct task *current_task(void)
{
	return thread_task;
}

/* ---- fibers ---- */

static void resume(struct task *task)
{
	thread_task = task;
	fiber_switch(&task->ring->loop, &task->fiber);
	thread_task = NULL;
}

static void run_calls(void *arg)
{
	struct task *task = arg;
	for (;;) {
		task->fn(task->arg);
		task->next_free = task->ring->free;
		task->ring->free = task;
		fiber_switch(&task->fiber, &task->ring->loop);
	}
}

static void destroy_tasks(struct ring *r, unsigned count)
{
	while (count-- > 0)
		fiber_destroy(&r->tasks[count].fiber);
}

static int create_tasks(struct ring *r)
{
	for (unsigned i = 0; i < r->options.depth; i++) {
		struct task *task = &r->tasks[i];
		int err = fiber_create(&task->fiber, run_calls, task);
		if (err != 0) {
			destroy_tasks(r, i);
			return err;
		}
		task->ring = r;
		task->next_free = r->free;
		r->free = task;
	}
	fiber_adopt(&r->loop);
	return 0;
}

/* ---- */

static int queue_init(struct ring *r, unsigned flags)
{
	struct io_uring_params p = {.flags = flags, .sq_thread_idle = SQTHREAD_IDLE_MS};
	return io_uring_queue_init_params(r->options.depth, &r->uring, &p);
}

static int open_uring(struct ring *r)
{
	if (r->options.sqthread_poll)
		return queue_init(r, IORING_SETUP_SQPOLL);
	/* one thread submits, and it is in the kernel often enough not to be
	 * interrupted for completions; older kernels know neither flag */
	int err = queue_init(r, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN |
					IORING_SETUP_TASKRUN_FLAG);
	return err == -EINVAL ? queue_init(r, 0) : err;
}

static int register_buffers(struct ring *r, struct error *e)
{
	const struct ring_options *o = &r->options;
	if (o->fixed_count == 0)
		return 0;
	struct iovec *buffers = calloc(o->fixed_count, sizeof *buffers);
	int err = -ENOMEM;
	if (buffers != NULL) {
		for (unsigned i = 0; i < o->fixed_count; i++)
			buffers[i] =
				(struct iovec){o->fixed + i * o->fixed_nbytes, o->fixed_nbytes};
		err = io_uring_register_buffers(&r->uring, buffers, o->fixed_count);
		free(buffers);
	}
	if (err == 0)
		return 0;
	return error_set(
		e, err,
		"io_uring: cannot register %u buffers of %zu bytes: %s; set fixedbufs = 0, "
		"or raise the limit of locked memory (ulimit -l)",
		o->fixed_count, o->fixed_nbytes, strerror(-err));
}

static int stacks_error(const struct ring *r, struct error *e, int err)
{
	return error_set(e, err,
			 "cannot map the stacks of %u fibers: lower iodepth or numjobs, or raise "
			 "vm.max_map_count",
			 r->options.depth);
}

static int start(struct ring *r, struct error *e)
{
	int err = open_uring(r);
	if (err != 0)
		return ring_refused(e, err, r->options.sqthread_poll ? " with sqthread_poll" : "",
				    "/proc");
	r->stats.created = true;
	err = register_buffers(r, e);
	if (err == 0) {
		err = create_tasks(r);
		if (err == 0)
			return 0;
		stacks_error(r, e, err);
	}
	io_uring_queue_exit(&r->uring);
	return err;
}

int ring_create(struct ring **out, const struct ring_options *o, struct error *e)
{
	unsigned task_count = o->io == RING_IO_URING ? o->depth : 0;
	struct ring *r = calloc(1, sizeof *r + task_count * sizeof r->tasks[0]);
	if (r == NULL)
		return error_set(e, -ENOMEM, "io_uring: out of memory for %u fibers", task_count);
	r->options = *o;
	r->batch = o->sqthread_poll || o->depth < BATCH_OF_DEPTH ? 1 : o->depth / BATCH_OF_DEPTH;
	int err = o->io == RING_IO_URING ? start(r, e) : 0;
	if (err != 0) {
		free(r);
		return err;
	}
	*out = r;
	return 0;
}

void ring_destroy(struct ring *r)
{
	if (r == NULL)
		return;
	if (r->options.io == RING_IO_URING) {
		destroy_tasks(r, r->options.depth);
		io_uring_queue_exit(&r->uring);
	}
	free(r);
}

struct ring_stats ring_get_stats(const struct ring *r)
{
	return r->stats;
}

int ring_start(struct ring *r, void (*fn)(void *arg), void *arg)
{
	if (r->options.io == RING_IO_PREAD) {
		fn(arg); /* it will not wait, so it needs no stack of its own */
		return 0;
	}
	struct task *task = r->free;
	if (task == NULL)
		return -EBUSY;
	r->free = task->next_free;
	task->fn = fn;
	task->arg = arg;
	resume(task);
	return 0;
}

/* ---- the loop ---- */

/* What the kernel will take later is no error. */
static int passing(int err)
{
	return err == -EAGAIN || err == -EBUSY || err == -EINTR || err == -ETIME ? 0 : err;
}

static int submit_left(struct ring *r)
{
	if (io_uring_sq_ready(&r->uring) == 0)
		return 0;
	int err = io_uring_submit(&r->uring);
	return err >= 0 ? 0 : passing(err);
}

/* Hands over what is left and waits for a completion, in one call. */
static int submit_and_wait(struct ring *r, uint64_t wait_ns)
{
	struct io_uring_cqe *cqe;
	struct __kernel_timespec timeout = {.tv_sec = (long long)(wait_ns / 1000000000),
					    .tv_nsec = (long long)(wait_ns % 1000000000)};
	int err = io_uring_submit_and_wait_timeout(&r->uring, &cqe, 1, &timeout, NULL);
	return err >= 0 ? 0 : passing(err);
}

/* Completions that are there, after handing over and waiting if there are
 * none. */
static int await_completions(struct ring *r, uint64_t wait_ns)
{
	if (io_uring_cq_ready(&r->uring) > 0)
		return 0;
	return wait_ns > 0 ? submit_and_wait(r, wait_ns) : submit_left(r);
}

int ring_poll(struct ring *r, uint64_t wait_ns)
{
	if (r->waiting == 0)
		return 0;
	int err = await_completions(r, wait_ns);
	if (err != 0)
		return err;
	/* not all that are done: what they make room for is to go to the device
	 * before the next are worked on */
	unsigned resumed = 0;
	struct io_uring_cqe *cqe;
	while (resumed < r->batch && io_uring_peek_cqe(&r->uring, &cqe) == 0) {
		struct task *task = io_uring_cqe_get_data(cqe);
		task->result = cqe->res;
		io_uring_cqe_seen(&r->uring, cqe);
		r->stats.cqes++;
		r->waiting--;
		resumed++;
		resume(task);
	}
	return (int)resumed;
}

/* ---- reads ---- */

static bool is_fixed(const struct ring_options *o, const void *buf)
{
	const uint8_t *p = buf;
	return o->fixed_count > 0 && p >= o->fixed &&
	       p < o->fixed + o->fixed_count * o->fixed_nbytes;
}

static void prepare(struct ring *r, struct io_uring_sqe *sqe, int fd, void *buf, unsigned nbytes,
		    off_t offset)
{
	const struct ring_options *o = &r->options;
	if (is_fixed(o, buf))
		io_uring_prep_read_fixed(
			sqe, fd, buf, nbytes, (unsigned long long)offset,
			(int)((size_t)((uint8_t *)buf - o->fixed) / o->fixed_nbytes));
	else
		io_uring_prep_read(sqe, fd, buf, nbytes, (unsigned long long)offset);
}

/* One read on a fiber: queued; ring_poll hands over what is left when nothing
 * is there to resume. */
static ssize_t read_on_fiber(struct task *task, int fd, void *buf, size_t nbytes, off_t offset)
{
	struct ring *r = task->ring;
	struct io_uring_sqe *sqe = io_uring_get_sqe(&r->uring);
	if (sqe == NULL) { /* sqthread_poll: the kernel's thread has not yet taken them */
		submit_left(r);
		sqe = io_uring_get_sqe(&r->uring);
		if (sqe == NULL)
			return -EAGAIN;
	}
	prepare(r, sqe, fd, buf, (unsigned)nbytes, offset);
	io_uring_sqe_set_data(sqe, task);
	r->stats.sqes++;
	r->waiting++;
	if (io_uring_sq_ready(&r->uring) >= r->batch)
		io_uring_submit(&r->uring); /* if it fails, ring_poll tries again */
	fiber_switch(&task->fiber, &r->loop);
	return task->result;
}

static ssize_t read_once(struct task *task, int fd, void *buf, size_t nbytes, off_t offset)
{
	if (nbytes > READ_NBYTES_MAX)
		nbytes = READ_NBYTES_MAX;
	if (task != NULL)
		return read_on_fiber(task, fd, buf, nbytes, offset);
	ssize_t got = pread(fd, buf, nbytes, offset);
	return got < 0 ? -errno : got;
}

/* Of a thread that is on no fiber. */
static _Thread_local struct ring_buffer thread_lent;
static _Thread_local uint64_t thread_reads;

ssize_t ring_pread(int fd, void *buf, size_t nbytes, off_t offset)
{
	struct task *task = current_task();
	size_t done = 0;
	*(task != NULL ? &task->reads : &thread_reads) += 1;
	while (done < nbytes) {
		ssize_t got = read_once(task, fd, (char *)buf + done, nbytes - done,
					offset + (off_t)done);
		if (got == -EINTR || got == -EAGAIN)
			continue;
		/* O_DIRECT does not go on from an unaligned offset, and only
		 * the end of the file leaves a read there */
		if (got == 0 || (got == -EINVAL && done > 0))
			break;
		if (got < 0)
			return got;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

uint64_t ring_reads(void)
{
	const struct task *task = current_task();
	return task != NULL ? task->reads : thread_reads;
}

/* ---- lent buffers ---- */

static struct ring_buffer *lent_here(void)
{
	struct task *task = current_task();
	return task != NULL ? &task->lent : &thread_lent;
}

void ring_lend(const struct ring_buffer *b)
{
	*lent_here() = b != NULL ? *b : (struct ring_buffer){NULL, 0};
}

/* The part of [offset, offset + nbytes) that was read, of what was read from
 * `begin` on. */
static ssize_t part_read(ssize_t got, off_t begin, off_t offset, size_t nbytes)
{
	size_t before = (size_t)(offset - begin);
	if (got < 0)
		return got;
	if ((size_t)got <= before)
		return 0;
	return (ssize_t)((size_t)got - before < nbytes ? (size_t)got - before : nbytes);
}

/* By way of memory of its own: for reads that are not of a request. */
static ssize_t read_and_copy(int fd, size_t file_alignment, void *scratch, size_t nbytes,
			     off_t offset, off_t begin, size_t whole_nbytes)
{
	void *whole;
	size_t alignment = direct_buffer_alignment(file_alignment);
	if (posix_memalign(&whole, alignment, whole_nbytes) != 0)
		return -ENOMEM;
	ssize_t got = ring_pread(fd, whole, whole_nbytes, begin);
	got = part_read(got, begin, offset, nbytes);
	if (got > 0)
		memcpy(scratch, (uint8_t *)whole + (offset - begin), (size_t)got);
	free(whole);
	return got;
}

ssize_t ring_read_lent(int fd, size_t alignment, void *scratch, size_t nbytes, off_t offset,
		       const uint8_t **bytes)
{
	struct ring_buffer *lent = lent_here(), b = *lent;
	off_t mask = (off_t)alignment - 1, begin = offset & ~mask;
	size_t whole_nbytes = (size_t)(((offset + (off_t)nbytes + mask) & ~mask) - begin);

	*bytes = scratch;
	if (b.bytes != NULL && b.nbytes >= whole_nbytes) {
		lent->bytes = NULL;
		*bytes = b.bytes + (offset - begin);
		return part_read(ring_pread(fd, b.bytes, whole_nbytes, begin), begin, offset,
				 nbytes);
	}
	if (alignment == 1)
		return ring_pread(fd, scratch, nbytes, offset);
	return read_and_copy(fd, alignment, scratch, nbytes, offset, begin, whole_nbytes);
}
