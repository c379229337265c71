/*
 * big_sectors.c: a library to preload: files that are opened with O_DIRECT want
 * offset, length and memory of their reads and writes to be multiples of
 * BIG_SECTORS bytes, as on a file system with sectors of that size. The kernel
 * says so (statx) unless BIG_SECTORS ends in "?", as a kernel before Linux 6.1.
 * 0: nothing will do.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef STATX_DIOALIGN
#define STATX_DIOALIGN 0x2000U
#endif
#define DIO_ALIGN_AT 152 /* stx_dio_mem_align, then stx_dio_offset_align */

static uint32_t sector_nbytes(void)
{
	const char *s = getenv("BIG_SECTORS");
	return s != NULL ? (uint32_t)strtoul(s, NULL, 10) : 512;
}

static bool kernel_says(void)
{
	const char *s = getenv("BIG_SECTORS");
	return s != NULL && strchr(s, '?') == NULL;
}

int statx(int dir, const char *restrict path, int flags, unsigned mask, struct statx *restrict st)
{
	int (*real)(int, const char *, int, unsigned, struct statx *) =
		(int (*)(int, const char *, int, unsigned, struct statx *))dlsym(RTLD_NEXT,
										 "statx");
	uint32_t align[2] = {sector_nbytes(), sector_nbytes()};
	int err = real(dir, path, flags, mask, st);
	st->stx_mask &= ~STATX_DIOALIGN;
	if (err == 0 && kernel_says() && (mask & STATX_DIOALIGN) != 0) {
		st->stx_mask |= STATX_DIOALIGN;
		memcpy((uint8_t *)st + DIO_ALIGN_AT, align, sizeof align);
	}
	return err;
}

static bool refused(int fd, uint64_t address, uint64_t nbytes, uint64_t offset)
{
	int flags = fcntl(fd, F_GETFL);
	uint32_t sector = sector_nbytes();
	return flags >= 0 && (flags & O_DIRECT) != 0 &&
	       (sector == 0 || (address | nbytes | offset) % sector != 0);
}

static ssize_t read_or_refuse(const char *name, int fd, void *buf, size_t n, off_t offset)
{
	ssize_t (*real)(int, void *, size_t, off_t) =
		(ssize_t(*)(int, void *, size_t, off_t))dlsym(RTLD_NEXT, name);
	if (!refused(fd, (uintptr_t)buf, n, (uint64_t)offset))
		return real(fd, buf, n, offset);
	errno = EINVAL;
	return -1;
}

static ssize_t write_or_refuse(const char *name, int fd, const void *buf, size_t n, off_t offset)
{
	ssize_t (*real)(int, const void *, size_t, off_t) =
		(ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, name);
	if (!refused(fd, (uintptr_t)buf, n, (uint64_t)offset))
		return real(fd, buf, n, offset);
	errno = EINVAL;
	return -1;
}

ssize_t pread(int fd, void *buf, size_t n, off_t offset)
{
	return read_or_refuse("pread", fd, buf, n, offset);
}

ssize_t pread64(int fd, void *buf, size_t n, off_t offset)
{
	return read_or_refuse("pread64", fd, buf, n, offset);
}

ssize_t pwrite(int fd, const void *buf, size_t n, off_t offset)
{
	return write_or_refuse("pwrite", fd, buf, n, offset);
}

ssize_t pwrite64(int fd, const void *buf, size_t n, off_t offset)
{
	return write_or_refuse("pwrite64", fd, buf, n, offset);
}

/* Refused by the kernel itself: an eventfd is read 8 bytes at a time. */
static void refuse(struct io_uring_sqe *sqe)
{
	static int fd = -1;
	if (fd < 0)
		fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	sqe->opcode = IORING_OP_READ;
	sqe->fd = fd;
	sqe->len = 1;
}

/* What was queued since the last call. */
static void refuse_queued(struct io_uring *ring)
{
	for (unsigned i = ring->sq.sqe_head; i != ring->sq.sqe_tail; i++) {
		struct io_uring_sqe *sqe = &ring->sq.sqes[i & ring->sq.ring_mask];
		bool reads = sqe->opcode == IORING_OP_READ || sqe->opcode == IORING_OP_READ_FIXED;
		if (reads && refused(sqe->fd, sqe->addr, sqe->len, sqe->off))
			refuse(sqe);
	}
}

int io_uring_submit(struct io_uring *ring)
{
	int (*real)(struct io_uring *) =
		(int (*)(struct io_uring *))dlsym(RTLD_NEXT, "io_uring_submit");
	refuse_queued(ring);
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
	refuse_queued(ring);
	return real(ring, cqe, wait_nr, ts, sigmask);
}
