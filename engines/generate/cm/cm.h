/*
 * cm.h: the generator `cm` (generator.h): context mixing. What tests need
 * besides its operations.
 */
#ifndef GVR_CM_H
#define GVR_CM_H

#include "engines/generate/generator.h"

/* Opens a model file that is in memory; `name` stands for its path in
 * messages. The bytes are not needed afterwards. */
int cm_open_memory(struct generator **out, const uint8_t *bytes, size_t nbytes, const char *name,
		   struct error *e);

#endif
