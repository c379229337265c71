/*
 * direct.h: what O_DIRECT wants of a file's reads and writes. A device of
 * sectors of 512 bytes takes any multiple of 512; file systems may want more
 * (XFS its sectors, which may be 16 KiB), or have no O_DIRECT at all.
 */
#ifndef GVR_DIRECT_H
#define GVR_DIRECT_H

#include <stddef.h>

#include "workloads/error.h"

/* What gvr's formats are made for, and the least that its buffers are aligned to. */
#define DIRECT_BLOCK_NBYTES ((size_t)4096)

/* More would read mostly what nobody asked for. */
#define DIRECT_ALIGNMENT_MAX ((size_t)65536)

/*
 * What offset, length and memory of reads and writes of fd, opened with
 * O_DIRECT, must be multiples of: a power of two from 512 to
 * DIRECT_ALIGNMENT_MAX. Asks the kernel; one that does not know (before 6.1,
 * or of this file system) is tried, which an empty file does not tell much by.
 * -EINVAL: nothing that gvr can read with; e names path and direct = 0.
 */
int direct_alignment(size_t *alignment, int fd, const char *path, struct error *e);

/* What buffers must be aligned to for a file of that alignment (1: not read with
 * O_DIRECT): whole blocks of both. */
static inline size_t direct_buffer_alignment(size_t alignment)
{
	return alignment > DIRECT_BLOCK_NBYTES ? alignment : DIRECT_BLOCK_NBYTES;
}

#endif
