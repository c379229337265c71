/* host.h: the machine a result was measured on. */
#ifndef GVR_HOST_H
#define GVR_HOST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* A new JSON object: hostname, kernel, cpu, cores that gvr may use and
 * that the machine has, its memory, file system of store_dir, compiler. What cannot be read is
 * null. */
json_t *host_describe(const char *store_dir);

/* CPU time of the machine and what its hypervisor took of it, in the kernel's
 * ticks, since boot. False: the kernel does not say. */
bool host_read_steal(uint64_t *all_ticks, uint64_t *stolen_ticks);

#endif
