/*
 * kernel.c: how fast the matrix kernels are on one core, beside the most that
 * their instruction can do: a loop of nothing but independent products in
 * registers, measured in the same rounds. Multiply-accumulates by CPU time;
 * weights come from a set larger than the first cache, as those of a model do.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#include "engines/generate/rnn/kernel_tile.h"
#include "workloads/prng.h"

#define ROUNDS 15u
#define SAMPLE_NS 500e3
#define WEIGHTS_NBYTES (384u << 10) /* beyond a first cache, within a second */
#define ROWS_MAX 768u
#define COLS_MAX 512u
#define SUMS 12u /* independent sums of a peak; latency times throughput is 10 at most */
#define STEPS 20000u

static const struct shape {
	unsigned rows, cols;
} shapes[] = {{160, 256}, {768, 256}, {512, 256}, {256, 512}, {160, 160},
	      {480, 160}, {320, 160}, {160, 320}, {64, 128},  {128, 160}};
static const unsigned batches[] = {1, 6, 12, 24, 64};

#define SHAPES (sizeof shapes / sizeof *shapes)
#define BATCHES (sizeof batches / sizeof *batches)

static _Alignas(KERNEL_ALIGNMENT) int8_t weights[WEIGHTS_NBYTES];
static uint8_t in[KERNEL_BATCH_MAX * COLS_MAX];
static int32_t out[KERNEL_BATCH_MAX * ROWS_MAX];

/* A compiler may not assume that x is what it was; costs no instruction. */
#if defined(__x86_64__)
#define HIDE(x) __asm__ volatile("" : "+v"(x))
#elif defined(__aarch64__)
#define HIDE(x) __asm__ volatile("" : "+w"(x))
#endif

/* The loop of a peak, around one step's statements on sum[i], and its result:
 * multiply-accumulates. */
#define PEAK(vector, zero, macs, ...)                                                              \
	vector sum[SUMS];                                                                          \
	KERNEL_UNROLL                                                                              \
	for (unsigned i = 0; i < SUMS; i++) {                                                      \
		sum[i] = zero;                                                                     \
		HIDE(sum[i]);                                                                      \
	}                                                                                          \
	for (unsigned step = 0; step < STEPS; step++) {                                            \
		KERNEL_UNROLL                                                                      \
		for (unsigned i = 0; i < SUMS; i++) {                                              \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}                                                                                          \
	KERNEL_UNROLL                                                                              \
	for (unsigned i = 0; i < SUMS; i++)                                                        \
		HIDE(sum[i]);                                                                      \
	return (double)(macs)*SUMS * STEPS

#if defined(__x86_64__)

/* Assembly, since gcc 12 adds copies of registers to the intrinsic. */
#define VPDPBUSD_256(sum, x) __asm__ volatile("%{vex%} vpdpbusd %1, %1, %0" : "+x"(sum) : "x"(x))

__attribute__((target("avx2"))) static double peak_avx2(void)
{
	__m256i x = _mm256_set1_epi8(1), ones = _mm256_set1_epi16(1);
	PEAK(__m256i, _mm256_setzero_si256(), 32, {
		HIDE(x);
		__m256i pairs = _mm256_maddubs_epi16(x, x);
		sum[i] = _mm256_add_epi32(sum[i], _mm256_madd_epi16(pairs, ones));
	});
}

__attribute__((target("avx2,avxvnni"))) static double peak_avxvnni(void)
{
	__m256i x = _mm256_set1_epi8(1);
	PEAK(__m256i, _mm256_setzero_si256(), 32, { VPDPBUSD_256(sum[i], x); });
}

__attribute__((target("avx512f,avx512vnni"))) static double peak_avx512(void)
{
	__m512i x = _mm512_set1_epi32(0x01010101);
	PEAK(__m512i, _mm512_setzero_si512(), 64, {
		HIDE(x);
		sum[i] = _mm512_dpbusd_epi32(sum[i], x, x);
	});
}

#elif defined(__aarch64__)

/* Four groups in 16 bits, then to 32, as the kernel does. */
static double peak_neon(void)
{
	int8x8_t x = vdup_n_s8(1);
	PEAK(int32x4_t, vdupq_n_s32(0), 32, {
		int16x8_t sum16 = vdupq_n_s16(0);
		for (unsigned g = 0; g < 4; g++) {
			HIDE(x);
			sum16 = vmlal_s8(sum16, x, x);
		}
		sum[i] = vpadalq_s16(sum[i], sum16);
	});
}

/* Assembly, since arm_neon.h has the intrinsic only where all of the file may
 * use it. */
static double peak_neondot(void)
{
	int8x16_t x = vdupq_n_s8(1);
	PEAK(int32x4_t, vdupq_n_s32(0), 16, {
		__asm__ volatile(".arch armv8.2-a+dotprod\n\tsdot %0.4s, %1.16b, %1.16b"
				 : "+w"(sum[i])
				 : "w"(x));
	});
}

#endif

static double (*peak_of(const struct kernel *k))(void)
{
	static const struct {
		const char *name;
		double (*run)(void);
	} peaks[] = {
		{"portable", NULL},
#if defined(__x86_64__)
		{"avx2", peak_avx2},
		{"avxvnni", peak_avxvnni},
		{"avx512", peak_avx512},
#elif defined(__aarch64__)
		{"neon", peak_neon},
		{"neondot", peak_neondot},
#endif
	};
	for (size_t i = 0; i < sizeof peaks / sizeof *peaks; i++)
		if (strcmp(peaks[i].name, k->name) == 0)
			return peaks[i].run;
	return NULL;
}

static double cpu_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* GMAC/s. */
static double sample_peak(double (*run)(void))
{
	double macs = 0, ns, begin_ns = cpu_ns();
	do {
		macs += run();
		ns = cpu_ns() - begin_ns;
	} while (ns < SAMPLE_NS);
	return macs / ns;
}

/* GMAC/s; every call takes the next of as many matrices as fill the weights. */
static double sample(const struct kernel *k, const struct shape *s, unsigned batch)
{
	const size_t nbytes = (size_t)s->rows * s->cols;
	double calls = 0, ns, begin_ns = cpu_ns();
	do {
		for (size_t at = 0; at + nbytes <= sizeof weights; at += nbytes, calls++)
			k->matmul(out, weights + at, in, s->rows, s->cols, batch);
		ns = cpu_ns() - begin_ns;
	} while (ns < SAMPLE_NS);
	return calls * (double)nbytes * batch / ns;
}

struct figures {
	double peak[ROUNDS], rate[SHAPES][BATCHES][ROUNDS]; /* GMAC/s */
	double share[SHAPES][BATCHES][ROUNDS];		    /* of the round's peak */
};

static void one_round(const struct kernel *k, struct figures *f, unsigned round)
{
	double (*peak)(void) = peak_of(k);
	f->peak[round] = peak == NULL ? 0 : sample_peak(peak);
	for (size_t s = 0; s < SHAPES; s++)
		for (size_t b = 0; b < BATCHES; b++) {
			double rate = sample(k, &shapes[s], batches[b]);
			f->rate[s][b][round] = rate;
			f->share[s][b][round] = peak == NULL ? 0 : rate / f->peak[round];
		}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double *x)
{
	qsort(x, ROUNDS, sizeof *x, by_value);
	return x[ROUNDS / 2];
}

static void print(const struct kernel *k, struct figures *f)
{
	double peak = median(f->peak);
	if (peak > 0)
		printf("\n%s: peak %.1f GMAC/s (100 %%)\n", k->name, peak);
	else
		printf("\n%s\n", k->name);
	printf("%8s", "batch");
	for (size_t b = 0; b < BATCHES; b++)
		printf("%16u", batches[b]);
	for (size_t s = 0; s < SHAPES; s++) {
		printf("\n%4ux%-4u", shapes[s].rows, shapes[s].cols);
		for (size_t b = 0; b < BATCHES; b++) {
			printf("%9.1f", median(f->rate[s][b]));
			if (peak > 0)
				printf(" %4.1f %%", 100 * median(f->share[s][b]));
			else
				printf("%7s", "");
		}
	}
	printf("\n");
}

static void stay_on_one_cpu(void)
{
	cpu_set_t one;
	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	sched_setaffinity(0, sizeof one, &one);
}

int main(void)
{
	unsigned count;
	const struct kernel *const *kernels = kernel_list(&count);
	struct figures *figures = calloc(count, sizeof *figures);
	if (figures == NULL)
		return 1;
	for (size_t i = 0; i < sizeof weights; i++)
		weights[i] = (int8_t)((int)prng_below(prng_at(1, i), 2 * KERNEL_WEIGHT_MAX + 1) -
				      KERNEL_WEIGHT_MAX);
	for (size_t i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)prng_at(2, i);
	stay_on_one_cpu();
	for (unsigned round = 0; round < ROUNDS; round++)
		for (unsigned i = 0; i < count; i++)
			if (kernels[i]->supported())
				one_round(kernels[i], &figures[i], round);
	printf("GMAC/s on one core, rows x cols, median of %u rounds; weights in %u KiB\n", ROUNDS,
	       WEIGHTS_NBYTES >> 10);
	for (unsigned i = 0; i < count; i++)
		if (kernels[i]->supported())
			print(kernels[i], &figures[i]);
		else
			printf("\n%s: not supported by this CPU\n", kernels[i]->name);
	free(figures);
	return 0;
}
