/*
 * progress.h: what the user sees while long work runs: one line on stderr, rewritten
 * in place, with the time passed and an ETA. It fits the terminal and is written with
 * blanks and carriage returns alone, no escape sequence, so NO_COLOR is kept as it
 * is. Only on a terminal: not in a file, nor where TERM is "dumb" or not set, as
 * such a one may not go back in its line. And how the user stops it: Ctrl-C, SIGTERM
 * or SIGHUP once ends cleanly, twice ends at once.
 */
#ifndef GVR_PROGRESS_H
#define GVR_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "workloads/error.h"

/* Catches SIGINT, SIGTERM and SIGHUP from now on, but those that are ignored. */
void progress_catch_signals(void);

/* To be called when all is kept and said: a gvr that was stopped by a signal dies of
 * that signal, so that a shell ends the loop it was started from. */
void progress_die_if_stopped(void);

/* A struct progress (error.h) that draws and that stops when the user asked. */
const struct progress *progress_terminal(void);

/* Is there a terminal to show the line on? */
bool progress_is_shown(void);

/* Shown behind what is being done, from the next step on: "retrieve 1990/s
 * p99 0.41 ms". Forgotten when something else is begun. */
void progress_detail(const char *text);

/* Work that is a part of greater work: text ("run 3/12 rate_iops=2000") is shown
 * before what is being done, and the ETA is that of all of it: end_ns, a time of
 * clock_ns; 0: not known. NULL: it is a part no longer. */
void progress_within(const char *text, uint64_t end_ns);

/* Erases the line, before something else is printed. */
void progress_clear(void);

#endif
