#include "engines/generate/rnn/forward.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engines/generate/rnn/kernel_steps.h"
#include "engines/generate/rnn/model_file.h"

struct forward {
	const struct model *model;
	const struct kernel *kernel;
	int32_t *r;	    /* batch x width */
	int32_t *acc;	    /* batch x the widest result of a matrix */
	int32_t *value;	    /* one content's, of the same width */
	uint8_t *in;	    /* batch x the widest input of a matrix */
	uint8_t *p, *some;  /* batch x out_width */
	uint32_t *clusters; /* batch x clusters */
	uint32_t tokens[CLUSTER_TOKENS];
	struct generator_sampling sampling;
	void *memory;
};

static unsigned widest_out(const struct shape *s)
{
	unsigned widest = 3 * s->width > s->hidden ? 3 * s->width : s->hidden;
	unsigned clusters = padded_rows(s->vocabulary / CLUSTER_TOKENS);
	if (widest < s->out_width)
		widest = s->out_width;
	return widest < clusters ? clusters : widest;
}

static unsigned widest_in(const struct shape *s)
{
	unsigned widest = s->width > s->hidden ? s->width : s->hidden;
	return widest < shape_input(s) ? shape_input(s) : widest;
}

/* Divides memory; returns how much it takes. */
static size_t divide(struct forward *f, const struct shape *s, unsigned batch, uint8_t *memory)
{
	size_t at = 0;
	f->r = (int32_t *)(void *)(memory + at);
	at += aligned_nbytes((size_t)batch * s->width * 4);
	f->acc = (int32_t *)(void *)(memory + at);
	at += aligned_nbytes((size_t)batch * widest_out(s) * 4);
	f->value = (int32_t *)(void *)(memory + at);
	at += aligned_nbytes((size_t)widest_out(s) * 4);
	f->in = memory + at;
	at += aligned_nbytes((size_t)batch * widest_in(s));
	f->p = memory + at;
	at += aligned_nbytes((size_t)batch * s->out_width);
	f->some = memory + at;
	at += aligned_nbytes((size_t)batch * s->out_width);
	f->clusters = (uint32_t *)(void *)(memory + at);
	at += aligned_nbytes((size_t)batch * (s->vocabulary / CLUSTER_TOKENS) * 4);
	return at;
}

size_t forward_memory_nbytes(const struct model *m, unsigned batch)
{
	struct forward f;
	return sizeof f + divide(&f, &m->shape, batch, (uint8_t *)64);
}

int forward_create(struct forward **out, const struct model *m, const struct kernel *kernel,
		   unsigned batch)
{
	struct forward *f = calloc(1, sizeof *f);
	if (f == NULL)
		return -ENOMEM;
	f->model = m;
	f->kernel = kernel;
	f->sampling = (struct generator_sampling){100, 100};
	f->memory = aligned_alloc(64, divide(f, &m->shape, batch, (uint8_t *)64));
	if (f->memory == NULL) {
		free(f);
		return -ENOMEM;
	}
	divide(f, &m->shape, batch, f->memory);
	*out = f;
	return 0;
}

void forward_destroy(struct forward *f)
{
	free(f->memory);
	free(f);
}

static void multiply(struct forward *f, const struct matrix *x, const uint8_t *in, unsigned count)
{
	f->kernel->matmul(f->acc, x->weights, in, x->rows, x->cols, count);
}

/* Of one content: value = add + what the product with its input stands for. */
static void scale(struct forward *f, int32_t *value, const struct matrix *x, unsigned k,
		  const int32_t *add)
{
	f->kernel->steps->scale(value, f->acc + (size_t)k * x->rows, x->less, x->multiplier,
				x->shift, add, x->rows);
}

static void accumulate(struct forward *f, const struct matrix *x, unsigned count)
{
	for (unsigned k = 0; k < count; k++)
		f->kernel->steps->accumulate(f->r + (size_t)k * x->rows,
					     f->acc + (size_t)k * x->rows, x->less, x->multiplier,
					     x->shift, x->rows);
}

static uint8_t *copy_row(uint8_t *to, const int8_t *table, size_t row, unsigned width)
{
	const int8_t *from = table + row * width;
	for (unsigned i = 0; i < width; i++)
		to[i] = (uint8_t)from[i] ^ 0x80;
	return to + width;
}

static void embed(struct forward *f, const struct forward_input *const *inputs, unsigned count)
{
	const struct model *m = f->model;
	const struct shape *s = &m->shape;
	uint8_t *u = f->in;

	for (unsigned k = 0; k < count; k++) {
		const struct forward_input *x = inputs[k];
		u = copy_row(u, m->token, x->last[0], s->token_width);
		u = copy_row(u, m->pair, shape_pair_row(s, x->last[0], x->last[1]), s->pair_width);
		u = copy_row(u, m->triple, shape_triple_row(s, x->last[0], x->last[1], x->last[2]),
			     s->triple_width);
		u = copy_row(u, m->candidate, x->candidate, s->candidate_width);
	}
	multiply(f, &m->in, f->in, count);
	for (unsigned k = 0; k < count; k++)
		memcpy(f->r + (size_t)k * s->width, m->start + (size_t)inputs[k]->bucket * s->width,
		       s->width * sizeof *f->r);
	accumulate(f, &m->in, count); /* a wild model's sum is more than norm takes */
}

static void norm(struct forward *f, unsigned count)
{
	unsigned width = f->model->shape.width;
	for (unsigned k = 0; k < count; k++)
		f->kernel->steps->norm(f->in + (size_t)k * width, f->r + (size_t)k * width, width);
}

static void layer_step(struct forward *f, unsigned l, const struct forward_input *const *inputs,
		       unsigned count)
{
	const struct layer *x = &f->model->layer[l];
	unsigned width = f->model->shape.width, hidden = f->model->shape.hidden;

	norm(f, count);
	multiply(f, &x->v, f->in, count);
	for (unsigned k = 0; k < count; k++) {
		scale(f, f->value, &x->v, k, x->v_bias);
		f->kernel->steps->cell(inputs[k]->state + (size_t)l * width,
				       f->in + (size_t)k * width, f->value, width);
	}
	multiply(f, &x->o, f->in, count);
	accumulate(f, &x->o, count);

	norm(f, count);
	multiply(f, &x->up, f->in, count);
	for (unsigned k = 0; k < count; k++) {
		scale(f, f->value, &x->up, k, x->up_bias);
		f->kernel->steps->square(f->in + (size_t)k * hidden, f->value, hidden);
	}
	multiply(f, &x->down, f->in, count);
	accumulate(f, &x->down, count);
}

void forward_step(struct forward *f, const struct forward_input *const *inputs, unsigned count)
{
	static const int32_t zeros[1024];
	const struct model *m = f->model;
	unsigned width = m->shape.out_width;

	embed(f, inputs, count);
	for (uint32_t l = 0; l < m->shape.layers; l++)
		layer_step(f, l, inputs, count);
	norm(f, count);
	multiply(f, &m->p, f->in, count);
	for (unsigned k = 0; k < count; k++) {
		scale(f, f->value, &m->p, k, zeros);
		f->kernel->steps->round(f->p + (size_t)k * width, f->value, width);
	}
}

/* A block of a matrix's rows, times one content's p. */
static void block(struct forward *f, int32_t *value, const struct matrix *x, unsigned row,
		  unsigned rows, unsigned k, const int32_t *add)
{
	f->kernel->matmul(f->acc, x->weights + (size_t)row * x->cols, f->p + (size_t)k * x->cols,
			  rows, x->cols, 1);
	f->kernel->steps->scale(value, f->acc, x->less + row, x->multiplier + row, x->shift, add,
				rows);
}

void forward_sample(struct forward *f, const struct generator_sampling *how)
{
	f->sampling = *how;
}

/* What is forbidden goes to the others in proportion, what rounding leaves to
 * the largest. */
static void forbid(uint32_t *share, uint64_t forbidden)
{
	uint32_t kept = 0, total = 0;
	unsigned most = 0;

	for (unsigned i = 0; i < CLUSTER_TOKENS; i++)
		if (forbidden >> i & 1)
			share[i] = 0;
		else
			kept += share[i];
	uint32_t by = (uint32_t)((UINT64_C(1) << 32) / kept);
	for (unsigned i = 0; i < CLUSTER_TOKENS; i++) {
		share[i] = (uint32_t)(((uint64_t)share[i] * by) >> 16);
		total += share[i];
		most = share[i] > share[most] ? i : most;
	}
	share[most] += 65536 - total;
}

/* Of f->value's logits; forbidden: of at most CLUSTER_TOKENS of them. */
static void frequencies(struct forward *f, uint32_t *out, unsigned count, uint64_t forbidden)
{
	sampling_temper(f->value, count, &f->sampling);
	f->kernel->steps->frequencies(out, f->value, count);
	if (forbidden != 0 && forbidden != UINT64_MAX)
		forbid(out, forbidden);
	sampling_cut(out, count, &f->sampling);
}

uint32_t forward_hit(struct forward *f, unsigned k, unsigned bucket)
{
	const struct model *m = f->model;
	unsigned row = bucket / KERNEL_BLOCK * KERNEL_BLOCK;
	int32_t add[KERNEL_BLOCK] = {0};

	add[bucket - row] = m->hit_bias[bucket];
	block(f, f->value, &m->hit, row, KERNEL_BLOCK, k, add);
	sampling_temper(f->value + bucket - row, 1, &f->sampling);
	return sampling_cut_hit(f->kernel->steps->logistic(f->value[bucket - row]), &f->sampling);
}

const uint32_t *forward_clusters(struct forward *f, const unsigned *which, unsigned count)
{
	const struct model *m = f->model;
	unsigned width = m->shape.out_width, clusters = m->shape.vocabulary / CLUSTER_TOKENS;
	int32_t add[VOCABULARY_MAX / CLUSTER_TOKENS] = {0};

	if (count == 0)
		return f->clusters;
	memcpy(add, m->cluster_bias, clusters * sizeof *add);
	for (unsigned i = 0; i < count; i++)
		memcpy(f->some + (size_t)i * width, f->p + (size_t)which[i] * width, width);
	multiply(f, &m->cluster, f->some, count);
	for (unsigned i = 0; i < count; i++) {
		scale(f, f->value, &m->cluster, i, add);
		frequencies(f, f->clusters + (size_t)i * clusters, clusters, 0);
	}
	return f->clusters;
}

const uint32_t *forward_tokens(struct forward *f, unsigned k, unsigned cluster, uint64_t forbidden)
{
	const struct model *m = f->model;
	unsigned row = cluster * CLUSTER_TOKENS;

	block(f, f->value, &m->next, row, CLUSTER_TOKENS, k, m->next_bias + row);
	frequencies(f, f->tokens, CLUSTER_TOKENS, forbidden);
	return f->tokens;
}
