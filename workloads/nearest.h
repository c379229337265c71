/* nearest.h: which of the right names was meant by a wrong one. */
#ifndef GVR_NEAREST_H
#define GVR_NEAREST_H

struct nearest {
	const char *name;  /* as the user wrote it */
	const char *found; /* the nearest so far; NULL: none is near enough */
	unsigned least;	   /* letters to change */
};

struct nearest nearest_to(const char *name);

/* Is this one nearer? Of two as near, the first is kept. */
void nearest_try(struct nearest *n, const char *candidate);

#endif
