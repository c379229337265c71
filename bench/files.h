/* files.h: folders that the harness makes. */
#ifndef GVR_FILES_H
#define GVR_FILES_H

#include "workloads/file.h"

/* mkdir -p. */
int files_make_dirs(const char *path, struct error *e);

/* mkdir -p, and makes sure that files can be made in it. */
int files_make_writable_dir(const char *path, struct error *e);

/* Refuses, -ENOTSUP, a place to write to in a folder of documents, or below it: what
 * gvr writes there would be read as a document from then on. Neither need be there.
 * what: goes there; remedy: how to name another place. */
int files_keep_apart(const char *documents, const char *path, const char *what, const char *remedy,
		     struct error *e);

/* The same of a file, which is put there by a rename: its folder decides. */
int files_keep_file_apart(const char *documents, const char *file, const char *what,
			  const char *remedy, struct error *e);

/* A name as part of a folder's: utf8_name, and '.' becomes '_'. */
void files_clean_name(char *out, size_t capacity, const char *name);

/* Locks a folder that is there for what writes into it, until *fd is closed or the
 * process ends. -EBUSY: another gvr holds it; *fd is then -1. Not for reading. Where
 * the file system has no locks for folders, none is taken. */
int files_lock_dir(int *fd, const char *path, struct error *e);

#endif
