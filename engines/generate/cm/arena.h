/*
 * arena.h: the tables of a session, in 64-byte lines. Learning marks each line
 * before it is written for the first time, and undo copies just those back
 * from the frozen model; lines past the frozen ones go back to zero.
 */
#ifndef GVR_CM_ARENA_H
#define GVR_CM_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "engines/generate/cm/layout.h"

struct arena {
	uint8_t *bytes;	       /* ARENA_NBYTES, aligned to a line */
	const uint8_t *frozen; /* FROZEN_NBYTES of the model */
	uint64_t *marked;      /* one bit a line */
	uint32_t *touched;     /* the marked lines, in order of first touch; room for one more */
	uint32_t touched_count;
	size_t tracked_from; /* bytes below this are not tracked: training keeps them */
};

/* Memory that an arena takes, all told. */
uint64_t arena_memory_nbytes(void);

/* frozen must outlive the arena. -ENOMEM. */
int arena_init(struct arena *a, const uint8_t *frozen, size_t tracked_from);
void arena_fini(struct arena *a);
void arena_undo(struct arena *a);

/* Call before the first write to the line at this offset. No branches: whether
 * a line is touched for the first time cannot be foreseen. */
static inline void arena_touch(struct arena *a, size_t offset)
{
	size_t line = offset / LINE_NBYTES;
	uint64_t *marks = &a->marked[line >> 6];
	uint64_t mark = (uint64_t)(offset >= a->tracked_from) << (line & 63);
	a->touched[a->touched_count] = (uint32_t)line;
	a->touched_count += (mark & ~*marks) != 0;
	*marks |= mark;
}

#endif
