/* ring_refused.h: why the kernel gives no io_uring, and what to do about it. */
#ifndef GVR_RING_REFUSED_H
#define GVR_RING_REFUSED_H

#include "workloads/error.h"

/*
 * err: what io_uring_setup said (-errno); how: "" or " with ...", what was asked
 * for. proc: where /proc is. Returns err; e names the cause: no io_uring in this
 * kernel, the sysctl that switches it off, a seccomp filter, or a limit; and the
 * remedy, of which io = pread always is one.
 */
int ring_refused(struct error *e, int err, const char *how, const char *proc);

#endif
