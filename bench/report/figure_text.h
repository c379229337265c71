/* figure_text.h: names of results in figures. */
#ifndef GVR_FIGURE_TEXT_H
#define GVR_FIGURE_TEXT_H

#include "bench/report/report.h"

#define FIGURE_NAME_NBYTES 512u

/* "rate_iops 500, iodepth 8": what r->axes are in a result, but for the axis
 * `except` (r->axis_count: none). "": there is nothing to tell. */
void figure_settings(char name[FIGURE_NAME_NBYTES], const struct report *r, unsigned run,
		     unsigned except);

/* Which of several results it is: its settings, the name of its workload where
 * these differ, or else its folder. */
void figure_run_name(char name[FIGURE_NAME_NBYTES], const struct report *r, unsigned run);

#endif
