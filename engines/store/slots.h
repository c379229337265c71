/*
 * slots.h: the requests that one worker has in flight, or whose replies are
 * lent: each has a fiber of a ring to be served on and a buffer to read into.
 * What every engine that reads through a ring has in common.
 */
#ifndef GVR_SLOTS_H
#define GVR_SLOTS_H

#include <stddef.h>
#include <stdint.h>

#include "engines/engine.h"
#include "engines/store/ring.h"
#include "engines/store/store.h"

struct slots;

struct slot {
	struct request *req;
	struct ring_buffer read; /* for its reads: read_nbytes long, at least */
	uint8_t *reply;		 /* reply_nbytes, aligned to 4096; NULL if that is 0 */
	struct store_value value;
	struct slots *slots;
	bool done;
	struct slot *next; /* in the list of free or of done slots */
};

struct slots_options {
	unsigned depth;
	size_t read_nbytes, reply_nbytes; /* of each slot; mapped, not touched */
	size_t alignment;		  /* of the files that are read (direct.h); 1: any */
	enum ring_io io;
	bool sqthread_poll;
	bool fixedbufs; /* registers the read buffers with the ring */
	bool hugepages; /* buffers lie in huge pages, if there are some */
	/* Answers s->req: error, reply, reply_nbytes. Runs on a fiber, so it
	 * may read. arg as given. */
	void (*serve)(struct slot *s, void *arg);
	void *arg;
};

/* For the calling thread. -ENOMEM, or what ring_create says. */
int slots_create(struct slots **out, const struct slots_options *o, struct error *e);
/* Nothing may be in flight. */
void slots_destroy(struct slots *s);

/* engine.h: submit, reap and release. A reply that holds s->value is unpinned
 * by release. */
enum submit_status slots_submit(struct slots *s, struct request *req);
int slots_reap(struct slots *s, struct request **done, unsigned cap, uint64_t wait_ns);
void slots_release(struct slots *s, struct request *req);

struct ring_stats slots_ring_stats(const struct slots *s);
/* Memory that the buffers take up: the pages that were touched. */
uint64_t slots_resident_bytes(const struct slots *s);

#endif
