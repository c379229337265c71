/* allowed.c: /proc, control groups and limits of the process. */
#include "bench/allowed.h"

#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/meter/sysfs.h"

#define CPUS_MAX (1u << 16)

const struct allowed_roots allowed_here = {"/proc", "/sys/fs/cgroup"};

/* ---- control groups ---- */

/* Is controller one of the comma-separated list? "" is version 2. */
static bool lists(const char *list, const char *controller)
{
	size_t nbytes = strlen(controller);

	if (nbytes == 0)
		return list[0] == '\0';
	for (; list != NULL; list = strchr(list, ',') != NULL ? strchr(list, ',') + 1 : NULL)
		if (strncmp(list, controller, nbytes) == 0 &&
		    (list[nbytes] == '\0' || list[nbytes] == ','))
			return true;
	return false;
}

/* This process's group below the mount of that controller: "/a/b" or "/". */
static bool own_group(const struct allowed_roots *roots, const char *controller,
		      char path[PATH_MAX])
{
	char line[PATH_MAX];
	bool found = false;

	snprintf(line, sizeof line, "%s/self/cgroup", roots->proc);
	FILE *f = fopen(line, "re");
	if (f == NULL)
		return false;
	while (!found && fgets(line, sizeof line, f) != NULL) { /* "N:CONTROLLERS:/PATH" */
		char *list = strchr(line, ':'), *at = list != NULL ? strchr(list + 1, ':') : NULL;
		if (at == NULL)
			continue;
		*at++ = '\0';
		at[strcspn(at, "\n")] = '\0';
		found = lists(list + 1, controller);
		snprintf(path, PATH_MAX, "%s", at);
	}
	fclose(f);
	return found;
}

/* Looks at the process's group and all above it: each may limit it. A container
 * may see but its own as the topmost, whatever it is called outside. */
static void each_group(const struct allowed_roots *roots, const char *controller,
		       void (*look)(const char *dir, void *arg), void *arg)
{
	char path[PATH_MAX], dir[2 * PATH_MAX];

	if (!own_group(roots, controller, path))
		return;
	for (char *end = path + strlen(path); end != NULL; end = strrchr(path, '/')) {
		*end = '\0';
		snprintf(dir, sizeof dir, "%s/%s%s", roots->cgroup, controller, path);
		look(dir, arg);
	}
}

/* ---- memory ---- */

/* The number after a name, in a file of such lines; 0: it is not there. */
static uint64_t named_number(const char *dir, const char *file, const char *name)
{
	char path[2 * PATH_MAX + 64], line[256];
	uint64_t value = 0;
	size_t nbytes = strlen(name);

	snprintf(path, sizeof path, "%s/%s", dir, file);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return 0;
	while (fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, name, nbytes) == 0 && strchr(": \t", line[nbytes]) != NULL)
			value = strtoull(line + nbytes + 1, NULL, 10);
	fclose(f);
	return value;
}

/* The group's limit and use are numbers in these files; memory.stat has its page cache,
 * by names that begin with prefix. */
static void limit_by(struct allowed_memory *m, const char *dir, const char *limit_file,
		     const char *used_file, const char *prefix)
{
	uint64_t limit, used, cached = 0;
	char name[32];

	if (sysfs_number(dir, limit_file, &limit) != 0 || sysfs_number(dir, used_file, &used) != 0)
		return;
	snprintf(name, sizeof name, "%sinactive_file", prefix);
	cached += named_number(dir, "memory.stat", name);
	snprintf(name, sizeof name, "%sactive_file", prefix);
	cached += named_number(dir, "memory.stat", name);
	used -= cached < used ? cached : used;
	uint64_t left = limit > used ? limit - used : 0;

	if (left >= m->bytes)
		return;
	m->bytes = left;
	m->source = "as its control group limits it";
}

static void look_at_memory(const char *dir, void *arg)
{
	limit_by(arg, dir, "memory.max", "memory.current", "");
}

static void look_at_memory_v1(const char *dir, void *arg)
{
	limit_by(arg, dir, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_");
}

static uint64_t address_bytes_left(const struct allowed_roots *roots)
{
	struct rlimit limit;
	char dir[PATH_MAX];

	if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
		return UINT64_MAX;
	snprintf(dir, sizeof dir, "%s/self", roots->proc);
	uint64_t used = named_number(dir, "status", "VmSize") * 1024;
	return limit.rlim_cur > used ? limit.rlim_cur - used : 0;
}

struct allowed_memory allowed_memory(const struct allowed_roots *roots)
{
	struct allowed_memory m = {UINT64_MAX, "", address_bytes_left(roots)};
	uint64_t kib = named_number(roots->proc, "meminfo", "MemAvailable");

	if (kib > 0) {
		m.bytes = kib * 1024;
		m.source = "on this machine";
	}
	each_group(roots, "", look_at_memory, &m);
	each_group(roots, "memory", look_at_memory_v1, &m);
	return m;
}

/* ---- processors ---- */

static void limit_quota(unsigned *cores, double quota_us, double period_us)
{
	if (quota_us <= 0 || period_us <= 0 || quota_us >= *cores * period_us)
		return;
	unsigned whole = (unsigned)(quota_us / period_us);
	*cores = whole * period_us < quota_us ? whole + 1 : whole;
}

static void look_at_quota(const char *dir, void *arg)
{
	char text[64];
	double quota_us, period_us;

	if (sysfs_text(dir, "cpu.max", text, sizeof text) == 0 &&
	    sscanf(text, "%lf %lf", &quota_us, &period_us) == 2)
		limit_quota(arg, quota_us, period_us);
}

static void look_at_quota_v1(const char *dir, void *arg)
{
	uint64_t quota_us, period_us;

	if (sysfs_number(dir, "cpu.cfs_quota_us", &quota_us) == 0 && /* -1: none */
	    sysfs_number(dir, "cpu.cfs_period_us", &period_us) == 0)
		limit_quota(arg, (double)quota_us, (double)period_us);
}

/* The kernel wants a set for every CPU that the machine might have. */
static unsigned affinity_count(void)
{
	int count = 0;

	for (unsigned cpus = CPU_SETSIZE; count == 0 && cpus <= CPUS_MAX; cpus *= 2) {
		cpu_set_t *set = CPU_ALLOC(cpus);
		size_t nbytes = CPU_ALLOC_SIZE(cpus);
		if (set != NULL && sched_getaffinity(0, nbytes, set) == 0)
			count = CPU_COUNT_S(nbytes, set);
		CPU_FREE(set);
	}
	return count > 0 ? (unsigned)count : allowed_cores_of_machine();
}

unsigned allowed_cores(const struct allowed_roots *roots)
{
	unsigned cores = affinity_count();

	each_group(roots, "", look_at_quota, &cores);
	each_group(roots, "cpu", look_at_quota_v1, &cores);
	return cores;
}

unsigned allowed_cores_of_machine(void)
{
	long count = sysconf(_SC_NPROCESSORS_ONLN);
	return count > 0 ? (unsigned)count : 1;
}
