#include "bench/recorder.h"

#include <string.h>

void recorder_reset(struct recorder *r)
{
	memset(r, 0, sizeof *r);
	histogram_reset(&r->response);
	histogram_reset(&r->service);
	histogram_reset(&r->slip);
}

void recorder_merge(struct recorder *into, const struct recorder *from)
{
	histogram_merge(&into->response, &from->response);
	histogram_merge(&into->service, &from->service);
	histogram_merge(&into->slip, &from->slip);
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
	if (from->last_issued_ns > into->last_issued_ns)
		into->last_issued_ns = from->last_issued_ns;
	if (from->last_done_ns > into->last_done_ns)
		into->last_done_ns = from->last_done_ns;
	for (unsigned i = 0; i < from->bad_count && into->bad_count < RECORDER_BAD_MAX; i++)
		into->bad[into->bad_count++] = from->bad[i];
}

void recorder_done(struct recorder *r, const struct request *req)
{
	r->completed++;
	r->content_bytes += req->reply_nbytes;
	histogram_record(&r->response, req->done_ns - req->planned_ns);
	histogram_record(&r->service, req->done_ns - req->issued_ns);
	histogram_record(&r->slip, req->issued_ns - req->planned_ns);
}

void recorder_bad(struct recorder *r, const struct request *req, int error)
{
	if (r->bad_count < RECORDER_BAD_MAX)
		r->bad[r->bad_count++] = (struct bad_reply){req->content, req->context, error};
}
