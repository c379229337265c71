/* shell.h: words that a user copies into a shell. */
#ifndef GVR_SHELL_H
#define GVR_SHELL_H

#include <stddef.h>
#include <stdio.h>

/* Room for one in a message (struct error). */
#define SHELL_QUOTED_NBYTES 512u

/* The word as a shell takes it: in single quotes if it must. */
void shell_quote(FILE *f, const char *word);

/* The same in a message. One that has no room in capacity bytes is left out, as
 * "...": a part of a path must not be taken for it. */
void shell_quoted(char *out, size_t capacity, const char *word);

/* A path that stands where an option might: "./" goes before a '-'. */
void shell_quote_path(FILE *f, const char *path);

#endif
