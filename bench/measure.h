/*
 * measure.h: a whole run of a workload, as `gvr run` and `gvr sweep` do it:
 * loads what is missing, runs every engine, judges, writes the result.
 */
#ifndef GVR_MEASURE_H
#define GVR_MEASURE_H

#include "bench/constants.h"
#include "bench/meter/meters.h"
#include "workloads/workload.h"

/* What a run needs to know of the machine and the world beside the workload. */
struct measure_site {
	struct constants platform, prices;
	struct meters meters;
};

/* Opens what the workload names, before any work, so that what is wrong is said
 * at once. wall: a meter of the user's own (options.h); NULL: none. -EINVAL: a
 * platform file is wrong. measure_site_close in every case. */
int measure_site_open(struct measure_site *site, const struct workload *w, const char *wall,
		      struct error *e);
void measure_site_close(struct measure_site *site);

/* Says on stderr what would make the run INVALID whatever the engines do, and what
 * may mean something else than it does. */
void measure_warn(const struct workload *w);

/* What a run came to. */
struct measured {
	int exit_code;	    /* EXIT_OK, EXIT_INVALID, EXIT_DIFFER, EXIT_ERROR: interrupted */
	uint64_t documents; /* fingerprint of all of them; 0: there are none */
	char *summary;	    /* to be freed by the caller; NULL: it came to none */
};

/*
 * Measures into the folder out, which is there (result.h). store: where stores
 * are kept. command: the one that makes such a result again. m->summary is set
 * also where writing failed. 0, or -errno with e.
 */
int measure(const struct workload *w, struct measure_site *site, const char *store,
	    const char *command, const char *out, struct measured *m, struct error *e);

#endif
