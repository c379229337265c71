#include "bench/meter/busy.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "bench/clock.h"

struct busy_thread {
	pthread_t thread;
	struct busy *busy;
	uint64_t result, cpu_ns;
};

struct busy {
	_Atomic bool stop;
	unsigned count;
	struct busy_thread threads[];
};

/* Multiplications that depend on each other, and some that do not. */
static void *work(void *arg)
{
	struct busy_thread *t = arg;
	uint64_t x[8] = {1, 2, 3, 4, 5, 6, 7, 8};

	while (!atomic_load_explicit(&t->busy->stop, memory_order_relaxed))
		for (unsigned i = 0; i < 1000; i++)
			for (unsigned k = 0; k < 8; k++)
				x[k] = x[k] * UINT64_C(6364136223846793005) + i;
	for (unsigned k = 0; k < 8; k++)
		t->result ^= x[k];
	t->cpu_ns = clock_thread_cpu_ns();
	return NULL;
}

int busy_start(struct busy **out, unsigned threads)
{
	struct busy *b = calloc(1, sizeof *b + threads * sizeof b->threads[0]);

	if (b == NULL)
		return -ENOMEM;
	for (; b->count < threads; b->count++) {
		struct busy_thread *t = &b->threads[b->count];
		t->busy = b;
		int err = pthread_create(&t->thread, NULL, work, t);
		if (err != 0) {
			busy_stop(b);
			return -err;
		}
	}
	*out = b;
	return 0;
}

double busy_stop(struct busy *b)
{
	double cpu_s = 0;

	atomic_store(&b->stop, true);
	for (unsigned i = 0; i < b->count; i++) {
		pthread_join(b->threads[i].thread, NULL);
		cpu_s += (double)b->threads[i].cpu_ns / 1e9;
	}
	free(b);
	return cpu_s;
}
