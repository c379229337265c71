/* ring.c: one io_uring and its fibers; the loop that resumes them. */
#include "engines/store/ring.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engines/store/fiber.h"

/* One SQE reads at most this much: its length field has 32 bits. */
#define READ_NBYTES_MAX ((size_t)1 << 30)

/* A fiber that serves one call after another. */
struct task {
	struct fiber fiber;
	struct ring *ring;
	void (*fn)(void *arg);
	void *arg;
	int result; /* of the read it waits for */
	struct task *next_free;
};

struct ring {
	struct io_uring uring;
	enum ring_io io;
	unsigned depth;
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
	for (unsigned i = 0; i < r->depth; i++) {
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

static int open_uring(struct ring *r)
{
	/* one thread submits, and it is in the kernel often enough not to be
	 * interrupted for completions; older kernels know neither flag */
	int err = io_uring_queue_init(r->depth, &r->uring,
				      IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN |
					      IORING_SETUP_TASKRUN_FLAG);
	if (err == -EINVAL)
		err = io_uring_queue_init(r->depth, &r->uring, 0);
	return err;
}

static int uring_error(struct error *e, int err)
{
	return error_set(e, err,
			 "io_uring: cannot create a ring: %s; to read without one set io = pread",
			 strerror(-err));
}

int ring_create(struct ring **out, unsigned depth, enum ring_io io, struct error *e)
{
	unsigned task_count = io == RING_IO_URING ? depth : 0;
	struct ring *r = calloc(1, sizeof *r + task_count * sizeof r->tasks[0]);
	if (r == NULL)
		return error_set(e, -ENOMEM, "io_uring: out of memory for %u fibers", task_count);
	r->io = io;
	r->depth = depth;
	if (io == RING_IO_URING) {
		int err = open_uring(r);
		if (err != 0) {
			free(r);
			return uring_error(e, err);
		}
		err = create_tasks(r);
		if (err != 0) {
			io_uring_queue_exit(&r->uring);
			free(r);
			return error_set(
				e, err,
				"cannot map the stacks of %u fibers: lower iodepth or numjobs, "
				"or raise vm.max_map_count",
				depth);
		}
		r->stats.created = true;
	}
	*out = r;
	return 0;
}

void ring_destroy(struct ring *r)
{
	if (r == NULL)
		return;
	if (r->io == RING_IO_URING) {
		destroy_tasks(r, r->depth);
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
	if (r->io == RING_IO_PREAD) {
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

/* What the kernel would not take when it was submitted. */
static int submit_left(struct ring *r)
{
	if (io_uring_sq_ready(&r->uring) == 0)
		return 0;
	int err = io_uring_submit(&r->uring);
	return err >= 0 || err == -EAGAIN || err == -EBUSY || err == -EINTR ? 0 : err;
}

/* The next completion, waiting at most wait_ns for it. 0, -EAGAIN: there is
 * none, or another -errno. */
static int next_cqe(struct ring *r, struct io_uring_cqe **cqe, uint64_t wait_ns)
{
	int err = io_uring_peek_cqe(&r->uring, cqe);
	if (err != -EAGAIN || wait_ns == 0)
		return err;
	struct __kernel_timespec timeout = {.tv_sec = (long long)(wait_ns / 1000000000),
					    .tv_nsec = (long long)(wait_ns % 1000000000)};
	err = io_uring_wait_cqe_timeout(&r->uring, cqe, &timeout);
	return err == -ETIME || err == -EINTR ? -EAGAIN : err;
}

int ring_poll(struct ring *r, uint64_t wait_ns)
{
	if (r->waiting == 0)
		return 0;
	int err = submit_left(r);
	if (err != 0)
		return err;
	/* at most those that wait now: a resumed fiber may read again at once */
	unsigned resumed = 0, most = r->waiting;
	while (resumed < most) {
		struct io_uring_cqe *cqe = NULL;
		err = next_cqe(r, &cqe, resumed == 0 ? wait_ns : 0);
		if (err == -EAGAIN)
			break;
		if (err != 0)
			return err;
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

/* One read on a fiber: queued and handed over at once, so that the device
 * works while this thread goes on. */
static ssize_t read_on_fiber(struct task *task, int fd, void *buf, size_t nbytes, off_t offset)
{
	struct ring *r = task->ring;
	struct io_uring_sqe *sqe = io_uring_get_sqe(&r->uring);
	if (sqe == NULL)
		return -EBUSY; /* as many SQEs as fibers: cannot be */
	io_uring_prep_read(sqe, fd, buf, (unsigned)nbytes, (unsigned long long)offset);
	io_uring_sqe_set_data(sqe, task);
	r->stats.sqes++;
	r->waiting++;
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

ssize_t ring_pread(int fd, void *buf, size_t nbytes, off_t offset)
{
	struct task *task = current_task();
	size_t done = 0;
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
