/* battery.c: what a laptop draws, told by its batteries while they empty. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/clock.h"
#include "bench/meter/meter.h"
#include "bench/meter/sysfs.h"

struct meter {
	char dir[PATH_MAX]; /* of all power supplies; a domain's name is its folder */
	struct meter_domain domains[METER_DOMAINS_MAX];
	unsigned count;
};

static int read_text(const struct meter *m, const char *battery, const char *file, char *text,
		     size_t capacity)
{
	char path[NAME_MAX + 32];
	snprintf(path, sizeof path, "%s/%s", battery, file);
	return sysfs_text(m->dir, path, text, capacity);
}

/* Many drivers give a negative number for what flows out of a battery. */
static int read_magnitude(const struct meter *m, const char *battery, const char *file,
			  uint64_t *value)
{
	char text[32], *end;

	int err = read_text(m, battery, file, text, sizeof text);
	if (err != 0)
		return err;
	const char *digits = text[0] == '-' ? text + 1 : text;
	*value = strtoull(digits, &end, 10);
	/* 32 bits: 4 kW, and the product of current and voltage fits 64 */
	return *digits >= '0' && *digits <= '9' && *end == '\0' && *value <= UINT32_MAX ? 0
											: -EINVAL;
}

static int read_power_uw(const struct meter *m, const char *battery, uint64_t *power_uw)
{
	uint64_t current_ua, voltage_uv;

	int err = read_magnitude(m, battery, "power_now", power_uw);
	if (err != -ENOENT)
		return err;
	err = read_magnitude(m, battery, "current_now", &current_ua);
	if (err == 0)
		err = read_magnitude(m, battery, "voltage_now", &voltage_uv);
	if (err == 0)
		*power_uw = current_ua * voltage_uv / 1000000;
	return err;
}

/* A battery of the machine, not of a mouse. */
static bool is_battery(const struct meter *m, const char *name)
{
	char text[32];
	char clean[METER_NAME_NBYTES];

	snprintf(clean, sizeof clean, "%.63s", name);
	error_clean(clean);
	return strcmp(name, clean) == 0 && /* short, and fit to be shown */
	       read_text(m, name, "type", text, sizeof text) == 0 && strcmp(text, "Battery") == 0 &&
	       (read_text(m, name, "scope", text, sizeof text) != 0 || strcmp(text, "Device") != 0);
}

static void add_battery(struct meter *m, const char *name)
{
	struct meter_domain *d = &m->domains[m->count++];
	char status[32];
	uint64_t power_uw;

	*d = (struct meter_domain){.unit = METER_POWER_UW, .counted = true};
	snprintf(d->name, sizeof d->name, "%.63s", name);
	int err = read_text(m, name, "status", status, sizeof status);
	if (err != 0)
		snprintf(d->unusable, sizeof d->unusable, "its status cannot be read: %s",
			 strerror(-err));
	else if (strcmp(status, "Discharging") != 0)
		snprintf(d->unusable, sizeof d->unusable,
			 "on mains: it tells nothing; unplug to measure");
	if (d->unusable[0] != '\0')
		return;
	err = read_power_uw(m, name, &power_uw);
	if (err != 0 && err != -ENODATA)
		snprintf(d->unusable, sizeof d->unusable,
			 "neither power_now nor current_now and voltage_now can be read: %s",
			 strerror(-err));
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int battery_open(struct meter **out, const struct meter_env *env, struct error *e)
{
	struct dirent **entries;
	struct meter *m = calloc(1, sizeof *m);

	if (m == NULL)
		return error_set(e, -ENOMEM, "out of memory for batteries");
	snprintf(m->dir, sizeof m->dir, "%s/class/power_supply", env->sysfs);
	int entry_count = scandir(m->dir, &entries, not_hidden, alphasort);
	for (int i = 0; i < entry_count; i++) {
		if (m->count < METER_DOMAINS_MAX && is_battery(m, entries[i]->d_name))
			add_battery(m, entries[i]->d_name);
		free(entries[i]);
	}
	if (entry_count >= 0)
		free(entries);
	if (m->count == 0) {
		free(m);
		return error_set(e, -ENOENT, "the machine has no battery");
	}
	*out = m;
	return 0;
}

static const struct meter_domain *battery_domains(const struct meter *m, unsigned *count)
{
	*count = m->count;
	return m->domains;
}

static int battery_read(struct meter *m, unsigned domain, struct meter_reading *reading,
			struct error *e)
{
	const char *name = m->domains[domain].name;
	char status[32];

	int err = read_power_uw(m, name, &reading->value);
	reading->time_ns = clock_ns();
	if (err != 0)
		return error_set(e, err, "%s/%s: its power cannot be read: %s", m->dir, name,
				 strerror(-err));
	/* after the power, so that it is known to be one of discharging */
	err = read_text(m, name, "status", status, sizeof status);
	if (err != 0)
		return error_set(e, err == -ENODATA ? -EIO : err, "%s/%s/status cannot be read: %s",
				 m->dir, name, strerror(-err));
	if (strcmp(status, "Discharging") != 0)
		return error_set(e, -ESTALE,
				 "%s was plugged in while measuring (it is \"%s\"): unplug, and "
				 "measure again",
				 name, status);
	return 0;
}

static void battery_close(struct meter *m)
{
	free(m);
}

const struct meter_ops meter_battery = {
	.name = "battery",
	.covers = "all that the battery feeds, the screen included",
	.scope = METER_MACHINE,
	.open = battery_open,
	.domains = battery_domains,
	.read = battery_read,
	.close = battery_close,
};
