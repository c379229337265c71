/*
 * match.h: a match model: an earlier place whose last bytes are those of the
 * content so far; what came next there is expected to come next here. After a
 * wrong byte it stays beside the place for a while: edited copies go on.
 */
#ifndef GVR_CM_MATCH_H
#define GVR_CM_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#define MATCH_LENGTH_MAX 65535u
#define MATCH_VERIFY_NBYTES 32u /* how far back a new place is compared */
#define MATCH_BUCKETS 16u

struct match {
	const uint8_t *bytes; /* what is searched; position i is bytes[i & mask] */
	uint32_t mask;
	uint32_t at;	 /* the place: whose byte is expected next */
	uint32_t length; /* bytes before it known to agree; 0: recovering */
	uint8_t misses;	 /* the last eight expectations, 1: wrong */
	bool active;
	uint8_t expected;
};

/* The content so far, as matches look at it. */
struct match_window {
	const uint8_t *bytes;
	uint32_t mask, position;
};

/* After byte `c` came. */
void match_advance(struct match *m, uint8_t c);

/* Looks at a place that an index offers; takes it if it agrees with at least
 * length_min bytes before and is better than what it has. */
void match_offer(struct match *m, const struct match_window *w, uint32_t at, uint32_t length_min);

/* Sets what is expected; limit: the end of what is searched. */
void match_expect(struct match *m, uint32_t limit);

static inline unsigned match_bucket(uint32_t length)
{
	static const uint8_t buckets[33] = {0,	1,  1,	2,  2,	3,  3,	4,  5,	6,  6,
					    7,	7,  8,	8,  8,	9,  9,	9,  9,	10, 10,
					    10, 10, 11, 11, 11, 11, 11, 11, 11, 11, 12};
	if (length <= 32)
		return buckets[length];
	return length < 64 ? 13 : length < 256 ? 14 : 15;
}

#endif
