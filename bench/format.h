/* format.h: figures for people: 3 significant digits and a unit. */
#ifndef GVR_FORMAT_H
#define GVR_FORMAT_H

#include <stddef.h>
#include <stdio.h>

void format_ns(char *out, size_t capacity, double ns);			/* "4.12 ms" */
void format_bytes(char *out, size_t capacity, double bytes);		/* "1.00 MiB" */
void format_throughput(char *out, size_t capacity, double bytes_per_s); /* "388 KiB/s" */
void format_rate(char *out, size_t capacity, double per_s);		/* "40.9 /s" */
void format_joules(char *out, size_t capacity, double joules);		/* "4.12 mJ" */
/* "3.1-6.2 mJ", in the unit of the greater. */
void format_joules_range(char *out, size_t capacity, double low, double high);

/* Prints prefix and text in lines of at most 80 columns, the later ones
 * indented as far as prefix is long, and a newline. */
void format_wrapped(FILE *f, const char *prefix, const char *text);

/* The same, from a column on that was already printed; not indented. */
void format_wrapped_from(FILE *f, size_t column, const char *text);

#endif
