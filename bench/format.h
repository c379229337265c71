/* format.h: figures for people: 3 significant digits and a unit. */
#ifndef GVR_FORMAT_H
#define GVR_FORMAT_H

#include <stddef.h>

void format_ns(char *out, size_t capacity, double ns);			/* "4.12 ms" */
void format_bytes(char *out, size_t capacity, double bytes);		/* "1.00 MiB" */
void format_throughput(char *out, size_t capacity, double bytes_per_s); /* "388 KiB/s" */
void format_rate(char *out, size_t capacity, double per_s);		/* "40.9 /s" */

#endif
