/*
 * prng.h: counter-mode pseudo-random numbers. Everything random in gvr is a
 * pure function of a key and a counter, so that any part of a stream can be
 * made anywhere, in any order, by any number of workers, with the same result.
 */
#ifndef GVR_PRNG_H
#define GVR_PRNG_H

#include <stdint.h>

/* A bijection on 64 bits with full avalanche (the finaliser of SplitMix64:
 * Steele, Lea, Flood, OOPSLA 2014). */
static inline uint64_t prng_mix(uint64_t x)
{
	x ^= x >> 30;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	x ^= x >> 27;
	x *= UINT64_C(0x94d049bb133111eb);
	x ^= x >> 31;
	return x;
}

/* Number `counter` of the sequence named `key`. */
static inline uint64_t prng_at(uint64_t key, uint64_t counter)
{
	return prng_mix(key + (counter + 1) * UINT64_C(0x9e3779b97f4a7c15));
}

/* A key for a sub-sequence: one purpose, one name. */
static inline uint64_t prng_key(uint64_t seed, uint64_t name)
{
	return prng_mix(prng_mix(seed ^ UINT64_C(0x6a09e667f3bcc909)) + prng_mix(name));
}

/* Uniform in [0, 1), 53 bits. */
static inline double prng_unit(uint64_t r)
{
	return (double)(r >> 11) * 0x1p-53;
}

/* Uniform in [0, n), n >= 1; the bias is at most n / 2^64. */
static inline uint64_t prng_below(uint64_t r, uint64_t n)
{
	return (uint64_t)(((unsigned __int128)r * n) >> 64);
}

#endif
