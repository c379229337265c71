/* places.c: places one after the other, each behind its length; every GROUPth
 * is found by its offset, the others by stepping over those before. */
#include "engines/store/places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define GROUP 8u

struct places {
	uint64_t items, count;
	uint64_t *groups; /* offsets in bytes */
	uint8_t *bytes;
	size_t nbytes, capacity;
};

int places_create(struct places **out, uint64_t items, struct error *e)
{
	struct places *p = calloc(1, sizeof *p);
	if (p != NULL && items <= SIZE_MAX / sizeof *p->groups)
		p->groups = malloc((items / GROUP + 1) * sizeof *p->groups);
	if (p == NULL || p->groups == NULL) {
		free(p);
		return error_set(e, -ENOMEM, "out of memory for the places of %llu values",
				 (unsigned long long)items);
	}
	p->items = items;
	*out = p;
	return 0;
}

void places_destroy(struct places *p)
{
	if (p == NULL)
		return;
	free(p->groups);
	free(p->bytes);
	free(p);
}

static int grow(struct places *p)
{
	/* as much as all items take if they take what these did, and some */
	size_t each = p->count > 0 ? p->nbytes / p->count + 1 : 24;
	size_t capacity = p->nbytes + p->nbytes / 8 + (SEGMENT_PLACE_NBYTES_MAX + 1) * GROUP;
	if (capacity < each * p->items / 16)
		capacity = each * p->items / 16;
	uint8_t *bytes = realloc(p->bytes, capacity);
	if (bytes == NULL)
		return -ENOMEM;
	p->bytes = bytes;
	p->capacity = capacity;
	return 0;
}

int places_add(struct places *p, const uint8_t *bytes, size_t nbytes)
{
	struct segment_place place;
	if (p->count == p->items || segment_place_read(&place, bytes, nbytes) != 0)
		return -EBADMSG;
	if (p->capacity - p->nbytes < 1 + nbytes && grow(p) != 0)
		return -ENOMEM;
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
