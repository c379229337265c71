/* The tokens of `rnn`: cutting bytes into them, which sets are refused, and
 * learning them from text. */
#include "tests/rnn_model.h"
#include "tests/test.h"

#include "engines/generate/rnn/vocabulary_learn.h"

/* The bytes, then as many different strings as make `count`. */
static struct token *some_tokens(uint32_t count)
{
	struct token *tokens = calloc(count, sizeof *tokens);
	assert_non_null(tokens);
	for (uint32_t i = 0; i < count; i++) {
		tokens[i].nbytes = i < 256 ? 1 : 3;
		tokens[i].bytes[0] = (uint8_t)i;
		tokens[i].bytes[1] = i < 256 ? 0 : (uint8_t)(i >> 8);
	}
	return tokens;
}

static void set(struct token *t, const char *text)
{
	memset(t, 0, sizeof *t);
	t->nbytes = (uint8_t)strlen(text);
	memcpy(t->bytes, text, t->nbytes);
}

static void assert_refused(struct token *tokens, uint32_t count)
{
	static struct vocabulary v;
	memset(&v, 0, sizeof v);
	assert_int_equal(vocabulary_init(&v, tokens, count), -EBADMSG);
	vocabulary_fini(&v); /* does no harm: the tokens are the caller's */
	free(tokens);
}

/* Of 320 tokens, those from 256 on as named. */
static struct vocabulary *make(const char *const *strings, uint32_t count)
{
	struct vocabulary *v = calloc(1, sizeof *v);
	struct token *tokens = some_tokens(320);
	assert_non_null(v);
	for (uint32_t i = 0; i < count; i++)
		set(&tokens[256 + i], strings[i]);
	assert_int_equal(vocabulary_init(v, tokens, 320), 0);
	return v;
}

static void drop(struct vocabulary *v)
{
	vocabulary_fini(v);
	free(v);
}

static unsigned longest(const struct vocabulary *v, const char *text)
{
	return vocabulary_longest(v, (const uint8_t *)text, strlen(text));
}

/* ---- cutting ---- */

static void the_longest_token_is_taken(void **state)
{
	(void)state;
	struct vocabulary *v =
		make((const char *[]){"ab", "abcd", "abcdefghijklmnopqrstuvwx", "ba"}, 4);
	assert_int_equal(longest(v, "a"), 'a');
	assert_int_equal(longest(v, "ab"), 256);
	assert_int_equal(longest(v, "abc"), 256);
	assert_int_equal(longest(v, "abcd"), 257);
	assert_int_equal(longest(v, "abcdefghijklmnopqrstuvw"), 257);
	assert_int_equal(longest(v, "abcdefghijklmnopqrstuvwx"), 258);
	assert_int_equal(longest(v, "abcdefghijklmnopqrstuvwxyz"), 258);
	assert_int_equal(longest(v, "babab"), 259);
	assert_int_equal(longest(v, "bcd"), 'b');
	drop(v);
}

static void cutting_is_greedy(void **state)
{
	(void)state;
	struct vocabulary *v = make((const char *[]){"ab", "bcd"}, 2);
	uint16_t out[8];
	assert_int_equal(vocabulary_cut(v, (const uint8_t *)"abcdabcd", 8, out), 6);
	const uint16_t wanted[] = {256, 'c', 'd', 256, 'c', 'd'};
	assert_memory_equal(out, wanted, sizeof wanted);
	assert_int_equal(vocabulary_cut(v, (const uint8_t *)"", 0, out), 0);
	drop(v);
}

static void assert_covered(const struct vocabulary *v, const uint8_t *in, size_t nbytes)
{
	uint16_t *out = malloc((nbytes + 1) * sizeof *out);
	assert_non_null(out);
	size_t count = vocabulary_cut(v, in, nbytes, out), at = 0;
	assert_true(count <= nbytes);
	for (size_t i = 0; i < count; i++) {
		const struct token *t = &v->tokens[out[i]];
		assert_true(at + t->nbytes <= nbytes);
		assert_memory_equal(in + at, t->bytes, t->nbytes);
		at += t->nbytes;
	}
	assert_int_equal(at, nbytes);
	free(out);
}

/* In buffers of the very size, so that a read past the end is seen. */
static void any_bytes_are_covered(void **state)
{
	(void)state;
	struct vocabulary *v = calloc(1, sizeof *v);
	assert_int_equal(vocabulary_init(v, rnn_model_tokens(512), 512), 0);
	for (size_t nbytes = 1; nbytes < 3000; nbytes += nbytes < 40 ? 1 : 739) {
		uint8_t *in = malloc(nbytes);
		assert_non_null(in);
		rnn_model_texts((char *)memset(in, 'A', nbytes), nbytes, 3);
		assert_covered(v, in, nbytes);
		for (size_t i = 0; i < nbytes; i++)
			in[i] = (uint8_t)prng_at(nbytes, i);
		assert_covered(v, in, nbytes);
		free(in);
	}
	drop(v);
}

static void every_token_is_found(void **state)
{
	(void)state;
	struct vocabulary *v = calloc(1, sizeof *v);
	assert_int_equal(vocabulary_init(v, rnn_model_tokens(960), 960), 0);
	for (uint32_t i = 0; i < 960; i++)
		assert_int_equal(vocabulary_longest(v, v->tokens[i].bytes, v->tokens[i].nbytes), i);
	drop(v);
}

/* ---- sets ---- */

static void counts_are_within_bounds(void **state)
{
	(void)state;
	static const uint32_t counts[] = {0, 64, 192, 255, 257, 300, 8193, 8256, UINT32_MAX};
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		assert_refused(some_tokens(320), counts[i]);
	static const uint32_t allowed[] = {256, 320, 8128, 8192};
	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
		struct vocabulary *v = calloc(1, sizeof *v);
		assert_int_equal(vocabulary_init(v, some_tokens(allowed[i]), allowed[i]), 0);
		drop(v);
	}
}

static void wrong_tokens_are_refused(void **state)
{
	(void)state;
	struct token *tokens = some_tokens(320);
	tokens[300].nbytes = 0;
	assert_refused(tokens, 320);
	tokens = some_tokens(320);
	tokens[300].nbytes = TOKEN_NBYTES_MAX + 1;
	assert_refused(tokens, 320);
	tokens = some_tokens(320);
	tokens[319].nbytes = 255;
	assert_refused(tokens, 320);
	tokens = some_tokens(320);
	tokens[300] = tokens[299];
	assert_refused(tokens, 320);
	tokens = some_tokens(320);
	tokens[300] = tokens[20];
	assert_refused(tokens, 320);
}

static void each_byte_must_have_a_token(void **state)
{
	(void)state;
	for (unsigned b = 0; b < 256; b += 51) {
		struct token *tokens = some_tokens(320);
		set(&tokens[b], "another");
		assert_refused(tokens, 320);
	}
}

/* What lies beyond a token's length does not count. */
static void bytes_beyond_the_length_do_not_count(void **state)
{
	(void)state;
	struct token *tokens = some_tokens(320);
	set(&tokens[300], "abc");
	set(&tokens[301], "abcd");
	tokens[301].nbytes = 3;
	assert_refused(tokens, 320);
}

/* ---- learning ---- */

static bool has(const struct token *tokens, uint32_t count, const char *text)
{
	for (uint32_t i = 0; i < count; i++)
		if (tokens[i].nbytes == strlen(text) &&
		    memcmp(tokens[i].bytes, text, tokens[i].nbytes) == 0)
			return true;
	return false;
}

static void assert_usable(struct token *tokens, uint32_t count)
{
	struct vocabulary *v = calloc(1, sizeof *v);
	assert_int_equal(vocabulary_init(v, tokens, count), 0);
	drop(v);
}

static void words_are_learnt(void **state)
{
	(void)state;
	static char text[20000];
	size_t nbytes = rnn_model_texts(text, sizeof text, 0);
	struct token *once, *twice;
	uint32_t count, again;
	assert_int_equal(vocabulary_learn(&once, &count, (uint8_t *)text, nbytes, 320), 0);
	assert_int_equal(vocabulary_learn(&twice, &again, (uint8_t *)text, nbytes, 320), 0);
	assert_int_equal(count, 320);
	assert_int_equal(again, 320);
	assert_memory_equal(once, twice, count * sizeof *once);
	assert_true(has(once, count, " the"));
	assert_true(has(once, count, " file"));
	assert_true(has(once, count, " returns"));
	assert_false(has(once, count, "the file")); /* no token crosses words */
	free(twice);
	assert_usable(once, count);
}

static void nothing_is_left_to_join(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "a", "ab", "ab ab ab ab"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct token *tokens;
		uint32_t count;
		assert_int_equal(vocabulary_learn(&tokens, &count, (const uint8_t *)texts[i],
						  strlen(texts[i]), 512),
				 0);
		assert_int_equal(count, 256); /* to the last multiple of a cluster */
		assert_usable(tokens, count);
	}
}

/* "aaaa..." joins to the same bytes in several ways: aa+aa, aaa+a, a+aaa. */
static void a_string_is_a_token_once(void **state)
{
	(void)state;
	static uint8_t text[4000];
	for (size_t i = 0, n = 0; i < sizeof text; n++)
		for (size_t k = 0; k <= 1 + n % 23 && i < sizeof text; k++)
			text[i++] = k == 1 + n % 23 ? ' ' : (uint8_t)('a' + (n / 23 + k) % 3);
	struct token *tokens;
	uint32_t count;
	assert_int_equal(vocabulary_learn(&tokens, &count, text, sizeof text, 640), 0);
	assert_in_range(count, 320, 640);
	assert_usable(tokens, count); /* which refuses what is there twice */
	memset(text, 'a', sizeof text);
	for (size_t i = 0, n = 1; i < sizeof text; i += n++ % 20 + 2)
		text[i] = ' ';
	assert_int_equal(vocabulary_learn(&tokens, &count, text, sizeof text, 320), 0);
	assert_usable(tokens, count);
}

static void any_bytes_can_be_learnt_from(void **state)
{
	(void)state;
	static uint8_t bytes[30000];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)prng_below(prng_at(9, i), i < 15000 ? 256 : 4);
	struct token *tokens;
	uint32_t count;
	assert_int_equal(vocabulary_learn(&tokens, &count, bytes, sizeof bytes, 448), 0);
	assert_int_equal(count, 448);
	assert_usable(tokens, count);
}

static void clusters_are_an_order_of_all_tokens(void **state)
{
	(void)state;
	static uint16_t text[20000], order[320], again[320];
	bool seen[320] = {false};
	/* two kinds of tokens, those below 160 after 0, the others after 1 */
	for (size_t i = 0; i + 1 < sizeof text / sizeof *text; i += 2) {
		text[i] = (uint16_t)(prng_at(4, i) % 2);
		text[i + 1] = (uint16_t)(text[i] * 160 + prng_at(5, i) % 160);
	}
	assert_int_equal(vocabulary_cluster(order, 320, text, sizeof text / sizeof *text), 0);
	assert_int_equal(vocabulary_cluster(again, 320, text, sizeof text / sizeof *text), 0);
	assert_memory_equal(order, again, sizeof order);
	unsigned mixed = 0;
	for (unsigned i = 0; i < 320; i++) {
		assert_true(order[i] < 320 && !seen[order[i]]);
		seen[order[i]] = true;
		mixed += (order[i] < 160) != (order[i / 64 * 64 + 32] < 160);
	}
	assert_true(mixed < 70); /* but for the cluster that has some of both */
}

static void a_text_of_nothing_can_be_clustered(void **state)
{
	(void)state;
	uint16_t order[256];
	bool seen[256] = {false};
	assert_int_equal(vocabulary_cluster(order, 256, NULL, 0), 0);
	for (unsigned i = 0; i < 256; i++) {
		assert_true(order[i] < 256 && !seen[order[i]]);
		seen[order[i]] = true;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_token_is_taken),
		cmocka_unit_test(cutting_is_greedy),
		cmocka_unit_test(any_bytes_are_covered),
		cmocka_unit_test(every_token_is_found),
		cmocka_unit_test(counts_are_within_bounds),
		cmocka_unit_test(wrong_tokens_are_refused),
		cmocka_unit_test(each_byte_must_have_a_token),
		cmocka_unit_test(bytes_beyond_the_length_do_not_count),
		cmocka_unit_test(words_are_learnt),
		cmocka_unit_test(nothing_is_left_to_join),
		cmocka_unit_test(a_string_is_a_token_once),
		cmocka_unit_test(any_bytes_can_be_learnt_from),
		cmocka_unit_test(clusters_are_an_order_of_all_tokens),
		cmocka_unit_test(a_text_of_nothing_can_be_clustered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
