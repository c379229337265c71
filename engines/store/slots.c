/* slots.c: requests in flight: a fiber and a buffer each. */
#include "engines/store/slots.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engines/store/direct.h"

#define HUGE_PAGE_NBYTES ((size_t)2 << 20)

struct slots {
	struct slots_options options;
	struct ring *ring;
	void *map;
	size_t map_nbytes;
	uint8_t *buffers; /* in the map: all read buffers, then all reply buffers */
	size_t buffers_nbytes;
	struct slot *free;
	struct slot *done_head, *done_tail;
	struct slot *submitting; /* while its request has not yet waited */
	struct slot each[];
};

static size_t round_up(size_t nbytes, size_t unit)
{
	return (nbytes + unit - 1) / unit * unit;
}

/*
 * Mapped, not allocated: 32 buffers of 64 MiB take memory only where used. In
 * huge pages: a read into memory that lies in one piece is one segment for the
 * device, and faster for it: 64 KiB by a fifth and more.
 */
static int map_buffers(struct slots *s)
{
	struct slots_options *o = &s->options;
	o->read_nbytes = round_up(o->read_nbytes, direct_buffer_alignment(o->alignment));
	o->reply_nbytes = round_up(o->reply_nbytes, DIRECT_BLOCK_NBYTES);
	s->buffers_nbytes =
		round_up((o->read_nbytes + o->reply_nbytes) * o->depth, HUGE_PAGE_NBYTES);
	s->map_nbytes = s->buffers_nbytes + HUGE_PAGE_NBYTES;
	s->map = mmap(NULL, s->map_nbytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (s->map == MAP_FAILED)
		return -ENOMEM;
	s->buffers = (uint8_t *)round_up((uintptr_t)s->map, HUGE_PAGE_NBYTES);
	if (o->hugepages)
		madvise(s->buffers, s->buffers_nbytes, MADV_HUGEPAGE); /* only advice */
	return 0;
}

static void make_each(struct slots *s)
{
	const struct slots_options *o = &s->options;
	uint8_t *replies = s->buffers + o->read_nbytes * o->depth;
	for (unsigned i = o->depth; i-- > 0;) {
		struct slot *slot = &s->each[i];
		slot->slots = s;
		slot->read = (struct ring_buffer){s->buffers + i * o->read_nbytes, o->read_nbytes};
		slot->reply = o->reply_nbytes > 0 ? replies + i * o->reply_nbytes : NULL;
		slot->next = s->free;
		s->free = slot;
	}
}

static int open_ring(struct slots *s, struct error *e)
{
	const struct slots_options *o = &s->options;
	struct ring_options ring = {
		.depth = o->depth,
		.io = o->io,
		.sqthread_poll = o->sqthread_poll,
		.fixed = s->buffers,
		.fixed_nbytes = o->read_nbytes,
		.fixed_count = o->fixedbufs ? o->depth : 0,
	};
	return ring_create(&s->ring, &ring, e);
}

int slots_create(struct slots **out, const struct slots_options *o, struct error *e)
{
	struct slots *s = calloc(1, sizeof *s + o->depth * sizeof s->each[0]);
	int err = -ENOMEM;
	if (s != NULL) {
		s->options = *o;
		err = map_buffers(s);
	}
	if (err != 0) {
		free(s);
		return error_set(e, err, "out of memory for %u requests in flight: lower iodepth",
				 o->depth);
	}
	make_each(s);
	err = open_ring(s, e);
	if (err != 0) {
		slots_destroy(s);
		return err;
	}
	*out = s;
	return 0;
}

void slots_destroy(struct slots *s)
{
	if (s == NULL)
		return;
	ring_destroy(s->ring);
	munmap(s->map, s->map_nbytes);
	free(s);
}

static void push_done(struct slots *s, struct slot *slot)
{
	slot->next = NULL;
	if (s->done_head == NULL)
		s->done_head = slot;
	else
		s->done_tail->next = slot;
	s->done_tail = slot;
}

/* Runs on a fiber. */
static void serve(void *arg)
{
	struct slot *slot = arg;
	struct slots *s = slot->slots;
	struct request *req = slot->req;
	req->reply = NULL;
	req->reply_nbytes = 0;
	s->options.serve(slot, s->options.arg);
	slot->done = true;
	if (s->submitting != slot)
		push_done(s, slot);
}

enum submit_status slots_submit(struct slots *s, struct request *req)
{
	struct slot *slot = s->free;
	if (slot == NULL)
		return SUBMIT_BUSY;
	s->free = slot->next;
	slot->req = req;
	slot->done = false;
	slot->value.pin = NULL;
	req->slot = slot;
	s->submitting = slot;
	int err = ring_start(s->ring, serve, slot);
	s->submitting = NULL;
	if (err != 0) { /* as many fibers as slots: cannot be */
		slot->next = s->free;
		s->free = slot;
		return SUBMIT_BUSY;
	}
	return slot->done ? SUBMIT_DONE : SUBMIT_QUEUED;
}

int slots_reap(struct slots *s, struct request **done, unsigned cap, uint64_t wait_ns)
{
	/* not while there are some to hand back: the reads that they make room
	 * for are then handed to the kernel together */
	int err = s->done_head == NULL ? ring_poll(s->ring, wait_ns) : 0;
	if (err < 0)
		return err;
	unsigned count = 0;
	while (count < cap && s->done_head != NULL) {
		done[count++] = s->done_head->req;
		s->done_head = s->done_head->next;
	}
	return (int)count;
}

void slots_release(struct slots *s, struct request *req)
{
	struct slot *slot = req->slot;
	store_unpin(&slot->value);
	req->slot = NULL;
	slot->next = s->free;
	s->free = slot;
}

struct ring_stats slots_ring_stats(const struct slots *s)
{
	return ring_get_stats(s->ring);
}

uint64_t slots_resident_bytes(const struct slots *s)
{
	size_t page_nbytes = (size_t)sysconf(_SC_PAGESIZE);
	size_t pages = (s->buffers_nbytes + page_nbytes - 1) / page_nbytes;
	unsigned char *resident = malloc(pages);
	uint64_t bytes = 0;
	if (resident != NULL && mincore(s->buffers, s->buffers_nbytes, resident) == 0)
		for (size_t i = 0; i < pages; i++)
			bytes += (resident[i] & 1) * page_nbytes;
	free(resident);
	return bytes;
}
