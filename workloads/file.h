/* file.h: files that are whole or not there. */
#ifndef GVR_FILE_H
#define GVR_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "workloads/error.h"

struct file_part {
	const void *bytes;
	size_t nbytes;
};

/*
 * Writes the parts, one after the other, as the file `path`: to a temporary
 * file beside it, fsync, rename, fsync of the folder. Whatever happens, path is
 * what it was or what it should become. Processes that write the same path at
 * the same time do not disturb each other: the last one wins.
 * 0, or -errno with e ("PATH: cannot write: reason; remedy").
 */
int file_write(const char *path, const struct file_part *parts, unsigned count, struct error *e);

/* The same, unless there is such a file already: -EEXIST, and it stays as it is. */
int file_write_new(const char *path, const struct file_part *parts, unsigned count,
		   struct error *e);

/* Reads on from where fd is: capacity bytes, or fewer if the file ends. Returns
 * how many, or -errno. */
ssize_t file_read_up_to(int fd, void *bytes, size_t capacity);

/* Is path the folder dir, which is there, or below it? Links are followed; what of
 * path is not there yet is taken as if it were made now. */
bool file_lies_in(const char *dir, const char *path);

/* Is it "~" or "~/...", which a shell turns into the user's home only where a word
 * begins with it? Then *e says so ("~/x: ... write /home/me/x"). */
bool file_has_tilde(const char *path, struct error *e);

/* "PATH: what: reason" and the remedy that fits the errno; returns err. */
int file_error(struct error *e, int err, const char *what, const char *path);

#endif
