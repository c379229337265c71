#include "bench/load.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "bench/allowed.h"

#define THREADS_MAX 64u
#define BATCH_ITEMS_MAX 64u
#define BATCH_NBYTES (UINT64_C(256) << 10) /* of content, about: what a batch is sized for */

#define WINDOW_BATCHES_A_THREAD 4u
#define WINDOW_NBYTES (UINT64_C(64) << 20)

/* An engine being filled. */
struct sink {
	const struct engine_ops *ops;
	struct engine_env env;
	struct engine_load *load;
	uint64_t next; /* first item it lacks */
};

/* Values of one batch for one sink, one after the other. */
struct values {
	uint8_t *bytes;
	size_t nbytes, capacity;
	size_t end[BATCH_ITEMS_MAX];
};

enum batch_state { BATCH_FREE, BATCH_TAKEN, BATCH_READY };

struct batch {
	enum batch_state state;
	uint64_t first; /* item */
	unsigned count;
	int err; /* of the thread that made it; text in error */
	struct error error;
	uint64_t digest[BATCH_ITEMS_MAX];
	size_t nbytes[BATCH_ITEMS_MAX];
	struct values values[WORKLOAD_ENGINES_MAX];
};

struct loader {
	const struct contents *contents;
	struct sink sinks[WORKLOAD_ENGINES_MAX];
	unsigned sink_count;
	struct digest_writer *digests; /* NULL: not needed */
	uint64_t digests_next;

	/* The window: batch k is in slot k % window; threads take batches in
	 * order, the writer consumes them in order. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct batch *batches;
	unsigned window, batch_items, threads;
	uint64_t first_item, taken; /* batches */
	bool stop;
};

static uint64_t batch_count(const struct loader *l)
{
	uint64_t left = l->contents->items - l->first_item;
	return (left + l->batch_items - 1) / l->batch_items;
}

/* ---- threads that make contents and encode them ---- */

struct encoder {
	struct loader *loader;
	struct contents_maker maker;
	struct engine_load_thread *threads[WORKLOAD_ENGINES_MAX];
};

static int append_value(struct values *v, unsigned i, const uint8_t *value, size_t nbytes)
{
	if (v->capacity - v->nbytes < nbytes) {
		size_t capacity = (v->nbytes + nbytes) * 2;
		uint8_t *bytes = realloc(v->bytes, capacity);
		if (bytes == NULL)
			return -ENOMEM;
		v->bytes = bytes;
		v->capacity = capacity;
	}
	if (nbytes > 0)
		memcpy(v->bytes + v->nbytes, value, nbytes);
	v->nbytes += nbytes;
	v->end[i] = v->nbytes;
	return 0;
}

/* Encodes one content for every sink that lacks it. */
static int encode_item(struct encoder *x, struct batch *b, unsigned i, size_t nbytes)
{
	struct loader *l = x->loader;
	uint64_t item = b->first + i;
	uint64_t content = item / l->contents->workload->contexts;
	uint32_t context = (uint32_t)(item % l->contents->workload->contexts);

	for (unsigned k = 0; k < l->sink_count; k++) {
		const uint8_t *value = NULL;
		size_t value_nbytes = 0;
		if (item < l->sinks[k].next) {
			b->values[k].end[i] = b->values[k].nbytes;
			continue;
		}
		int err =
			l->sinks[k].ops->load_encode(x->threads[k], content, context, x->maker.buf,
						     nbytes, &value, &value_nbytes, &b->error);
		if (err == 0)
			err = append_value(&b->values[k], i, value, value_nbytes);
		if (err == -ENOMEM)
			error_set(&b->error, err, "out of memory");
		if (err != 0)
			return err;
	}
	return 0;
}

static int make_batch(struct encoder *x, struct batch *b)
{
	uint32_t contexts = x->loader->contents->workload->contexts;

	for (unsigned k = 0; k < x->loader->sink_count; k++)
		b->values[k].nbytes = 0;
	for (unsigned i = 0; i < b->count; i++) {
		uint64_t item = b->first + i;
		int err = contents_make(&x->maker, item / contexts, (uint32_t)(item % contexts),
					&b->nbytes[i], &b->error);
		if (err != 0)
			return err;
		b->digest[i] = XXH3_64bits(x->maker.buf, b->nbytes[i]);
		err = encode_item(x, b, i, b->nbytes[i]);
		if (err != 0)
			return err;
	}
	return 0;
}

/* The next batch to make, or NULL when there is none left. */
static struct batch *take_batch(struct loader *l)
{
	struct batch *b = NULL;

	pthread_mutex_lock(&l->lock);
	while (!l->stop && l->taken < batch_count(l)) {
		struct batch *slot = &l->batches[l->taken % l->window];
		if (slot->state == BATCH_FREE) {
			b = slot;
			b->state = BATCH_TAKEN;
			b->first = l->first_item + l->taken * l->batch_items;
			uint64_t left = l->contents->items - b->first;
			b->count = left < l->batch_items ? (unsigned)left : l->batch_items;
			l->taken++;
			break;
		}
		pthread_cond_wait(&l->changed, &l->lock);
	}
	pthread_mutex_unlock(&l->lock);
	return b;
}

static void *encoder_main(void *arg)
{
	struct encoder *x = arg;
	struct batch *b;

	while ((b = take_batch(x->loader)) != NULL) {
		int err = make_batch(x, b);
		pthread_mutex_lock(&x->loader->lock);
		b->err = err;
		b->state = BATCH_READY;
		pthread_cond_broadcast(&x->loader->changed);
		pthread_mutex_unlock(&x->loader->lock);
	}
	return NULL;
}

static void encoder_close(struct encoder *x, unsigned sinks)
{
	for (unsigned k = 0; k < sinks; k++)
		x->loader->sinks[k].ops->load_thread_close(x->threads[k]);
	contents_maker_close(&x->maker);
}

static int encoder_open(struct encoder *x, struct loader *l, struct error *e)
{
	x->loader = l;
	int err = contents_maker_open(&x->maker, l->contents, e);
	if (err != 0)
		return err;
	for (unsigned k = 0; k < l->sink_count; k++) {
		err = l->sinks[k].ops->load_thread_open(&x->threads[k], l->sinks[k].load, e);
		if (err != 0) {
			encoder_close(x, k);
			return err;
		}
	}
	return 0;
}

/* ---- the one writer ---- */

static int put_batch(struct loader *l, const struct batch *b, struct error *e)
{
	uint32_t contexts = l->contents->workload->contexts;

	for (unsigned k = 0; k < l->sink_count; k++) {
		const struct values *v = &b->values[k];
		for (unsigned i = 0; i < b->count; i++) {
			uint64_t item = b->first + i;
			size_t begin = i > 0 ? v->end[i - 1] : 0;
			if (item < l->sinks[k].next)
				continue;
			int err = l->sinks[k].ops->load_put(
				l->sinks[k].load, item / contexts, (uint32_t)(item % contexts),
				v->bytes + begin, v->end[i] - begin, b->nbytes[i], e);
			if (err != 0)
				return err;
		}
	}
	for (unsigned i = 0; l->digests != NULL && i < b->count; i++) {
		int err = b->first + i < l->digests_next
				  ? 0
				  : digest_writer_put(l->digests, b->digest[i], e);
		if (err != 0)
			return err;
	}
	return 0;
}

/* Waits for a batch; looks up now and then so that Ctrl-C is heard. */
static int await_batch(struct loader *l, struct batch *b, uint64_t item,
		       const struct progress *progress)
{
	int stopped = 0;

	pthread_mutex_lock(&l->lock);
	while (b->state != BATCH_READY && stopped == 0) {
		struct timespec until;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 100000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&l->changed, &l->lock, &until);
		stopped = progress_step(progress, "loading", item, l->contents->items);
	}
	pthread_mutex_unlock(&l->lock);
	return stopped != 0 ? -ECANCELED : 0;
}

static int write_batches(struct loader *l, const struct progress *progress, struct error *e)
{
	for (uint64_t k = 0; k < batch_count(l); k++) {
		struct batch *b = &l->batches[k % l->window];
		uint64_t item = l->first_item + k * l->batch_items;
		if (await_batch(l, b, item, progress) != 0 ||
		    progress_step(progress, "loading", item, l->contents->items) != 0)
			return error_set(e, -ECANCELED, "loading stopped; what is stored stays");
		if (b->err != 0) {
			*e = b->error;
			return b->err;
		}
		int err = put_batch(l, b, e);
		if (err != 0)
			return err;
		pthread_mutex_lock(&l->lock);
		b->state = BATCH_FREE;
		pthread_cond_broadcast(&l->changed);
		pthread_mutex_unlock(&l->lock);
	}
	return 0;
}

static void stop_threads(struct loader *l, pthread_t *threads, struct encoder *x, unsigned count)
{
	pthread_mutex_lock(&l->lock);
	l->stop = true;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
	for (unsigned i = 0; i < count; i++) {
		pthread_join(threads[i], NULL);
		encoder_close(&x[i], l->sink_count);
	}
}

static int run_threads(struct loader *l, const struct progress *progress, struct error *e)
{
	struct encoder encoders[THREADS_MAX] = {0};
	pthread_t threads[THREADS_MAX];
	unsigned count = 0;
	int err = 0;

	while (count < l->threads && err == 0) {
		err = encoder_open(&encoders[count], l, e);
		if (err != 0)
			break;
		err = -pthread_create(&threads[count], NULL, encoder_main, &encoders[count]);
		if (err != 0) {
			error_thread(e, err, "a thread to load with");
			encoder_close(&encoders[count], l->sink_count);
			break;
		}
		count++;
	}
	if (err == 0)
		err = write_batches(l, progress, e);
	stop_threads(l, threads, encoders, count);
	return err;
}

/* Batches that wait to be written, so that no thread waits for the writer; of
 * large contents fewer, as each holds its values for every engine. */
static unsigned window_of(const struct loader *l)
{
	uint64_t fit = WINDOW_NBYTES / (l->batch_items * (l->contents->nbytes_max + 1));

	if (fit >= l->threads * WINDOW_BATCHES_A_THREAD)
		return l->threads * WINDOW_BATCHES_A_THREAD;
	return fit > l->threads ? (unsigned)fit : l->threads;
}

static int make_items(struct loader *l, const struct progress *progress, struct error *e)
{
	uint64_t per_batch = BATCH_NBYTES / (l->contents->nbytes_max + 1);

	l->batch_items = per_batch < 1		       ? 1
			 : per_batch > BATCH_ITEMS_MAX ? BATCH_ITEMS_MAX
						       : (unsigned)per_batch;
	l->window = window_of(l);
	l->batches = calloc(l->window, sizeof *l->batches);
	if (l->batches == NULL)
		return error_set(e, -ENOMEM, "out of memory");
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->changed, NULL);
	int err = run_threads(l, progress, e);
	pthread_cond_destroy(&l->changed);
	pthread_mutex_destroy(&l->lock);
	for (unsigned i = 0; i < l->window; i++)
		for (unsigned k = 0; k < l->sink_count; k++)
			free(l->batches[i].values[k].bytes);
	free(l->batches);
	return err;
}

/* ---- opening and closing what is filled ---- */

/* Two engines with the same settings share a store: it is filled once, by the
 * first; the second finds it complete after a second pass. */
static int open_sinks(struct loader *l, struct load_report *report, bool *shared,
		      const struct progress *progress, struct error *e)
{
	const struct contents *c = l->contents;

	for (unsigned i = 0; i < c->workload->engine_count; i++) {
		struct sink *s = &l->sinks[l->sink_count];
		s->env = contents_env(c, &c->workload->engines[i]);
		s->ops = engine_find(s->env.config->kind);
		int err = s->ops->load_open(&s->load, &s->env, &s->next, progress, e);
		if (err == -EBUSY && l->sink_count > 0) {
			*shared = true;
			continue;
		}
		if (err != 0)
			return err;
		report->loaded[i] = c->items - s->next;
		if (s->next < c->items) {
			l->sink_count++;
			continue;
		}
		/* a load may have been cut between its last item and its end */
		err = s->ops->load_close(s->load, true, e);
		if (err != 0)
			return err;
	}
	if (contents_needs_digests(c))
		return digest_writer_open(&l->digests, c, &l->digests_next, e);
	return 0;
}

/* Closes every sink; the first error wins. */
static int close_sinks(struct loader *l, int err, struct error *e)
{
	struct error ignored;

	for (unsigned k = 0; k < l->sink_count; k++) {
		int close_err = l->sinks[k].ops->load_close(l->sinks[k].load, err == 0,
							    err == 0 ? e : &ignored);
		if (err == 0)
			err = close_err;
	}
	if (l->digests != NULL) {
		int close_err = digest_writer_close(l->digests, err == 0, err == 0 ? e : &ignored);
		if (err == 0)
			err = close_err;
	}
	return err;
}

static int load_pass(const struct contents *c, struct load_report *report, bool *shared,
		     const struct progress *progress, struct error *e)
{
	struct loader *l = calloc(1, sizeof *l);
	if (l == NULL)
		return error_set(e, -ENOMEM, "out of memory");
	l->contents = c;
	l->threads = allowed_cores(&allowed_here);
	if (l->threads > THREADS_MAX)
		l->threads = THREADS_MAX;

	int err = open_sinks(l, report, shared, progress, e);
	if (err == 0 && (l->sink_count > 0 || l->digests != NULL)) {
		l->first_item = l->digests != NULL ? l->digests_next : c->items;
		for (unsigned k = 0; k < l->sink_count; k++)
			if (l->sinks[k].next < l->first_item)
				l->first_item = l->sinks[k].next;
		err = make_items(l, progress, e);
		if (err == 0)
			report->items += c->items - l->first_item;
	}
	err = close_sinks(l, err, e);
	free(l);
	return err;
}

static int load_passes(const struct contents *c, struct load_report *report,
		       const struct progress *progress, struct error *e)
{
	bool shared = false;

	memset(report, 0, sizeof *report);
	int err = load_pass(c, report, &shared, progress, e);
	if (err == 0 && shared)
		err = load_pass(c, report, &shared, progress, e);
	report->present = c->items - (report->items < c->items ? report->items : c->items);
	return err;
}

/* Documents may change while they are loaded: those are left out, and it is done again. */
int load_all(struct contents *c, struct load_report *report, const struct progress *progress,
	     struct error *e)
{
	int err = load_passes(c, report, progress, e), changed_err = 0;

	while (err == -ESTALE && changed_err == 0) {
		changed_err = contents_leave_out_changed(c, progress, e);
		if (changed_err == 0)
			err = load_passes(c, report, progress, e);
	}
	return changed_err != 0 ? changed_err : err;
}

int load_missing(struct contents *c, const struct progress *progress, struct error *e)
{
	struct load_report report;

	int err = load_all(c, &report, progress, e);
	contents_notice_changing(c);
	return err != 0 ? err : contents_map_digests(c, e);
}
