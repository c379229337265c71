/* hwmon.c: the sensors of boards and cards that tell energy or power. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/clock.h"
#include "bench/meter/meter.h"
#include "bench/meter/sysfs.h"

#define CHIPS_MAX 256u
#define INDEX_MAX 64u /* drivers number their sensors from 1, without large gaps */

struct meter {
	const char *sysfs;
	char files[METER_DOMAINS_MAX][64]; /* below sysfs */
	struct meter_domain domains[METER_DOMAINS_MAX];
	unsigned count;
};

static bool is_taken(const struct meter *m, const char *name)
{
	for (unsigned i = 0; i < m->count; i++)
		if (strcmp(m->domains[i].name, name) == 0)
			return true;
	return false;
}

/* "NAME LABEL", and " #2" behind the second one of that name. */
static void make_name(const struct meter *m, char *name, const char *chip, const char *label)
{
	char base[METER_NAME_NBYTES - 8];

	snprintf(base, sizeof base, "%.24s %.30s", chip, label);
	error_clean(base);
	snprintf(name, METER_NAME_NBYTES, "%s", base);
	for (unsigned i = 2; is_taken(m, name); i++)
		snprintf(name, METER_NAME_NBYTES, "%s #%u", base, i);
}

/* A sensor on a slow or sleeping bus answers again later. */
static bool passes(int err)
{
	return err == -EAGAIN || err == -EBUSY || err == -ETIMEDOUT || err == -ENODATA;
}

/* Adds the sensor of chip (a number of class/hwmon) whose file is kind, index
 * and suffix. False: there is none. */
static bool add_sensor(struct meter *m, unsigned chip, const char *kind, unsigned index,
		       const char *suffix)
{
	struct meter_domain *d = &m->domains[m->count];
	char file[64], path[64], name[64], label[64];
	uint64_t value;

	snprintf(file, sizeof file, "class/hwmon/hwmon%u/%s%u_%s", chip, kind, index, suffix);
	int err = sysfs_number(m->sysfs, file, &value);
	if (err == -ENOENT)
		return false;
	snprintf(path, sizeof path, "class/hwmon/hwmon%u/name", chip);
	if (sysfs_text(m->sysfs, path, name, sizeof name) != 0)
		snprintf(name, sizeof name, "hwmon%u", chip);
	snprintf(path, sizeof path, "class/hwmon/hwmon%u/%s%u_label", chip, kind, index);
	if (sysfs_text(m->sysfs, path, label, sizeof label) != 0)
		snprintf(label, sizeof label, "%s%u", kind, index);
	*d = (struct meter_domain){
		.unit = strcmp(kind, "energy") == 0 ? METER_ENERGY_UJ : METER_POWER_UW,
		.note = "whether it overlaps with the other sensors is not known",
	};
	make_name(m, d->name, name, label);
	if (err != 0 && !passes(err))
		snprintf(d->unusable, sizeof d->unusable, "%s cannot be read: %s%s", file,
			 strerror(-err), err == -EACCES || err == -EPERM ? "; needs root" : "");
	memcpy(m->files[m->count++], file, sizeof file);
	return true;
}

/* Energy is better than power; of one index, they are of the same thing. */
static void add_index(struct meter *m, unsigned chip, unsigned index)
{
	if (!add_sensor(m, chip, "energy", index, "input") &&
	    !add_sensor(m, chip, "power", index, "average"))
		add_sensor(m, chip, "power", index, "input");
}

static void add_chips(struct meter *m)
{
	char dir[PATH_MAX];
	unsigned chips[CHIPS_MAX];

	if (snprintf(dir, sizeof dir, "%s/class/hwmon", m->sysfs) >= (int)sizeof dir)
		return;
	int chip_count = sysfs_list(dir, "hwmon", chips, CHIPS_MAX);
	for (int i = 0; i < chip_count; i++)
		for (unsigned k = 1; k <= INDEX_MAX && m->count < METER_DOMAINS_MAX; k++)
			add_index(m, chips[i], k);
}

static int hwmon_open(struct meter **out, const struct meter_env *env, struct error *e)
{
	struct meter *m = calloc(1, sizeof *m);
	if (m == NULL)
		return error_set(e, -ENOMEM, "out of memory for hwmon's sensors");
	m->sysfs = env->sysfs;
	add_chips(m);
	if (m->count == 0) {
		free(m);
		return error_set(e, -ENOENT, "no sensor of %s/class/hwmon tells energy or power",
				 env->sysfs);
	}
	if (m->count == 1) {
		m->domains[0].counted = true;
		m->domains[0].note[0] = '\0';
	}
	*out = m;
	return 0;
}

static const struct meter_domain *hwmon_domains(const struct meter *m, unsigned *count)
{
	*count = m->count;
	return m->domains;
}

static int hwmon_read(struct meter *m, unsigned domain, struct meter_reading *reading,
		      struct error *e)
{
	int err = sysfs_number(m->sysfs, m->files[domain], &reading->value);
	reading->time_ns = clock_ns();
	if (err == 0)
		return 0;
	return error_set(e, passes(err) ? -ENODATA : err, "%s/%s cannot be read: %s", m->sysfs,
			 m->files[domain], strerror(-err));
}

static void hwmon_close(struct meter *m)
{
	free(m);
}

const struct meter_ops meter_hwmon = {
	.name = "hwmon",
	.covers = "what the sensors of boards and cards are wired to",
	.scope = METER_OTHER,
	.open = hwmon_open,
	.domains = hwmon_domains,
	.read = hwmon_read,
	.close = hwmon_close,
};
