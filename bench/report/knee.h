/* knee.h: up to which load does a server serve more without serving slower? */
#ifndef GVR_KNEE_H
#define GVR_KNEE_H

#include <stddef.h>

/*
 * The point of the greatest power, throughput / latency: the knee of the curve
 * (L. Kleinrock, "Power and deterministic rules of thumb for probabilistic
 * problems in computer communications", ICC 1979). Of equal ones that of the
 * higher throughput. Points with a NAN or without latency are passed over.
 * Returns its index; count: there is none.
 */
size_t knee_of(const double *throughput, const double *latency, size_t count);

#endif
