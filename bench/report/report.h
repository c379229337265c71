/*
 * report.h: what one or several results say, for people: report.html, which
 * stands alone, report.md and the figures. Takes everything from result.json
 * and nothing else, so that it can be drawn again years later.
 */
#ifndef GVR_REPORT_H
#define GVR_REPORT_H

#include <jansson.h>
#include <stdbool.h>

#include "bench/figure.h"
#include "bench/report/plot.h"
#include "workloads/error.h"

/* One engine of one result: what figures over many results need. NAN: null. */
struct report_engine {
	unsigned run;	 /* index of its result */
	unsigned colour; /* the same for a label in all results */
	char *label, *kind;
	double offered_rps, achieved_rps;
	double response_p50_ns, response_p99_ns;
	double cpu_us_per_request;
	double content_bytes; /* of all contents */
	double at_rest_bytes; /* of the store, all of it */
	double at_rest_fixed_bytes;
	double shared_bytes; /* dictionary or model */
	double at_rest_per_content_byte;
	double moved_bytes;   /* a request */
	struct figure joules; /* a request */
	char *energy_kind;    /* "measured", "modelled", "unavailable" */
};

/* One result. */
struct report_run {
	char *path;	 /* of result.json, as given */
	char *folder;	 /* of it */
	char *name;	 /* of the workload */
	char *source;	 /* where its documents come from, and how they are cut */
	char *documents; /* their fingerprint; "": it has none, or does not tell */
	bool valid;
	char *why_invalid;		      /* the first reason; "" */
	bool compared;			      /* there is a break-even */
	char *verdict;			      /* of breakeven; if not compared: why there is none */
	double interval_days, likely_days[2]; /* by money; NAN: none */
	double contexts;
	double target_latency_ns; /* NAN: none */
	double target_percentile;
	unsigned first_engine, engine_count; /* of report.engines */
	char **settings;		     /* of each of report.axes: its value here; "" */
};

struct report {
	unsigned run_count, engine_count, axis_count;
	struct report_run *runs;
	struct report_engine *engines;
	/* What differs between the results: of a sweep what was swept, else the
	 * settings of the workload that are not the same in all. "workload.rate_iops". */
	char **axes;
	char *sweep;		/* the command of a sweep; NULL: none */
	unsigned sweep_planned; /* runs of its grid */
	/* The whole of a single result; NULL with several. */
	const json_t *result;
	const char *result_path; /* for messages */
};

/*
 * A figure: fills p (plot_init included), or says by plot_cannot why there is
 * nothing to draw. -EBADMSG with e: the result is damaged.
 */
typedef int report_figure(struct plot *p, const struct report *r, struct error *e);

/* of one result */
report_figure figure_percentiles, figure_at_rest, figure_moved, figure_energy, figure_ratios;
report_figure figure_map_replicas, figure_map_ssd_price, figure_contexts;
/* of one or several */
report_figure figure_throughput, figure_pareto_bytes, figure_pareto_energy;
/* of several */
report_figure figure_intervals;

#endif
