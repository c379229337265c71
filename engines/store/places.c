/* places.c: places one after the other, each behind its length; every GROUPth
 * is found by its offset, the others by stepping over those before. */
#include "engines/store/places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define GROUP 8u

struct places {
	uint64_t items, count;
	uint64_t *groups; /* offsets in bytes */
	uint8_t *bytes;
	size_t nbytes;
	void *map; /* groups, then bytes: room for the longest places there can be */
	size_t map_nbytes;
};

/* Mapped, not allocated: only what is filled takes memory. In huge pages, if
 * the kernel has some: a look-up is two steps to memory that no cache has, and
 * each would look up its page there, too. */
static int map_places(struct places *p)
{
	size_t group_nbytes = (p->items / GROUP + 1) * sizeof *p->groups;
	if (p->items > SIZE_MAX / 2 / (SEGMENT_PLACE_NBYTES_MAX + 2))
		return -ENOMEM;
	p->map_nbytes = group_nbytes + p->items * (SEGMENT_PLACE_NBYTES_MAX + 1);
	p->map = mmap(NULL, p->map_nbytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p->map == MAP_FAILED)
		return -ENOMEM;
	madvise(p->map, p->map_nbytes, MADV_HUGEPAGE); /* only advice */
	p->groups = p->map;
	p->bytes = (uint8_t *)p->map + group_nbytes;
	return 0;
}

int places_create(struct places **out, uint64_t items, struct error *e)
{
	struct places *p = calloc(1, sizeof *p);
	if (p != NULL)
		p->items = items;
	if (p == NULL || map_places(p) != 0) {
		free(p);
		return error_set(e, -ENOMEM, "out of memory for the places of %llu values",
				 (unsigned long long)items);
	}
	*out = p;
	return 0;
}

void places_destroy(struct places *p)
{
	if (p == NULL)
		return;
	munmap(p->map, p->map_nbytes);
	free(p);
}

int places_add(struct places *p, const uint8_t *bytes, size_t nbytes)
{
	struct segment_place place;
	if (p->count == p->items || segment_place_read(&place, bytes, nbytes) != 0)
		return -EBADMSG;
	if (p->count % GROUP == 0)
		p->groups[p->count / GROUP] = p->nbytes;
	p->bytes[p->nbytes] = (uint8_t)nbytes;
	memcpy(p->bytes + p->nbytes + 1, bytes, nbytes);
	p->nbytes += 1 + nbytes;
	p->count++;
	return 0;
}

uint64_t places_count(const struct places *p)
{
	return p->count;
}

int places_find(const struct places *p, uint64_t item, struct segment_place *place)
{
	if (item >= p->count)
		return -ENOENT;
	const uint8_t *at = p->bytes + p->groups[item / GROUP];
	for (unsigned before = item % GROUP; before > 0; before--)
		at += 1 + at[0];
	return segment_place_read(place, at + 1, at[0]);
}

uint64_t places_resident_bytes(const struct places *p)
{
	return p->nbytes + (p->items / GROUP + 1) * sizeof *p->groups;
}
