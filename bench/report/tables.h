/*
 * tables.h: the tables of a report. Every figure in them is one of result.json,
 * which must be there: null, where that is allowed, is shown as "-".
 */
#ifndef GVR_TABLES_H
#define GVR_TABLES_H

#include "bench/report/report.h"
#include "bench/report/table.h"

enum report_table {
	TABLE_ENGINES,	   /* what each engine did, in one column */
	TABLE_STEPS,	   /* of rate_iops */
	TABLE_RATIOS,	   /* of the engines, round by round */
	TABLE_INTERVALS,   /* of the break-even, for each pair */
	TABLE_SENSITIVITY, /* by money */
	TABLE_LAYERS,	   /* from energy to application */
	TABLE_PAIR,	   /* what else the break-even tells */
	TABLE_VALIDITY,	   /* why the figures can be believed, for each engine */
	TABLE_SOURCES,	   /* and where they come from */
	TABLE_MEASURED,	   /* the run as a whole */
	TABLE_METERS,
	TABLE_HOST,
	TABLE_PLATFORM,
	TABLE_PRICES,
	REPORT_TABLES
};

/* All tables of a single result; one that says nothing has no rows. On error
 * there are none: -EBADMSG with e: the result is damaged; -ENOMEM. */
int tables_make(struct table tables[REPORT_TABLES], const struct report *r, struct error *e);
void tables_free(struct table tables[REPORT_TABLES]);

/* One row a result, with a link to its own report where there is one, from
 * the folder `out`. -ENOMEM. */
int tables_overview(struct table *t, const struct report *r, const char *out, struct error *e);

#endif
