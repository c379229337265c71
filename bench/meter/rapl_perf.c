/*
 * rapl_perf.c: RAPL's energy counters by way of perf_event_open. They count
 * from the opening on, in 64 bits, so they never wrap.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <linux/perf_event.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/clock.h"
#include "bench/meter/meter.h"
#include "bench/meter/sysfs.h"

struct counter {
	int fd; /* -1: unusable */
	long double uj_per_count;
};

struct meter {
	struct meter_domain domains[METER_DOMAINS_MAX];
	struct counter counters[METER_DOMAINS_MAX];
	unsigned count;
};

/* The kernel's power PMU. */
struct pmu {
	char dir[PATH_MAX];
	uint32_t type;
	unsigned cpus[METER_DOMAINS_MAX]; /* one of each package */
	unsigned cpu_count;
};

struct event {
	const char *file, *domain;
	bool once;	  /* it is one for the machine, not one a package */
	const char *note; /* NULL: counted; ends with "package-": whose number follows */
};

/* Packages first: they are kept if there are too many domains. */
static const struct event events[] = {
	{"energy-pkg", "package", false, NULL},
	{"energy-psys", "psys", true, "includes the packages"},
	{"energy-ram", "dram", false, "may or may not be part of package-"},
	{"energy-cores", "core", false, "part of package-"},
	{"energy-gpu", "gpu", false, "part of package-"},
};

/* "0-1,8". Returns how many CPUs, 1 to capacity, or -EINVAL. */
static int parse_cpu_list(const char *text, unsigned *cpus, unsigned capacity)
{
	unsigned count = 0;

	for (const char *at = text;;) {
		char *end;
		if (!isdigit((unsigned char)*at))
			return -EINVAL;
		unsigned long first = strtoul(at, &end, 10), last = first;
		if (*end == '-' && isdigit((unsigned char)end[1]))
			last = strtoul(end + 1, &end, 10);
		if (last < first || last > INT_MAX || last - first >= capacity - count)
			return -EINVAL;
		while (first <= last)
			cpus[count++] = (unsigned)first++;
		if (*end == '\0')
			return (int)count;
		if (*end != ',')
			return -EINVAL;
		at = end + 1;
	}
}

static int find_pmu(struct pmu *p, const char *sysfs, struct error *e)
{
	uint64_t type;
	char list[512];

	if (snprintf(p->dir, sizeof p->dir, "%s/bus/event_source/devices/power", sysfs) >=
	    (int)sizeof p->dir)
		return error_set(e, -ENAMETOOLONG, "%s: the path is too long", sysfs);
	int err = sysfs_number(p->dir, "type", &type);
	if (err == -ENOENT)
		return error_set(e, err, "the kernel has no power PMU (perf)");
	if (err != 0 || type > UINT32_MAX)
		return error_set(e, err != 0 ? err : -ERANGE,
				 "%s/type cannot be used: %s; it should be a 32-bit number", p->dir,
				 strerror(err != 0 ? -err : ERANGE));
	p->type = (uint32_t)type;
	err = sysfs_text(p->dir, "cpumask", list, sizeof list);
	if (err != 0)
		return error_set(e, err, "%s/cpumask cannot be read: %s", p->dir, strerror(-err));
	int count = parse_cpu_list(list, p->cpus, METER_DOMAINS_MAX);
	if (count < 0)
		return error_set(e, count,
				 "%s/cpumask: \"%s\" is not a list of 1 to %u CPUs like \"0,28\"",
				 p->dir, list, METER_DOMAINS_MAX);
	p->cpu_count = (unsigned)count;
	return 0;
}

/* "event=0x02". 0 or -EINVAL. */
static int parse_config(const char *text, uint64_t *config)
{
	char *end;

	if (strncmp(text, "event=", 6) != 0 || !isdigit((unsigned char)text[6]))
		return -EINVAL;
	*config = strtoull(text + 6, &end, 0);
	return *end == '\0' ? 0 : -EINVAL;
}

/* What an event's files say; -ENOENT: there is no such event; others: it
 * cannot be used, which unusable (of a struct meter_domain) says. */
static int read_event(const struct pmu *p, const struct event *event, uint64_t *config,
		      long double *uj_per_count, char *unusable, size_t capacity)
{
	char file[64], text[64], *end;

	snprintf(file, sizeof file, "events/%s", event->file);
	int err = sysfs_text(p->dir, file, text, sizeof text);
	if (err == -ENOENT)
		return err;
	if (err != 0 || parse_config(text, config) != 0) {
		snprintf(unusable, capacity, "perf's %s does not read like event=0x02", file);
		return -EINVAL;
	}
	snprintf(file, sizeof file, "events/%s.unit", event->file);
	err = sysfs_text(p->dir, file, text, sizeof text);
	if (err != 0 || strcmp(text, "Joules") != 0) {
		snprintf(unusable, capacity, "perf's %s does not say Joules", file);
		return -EINVAL;
	}
	snprintf(file, sizeof file, "events/%s.scale", event->file);
	err = sysfs_text(p->dir, file, text, sizeof text);
	*uj_per_count = err == 0 ? strtold(text, &end) * 1e6L : 0;
	/* one count is at most a microjoule, so that values fit 64 bits */
	if (err != 0 || *end != '\0' || !(*uj_per_count > 0 && *uj_per_count <= 1)) {
		snprintf(unusable, capacity, "perf's %s is not above 0 and at most 1e-6", file);
		return -EINVAL;
	}
	return 0;
}

/* The counter's descriptor, or -1 and why in d->unusable. */
static int open_counter(const struct pmu *p, const struct event *event, uint64_t config,
			unsigned cpu, struct meter_domain *d)
{
	struct perf_event_attr attr = {.type = p->type, .size = sizeof attr, .config = config};

	long fd = syscall(SYS_perf_event_open, &attr, -1, (int)cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd >= 0)
		return (int)fd;
	if (errno == EACCES || errno == EPERM)
		snprintf(d->unusable, sizeof d->unusable,
			 "perf's power/%s/ may not be opened: needs root or CAP_PERFMON (before "
			 "Linux 5.8 "
			 "CAP_SYS_ADMIN), or sysctl kernel.perf_event_paranoid=0; a container's "
			 "seccomp profile must allow perf_event_open, too",
			 event->file);
	else
		snprintf(d->unusable, sizeof d->unusable,
			 "perf's power/%s/ cannot be opened on CPU %u: %s", event->file, cpu,
			 strerror(errno));
	return -1;
}

static void add_domain(struct meter *m, const struct pmu *p, const struct event *event,
		       unsigned package, const char *unusable, uint64_t config,
		       long double uj_per_count)
{
	struct meter_domain *d = &m->domains[m->count];
	struct counter *c = &m->counters[m->count++];

	*d = (struct meter_domain){.unit = METER_ENERGY_UJ, .counted = event->note == NULL};
	if (event->once)
		snprintf(d->name, sizeof d->name, "%s", event->domain);
	else
		snprintf(d->name, sizeof d->name, "%s-%u", event->domain, package);
	if (event->note != NULL && event->once)
		snprintf(d->note, sizeof d->note, "%s", event->note);
	else if (event->note != NULL)
		snprintf(d->note, sizeof d->note, "%s%u", event->note, package);
	snprintf(d->unusable, sizeof d->unusable, "%s", unusable);
	*c = (struct counter){.fd = -1, .uj_per_count = uj_per_count};
	if (unusable[0] == '\0')
		c->fd = open_counter(p, event, config, p->cpus[package], d);
}

static void add_event(struct meter *m, const struct pmu *p, const struct event *event)
{
	uint64_t config = 0;
	long double uj_per_count = 0;
	char unusable[256] = "";

	int err = read_event(p, event, &config, &uj_per_count, unusable, sizeof unusable);
	if (err == -ENOENT)
		return;
	unsigned packages = event->once ? 1 : p->cpu_count;
	for (unsigned i = 0; i < packages && m->count < METER_DOMAINS_MAX; i++)
		add_domain(m, p, event, i, unusable, config, uj_per_count);
}

static void rapl_perf_close(struct meter *m)
{
	for (unsigned i = 0; i < m->count; i++)
		if (m->counters[i].fd >= 0)
			close(m->counters[i].fd);
	free(m);
}

static int rapl_perf_open(struct meter **out, const struct meter_env *env, struct error *e)
{
	struct pmu pmu;

	int err = find_pmu(&pmu, env->sysfs, e);
	if (err != 0)
		return err;
	struct meter *m = calloc(1, sizeof *m);
	if (m == NULL)
		return error_set(e, -ENOMEM, "out of memory for perf's counters");
	for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
		add_event(m, &pmu, &events[i]);
	if (m->count == 0) {
		rapl_perf_close(m);
		return error_set(e, -ENODEV, "%s/events names no energy that is known", pmu.dir);
	}
	*out = m;
	return 0;
}

static const struct meter_domain *rapl_perf_domains(const struct meter *m, unsigned *count)
{
	*count = m->count;
	return m->domains;
}

static int rapl_perf_read(struct meter *m, unsigned domain, struct meter_reading *reading,
			  struct error *e)
{
	const struct counter *c = &m->counters[domain];
	int64_t count;

	ssize_t n = read(c->fd, &count, sizeof count);
	reading->time_ns = clock_ns();
	if (n != (ssize_t)sizeof count || count < 0)
		return error_set(e, -EIO, "perf's %s cannot be read any more: %s",
				 m->domains[domain].name,
				 n < 0 ? strerror(errno) : "its CPU may be offline");
	/* rounded the same way each time, so it never falls */
	reading->value = (uint64_t)(c->uj_per_count * (long double)count);
	return 0;
}

const struct meter_ops meter_rapl_perf = {
	.name = "rapl_perf",
	.covers = "processor packages; not memory, disk or power supply",
	.scope = METER_PROCESSOR,
	.open = rapl_perf_open,
	.domains = rapl_perf_domains,
	.read = rapl_perf_read,
	.close = rapl_perf_close,
};
