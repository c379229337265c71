/* workload_ini.h: the workload of a result as the file that makes such a run again. */
#ifndef GVR_WORKLOAD_INI_H
#define GVR_WORKLOAD_INI_H

#include <jansson.h>

#include "workloads/error.h"

/* The text, to be freed by the caller; every setting with its effective value.
 * -EBADMSG with e: the result is damaged; -ENOMEM. */
int workload_ini(char **out, const json_t *result, const char *path, struct error *e);

#endif
