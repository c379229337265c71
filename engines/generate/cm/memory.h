/*
 * memory.h: memory for large tables that are read at random places.
 */
#ifndef GVR_CM_MEMORY_H
#define GVR_CM_MEMORY_H

#include <stddef.h>

/* Zeroed, aligned to at least 64 bytes, in huge pages where the system grants
 * them. NULL: not enough memory. Release with free. */
void *memory_alloc(size_t nbytes);

#endif
