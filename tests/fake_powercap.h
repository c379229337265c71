/*
 * fake_powercap.h: a folder that imitates /sys/class/powercap, whose counters run
 * by the test's own time (virtual_clock.h): while gvr or the test sleeps, the time
 * that it sleeps passes at once, and the counters are written as the kernel does,
 * every millisecond or more. What is measured is then known, whatever the machine
 * is doing.
 */
#ifndef GVR_FAKE_POWERCAP_H
#define GVR_FAKE_POWERCAP_H

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench/meter/busy.h"
#include "tests/virtual_clock.h"

#define FAKE_ZONES_MAX 4u
#define FAKE_UPDATE_NS 1000000u

struct fake_zone {
	char dir[512];
	double watts; /* 0: stands still */
	double joules;
	uint64_t range_uj;
};

struct fake_powercap {
	char root[256]; /* to be used as GVR_SYSFS */
	unsigned count;
	struct fake_zone zones[FAKE_ZONES_MAX];
	int removed;	     /* this zone is to vanish; -1: none */
	uint64_t written_ns; /* virtual time of the last update */
};

/* Whose counters run; NULL: none. */
static struct fake_powercap *fake_running;

static inline void fake_write(const char *dir, const char *name, const char *text)
{
	char path[600];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd) != 0)
		abort();
}

/* Always as wide: it covers the number before it. */
static inline void fake_write_number(const char *dir, const char *name, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof text, "%-20" PRIu64 "\n", value);
	fake_write(dir, name, text);
}

static inline void fake_init(struct fake_powercap *f, const char *root)
{
	char path[512];

	memset(f, 0, sizeof *f);
	f->removed = -1;
	snprintf(f->root, sizeof f->root, "%s", root);
	mkdir(root, 0777);
	snprintf(path, sizeof path, "%s/class", root);
	mkdir(path, 0777);
	snprintf(path, sizeof path, "%s/class/powercap", root);
	mkdir(path, 0777);
}

/* zone: "intel-rapl:0:1" */
static inline struct fake_zone *fake_add(struct fake_powercap *f, const char *zone,
					 const char *name, double watts, uint64_t range_uj)
{
	struct fake_zone *z = &f->zones[f->count++];
	char root[sizeof f->root];

	memcpy(root, f->root, sizeof root);
	snprintf(z->dir, sizeof z->dir, "%.200s/class/powercap/%s", root, zone);
	z->watts = watts;
	z->range_uj = range_uj;
	mkdir(z->dir, 0777);
	fake_write(z->dir, "name", name);
	fake_write_number(z->dir, "max_energy_range_uj", range_uj);
	fake_write_number(z->dir, "energy_uj", 0);
	return z;
}

/* One update of every counter, for the time since the last. */
static inline void fake_update(struct fake_powercap *f)
{
	double elapsed_s = (double)(virtual_now_ns - f->written_ns) / 1e9;
	char path[600];

	f->written_ns = virtual_now_ns;
	for (unsigned i = 0; i < f->count; i++) {
		struct fake_zone *z = &f->zones[i];
		z->joules += elapsed_s * z->watts;
		uint64_t uj = (uint64_t)(z->joules * 1e6);
		if (f->removed == (int)i) {
			snprintf(path, sizeof path, "%s/energy_uj", z->dir);
			unlink(path);
		} else if (z->watts > 0) {
			fake_write_number(z->dir, "energy_uj",
					  z->range_uj > 0 ? uj % z->range_uj : uj);
		}
	}
}

/* Sleeping is how time passes here. */
int nanosleep(const struct timespec *length, struct timespec *left)
{
	if (virtual_is_real)
		return (int)syscall(SYS_nanosleep, length, left);
	virtual_advance((uint64_t)length->tv_sec * 1000000000 + (uint64_t)length->tv_nsec);
	if (fake_running != NULL && virtual_now_ns >= fake_running->written_ns + FAKE_UPDATE_NS)
		fake_update(fake_running);
	return 0;
}

/* The load under which meters are tried, which these counters do not depend on:
 * none. That there is one in gvr, tests/cli/cli_energy.sh sees. */
int busy_start(struct busy **out, unsigned threads)
{
	(void)threads;
	*out = NULL;
	return 0;
}

double busy_stop(struct busy *b)
{
	(void)b;
	return 0;
}

/* From now on. */
static inline void fake_set_watts(struct fake_powercap *f, struct fake_zone *z, double watts)
{
	fake_update(f);
	z->watts = watts;
}

static inline void fake_start(struct fake_powercap *f)
{
	f->written_ns = virtual_now_ns;
	fake_running = f;
}

static inline void fake_stop(void)
{
	fake_running = NULL;
}

#endif
