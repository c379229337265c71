/* report_read.h: results, one or a thousand, as a struct report. */
#ifndef GVR_REPORT_READ_H
#define GVR_REPORT_READ_H

#include "bench/report/report.h"

/*
 * operands: folders with a result.json, or such files, or folders of sweeps
 * (sweep.json), whose runs that are done are read. A result is read, taken
 * from and closed before the next. On error *r is empty and e names the file,
 * the place in it and the remedy: -ENOENT, -EACCES and others of open,
 * -EBADMSG: damaged, of another version, or a sweep without a run, -ECANCELED.
 */
int report_read(struct report *r, const char *const *operands, unsigned count,
		const struct progress *progress, struct error *e);

/* A single result from memory; path is for messages. */
int report_parse(struct report *r, const char *path, const char *bytes, size_t nbytes,
		 struct error *e);

void report_free(struct report *r);

/* Have the workloads of all results one name? */
bool report_is_one_workload(const struct report *r);

/* The folder of a file, "." if it is named alone; to be freed. NULL: no memory. */
char *report_folder_of(const char *path);

#endif
