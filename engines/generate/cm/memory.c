#include "engines/generate/cm/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_NBYTES ((size_t)2 << 20)

void *memory_alloc(size_t nbytes)
{
	size_t alignment = nbytes >= HUGE_NBYTES ? HUGE_NBYTES : 64;
	if (nbytes == 0)
		nbytes = 1;
	if (nbytes > SIZE_MAX - alignment)
		return NULL;
	size_t rounded_nbytes = (nbytes + alignment - 1) / alignment * alignment;
	void *memory = aligned_alloc(alignment, rounded_nbytes);
	if (memory == NULL)
		return NULL;
	if (alignment == HUGE_NBYTES) /* a wish: refusal only costs time */
		(void)madvise(memory, rounded_nbytes, MADV_HUGEPAGE);
	memset(memory, 0, rounded_nbytes);
	return memory;
}
