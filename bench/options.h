/* options.h: the command line of a verb. */
#ifndef GVR_OPTIONS_H
#define GVR_OPTIONS_H

#include <stdbool.h>

#include "workloads/workload.h"

#define OPTIONS_SETS_MAX 256u

struct options {
	const char *operand;	     /* the first: WORKLOAD or DIR */
	const char *const *operands; /* all of them */
	const char *sets[OPTIONS_SETS_MAX];
	unsigned set_count;
	char store[WORKLOAD_PATH_NBYTES];
	const char *out;		       /* --out, -o; NULL: not given */
	const char *generator;		       /* --generator */
	const char *threshold;		       /* --threshold; NULL: not given */
	const char *minutes, *steps, *threads; /* of training; NULL: not given */
};

enum options_outcome { OPTIONS_OK, OPTIONS_HELP, OPTIONS_BAD };

/* `accepted`: the letters of the options this verb knows: s --set, d --store,
 * o --out, g --generator, t --threshold, m --minutes, n --steps, j --threads.
 * One operand. OPTIONS_BAD: one line was
 * printed to stderr. */
enum options_outcome options_parse(struct options *o, int argc, char **argv, const char *accepted);

/* The same with so many operands. */
enum options_outcome options_parse_operands(struct options *o, int argc, char **argv,
					    const char *accepted, int operand_count);

#endif
