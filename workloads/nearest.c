#include "workloads/nearest.h"

#include <string.h>

#define CHANGES_MAX 3u	/* more is no typing error */
#define NAME_NBYTES 40u /* nor is a longer name */

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;
	return m < c ? m : c;
}

/* Levenshtein's distance. */
static unsigned edit_distance(const char *a, const char *b)
{
	unsigned row[NAME_NBYTES], na = (unsigned)strlen(a), nb = (unsigned)strlen(b);
	if (na >= NAME_NBYTES || nb >= NAME_NBYTES)
		return NAME_NBYTES;
	for (unsigned j = 0; j <= nb; j++)
		row[j] = j;
	for (unsigned i = 1; i <= na; i++) {
		unsigned diagonal = row[0];
		row[0] = i;
		for (unsigned j = 1; j <= nb; j++) {
			unsigned above = row[j];
			row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[nb];
}

struct nearest nearest_to(const char *name)
{
	return (struct nearest){.name = name, .least = CHANGES_MAX + 1};
}

void nearest_try(struct nearest *n, const char *candidate)
{
	unsigned distance = edit_distance(n->name, candidate);
	/* all letters changed is another name, not a wrong one */
	if (distance >= n->least || distance >= strlen(candidate))
		return;
	n->least = distance;
	n->found = candidate;
}
