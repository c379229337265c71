/* request.h: one request for one content, and the reply to it. */
#ifndef GVR_REQUEST_H
#define GVR_REQUEST_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The harness fills content, context and the times; the engine fills reply,
 * reply_nbytes and error before it hands the request back. Times are
 * CLOCK_MONOTONIC nanoseconds.
 *
 * The reply is lent: it belongs to the engine and stays valid until the
 * harness calls engine_ops.release on the request.
 */
struct request {
	uint64_t content;     /* [0, contents) */
	uint32_t context;     /* [0, contexts) */
	int32_t error;	      /* 0, or -errno: the request failed, there is no reply */
	uint64_t planned_ns;  /* when the stream wants it released */
	uint64_t issued_ns;   /* when submit took it */
	uint64_t done_ns;     /* when the harness got it back */
	const uint8_t *reply; /* reply_nbytes bytes; NULL from an engine that makes none */
	size_t reply_nbytes;
	void *slot; /* the engine's own, from submit to release */
};

static_assert(sizeof(struct request) == 64, "one cache line per request");

#endif
