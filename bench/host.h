/* host.h: the machine a result was measured on. */
#ifndef GVR_HOST_H
#define GVR_HOST_H

#include <jansson.h>

/* A new JSON object: hostname, kernel, cpu, cores, memory, file system of
 * store_dir, compiler. What cannot be read is null. */
json_t *host_describe(const char *store_dir);

#endif
