#include "engines/generate/rnn/sampling.h"

#define ALL 65536u
#define LOGIT_MAX (1 << 29)

void sampling_temper(int32_t *logits, unsigned count, const struct generator_sampling *how)
{
	int64_t factor = (INT64_C(100) << 16) / how->temperature_percentage;
	for (unsigned i = 0; i < count && how->temperature_percentage != 100; i++) {
		int64_t x = (logits[i] * factor) >> 16;
		logits[i] = (int32_t)(x > LOGIT_MAX ? LOGIT_MAX : x < -LOGIT_MAX ? -LOGIT_MAX : x);
	}
}

static unsigned largest(const uint32_t *frequencies, unsigned count)
{
	unsigned most = 0;
	for (unsigned i = 1; i < count; i++)
		most = frequencies[i] > frequencies[most] ? i : most;
	return most;
}

static uint32_t enough(const struct generator_sampling *how)
{
	return (ALL * how->top_p_percentage + 99) / 100;
}

void sampling_cut(uint32_t *frequencies, unsigned count, const struct generator_sampling *how)
{
	uint32_t kept[1024] = {0}, sum = 0, total = 0;
	if (how->top_p_percentage == 100)
		return;
	unsigned first = largest(frequencies, count);
	while (sum < enough(how)) {
		unsigned i = largest(frequencies, count);
		kept[i] = frequencies[i];
		sum += kept[i];
		frequencies[i] = 0;
	}
	for (unsigned i = 0; i < count; i++) {
		frequencies[i] = (uint32_t)((uint64_t)kept[i] * ALL / sum);
		total += frequencies[i];
	}
	frequencies[first] += ALL - total;
}

uint32_t sampling_cut_hit(uint32_t p, const struct generator_sampling *how)
{
	if (how->top_p_percentage == 100)
		return p;
	if (p >= ALL / 2)
		return p >= enough(how) ? ALL : p;
	return ALL - p >= enough(how) ? 0 : p;
}
