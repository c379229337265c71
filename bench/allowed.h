/*
 * allowed.h: what of the machine gvr may use: limits of its control groups (v2 and
 * v1, its own and all above), of its processor affinity, of the process itself.
 */
#ifndef GVR_ALLOWED_H
#define GVR_ALLOWED_H

#include <stdint.h>

/* Where the kernel tells; a test has folders of its own. */
struct allowed_roots {
	const char *proc, *cgroup;
};
extern const struct allowed_roots allowed_here; /* /proc and /sys/fs/cgroup */

struct allowed_memory {
	uint64_t bytes;		/* that can be had without swapping; UINT64_MAX: not known */
	const char *source;	/* static text: what says so */
	uint64_t address_bytes; /* left of ulimit -v; UINT64_MAX: no limit */
};

/* Page cache counts as free: it gives way. */
struct allowed_memory allowed_memory(const struct allowed_roots *roots);

/* Processors that this process may keep busy at a time, at least 1: those it may
 * run on or, if fewer, the quota of its control groups, rounded up. */
unsigned allowed_cores(const struct allowed_roots *roots);

/* Processors that the machine has online. */
unsigned allowed_cores_of_machine(void);

#endif
