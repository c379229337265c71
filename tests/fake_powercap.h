/*
 * fake_powercap.h: a folder that imitates /sys/class/powercap, and a thread
 * that lets its counters run.
 */
#ifndef GVR_FAKE_POWERCAP_H
#define GVR_FAKE_POWERCAP_H

#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FAKE_ZONES_MAX 4u

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
	_Atomic int removed; /* this zone is to vanish; -1: none */
	_Atomic bool stop;
	pthread_mutex_t lock; /* of the watts */
	pthread_t thread;
};

/* Replaces the file at once, as the kernel's never are half written. */
static inline void fake_write(const char *dir, const char *name, const char *text)
{
	char path[600], temporary[620];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	snprintf(temporary, sizeof temporary, "%s.new", path);
	FILE *f = fopen(temporary, "w");
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0 || rename(temporary, path) != 0)
		abort();
}

static inline void fake_write_number(const char *dir, const char *name, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof text, "%" PRIu64 "\n", value);
	fake_write(dir, name, text);
}

static inline void fake_init(struct fake_powercap *f, const char *root)
{
	char path[512];

	memset(f, 0, sizeof *f);
	f->removed = -1;
	pthread_mutex_init(&f->lock, NULL);
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

static inline double fake_now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline void *fake_run(void *arg)
{
	struct fake_powercap *f = arg;
	const struct timespec pause = {0, 1000000};
	double then_s = fake_now_s();

	while (!f->stop) {
		double now_s = fake_now_s(), elapsed_s = now_s - then_s;
		then_s = now_s;
		pthread_mutex_lock(&f->lock);
		for (unsigned i = 0; i < f->count; i++) {
			struct fake_zone *z = &f->zones[i];
			z->joules += elapsed_s * z->watts;
			uint64_t uj = (uint64_t)(z->joules * 1e6);
			if (f->removed == (int)i) {
				char path[600];
				snprintf(path, sizeof path, "%s/energy_uj", z->dir);
				unlink(path);
			} else if (z->watts > 0) {
				fake_write_number(z->dir, "energy_uj",
						  z->range_uj > 0 ? uj % z->range_uj : uj);
			}
		}
		pthread_mutex_unlock(&f->lock);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

/* From now on. */
static inline void fake_set_watts(struct fake_powercap *f, struct fake_zone *z, double watts)
{
	pthread_mutex_lock(&f->lock);
	z->watts = watts;
	pthread_mutex_unlock(&f->lock);
}

static inline void fake_start(struct fake_powercap *f)
{
	if (pthread_create(&f->thread, NULL, fake_run, f) != 0)
		abort();
}

static inline void fake_stop(struct fake_powercap *f)
{
	f->stop = true;
	pthread_join(f->thread, NULL);
}

#endif
