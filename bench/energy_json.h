/* energy_json.h: energy as result.json holds it. */
#ifndef GVR_ENERGY_JSON_H
#define GVR_ENERGY_JSON_H

#include <jansson.h>

#include "bench/energy.h"

/* engines.LABEL.energy */
json_t *energy_json(const struct engine_run *er, const struct energy *en,
		    const struct constants *platform);

/* energy: of all slices together, and every meter with what became of it. */
json_t *energy_whole_json(const struct energy_whole *w);
json_t *energy_meters_json(const struct run *run);

/* A meter: its name, what it covers, and whether it can be believed. */
json_t *energy_meter_json(const struct metered *m);

/* A set of constants by name, each with its range, unit, source and where it is
 * from. */
json_t *constants_json(const struct constants *set, const struct constant_table *table);

#endif
