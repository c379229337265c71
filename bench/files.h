/* files.h: small file helpers of the harness. */
#ifndef GVR_FILES_H
#define GVR_FILES_H

#include <stddef.h>

#include "workloads/error.h"

/* mkdir -p. */
int files_make_dirs(const char *path, struct error *e);

/* Writes a whole file: temporary file beside it, fsync, rename. */
int files_write(const char *path, const void *bytes, size_t nbytes, struct error *e);

/* A -errno with "PATH: what: reason" and the remedy that fits the errno. */
int files_error(struct error *e, int err, const char *what, const char *path);

#endif
