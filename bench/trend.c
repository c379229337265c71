#include "bench/trend.h"

void trend_reset(struct trend *t, uint64_t start_ns)
{
	*t = (struct trend){.start_ns = start_ns, .window_ns = TREND_WINDOW_MIN_NS};
}

/* Joins each pair of windows: the first half then holds all. */
static void join_pairs(struct trend *t)
{
	for (unsigned i = 0; i < TREND_WINDOWS / 2; i++) {
		t->count[i] = t->count[2 * i] + t->count[2 * i + 1];
		t->response_sum_ns[i] = t->response_sum_ns[2 * i] + t->response_sum_ns[2 * i + 1];
	}
	for (unsigned i = TREND_WINDOWS / 2; i < TREND_WINDOWS; i++) {
		t->count[i] = 0;
		t->response_sum_ns[i] = 0;
	}
	t->window_ns *= 2;
}

void trend_widen(struct trend *t, uint64_t at_ns)
{
	while (at_ns > t->start_ns && (at_ns - t->start_ns) / t->window_ns >= TREND_WINDOWS)
		join_pairs(t);
}

void trend_merge(struct trend *into, const struct trend *from)
{
	while (into->window_ns < from->window_ns)
		join_pairs(into);
	uint64_t narrower = into->window_ns / from->window_ns;
	for (unsigned i = 0; i < TREND_WINDOWS; i++) {
		into->count[i / narrower] += from->count[i];
		into->response_sum_ns[i / narrower] += from->response_sum_ns[i];
	}
}

double trend_mean(const struct trend *t)
{
	double sum_ns = 0;
	uint64_t count = 0;

	for (unsigned i = 0; i < TREND_WINDOWS; i++) {
		sum_ns += t->response_sum_ns[i];
		count += t->count[i];
	}
	return count > 0 ? sum_ns / (double)count : 0;
}
