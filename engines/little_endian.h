/* little_endian.h: numbers as files hold them, whatever the machine's order. */
#ifndef GVR_LITTLE_ENDIAN_H
#define GVR_LITTLE_ENDIAN_H

#include <stdint.h>

/* nbytes: 1..8 */
static inline void put_le(uint8_t *out, uint64_t value, unsigned nbytes)
{
	for (unsigned i = 0; i < nbytes; i++)
		out[i] = (uint8_t)(value >> (8 * i));
}

static inline uint64_t get_le(const uint8_t *in, unsigned nbytes)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < nbytes; i++)
		value |= (uint64_t)in[i] << (8 * i);
	return value;
}

#endif
