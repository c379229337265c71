#include "engines/generate/cm/arena.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engines/generate/cm/memory.h"

#define LINES (ARENA_NBYTES / LINE_NBYTES)
#define UNDO_AHEAD 16u /* lines on their way from memory */
static_assert(LINES % 64 == 0, "marks come in words of 64 lines");
static_assert(FROZEN_NBYTES % LINE_NBYTES == 0, "a line is frozen or not");

uint64_t arena_memory_nbytes(void)
{
	return ARENA_NBYTES + LINES / 8 + (LINES + 1) * sizeof(uint32_t);
}

int arena_init(struct arena *a, const uint8_t *frozen, size_t tracked_from)
{
	*a = (struct arena){.frozen = frozen, .tracked_from = tracked_from};
	a->bytes = memory_alloc(ARENA_NBYTES);
	a->marked = calloc(LINES / 64, sizeof *a->marked);
	a->touched = calloc(LINES + 1, sizeof *a->touched);
	if (a->bytes == NULL || a->marked == NULL || a->touched == NULL) {
		arena_fini(a);
		return -ENOMEM;
	}
	memcpy(a->bytes, frozen, FROZEN_NBYTES);
	return 0;
}

void arena_fini(struct arena *a)
{
	free(a->touched);
	free(a->marked);
	free(a->bytes);
	*a = (struct arena){0};
}

static void prefetch(const struct arena *a, size_t line)
{
	size_t offset = line * LINE_NBYTES;
	__builtin_prefetch(a->bytes + offset, 1);
	if (offset < FROZEN_NBYTES)
		__builtin_prefetch(a->frozen + offset);
}

void arena_undo(struct arena *a)
{
	for (uint32_t i = 0; i < a->touched_count; i++) {
		size_t line = a->touched[i], offset = line * LINE_NBYTES;
		if (i + UNDO_AHEAD < a->touched_count)
			prefetch(a, a->touched[i + UNDO_AHEAD]);
		if (offset < FROZEN_NBYTES)
			memcpy(a->bytes + offset, a->frozen + offset, LINE_NBYTES);
		else
			memset(a->bytes + offset, 0, LINE_NBYTES);
		a->marked[line >> 6] = 0;
	}
	a->touched_count = 0;
}
