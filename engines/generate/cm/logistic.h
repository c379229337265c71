/*
 * logistic.h: probabilities and their logits. A logit is ln(p / (1 - p)) in
 * units of 1/256. The tables are computed with integers only, so that they
 * are the same on every machine.
 */
#ifndef GVR_CM_LOGISTIC_H
#define GVR_CM_LOGISTIC_H

#include <stdint.h>

#define LOGIT_MAX 2047	     /* of a mixer's inputs */
#define LOGIT_FINAL_MAX 3071 /* of what mixers say: e^-12 from certain */

struct logistic {
	int16_t stretch[4096];			  /* 12-bit probability -> logit, +-LOGIT_MAX */
	uint16_t squash[2 * LOGIT_FINAL_MAX + 1]; /* logit -> 16-bit probability, 1..65535 */
};

void logistic_init(struct logistic *l);

static inline int32_t logit_clamp(int32_t logit)
{
	if (logit > LOGIT_FINAL_MAX)
		return LOGIT_FINAL_MAX;
	return logit < -LOGIT_FINAL_MAX ? -LOGIT_FINAL_MAX : logit;
}

/* 16-bit probability of a clamped logit. */
static inline int32_t squash(const struct logistic *l, int32_t logit)
{
	return l->squash[logit + LOGIT_FINAL_MAX];
}

/* Logit of a 16-bit probability. */
static inline int32_t stretch(const struct logistic *l, uint32_t p16)
{
	return l->stretch[p16 >> 4];
}

#endif
