/*
 * virtual_clock.h: time that the test makes. A program that includes it (once)
 * replaces clock_gettime and clock_nanosleep for harness and engines: each look
 * at the clock costs virtual_step_ns, a sleep ends virtual_late_ns late, and
 * nothing else takes any time. So a run of hours takes seconds, and its result
 * is known to the nanosecond whatever the machine is doing. CLOCK_REALTIME
 * stays real: threads wait for each other by it. So does every clock while
 * virtual_is_real.
 */
#ifndef GVR_VIRTUAL_CLOCK_H
#define GVR_VIRTUAL_CLOCK_H

#include <stdbool.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static bool virtual_is_real;
static uint64_t virtual_now_ns = 1000000000;
static uint64_t virtual_step_ns = 200;
static uint64_t virtual_late_ns;
static bool virtual_others; /* it is late because other threads ran */
static uint64_t virtual_waited_ns;

static inline uint64_t virtual_advance(uint64_t ns)
{
	return __atomic_add_fetch(&virtual_now_ns, ns, __ATOMIC_RELAXED);
}

int clock_gettime(clockid_t id, struct timespec *t)
{
	if (virtual_is_real || id == CLOCK_REALTIME)
		return (int)syscall(SYS_clock_gettime, id, t);
	/* by this the main thread tells whether it was kept from running */
	uint64_t now_ns = id == CLOCK_BOOTTIME ? 0 : virtual_advance(virtual_step_ns);
	t->tv_sec = (time_t)(now_ns / 1000000000);
	t->tv_nsec = (long)(now_ns % 1000000000);
	return 0;
}

/* Only as gvr sleeps: until a time of CLOCK_MONOTONIC. */
int clock_nanosleep(clockid_t id, int flags, const struct timespec *t, struct timespec *left)
{
	if (virtual_is_real)
		return (int)syscall(SYS_clock_nanosleep, id, flags, t, left);
	if (id != CLOCK_MONOTONIC || flags != TIMER_ABSTIME)
		abort();
	uint64_t until_ns = (uint64_t)t->tv_sec * 1000000000 + (uint64_t)t->tv_nsec;
	uint64_t now_ns = __atomic_load_n(&virtual_now_ns, __ATOMIC_RELAXED);
	if (until_ns > now_ns)
		virtual_advance(until_ns - now_ns);
	virtual_advance(virtual_late_ns);
	if (virtual_others)
		__atomic_add_fetch(&virtual_waited_ns, virtual_late_ns, __ATOMIC_RELAXED);
	return 0;
}

/* /proc/thread-self/schedstat: time on a CPU, time waited for one. */
ssize_t pread(int fd, void *buf, size_t nbytes, off_t offset)
{
	if (virtual_is_real)
		return syscall(SYS_pread64, fd, buf, nbytes, offset);
	int n = snprintf(buf, nbytes, "1 %llu 1\n",
			 (unsigned long long)__atomic_load_n(&virtual_waited_ns, __ATOMIC_RELAXED));
	return n;
}

#endif
