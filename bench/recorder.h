/* recorder.h: what one worker, slice or engine measured; merged upwards. */
#ifndef GVR_RECORDER_H
#define GVR_RECORDER_H

#include <stdint.h>

#include "bench/histogram.h"
#include "workloads/request.h"

#define RECORDER_BAD_MAX 8u

/* A request that failed or got wrong bytes: the first few are named. */
struct bad_reply {
	uint64_t content;
	uint32_t context;
	int error; /* -errno of a failed request; 0: the bytes differ */
};

struct recorder {
	struct histogram response; /* done - planned */
	struct histogram service;  /* done - issued */
	struct histogram slip;	   /* issued - planned */
	uint64_t planned, issued, completed, failed, dropped;
	uint64_t verified, mismatched;
	uint64_t content_bytes;		       /* of the replies */
	uint64_t stream_digest;		       /* sum of the shares of what was issued */
	uint64_t cpu_ns;		       /* of the workers, less verify_ns and spin_ns */
	uint64_t verify_ns, spin_ns;	       /* CPU time of the harness itself */
	uint64_t last_issued_ns, last_done_ns; /* clock times; 0: none */
	struct bad_reply bad[RECORDER_BAD_MAX];
	unsigned bad_count;
};

void recorder_reset(struct recorder *r);
void recorder_merge(struct recorder *into, const struct recorder *from);

/* Records a completed request's times. */
void recorder_done(struct recorder *r, const struct request *req);
void recorder_bad(struct recorder *r, const struct request *req, int error);

#endif
