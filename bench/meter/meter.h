/*
 * meter.h: the contract of an energy meter. A meter is one file with a struct
 * meter_ops and one line in meters.c. It has domains: parts of the machine
 * whose energy or power it tells.
 *
 * A meter only finds and reads; whether a reading can be believed (does it
 * advance under load, is it fine enough for the time measured), wraps, sums
 * and baselines are meters.c's business, the same for all.
 *
 * Errors are 0 or -errno with a line in struct error that says what to do.
 */
#ifndef GVR_METER_H
#define GVR_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "workloads/error.h"

#define METER_NAME_NBYTES 64u
#define METER_DOMAINS_MAX 64u

/* Where meters look. Everything outlives them. */
struct meter_env {
	const char *sysfs; /* "/sys", or a folder that imitates it */
	const char *nvml;  /* the library to load: "libnvidia-ml.so.1" */
	const char *wall;  /* --wall-meter: "file:PATH" or "command:LINE"; NULL: none */
};

enum meter_unit {
	METER_ENERGY_UJ, /* a counter that grows */
	METER_POWER_UW,	 /* the power at this moment, or a recent mean */
};

/* What a meter's figure covers: decides which meter is believed for a run. */
enum meter_scope {
	METER_MACHINE,	 /* all that runs: wall, battery */
	METER_PROCESSOR, /* processor packages, all of them */
	METER_OTHER,	 /* shown beside: a part that no engine uses, or one that is not known */
};

struct meter_domain {
	char name[METER_NAME_NBYTES]; /* "package-0"; unique within the meter */
	enum meter_unit unit;
	uint64_t wrap_uj; /* counters: after wrap_uj comes 0; 0: never wraps */
	/* Counted domains are disjoint: the meter's energy is their sum. */
	bool counted;
	char note[128]; /* why it is not counted: "part of package-0" */
	/* Not "": this domain cannot be used, why, and what to do about it. */
	char unusable[256];
};

struct meter_reading {
	uint64_t value;	  /* in the domain's unit */
	uint64_t time_ns; /* of clock.h's clock_ns, when the value was true */
};

struct meter; /* the meter's own type */

struct meter_ops {
	const char *name;   /* "rapl_powercap" */
	const char *covers; /* "processor packages; not memory, disk or power supply" */
	enum meter_scope scope;
	/* True: readings come by themselves and queue up (a wall meter's lines);
	 * read is called until it says -EAGAIN. */
	bool queues;

	/* Finds the domains. -ENOENT: this machine has no such meter; other
	 * errors: it has, but it cannot be used at all. */
	int (*open)(struct meter **out, const struct meter_env *env, struct error *e);

	/* The domains, m's own, *count of them, 1 to METER_DOMAINS_MAX; those
	 * that are unusable included. The same for the meter's life. */
	const struct meter_domain *(*domains)(const struct meter *m, unsigned *count);

	/* Reads a usable domain. time_ns is taken with the value. Takes some us
	 * (100 at most); never waits. -EAGAIN: queues, and nothing is new;
	 * -ENODATA: there is nothing now, but may be later; others: the domain
	 * is gone (a zone that vanished, a command that ended), with a reason. */
	int (*read)(struct meter *m, unsigned domain, struct meter_reading *reading,
		    struct error *e);

	void (*close)(struct meter *m);
};

extern const struct meter_ops meter_rapl_powercap, meter_rapl_perf, meter_nvml, meter_hwmon,
	meter_battery, meter_wall;

#endif
