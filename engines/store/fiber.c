/* fiber.c: stacks with a guard page, and the switch between two of them. */
#include "engines/store/fiber.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(FIBER_ASAN)
#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(FIBER_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

/* RocksDB's Get uses some 20 KiB; pages not touched cost nothing. Sanitizers
 * put red zones around every variable. */
#if defined(FIBER_ASAN) || defined(FIBER_TSAN)
#define STACK_NBYTES ((size_t)1 << 20)
#else
#define STACK_NBYTES ((size_t)256 << 10)
#endif

/* ---- the switch ---- */

/*
 * swapcontext makes two system calls a switch, to keep signal masks that never
 * differ here. This keeps what the ABI says a called function must keep, less
 * the floating point control words, which nothing here changes.
 *
 * gvr_fiber_swap(&from_sp, to_sp): registers onto the stack, its pointer to
 * *from_sp, and the same backwards from to_sp. A new fiber's stack is laid out
 * as if it had left by that door, with gvr_fiber_start to return to.
 */
#if defined(__x86_64__) && !defined(FIBER_UCONTEXT)

void gvr_fiber_swap(void **from_sp, void *to_sp);
void gvr_fiber_start(void);

__asm__(".pushsection .text\n"
	".globl gvr_fiber_swap\n"
	".hidden gvr_fiber_swap\n"
	".type gvr_fiber_swap,@function\n"
	"gvr_fiber_swap:\n"
	"	pushq %rbp\n"
	"	pushq %rbx\n"
	"	pushq %r12\n"
	"	pushq %r13\n"
	"	pushq %r14\n"
	"	pushq %r15\n"
	"	movq %rsp, (%rdi)\n"
	"	movq %rsi, %rsp\n"
	"	popq %r15\n"
	"	popq %r14\n"
	"	popq %r13\n"
	"	popq %r12\n"
	"	popq %rbx\n"
	"	popq %rbp\n"
	"	ret\n"
	".size gvr_fiber_swap, .-gvr_fiber_swap\n"
	".globl gvr_fiber_start\n"
	".hidden gvr_fiber_start\n"
	".type gvr_fiber_start,@function\n"
	"gvr_fiber_start:\n"
	"	movq %r13, %rdi\n"
	"	call *%r12\n"
	"	ud2\n"
	".size gvr_fiber_start, .-gvr_fiber_start\n"
	".popsection\n");

/* Where the words of a new fiber lie, and how far below the stack's top: such
 * that the stack pointer is a multiple of 16 where the entry is called. */
enum { SAVED_ENTRY = 3, SAVED_ARG = 2, SAVED_RETURN = 6, SAVED_BELOW_TOP = 11 };

#elif defined(__aarch64__) && !defined(FIBER_UCONTEXT)

void gvr_fiber_swap(void **from_sp, void *to_sp);
void gvr_fiber_start(void);

__asm__(".pushsection .text\n"
	".globl gvr_fiber_swap\n"
	".hidden gvr_fiber_swap\n"
	".type gvr_fiber_swap,%function\n"
	"gvr_fiber_swap:\n"
	"	sub sp, sp, #160\n"
	"	stp x19, x20, [sp, #0]\n"
	"	stp x21, x22, [sp, #16]\n"
	"	stp x23, x24, [sp, #32]\n"
	"	stp x25, x26, [sp, #48]\n"
	"	stp x27, x28, [sp, #64]\n"
	"	stp x29, x30, [sp, #80]\n"
	"	stp d8, d9, [sp, #96]\n"
	"	stp d10, d11, [sp, #112]\n"
	"	stp d12, d13, [sp, #128]\n"
	"	stp d14, d15, [sp, #144]\n"
	"	mov x9, sp\n"
	"	str x9, [x0]\n"
	"	mov sp, x1\n"
	"	ldp x19, x20, [sp, #0]\n"
	"	ldp x21, x22, [sp, #16]\n"
	"	ldp x23, x24, [sp, #32]\n"
	"	ldp x25, x26, [sp, #48]\n"
	"	ldp x27, x28, [sp, #64]\n"
	"	ldp x29, x30, [sp, #80]\n"
	"	ldp d8, d9, [sp, #96]\n"
	"	ldp d10, d11, [sp, #112]\n"
	"	ldp d12, d13, [sp, #128]\n"
	"	ldp d14, d15, [sp, #144]\n"
	"	add sp, sp, #160\n"
	"	ret\n"
	".size gvr_fiber_swap, .-gvr_fiber_swap\n"
	".globl gvr_fiber_start\n"
	".hidden gvr_fiber_start\n"
	".type gvr_fiber_start,%function\n"
	"gvr_fiber_start:\n"
	"	mov x0, x20\n"
	"	blr x19\n"
	"	brk #0\n"
	".size gvr_fiber_start, .-gvr_fiber_start\n"
	".popsection\n");

enum { SAVED_ENTRY = 0, SAVED_ARG = 1, SAVED_RETURN = 11, SAVED_BELOW_TOP = 22 };

#endif

/* ---- what the sanitizers must be told ---- */

static void before_switch(struct fiber *from, struct fiber *to)
{
	(void)from;
	(void)to;
#if defined(FIBER_ASAN)
	__sanitizer_start_switch_fiber(&from->asan_fake_stack, to->stack, to->stack_nbytes);
#endif
#if defined(FIBER_TSAN)
	__tsan_switch_to_fiber(to->tsan, 0);
#endif
}

static void after_switch(struct fiber *self)
{
	(void)self;
#if defined(FIBER_ASAN)
	__sanitizer_finish_switch_fiber(self->asan_fake_stack, NULL, NULL);
#endif
}

static void run_entry(void *arg)
{
	struct fiber *f = arg;
	after_switch(f);
	f->entry(f->arg);
	abort(); /* entry returned: there is nowhere to go */
}

/* ---- a new fiber's first registers ---- */

#ifdef FIBER_UCONTEXT
/* makecontext passes ints only */
static void run_entry_of_halves(unsigned high, unsigned low)
{
	run_entry((void *)(uintptr_t)((uint64_t)high << 32 | low));
}

static void prepare(struct fiber *f)
{
	uint64_t address = (uintptr_t)f;
	getcontext(&f->context);
	f->context.uc_stack.ss_sp = f->stack;
	f->context.uc_stack.ss_size = f->stack_nbytes;
	f->context.uc_link = NULL;
	makecontext(&f->context, (void (*)(void))run_entry_of_halves, 2, (unsigned)(address >> 32),
		    (unsigned)address);
}
#else
static void prepare(struct fiber *f)
{
	uintptr_t *top = (uintptr_t *)((uint8_t *)f->stack + f->stack_nbytes);
	uintptr_t *saved = top - SAVED_BELOW_TOP; /* all zero: fresh pages */
	saved[SAVED_ENTRY] = (uintptr_t)run_entry;
	saved[SAVED_ARG] = (uintptr_t)f;
	saved[SAVED_RETURN] = (uintptr_t)gvr_fiber_start;
	f->sp = saved;
}
#endif

/* ---- */

int fiber_create(struct fiber *f, void (*entry)(void *arg), void *arg)
{
	size_t page_nbytes = (size_t)sysconf(_SC_PAGESIZE);
	memset(f, 0, sizeof *f);
	f->entry = entry;
	f->arg = arg;
	f->stack_nbytes = STACK_NBYTES;
	f->map_nbytes = STACK_NBYTES + page_nbytes;
	f->map = mmap(NULL, f->map_nbytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (f->map == MAP_FAILED)
		return -ENOMEM;
	if (mprotect(f->map, page_nbytes, PROT_NONE) != 0) {
		munmap(f->map, f->map_nbytes);
		return -ENOMEM;
	}
	f->stack = (uint8_t *)f->map + page_nbytes;
#if defined(FIBER_TSAN)
	f->tsan = __tsan_create_fiber(0);
#endif
	prepare(f);
	return 0;
}

void fiber_destroy(struct fiber *f)
{
#if defined(FIBER_TSAN)
	__tsan_destroy_fiber(f->tsan);
#endif
#if defined(FIBER_ASAN)
	/* frames that never returned; the addresses will be used again */
	__asan_unpoison_memory_region(f->stack, f->stack_nbytes);
#endif
	munmap(f->map, f->map_nbytes);
}

void fiber_adopt(struct fiber *f)
{
	memset(f, 0, sizeof *f);
#if defined(FIBER_ASAN)
	pthread_attr_t attributes;
	if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
		pthread_attr_getstack(&attributes, &f->stack, &f->stack_nbytes);
		pthread_attr_destroy(&attributes);
	}
#endif
#if defined(FIBER_TSAN)
	f->tsan = __tsan_get_current_fiber();
#endif
}

void fiber_switch(struct fiber *from, struct fiber *to)
{
	before_switch(from, to);
#ifdef FIBER_UCONTEXT
	swapcontext(&from->context, &to->context);
#else
	gvr_fiber_swap(&from->sp, to->sp);
#endif
	after_switch(from);
}
