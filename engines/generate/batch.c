#include "engines/generate/batch.h"

#include <errno.h>
#include <stdlib.h>

#include "engines/generate/novel.h"

struct batch {
	const struct generator_ops *ops;
	struct generator_session *session;
	struct batch_queue waiting;
	unsigned lanes;
	/* the contents on a lane, by when they joined, and their lanes */
	unsigned active;
	struct batch_job **jobs;
	struct generator_lane **active_lanes;
	unsigned *free_lanes; /* lanes - active of them */
};

/* ---- queues ---- */

void batch_queue_push(struct batch_queue *q, struct batch_job *job)
{
	job->next = NULL;
	if (q->tail != NULL)
		q->tail->next = job;
	else
		q->head = job;
	q->tail = job;
}

struct batch_job *batch_queue_pop(struct batch_queue *q)
{
	struct batch_job *job = q->head;
	if (job != NULL) {
		q->head = job->next;
		if (q->head == NULL)
			q->tail = NULL;
	}
	return job;
}

/* ---- opening ---- */

static void free_batch(struct batch *b)
{
	free(b->jobs);
	free(b->active_lanes);
	free(b->free_lanes);
	free(b);
}

static struct batch *allocate(const struct generator_ops *ops, unsigned lanes)
{
	struct batch *b = calloc(1, sizeof *b);
	if (b == NULL)
		return NULL;
	b->ops = ops;
	b->lanes = lanes;
	b->jobs = calloc(lanes, sizeof(struct batch_job *));
	b->active_lanes = calloc(lanes, sizeof(struct generator_lane *));
	b->free_lanes = calloc(lanes, sizeof *b->free_lanes);
	if (b->jobs == NULL || b->active_lanes == NULL || b->free_lanes == NULL) {
		free_batch(b);
		return NULL;
	}
	for (unsigned i = 0; i < lanes; i++)
		b->free_lanes[i] = lanes - 1 - i; /* taken from the end: lane 0 first */
	return b;
}

int batch_create(struct batch **out, const struct generator_ops *ops, struct generator *g,
		 unsigned depth, struct error *e)
{
	struct generator_info info;

	ops->info(g, &info);
	struct batch *b = allocate(ops, depth < info.lanes_max ? depth : info.lanes_max);
	if (b == NULL)
		return error_set(e, -ENOMEM, "out of memory");
	int err = ops->session_open(&b->session, g, b->lanes, e);
	if (err != 0) {
		free_batch(b);
		return err;
	}
	*out = b;
	return 0;
}

void batch_destroy(struct batch *b)
{
	b->ops->session_close(b->session);
	free_batch(b);
}

void batch_sample(struct batch *b, const struct generator_sampling *how)
{
	if (b->ops->sample != NULL)
		b->ops->sample(b->session, how);
}

unsigned batch_lanes(const struct batch *b)
{
	return b->lanes;
}

/* ---- making ---- */

void batch_add(struct batch *b, struct batch_job *job)
{
	job->lane.made = 0;
	batch_queue_push(&b->waiting, job);
}

bool batch_is_idle(const struct batch *b)
{
	return b->active == 0 && b->waiting.head == NULL;
}

static void begin(struct batch *b, struct batch_job *job)
{
	struct generator_lane *lane = &job->lane;

	lane->index = b->free_lanes[b->lanes - b->active - 1];
	if (job->spec == NULL) {
		novel_begin(b->ops, b->session, lane, job->content, job->context);
	} else {
		b->ops->begin(b->session, lane->index);
		range_decoder_init(&lane->rc, job->spec->code, job->spec->code_nbytes);
	}
	b->jobs[b->active++] = job;
}

/* An empty content is made without a lane. */
static void fill_lanes(struct batch *b, struct batch_queue *done)
{
	while (b->active < b->lanes && b->waiting.head != NULL) {
		struct batch_job *job = batch_queue_pop(&b->waiting);
		if (job->lane.nbytes == 0)
			batch_queue_push(done, job);
		else
			begin(b, job);
	}
}

static void advance(struct batch *b)
{
	for (unsigned i = 0; i < b->active; i++)
		b->active_lanes[i] = &b->jobs[i]->lane;
	b->ops->decode(b->session, b->active_lanes, b->active);
}

static void end_made(struct batch *b, struct batch_queue *done)
{
	unsigned kept = 0, free_count = b->lanes - b->active;

	for (unsigned i = 0; i < b->active; i++) {
		struct batch_job *job = b->jobs[i];
		if (job->lane.made < job->lane.nbytes) {
			b->jobs[kept++] = job;
			continue;
		}
		b->ops->end(b->session, job->lane.index);
		b->free_lanes[free_count++] = job->lane.index;
		batch_queue_push(done, job);
	}
	b->active = kept;
}

void batch_step(struct batch *b, struct batch_queue *done)
{
	fill_lanes(b, done);
	if (b->active == 0)
		return;
	advance(b);
	end_made(b, done);
}
