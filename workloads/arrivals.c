#include "workloads/arrivals.h"

#include "workloads/exact.h"
#include "workloads/prng.h"

#define FRACTION_BITS 20
/* At most 146 years, so that no sum of gaps can overflow. */
#define GAP_MAX_NS 0x1p62
enum { KEY_GAPS = 3 };
/* The name of the sub-sequence of randseed that schedules use. */
enum { SEED_ARRIVALS = 101 };

void arrivals_plan(struct arrivals_plan *plan, const struct workload *w)
{
	bool bursts = w->rate_process == RATE_BURSTS;

	*plan = (struct arrivals_plan){
		.process = w->rate_process,
		.rate_count = w->rate_count,
		.ramp_ns = w->ramp_time_ns,
		.agents = bursts ? w->burst_agents : 1,
		.chain = bursts ? w->burst_chain : 1,
		.seed = prng_key(w->randseed, SEED_ARRIVALS),
	};
	for (unsigned i = 0; i < w->rate_count; i++)
		plan->rates[i] = w->rate_iops[i];
	if (w->rate_count > 1) {
		plan->step_ns = w->runtime_ns / w->rounds / w->rate_count;
		plan->step_ns += plan->step_ns == 0;
	}
}

static unsigned __int128 fixed_point(uint64_t ns)
{
	return (unsigned __int128)ns << FRACTION_BITS;
}

void arrivals_init(struct arrivals *a, const struct arrivals_plan *plan)
{
	*a = (struct arrivals){
		.plan = *plan,
		.key = prng_key(plan->seed, KEY_GAPS),
		.step_end_fp = plan->rate_count > 1 ? fixed_point(plan->ramp_ns + plan->step_ns)
						    : ~(unsigned __int128)0,
	};
}

/* The gap to the next arrival in mean gaps. */
static double unit_gap(const struct arrivals *a)
{
	switch (a->plan.process) {
	case RATE_POISSON: /* 1 - [0, 1) is in (0, 1] */
		return -exact_log(1 - prng_unit(prng_at(a->key, a->index)));
	case RATE_BURSTS:
		return a->index % a->plan.agents == 0 ? 1 : 0;
	default:
		return 1;
	}
}

/* The mean gap at the present step. */
static double gap_mean_ns(const struct arrivals *a)
{
	double requests = (double)a->plan.agents * a->plan.chain;
	double gap_ns = 1e9 * requests / a->plan.rates[a->step];
	return gap_ns < GAP_MAX_NS ? gap_ns : GAP_MAX_NS;
}

uint64_t arrivals_next_ns(struct arrivals *a)
{
	double left = unit_gap(a), mean_ns = gap_mean_ns(a);

	while (a->plan.rate_count > 1) {
		double room_ns = (double)(a->step_end_fp - a->next_fp) / (1 << FRACTION_BITS);
		if (left * mean_ns < room_ns)
			break;
		left -= room_ns / mean_ns;
		left = left > 0 ? left : 0;
		a->next_fp = a->step_end_fp;
		a->step_end_fp += fixed_point(a->plan.step_ns);
		a->step = (a->step + 1) % a->plan.rate_count;
		mean_ns = gap_mean_ns(a);
	}
	a->index++;
	a->next_fp += (unsigned __int128)(left * mean_ns * (1 << FRACTION_BITS) + 0.5);
	unsigned __int128 next_ns = a->next_fp >> FRACTION_BITS;
	return next_ns < UINT64_MAX ? (uint64_t)next_ns : UINT64_MAX;
}

unsigned arrivals_step_at(const struct arrivals_plan *plan, uint64_t at_ns)
{
	if (plan->rate_count < 2 || at_ns < plan->ramp_ns)
		return 0;
	return (unsigned)((at_ns - plan->ramp_ns) / plan->step_ns % plan->rate_count);
}
