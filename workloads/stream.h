/*
 * stream.h: the request stream: workload and seed in, the same requests out,
 * for every engine and any number of workers.
 */
#ifndef GVR_STREAM_H
#define GVR_STREAM_H

#include <stdint.h>

#include "workloads/popularity.h"
#include "workloads/request.h"
#include "workloads/workload.h"

struct stream {
	struct popularity popularity;
	uint32_t contexts;
	uint64_t context_key;
};

/* contents >= 1: how many contents there are to ask for. */
void stream_init(struct stream *s, const struct workload *w, uint64_t contents);

/* Sets content and context of request `index`: any index, in any order. */
void stream_request(const struct stream *s, uint64_t index, struct request *r);

/* What was made ahead of a caller that asks for one index after the other; its
 * own, and empty ({0}) at the beginning of a stream. */
struct stream_ahead {
	uint64_t first;
	unsigned count;
	uint64_t contents[POPULARITY_LANES];
};

/* The same as stream_request, and cheaper where indices come in order. */
void stream_request_ahead(const struct stream *s, struct stream_ahead *ahead, uint64_t index,
			  struct request *r);

/* One request's share of the digest of a stream; the digest of a set of
 * requests is the sum (mod 2^64) of its shares, so that workers can each sum
 * what they issue, in any order. planned_ns is relative to the stream's
 * start; 0 where the scenario plans no times. */
uint64_t stream_digest_share(uint64_t index, uint64_t content, uint32_t context,
			     uint64_t planned_ns);

#endif
