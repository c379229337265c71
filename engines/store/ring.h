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

struct ring_options {
	unsigned depth; /* fibers, and reads in flight */
	enum ring_io io;
	bool sqthread_poll; /* a kernel thread submits (IORING_SETUP_SQPOLL) */
	/* Registered with the ring, so that reads into them need not pin pages:
	 * fixed_count buffers of fixed_nbytes each, from fixed on; 0: none. */
	uint8_t *fixed;
	size_t fixed_nbytes;
	unsigned fixed_count;
};

struct ring_stats {
	bool created; /* an io_uring exists */
	uint64_t sqes, cqes;
};

/* A loop with o->depth fibers for the calling thread. -ENOSYS or -EPERM if the
 * kernel has no or forbids io_uring (e says so and names io = pread),
 * -ENOMEM, or what registering says (e names fixedbufs or sqthread_poll). */
int ring_create(struct ring **out, const struct ring_options *o, struct error *e);

/* Nothing may be in flight. */
void ring_destroy(struct ring *r);

/* Runs fn(arg) on a free fiber until it first waits or returns. -EBUSY: no
 * fiber is free. */
int ring_start(struct ring *r, void (*fn)(void *arg), void *arg);

/* Resumes fibers whose read is done, a few at most, so that their successors'
 * reads go to the device before others are worked on; waits at most wait_ns ns
 * for the first (0: does not wait; never waits if nothing is in flight).
 * Returns how many were resumed, or -errno. Reads that resumed fibers queue
 * are handed to the kernel a few at a time while there are others to resume,
 * and at the latest by the call that finds none: poll until then before
 * sleeping. */
int ring_poll(struct ring *r, uint64_t wait_ns);

/* Reads like pread(2), whole: short reads are continued, EINTR and EAGAIN
 * retried. On a fiber of a RING_IO_URING ring it queues and switches;
 * elsewhere (while files are opened) and with RING_IO_PREAD it is pread(2).
 * Returns bytes read, fewer than nbytes only at the end of the file, or
 * -errno. */
ssize_t ring_pread(int fd, void *buf, size_t nbytes, off_t offset);

/* How many reads this fiber has made so far, or this thread, if it is on none. */
uint64_t ring_reads(void);

/* A buffer for reads that choose where their bytes lie, aligned to
 * direct_buffer_alignment of the file's. */
struct ring_buffer {
	uint8_t *bytes;
	size_t nbytes;
};

/* Lends b to the next ring_read_lent of this fiber (or of this thread, if it
 * is on none); NULL or bytes NULL: takes it back. */
void ring_lend(const struct ring_buffer *b);

/*
 * Reads nbytes at offset from fd, which wants offsets and lengths to be
 * multiples of alignment (direct.h; 1: any, it is not read with O_DIRECT). *bytes points at them:
 * in the buffer that was lent, if they fit there with what alignment adds (it is then lent no
 * more), else in scratch, copied. Returns as ring_pread, -ENOMEM too.
 */
ssize_t ring_read_lent(int fd, size_t alignment, void *scratch, size_t nbytes, off_t offset,
		       const uint8_t **bytes);

struct ring_stats ring_get_stats(const struct ring *r);

#endif
