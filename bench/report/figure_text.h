/* figure_text.h: texts of figures: sentences that grow, names of results. */
#ifndef GVR_FIGURE_TEXT_H
#define GVR_FIGURE_TEXT_H

#include <stddef.h>

#include "bench/report/plot.h"
#include "bench/report/report.h"

/* As snprintf, but what has no room gives way to "…", and no character is cut.
 * capacity: 4 or more. */
void figure_print(char *text, size_t capacity, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Appends to a caption or alt text; what has no room gives way to "…". */
void figure_say(char text[PLOT_ALT_NBYTES], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define FIGURE_NAME_NBYTES 512u

/* "rate_iops 500, iodepth 8": what r->axes are in a result, but for the axis
 * `except` (r->axis_count: none). "": there is nothing to tell. */
void figure_settings(char name[FIGURE_NAME_NBYTES], const struct report *r, unsigned run,
		     unsigned except);

/* Which of several results it is: its settings, the name of its workload where
 * these differ, or else its folder. */
void figure_run_name(char name[FIGURE_NAME_NBYTES], const struct report *r, unsigned run);

#endif
