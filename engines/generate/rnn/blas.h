/*
 * blas.h: products of matrices of floats, by OpenBLAS. It is loaded when
 * training begins, not with the program: it starts threads and takes memory
 * that no other verb should have. All matrices are row-major without gaps;
 * each call runs on the calling thread alone.
 */
#ifndef GVR_RNN_BLAS_H
#define GVR_RNN_BLAS_H

#include <stddef.h>

#include "workloads/error.h"

/* -ENOENT: the library is not there (e says how to install it). */
int blas_open(struct error *e);

/* Is there memory for what it takes in so many threads? It does not say if there
 * is not, but waits for ever. -ENOMEM. */
int blas_check_memory(unsigned threads, struct error *e);

/* c (m x n) = beta c + a (m x k) b (n x k)^T */
void blas_nt(float *c, const float *a, const float *b, size_t m, size_t n, size_t k, float beta);
/* c (m x n) = beta c + a (m x k) b (k x n) */
void blas_nn(float *c, const float *a, const float *b, size_t m, size_t n, size_t k, float beta);
/* c (m x n) = beta c + a (k x m)^T b (k x n) */
void blas_tn(float *c, const float *a, const float *b, size_t m, size_t n, size_t k, float beta);

#endif
