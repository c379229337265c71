/*
 * load.h: fills the stores of a workload's engines. Each content is made
 * once, by several threads, and handed to every engine that still lacks it,
 * in order; a load that was interrupted goes on where it stopped.
 */
#ifndef GVR_LOAD_H
#define GVR_LOAD_H

#include "bench/contents.h"

struct load_report {
	uint64_t items;			       /* made and stored now */
	uint64_t present;		       /* already stored by all engines */
	uint64_t loaded[WORKLOAD_ENGINES_MAX]; /* of each engine, stored now */
};

/* -ECANCELED: the user stopped it; what is stored stays. Documents that have changed
 * since the contents were opened are left out of them. */
int load_all(struct contents *c, struct load_report *report, const struct progress *progress,
	     struct error *e);

/* Loads what is missing and maps the right answers: ready to run. */
int load_missing(struct contents *c, const struct progress *progress, struct error *e);

#endif
