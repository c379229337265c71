/*
 * error.h: how everything below main reports failure. A function returns 0 or
 * -errno and, where it takes a struct error, writes one line for the user that
 * names the file (and line), what is wrong and what to do. Libraries never
 * print and never exit.
 *
 * main turns the class into the exit code: -ENOENT 3, -EACCES -EPERM -EROFS 4,
 * -EINVAL of a workload file 5, -EILSEQ (bytes differ) 8, -ECANCELED and the
 * rest 1.
 */
#ifndef GVR_ERROR_H
#define GVR_ERROR_H

#include <stddef.h>

struct error {
	char text[1024];
};

/* Formats the line and returns err (a -errno), so that a caller can write
 * `return error_set(e, -ENOENT, "...")`. e may be NULL. Never appends
 * strerror: say it in words, or use %s with strerror(). Control characters in
 * the formatted text (names from files) are replaced by '?'. */
int error_set(struct error *e, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What to do about the errno of a limit that may be met wherever a file is opened,
 * to follow strerror: "; ...", or "". */
const char *error_remedy(int err);

/* "cannot start WHAT: reason; remedy", of pthread_create; returns err. */
int error_thread(struct error *e, int err, const char *what);

/* Replaces control characters by '?', as error_set does. */
void error_clean(char *text);

/* Progress of long work. done and total are in one unit of the caller's
 * choice (bytes, contents). Returns 0 to go on; not 0: stop, the work returns
 * -ECANCELED and leaves what it finished. */
struct progress {
	int (*step)(void *arg, const char *what, unsigned long long done, unsigned long long total);
	void *arg;
};

/* Calls p->step if there is one. p may be NULL. */
int progress_step(const struct progress *p, const char *what, unsigned long long done,
		  unsigned long long total);

#endif
