/* breakeven_internal.h: what the breakeven_*.c files share. */
#ifndef GVR_BREAKEVEN_INTERNAL_H
#define GVR_BREAKEVEN_INTERNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "bench/constants.h"
#include "bench/economics.h"

#define BREAKEVEN_VERDICT_NBYTES 512u

/* "Store what is asked for more often than once every 78 days (31 to 179);
 * regenerate the rest. Generation costs 340 x the energy of a read (modelled)."
 * energy_ratio: NAN: not known; how: " (modelled)". */
void breakeven_verdict(char verdict[BREAKEVEN_VERDICT_NBYTES], const struct break_even *money,
		       double energy_ratio, const char *how);

/* What the layers cannot tell from the engine alone. */
struct layer_costs {
	double served_bytes;	/* of a request */
	double joules;		/* a request, without the site's part */
	double usd_per_million; /* requests */
	double usd_per_month;	/* to keep it ready: bytes at rest and in memory */
};

/* What one engine takes of each layer, from energy up to the application. */
json_t *breakeven_layer_json(const json_t *engine, const struct layer_costs *costs);

#endif
