/*
 * stream_check.c: the same requests for every engine. Each engine summed what
 * it was really asked; here the stream is made once more and must give the
 * same sums.
 */
#include "bench/run.h"

#include "bench/progress.h"

#define STEP_REQUESTS (UINT64_C(1) << 22)

struct walk {
	const struct stream *stream;
	struct stream_ahead ahead;
	struct arrivals arrivals; /* server */
	uint64_t ramp_ns;	  /* server: what is planned earlier was warm-up */
	bool paced;
	uint64_t index, schedule_ns; /* of the next request */
	uint32_t chain_left;
	uint64_t seen, digest;
};

static void next_arrival(struct walk *k)
{
	do {
		k->index = k->arrivals.index * k->arrivals.plan.chain;
		k->schedule_ns = arrivals_next_ns(&k->arrivals);
	} while (k->schedule_ns < k->ramp_ns);
	k->chain_left = k->arrivals.plan.chain - 1;
}

static void begin_walk(struct walk *k, const struct run *run, const struct engine_run *er)
{
	*k = (struct walk){
		.stream = &run->stream,
		.paced = run->workload->scenario == SCENARIO_SERVER,
		.ramp_ns = run->workload->ramp_time_ns,
	};
	if (!k->paced)
		return;
	arrivals_init(&k->arrivals, &er->plan);
	next_arrival(k);
}

static void walk_one(struct walk *k)
{
	struct request r;

	stream_request_ahead(k->stream, &k->ahead, k->index, &r);
	k->digest += stream_digest_share(k->index, r.content, r.context, k->schedule_ns);
	k->seen++;
	k->index++;
	if (k->paced && k->chain_left-- == 0)
		next_arrival(k);
}

/* False: the user wants to stop. */
static bool walk_to(struct walk *k, uint64_t count, const struct run *run, uint64_t total)
{
	while (k->seen < count) {
		walk_one(k);
		if (k->seen % STEP_REQUESTS == 0 &&
		    progress_step(run->progress, "checking the request stream", k->seen, total) !=
			    0)
			return false;
	}
	return true;
}

static void walk_prefix(struct walk *k, struct run *run, uint64_t issued)
{
	run->prefix_requests = issued < RUN_PREFIX_REQUESTS ? issued : RUN_PREFIX_REQUESTS;
	walk_to(k, run->prefix_requests, run, run->prefix_requests);
	run->prefix_digest = k->digest;
}

/* Engines in ascending order of how much they were asked, so that one walk
 * serves all. */
static void sort_by_issued(const struct run *run, unsigned *order)
{
	for (unsigned i = 0; i < run->engine_count; i++) {
		unsigned at = i;
		for (; at > 0 &&
		       run->engines[order[at - 1]].total->issued > run->engines[i].total->issued;
		     at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
}

void stream_check(struct run *run)
{
	unsigned order[WORKLOAD_ENGINES_MAX];
	bool peak = run->workload->scenario == SCENARIO_SERVER && run->workload->rate_count == 0;
	struct walk k;

	if (run->engine_count == 0)
		return;
	sort_by_issued(run, order);
	uint64_t total = run->engines[order[run->engine_count - 1]].total->issued;
	for (unsigned i = 0; i < run->engine_count; i++) {
		struct engine_run *er = &run->engines[order[i]];
		if (i == 0 || peak)
			begin_walk(&k, run, er);
		if (i == 0 && !peak)
			walk_prefix(&k, run, er->total->issued);
		if (!walk_to(&k, er->total->issued, run, total)) {
			run->interrupted = true;
			run->stream_requests = 0; /* nothing is known of it */
			return;
		}
		/* what an overloaded or stopped engine was not asked may lie anywhere */
		er->stream_checked = run->interrupted || er->total->dropped > 0 ||
				     er->total->stream_digest == k.digest;
		if (i == 0 && !peak) {
			run->stream_requests = k.seen;
			run->stream_digest = k.digest;
		}
	}
}
