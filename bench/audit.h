/*
 * audit.h: can the figures of a workload be believed? Checks in the manner of
 * MLPerf's compliance tests (TEST01, TEST04, TEST05):
 *   accuracy  replies while measuring are those of gvr verify
 *   repeat    one content asked again and again is not served faster than
 *             others, unless cache_state = warm declares a cache
 *   seeds     other seeds draw other requests and give the same figures
 *   harness   what the null engine costs, beside what the engine takes
 */
#ifndef GVR_AUDIT_H
#define GVR_AUDIT_H

#include <jansson.h>
#include <stdio.h>

#include "bench/ratio.h"
#include "bench/run.h"

#define AUDIT_SEEDS 2u /* others than the workload's */

/* NONE: does not apply; UNCLEAR: too much noise to tell. In this order the
 * worse is the greater. */
enum audit_outcome { AUDIT_NONE, AUDIT_PASS, AUDIT_UNCLEAR, AUDIT_FAIL };

struct audit_engine {
	enum audit_outcome accuracy, repeat, seeds;
	uint64_t replies_checked, replies_wrong; /* wrong or failed, in both modes */
	struct ratio repeated;			 /* requests/s, repeated / distinct */
	struct ratio seed_rate[AUDIT_SEEDS], seed_p50[AUDIT_SEEDS]; /* / the workload's seed */
	double service_p50_ns;
};

struct audit {
	struct run run;
	struct audit_engine engines[WORKLOAD_ENGINES_MAX];
	bool passed;	  /* nothing failed, of all engines; false if interrupted */
	unsigned unclear; /* checks */
};

/* Runs the audits, some seconds an engine. w: the contents' workload, whose
 * `verify` is changed on the way. 0 also if an audit fails; -errno with e. The
 * caller calls run_free(&a->run) in every case. */
int audit_execute(struct audit *a, struct workload *w, const struct contents *contents,
		  const struct progress *progress, struct error *e);

/* At most 80 columns; the first line is "Audit is: PASSED" or "FAILED". */
void audit_print(const struct audit *a, FILE *out);

/* Every check with its outcome and what it rests on. NULL: no memory. */
json_t *audit_json(const struct audit *a);

#endif
