#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "engines/generate/rnn/vocabulary_learn.h"

/* What comes before is told apart by these few classes. */
#define FEATURES 512u
#define ITERATIONS 24u

struct clusters {
	float (*features)[FEATURES]; /* of each token */
	float *weights;		     /* of each token: how much it counts */
	float *along;		     /* of each token: its place on the direction */
	float mean[FEATURES], direction[FEATURES];
};

static void count_before(struct clusters *c, const uint16_t *text, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		uint32_t before = text[i - 1] * UINT32_C(0x9e3779b1);
		c->features[text[i]][before >> 23]++;
		c->weights[text[i]]++;
	}
}

/* Square roots of frequencies: rare neighbours count as well. */
static void normalise(struct clusters *c, uint32_t tokens)
{
	for (uint32_t t = 0; t < tokens; t++) {
		for (unsigned f = 0; f < FEATURES && c->weights[t] > 0; f++)
			c->features[t][f] = sqrtf(c->features[t][f] / c->weights[t]);
		c->weights[t] = sqrtf(c->weights[t]);
	}
}

static void find_mean(struct clusters *c, const uint16_t *order, uint32_t count)
{
	float total = 1e-6f;
	memset(c->mean, 0, sizeof c->mean);
	for (uint32_t i = 0; i < count; i++) {
		total += c->weights[order[i]];
		for (unsigned f = 0; f < FEATURES; f++)
			c->mean[f] += c->weights[order[i]] * c->features[order[i]][f];
	}
	for (unsigned f = 0; f < FEATURES; f++)
		c->mean[f] /= total;
}

static float place(const struct clusters *c, uint32_t token)
{
	float sum[16] = {0}, total = 0;
	for (unsigned f = 0; f < FEATURES; f += 16)
		for (unsigned k = 0; k < 16; k++)
			sum[k] +=
				(c->features[token][f + k] - c->mean[f + k]) * c->direction[f + k];
	for (unsigned k = 0; k < 16; k++)
		total += sum[k];
	return total;
}

/* The first principal component, by power iteration. */
static void find_direction(struct clusters *c, const uint16_t *order, uint32_t count)
{
	find_mean(c, order, count);
	for (unsigned f = 0; f < FEATURES; f++)
		c->direction[f] = (float)((f * 37u) % 64u) - 31.5f;
	for (unsigned n = 0; n < ITERATIONS; n++) {
		float next[FEATURES] = {0}, norm = 1e-20f;
		for (uint32_t i = 0; i < count; i++) {
			float p = c->weights[order[i]] * place(c, order[i]);
			for (unsigned f = 0; f < FEATURES; f++)
				next[f] += p * (c->features[order[i]][f] - c->mean[f]);
		}
		for (unsigned f = 0; f < FEATURES; f++)
			norm += next[f] * next[f];
		norm = sqrtf(norm);
		for (unsigned f = 0; f < FEATURES; f++)
			c->direction[f] = next[f] / norm;
	}
	for (uint32_t i = 0; i < count; i++)
		c->along[order[i]] = place(c, order[i]);
}

static bool before(const struct clusters *c, uint16_t a, uint16_t b)
{
	return c->along[a] != c->along[b] ? c->along[a] < c->along[b] : a < b;
}

static void sift(const struct clusters *c, uint16_t *order, uint32_t i, uint32_t count)
{
	for (uint32_t child; (child = 2 * i + 1) < count; i = child) {
		if (child + 1 < count && before(c, order[child], order[child + 1]))
			child++;
		if (!before(c, order[i], order[child]))
			return;
		uint16_t t = order[i];
		order[i] = order[child];
		order[child] = t;
	}
}

/* Heap sort: qsort has no argument for the places. */
static void sort_along(const struct clusters *c, uint16_t *order, uint32_t count)
{
	for (uint32_t i = count / 2; i-- > 0;)
		sift(c, order, i, count);
	for (uint32_t n = count; n-- > 1;) {
		uint16_t t = order[0];
		order[0] = order[n];
		order[n] = t;
		sift(c, order, 0, n);
	}
}

static void halve(struct clusters *c, uint16_t *order, uint32_t count)
{
	if (count <= CLUSTER_TOKENS)
		return;
	uint32_t left = count / CLUSTER_TOKENS / 2 * CLUSTER_TOKENS;
	find_direction(c, order, count);
	sort_along(c, order, count);
	halve(c, order, left);
	halve(c, order + left, count - left);
}

int vocabulary_cluster(uint16_t *order, uint32_t tokens, const uint16_t *text, size_t count)
{
	struct clusters *c = calloc(1, sizeof *c);
	int err = c == NULL ? -ENOMEM : 0;
	if (err == 0) {
		c->features = calloc(tokens, sizeof *c->features);
		c->weights = calloc(tokens, sizeof *c->weights);
		c->along = calloc(tokens, sizeof *c->along);
		if (c->features == NULL || c->weights == NULL || c->along == NULL)
			err = -ENOMEM;
	}
	if (err == 0) {
		count_before(c, text, count);
		normalise(c, tokens);
		for (uint32_t i = 0; i < tokens; i++)
			order[i] = (uint16_t)i;
		halve(c, order, tokens);
	}
	if (c != NULL) {
		free(c->features);
		free(c->weights);
		free(c->along);
	}
	free(c);
	return err;
}
