#include "bench/recorder.h"

#include <stdlib.h>
#include <string.h>

struct recorder *recorder_create(unsigned step_count)
{
	struct recorder *r = malloc(sizeof *r);
	if (r == NULL)
		return NULL;
	r->step_count = step_count > 1 ? step_count : 0;
	r->steps = NULL;
	if (r->step_count > 0) {
		r->steps = malloc(r->step_count * sizeof *r->steps);
		if (r->steps == NULL) {
			free(r);
			return NULL;
		}
	}
	recorder_reset(r, 0);
	return r;
}

void recorder_destroy(struct recorder *r)
{
	if (r != NULL)
		free(r->steps);
	free(r);
}

void recorder_reset(struct recorder *r, uint64_t start_ns)
{
	struct step_recorder *steps = r->steps;
	unsigned step_count = r->step_count;

	memset(r, 0, sizeof *r);
	r->steps = steps;
	r->step_count = step_count;
	histogram_reset(&r->response);
	histogram_reset(&r->service);
	histogram_reset(&r->slip);
	trend_reset(&r->trend, start_ns);
	for (unsigned i = 0; i < step_count; i++) {
		histogram_reset(&steps[i].response);
		steps[i].planned = 0;
	}
}

void recorder_merge(struct recorder *into, const struct recorder *from)
{
	histogram_merge(&into->response, &from->response);
	histogram_merge(&into->service, &from->service);
	histogram_merge(&into->slip, &from->slip);
	for (unsigned i = 0; i < into->step_count; i++) {
		histogram_merge(&into->steps[i].response, &from->steps[i].response);
		into->steps[i].planned += from->steps[i].planned;
	}
	into->planned += from->planned;
	into->issued += from->issued;
	into->completed += from->completed;
	into->failed += from->failed;
	into->dropped += from->dropped;
	into->verified += from->verified;
	into->mismatched += from->mismatched;
	into->content_bytes += from->content_bytes;
	into->stream_digest += from->stream_digest;
	into->cpu_ns += from->cpu_ns;
	into->verify_ns += from->verify_ns;
	into->spin_ns += from->spin_ns;
	into->spun_ns += from->spun_ns;
	into->withheld_ns += from->withheld_ns;
	if (from->last_issued_ns > into->last_issued_ns)
		into->last_issued_ns = from->last_issued_ns;
	if (from->last_done_ns > into->last_done_ns)
		into->last_done_ns = from->last_done_ns;
	for (unsigned i = 0; i < from->bad_count && into->bad_count < RECORDER_BAD_MAX; i++)
		into->bad[into->bad_count++] = from->bad[i];
}

void recorder_done(struct recorder *r, const struct request *req, uint64_t slip_ns, unsigned step)
{
	uint64_t response_ns = req->done_ns - req->planned_ns;

	histogram_count(&r->completed);
	r->content_bytes += req->reply_nbytes;
	histogram_record(&r->response, response_ns);
	histogram_record(&r->service, req->done_ns - req->issued_ns);
	histogram_record(&r->slip, slip_ns);
	if (r->steps != NULL)
		histogram_record(&r->steps[step].response, response_ns);
}

void recorder_bad(struct recorder *r, const struct request *req, int error)
{
	if (r->bad_count < RECORDER_BAD_MAX)
		r->bad[r->bad_count++] = (struct bad_reply){req->content, req->context, error};
}
