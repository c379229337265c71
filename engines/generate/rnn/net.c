#include "engines/generate/rnn/net.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engines/generate/rnn/blas.h"
#include "engines/generate/rnn/net_math.h"
#include "engines/generate/rnn/vocabulary.h"
#include "workloads/prng.h"

struct layer_memory {
	float *norm, *scale; /* Q(norm(r)); 1 / root mean square of each row */
	float *v;	     /* before clips and gates: z, c, g */
	float *h, *y;
	float *norm2, *scale2;
	float *up, *square;
	float *state;	    /* streams x width: before the first step, then after the last */
	float *first_state; /* as before the first step */
};

struct net {
	struct shape shape;
	struct tensors tensors;
	uint32_t streams, steps, n;
	float drop;
	uint64_t drop_key;
	float *u, *r, *final, *final_scale, *p, *p_rounded;
	float *states; /* of all layers */
	struct layer_memory layer[LAYERS_MAX];
	/* backward */
	float *dr, *dwide, *dnarrow, *dstate, *dp;
	/* the places that need a cluster and a token, in order of the cluster */
	uint32_t *chosen, *by_cluster;
	float *p_chosen, *dp_chosen, *logits;
	float *memory;
	uint32_t *index_memory;
};

/* ---- memory ---- */

static size_t divide(struct net *n, float *memory)
{
	const struct shape *s = &n->shape;
	size_t N = n->n, d = s->width, streams = n->streams;
	float *base = memory, *m = memory;
	size_t wide = 3 * d > s->hidden ? 3 * d : s->hidden;
	if (wide < shape_input(s))
		wide = shape_input(s);

#define TAKE(field, count)                                                                         \
	do {                                                                                       \
		n->field = m;                                                                      \
		m += ((count) + 15) & ~(size_t)15;                                                 \
	} while (0)
	TAKE(u, N * shape_input(s));
	TAKE(r, N * d);
	TAKE(final, N * d);
	TAKE(final_scale, N);
	TAKE(p, N * s->out_width);
	TAKE(p_rounded, N * s->out_width);
	TAKE(states, s->layers * streams * d);
	TAKE(dr, N * d);
	TAKE(dwide, N * wide);
	TAKE(dnarrow, N * d);
	TAKE(dstate, streams * d);
	TAKE(dp, N * s->out_width);
	TAKE(p_chosen, N * s->out_width);
	TAKE(dp_chosen, N * s->out_width);
	TAKE(logits,
	     N * (s->vocabulary / CLUSTER_TOKENS > CLUSTER_TOKENS ? s->vocabulary / CLUSTER_TOKENS
								  : CLUSTER_TOKENS));
	for (uint32_t l = 0; l < s->layers; l++) {
		TAKE(layer[l].norm, N * d);
		TAKE(layer[l].scale, N);
		TAKE(layer[l].v, N * 3 * d);
		TAKE(layer[l].h, N * d);
		TAKE(layer[l].y, N * d);
		TAKE(layer[l].norm2, N * d);
		TAKE(layer[l].scale2, N);
		TAKE(layer[l].up, N * s->hidden);
		TAKE(layer[l].square, N * s->hidden);
		TAKE(layer[l].first_state, streams * d);
		n->layer[l].state = n->states + l * streams * d;
	}
#undef TAKE
	return (size_t)(m - base);
}

int net_create(struct net **out, const struct shape *s, uint32_t streams, uint32_t steps)
{
	struct net *n = calloc(1, sizeof *n);
	if (n == NULL)
		return -ENOMEM;
	n->shape = *s;
	n->streams = streams;
	n->steps = steps;
	n->n = streams * steps;
	tensors_layout(&n->tensors, s);
	size_t count = divide(n, (float *)64);
	n->memory = aligned_alloc(64, (count * sizeof(float) + 63) & ~(size_t)63);
	n->index_memory = malloc(2 * (size_t)n->n * sizeof(uint32_t));
	if (n->memory == NULL || n->index_memory == NULL) {
		net_destroy(n);
		return -ENOMEM;
	}
	divide(n, n->memory);
	n->chosen = n->index_memory;
	n->by_cluster = n->index_memory + n->n;
	memset(n->states, 0, (size_t)s->layers * streams * s->width * sizeof(float));
	*out = n;
	return 0;
}

void net_destroy(struct net *n)
{
	free(n->memory);
	free(n->index_memory);
	free(n);
}

float *net_states(struct net *n)
{
	return n->states;
}

void net_drop(struct net *n, float part, uint64_t key)
{
	n->drop = part;
	n->drop_key = key;
}

/* Leaves out the same places whether values or their gradients are given. */
static void drop(const struct net *n, float *values, size_t count, unsigned what)
{
	if (n->drop > 0)
		drop_values(values, count, (uint32_t)prng_at(n->drop_key, what), n->drop);
}

/* ---- input ---- */

struct rows { /* of the tables, for one place */
	size_t at[4];
	uint32_t width[4];
};

static struct rows rows_at(const struct net *n, const struct net_batch *b, uint32_t i)
{
	const struct shape *s = &n->shape;
	const struct tensors *t = &n->tensors;
	const uint16_t *last = &b->last[3 * (size_t)i];
	uint32_t pair = shape_pair_row(s, last[0], last[1]);
	uint32_t triple = shape_triple_row(s, last[0], last[1], last[2]);
	return (struct rows){
		.at = {t->token.at + (size_t)last[0] * s->token_width,
		       t->pair.at + (size_t)pair * s->pair_width,
		       t->triple.at + (size_t)triple * s->triple_width,
		       t->candidate.at + (size_t)b->candidate[i] * s->candidate_width},
		.width = {s->token_width, s->pair_width, s->triple_width, s->candidate_width},
	};
}

static void input_forward(struct net *n, const float *parameters, const float *rounded,
			  const struct net_batch *b)
{
	const struct shape *s = &n->shape;
	const struct tensors *t = &n->tensors;
	uint32_t width = shape_input(s), d = s->width;

	for (uint32_t i = 0; i < n->n; i++) {
		struct rows rows = rows_at(n, b, i);
		float *u = n->u + (size_t)i * width;
		for (unsigned k = 0; k < 4; k++) {
			round_values(u, parameters + rows.at[k], rows.width[k]);
			u += rows.width[k];
		}
		memcpy(n->r + (size_t)i * d, parameters + t->start.at + (size_t)b->bucket[i] * d,
		       d * sizeof(float));
	}
	drop(n, n->u, (size_t)n->n * width, 2 * LAYERS_MAX);
	blas_nt(n->r, n->u, rounded + t->in.at, n->n, d, width, 1);
}

static void input_backward(struct net *n, const float *parameters, const float *rounded,
			   const struct net_batch *b, float *gradient)
{
	const struct shape *s = &n->shape;
	const struct tensors *t = &n->tensors;
	uint32_t width = shape_input(s), d = s->width;

	blas_tn(gradient + t->in.at, n->dr, n->u, d, width, n->n, 1);
	blas_nn(n->dwide, n->dr, rounded + t->in.at, n->n, width, d, 0);
	drop(n, n->dwide, (size_t)n->n * width, 2 * LAYERS_MAX);
	for (uint32_t i = 0; i < n->n; i++) {
		struct rows rows = rows_at(n, b, i);
		const float *du = n->dwide + (size_t)i * width;
		for (unsigned k = 0; k < 4; k++) {
			add_within(gradient + rows.at[k], du, parameters + rows.at[k],
				   rows.width[k]);
			du += rows.width[k];
		}
		add_values(gradient + t->start.at + (size_t)b->bucket[i] * d, n->dr + (size_t)i * d,
			   d);
	}
}

/* ---- layers ---- */

static void scan_forward(struct net *n, struct layer_memory *m, const struct net_batch *b)
{
	uint32_t d = n->shape.width, streams = n->streams;

	for (uint32_t t = 0; t < n->steps; t++)
		for (uint32_t k = 0; k < streams; k++) {
			size_t i = (size_t)t * streams + k;
			float *state = m->state + (size_t)k * d;
			if (b->begins[i])
				memset(state, 0, d * sizeof(float));
			cell_forward(state, m->y + i * d, m->v + i * 3 * d, d);
			memcpy(m->h + i * d, state, d * sizeof(float));
		}
}

static void layer_forward(struct net *n, uint32_t l, const float *parameters, const float *rounded,
			  const struct net_batch *b)
{
	const struct layer_tensors *t = &n->tensors.layer[l];
	struct layer_memory *m = &n->layer[l];
	size_t d = n->shape.width, hidden = n->shape.hidden, N = n->n;

	norm_rows(m->norm, m->scale, n->r, N, d);
	repeat_rows(m->v, parameters + t->v_bias.at, N, 3 * d);
	blas_nt(m->v, m->norm, rounded + t->v.at, N, 3 * d, d, 1);
	memcpy(m->first_state, m->state, n->streams * d * sizeof(float));
	scan_forward(n, m, b);
	drop(n, m->y, N * d, 2 * l);
	blas_nt(n->r, m->y, rounded + t->o.at, N, d, d, 1);

	norm_rows(m->norm2, m->scale2, n->r, N, d);
	repeat_rows(m->up, parameters + t->up_bias.at, N, hidden);
	blas_nt(m->up, m->norm2, rounded + t->up.at, N, hidden, d, 1);
	square_forward(m->square, m->up, N * hidden);
	drop(n, m->square, N * hidden, 2 * l + 1);
	blas_nt(n->r, m->square, rounded + t->down.at, N, d, hidden, 1);
}

/* dy in n->dnarrow; dv to n->dwide. */
static void scan_backward(struct net *n, struct layer_memory *m, const struct net_batch *b)
{
	uint32_t d = n->shape.width, streams = n->streams;

	memset(n->dstate, 0, (size_t)streams * d * sizeof(float));
	for (uint32_t t = n->steps; t-- > 0;)
		for (uint32_t k = 0; k < streams; k++) {
			size_t i = (size_t)t * streams + k;
			float *dstate = n->dstate + (size_t)k * d;
			const float *before =
				t > 0 ? m->h + (i - streams) * d : m->first_state + (size_t)k * d;
			cell_backward(n->dwide + i * 3 * d, dstate, n->dnarrow + i * d,
				      m->v + i * 3 * d, m->h + i * d, b->begins[i] ? NULL : before,
				      d);
			if (b->begins[i])
				memset(dstate, 0, d * sizeof(float));
		}
}

static void layer_backward(struct net *n, uint32_t l, const float *rounded,
			   const struct net_batch *b, float *gradient)
{
	const struct layer_tensors *t = &n->tensors.layer[l];
	struct layer_memory *m = &n->layer[l];
	size_t d = n->shape.width, hidden = n->shape.hidden, N = n->n;

	blas_tn(gradient + t->down.at, n->dr, m->square, d, hidden, N, 1);
	blas_nn(n->dwide, n->dr, rounded + t->down.at, N, hidden, d, 0);
	drop(n, n->dwide, N * hidden, 2 * l + 1);
	square_backward(n->dwide, m->up, N * hidden);
	blas_tn(gradient + t->up.at, n->dwide, m->norm2, hidden, d, N, 1);
	sum_rows(gradient + t->up_bias.at, n->dwide, N, hidden);
	blas_nn(n->dnarrow, n->dwide, rounded + t->up.at, N, d, hidden, 0);
	norm_backward(n->dr, n->dnarrow, m->norm2, m->scale2, N, d);

	blas_tn(gradient + t->o.at, n->dr, m->y, d, d, N, 1);
	blas_nn(n->dnarrow, n->dr, rounded + t->o.at, N, d, d, 0);
	drop(n, n->dnarrow, N * d, 2 * l);
	scan_backward(n, m, b);
	blas_tn(gradient + t->v.at, n->dwide, m->norm, 3 * d, d, N, 1);
	sum_rows(gradient + t->v_bias.at, n->dwide, N, 3 * d);
	blas_nn(n->dnarrow, n->dwide, rounded + t->v.at, N, d, 3 * d, 0);
	norm_backward(n->dr, n->dnarrow, m->norm, m->scale, N, d);
}

/* ---- output ---- */

/* Whether the candidate is the next token. Adds to dp. */
static double hit_loss(struct net *n, const float *parameters, const float *rounded,
		       const struct net_batch *b, uint32_t i, float *gradient, float factor)
{
	const struct tensors *t = &n->tensors;
	uint32_t width = n->shape.out_width, bucket = b->bucket[i];
	const float *w = rounded + t->hit.at + (size_t)bucket * width;
	const float *p = n->p_rounded + (size_t)i * width;
	float x = parameters[t->hit_bias.at + bucket] + dot(w, p, width);
	float hit = 1 / (1 + exp2f(-x)), target = b->candidate[i] == b->target[i] ? 1 : 0;

	if (gradient != NULL) {
		float dx = 0.69314718f * (hit - target) * factor * b->weight[i];
		add_scaled(gradient + t->hit.at + (size_t)bucket * width, p, dx, width);
		gradient[t->hit_bias.at + bucket] += dx;
		add_scaled(n->dp + (size_t)i * width, w, dx, width);
	}
	float right = target > 0 ? hit : 1 - hit;
	return -log2((double)(right > 1e-7f ? right : 1e-7f)) * b->weight[i];
}

/* Those places whose token is not settled by the candidate. */
static uint32_t choose(struct net *n, const struct net_batch *b)
{
	uint32_t count = 0, clusters = n->shape.vocabulary / CLUSTER_TOKENS;
	uint32_t begin[VOCABULARY_MAX / CLUSTER_TOKENS + 1] = {0};

	for (uint32_t i = 0; i < n->n; i++)
		if (b->weight[i] > 0 && b->candidate[i] != b->target[i]) {
			n->chosen[count++] = i;
			begin[b->target[i] / CLUSTER_TOKENS + 1]++;
		}
	for (uint32_t c = 0; c < clusters; c++)
		begin[c + 1] += begin[c];
	for (uint32_t k = 0; k < count; k++)
		n->by_cluster[begin[b->target[n->chosen[k]] / CLUSTER_TOKENS]++] = n->chosen[k];
	return count;
}

/* Softmax of `count` rows of n->p_chosen against rows of a matrix: logits
 * become what their gradients are. */
static double softmax_loss(struct net *n, const float *w, const float *bias, const float *p,
			   uint32_t count, uint32_t classes, const uint32_t *places,
			   const struct net_batch *b, uint32_t divisor, uint32_t modulus,
			   float factor)
{
	double bits = 0;
	repeat_rows(n->logits, bias, count, classes);
	blas_nt(n->logits, p, w, count, classes, n->shape.out_width, 1);
	for (uint32_t k = 0; k < count; k++) {
		uint32_t i = places[k];
		uint32_t target = b->target[i] / divisor % modulus;
		bits += softmax_row(n->logits + (size_t)k * classes, classes, target,
				    factor * b->weight[i]) *
			(double)b->weight[i];
	}
	return bits;
}

struct softmax_tensors {
	const float *w, *bias;
	float *dw, *dbias;
	uint32_t classes, divisor, modulus;
};

static double softmax_part(struct net *n, const struct softmax_tensors *x, uint32_t begin,
			   uint32_t count, const struct net_batch *b, float factor)
{
	size_t width = n->shape.out_width;
	const float *p = n->p_chosen + begin * width;
	double bits = softmax_loss(n, x->w, x->bias, p, count, x->classes, n->by_cluster + begin, b,
				   x->divisor, x->modulus, factor);
	if (x->dw != NULL) {
		blas_tn(x->dw, n->logits, p, x->classes, width, count, 1);
		sum_rows(x->dbias, n->logits, count, x->classes);
		blas_nn(n->dp_chosen + begin * width, n->logits, x->w, count, width, x->classes, 1);
	}
	return bits;
}

static double tokens_loss(struct net *n, const float *parameters, const float *rounded,
			  const struct net_batch *b, float *gradient, float factor)
{
	const struct tensors *t = &n->tensors;
	size_t width = n->shape.out_width;
	uint32_t clusters = n->shape.vocabulary / CLUSTER_TOKENS;
	uint32_t count = choose(n, b);

	for (uint32_t k = 0; k < count; k++)
		memcpy(n->p_chosen + k * width, n->p_rounded + n->by_cluster[k] * width,
		       width * sizeof(float));
	memset(n->dp_chosen, 0, count * width * sizeof(float));
	struct softmax_tensors x = {
		rounded + t->cluster.at,
		parameters + t->cluster_bias.at,
		gradient != NULL ? gradient + t->cluster.at : NULL,
		gradient != NULL ? gradient + t->cluster_bias.at : NULL,
		clusters,
		CLUSTER_TOKENS,
		UINT32_MAX,
	};
	double bits = softmax_part(n, &x, 0, count, b, factor);
	for (uint32_t begin = 0, end; begin < count; begin = end) {
		uint32_t c = b->target[n->by_cluster[begin]] / CLUSTER_TOKENS;
		size_t row = (size_t)c * CLUSTER_TOKENS;
		for (end = begin;
		     end < count && b->target[n->by_cluster[end]] / CLUSTER_TOKENS == c;)
			end++;
		x = (struct softmax_tensors){
			rounded + t->next.at + row * width,
			parameters + t->next_bias.at + row,
			gradient != NULL ? gradient + t->next.at + row * width : NULL,
			gradient != NULL ? gradient + t->next_bias.at + row : NULL,
			CLUSTER_TOKENS,
			1,
			CLUSTER_TOKENS,
		};
		bits += softmax_part(n, &x, begin, end - begin, b, factor);
	}
	for (uint32_t k = 0; gradient != NULL && k < count; k++)
		add_values(n->dp + n->by_cluster[k] * width, n->dp_chosen + k * width, width);
	return bits;
}

static double output(struct net *n, const float *parameters, const float *rounded,
		     const struct net_batch *b, float *gradient, float factor)
{
	const struct tensors *t = &n->tensors;
	size_t N = n->n, d = n->shape.width, width = n->shape.out_width;
	double bits = 0;

	norm_rows(n->final, n->final_scale, n->r, N, d);
	blas_nt(n->p, n->final, rounded + t->p.at, N, width, d, 0);
	for (size_t i = 0; i < N; i++)
		round_values(n->p_rounded + i * width, n->p + i * width, (uint32_t)width);
	memset(n->dp, 0, N * width * sizeof(float));
	for (uint32_t i = 0; i < N; i++)
		if (b->candidate[i] != n->shape.vocabulary && b->weight[i] > 0)
			bits += hit_loss(n, parameters, rounded, b, i, gradient, factor);
	bits += tokens_loss(n, parameters, rounded, b, gradient, factor);
	if (gradient == NULL)
		return bits;
	mask_rounded(n->dp, n->p, N * width);
	blas_tn(gradient + t->p.at, n->dp, n->final, width, d, N, 1);
	blas_nn(n->dnarrow, n->dp, rounded + t->p.at, N, d, width, 0);
	memset(n->dr, 0, N * d * sizeof(float));
	norm_backward(n->dr, n->dnarrow, n->final, n->final_scale, N, d);
	return bits;
}

double net_run(struct net *n, const float *parameters, const float *rounded,
	       const struct net_batch *b, float *gradient, float factor)
{
	uint32_t layers = n->shape.layers;

	input_forward(n, parameters, rounded, b);
	for (uint32_t l = 0; l < layers; l++)
		layer_forward(n, l, parameters, rounded, b);
	double bits = output(n, parameters, rounded, b, gradient, factor);
	if (gradient != NULL) {
		for (uint32_t l = layers; l-- > 0;)
			layer_backward(n, l, rounded, b, gradient);
		input_backward(n, parameters, rounded, b, gradient);
	}
	return bits;
}
