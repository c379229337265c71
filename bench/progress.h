/*
 * progress.h: what the user sees while long work runs: one line on stderr,
 * rewritten in place, with an ETA; only on a terminal. And how the user stops
 * it: Ctrl-C or SIGTERM once ends cleanly, twice ends at once.
 */
#ifndef GVR_PROGRESS_H
#define GVR_PROGRESS_H

#include "workloads/error.h"

/* Catches SIGINT and SIGTERM from now on. */
void progress_catch_signals(void);

/* A struct progress (error.h) that draws and that stops when the user asked. */
const struct progress *progress_terminal(void);

/* Erases the line, before something else is printed. */
void progress_clear(void);

#endif
