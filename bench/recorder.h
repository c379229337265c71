/* recorder.h: what one worker, slice or engine measured; merged upwards. */
#ifndef GVR_RECORDER_H
#define GVR_RECORDER_H

#include <stdint.h>

#include "bench/histogram.h"
#include "bench/trend.h"
#include "workloads/request.h"

#define RECORDER_BAD_MAX 8u
/* Less spinning than this does not tell what the machine withholds. */
#define SPUN_MIN_NS UINT64_C(10000000)

/* A request that failed or got wrong bytes: the first few are named. */
struct bad_reply {
	uint64_t content;
	uint32_t context;
	int error; /* -errno of a failed request; 0: the bytes differ */
};

/* One step of rate_iops. */
struct step_recorder {
	struct histogram response;
	uint64_t planned;
};

struct recorder {
	struct histogram response;   /* done - planned */
	struct histogram service;    /* done - issued */
	struct histogram slip;	     /* what the harness itself was late: worker.h */
	struct trend trend;	     /* of the response time, during an open-loop slice */
	struct step_recorder *steps; /* step_count of them; NULL: one rate */
	unsigned step_count;
	uint64_t planned, issued, failed, dropped;
	uint64_t completed; /* may be looked at while a worker counts (progress) */
	uint64_t verified, mismatched;
	uint64_t content_bytes;		       /* of the replies */
	uint64_t stream_digest;		       /* sum of the shares of what was issued */
	uint64_t cpu_ns;		       /* of the workers, less verify_ns and spin_ns */
	uint64_t verify_ns, spin_ns;	       /* CPU time of the harness itself */
	uint64_t spun_ns, withheld_ns;	       /* spun before deadlines; of that without a CPU */
	uint64_t last_issued_ns, last_done_ns; /* clock times; 0: none */
	struct bad_reply bad[RECORDER_BAD_MAX];
	unsigned bad_count;
};

/* An empty recorder for rate_iops of step_count steps. NULL: out of memory. */
struct recorder *recorder_create(unsigned step_count);
void recorder_destroy(struct recorder *r); /* NULL: nothing */

/* Empty again; the trend begins at start_ns. */
void recorder_reset(struct recorder *r, uint64_t start_ns);

/* The trend is not merged: it belongs to one slice (trend_merge). Both have
 * the same steps. */
void recorder_merge(struct recorder *into, const struct recorder *from);

/* Records a completed request's times. slip_ns: see worker.h; step: of the
 * rate it was planned at. */
void recorder_done(struct recorder *r, const struct request *req, uint64_t slip_ns, unsigned step);
void recorder_bad(struct recorder *r, const struct request *req, int error);

#endif
