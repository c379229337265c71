/*
 * nvml.c: NVIDIA's GPUs, by the library of their driver, loaded at run time.
 *
 * Entry points and types are those of NVIDIA's public NVML API reference:
 * nvmlInit_v2, nvmlShutdown, nvmlErrorString, nvmlDeviceGetCount_v2,
 * nvmlDeviceGetHandleByIndex_v2, nvmlDeviceGetName,
 * nvmlDeviceGetTotalEnergyConsumption (millijoules since the driver was
 * loaded; Volta and later), nvmlDeviceGetPowerUsage (milliwatts).
 */
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/clock.h"
#include "bench/meter/meter.h"

#define NVML_SUCCESS 0
#define NVML_NAME_NBYTES 96u /* NVML_DEVICE_NAME_V2_BUFFER_SIZE */

typedef int nvml_return;	 /* an enum */
typedef struct gpu *nvml_device; /* opaque */

struct nvml_api {
	nvml_return (*init)(void);
	nvml_return (*shutdown)(void);
	const char *(*error_string)(nvml_return);
	nvml_return (*get_count)(unsigned *count);
	nvml_return (*get_handle)(unsigned index, nvml_device *device);
	nvml_return (*get_name)(nvml_device device, char *name, unsigned capacity);
	nvml_return (*get_energy_mj)(nvml_device device, unsigned long long *energy_mj);
	nvml_return (*get_power_mw)(nvml_device device, unsigned *power_mw);
};

struct meter {
	void *library;
	struct nvml_api api;
	bool initialised;
	nvml_device devices[METER_DOMAINS_MAX];
	struct meter_domain domains[METER_DOMAINS_MAX];
	unsigned count;
};

static int find_symbols(struct meter *m, const char *path, struct error *e)
{
	const struct {
		const char *name;
		void *pointer;
	} symbols[] = {
		{"nvmlInit_v2", &m->api.init},
		{"nvmlShutdown", &m->api.shutdown},
		{"nvmlErrorString", &m->api.error_string},
		{"nvmlDeviceGetCount_v2", &m->api.get_count},
		{"nvmlDeviceGetHandleByIndex_v2", &m->api.get_handle},
		{"nvmlDeviceGetName", &m->api.get_name},
		{"nvmlDeviceGetTotalEnergyConsumption", &m->api.get_energy_mj},
		{"nvmlDeviceGetPowerUsage", &m->api.get_power_mw},
	};

	for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
		void *found = dlsym(m->library, symbols[i].name);
		if (found == NULL)
			return error_set(e, -ENOSYS, "%s lacks %s: update the NVIDIA driver", path,
					 symbols[i].name);
		/* as dlsym's manual does it: C knows no other way */
		*(void **)symbols[i].pointer = found;
	}
	return 0;
}

static int load(struct meter *m, const char *path, struct error *e)
{
	m->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (m->library == NULL)
		return error_set(e, -ENOENT, "NVIDIA's library cannot be loaded: %s", dlerror());
	int err = find_symbols(m, path, e);
	if (err != 0)
		return err;
	nvml_return status = m->api.init();
	if (status != NVML_SUCCESS)
		return error_set(e, -ENODEV, "%s: nvmlInit_v2 failed: %s; nvidia-smi may say more",
				 path, m->api.error_string(status));
	m->initialised = true;
	return 0;
}

/* Which unit the GPU tells: energy where it can. */
static void find_unit(struct meter *m, unsigned i)
{
	struct meter_domain *d = &m->domains[i];
	unsigned long long energy_mj;
	unsigned power_mw;

	d->unit = METER_ENERGY_UJ;
	if (m->api.get_energy_mj(m->devices[i], &energy_mj) == NVML_SUCCESS)
		return;
	d->unit = METER_POWER_UW;
	nvml_return status = m->api.get_power_mw(m->devices[i], &power_mw);
	if (status != NVML_SUCCESS)
		snprintf(d->unusable, sizeof d->unusable,
			 "NVML tells neither energy nor power of it: %.150s",
			 m->api.error_string(status));
}

static void add_gpu(struct meter *m, unsigned i)
{
	struct meter_domain *d = &m->domains[i];
	char model[NVML_NAME_NBYTES];

	*d = (struct meter_domain){.counted = true};
	snprintf(d->name, sizeof d->name, "gpu-%u", i);
	nvml_return status = m->api.get_handle(i, &m->devices[i]);
	if (status != NVML_SUCCESS) {
		snprintf(d->unusable, sizeof d->unusable, "NVML gives no access to it: %.150s",
			 m->api.error_string(status));
		return;
	}
	if (m->api.get_name(m->devices[i], model, sizeof model) == NVML_SUCCESS) {
		snprintf(d->name, sizeof d->name, "gpu-%u %.40s", i, model);
		error_clean(d->name);
	}
	find_unit(m, i);
}

static void nvml_close(struct meter *m)
{
	if (m->initialised)
		m->api.shutdown();
	if (m->library != NULL)
		dlclose(m->library);
	free(m);
}

static int add_gpus(struct meter *m, const char *path, struct error *e)
{
	unsigned count;

	nvml_return status = m->api.get_count(&count);
	if (status != NVML_SUCCESS)
		return error_set(e, -EIO, "%s: nvmlDeviceGetCount_v2 failed: %s", path,
				 m->api.error_string(status));
	if (count == 0)
		return error_set(e, -ENOENT, "%s finds no GPU", path);
	m->count = count < METER_DOMAINS_MAX ? count : METER_DOMAINS_MAX;
	for (unsigned i = 0; i < m->count; i++)
		add_gpu(m, i);
	return 0;
}

static int nvml_open(struct meter **out, const struct meter_env *env, struct error *e)
{
	struct meter *m = calloc(1, sizeof *m);
	if (m == NULL)
		return error_set(e, -ENOMEM, "out of memory for NVML");
	int err = load(m, env->nvml, e);
	if (err == 0)
		err = add_gpus(m, env->nvml, e);
	if (err != 0)
		nvml_close(m);
	else
		*out = m;
	return err;
}

static const struct meter_domain *nvml_domains(const struct meter *m, unsigned *count)
{
	*count = m->count;
	return m->domains;
}

static int nvml_read(struct meter *m, unsigned domain, struct meter_reading *reading,
		     struct error *e)
{
	const struct meter_domain *d = &m->domains[domain];
	unsigned long long energy_mj = 0;
	unsigned power_mw = 0;

	nvml_return status = d->unit == METER_ENERGY_UJ
				     ? m->api.get_energy_mj(m->devices[domain], &energy_mj)
				     : m->api.get_power_mw(m->devices[domain], &power_mw);
	reading->time_ns = clock_ns();
	if (status != NVML_SUCCESS)
		return error_set(e, -EIO, "NVML cannot read %s any more: %s", d->name,
				 m->api.error_string(status));
	reading->value = 1000 * (d->unit == METER_ENERGY_UJ ? (uint64_t)energy_mj : power_mw);
	return 0;
}

const struct meter_ops meter_nvml = {
	.name = "nvml",
	.covers = "NVIDIA GPUs, which no engine uses",
	.scope = METER_OTHER,
	.open = nvml_open,
	.domains = nvml_domains,
	.read = nvml_read,
	.close = nvml_close,
};
