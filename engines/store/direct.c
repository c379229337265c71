/* direct.c: asks statx(2), or tries. */
#include "engines/store/direct.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The least that any device takes. */
#define SECTOR_NBYTES ((size_t)512)

/* Headers older than Linux 6.1 know neither the mask nor the two members; where
 * they lie is part of the kernel's interface. */
#ifndef STATX_DIOALIGN
#define STATX_DIOALIGN 0x2000U
#endif
#define DIO_MEM_ALIGN_AT 152
#define DIO_OFFSET_ALIGN_AT 156

static size_t at(const struct statx *st, size_t offset)
{
	uint32_t value;
	memcpy(&value, (const uint8_t *)st + offset, sizeof value);
	return value;
}

/* 0: the kernel has no O_DIRECT of this file. */
static size_t wanted_of(size_t mem, size_t offset)
{
	if (mem == 0 || offset == 0)
		return 0;
	/* every buffer is aligned to a block */
	size_t wanted = mem > DIRECT_BLOCK_NBYTES && mem > offset ? mem : offset;
	return wanted < SECTOR_NBYTES ? SECTOR_NBYTES : wanted;
}

/* False: the kernel does not say. */
static bool ask(size_t *alignment, int fd)
{
	struct statx st;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &st) != 0 ||
	    (st.stx_mask & STATX_DIOALIGN) == 0)
		return false;
	*alignment = wanted_of(at(&st, DIO_MEM_ALIGN_AT), at(&st, DIO_OFFSET_ALIGN_AT));
	return true;
}

/* The least with which the file's first bytes can be read, 0: none. */
static size_t probe(int fd)
{
	void *bytes;
	size_t alignment = SECTOR_NBYTES;
	if (posix_memalign(&bytes, DIRECT_ALIGNMENT_MAX, DIRECT_ALIGNMENT_MAX) != 0)
		return DIRECT_BLOCK_NBYTES;
	while (alignment <= DIRECT_ALIGNMENT_MAX && pread(fd, bytes, alignment, 0) < 0 &&
	       errno == EINVAL)
		alignment *= 2;
	free(bytes);
	return alignment <= DIRECT_ALIGNMENT_MAX ? alignment : 0;
}

int direct_alignment(size_t *alignment, int fd, const char *path, struct error *e)
{
	size_t wanted = 0;
	if (!ask(&wanted, fd))
		wanted = probe(fd);
	*alignment = wanted;
	if (wanted == 0)
		return error_set(e, -EINVAL, "%s: cannot be read with O_DIRECT; set direct = 0",
				 path);
	if (wanted > DIRECT_ALIGNMENT_MAX || (wanted & (wanted - 1)) != 0)
		return error_set(e, -EINVAL,
				 "%s: O_DIRECT wants reads there to be multiples of %zu bytes, gvr "
				 "reads at most %zu at a time; set direct = 0",
				 path, wanted, DIRECT_ALIGNMENT_MAX);
	return 0;
}
