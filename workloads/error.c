#include "workloads/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void error_clean(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++)
		if (*c < 0x20 || *c == 0x7f)
			*c = '?';
		else if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0) /* the same again in UTF-8 */
			c[0] = c[1] = '?';
}

int error_set(struct error *e, int err, const char *format, ...)
{
	if (e == NULL)
		return err;
	va_list args;
	va_start(args, format);
	vsnprintf(e->text, sizeof e->text, format, args);
	va_end(args);
	error_clean(e->text);
	return err;
}

const char *error_remedy(int err)
{
	switch (err) {
	case -EMFILE:
		return "; raise the limit of open files (ulimit -n)";
	case -ENFILE:
		return "; the whole machine has too many open: raise its limit (sysctl "
		       "fs.file-max)";
	default:
		return "";
	}
}

int error_thread(struct error *e, int err, const char *what)
{
	return error_set(e, err,
			 "cannot start %s: %s; lower numjobs, or raise the limits of processes and "
			 "of memory (ulimit -u, ulimit -v)",
			 what, strerror(-err));
}

int progress_step(const struct progress *p, const char *what, unsigned long long done,
		  unsigned long long total)
{
	return p == NULL || p->step == NULL ? 0 : p->step(p->arg, what, done, total);
}
