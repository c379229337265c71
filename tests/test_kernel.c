/* The matrix kernels: each gives the sums of a plain double loop, whatever the
 * batch; GVR_CPU chooses one by name. */
#include "tests/test.h"

#include "engines/generate/rnn/kernel.h"
#include "workloads/prng.h"

#define SUM_GUARD INT32_C(0x5a5a5a5a)

/* A matrix and a full batch of inputs, and their sums by a double loop. */
struct problem {
	unsigned rows, cols;
	int8_t *w;	 /* packed */
	uint8_t *in;	 /* KERNEL_BATCH_MAX inputs, one byte off any alignment */
	int32_t *sums;	 /* wanted */
	uint8_t *inputs; /* what `in` points into */
};

typedef int weight_of(unsigned row, unsigned col);
typedef unsigned input_of(unsigned b, unsigned col);

static int random_weight(unsigned row, unsigned col)
{
	uint64_t r = prng_at(1, (uint64_t)row << 32 | col);
	return (int)prng_below(r, 2 * KERNEL_WEIGHT_MAX + 1) - KERNEL_WEIGHT_MAX;
}

static int highest_weight(unsigned row, unsigned col)
{
	(void)row, (void)col;
	return KERNEL_WEIGHT_MAX;
}

static int lowest_weight(unsigned row, unsigned col)
{
	(void)row, (void)col;
	return -KERNEL_WEIGHT_MAX;
}

static int extreme_weight(unsigned row, unsigned col)
{
	return random_weight(row, col) < 0 ? -KERNEL_WEIGHT_MAX : KERNEL_WEIGHT_MAX;
}

static unsigned random_input(unsigned b, unsigned col)
{
	return prng_at(2, (uint64_t)b << 32 | col) & 255;
}

static unsigned highest_input(unsigned b, unsigned col)
{
	(void)b, (void)col;
	return 255;
}

static unsigned extreme_input(unsigned b, unsigned col)
{
	return random_input(b, col) < 128 ? 0 : 255;
}

static int32_t plain_sum(const struct problem *p, weight_of *weight, unsigned row, unsigned b)
{
	int32_t sum = 0;
	for (unsigned col = 0; col < p->cols; col++)
		sum += weight(row, col) * p->in[(size_t)b * p->cols + col];
	return sum;
}

static void problem_init(struct problem *p, unsigned rows, unsigned cols, weight_of *weight,
			 input_of *input)
{
	const size_t weights = (size_t)rows * cols, inputs = (size_t)KERNEL_BATCH_MAX * cols;
	*p = (struct problem){.rows = rows, .cols = cols};
	p->w = aligned_alloc(KERNEL_ALIGNMENT, weights);
	p->inputs = malloc(inputs + 1);
	p->sums = malloc(sizeof *p->sums * KERNEL_BATCH_MAX * rows);
	assert_true(p->w != NULL && p->inputs != NULL && p->sums != NULL);
	p->in = p->inputs + 1;
	for (unsigned row = 0; row < rows; row++)
		for (unsigned col = 0; col < cols; col++)
			p->w[kernel_packed_index(rows, cols, row, col)] = (int8_t)weight(row, col);
	for (size_t i = 0; i < inputs; i++)
		p->in[i] = (uint8_t)input((unsigned)(i / cols), (unsigned)(i % cols));
	for (unsigned b = 0; b < KERNEL_BATCH_MAX; b++)
		for (unsigned row = 0; row < rows; row++)
			p->sums[(size_t)b * rows + row] = plain_sum(p, weight, row, b);
}

static void problem_fini(struct problem *p)
{
	free(p->w);
	free(p->inputs);
	free(p->sums);
}

/* Of one batch; the sum after the last must be left alone. Outputs begin where
 * only an int32_t is aligned, inputs end where the allocation ends. */
static void assert_batch(const struct kernel *k, const struct problem *p, unsigned batch)
{
	const size_t sums = (size_t)batch * p->rows, inputs = (size_t)batch * p->cols;
	int32_t *out = malloc(sizeof *out * (sums + 2));
	uint8_t *in = malloc(inputs);
	assert_true(out != NULL && in != NULL);
	memcpy(in, p->in, inputs);
	out[0] = out[sums + 1] = SUM_GUARD;
	k->matmul(out + 1, p->w, batch % 2 ? in : p->in, p->rows, p->cols, batch);
	assert_memory_equal(out + 1, p->sums, sizeof *out * sums);
	assert_int_equal(out[0], SUM_GUARD);
	assert_int_equal(out[sums + 1], SUM_GUARD);
	free(out);
	free(in);
}

static void assert_sums(const struct kernel *k, unsigned rows, unsigned cols, weight_of *weight,
			input_of *input)
{
	struct problem p;
	problem_init(&p, rows, cols, weight, input);
	for (unsigned batch = 1; batch <= KERNEL_BATCH_MAX; batch++)
		assert_batch(k, &p, batch);
	problem_fini(&p);
}

static const struct kernel *find(const char *name)
{
	unsigned count;
	const struct kernel *const *kernels = kernel_list(&count);
	for (unsigned i = 0; i < count; i++)
		if (strcmp(kernels[i]->name, name) == 0)
			return kernels[i];
	return NULL;
}

/* The kernel that a test's state names; skips what this CPU cannot run. */
static const struct kernel *kernel_or_skip(void **state)
{
	const struct kernel *k = find(*state);
	assert_non_null(k);
	if (!k->supported())
		skip();
	return k;
}

static void random_sums_are_exact(void **state)
{
	static const struct {
		unsigned rows, cols;
	} shapes[] = {{16, 4}, {48, 20}, {64, 128}, {80, 36}, {192, 192}, {144, 68}};
	const struct kernel *k = kernel_or_skip(state);
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
		assert_sums(k, shapes[i].rows, shapes[i].cols, random_weight, random_input);
}

static void extreme_sums_are_exact(void **state)
{
	const struct kernel *k = kernel_or_skip(state);
	assert_sums(k, 64, 64, highest_weight, highest_input);
	assert_sums(k, 64, 64, lowest_weight, highest_input);
	assert_sums(k, 80, 124, extreme_weight, extreme_input);
}

static void the_most_columns_are_exact(void **state)
{
	const struct kernel *k = kernel_or_skip(state);
	assert_sums(k, 16, KERNEL_COLS_MAX, highest_weight, highest_input);
	assert_sums(k, 16, KERNEL_COLS_MAX, lowest_weight, highest_input);
	assert_sums(k, 80, KERNEL_COLS_MAX, extreme_weight, extreme_input);
}

/* An all-zero input and weights of one column: sums are what theory says. */
static void sums_are_those_of_theory(void **state)
{
	const struct kernel *k = kernel_or_skip(state);
	static _Alignas(KERNEL_ALIGNMENT) int8_t w[16 * 8];
	const uint8_t in[2 * 8] = {[3] = 200, [8 + 5] = 255};
	int32_t out[2 * 16];
	memset(w, 0, sizeof w);
	for (unsigned row = 0; row < 16; row++)
		w[kernel_packed_index(16, 8, row, 3)] = (int8_t)(row - 8);
	k->matmul(out, w, in, 16, 8, 2);
	for (int row = 0; row < 16; row++) {
		assert_int_equal(out[row], 200 * (row - 8));
		assert_int_equal(out[16 + row], 0);
	}
}

/* [rows / 16][cols / 4][16 rows][4 cols] of a matrix 32 x 8. */
static void weights_are_packed_by_block_and_group(void **state)
{
	(void)state;
	bool seen[32 * 8] = {false};
	assert_int_equal(kernel_packed_index(32, 8, 0, 3), 3);
	assert_int_equal(kernel_packed_index(32, 8, 1, 0), 4);
	assert_int_equal(kernel_packed_index(32, 8, 0, 4), 64);
	assert_int_equal(kernel_packed_index(32, 8, 16, 0), 128);
	for (unsigned row = 0; row < 32; row++)
		for (unsigned col = 0; col < 8; col++) {
			size_t i = kernel_packed_index(32, 8, row, col);
			assert_true(i < sizeof seen && !seen[i]);
			seen[i] = true;
		}
}

static int forget_gvr_cpu(void **state)
{
	(void)state;
	return unsetenv("GVR_CPU");
}

static void every_supported_kernel_can_be_named(void **state)
{
	(void)state;
	unsigned count;
	const struct kernel *const *kernels = kernel_list(&count);
	assert_string_equal(kernels[0]->name, "portable");
	for (unsigned i = 0; i < count; i++) {
		struct error e = {{0}};
		setenv("GVR_CPU", kernels[i]->name, 1);
		const struct kernel *k = kernel_choose(&e);
		if (kernels[i]->supported()) {
			assert_ptr_equal(k, kernels[i]);
		} else {
			assert_null(k);
			assert_non_null(strstr(e.text, "this CPU cannot run it"));
		}
	}
}

static void the_fastest_is_chosen_unless_one_is_named(void **state)
{
	(void)state;
	unsigned count;
	const struct kernel *const *kernels = kernel_list(&count);
	const struct kernel *fastest = NULL;
	for (unsigned i = 0; i < count; i++)
		if (kernels[i]->supported())
			fastest = kernels[i];
	unsetenv("GVR_CPU");
	assert_ptr_equal(kernel_choose(NULL), fastest);
	setenv("GVR_CPU", "", 1);
	assert_ptr_equal(kernel_choose(NULL), fastest);
	setenv("GVR_CPU", "portable", 1);
	assert_ptr_equal(kernel_choose(NULL), kernels[0]);
}

static void an_unknown_name_is_refused_with_those_that_can_be_used(void **state)
{
	(void)state;
	unsigned count;
	const struct kernel *const *kernels = kernel_list(&count);
	struct error e = {{0}};
	setenv("GVR_CPU", "nonsense", 1);
	assert_null(kernel_choose(&e));
	assert_null(kernel_choose(NULL));
	assert_non_null(strstr(e.text, "GVR_CPU=nonsense: no such kernel"));
	const char *usable = strchr(e.text, ';');
	assert_non_null(usable);
	for (unsigned i = 0; i < count; i++) {
		char word[32];
		snprintf(word, sizeof word, " %s ", kernels[i]->name);
		char text[sizeof e.text + 1];
		snprintf(text, sizeof text, "%s ", usable);
		assert_int_equal(strstr(text, word) != NULL, kernels[i]->supported());
	}
}

/* One test of each for every kernel of this architecture. */
#define OF(kernel, test)                                                                           \
	{                                                                                          \
#test ": " kernel, test, NULL, NULL, kernel                                        \
	}
#if defined(__x86_64__)
#define OF_EACH(test)                                                                              \
	OF("portable", test), OF("avx2", test), OF("avxvnni", test), OF("avx512", test)
#elif defined(__aarch64__)
#define OF_EACH(test) OF("portable", test), OF("neon", test), OF("neondot", test)
#else
#define OF_EACH(test) OF("portable", test)
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weights_are_packed_by_block_and_group),
		OF_EACH(sums_are_those_of_theory),
		OF_EACH(random_sums_are_exact),
		OF_EACH(extreme_sums_are_exact),
		OF_EACH(the_most_columns_are_exact),
		cmocka_unit_test_teardown(every_supported_kernel_can_be_named, forget_gvr_cpu),
		cmocka_unit_test_teardown(the_fastest_is_chosen_unless_one_is_named,
					  forget_gvr_cpu),
		cmocka_unit_test_teardown(an_unknown_name_is_refused_with_those_that_can_be_used,
					  forget_gvr_cpu),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
