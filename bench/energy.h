/*
 * energy.h: the energy of each engine's requests. Measured where a meter can
 * be believed: what its slices took, less the machine at rest. Else, and
 * beside it, modelled: what the run measured (CPU time, device reads and
 * bytes) times the constants of a platform.
 */
#ifndef GVR_ENERGY_H
#define GVR_ENERGY_H

#include <stdbool.h>

#include "bench/constants.h"
#include "bench/figure.h"
#include "bench/meter/meters.h"
#include "bench/run.h"

enum energy_kind { ENERGY_KIND_UNAVAILABLE, ENERGY_KIND_MEASURED, ENERGY_KIND_MODELLED };

/* What a request moved; assumed where the device's counters do not tell. */
struct energy_device {
	double reads, bytes;
	bool assumed; /* then between nothing and so much */
	const char *how;
};

struct energy_modelled {
	const char *why; /* NULL; else why not even this is known */
	struct energy_device device;
	struct figure cpu_joules, device_joules;     /* a request, above idle */
	struct figure joules;			     /* their sum */
	struct figure resident_watts, at_rest_watts; /* all the time */
};

struct energy {
	enum energy_kind kind;
	char why[METERS_WHY_NBYTES + 128]; /* why it is not measured; "" if it is */
	const struct metered *meter;	   /* what told of all its slices; NULL: none */
	double window_s;		   /* of all its slices */
	struct figure idle_watts;	   /* of the machine at rest: metered, or else modelled */
	double total_joules;		   /* with a meter: of its slices, idle included */
	/* A request's, above the machine at rest, verification taken off: by the meter
	 * alone (measured), and with the device's part modelled where the meter does
	 * not cover it. */
	struct figure metered_joules, joules_per_request;
	struct energy_modelled modelled;
};

/* What the slices of all engines took together, and where it went. */
struct energy_whole {
	enum energy_kind kind;
	double window_s, process_cpu_s;
	struct figure joules;	      /* measured, or modelled from the CPU time of all of gvr */
	struct figure idle_joules;    /* the machine at rest for so long */
	struct figure engines_joules; /* above idle, by the engines' own CPU time */
	double harness_joules;	      /* the nominal rest: verification, pacing */
};

struct energies {
	const struct constants *platform;
	struct energy of[WORKLOAD_ENGINES_MAX]; /* the engines of the run, in order */
	struct energy_whole whole;
};

/* After run_execute; sets joules_per_request of each round too. platform: a set
 * of platform_table, which outlives the energies. */
void energies_of(struct run *run, const struct constants *platform, struct energies *energies);

/* Above idle, of so much CPU time. */
struct figure energy_model_cpu(const struct constants *platform, double cpu_s);

/* Measured: "by METER: what it covers", and what is added to it. Cut to fit. */
void energy_measured_how(const struct energy *en, char *text, size_t capacity);

#endif
