/* sysfs.h: single values of a tree of small files. */
#ifndef GVR_METER_SYSFS_H
#define GVR_METER_SYSFS_H

#include <stddef.h>
#include <stdint.h>

/* The first line of the file whose path is dir/name, without the newline and
 * the blanks around it. 0, or -errno of open and read; -ENODATA: it is empty
 * or longer than capacity - 1; text is then empty. */
int sysfs_text(const char *dir, const char *name, char *text, size_t capacity);

/* A whole number >= 0 in decimal, alone on its line. -ENODATA: it is none. */
int sysfs_number(const char *dir, const char *name, uint64_t *value);

/* A file name starts with prefix and ends with a number: "hwmon3"; fills
 * numbers with those found in dir, ascending, at most capacity of them.
 * Returns how many; -errno if dir cannot be read. */
int sysfs_list(const char *dir, const char *prefix, unsigned *numbers, unsigned capacity);

#endif
