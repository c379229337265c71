#include <math.h>
#include <string.h>

#include "engines/generate/rnn/net.h"
#include "engines/generate/rnn/vocabulary.h"

static void place(struct tensor *t, size_t *at, enum tensor_kind kind, uint32_t rows, uint32_t cols)
{
	*t = (struct tensor){kind, rows, cols, *at};
	*at += ((size_t)rows * cols + 15) & ~(size_t)15;
}

void tensors_layout(struct tensors *t, const struct shape *s)
{
	size_t at = 0;
	uint32_t d = s->width, p = s->out_width, clusters = s->vocabulary / CLUSTER_TOKENS;

	memset(t, 0, sizeof *t);
	place(&t->token, &at, TENSOR_TABLE, s->vocabulary + 1, s->token_width);
	place(&t->pair, &at, TENSOR_TABLE, s->pair_rows, s->pair_width);
	place(&t->triple, &at, TENSOR_TABLE, s->triple_rows, s->triple_width);
	place(&t->candidate, &at, TENSOR_TABLE, s->vocabulary + 1, s->candidate_width);
	place(&t->in, &at, TENSOR_MATRIX, d, shape_input(s));
	place(&t->start, &at, TENSOR_BIAS, MATCH_BUCKETS + 1, d);
	for (uint32_t l = 0; l < s->layers; l++) {
		struct layer_tensors *x = &t->layer[l];
		place(&x->v, &at, TENSOR_MATRIX, 3 * d, d);
		place(&x->v_bias, &at, TENSOR_BIAS, 1, 3 * d);
		place(&x->o, &at, TENSOR_MATRIX, d, d);
		place(&x->up, &at, TENSOR_MATRIX, s->hidden, d);
		place(&x->up_bias, &at, TENSOR_BIAS, 1, s->hidden);
		place(&x->down, &at, TENSOR_MATRIX, d, s->hidden);
	}
	place(&t->p, &at, TENSOR_MATRIX, p, d);
	place(&t->hit, &at, TENSOR_MATRIX, MATCH_BUCKETS, p);
	place(&t->hit_bias, &at, TENSOR_BIAS, 1, MATCH_BUCKETS);
	place(&t->cluster, &at, TENSOR_MATRIX, clusters, p);
	place(&t->cluster_bias, &at, TENSOR_BIAS, 1, clusters);
	place(&t->next, &at, TENSOR_MATRIX, s->vocabulary, p);
	place(&t->next_bias, &at, TENSOR_BIAS, 1, s->vocabulary);
	t->count = at;
}

unsigned tensors_list(const struct tensors *t, const struct shape *s, const struct tensor **list)
{
	unsigned n = 0;
	const struct tensor *const first[] = {&t->token,     &t->pair, &t->triple,
					      &t->candidate, &t->in,   &t->start};
	const struct tensor *const last[] = {&t->p,	   &t->hit,	     &t->hit_bias,
					     &t->cluster,  &t->cluster_bias, &t->next,
					     &t->next_bias};

	for (unsigned i = 0; i < sizeof first / sizeof *first; i++)
		list[n++] = first[i];
	for (uint32_t l = 0; l < s->layers; l++) {
		const struct layer_tensors *x = &t->layer[l];
		list[n++] = &x->v;
		list[n++] = &x->v_bias;
		list[n++] = &x->o;
		list[n++] = &x->up;
		list[n++] = &x->up_bias;
		list[n++] = &x->down;
	}
	for (unsigned i = 0; i < sizeof last / sizeof *last; i++)
		list[n++] = last[i];
	return n;
}

unsigned tensor_input_unit_log(const struct tensors *t, const struct shape *s,
			       const struct tensor *x)
{
	for (uint32_t l = 0; l < s->layers; l++)
		if (x == &t->layer[l].o || x == &t->layer[l].down)
			return 4;
	return 5;
}

static float row_max(const float *row, uint32_t cols)
{
	float max = 0;
	for (uint32_t i = 0; i < cols; i++)
		max = fabsf(row[i]) > max ? fabsf(row[i]) : max;
	return max;
}

unsigned tensor_shift(const float *in, const struct tensor *t)
{
	float max = 1e-6f;
	for (uint32_t r = 0; r < t->rows; r++) {
		float m = row_max(in + t->at + (size_t)r * t->cols, t->cols);
		max = m > max ? m : max;
	}
	int exponent;
	frexpf(max / WEIGHT_MAX, &exponent); /* below 2^exponent */
	int shift = 8 - exponent;
	return shift < SCALE_SHIFT_MIN	 ? SCALE_SHIFT_MIN
	       : shift > SCALE_SHIFT_MAX ? SCALE_SHIFT_MAX
					 : (unsigned)shift;
}

unsigned tensor_row_multiplier(const float *row, uint32_t cols, unsigned shift)
{
	float m = ceilf(ldexpf(row_max(row, cols) / WEIGHT_MAX, (int)shift));
	return m < 1 ? 1 : m > 255 ? 255 : (unsigned)m;
}

void tensor_round_rows(float *out, const float *in, const struct tensor *t, unsigned shift,
		       uint32_t first, uint32_t last)
{
	for (uint32_t r = first; r < last; r++) {
		const float *row = in + t->at + (size_t)r * t->cols;
		float *to = out + t->at + (size_t)r * t->cols;
		float scale =
			ldexpf((float)tensor_row_multiplier(row, t->cols, shift), -(int)shift);
		float by = 1 / scale;
		for (uint32_t i = 0; i < t->cols; i++) {
			float w = (row[i] * by + 12582912.0f) - 12582912.0f;
			w = w > WEIGHT_MAX ? WEIGHT_MAX : w < -WEIGHT_MAX ? -WEIGHT_MAX : w;
			to[i] = w * scale;
		}
	}
}
