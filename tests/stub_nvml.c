/*
 * stub_nvml.c: a library that stands for NVIDIA's: two GPUs. STUB_NVML, which
 * is looked at in every call, says what is wrong with them:
 *   (unset)      nothing: they tell energy, 5 000 mJ and 1 000 mJ more (GPU 1:
 *                2 000 mJ) at each call, and 250 W (GPU 1: 350 W)
 *   no_energy    GPU 1 tells power only
 *   neither      GPU 1 tells nothing
 *   init_error   the driver is not loaded
 *   no_gpu       there is none
 *   lost         GPU 1 is lost
 *   constant     energy does not grow
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, NOT_SUPPORTED = 3, DRIVER_NOT_LOADED = 9, GPU_IS_LOST = 15 };

struct gpu {
	unsigned index, calls;
};

static struct gpu gpus[2] = {{0, 0}, {1, 0}};

int nvmlInit_v2(void);
int nvmlShutdown(void);
const char *nvmlErrorString(int status);
int nvmlDeviceGetCount_v2(unsigned *count);
int nvmlDeviceGetHandleByIndex_v2(unsigned index, struct gpu **device);
int nvmlDeviceGetName(struct gpu *device, char *name, unsigned capacity);
int nvmlDeviceGetTotalEnergyConsumption(struct gpu *device, unsigned long long *energy_mj);
int nvmlDeviceGetPowerUsage(struct gpu *device, unsigned *power_mw);

static bool wrong(const char *what)
{
	const char *how = getenv("STUB_NVML");
	return how != NULL && strcmp(how, what) == 0;
}

int nvmlInit_v2(void)
{
	return wrong("init_error") ? DRIVER_NOT_LOADED : SUCCESS;
}

int nvmlShutdown(void)
{
	return SUCCESS;
}

const char *nvmlErrorString(int status)
{
	switch (status) {
	case NOT_SUPPORTED:
		return "Not Supported";
	case DRIVER_NOT_LOADED:
		return "Driver Not Loaded";
	case GPU_IS_LOST:
		return "GPU is lost";
	default:
		return "Unknown Error";
	}
}

int nvmlDeviceGetCount_v2(unsigned *count)
{
	*count = wrong("no_gpu") ? 0 : 2;
	return SUCCESS;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, struct gpu **device)
{
	if (index == 1 && wrong("lost"))
		return GPU_IS_LOST;
	*device = &gpus[index];
	return SUCCESS;
}

int nvmlDeviceGetName(struct gpu *device, char *name, unsigned capacity)
{
	(void)device;
	strncpy(name, "Stub 80GB", capacity);
	return SUCCESS;
}

int nvmlDeviceGetTotalEnergyConsumption(struct gpu *device, unsigned long long *energy_mj)
{
	if (device->index == 1 && (wrong("no_energy") || wrong("neither")))
		return NOT_SUPPORTED;
	if (device->index == 1 && wrong("lost"))
		return GPU_IS_LOST;
	if (!wrong("constant"))
		device->calls++;
	*energy_mj = 5000 + 1000ULL * (device->index + 1) * device->calls;
	return SUCCESS;
}

int nvmlDeviceGetPowerUsage(struct gpu *device, unsigned *power_mw)
{
	if (device->index == 1 && wrong("neither"))
		return NOT_SUPPORTED;
	if (device->index == 1 && wrong("lost"))
		return GPU_IS_LOST;
	*power_mw = 250000 + 100000 * device->index;
	return SUCCESS;
}
