/* report_write.h: a report as files. */
#ifndef GVR_REPORT_WRITE_H
#define GVR_REPORT_WRITE_H

#include "bench/report/report.h"

/*
 * Draws the figures and writes into the folder `out`, which is made if it is
 * not there: figures/NAME.svg, .png and .csv, report.md and, last, report.html.
 * Each is whole or not there; nothing is written if a result is damaged or
 * drawing fails, or -EBUSY: another gvr writes there. redraw: the command that does
 * the same again. -EBADMSG, errors of plot_draw, of making folders and of writing,
 * with e; -ENOMEM. *lacks_png, after success: the machine has no font, all but the
 * .png is written.
 */
int report_write(const struct report *r, const char *out, const char *redraw,
		 const struct progress *progress, bool *lacks_png, struct error *e);

/* Reads the result.json of a folder, which the caller has locked (files_lock_dir), and
 * writes report.html beside it, nothing else. Errors as of report_read and report_write; then an
 * older page is gone, as it would tell of another result. */
int report_write_page(const char *folder, const char *redraw, const struct progress *progress,
		      struct error *e);

#endif
