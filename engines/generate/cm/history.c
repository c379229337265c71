#include "engines/generate/cm/history.h"

#include <string.h>

/* The counts that a state can hold, in steps. */
static const uint16_t COUNTS[] = {0,  1,  2,  3,  4,  5,  6,   8,   10,	 12,  16,
				  20, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512};
#define STEPS (sizeof COUNTS / sizeof COUNTS[0])

/* The most steps of one bit beside so many of the other: both counts are kept
 * exactly while small; a history with few exceptions keeps its length. */
static const uint8_t STEP_MAX[STEPS] = {STEPS - 1, 14, 13, 12, 11, 10, 9, 8, 8};

struct steps {
	uint8_t of[2], last;
};

static int allowed(struct steps s)
{
	unsigned few = s.of[0] < s.of[1] ? s.of[0] : s.of[1];
	unsigned many = s.of[0] < s.of[1] ? s.of[1] : s.of[0];
	return many <= STEP_MAX[few];
}

/* The steps of a count that meets the other bit: what is over 2 shrinks. */
static uint8_t discount(uint8_t step)
{
	unsigned count = COUNTS[step];
	if (count <= 2)
		return step;
	count = 2 + (count - 2) / 2;
	while (COUNTS[step] > count)
		step--;
	return step;
}

static struct steps after(struct steps s, unsigned bit)
{
	struct steps r = s;
	if (r.of[bit] + 1u < STEPS)
		r.of[bit]++;
	r.of[!bit] = discount(s.of[!bit]);
	r.last = (uint8_t)bit;
	while (!allowed(r)) {
		if (r.of[!bit] == 0)
			return s;
		/* at the edge: forget one of the other bit instead */
		r.of[bit] = s.of[bit];
		r.of[!bit]--;
	}
	if (r.of[0] == 0 || r.of[1] == 0)
		r.last = 0;
	return r;
}

/* A step over a gap of 2^n counts is taken once in 2^n times. */
static uint8_t step_mask(struct steps from, struct steps to, unsigned bit)
{
	unsigned gap = to.of[bit] > from.of[bit] ? COUNTS[to.of[bit]] - COUNTS[from.of[bit]] : 1;
	if (to.of[bit] == from.of[bit] && from.of[bit] > 0)
		gap = COUNTS[from.of[bit]] / 4 + 1; /* at the edge */
	unsigned mask = 0;
	while (mask + 1 <= gap / 2)
		mask = mask * 2 + 1;
	return (uint8_t)mask;
}

void history_table_init(struct history_table *t)
{
	uint8_t number[STEPS][STEPS][2] = {0};
	struct steps states[HISTORY_STATES] = {0};
	unsigned count = 0;
	memset(t, 0, sizeof *t);
	for (unsigned a = 0; a < STEPS; a++)
		for (unsigned b = 0; b < STEPS; b++)
			for (unsigned last = 0; last < (a > 0 && b > 0 ? 2 : 1); last++) {
				struct steps s = {{(uint8_t)a, (uint8_t)b}, (uint8_t)last};
				if (!allowed(s))
					continue;
				number[a][b][last] = (uint8_t)count;
				states[count++] = s;
			}
	for (unsigned i = 0; i < count; i++) {
		for (unsigned bit = 0; bit < 2; bit++) {
			struct steps to = after(states[i], bit);
			t->step[i][bit].next = number[to.of[0]][to.of[1]][to.last];
			t->step[i][bit].mask = step_mask(states[i], to, bit);
			t->n[i][bit] = COUNTS[states[i].of[bit]];
		}
		t->total[i] = (uint8_t)(states[i].of[0] + states[i].of[1]);
	}
}
