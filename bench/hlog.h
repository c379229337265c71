/*
 * hlog.h: histograms in the formats of HdrHistogram, for its tools.
 *
 * .hlog: a log of interval histograms, one line each: "Tag=TAG,start,length,
 * max,BASE64" where BASE64 is a V2 compressed histogram (cookie 0x1c849314,
 * zlib of a V2 histogram: cookie 0x1c849313, 40-byte header, ZigZag LEB128
 * counts). Times are seconds from the log's StartTime, values in it are ns.
 * .hgrm: one histogram's percentile distribution as text, values in ns.
 */
#ifndef GVR_HLOG_H
#define GVR_HLOG_H

#include <stdint.h>

#include "bench/histogram.h"
#include "workloads/error.h"

struct hlog;

/* An empty log in memory. started_s: wall clock, seconds since 1970; comment:
 * one line that says what the log is of (control characters are cleaned).
 * -ENOMEM. */
int hlog_open(struct hlog **out, double started_s, const char *comment, struct error *e);

/* Adds the histogram of one interval that began start_s after the log and
 * took length_s. tag: letters, digits, '-', '_' only. An empty histogram is
 * added too: the interval was observed. -ENOMEM. */
int hlog_add(struct hlog *l, const char *tag, double start_s, double length_s,
	     const struct histogram *h, struct error *e);

/* Writes the log to path (file_write: a temporary file, renamed). */
int hlog_write(const struct hlog *l, const char *path, struct error *e);

void hlog_close(struct hlog *l); /* NULL: nothing */

/* Writes the percentile distribution, 5 ticks per half distance, as
 * HdrHistogram's outputPercentileDistribution does. */
int hgrm_write(const struct histogram *h, const char *path, struct error *e);

#endif
