/* ring_refused.c: asks the kernel's settings why. */
#include "engines/store/ring_refused.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define OTHERWISE ", or read without one: io = pread"

/* sysctl kernel.io_uring_disabled (Linux 6.6); 0 where there is none. */
static int disabled(const char *proc)
{
	char path[256];
	int value = 0;
	snprintf(path, sizeof path, "%s/sys/kernel/io_uring_disabled", proc);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return 0;
	if (fscanf(f, "%d", &value) != 1)
		value = 0;
	fclose(f);
	return value;
}

/* Of this thread: the sysctl's 1 does not hold for it. */
static bool is_privileged(const char *proc)
{
	char path[256], line[128];
	unsigned long long capabilities = 0;
	snprintf(path, sizeof path, "%s/thread-self/status", proc);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return false;
	while (fgets(line, sizeof line, f) != NULL)
		sscanf(line, "CapEff: %llx", &capabilities);
	fclose(f);
	return (capabilities >> CAP_SYS_ADMIN & 1) != 0;
}

static const char *why_forbidden(const char *proc)
{
	int how = disabled(proc);
	if (how >= 2)
		return "kernel.io_uring_disabled is 2, for nobody; as root: sysctl "
		       "kernel.io_uring_disabled=0";
	if (how == 1 && !is_privileged(proc))
		return "kernel.io_uring_disabled is 1, for root and the group "
		       "kernel.io_uring_group alone; join it or, as root: sysctl "
		       "kernel.io_uring_disabled=0";
	return "a seccomp filter forbids it, as a container's usually does (Docker's default "
	       "profile); start the container with one that allows io_uring_setup, "
	       "io_uring_enter and io_uring_register (--security-opt seccomp=FILE)";
}

static const char *why(int err, const char *proc)
{
	switch (err) {
	case -ENOSYS:
		return "this kernel has no io_uring; use Linux 5.6 or newer, built with "
		       "CONFIG_IO_URING";
	case -EPERM:
	case -EACCES:
		return why_forbidden(proc);
	case -ENOMEM:
		return "lower iodepth or numjobs, or raise the limit of locked memory (ulimit -l)";
	case -EMFILE:
	case -ENFILE:
		return error_remedy(err) + strlen("; ");
	default:
		return "the kernel does not take it so";
	}
}

int ring_refused(struct error *e, int err, const char *how, const char *proc)
{
	return error_set(e, err, "io_uring: cannot create a ring%s: %s: %s" OTHERWISE, how,
			 strerror(-err), why(err, proc));
}
