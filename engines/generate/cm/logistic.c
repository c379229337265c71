#include "engines/generate/cm/logistic.h"

/* e^(-1/256) in 2^-62. */
#define DECAY UINT64_C(4593706758521714574)
#define ONE (UINT64_C(1) << 62)

static uint16_t clamp_p16(uint64_t p)
{
	return (uint16_t)(p < 1 ? 1 : p > 65535 ? 65535 : p);
}

void logistic_init(struct logistic *l)
{
	uint64_t power = ONE; /* e^(-x/256) */
	for (int x = 0; x <= LOGIT_FINAL_MAX; x++) {
		unsigned __int128 one = (unsigned __int128)ONE << 16;
		uint16_t p = clamp_p16((uint64_t)(one / (ONE + power)));
		l->squash[LOGIT_FINAL_MAX + x] = p;
		l->squash[LOGIT_FINAL_MAX - x] = clamp_p16(65536u - p);
		power = (uint64_t)(((unsigned __int128)power * DECAY) >> 62);
	}
	int logit = -LOGIT_MAX; /* the least whose probability reaches p's middle */
	for (uint32_t p = 0; p < 4096; p++) {
		while (logit < LOGIT_MAX && l->squash[LOGIT_FINAL_MAX + logit] < p * 16 + 8)
			logit++;
		l->stretch[p] = (int16_t)logit;
	}
}
