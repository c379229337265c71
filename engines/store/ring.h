/*
 * ring.h: an io_uring event loop with fibers, one per worker thread. A
 * request runs as ordinary blocking code on a fiber; a read inside it queues
 * one SQE and switches back to the loop, which resumes the fiber when its CQE
 * arrives. This is how RocksDB's own read path, which knows no io_uring, is
 * read through one.
 */
#ifndef GVR_RING_H
#define GVR_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "workloads/error.h"

enum ring_io {
	RING_IO_URING, /* io_uring; if the kernel forbids it, ring_create fails */
	RING_IO_PREAD, /* plain pread, asked for by name: reads block the worker */
};

struct ring;

struct ring_stats {
	bool created; /* an io_uring exists */
	uint64_t sqes, cqes;
};

/* A loop with `depth` fibers for the calling thread. -ENOSYS or -EPERM if the
 * kernel has no or forbids io_uring (e says so and names io = pread),
 * -ENOMEM. */
int ring_create(struct ring **out, unsigned depth, enum ring_io io, struct error *e);

/* Nothing may be in flight. */
void ring_destroy(struct ring *r);

/* Runs fn(arg) on a free fiber until it first waits or returns. -EBUSY: no
 * fiber is free. */
int ring_start(struct ring *r, void (*fn)(void *arg), void *arg);

/* Resumes every fiber whose read is done; waits at most wait_ns ns for the
 * first (0: does not wait; never waits if nothing is in flight). Returns how
 * many were resumed, or -errno. */
int ring_poll(struct ring *r, uint64_t wait_ns);

/* Reads like pread(2), whole: short reads are continued, EINTR and EAGAIN
 * retried. On a fiber of a RING_IO_URING ring it queues and switches;
 * elsewhere (while files are opened) and with RING_IO_PREAD it is pread(2).
 * Returns bytes read, fewer than nbytes only at the end of the file, or
 * -errno. */
ssize_t ring_pread(int fd, void *buf, size_t nbytes, off_t offset);

struct ring_stats ring_get_stats(const struct ring *r);

#endif
