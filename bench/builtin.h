/*
 * builtin.h: the constants that gvr carries with it (bench/prices.ini and
 * bench/platforms/), and how the user's own are read over them.
 */
#ifndef GVR_BUILTIN_H
#define GVR_BUILTIN_H

#include "bench/constants.h"

/* The files themselves, as text. */
extern const char builtin_prices[];

/* Of "server", "desktop" or "laptop"; NULL: no such platform. */
const char *builtin_platform(const char *name);

/* The built-in prices and, if path is not NULL, those of that file over them.
 * Errors as of constants_read, which see also for path. */
int prices_read(struct constants *set, const char *path, struct error *e);

/* The built-in platform of that name, or else the file of that path over the
 * built-in server; "./server" is a file. Errors as of constants_read. */
int platform_read(struct constants *set, const char *name_or_path, struct error *e);

#endif
