#include "engines/generate/rnn/trainer.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "engines/generate/rnn/feed.h"
#include "workloads/prng.h"

#define INIT_NAME UINT64_C(0x726e6e2d696e6974)
#define BETA1 0.9f
#define BETA2 0.98f
#define NORM_MAX 1.0f /* of the gradient */

enum job { JOB_STEP, JOB_TEST, JOB_STOP };

struct worker {
	struct trainer *trainer;
	unsigned index;
	struct net *net;
	struct net_batch batch;
	struct feed_stream *streams;
	float *gradient, *kept_states;
	double bits, square;
	pthread_t thread;
};

/* What changes from step to step besides the large arrays. */
struct position {
	uint64_t steps, tokens, epoch;
	uint64_t next; /* of the order of documents */
};

struct trainer {
	struct trainer_options o;
	const struct train_text *text;
	struct tensors tensors;
	const struct tensor *list[TENSORS_MAX];
	unsigned list_count;
	float *parameters, *rounded, *first, *second, *kept;
	struct feed feed;
	struct position position;
	struct worker *workers;
	unsigned started;
	pthread_mutex_t gate;	   /* held until all workers are there */
	pthread_barrier_t barrier; /* of the workers and the caller */
	enum job job;		   /* what the workers do next */
	float rate, clip;
};

/* ---- a step, in all threads ---- */

/* This thread's part of all parameters. */
static void part_of(const struct trainer *t, unsigned index, size_t *begin, size_t *end)
{
	size_t blocks = t->tensors.count / 16;
	*begin = blocks * index / t->o.threads * 16;
	*end = blocks * (index + 1) / t->o.threads * 16;
}

static void sum_gradients(struct worker *w)
{
	struct trainer *t = w->trainer;
	float *g = t->workers[0].gradient;
	size_t begin, end;

	part_of(t, w->index, &begin, &end);
	for (unsigned k = 1; k < t->o.threads; k++) {
		const float *other = t->workers[k].gradient;
		for (size_t i = begin; i < end; i++)
			g[i] += other[i];
	}
	w->square = 0;
	for (size_t i = begin; i < end; i += 16) {
		float s = 0;
		for (unsigned k = 0; k < 16; k++)
			s += g[i + k] * g[i + k];
		w->square += (double)s;
	}
}

/* What the gradient is multiplied with, so that its norm is at most NORM_MAX. */
static float clip_of(const struct trainer *t)
{
	double square = 0;
	for (unsigned k = 0; k < t->o.threads; k++)
		square += t->workers[k].square;
	float norm = (float)sqrt(square);
	return norm > NORM_MAX ? NORM_MAX / norm : 1;
}

static void adam(struct worker *w)
{
	struct trainer *t = w->trainer;
	const float *g = t->workers[0].gradient;
	float *p = t->parameters, *first = t->first, *second = t->second;
	double steps = (double)t->position.steps + 1;
	float correct1 = 1 / (1 - (float)pow((double)BETA1, steps));
	float correct2 = 1 / (1 - (float)pow((double)BETA2, steps));
	float clip = clip_of(t), rate = t->rate * correct1, keep = 1 - t->rate * t->o.decay;
	size_t begin, end;

	part_of(t, w->index, &begin, &end);
	for (size_t i = begin; i < end; i++) {
		float x = g[i] * clip;
		first[i] = BETA1 * first[i] + (1 - BETA1) * x;
		second[i] = BETA2 * second[i] + (1 - BETA2) * x * x;
		p[i] = p[i] * keep - rate * first[i] / (sqrtf(second[i] * correct2) + 1e-8f);
	}
}

/* This thread's rows of all matrices. */
static void round_matrices(struct worker *w)
{
	struct trainer *t = w->trainer;
	for (unsigned k = 0; k < t->list_count; k++) {
		const struct tensor *x = t->list[k];
		if (x->kind != TENSOR_MATRIX)
			continue;
		uint32_t first = x->rows * w->index / t->o.threads;
		uint32_t last = x->rows * (w->index + 1) / t->o.threads;
		unsigned shift = tensor_shift(t->parameters, x);
		tensor_round_rows(t->rounded, t->parameters, x, shift, first, last);
	}
}

static void step(struct worker *w)
{
	struct trainer *t = w->trainer;
	float factor = 1.0f / (float)(TRAINER_STREAMS * t->o.steps);

	memset(w->gradient, 0, t->tensors.count * sizeof(float));
	w->bits = net_run(w->net, t->parameters, t->rounded, &w->batch, w->gradient, factor);
	pthread_barrier_wait(&t->barrier);
	sum_gradients(w);
	pthread_barrier_wait(&t->barrier);
	adam(w);
	pthread_barrier_wait(&t->barrier);
	round_matrices(w);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct trainer *t = w->trainer;

	pthread_mutex_lock(&t->gate);
	pthread_mutex_unlock(&t->gate);
	if (t->started < t->o.threads)
		return NULL;
	for (;;) {
		pthread_barrier_wait(&t->barrier); /* a job is there */
		if (t->job == JOB_STOP)
			return NULL;
		if (t->job == JOB_STEP)
			step(w);
		else
			w->bits = net_run(w->net, t->parameters, t->rounded, &w->batch, NULL, 0);
		pthread_barrier_wait(&t->barrier); /* and done */
	}
}

/* The sum of bits of all threads' batches. */
static double run_job(struct trainer *t, enum job job)
{
	double bits = 0;
	t->job = job;
	pthread_barrier_wait(&t->barrier);
	for (unsigned k = 0; k < (job == JOB_STEP ? 3u : 0u); k++)
		pthread_barrier_wait(&t->barrier);
	pthread_barrier_wait(&t->barrier);
	for (unsigned k = 0; k < t->o.threads; k++)
		bits += t->workers[k].bits;
	return bits;
}

/* What was seen often is easily learned by heart. */
static float dropout(const struct trainer *t)
{
	double seen = (double)t->position.tokens /
		      (double)(t->text->token_count - t->text->aside_tokens + 1);
	float part = t->o.dropout + t->o.dropout_growth * (float)seen;
	return part < t->o.dropout_max ? part : t->o.dropout_max;
}

double trainer_step(struct trainer *t, float part)
{
	uint64_t count = 0;

	for (unsigned k = 0; k < t->o.threads; k++) {
		struct worker *w = &t->workers[k];
		count += feed_fill(&t->feed, w->streams, &w->batch);
		net_drop(w->net, dropout(t), prng_key(t->o.seed + k, t->position.steps));
	}
	t->rate = t->o.rate * part;
	double bits = run_job(t, JOB_STEP);
	t->position.steps++;
	t->position.tokens += count;
	return bits / (double)count;
}

uint64_t trainer_tokens(const struct trainer *t)
{
	return t->position.tokens;
}

/* ---- tests ---- */

static size_t state_count(const struct trainer *t)
{
	return (size_t)TRAINER_STREAMS / t->o.threads * t->o.shape.layers * t->o.shape.width;
}

static double test_all(struct trainer *t, struct feed *f, struct feed_stream *streams)
{
	uint32_t each = TRAINER_STREAMS / t->o.threads, count;
	double bits = 0;

	for (uint32_t i = 0; i < TRAINER_STREAMS; i++)
		streams[i].document = FEED_NONE;
	do {
		count = 0;
		for (unsigned k = 0; k < t->o.threads; k++)
			count += feed_fill(f, streams + k * each, &t->workers[k].batch);
		bits += run_job(t, JOB_TEST);
	} while (count > 0);
	return bits;
}

double trainer_test(struct trainer *t)
{
	struct feed_stream streams[TRAINER_STREAMS];
	struct feed f;

	if (t->text->aside_bytes == 0)
		return 0;
	for (unsigned k = 0; k < t->o.threads; k++) {
		struct worker *w = &t->workers[k];
		memcpy(w->kept_states, net_states(w->net), state_count(t) * sizeof(float));
		net_drop(w->net, 0, 0);
	}
	feed_init_once(&f, t->text);
	double bits = test_all(t, &f, streams);
	for (unsigned k = 0; k < t->o.threads; k++) {
		struct worker *w = &t->workers[k];
		memcpy(net_states(w->net), w->kept_states, state_count(t) * sizeof(float));
	}
	return bits / (double)t->text->aside_bytes;
}

void trainer_keep(struct trainer *t)
{
	memcpy(t->kept, t->parameters, t->tensors.count * sizeof(float));
}

const float *trainer_kept(const struct trainer *t)
{
	return t->kept;
}

void trainer_visit(struct trainer *t, void (*visit)(void *arg, void *bytes, size_t nbytes),
		   void *arg)
{
	size_t nbytes = t->tensors.count * sizeof(float);

	t->position.epoch = t->feed.epoch;
	t->position.next = t->feed.next;
	visit(arg, &t->position, sizeof t->position);
	t->feed.epoch = t->position.epoch;
	t->feed.next = (uint32_t)t->position.next;
	visit(arg, t->feed.order, t->feed.order_count * sizeof *t->feed.order);
	visit(arg, t->parameters, nbytes);
	visit(arg, t->rounded, nbytes);
	visit(arg, t->first, nbytes);
	visit(arg, t->second, nbytes);
	visit(arg, t->kept, nbytes);
	for (unsigned k = 0; k < t->o.threads; k++) {
		struct worker *w = &t->workers[k];
		visit(arg, w->streams, w->batch.streams * sizeof *w->streams);
		visit(arg, net_states(w->net), state_count(t) * sizeof(float));
	}
}

/* ---- making ---- */

/* About normal: the sum of four uniform numbers. */
static float normal(uint64_t key, uint64_t i)
{
	double sum = 0;
	for (unsigned k = 0; k < 4; k++)
		sum += prng_unit(prng_at(key, 4 * i + k)) - 0.5;
	return (float)(sum * 1.7320508);
}

static void init_tensor(struct trainer *t, const struct tensor *x, unsigned index, float deviation)
{
	uint64_t key = prng_key(t->o.seed ^ INIT_NAME, index);
	size_t count = (size_t)x->rows * x->cols;
	for (size_t i = 0; i < count; i++)
		t->parameters[x->at + i] = deviation * normal(key, i);
}

/* The states begin by remembering for different times, and what the layers add
 * begins small. */
static void init_layers(struct trainer *t)
{
	uint32_t d = t->o.shape.width;
	for (uint32_t l = 0; l < t->o.shape.layers; l++) {
		const struct layer_tensors *x = &t->tensors.layer[l];
		for (uint32_t i = 0; i < d; i++)
			t->parameters[x->v_bias.at + i] = 1.0f - 4.0f * (float)i / (float)d;
		init_tensor(t, &x->o, 100 + 2 * l, 0.5f / sqrtf((float)x->o.cols));
		init_tensor(t, &x->down, 101 + 2 * l, 0.5f / sqrtf((float)x->down.cols));
	}
}

static void init_parameters(struct trainer *t)
{
	for (unsigned k = 0; k < t->list_count; k++) {
		const struct tensor *x = t->list[k];
		if (x->kind != TENSOR_BIAS)
			init_tensor(t, x, k,
				    x->kind == TENSOR_TABLE ? 0.5f : 1 / sqrtf((float)x->cols));
	}
	init_layers(t);
	for (unsigned k = 0; k < t->o.threads; k++)
		round_matrices(&t->workers[k]);
	trainer_keep(t);
}

static float *floats(size_t count)
{
	size_t nbytes = (count * sizeof(float) + 63) & ~(size_t)63;
	float *p = aligned_alloc(64, nbytes);
	if (p != NULL)
		memset(p, 0, nbytes);
	return p;
}

static int worker_init(struct worker *w, struct trainer *t, unsigned index)
{
	uint32_t streams = TRAINER_STREAMS / t->o.threads;

	w->trainer = t;
	w->index = index;
	w->streams = malloc(streams * sizeof *w->streams);
	w->gradient = floats(t->tensors.count);
	w->kept_states = floats(state_count(t));
	if (feed_batch_init(&w->batch, streams, t->o.steps) != 0 || w->streams == NULL ||
	    w->gradient == NULL || w->kept_states == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < streams; i++)
		w->streams[i] = (struct feed_stream){FEED_NONE, 0};
	return net_create(&w->net, &t->o.shape, streams, t->o.steps);
}

static void worker_fini(struct worker *w)
{
	if (w->net != NULL)
		net_destroy(w->net);
	feed_batch_fini(&w->batch);
	free(w->streams);
	free(w->gradient);
	free(w->kept_states);
}

static int make_memory(struct trainer *t)
{
	t->parameters = floats(t->tensors.count);
	t->rounded = floats(t->tensors.count);
	t->first = floats(t->tensors.count);
	t->second = floats(t->tensors.count);
	t->kept = floats(t->tensors.count);
	t->workers = calloc(t->o.threads, sizeof *t->workers);
	if (t->parameters == NULL || t->rounded == NULL || t->first == NULL || t->second == NULL ||
	    t->kept == NULL || t->workers == NULL)
		return -ENOMEM;
	int err = feed_init(&t->feed, t->text, t->o.seed);
	for (unsigned k = 0; k < t->o.threads && err == 0; k++)
		err = worker_init(&t->workers[k], t, k);
	return err;
}

static int start_threads(struct trainer *t)
{
	pthread_mutex_lock(&t->gate);
	for (; t->started < t->o.threads; t->started++) {
		struct worker *w = &t->workers[t->started];
		if (pthread_create(&w->thread, NULL, worker_main, w) != 0)
			break;
	}
	pthread_mutex_unlock(&t->gate);
	return t->started < t->o.threads ? -EAGAIN : 0;
}

int trainer_create(struct trainer **out, const struct trainer_options *o,
		   const struct train_text *text)
{
	struct trainer *t = calloc(1, sizeof *t);
	if (t == NULL)
		return -ENOMEM;
	t->o = *o;
	t->text = text;
	pthread_mutex_init(&t->gate, NULL);
	pthread_barrier_init(&t->barrier, NULL, o->threads + 1);
	tensors_layout(&t->tensors, &o->shape);
	t->list_count = tensors_list(&t->tensors, &o->shape, t->list);
	int err = make_memory(t);
	if (err == 0) {
		init_parameters(t);
		err = start_threads(t);
	}
	if (err != 0) {
		trainer_destroy(t);
		return err;
	}
	*out = t;
	return 0;
}

static void stop_threads(struct trainer *t)
{
	if (t->started == t->o.threads) {
		t->job = JOB_STOP;
		pthread_barrier_wait(&t->barrier);
	}
	for (unsigned k = 0; k < t->started; k++)
		pthread_join(t->workers[k].thread, NULL);
}

void trainer_destroy(struct trainer *t)
{
	stop_threads(t);
	pthread_barrier_destroy(&t->barrier);
	pthread_mutex_destroy(&t->gate);
	for (unsigned k = 0; t->workers != NULL && k < t->o.threads; k++)
		worker_fini(&t->workers[k]);
	feed_fini(&t->feed);
	free(t->workers);
	free(t->parameters);
	free(t->rounded);
	free(t->first);
	free(t->second);
	free(t->kept);
	free(t);
}
