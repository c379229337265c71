/*
 * constants.h: constants that a comparison needs and no run measures, each with
 * its uncertainty and its source. INI files, read with libinih (and readable by
 * Python's configparser): a section [about] with a name and a date, then one
 * section a constant:
 *
 *	[ssd_usd_per_gb]
 *	low = 0.05
 *	nominal = 0.10
 *	high = 0.30
 *	source = street prices of 2026
 *
 * low and high are the ends of a 90 % range; left out together they are the
 * nominal value: a choice (replicas = 3), not an uncertainty.
 */
#ifndef GVR_CONSTANTS_H
#define GVR_CONSTANTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "bench/figure.h"
#include "workloads/error.h"

struct constant_kind {
	const char *name, *unit;
	double least, greatest; /* allowed, inclusive */
	const char *what;
};

/* What a kind of file may hold. */
struct constant_table {
	const char *file_kind; /* "price file" */
	bool dated;	       /* a date is required */
	unsigned count;
	const struct constant_kind *kinds;
};

/* One machine. */
enum platform_constant {
	PLATFORM_CORE_ACTIVE_WATTS,
	PLATFORM_CORE_IDLE_WATTS,
	PLATFORM_DRAM_WATTS_PER_GB,
	PLATFORM_SSD_WATTS_PER_TB,
	PLATFORM_SSD_READ_MICROJOULES,
	PLATFORM_SSD_READ_NANOJOULES_PER_BYTE,
	PLATFORM_CONSTANTS
};

/* What things cost, and the site where they stand. */
enum price_constant {
	PRICE_ELECTRICITY_USD_PER_KWH,
	PRICE_PUE,
	PRICE_GRID_GCO2E_PER_KWH,
	PRICE_SSD_USD_PER_GB,
	PRICE_SSD_LIFE_YEARS,
	PRICE_SSD_EMBODIED_KG_PER_GB,
	PRICE_DRAM_USD_PER_GB,
	PRICE_DRAM_LIFE_YEARS,
	PRICE_CORE_USD,
	PRICE_CORE_LIFE_YEARS,
	PRICE_CORE_EMBODIED_KG,
	PRICE_REPLICAS,
	PRICE_SPACE_AMPLIFICATION,
	PRICE_CONSTANTS
};

extern const struct constant_table platform_table; /* kinds by enum platform_constant */
extern const struct constant_table price_table;	   /* by enum price_constant */

#define CONSTANTS_MAX 16u
#define CONSTANT_TEXT_NBYTES 512u

struct constant {
	struct figure value;
	char source[CONSTANT_TEXT_NBYTES];
	const char *from; /* the name or path of the text that holds it; NULL: none did */
};

struct constants {
	char name[CONSTANT_TEXT_NBYTES];
	char date[sizeof "2026-11-25"]; /* "": a file without */
	struct constant values[CONSTANTS_MAX];
};

/*
 * Reads a file of the table's kind over what *set holds: constants that the
 * file does not name keep their values and where they are from, so start with
 * zeros and the built-in text (builtin.h). The set keeps the pointer path, which
 * must outlive it.
 *
 * Returns 0, or -errno with e filled and *set as it was: -ENOENT, -EACCES;
 * -EINVAL for anything wrong with what the file says ("FILE:LINE: ...").
 */
int constants_read(struct constants *set, const struct constant_table *table, const char *path,
		   struct error *e);

/* The same for text in memory (not NUL-terminated); name stands for the path. */
int constants_parse(struct constants *set, const struct constant_table *table, const char *name,
		    const char *text, size_t text_nbytes, struct error *e);

/* A line of at most 80 columns for each: name, low, nominal, high, unit. */
void constants_print(FILE *out, const struct constants *set, const struct constant_table *table);

#endif
