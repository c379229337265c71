/*
 * economics.h: when does it pay to store a content, and when to make it each
 * time it is asked for? Pure arithmetic on uncertain figures.
 *
 * A content that is asked for once every T seconds costs per_request / T +
 * per_second a second, stored or made. Both sides are compared in money ($),
 * energy (J) and emissions (gCO2e). 1 GB is 1e9 bytes, 1 TB 1e12 bytes, a year
 * 365.25 days. All figures are finite and >= 0.
 */
#ifndef GVR_ECONOMICS_H
#define GVR_ECONOMICS_H

#include <stdint.h>

#include "bench/constants.h"

/* ---- two ways to have one content ---- */

struct choice_side {
	double per_request;
	double per_second; /* standing, asked for or not */
};

enum crossing_kind {
	CROSSING_INTERVAL,     /* store what is asked for more often than once per interval */
	CROSSING_REVERSED,     /* make what is asked for more often, store the rest */
	CROSSING_ALWAYS_MAKE,  /* making costs less (or as much) both ways */
	CROSSING_ALWAYS_STORE, /* storing does */
	CROSSING_EQUAL,	       /* both cost the same, however often */
};

struct crossing {
	enum crossing_kind kind;
	double interval_s; /* INTERVAL and REVERSED; else 0 */
};

/*
 * With n = make.per_request - store.per_request, what making costs more, and d =
 * store.per_second - make.per_second, what keeping costs more, storing is
 * cheaper where n / T > d:
 *
 *	n > 0, d > 0	INTERVAL n / d
 *	n < 0, d < 0	REVERSED n / d: cheaper to make, dearer to keep
 *	n <= 0, d >= 0	ALWAYS_MAKE	but n = 0, d = 0	EQUAL
 *	n >= 0, d <= 0	ALWAYS_STORE
 */
struct crossing crossing_of(struct choice_side store, struct choice_side make);

/* ---- what goes into a comparison ---- */

enum measure { MEASURE_MONEY, MEASURE_ENERGY, MEASURE_CARBON, MEASURES };

/* Measured of each side, for one content of the size that was served. */
enum side_input {
	SIDE_CPU_S,
	SIDE_DEVICE_READS, /* per request */
	SIDE_DEVICE_BYTES, /* per request */
	SIDE_JOULES,	   /* per request; only where it was measured */
	SIDE_STORED_BYTES, /* per content, one copy */
	SIDE_INPUTS
};

/* First the constants: one value for both sides, which move together. */
enum input {
	INPUT_CORE_ACTIVE_WATTS,
	INPUT_SSD_WATTS_PER_TB,
	INPUT_SSD_READ_MICROJOULES,
	INPUT_SSD_READ_NANOJOULES_PER_BYTE,
	INPUT_ELECTRICITY_USD_PER_KWH,
	INPUT_PUE,
	INPUT_GRID_GCO2E_PER_KWH,
	INPUT_SSD_USD_PER_GB,
	INPUT_SSD_LIFE_YEARS,
	INPUT_SSD_EMBODIED_KG_PER_GB,
	INPUT_CORE_USD,
	INPUT_CORE_LIFE_YEARS,
	INPUT_CORE_EMBODIED_KG,
	INPUT_REPLICAS,
	INPUT_SPACE_AMPLIFICATION,
	INPUT_STORE,				/* + enum side_input: the side that stores */
	INPUT_MAKE = INPUT_STORE + SIDE_INPUTS, /* the side that makes */
	INPUTS = INPUT_MAKE + SIDE_INPUTS
};

/* The constant's name as in its file, or "store.cpu_s"; its unit ("" if none). */
const char *input_name(enum input input);
const char *input_unit(enum input input);

/* What SIDE_JOULES covers. */
enum energy_scope {
	ENERGY_MODELLED,  /* nothing, it is not used: CPU time and reads by the constants */
	ENERGY_PROCESSOR, /* the processor: the device's reads are added by the constants */
	ENERGY_MACHINE,	  /* all of it */
};

struct comparison {
	struct figure input[INPUTS];
	enum energy_scope store_energy, make_energy;
};

/* Fills the inputs that are constants; the measured ones stay as they are. */
void comparison_take_constants(struct comparison *c, const struct constants *platform,
			       const struct constants *prices);

/*
 * The nominal cost of a side, which is INPUT_STORE or INPUT_MAKE.
 *
 * J = cpu_s * core_active_watts + reads and bytes by their constants, or what
 * was measured (enum energy_scope).
 * Per request: money: cpu_s * core_usd / core_life + J * pue * electricity;
 * energy: J * pue; carbon: the same as money with core_embodied and grid.
 * Per second, for stored_bytes * replicas * space_amplification: money: ssd_usd
 * / ssd_life + W * pue * electricity with W of ssd_watts_per_tb; energy: W *
 * pue; carbon: likewise with ssd_embodied and grid.
 */
struct choice_side comparison_side(const struct comparison *c, enum measure measure,
				   enum input side);

/* ---- the break-even interval and how well it is known ---- */

/*
 * Where the nominal crossing is INTERVAL, a crossing counts as the interval
 * below which storing pays: ALWAYS_MAKE and EQUAL as 0, ALWAYS_STORE as infinity.
 * The same where nothing crosses nominally (so a range tells how far the answer
 * is from a crossing). Where it is REVERSED: as the interval below which making
 * pays: ALWAYS_STORE and EQUAL as 0, ALWAYS_MAKE as infinity. A crossing of the
 * other orientation (only where the ranges of the stored bytes overlap) counts
 * as infinity: there is no common rule.
 */
struct span {
	double low_s, high_s; /* low_s <= high_s; 0 and INFINITY are possible */
};

/* One input moved to its ends, all others nominal. */
struct sensitivity {
	enum input input;
	double at_low_s, at_high_s; /* of the input: at_low_s may be the greater */
	double swing;		    /* the greater over the lesser, >= 1; may be INFINITY */
};

struct break_even {
	struct crossing nominal;
	/* The inputs as independent: in the logarithm, the root of the sum of
	 * squares of the moves downwards, and upwards, that each alone makes;
	 * within bounds. Where nothing crosses nominally there is no logarithm:
	 * the widest of the single moves. */
	struct span likely;
	/* All inputs at once at those ends that lower, and raise, the interval
	 * most; holds each single move. */
	struct span bounds;
	struct sensitivity inputs[INPUTS]; /* the greatest swing first, ties by name */
};

void break_even_of(const struct comparison *c, enum measure measure, struct break_even *out);

/* ---- the model's own bytes, and time ---- */

/* Bytes for the whole catalogue, and for each byte of content (ratios). */
struct catalogue {
	double model_bytes, dictionary_bytes;
	double make_ratio, store_ratio; /* stored bytes per content byte */
	double training_bytes;		/* see training_as_bytes; 0: not counted */
};

struct catalogue_crossing {
	/* INTERVAL: the model pays from content_bytes on; REVERSED: up to there;
	 * ALWAYS_MAKE: pays always; ALWAYS_STORE: never; EQUAL: is all the same. */
	enum crossing_kind kind;
	double content_bytes; /* INTERVAL and REVERSED; else 0 */
};

/* From how much content on do a model and what it leaves to store take fewer
 * bytes than a dictionary and what that leaves? */
struct catalogue_crossing catalogue_crossing_of(const struct catalogue *k);

/* The bytes whose keeping over an SSD's life, at nominal constants with all
 * copies, takes the energy of a training: the model must save those as well to
 * repay it within that time. (The site's pue is on both sides.) INFINITY where
 * keeping takes no energy. */
double training_as_bytes(const struct comparison *c, double training_joules);

/* What keeping so many bytes in memory costs, nominal $ a second: its price over
 * its life, and its power. */
double memory_usd_per_second(const struct constants *platform, const struct constants *prices,
			     double bytes);

/* The size of a content (bytes) below which making it takes less time than
 * reading it; make_bytes_per_s: of one stream. */
double size_made_faster_bytes(double read_s, double make_bytes_per_s);

#endif
