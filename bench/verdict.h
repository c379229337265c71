/*
 * verdict.h: is this run a valid measurement? Each reason says what is wrong
 * and what to do about it.
 */
#ifndef GVR_VERDICT_H
#define GVR_VERDICT_H

#include <stdbool.h>

#include "bench/run.h"

#define VERDICT_REASONS_MAX 64u
#define VERDICT_REASON_NBYTES 512u

struct verdict {
	unsigned reason_count; /* 0: VALID */
	char reasons[VERDICT_REASONS_MAX][VERDICT_REASON_NBYTES];
	bool bytes_differ;
};

void verdict_of(const struct run *run, struct verdict *v);

/* The exit code of a run with this verdict: 0, 1 interrupted, 6 INVALID,
 * 8 bytes differ. */
int verdict_exit_code(const struct run *run, const struct verdict *v);

#endif
