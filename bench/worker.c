#include "bench/worker_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "bench/clock.h"

/*
 * Engines of one run begin each slice on the same CPUs, for these may differ
 * (one takes the device's interrupts). A single worker may then be moved by the
 * scheduler; several, if each can have a CPU, keep it: the scheduler would put
 * two on one now and then, and one of them would wait for milliseconds.
 */
static void begin_on_cpu(struct worker *w)
{
	cpu_set_t one;
	int count = CPU_COUNT(&w->cpus);

	if (count < 2)
		return;
	int skip = (int)w->config.index % count, cpu = 0;
	while (!CPU_ISSET(cpu, &w->cpus) || skip-- > 0)
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	bool keeps = w->config.count > 1 && w->config.count <= (unsigned)count;
	if (sched_setaffinity(0, sizeof one, &one) == 0 && !keeps)
		sched_setaffinity(0, sizeof w->cpus, &w->cpus);
}

static void run_slice(struct worker *w)
{
	begin_on_cpu(w);
	trend_reset(&w->recorder->trend, w->config.slice->start_ns);
	w->ahead.count = 0;
	w->idle_ns = 0;
	w->excused_ns = w->submitted_ns = w->busy_since_ns = 0;
	uint64_t cpu_ns = clock_thread_cpu_ns();
	w->err =
		w->config.slice->plan.schedule != NULL ? worker_run_paced(w) : worker_run_closed(w);
	cpu_ns = clock_thread_cpu_ns() - cpu_ns;
	uint64_t own_ns = w->recorder->verify_ns + w->recorder->spin_ns;
	w->recorder->cpu_ns = cpu_ns > own_ns ? cpu_ns - own_ns : 0;
}

static void become_ready(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	w->ready = true;
	w->command = COMMAND_NONE;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

static enum worker_command next_command(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	while (w->command == COMMAND_NONE)
		pthread_cond_wait(&w->changed, &w->lock);
	enum worker_command command = w->command;
	pthread_mutex_unlock(&w->lock);
	return command;
}

/* Puts the thread on its CPU, before the engine allocates for it. */
static int pin(struct worker *w)
{
	const struct engine_config *config = w->config.engine_config;
	cpu_set_t set;

	if (config->cpu_count == 0)
		return 0;
	unsigned cpu = config->cpus[w->config.index % config->cpu_count];
	CPU_ZERO(&set);
	if (cpu < CPU_SETSIZE)
		CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof set, &set) == 0)
		return 0;
	return error_set(&w->error, -errno,
			 "engine \"%s\": cpus_allowed: CPU %u cannot be used here: %s; "
			 "`nproc` and /proc/self/status tell which can",
			 config->label, cpu, strerror(errno));
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	w->schedstat_fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	w->err = pin(w);
	if (sched_getaffinity(0, sizeof w->cpus, &w->cpus) != 0)
		CPU_ZERO(&w->cpus); /* more CPUs than a cpu_set_t has */
	if (w->err == 0)
		w->err = w->config.ops->thread_open(&w->engine_thread, w->config.engine, &w->error);
	bool opened = w->err == 0;
	become_ready(w);
	while (next_command(w) == COMMAND_SLICE) {
		run_slice(w);
		become_ready(w);
	}
	/* a broken engine may still own requests: its memory is left alone */
	if (opened && w->in_flight == 0)
		w->config.ops->thread_close(w->engine_thread);
	if (w->schedstat_fd >= 0)
		close(w->schedstat_fd);
	return NULL;
}

static int allocate(struct worker *w)
{
	size_t nbytes_max = w->config.contents->nbytes_max, depth = w->config.depth;

	w->scratch = malloc(nbytes_max > 0 ? nbytes_max : 1);
	w->requests = aligned_alloc(64, sizeof *w->requests * depth);
	w->free_requests = calloc(depth, sizeof(struct request *));
	w->issued = calloc(depth, sizeof *w->issued);
	w->slip_ns = calloc(depth, sizeof *w->slip_ns);
	w->follow = calloc(w->config.chain_max + 1, sizeof *w->follow);
	w->recorder = recorder_create(w->config.step_count);
	if (w->scratch == NULL || w->requests == NULL || w->free_requests == NULL ||
	    w->issued == NULL || w->slip_ns == NULL || w->follow == NULL || w->recorder == NULL)
		return -ENOMEM;
	memset(w->requests, 0, sizeof *w->requests * depth);
	for (size_t i = 0; i < depth; i++)
		w->free_requests[i] = &w->requests[depth - 1 - i];
	w->free_count = w->config.depth;
	w->margin_ns = 4 * WORKER_MARGIN_MIN_NS;
	return 0;
}

static void free_worker(struct worker *w)
{
	free(w->scratch);
	free(w->requests);
	free(w->free_requests);
	free(w->issued);
	free(w->slip_ns);
	free(w->follow);
	recorder_destroy(w->recorder);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

int worker_create(struct worker **out, const struct worker_config *config, struct error *e)
{
	struct worker *w = calloc(1, sizeof *w);
	if (w == NULL)
		return error_set(e, -ENOMEM, "out of memory");
	w->config = *config;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	int err = allocate(w);
	if (err == 0)
		err = -pthread_create(&w->thread, NULL, worker_main, w);
	if (err != 0) {
		free_worker(w);
		return err == -ENOMEM ? error_set(e, err, "out of memory for a worker")
				      : error_thread(e, err, "a worker");
	}
	err = worker_wait(w, e);
	if (err != 0) {
		worker_destroy(w);
		return err;
	}
	*out = w;
	return 0;
}

void worker_prepare(struct worker *w)
{
	recorder_reset(w->recorder, 0);
}

void worker_begin(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	w->ready = false;
	w->command = COMMAND_SLICE;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

bool worker_is_done(struct worker *w, uint64_t timeout_ns)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	uint64_t ns = (uint64_t)until.tv_nsec + timeout_ns;
	until.tv_sec += (time_t)(ns / 1000000000);
	until.tv_nsec = (long)(ns % 1000000000);
	pthread_mutex_lock(&w->lock);
	if (!w->ready)
		pthread_cond_timedwait(&w->changed, &w->lock, &until);
	bool ready = w->ready;
	pthread_mutex_unlock(&w->lock);
	return ready;
}

int worker_wait(struct worker *w, struct error *e)
{
	pthread_mutex_lock(&w->lock);
	while (!w->ready)
		pthread_cond_wait(&w->changed, &w->lock);
	pthread_mutex_unlock(&w->lock);
	if (w->err != 0)
		*e = w->error;
	return w->err;
}

const struct recorder *worker_recorder(const struct worker *w)
{
	return w->recorder;
}

void worker_destroy(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	w->command = COMMAND_EXIT;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	free_worker(w);
}
