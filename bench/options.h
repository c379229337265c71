/* options.h: the command line of a verb. */
#ifndef GVR_OPTIONS_H
#define GVR_OPTIONS_H

#include <stdbool.h>

#include "workloads/workload.h"

#define OPTIONS_SETS_MAX 256u
#define OPTIONS_OVERS_MAX 16u

struct options {
	const char *operand;	     /* the first: WORKLOAD or DIR */
	const char *const *operands; /* all of them */
	unsigned operand_count;
	const char *sets[OPTIONS_SETS_MAX];
	unsigned set_count;
	const char *overs[OPTIONS_OVERS_MAX]; /* --over */
	unsigned over_count;
	char store[WORKLOAD_PATH_NBYTES];
	const char *out;		       /* --out, -o; NULL: not given */
	const char *generator;		       /* --generator */
	const char *threshold;		       /* --threshold; NULL: not given */
	const char *minutes, *steps, *threads; /* of training; NULL: not given */
	const char *wall_meter;		       /* --wall-meter; NULL: not given */
	const char *prices;		       /* --prices; NULL: not given */
	const char *training_kwh;	       /* --training-kwh; NULL: not given */
	const char *platform;		       /* --platform; NULL: not given */
	bool calibrate;			       /* --calibrate */
	bool json;			       /* --format json */
};

enum options_outcome { OPTIONS_OK, OPTIONS_HELP, OPTIONS_BAD };

#define OPTIONS_SOME (-1) /* one operand or more */

/* With exactly operand_count operands, or OPTIONS_SOME. `accepted`: the letters of the options
 * that this verb knows: s --set, d --store, o --out, g --generator, t --threshold,
 * m --minutes, n --steps, j --threads, w --wall-meter, p --prices, k --training-kwh,
 * l --platform, c --calibrate, v --over, f --format.
 * OPTIONS_BAD: one line was printed to stderr. */
enum options_outcome options_parse(struct options *o, int argc, char **argv, const char *accepted,
				   int operand_count);

#endif
