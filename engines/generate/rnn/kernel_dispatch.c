/*
 * Which kernels there are and which this CPU can run: asked here and not in the
 * kernels' own files, where the compiler may use the instructions in question.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

#include "engines/generate/rnn/kernel_steps.h"
#include "engines/generate/rnn/kernel_tile.h"

static bool always(void)
{
	return true;
}

static const struct kernel portable = {"portable", always, kernel_portable_matmul,
				       &kernel_steps_portable};

#if defined(__x86_64__)

/* The builtins ask the operating system too (XCR0). */
static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}

/* clang 14 does not know the name, so the bit itself: leaf 7.1, EAX 4. The
 * registers are those of AVX2, whose builtin has asked the operating system. */
static bool has_avxvnni(void)
{
	unsigned a = 0, b, c, d;
	if (!has_avx2() || !__get_cpuid_count(7, 0, &a, &b, &c, &d) || a < 1)
		return false;
	return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1);
}

static bool has_avx512(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
	       __builtin_cpu_supports("avx512vnni");
}

static const struct kernel avx2 = {"avx2", has_avx2, kernel_avx2_matmul, &kernel_steps_avx2};
static const struct kernel avxvnni = {"avxvnni", has_avxvnni, kernel_avxvnni_matmul,
				      &kernel_steps_avx2};
static const struct kernel avx512 = {"avx512", has_avx512, kernel_avx512_matmul,
				     &kernel_steps_avx512};

#elif defined(__aarch64__)

static bool has_neon(void)
{
	return getauxval(AT_HWCAP) & HWCAP_ASIMD;
}

static bool has_neondot(void)
{
	return getauxval(AT_HWCAP) & HWCAP_ASIMDDP;
}

static const struct kernel neon = {"neon", has_neon, kernel_neon_matmul, &kernel_steps_portable};
static const struct kernel neondot = {"neondot", has_neondot, kernel_neondot_matmul,
				      &kernel_steps_portable};

#endif

static const struct kernel *const kernels[] = {
	&portable,
#if defined(__x86_64__)
	&avx2,
	&avxvnni,
	&avx512,
#elif defined(__aarch64__)
	&neon,
	&neondot,
#endif
};

#define KERNELS (sizeof kernels / sizeof *kernels)

const struct kernel *const *kernel_list(unsigned *count)
{
	*count = KERNELS;
	return kernels;
}

static const struct kernel *refuse(struct error *e, const char *name, const char *why)
{
	char usable[128] = "";
	for (size_t i = 0, n = 0; i < KERNELS && n < sizeof usable; i++)
		if (kernels[i]->supported())
			n += (size_t)snprintf(usable + n, sizeof usable - n, " %s",
					      kernels[i]->name);
	error_set(e, -EINVAL, "GVR_CPU=%.64s: %s; it can be one of:%s", name, why, usable);
	return NULL;
}

static const struct kernel *fastest(void)
{
	size_t i = KERNELS - 1;
	while (!kernels[i]->supported())
		i--;
	return kernels[i];
}

const struct kernel *kernel_choose(struct error *e)
{
	const char *name = getenv("GVR_CPU");
	if (name == NULL || *name == '\0')
		return fastest();
	for (size_t i = 0; i < KERNELS; i++) {
		if (strcmp(kernels[i]->name, name) != 0)
			continue;
		return kernels[i]->supported() ? kernels[i]
					       : refuse(e, name, "this CPU cannot run it");
	}
	return refuse(e, name, "no such kernel");
}
