/*
 * faster_time.c: a library to preload: for the program, time runs FASTER_TIME
 * times as fast, and so it does not wait for seconds to pass. All its clocks
 * agree: a second of the program's is the same part of a second to every clock,
 * of CPU time as well, and to every sleep; what it finds of rates and shares is
 * what it would find in slow time. FASTER_TIME=10:EPOCH: the time of day is
 * right at EPOCH (seconds of Unix time), for all programs that have the same.
 */
#include <dlfcn.h>
#include <errno.h>
#include <liburing.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

static int64_t times, epoch_ns;

__attribute__((constructor)) static void set_up(void)
{
	const char *how = getenv("FASTER_TIME");
	long long k, epoch_s;

	if (how == NULL || sscanf(how, "%lld:%lld", &k, &epoch_s) != 2 || k < 1) {
		fprintf(stderr, "faster_time: set FASTER_TIME=TIMES:EPOCH\n");
		_Exit(99);
	}
	times = k;
	epoch_ns = epoch_s * SECOND;
}

static int64_t ns_of(const struct timespec *t)
{
	return (int64_t)t->tv_sec * SECOND + t->tv_nsec;
}

static struct timespec timespec_of(int64_t ns)
{
	return (struct timespec){.tv_sec = ns / SECOND, .tv_nsec = ns % SECOND};
}

static int64_t begin_ns(clockid_t id)
{
	return id == CLOCK_REALTIME ? epoch_ns : 0;
}

int clock_gettime(clockid_t id, struct timespec *t)
{
	static int (*get)(clockid_t, struct timespec *); /* without a call into the kernel */

	if (get == NULL)
		get = (__typeof__(get))dlsym(RTLD_NEXT, "clock_gettime");
	int err = get(id, t);
	if (err == 0 && times > 1)
		*t = timespec_of(begin_ns(id) + (ns_of(t) - begin_ns(id)) * times);
	return err;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	int err = clock_gettime(CLOCK_REALTIME, &now);
	*t = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
	return err;
}

/* When that is in slow time. */
static struct timespec slowly(clockid_t id, const struct timespec *t)
{
	return timespec_of(begin_ns(id) + (ns_of(t) - begin_ns(id)) / times);
}

int clock_nanosleep(clockid_t id, int flags, const struct timespec *t, struct timespec *left)
{
	struct timespec until =
		flags == TIMER_ABSTIME ? slowly(id, t) : timespec_of(ns_of(t) / times);

	return syscall(SYS_clock_nanosleep, id, flags, &until, left) != 0 ? errno : 0;
}

int nanosleep(const struct timespec *t, struct timespec *left)
{
	struct timespec length = timespec_of(ns_of(t) / times);

	return (int)syscall(SYS_nanosleep, &length, left);
}

int usleep(useconds_t us)
{
	struct timespec length = timespec_of((int64_t)us * 1000);

	return nanosleep(&length, NULL);
}

int pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *t)
{
	static int (*wait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
	struct timespec until = slowly(CLOCK_REALTIME, t);

	/* the one of today, where there are several */
	if (wait == NULL)
		wait = (__typeof__(wait))dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
	if (wait == NULL)
		wait = (__typeof__(wait))dlsym(RTLD_NEXT, "pthread_cond_timedwait");
	return wait(c, m, &until);
}

int io_uring_submit_and_wait_timeout(struct io_uring *ring, struct io_uring_cqe **cqe,
				     unsigned count, struct __kernel_timespec *t, sigset_t *mask)
{
	static int (*wait)(struct io_uring *, struct io_uring_cqe **, unsigned,
			   struct __kernel_timespec *, sigset_t *);
	int64_t ns = (t->tv_sec * SECOND + t->tv_nsec) / times;
	struct __kernel_timespec length = {.tv_sec = ns / SECOND, .tv_nsec = ns % SECOND};

	if (wait == NULL)
		wait = (__typeof__(wait))dlsym(RTLD_NEXT, "io_uring_submit_and_wait_timeout");
	return wait(ring, cqe, count, &length, mask);
}
