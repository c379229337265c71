/*
 * noise.h: noise content: bytes that are a pure function of (content,
 * context), at memory speed. For pure store tests, and the cheapest
 * regeneration there can be.
 */
#ifndef GVR_NOISE_H
#define GVR_NOISE_H

#include <stddef.h>
#include <stdint.h>

/* Fills out with the content's nbytes bytes. In each block of 512 bytes
 * (the last may be shorter) the first (100 - compress_percentage) % are
 * counter-mode pseudo-random, the rest zero, as fio's
 * buffer_compress_percentage. The bytes do not depend on the machine's byte
 * order, the compiler or alignment. */
void noise_fill(uint64_t content, uint32_t context, uint32_t compress_percentage, uint8_t *out,
		size_t nbytes);

#endif
