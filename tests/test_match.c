/* What followed when the last few tokens were last seen. */
#include "tests/test.h"

#include "engines/generate/rnn/match.h"
#include "workloads/prng.h"

/* Buckets are (source x 12 + class of length) x 3 + record (match.h). */
#define BUCKET(source, length_class, record) (((source)*12u + (length_class)) * 3u + (record))
enum { DOCUMENT, DICTIONARY };

struct fixture {
	struct match_text text;
	struct match *match;
};

/* A dictionary of `count` tokens, from a list or pseudo-random ones. */
static void make(struct fixture *f, const uint16_t *tokens, uint32_t count, bool chain)
{
	uint16_t *own = malloc((count + 1) * sizeof *own);
	f->match = malloc(sizeof *f->match);
	assert_true(f->match != NULL && own != NULL);
	for (uint32_t i = 0; i < count; i++)
		own[i] = tokens != NULL ? tokens[i] : (uint16_t)prng_below(prng_at(8, i), 5000);
	assert_int_equal(match_text_init(&f->text, own, count, chain), 0);
	memset(f->match, 0xa5, sizeof *f->match); /* begin sets all that counts */
	match_begin(f->match, &f->text);
}

static void drop(struct fixture *f)
{
	match_text_fini(&f->text);
	free(f->match);
}

static void update(struct fixture *f, const uint16_t *tokens, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		match_update(f->match, tokens[i]);
}

/* Token i of a text that repeats nothing. */
static uint16_t fresh(uint32_t i)
{
	return (uint16_t)(10000 + i);
}

static void update_fresh(struct fixture *f, uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		match_update(f->match, fresh(first + i));
}

static void assert_none(const struct fixture *f)
{
	unsigned bucket = 999;
	assert_int_equal(match_candidate(f->match, &bucket), MATCH_NONE);
	assert_int_equal(bucket, 999);
}

static void assert_candidate(const struct fixture *f, uint16_t token, unsigned bucket)
{
	unsigned got = 999;
	assert_int_equal(match_candidate(f->match, &got), token);
	assert_int_equal(got, bucket);
}

/* ---- the document ---- */

static void nothing_is_expected_of_a_new_document(void **state)
{
	(void)state;
	struct fixture f;
	make(&f, NULL, 0, false);
	assert_none(&f);
	for (uint16_t t = 0; t < 300; t++) {
		match_update(f.match, t);
		assert_none(&f);
	}
	update(&f, (uint16_t[]){5, 6}, 2);
	assert_candidate(&f, 7, BUCKET(DOCUMENT, 2, 0));
	match_begin(f.match, &f.text);
	assert_none(&f);
	update(&f, (uint16_t[]){5, 6}, 2);
	assert_none(&f); /* the former document is forgotten */
	drop(&f);
}

static void two_tokens_find_what_followed(void **state)
{
	(void)state;
	struct fixture f;
	make(&f, NULL, 0, false);
	update(&f, (uint16_t[]){1, 2, 3, 4, 9, 1}, 6);
	assert_none(&f);
	match_update(f.match, 2);
	assert_candidate(&f, 3, BUCKET(DOCUMENT, 2, 0));
	match_update(f.match, 3); /* right: the match is longer */
	assert_candidate(&f, 4, BUCKET(DOCUMENT, 3, 0));
	match_update(f.match, 7); /* wrong: it goes on, less trusted */
	assert_candidate(&f, 9, BUCKET(DOCUMENT, 0, 1));
	drop(&f);
}

/* Of places with the same two tokens the last counts, but for three that agree. */
static void three_tokens_tell_more_than_two(void **state)
{
	(void)state;
	struct fixture f;
	make(&f, NULL, 0, false);
	update(&f, (uint16_t[]){1, 2, 3, 4, 50, 8, 2, 3, 5, 51, 1, 2, 3}, 13);
	assert_candidate(&f, 4, BUCKET(DOCUMENT, 3, 0));
	match_begin(f.match, &f.text);
	update(&f, (uint16_t[]){1, 2, 3, 4, 50, 8, 2, 3, 5, 51, 52, 9, 2, 3}, 14);
	assert_candidate(&f, 5, BUCKET(DOCUMENT, 2, 0));
	drop(&f);
}

/* A match's length is told up to 32. */
static void long_matches_have_the_last_class(void **state)
{
	(void)state;
	struct fixture f;
	make(&f, NULL, 0, false);
	update_fresh(&f, 0, 200);
	update_fresh(&f, 0, 31);
	assert_candidate(&f, fresh(31), BUCKET(DOCUMENT, 10, 0));
	for (uint32_t i = 31; i < 199; i++) {
		match_update(f.match, fresh(i));
		assert_candidate(&f, fresh(i + 1), BUCKET(DOCUMENT, 11, 0));
	}
	drop(&f);
}

/* The 8th miss in a row ends it; until then each is on record. */
static void a_match_is_given_up_after_8_misses(void **state)
{
	(void)state;
	struct fixture f;
	make(&f, NULL, 0, false);
	update_fresh(&f, 0, 100);
	update_fresh(&f, 0, 20);
	for (uint32_t k = 1; k < 8; k++) {
		match_update(f.match, (uint16_t)(k + 500));
		assert_candidate(&f, fresh(20 + k), BUCKET(DOCUMENT, 0, k < 3 ? 1 : 2));
	}
	match_update(f.match, 508);
	assert_none(&f);
	drop(&f);
}

static void a_better_place_has_a_clean_record(void **state)
{
	(void)state;
	struct fixture f;
	make(&f, NULL, 0, false);
	update_fresh(&f, 0, 100);
	update_fresh(&f, 0, 20);
	update(&f, (uint16_t[]){500, 501, 502}, 3);
	assert_candidate(&f, fresh(23), BUCKET(DOCUMENT, 0, 2));
	update_fresh(&f, 70, 2);
	assert_candidate(&f, fresh(72), BUCKET(DOCUMENT, 2, 0));
	drop(&f);
}

/* ---- the dictionary ---- */

static void four_tokens_find_the_dictionary(void **state)
{
	(void)state;
	struct fixture f;
	make(&f, (uint16_t[]){1, 2, 3, 4, 5, 6, 7, 8}, 8, false);
	update(&f, (uint16_t[]){1, 2, 3}, 3);
	assert_none(&f);
	match_update(f.match, 4);
	assert_candidate(&f, 5, BUCKET(DICTIONARY, 4, 0));
	match_update(f.match, 5);
	assert_candidate(&f, 6, BUCKET(DICTIONARY, 5, 0));
	update(&f, (uint16_t[]){6, 7}, 2);
	assert_candidate(&f, 8, BUCKET(DICTIONARY, 6, 0));
	match_update(f.match, 8); /* its end */
	assert_none(&f);
	drop(&f);
}

/* What is followed gives way only to what matches longer. */
static void the_longer_match_is_taken(void **state)
{
	(void)state;
	struct fixture f;
	make(&f, (uint16_t[]){90, 91, 1, 2, 3, 4, 77, 78}, 8, false);
	update(&f, (uint16_t[]){91, 1, 2, 3, 4, 55, 91, 1, 2, 3, 4}, 11);
	assert_candidate(&f, 55, BUCKET(DOCUMENT, 5, 0));
	match_begin(f.match, &f.text);
	update(&f, (uint16_t[]){91, 1, 2, 3, 4, 55, 90, 91, 1, 2, 3, 4}, 12);
	assert_candidate(&f, 77, BUCKET(DICTIONARY, 6, 0));
	drop(&f);
}

static void the_last_place_in_the_dictionary_counts(void **state)
{
	(void)state;
	const uint16_t text[] = {1, 2, 3, 4, 5, 60, 61, 62, 63, 1, 2, 3, 4, 6, 64};
	struct fixture f;
	make(&f, text, sizeof text / sizeof *text, true);
	update(&f, text, 4);
	assert_candidate(&f, 6, BUCKET(DICTIONARY, 4, 0));
	match_begin(f.match, &f.text);
	f.match->leave_out_begin = 9;
	f.match->leave_out_end = 15;
	update(&f, text, 4);
	assert_candidate(&f, 5, BUCKET(DICTIONARY, 4, 0));
	match_begin(f.match, &f.text);
	f.match->leave_out_end = 15; /* all of it */
	update(&f, text, 15);
	unsigned bucket = 0;
	if (match_candidate(f.match, &bucket) != MATCH_NONE)
		assert_true(bucket < BUCKET(DICTIONARY, 0, 0));
	drop(&f);
}

/* A document that is in the dictionary itself learns nothing from there. */
static void what_is_left_out_is_never_the_candidate(void **state)
{
	(void)state;
	struct fixture f;
	make(&f, NULL, 3000, true);
	for (uint32_t begin = 0; begin < 3000; begin += 500) {
		match_begin(f.match, &f.text);
		f.match->leave_out_begin = begin;
		f.match->leave_out_end = begin + 500;
		for (uint32_t i = 0; i < 500; i++) {
			match_update(f.match, f.text.tokens[begin + i]);
			assert_false(f.match->source == f.text.tokens && f.match->at >= begin &&
				     f.match->at < begin + 500);
		}
	}
	drop(&f);
}

/* A match from before ends where the part that is left out begins. */
static void a_match_does_not_run_into_what_is_left_out(void **state)
{
	(void)state;
	struct fixture f;
	make(&f, NULL, 100, true);
	f.match->leave_out_begin = 20;
	f.match->leave_out_end = 40;
	update(&f, f.text.tokens, 19);
	assert_candidate(&f, f.text.tokens[19], BUCKET(DICTIONARY, 9, 0));
	match_update(f.match, f.text.tokens[19]);
	assert_none(&f);
	drop(&f);
}

static void tiny_dictionaries_are_no_harm(void **state)
{
	(void)state;
	for (uint32_t count = 0; count < 12; count++) {
		struct fixture f;
		make(&f, (uint16_t[12]){0}, count, count % 2);
		for (uint32_t i = 0; i < 40; i++) {
			unsigned bucket = 0;
			match_update(f.match, 0);
			uint16_t c = match_candidate(f.match, &bucket);
			assert_true((c == 0 && bucket < MATCH_BUCKETS) || c == MATCH_NONE);
		}
		assert_true(match_text_memory_nbytes(&f.text) >= 1024 * sizeof(uint32_t));
		drop(&f);
	}
}

/* ---- long documents ---- */

/* `count` times the same token: the tables remember the rest. */
static void update_filler(struct fixture *f, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		match_update(f->match, 1);
}

static void half_of_the_window_stays(void **state)
{
	(void)state;
	struct fixture f;
	unsigned bucket;
	make(&f, NULL, 0, false);
	update_filler(&f, 4000);
	update_fresh(&f, 0, 10);
	update_filler(&f, 200);
	update_fresh(&f, 50, 10);
	update_filler(&f, MATCH_WINDOW + 1 - 4220);
	assert_int_equal(f.match->count, MATCH_WINDOW / 2 + 1);
	update_fresh(&f, 50, 3);
	assert_candidate(&f, fresh(53), BUCKET(DOCUMENT, 11, 0));
	update_fresh(&f, 0, 3); /* gone */
	assert_int_not_equal(match_candidate(f.match, &bucket), fresh(3));
	drop(&f);
}

/* Tokens that were seen at place `from`, again at the end of the window; how
 * many candidates of 40 are right. */
static unsigned right_across_the_end(uint32_t from)
{
	struct fixture f;
	unsigned bucket, right = 0;
	make(&f, NULL, 0, false);
	update_filler(&f, from);
	update_fresh(&f, 0, 60);
	update_filler(&f, MATCH_WINDOW - 20 - 60 - from);
	update_fresh(&f, 0, 3);
	for (uint32_t i = 3; i < 43; i++) {
		right += match_candidate(f.match, &bucket) == fresh(i);
		match_update(f.match, fresh(i));
	}
	drop(&f);
	return right;
}

static void a_match_moves_with_the_window(void **state)
{
	(void)state;
	assert_int_equal(right_across_the_end(5000), 40);
	/* what it followed is gone, and is not in the half that stays */
	assert_int_equal(right_across_the_end(1000), 18);
}

/* Of few different tokens, so that all kinds of matches come and go. */
static void any_tokens_give_a_bucket(void **state)
{
	(void)state;
	bool seen[MATCH_BUCKETS] = {false};
	static const uint32_t counts[] = {0, 1, 4, 5, 6, 200, 3000};
	for (size_t d = 0; d < sizeof counts / sizeof *counts; d++) {
		struct fixture f;
		make(&f, NULL, counts[d], false);
		uint32_t at = 0;
		for (uint32_t i = 0; i < 30000; i++) {
			unsigned bucket = 999;
			uint64_t r = prng_at(d, i);
			if (r % 64 == 0 && counts[d] > 0)
				at = (uint32_t)prng_below(prng_mix(r), counts[d]);
			bool copy = counts[d] > 0 && r % 1024 > 40 && i % 6000 > 2000;
			match_update(f.match, copy ? f.text.tokens[at++ % counts[d]]
						   : (uint16_t)(r / 1024 % (2 + i % 9)));
			if (match_candidate(f.match, &bucket) == MATCH_NONE)
				continue;
			assert_true(bucket < MATCH_BUCKETS);
			assert_true(f.match->at < (bucket < 36 ? f.match->count : counts[d]));
			seen[bucket] = true;
		}
		drop(&f);
	}
	unsigned buckets = 0;
	for (unsigned i = 0; i < MATCH_BUCKETS; i++)
		buckets += seen[i];
	assert_true(buckets > 30);
}

/* The same tokens give the same candidates, wherever the struct lies. */
static void matches_are_a_function_of_the_tokens(void **state)
{
	(void)state;
	struct fixture a, b;
	make(&a, NULL, 500, false);
	make(&b, NULL, 500, true);
	for (uint32_t i = 0; i < 20000; i++) {
		unsigned of_a = 0, of_b = 0;
		uint16_t token =
			(uint16_t)(i % 700 < 100 ? a.text.tokens[i % 700] : prng_at(6, i) % 12);
		match_update(a.match, token);
		match_update(b.match, token);
		assert_int_equal(match_candidate(a.match, &of_a), match_candidate(b.match, &of_b));
		assert_int_equal(of_a, of_b);
	}
	drop(&a);
	drop(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_expected_of_a_new_document),
		cmocka_unit_test(two_tokens_find_what_followed),
		cmocka_unit_test(three_tokens_tell_more_than_two),
		cmocka_unit_test(long_matches_have_the_last_class),
		cmocka_unit_test(a_match_is_given_up_after_8_misses),
		cmocka_unit_test(a_better_place_has_a_clean_record),
		cmocka_unit_test(four_tokens_find_the_dictionary),
		cmocka_unit_test(the_longer_match_is_taken),
		cmocka_unit_test(the_last_place_in_the_dictionary_counts),
		cmocka_unit_test(what_is_left_out_is_never_the_candidate),
		cmocka_unit_test(a_match_does_not_run_into_what_is_left_out),
		cmocka_unit_test(tiny_dictionaries_are_no_harm),
		cmocka_unit_test(half_of_the_window_stays),
		cmocka_unit_test(a_match_moves_with_the_window),
		cmocka_unit_test(any_tokens_give_a_bucket),
		cmocka_unit_test(matches_are_a_function_of_the_tokens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
