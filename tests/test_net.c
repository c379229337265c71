/*
 * The network in floats. Its forward pass rounds, so that the loss as it is has
 * no slope: each function of net_math.c is held against differences of what it
 * would be without rounding, and net_run as a whole by what a step along its
 * gradient does to the loss, summed over so many places that roundings cancel.
 */
#include "tests/test.h"

#include <math.h>

#include "engines/generate/rnn/blas.h"
#include "engines/generate/rnn/net.h"
#include "engines/generate/rnn/net_math.h"
#include "engines/generate/rnn/trainer.h"
#include "workloads/prng.h"

#define EDGE (127.0 / 32)

static const struct shape SHAPE = {
	.vocabulary = 256,
	.width = 32,
	.layers = 2,
	.hidden = 48,
	.token_width = 16,
	.pair_width = 8,
	.triple_width = 4,
	.candidate_width = 4,
	.pair_rows = 64,
	.triple_rows = 64,
	.out_width = 32,
};

/* Uniform within -range..range. */
static float random_float(uint64_t key, uint64_t i, double range)
{
	return (float)((2 * prng_unit(prng_at(key, i)) - 1) * range);
}

static void fill(float *x, size_t count, uint64_t key, double range)
{
	for (size_t i = 0; i < count; i++)
		x[i] = random_float(key, i, range);
}

static void assert_near(double got, double want, double tolerance)
{
	if (!(fabs(got - want) <= tolerance))
		fail_msg("%g, not %g (within %g)", got, want, tolerance);
}

static int setup(void **state)
{
	struct error e;
	(void)state;
	return blas_open(&e);
}

/* ---- products ---- */

static const size_t SIZES[][3] = {{1, 1, 1},	{1, 64, 16},  {7, 5, 3},
				  {33, 17, 65}, {64, 96, 48}, {100, 1, 31}};
#define SIZES_COUNT (sizeof SIZES / sizeof *SIZES)
#define PRODUCT_MAX 6400u

/* Where element (row, col) of a matrix lies that is stored transposed or not. */
static size_t place(bool transposed, size_t row, size_t col, size_t rows, size_t cols)
{
	return transposed ? col * rows + row : row * cols + col;
}

static void check_product(void (*blas)(float *, const float *, const float *, size_t, size_t,
				       size_t, float),
			  bool a_transposed, bool b_transposed, const size_t size[3], float beta)
{
	static float a[PRODUCT_MAX], b[PRODUCT_MAX], c[PRODUCT_MAX], before[PRODUCT_MAX];
	size_t m = size[0], n = size[1], k = size[2];
	fill(a, m * k, 1, 1);
	fill(b, n * k, 2, 1);
	fill(c, m * n, 3, 1);
	memcpy(before, c, sizeof c);
	blas(c, a, b, m, n, k, beta);
	for (size_t i = 0; i < m; i++)
		for (size_t j = 0; j < n; j++) {
			double sum = (double)beta * (double)before[i * n + j];
			for (size_t l = 0; l < k; l++)
				sum += (double)a[place(a_transposed, i, l, m, k)] *
				       (double)b[place(b_transposed, l, j, k, n)];
			assert_near((double)c[i * n + j], sum, 1e-4);
		}
}

static void products_are_those_of_plain_loops(void **state)
{
	(void)state;
	for (size_t s = 0; s < SIZES_COUNT; s++)
		for (unsigned beta = 0; beta < 2; beta++) {
			check_product(blas_nt, false, true, SIZES[s], (float)beta);
			check_product(blas_nn, false, false, SIZES[s], (float)beta);
			check_product(blas_tn, true, false, SIZES[s], (float)beta);
		}
}

static void products_of_nothing_change_nothing(void **state)
{
	float c[4] = {1, 2, 3, 4}, a[4] = {0};
	(void)state;
	blas_nt(c, a, a, 0, 2, 2, 1);
	blas_nn(c, a, a, 0, 2, 2, 1);
	blas_tn(c, a, a, 2, 2, 0, 1);
	for (unsigned i = 0; i < 4; i++)
		assert_near((double)c[i], i + 1, 0);
}

static void sums_are_those_of_plain_loops(void **state)
{
	float a[160], b[160], sums[32] = {0}, rows[160];
	double want = 0;
	(void)state;
	fill(a, 160, 1, 1);
	fill(b, 160, 2, 1);
	for (unsigned i = 0; i < 160; i++)
		want += (double)a[i] * (double)b[i];
	assert_near((double)dot(a, b, 160), want, 1e-5);
	sum_rows(sums, a, 5, 32);
	repeat_rows(rows, sums, 5, 32);
	for (unsigned i = 0; i < 32; i++) {
		want = 0;
		for (unsigned k = 0; k < 5; k++)
			want += (double)a[32 * k + i];
		assert_near((double)sums[i], want, 1e-5);
		assert_near((double)rows[32 * 4 + i], (double)sums[i], 0);
	}
	memcpy(rows, a, sizeof rows);
	add_values(rows, b, 160);
	add_scaled(rows, b, 2, 160);
	for (unsigned i = 0; i < 160; i++)
		assert_near((double)rows[i], (double)a[i] + 3 * (double)b[i], 1e-5);
}

/* ---- functions one by one ---- */

/* The slope of f at x[i], by differences. */
static double slope(double (*f)(const double *x, const void *arg), const void *arg, double *x,
		    size_t i)
{
	double at = x[i], step = 1e-4;
	x[i] = at + step;
	double above = f(x, arg);
	x[i] = at - step;
	double below = f(x, arg);
	x[i] = at;
	return (above - below) / (2 * step);
}

static double within(double x, double low, double high)
{
	return x < low ? low : x > high ? high : x;
}

#define NORM_COLS 48u

static double norm_factor(const double *r)
{
	double square = 0;
	for (unsigned i = 0; i < NORM_COLS; i++)
		square += r[i] * r[i];
	return 1 / sqrt(square / NORM_COLS + 1.0 / 64);
}

/* What is cut off does not move. */
static double norm_loss(const double *r, const void *arg)
{
	const float *d = arg;
	double factor = norm_factor(r), loss = 0;
	for (unsigned i = 0; i < NORM_COLS; i++)
		loss += (double)d[i] * within(r[i] * factor, -EDGE, EDGE);
	return loss;
}

static void norm_has_the_slope_of_the_norm(void **state)
{
	(void)state;
	for (uint64_t k = 0; k < 20; k++) {
		float r[NORM_COLS], d[NORM_COLS], out[NORM_COLS], scale, dr[NORM_COLS] = {0};
		double x[NORM_COLS];
		fill(r, NORM_COLS, 2 * k, k % 3 == 0 ? 0.1 : 3);
		fill(d, NORM_COLS, 2 * k + 1, 1);
		if (k % 4 == 0)
			r[5] = 40; /* beyond the edge */
		norm_rows(out, &scale, r, 1, NORM_COLS);
		for (unsigned i = 0; i < NORM_COLS; i++)
			x[i] = (double)r[i];
		assert_near((double)scale, norm_factor(x), 1e-5 * norm_factor(x));
		for (unsigned i = 0; i < NORM_COLS; i++) {
			double whole = within(x[i] * norm_factor(x), -EDGE, EDGE);
			assert_near((double)out[i], whole, 1.0 / 64 + 1e-5);
			out[i] = (float)whole; /* as if it was not rounded */
		}
		norm_backward(dr, d, out, &scale, 1, NORM_COLS);
		for (unsigned i = 0; i < NORM_COLS; i++) {
			/* of one that is cut off, it knows but the edge */
			double value = fabs(x[i] * norm_factor(x));
			double known = value > EDGE ? EDGE / value : 1;
			assert_near((double)dr[i], known * slope(norm_loss, d, x, i), 2e-3);
		}
	}
}

static double gate(double x)
{
	double a = 1 - fabs(within(x, -4, 4)) / 4, q = a * a / 2;
	return x < 0 ? q : 1 - q;
}

/* x: z, c, g and the state before; d: of y and of the state. */
static double cell_loss(const double *x, const void *arg)
{
	const float *d = arg;
	double h = x[3] + gate(x[0]) * (within(x[1], -4, 4) - x[3]);
	double y = within(h * within(x[2], -4, 4) * gate(x[2]), -127.0 / 16, 127.0 / 16);
	return (double)d[0] * y + (double)d[1] * h;
}

static bool near_kink(const double *x)
{
	double h = x[3] + gate(x[0]) * (within(x[1], -4, 4) - x[3]);
	double y = h * within(x[2], -4, 4) * gate(x[2]);
	bool near = fabs(fabs(y) - 127.0 / 16) < 0.01;
	for (unsigned i = 0; i < 3; i++)
		near = near || fabs(fabs(x[i]) - 4) < 0.01;
	return near;
}

static void check_cell(uint64_t key, bool has_before)
{
	enum { WIDTH = 16 };
	float v[3 * WIDTH], before[WIDTH], dy[WIDTH], dh[WIDTH], dv[3 * WIDTH], h[WIDTH], y[WIDTH];
	float after[WIDTH];

	fill(v, 3 * WIDTH, key, 6);
	fill(before, WIDTH, key + 1000, has_before ? 4 : 0);
	fill(dy, WIDTH, key + 2000, 1);
	fill(dh, WIDTH, key + 3000, 1);
	memcpy(h, before, sizeof h);
	memcpy(after, dh, sizeof after);
	cell_forward(h, y, v, WIDTH);
	cell_backward(dv, after, dy, v, h, has_before ? before : NULL, WIDTH);
	for (unsigned i = 0; i < WIDTH; i++) {
		double x[4] = {(double)v[i], (double)v[WIDTH + i], (double)v[2 * WIDTH + i],
			       (double)before[i]};
		float d[2] = {dy[i], dh[i]}, none[2] = {1, 0}, state[2] = {0, 1};
		assert_near((double)y[i], cell_loss(x, none), 1.0 / 32 + 1e-5);
		assert_near((double)h[i], cell_loss(x, state), 1e-5);
		if (near_kink(x))
			continue;
		for (unsigned k = 0; k < 3; k++)
			assert_near((double)dv[k * WIDTH + i], slope(cell_loss, d, x, k), 2e-3);
		assert_near((double)after[i], slope(cell_loss, d, x, 3), 2e-3);
	}
}

static void cells_have_the_slope_of_the_cell(void **state)
{
	(void)state;
	for (uint64_t key = 0; key < 200; key++)
		check_cell(key, key % 4 != 0);
}

static void squares_have_the_slope_of_the_square(void **state)
{
	float x[64], d[64], out[64], dx[64];
	(void)state;
	fill(x, 64, 1, 5);
	fill(d, 64, 2, 1);
	memcpy(dx, d, sizeof d);
	square_forward(out, x, 64);
	square_backward(dx, x, 64);
	for (unsigned i = 0; i < 64; i++) {
		double a = within((double)x[i], 0, 4);
		double whole = within(a * a, 0, 255.0 / 16);
		assert_near((double)out[i], whole, 1.0 / 32 + 1e-5);
		double want = a > 0 && a < 4 ? 2 * a * (double)d[i] : 0;
		assert_near((double)dx[i], want, 1e-5);
	}
}

struct classes {
	uint32_t count, target;
};

static double softmax_loss(const double *x, const void *arg)
{
	const struct classes *c = arg;
	double total = 0;
	for (uint32_t i = 0; i < c->count; i++)
		total += exp2(x[i]);
	return log(total) - x[c->target] * log(2);
}

static void softmax_has_the_slope_of_the_loss(void **state)
{
	static const uint32_t counts[] = {1, 4, 5, 16, 37, 64};
	(void)state;
	for (unsigned k = 0; k < sizeof counts / sizeof *counts; k++) {
		struct classes c = {counts[k], counts[k] / 2};
		float row[64];
		double x[64] = {0};
		fill(row, c.count, k, 10);
		for (uint32_t i = 0; i < c.count; i++)
			x[i] = (double)row[i];
		double bits = softmax_row(row, c.count, c.target, 0.25f);
		assert_near(bits, softmax_loss(x, &c) / log(2), 1e-4);
		for (uint32_t i = 0; i < c.count; i++)
			assert_near((double)row[i], 0.25 * slope(softmax_loss, &c, x, i), 1e-4);
	}
	float far[4] = {0, 1000, -1000, 500};
	assert_near(softmax_row(far, 4, 1, 1), 0, 1e-6);
}

static void what_is_cut_off_has_no_slope(void **state)
{
	float value[] = {0, 3.9f, -3.9f, 4, -4, 100, 0.01f, -0.02f}, d[8], to[8] = {0}, out[8];
	(void)state;
	for (unsigned i = 0; i < 8; i++)
		d[i] = 1;
	add_within(to, d, value, 8);
	mask_rounded(d, value, 8);
	round_values(out, value, 8);
	for (unsigned i = 0; i < 8; i++) {
		double inside = fabs((double)value[i]) <= EDGE;
		assert_near((double)d[i], inside, 0);
		assert_near((double)to[i], inside, 0);
		assert_near((double)out[i], within((double)value[i], -EDGE, EDGE), 1.0 / 64);
	}
}

/* ---- leaving out ---- */

static void the_right_share_is_left_out(void **state)
{
	enum { COUNT = 100000 };
	static float values[COUNT], gradients[COUNT], others[COUNT];
	(void)state;
	for (unsigned k = 1; k < 10; k += 2) {
		float part = (float)k / 10;
		unsigned zeros = 0, same = 0;
		for (unsigned i = 0; i < COUNT; i++) {
			values[i] = others[i] = 1;
			gradients[i] = 2;
		}
		drop_values(values, COUNT, 12345 * k, part);
		drop_values(gradients, COUNT, 12345 * k, part);
		drop_values(others, COUNT, 12345 * k + 7000003, part);
		for (unsigned i = 0; i < COUNT; i++) {
			double want = values[i] > 0 ? 1 / (1 - k / 10.0) : 0;
			assert_near((double)values[i], want, 1e-4);
			assert_near((double)gradients[i], 2 * want, 2e-4);
			zeros += values[i] == 0;
			same += (values[i] > 0) == (others[i] > 0);
		}
		double share = k / 10.0;
		assert_near(zeros / (double)COUNT, share, 0.01);
		/* another seed: independent of it */
		assert_near(same / (double)COUNT, share * share + (1 - share) * (1 - share), 0.01);
	}
}

/* ---- the network ---- */

struct sample {
	struct tensors tensors;
	struct net_batch batch;
	float *parameters, *gradient;
	struct net *net;
};

static void make_batch(struct net_batch *b, uint32_t streams, uint32_t steps, uint64_t key)
{
	size_t n = (size_t)streams * steps;
	*b = (struct net_batch){
		streams,
		steps,
		calloc(3 * n, sizeof *b->last),
		calloc(n, sizeof *b->candidate),
		calloc(n, 1),
		calloc(n, sizeof *b->target),
		calloc(n, 1),
		calloc(n, sizeof *b->weight),
	};
	for (size_t i = 0; i < n; i++) {
		uint64_t r = prng_at(key, i);
		bool candidate = r >> 60 < 10;
		for (unsigned k = 0; k < 3; k++)
			b->last[3 * i + k] = (uint16_t)(prng_at(key + 1, 3 * i + k) % 257);
		b->target[i] = (uint16_t)(r % 256);
		b->candidate[i] = candidate ? (uint16_t)((r >> 8) % 256) : 256;
		if (candidate && r >> 40 & 1)
			b->candidate[i] = b->target[i];
		b->bucket[i] = (uint8_t)(candidate ? (r >> 16) % MATCH_BUCKETS : MATCH_BUCKETS);
		b->begins[i] = i >= streams && (r >> 24) % 16 == 0;
		b->weight[i] = 1;
	}
}

static void free_batch(struct net_batch *b)
{
	free(b->last);
	free(b->candidate);
	free(b->bucket);
	free(b->target);
	free(b->begins);
	free(b->weight);
}

/* Larger weights than those of a fresh network, so that the loss depends on all. */
static void make_parameters(struct sample *s)
{
	const struct tensor *list[TENSORS_MAX];
	unsigned count = tensors_list(&s->tensors, &SHAPE, list);
	for (unsigned k = 0; k < count; k++) {
		const struct tensor *x = list[k];
		double range = x->kind == TENSOR_MATRIX	 ? 1.5 / sqrt(x->cols)
			       : x->kind == TENSOR_TABLE ? 1
							 : 0.3;
		fill(s->parameters + x->at, (size_t)x->rows * x->cols, 100 + k, range);
	}
}

static void sample_init(struct sample *s, uint32_t streams, uint32_t steps)
{
	tensors_layout(&s->tensors, &SHAPE);
	s->parameters = calloc(s->tensors.count, sizeof(float));
	s->gradient = calloc(s->tensors.count, sizeof(float));
	assert_non_null(s->parameters);
	assert_non_null(s->gradient);
	make_parameters(s);
	make_batch(&s->batch, streams, steps, 77);
	assert_int_equal(net_create(&s->net, &SHAPE, streams, steps), 0);
}

static void sample_fini(struct sample *s)
{
	net_destroy(s->net);
	free_batch(&s->batch);
	free(s->parameters);
	free(s->gradient);
}

static void clear_states(const struct sample *s)
{
	memset(net_states(s->net), 0,
	       (size_t)SHAPE.layers * s->batch.streams * SHAPE.width * sizeof(float));
}

/* Bits, from states of zero. Weights are taken as they are, unrounded. */
static double bits_of(struct sample *s, const float *parameters, float *gradient)
{
	clear_states(s);
	return net_run(s->net, parameters, parameters, &s->batch, gradient, 1);
}

/* Along `direction` (as many as parameters, zero outside the tensor): what the
 * loss does over what the gradient says that it does. */
static void along(struct sample *s, const float *direction, double step, double *measured,
		  double *predicted)
{
	size_t count = s->tensors.count;
	float *moved = malloc(count * sizeof *moved);
	double loss[2];
	assert_non_null(moved);
	for (unsigned side = 0; side < 2; side++) {
		for (size_t i = 0; i < count; i++)
			moved[i] = s->parameters[i] +
				   (float)((side == 0 ? -step : step) * (double)direction[i]);
		loss[side] = bits_of(s, moved, NULL) * log(2);
	}
	*measured = loss[1] - loss[0];
	*predicted = 0;
	for (size_t i = 0; i < count; i++)
		*predicted += 2 * step * (double)direction[i] * (double)s->gradient[i];
	free(moved);
}

/* A step along the gradient of each tensor alone. */
static void check_each_tensor(struct sample *s)
{
	const struct tensor *list[TENSORS_MAX];
	unsigned count = tensors_list(&s->tensors, &SHAPE, list);
	float *direction = calloc(s->tensors.count, sizeof *direction);
	assert_non_null(direction);
	for (unsigned k = 0; k < count; k++) {
		size_t at = list[k]->at, n = (size_t)list[k]->rows * list[k]->cols;
		double square = 0, own = 0, most = 0, measured, predicted;
		memset(direction, 0, s->tensors.count * sizeof *direction);
		memcpy(direction + at, s->gradient + at, n * sizeof *direction);
		for (size_t i = at; i < at + n; i++) {
			square += (double)direction[i] * (double)direction[i];
			own += (double)s->parameters[i] * (double)s->parameters[i];
			most = fmax(most, fabs((double)direction[i]));
		}
		assert_true(square > 0);
		/* small beside the tensor and the loss, large beside what roundings do */
		double step = fmin(fmin(0.2 * sqrt(own / square), 40 / square), 0.25 / most);
		along(s, direction, step, &measured, &predicted);
		assert_near(measured, predicted, 0.1 * predicted + 3);
	}
	free(direction);
}

static void the_gradient_of_each_tensor_tells_what_the_loss_does(void **state)
{
	struct sample s;
	(void)state;
	sample_init(&s, 64, 32);
	bits_of(&s, s.parameters, s.gradient);
	check_each_tensor(&s);
	sample_fini(&s);
}

static void so_does_that_of_what_is_left_in(void **state)
{
	struct sample s;
	(void)state;
	sample_init(&s, 64, 32);
	net_drop(s.net, 0.3f, 99);
	bits_of(&s, s.parameters, s.gradient);
	check_each_tensor(&s);
	sample_fini(&s);
}

/* Over many directions that have nothing to do with the gradient. */
static void the_gradient_tells_of_any_direction(void **state)
{
	enum { DIRECTIONS = 60 };
	struct sample s;
	double both = 0, square = 0, square2 = 0;
	(void)state;
	sample_init(&s, 64, 32);
	bits_of(&s, s.parameters, s.gradient);
	float *direction = calloc(s.tensors.count, sizeof *direction);
	assert_non_null(direction);
	for (unsigned k = 0; k < DIRECTIONS; k++) {
		double measured, predicted;
		fill(direction, s.tensors.count, 1000 + k, 1);
		along(&s, direction, 0.02, &measured, &predicted);
		both += measured * predicted;
		square += predicted * predicted;
		square2 += measured * measured;
	}
	assert_near(both / square, 1, 0.1);
	assert_true(both / sqrt(square * square2) > 0.97);
	free(direction);
	sample_fini(&s);
}

static void the_gradient_is_added_times_a_factor(void **state)
{
	struct sample s;
	(void)state;
	sample_init(&s, 4, 8);
	float *other = calloc(s.tensors.count, sizeof *other);
	assert_non_null(other);
	bits_of(&s, s.parameters, s.gradient);
	for (unsigned twice = 0; twice < 2; twice++) {
		clear_states(&s);
		net_run(s.net, s.parameters, s.parameters, &s.batch, other, 0.25f);
	}
	for (size_t i = 0; i < s.tensors.count; i++)
		assert_near((double)other[i], 0.5 * (double)s.gradient[i],
			    1e-4 + 1e-3 * fabs((double)s.gradient[i]));
	free(other);
	sample_fini(&s);
}

static void places_of_no_weight_change_nothing(void **state)
{
	struct sample s;
	(void)state;
	sample_init(&s, 8, 16);
	size_t n = 8 * 16, last = n - 8 * 4;
	float *other = calloc(s.tensors.count, sizeof *other);
	assert_non_null(other);
	for (size_t i = last; i < n; i++)
		s.batch.weight[i] = 0;
	double bits = bits_of(&s, s.parameters, s.gradient);
	for (size_t i = last; i < n; i++) {
		s.batch.target[i] = (uint16_t)(255 - s.batch.target[i]);
		s.batch.candidate[i] = (uint16_t)(i % 256);
		s.batch.bucket[i] = 3;
		s.batch.last[3 * i] = 9;
	}
	assert_near(bits_of(&s, s.parameters, other), bits, 1e-9 * bits);
	for (size_t i = 0; i < s.tensors.count; i++)
		assert_near((double)other[i], (double)s.gradient[i],
			    1e-5 + 1e-5 * fabs((double)s.gradient[i]));
	for (size_t i = 0; i < n; i++)
		s.batch.weight[i] = 0;
	memset(other, 0, s.tensors.count * sizeof *other);
	assert_near(bits_of(&s, s.parameters, other), 0, 0);
	for (size_t i = 0; i < s.tensors.count; i++)
		assert_near((double)other[i], 0, 0);
	free(other);
	sample_fini(&s);
}

/* The places of steps first..first + steps - 1 of a batch. */
static struct net_batch part_of(const struct net_batch *b, uint32_t first, uint32_t steps)
{
	size_t at = (size_t)first * b->streams;
	return (struct net_batch){
		b->streams,	steps,		b->last + 3 * at, b->candidate + at,
		b->bucket + at, b->target + at, b->begins + at,	  b->weight + at,
	};
}

static void states_carry_over_between_calls(void **state)
{
	struct sample s;
	struct net *half;
	double parts[2], fresh;
	size_t states = (size_t)SHAPE.layers * 8 * SHAPE.width;
	(void)state;
	sample_init(&s, 8, 16);
	assert_int_equal(net_create(&half, &SHAPE, 8, 8), 0);
	double whole = bits_of(&s, s.parameters, NULL);
	for (unsigned k = 0; k < 2; k++) {
		struct net_batch b = part_of(&s.batch, 8 * k, 8);
		parts[k] = net_run(half, s.parameters, s.parameters, &b, NULL, 0);
	}
	for (size_t i = 0; i < states; i++) /* sums of other lengths may round otherwise */
		assert_near((double)net_states(half)[i], (double)net_states(s.net)[i], 0.05);
	assert_near(parts[0] + parts[1], whole, 1e-4 * whole);
	memset(net_states(half), 0, states * sizeof(float));
	struct net_batch second = part_of(&s.batch, 8, 8);
	fresh = net_run(half, s.parameters, s.parameters, &second, NULL, 0);
	assert_true(fabs(fresh - parts[1]) > 1e-3 * whole);
	net_destroy(half);
	sample_fini(&s);
}

static void a_document_begins_from_zero(void **state)
{
	struct sample s;
	(void)state;
	sample_init(&s, 8, 16);
	for (unsigned k = 0; k < 8; k++)
		s.batch.begins[k] = 1;
	double bits = bits_of(&s, s.parameters, NULL), other;
	fill(net_states(s.net), (size_t)SHAPE.layers * 8 * SHAPE.width, 5, 4);
	assert_near(net_run(s.net, s.parameters, s.parameters, &s.batch, NULL, 0), bits, 0);
	memset(s.batch.begins, 0, 8);
	fill(net_states(s.net), (size_t)SHAPE.layers * 8 * SHAPE.width, 5, 4);
	other = net_run(s.net, s.parameters, s.parameters, &s.batch, NULL, 0);
	assert_true(fabs(other - bits) > 1e-4 * bits);
	sample_fini(&s);
}

/* ---- rounding ---- */

static void rows_are_rounded_without_being_cut_off(void **state)
{
	struct tensor t = {TENSOR_MATRIX, 16, 48, 0};
	float in[16 * 48], out[16 * 48];
	(void)state;
	for (uint64_t k = 0; k < 8; k++) {
		for (unsigned r = 0; r < 16; r++)
			fill(in + 48 * r, 48, 100 * k + r, pow(2, (double)k - 4) / (1 + r));
		unsigned shift = tensor_shift(in, &t);
		assert_in_range(shift, SCALE_SHIFT_MIN, SCALE_SHIFT_MAX);
		tensor_round_rows(out, in, &t, shift, 0, 16);
		for (unsigned r = 0; r < 16; r++) {
			unsigned m = tensor_row_multiplier(in + 48 * r, 48, shift);
			double scale = ldexp(m, -(int)shift);
			assert_in_range(m, 1, 255);
			for (unsigned i = 48 * r; i < 48 * (r + 1); i++) {
				assert_near((double)out[i], (double)in[i], scale * 0.501);
				assert_near((double)out[i] / scale, rint((double)out[i] / scale),
					    1e-3);
				assert_true(fabs((double)out[i]) <= scale * (WEIGHT_MAX + 1e-3));
			}
		}
	}
}

/* ---- learning ---- */

/* Documents that are one sequence of tokens again and again. */
static void make_text(struct train_text *t)
{
	enum { DOCUMENTS = 40, LENGTH = 48, PERIOD = 12 };
	*t = (struct train_text){.document_count = DOCUMENTS, .aside_count = 2};
	t->vocabulary.count = SHAPE.vocabulary;
	t->documents = calloc(DOCUMENTS, sizeof *t->documents);
	t->tokens = calloc(DOCUMENTS * LENGTH, sizeof *t->tokens);
	t->candidates = calloc(DOCUMENTS * LENGTH, sizeof *t->candidates);
	t->buckets = calloc(DOCUMENTS * LENGTH, 1);
	assert_true(t->documents && t->tokens && t->candidates && t->buckets);
	for (unsigned d = 0; d < DOCUMENTS; d++) {
		t->documents[d].begin = d * LENGTH;
		t->documents[d].count = LENGTH;
		for (unsigned i = 0; i < LENGTH; i++) {
			t->tokens[d * LENGTH + i] = (uint16_t)(i % PERIOD * 97 % 256);
			t->candidates[d * LENGTH + i] = (uint16_t)SHAPE.vocabulary;
			t->buckets[d * LENGTH + i] = MATCH_BUCKETS;
		}
	}
	t->token_count = DOCUMENTS * LENGTH;
	t->aside_bytes = t->aside_tokens = 2 * LENGTH; /* as if a token was a byte */
}

static void a_repeating_text_is_learned(void **state)
{
	struct train_text text;
	struct trainer *t;
	struct trainer_options o = {
		.shape = SHAPE, .threads = 1, .steps = 16, .seed = 1, .rate = 6e-3f};
	double first, last = 0;
	(void)state;
	make_text(&text);
	assert_int_equal(trainer_create(&t, &o, &text), 0);
	first = trainer_step(t, 1);
	for (unsigned i = 0; i < 300; i++)
		last = trainer_step(t, 1);
	assert_near(first, 8, 2);
	assert_true(last < 0.05);
	assert_true(trainer_test(t) < 0.05);
	assert_int_equal(trainer_tokens(t), 301 * 32 * 16);
	trainer_destroy(t);
	free(text.documents);
	free(text.tokens);
	free(text.candidates);
	free(text.buckets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(products_are_those_of_plain_loops),
		cmocka_unit_test(products_of_nothing_change_nothing),
		cmocka_unit_test(sums_are_those_of_plain_loops),
		cmocka_unit_test(norm_has_the_slope_of_the_norm),
		cmocka_unit_test(cells_have_the_slope_of_the_cell),
		cmocka_unit_test(squares_have_the_slope_of_the_square),
		cmocka_unit_test(softmax_has_the_slope_of_the_loss),
		cmocka_unit_test(what_is_cut_off_has_no_slope),
		cmocka_unit_test(the_right_share_is_left_out),
		cmocka_unit_test(the_gradient_of_each_tensor_tells_what_the_loss_does),
		cmocka_unit_test(so_does_that_of_what_is_left_in),
		cmocka_unit_test(the_gradient_tells_of_any_direction),
		cmocka_unit_test(the_gradient_is_added_times_a_factor),
		cmocka_unit_test(places_of_no_weight_change_nothing),
		cmocka_unit_test(states_carry_over_between_calls),
		cmocka_unit_test(a_document_begins_from_zero),
		cmocka_unit_test(rows_are_rounded_without_being_cut_off),
		cmocka_unit_test(a_repeating_text_is_learned),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
