/*
 * rapl_powercap.c: RAPL, the processor's own energy counters, as the kernel's
 * powercap folder shows them: one zone a package, with zones of its parts
 * below. https://docs.kernel.org/power/powercap/powercap.html
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/clock.h"
#include "bench/meter/meter.h"
#include "bench/meter/sysfs.h"

#define ZONES "class/powercap"
#define PACKAGES_MAX METER_DOMAINS_MAX
#define PARTS_MAX 8u

struct zone {
	char dir[PATH_MAX];
};

struct meter {
	unsigned count;
	struct meter_domain domains[METER_DOMAINS_MAX];
	struct zone zones[METER_DOMAINS_MAX];
};

/* ---- zones ---- */

static int unusable(struct meter_domain *d, const char *file, int err, const char *dir)
{
	if (err == -EACCES || err == -EPERM)
		snprintf(d->unusable, sizeof d->unusable,
			 "%s may not be read: run as root, or once a boot: chmod a+r %.120s/%s",
			 file, dir, file);
	else
		snprintf(d->unusable, sizeof d->unusable, "%s cannot be read: %s", file,
			 err == -ENODATA ? "no number" : strerror(-err));
	return err;
}

static void look_at(struct meter_domain *d, const char *dir)
{
	uint64_t value;

	int err = sysfs_number(dir, "max_energy_range_uj", &d->wrap_uj);
	if (err != 0) {
		unusable(d, "max_energy_range_uj", err, dir);
		return;
	}
	if (d->wrap_uj == 0) {
		snprintf(d->unusable, sizeof d->unusable,
			 "max_energy_range_uj is 0: where its counter wraps is not known");
		return;
	}
	err = sysfs_number(dir, "energy_uj", &value);
	if (err != 0)
		unusable(d, "energy_uj", err, dir);
}

/* package: the name of the domain it is a part of; NULL: none. */
static struct meter_domain *add_zone(struct meter *m, const char *dir, const char *package)
{
	char name[24];

	if (m->count == METER_DOMAINS_MAX)
		return NULL;
	struct meter_domain *d = &m->domains[m->count];
	snprintf(m->zones[m->count].dir, sizeof m->zones[0].dir, "%s", dir);
	int err = sysfs_text(dir, "name", name, sizeof name);
	if (err == -ENOENT) /* no zone */
		return NULL;
	m->count++;
	error_clean(name);
	d->unit = METER_ENERGY_UJ;
	snprintf(d->name, sizeof d->name, "%.30s%s%s", package != NULL ? package : "",
		 package != NULL ? "/" : "", err == 0 ? name : "?");
	d->counted = package == NULL && strncmp(d->name, "package", 7) == 0;
	if (strcmp(name, "psys") == 0)
		snprintf(d->note, sizeof d->note, "includes the packages");
	else if (package != NULL && strcmp(name, "dram") == 0)
		snprintf(d->note, sizeof d->note, "may or may not be part of %s", package);
	else if (package != NULL)
		snprintf(d->note, sizeof d->note, "part of %s", package);
	if (err != 0)
		unusable(d, "name", err, dir);
	else
		look_at(d, dir);
	return d;
}

/* Zones are intel-rapl:N, on AMD too, and intel-rapl:N:M of their parts. */
static void add_package(struct meter *m, const char *root, unsigned package)
{
	unsigned parts[PARTS_MAX];
	char dir[PATH_MAX], prefix[32], name[METER_NAME_NBYTES];

	snprintf(dir, sizeof dir, "%.3900s/intel-rapl:%u", root, package);
	const struct meter_domain *d = add_zone(m, dir, NULL);
	if (d == NULL)
		return;
	snprintf(name, sizeof name, "%s", d->name);
	snprintf(prefix, sizeof prefix, "intel-rapl:%u:", package);
	int count = sysfs_list(root, prefix, parts, PARTS_MAX);
	for (int i = 0; i < count; i++) {
		snprintf(dir, sizeof dir, "%.3900s/%s%u", root, prefix, parts[i]);
		add_zone(m, dir, name);
	}
}

/* ---- hooks ---- */

static void powercap_close(struct meter *m)
{
	free(m);
}

static int powercap_open(struct meter **out, const struct meter_env *env, struct error *e)
{
	unsigned packages[PACKAGES_MAX];
	char root[PATH_MAX];

	snprintf(root, sizeof root, "%.3900s/" ZONES, env->sysfs);
	int count = sysfs_list(root, "intel-rapl:", packages, PACKAGES_MAX);
	if (count == (int)PACKAGES_MAX)
		return error_set(e, -E2BIG, "%.300s has %u zones or more: too many to add up", root,
				 PACKAGES_MAX);
	if (count <= 0)
		return error_set(e, -ENOENT,
				 "no zone intel-rapl in %.300s (a virtual machine, or the kernel "
				 "module intel_rapl_msr is not loaded)",
				 root);
	struct meter *m = calloc(1, sizeof *m);
	if (m == NULL)
		return error_set(e, -ENOMEM, "out of memory");
	for (int i = 0; i < count; i++)
		add_package(m, root, packages[i]);
	if (m->count == 0) {
		powercap_close(m);
		return error_set(e, -ENOENT, "the zones in %.300s have no name", root);
	}
	*out = m;
	return 0;
}

static const struct meter_domain *powercap_domains(const struct meter *m, unsigned *count)
{
	*count = m->count;
	return m->domains;
}

static int powercap_read(struct meter *m, unsigned domain, struct meter_reading *reading,
			 struct error *e)
{
	const struct meter_domain *d = &m->domains[domain];
	uint64_t begin_ns = clock_ns();

	int err = sysfs_number(m->zones[domain].dir, "energy_uj", &reading->value);
	if (err == -ENOENT || err == -ENODEV)
		return error_set(e, err, "the zone vanished");
	if (err != 0)
		return error_set(e, err, "energy_uj cannot be read: %s",
				 err == -ENODATA ? "no number" : strerror(-err));
	if (reading->value > d->wrap_uj)
		return error_set(e, -ERANGE, "energy_uj is beyond max_energy_range_uj");
	reading->time_ns = begin_ns + (clock_ns() - begin_ns) / 2;
	return 0;
}

const struct meter_ops meter_rapl_powercap = {
	.name = "rapl_powercap",
	.covers = "processor packages; not memory, disk, power supply",
	.scope = METER_PROCESSOR,
	.open = powercap_open,
	.domains = powercap_domains,
	.read = powercap_read,
	.close = powercap_close,
};
