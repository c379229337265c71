/*
 * faulty_ring.c: a library to preload: reads that gvr hands to io_uring come
 * to harm below the ring, as on a bad device. What really happens to them is
 * the kernel's own work: the calls are changed, not the answers.
 *
 * FAULTY_RING=KIND:N changes every Nth read
 *   eio     to one of a place that cannot be read: EIO
 *   short   to its first half, 512 bytes at least: a short read
 *   end     to one of nothing: 0 bytes, as at the end of a file
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
	char kind[8];
	unsigned long every, count;
	int bad_fd; /* of which every read fails with EIO, or is empty */
} fault;

/* gvr's rings of several threads count together, roughly. */
static void set_up(void)
{
	const char *how = getenv("FAULTY_RING");
	if (fault.every != 0)
		return;
	if (how == NULL || sscanf(how, "%7[a-z]:%lu", fault.kind, &fault.every) != 2 ||
	    fault.every == 0) {
		fprintf(stderr, "faulty_ring: set FAULTY_RING=eio|short|end:N\n");
		_Exit(99);
	}
	/* address 0 of a process is not mapped */
	fault.bad_fd = open(strcmp(fault.kind, "eio") == 0 ? "/proc/self/mem" : "/dev/null",
			    O_RDONLY | O_CLOEXEC);
}

static void harm(struct io_uring_sqe *sqe)
{
	if (sqe->opcode != IORING_OP_READ || ++fault.count % fault.every != 0)
		return;
	if (strcmp(fault.kind, "short") == 0) {
		if (sqe->len >= 1024)
			sqe->len = sqe->len / 2 / 512 * 512;
		return;
	}
	sqe->fd = fault.bad_fd;
	sqe->off = 0;
}

/* What was queued since the last call; liburing's internal tail is ahead of
 * its head by just that. */
static void harm_queued(struct io_uring *ring)
{
	set_up();
	for (unsigned i = ring->sq.sqe_head; i != ring->sq.sqe_tail; i++)
		harm(&ring->sq.sqes[i & ring->sq.ring_mask]);
}

int io_uring_submit(struct io_uring *ring)
{
	int (*real)(struct io_uring *) =
		(int (*)(struct io_uring *))dlsym(RTLD_NEXT, "io_uring_submit");
	harm_queued(ring);
	return real(ring);
}

int io_uring_submit_and_wait_timeout(struct io_uring *ring, struct io_uring_cqe **cqe,
				     unsigned wait_nr, struct __kernel_timespec *ts,
				     sigset_t *sigmask)
{
	int (*real)(struct io_uring *, struct io_uring_cqe **, unsigned, struct __kernel_timespec *,
		    sigset_t *) =
		(int (*)(struct io_uring *, struct io_uring_cqe **, unsigned,
			 struct __kernel_timespec *,
			 sigset_t *))dlsym(RTLD_NEXT, "io_uring_submit_and_wait_timeout");
	harm_queued(ring);
	return real(ring, cqe, wait_nr, ts, sigmask);
}
