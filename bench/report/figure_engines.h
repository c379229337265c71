/*
 * figure_engines.h: what the figures of one result share: its engines and their
 * rounds, read as strictly as json_reader.h does.
 */
#ifndef GVR_FIGURE_ENGINES_H
#define GVR_FIGURE_ENGINES_H

#include <jansson.h>

#include "bench/figure.h"
#include "bench/json_reader.h"
#include "bench/report/report.h"
#include "workloads/workload.h"

struct figure_engine {
	const char *label;	     /* of any length, of the JSON */
	char name[PLOT_TEXT_NBYTES]; /* the same, to be shown */
	unsigned colour;	     /* by the order of the file */
	const json_t *json, *rounds;
	unsigned round_count;
};

struct figure_engines {
	struct json_reader json; /* err: what was wrong first */
	const json_t *result;
	unsigned count; /* 0 only where err is set */
	struct figure_engine of[WORKLOAD_ENGINES_MAX];
};

/* r->result must stay until the last use. 0, or -EBADMSG with e filled. */
int figure_engines_read(struct figure_engines *all, const struct report *r, struct error *e);

/* As the functions of json_reader.h, of an engine. */
double figure_number(struct figure_engines *all, const struct figure_engine *engine,
		     const char *keys);
struct figure figure_range(struct figure_engines *all, const struct figure_engine *engine,
			   const char *keys);
const char *figure_text(struct figure_engines *all, const struct figure_engine *engine,
			const char *keys);

/* Of round i < engine->round_count; NAN: null, or err is set. */
double figure_round(struct figure_engines *all, const struct figure_engine *engine, unsigned i,
		    const char *key);

/* A dot for every round that has the figure. */
void figure_add_rounds(struct plot *p, struct plot_row *row, struct figure_engines *all,
		       const struct figure_engine *engine, const char *key);

/* Adds "NAME: TEXT; NAME, NAME: TEXT": engines of the same text together, those of
 * "" not at all; "TEXT" alone if it is that of all. texts: one of each engine. */
void figure_add_texts(char *out, size_t capacity, const struct figure_engines *all,
		      const char *const *texts);

#endif
