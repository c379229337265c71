/* Which tokens can come next, against cutting documents. */
#include "tests/test.h"

#include "engines/generate/rnn/greedy.h"
#include "workloads/prng.h"

#define EXTRA 64u
#define COUNT (256u + EXTRA)

struct fixture {
	struct vocabulary vocabulary;
	struct greedy_tree tree;
};

/* Single bytes, and strings over two letters: many begin alike. */
static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct token *tokens = calloc(COUNT, sizeof *tokens);
	for (unsigned i = 0; i < 256; i++)
		tokens[i] = (struct token){1, {(uint8_t)i}};
	for (unsigned i = 0; i < EXTRA; i++) {
		/* the strings of 2 to 5 letters, in order, then some of 6 */
		unsigned nbytes = 2, first = 0;
		for (; i - first >= 1u << nbytes; nbytes++)
			first += 1u << nbytes;
		tokens[256 + i].nbytes = (uint8_t)(nbytes + (i % 3 == 0 ? 4 : 0));
		for (unsigned k = 0; k < tokens[256 + i].nbytes; k++)
			tokens[256 + i].bytes[k] = ((i - first) >> (k % nbytes) & 1) ? 'b' : 'a';
	}
	assert_int_equal(vocabulary_init(&f->vocabulary, tokens, COUNT), 0);
	assert_int_equal(greedy_tree_init(&f->tree, &f->vocabulary), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	greedy_tree_fini(&f->tree);
	vocabulary_fini(&f->vocabulary);
	free(f);
	return 0;
}

/* Are these the tokens that their bytes are cut into? */
static bool is_cut_so(const struct vocabulary *v, const uint16_t *tokens, size_t count)
{
	uint8_t bytes[40 * TOKEN_NBYTES_MAX];
	uint16_t again[40 * TOKEN_NBYTES_MAX];
	size_t nbytes = 0;
	for (size_t i = 0; i < count; i++) {
		memcpy(bytes + nbytes, v->tokens[tokens[i]].bytes, v->tokens[tokens[i]].nbytes);
		nbytes += v->tokens[tokens[i]].nbytes;
	}
	return vocabulary_cut(v, bytes, nbytes, again) == count &&
	       memcmp(again, tokens, count * sizeof *tokens) == 0;
}

static uint16_t random_token(uint64_t r)
{
	return (uint16_t)(r % 4 == 0 ? 'a' + r / 4 % 2 : 256 + r / 4 % EXTRA);
}

/* Takes random tokens as long as they are allowed: what is allowed is cut so, and
 * what is refused is not. */
static void what_is_allowed_is_what_is_cut(void **state)
{
	struct fixture *f = *state;
	unsigned allowed = 0, refused = 0;
	for (uint64_t key = 0; key < 3000; key++) {
		struct greedy_tail tail = {0};
		uint16_t tokens[40];
		size_t count = 0;
		for (unsigned i = 0; i < 40; i++) {
			tokens[count] = random_token(prng_at(key, i));
			bool allows = greedy_allows(&tail, &f->tree, &f->vocabulary, tokens[count]);
			assert_int_equal(allows, is_cut_so(&f->vocabulary, tokens, count + 1));
			allowed += allows;
			refused += !allows;
			if (allows)
				greedy_update(&tail, &f->tree, &f->vocabulary, tokens[count++]);
		}
	}
	assert_true(allowed > 10000 && refused > 10000);
}

static void a_cluster_is_its_tokens(void **state)
{
	struct fixture *f = *state;
	struct greedy_tail tail = {0};
	assert_int_equal(greedy_forbids(&tail, &f->tree, &f->vocabulary, 4), 0);
	greedy_update(&tail, &f->tree, &f->vocabulary, 'a');
	for (unsigned cluster = 0; cluster < COUNT / CLUSTER_TOKENS; cluster++) {
		uint64_t bits = greedy_forbids(&tail, &f->tree, &f->vocabulary, cluster);
		for (unsigned i = 0; i < CLUSTER_TOKENS; i++)
			assert_int_equal(bits >> i & 1,
					 !greedy_allows(&tail, &f->tree, &f->vocabulary,
							(uint16_t)(cluster * CLUSTER_TOKENS + i)));
	}
}

/* Whatever is taken, also what is not allowed, there is room for it. */
static void any_tokens_can_be_taken(void **state)
{
	struct fixture *f = *state;
	struct greedy_tail tail = {0};
	for (unsigned i = 0; i < 100000; i++) {
		greedy_update(&tail, &f->tree, &f->vocabulary, random_token(prng_at(7, i)));
		assert_in_range(tail.count, 0, TOKEN_NBYTES_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_allowed_is_what_is_cut),
		cmocka_unit_test(a_cluster_is_its_tokens),
		cmocka_unit_test(any_tokens_can_be_taken),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
