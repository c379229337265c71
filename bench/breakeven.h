/*
 * breakeven.h: what a result means: how often a content must be asked for to
 * be worth storing, by time, money, energy and emissions. Takes every figure
 * from result.json and a set of prices, nothing else, so that it says the same
 * right after a run and years later.
 */
#ifndef GVR_BREAKEVEN_H
#define GVR_BREAKEVEN_H

#include <jansson.h>
#include <stdio.h>

#include "bench/constants.h"

/*
 * *out: a new object, the `breakeven` of result.json, its texts fit for a
 * terminal. result: the root of a result.json. platform: instead of that of the
 * result; NULL: that. training_kwh: what training the model took; 0: not counted.
 * Where nothing can be compared (no pair of engines, an unknown figure), *out
 * holds "why_unavailable" and null. -EBADMSG with e: the result is damaged or
 * older than this; path is for the message.
 */
int breakeven_of(json_t **out, const json_t *result, const struct constants *platform,
		 const struct constants *prices, double training_kwh, const char *path,
		 struct error *e);

/* The one sentence, in lines of at most 80 columns. */
void breakeven_print_verdict(FILE *f, const json_t *breakeven);

#define BREAKEVEN_CATALOGUE_NBYTES 256u

/* "The model's own bytes, against the dictionary's, pay from 189 MiB of contents
 * on.": what the interval leaves out. Of one that compares something. */
void breakeven_catalogue(char out[BREAKEVEN_CATALOGUE_NBYTES], const json_t *breakeven);

/* All of it, as text of 80 columns. */
void breakeven_print(FILE *f, const json_t *breakeven);

/* "78 days", "1.5 hours"; with an end, "78 days (31 to 179)". days: may be
 * INFINITY. */
void breakeven_format_days(char *out, size_t capacity, double days);
void breakeven_format_interval(char *out, size_t capacity, double days, double low_days,
			       double high_days);

#endif
