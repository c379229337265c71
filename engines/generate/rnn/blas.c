#include "engines/generate/rnn/blas.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Of cblas.h, which need not be there to build. */
enum { ROW_MAJOR = 101, AS_IS = 111, TRANSPOSED = 112 };

#define THREAD_NBYTES ((size_t)160 << 20)

typedef void sgemm_function(int order, int transpose_a, int transpose_b, int m, int n, int k,
			    float alpha, const float *a, int lda, const float *b, int ldb,
			    float beta, float *c, int ldc);

static sgemm_function *sgemm;

/* OpenBLAS knows processors by name, and takes new ones for older kinds. Also if
 * the variable is set: some systems set it for everyone, to half the speed. */
static void name_processor(void)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
		setenv("OPENBLAS_CORETYPE", "SkylakeX", 1);
#endif
}

int blas_open(struct error *e)
{
	if (sgemm != NULL)
		return 0;
	name_processor();
	setenv("OPENBLAS_NUM_THREADS", "1", 1);
	void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
	if (library != NULL)
		*(void **)&sgemm = dlsym(library, "cblas_sgemm");
	if (sgemm == NULL)
		return error_set(e, -ENOENT,
				 "cannot load OpenBLAS, which training needs; run: apt-get install "
				 "libopenblas0-pthread");
	return 0;
}

int blas_check_memory(unsigned threads, struct error *e)
{
	size_t nbytes = threads * THREAD_NBYTES;
	void *p = mmap(NULL, nbytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return error_set(e, -ENOMEM,
				 "out of memory for training: OpenBLAS wants %zu MiB of address "
				 "space; see ulimit -v, or give fewer --threads",
				 nbytes >> 20);
	munmap(p, nbytes);
	return 0;
}

void blas_nt(float *c, const float *a, const float *b, size_t m, size_t n, size_t k, float beta)
{
	if (m > 0)
		sgemm(ROW_MAJOR, AS_IS, TRANSPOSED, (int)m, (int)n, (int)k, 1, a, (int)k, b, (int)k,
		      beta, c, (int)n);
}

void blas_nn(float *c, const float *a, const float *b, size_t m, size_t n, size_t k, float beta)
{
	if (m > 0)
		sgemm(ROW_MAJOR, AS_IS, AS_IS, (int)m, (int)n, (int)k, 1, a, (int)k, b, (int)n,
		      beta, c, (int)n);
}

void blas_tn(float *c, const float *a, const float *b, size_t m, size_t n, size_t k, float beta)
{
	if (k > 0)
		sgemm(ROW_MAJOR, TRANSPOSED, AS_IS, (int)m, (int)n, (int)k, 1, a, (int)m, b, (int)n,
		      beta, c, (int)n);
}
