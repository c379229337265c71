/* calibrate.h: the modelled energy's constants, fitted to a meter. */
#ifndef GVR_CALIBRATE_H
#define GVR_CALIBRATE_H

#include <stdbool.h>

#include "bench/constants.h"
#include "bench/meter/meters.h"

#define CALIBRATE_LEVELS_MAX 5u

/* Power at a load: so many processors busy on average. */
struct calibrate_level {
	double busy, watts;
};

struct calibrate_fit {
	struct figure active_watts; /* of one busy core; the ends: between single levels */
	double idle_watts;	    /* of the machine */
	double error;		    /* the greatest relative one of any level */
};

/* The straight line watts = idle + busy * active that is nearest (least
 * squares). False: fewer than two different loads, no power at all or per core. */
bool calibrate_line(const struct calibrate_level *levels, unsigned count,
		    struct calibrate_fit *fit);

/* Runs loads of none to all processors, prints what the meter said and the
 * fit; out: also writes a platform file there; NULL: not. -ENODEV: no meter can
 * be believed; -ERANGE: its power does not follow the load, or not that of a
 * machine. */
int calibrate(struct meters *meters, const char *out, struct error *e);

#endif
