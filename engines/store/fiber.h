/*
 * fiber.h: stacks that a thread switches between by hand. ring.c runs each
 * request on one, so that a read deep inside RocksDB can step aside for
 * others until its bytes are there.
 */
#ifndef GVR_FIBER_H
#define GVR_FIBER_H

#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define FIBER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FIBER_ASAN 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define FIBER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FIBER_TSAN 1
#endif
#endif

#if !defined(__x86_64__) && !defined(__aarch64__)
#define FIBER_UCONTEXT 1
#endif
#ifdef FIBER_UCONTEXT
#include <ucontext.h>
#endif

/* A fiber, or the stack that a thread came with (fiber_adopt). */
struct fiber {
	void *sp; /* where its registers lie while it does not run */
	void (*entry)(void *arg);
	void *arg;
	void *map; /* guard page, then the stack; NULL if adopted */
	size_t map_nbytes;
	void *stack; /* lowest usable byte */
	size_t stack_nbytes;
#ifdef FIBER_UCONTEXT
	ucontext_t context;
#endif
#ifdef FIBER_ASAN
	void *asan_fake_stack;
#endif
#ifdef FIBER_TSAN
	void *tsan;
#endif
};

/* A fiber that, when first switched to, runs entry(arg), which must never
 * return. -ENOMEM. f must not move. */
int fiber_create(struct fiber *f, void (*entry)(void *arg), void *arg);

/* It must not be running. What lies on its stack is gone. */
void fiber_destroy(struct fiber *f);

/* Makes f stand for the calling thread's own stack. Nothing to destroy. */
void fiber_adopt(struct fiber *f);

/* Leaves `from`, which must be running, and goes on in `to`, which must belong
 * to the same thread; returns when something switches back to `from`. */
void fiber_switch(struct fiber *from, struct fiber *to);

#endif
