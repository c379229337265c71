/* device.h: what the block device itself says it read. */
#ifndef GVR_DEVICE_H
#define GVR_DEVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct device_counters {
	uint64_t reads; /* completed */
	uint64_t read_bytes;
};

/* Counters of the device that holds `path`, from /sys/dev/block. False: the
 * file system lies on no block device that the kernel counts (tmpfs, overlay,
 * network). Counts every user of the device, not only gvr. */
bool device_read_counters(const char *path, struct device_counters *counters);

#endif
