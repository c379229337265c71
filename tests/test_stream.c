/* The stream is a pure function of workload, seed and index. */
#include "tests/test.h"

#include <math.h>

#include "workloads/stream.h"

static struct stream make(uint32_t contexts, uint64_t seed)
{
	struct workload w = {.popularity = POPULARITY_ZIPF,
			     .zipf_theta = 0.99,
			     .contexts = contexts,
			     .randseed = seed};
	struct stream s;
	stream_init(&s, &w, 100000);
	return s;
}

static uint64_t share(const struct stream *s, uint64_t index)
{
	struct request r = {0};
	stream_request(s, index, &r);
	return stream_digest_share(index, r.content, r.context, index * 1000);
}

static void any_order_and_any_workers_give_one_stream(void **state)
{
	(void)state;
	struct stream a = make(5, 1), b = make(5, 1);
	uint64_t forwards = 0, workers = 0;
	for (uint64_t i = 0; i < 9999; i++)
		forwards += share(&a, i);
	for (uint64_t worker = 3; worker-- > 0;)
		for (uint64_t i = worker; i < 9999; i += 3)
			workers += share(&b, i);
	assert_true(forwards == workers);
}

static void ahead_is_the_same_in_any_order(void **state)
{
	(void)state;
	static const uint64_t starts[] = {0, 3, UINT64_C(1) << 62, 17, 16};
	struct stream s = make(5, 1);
	struct stream_ahead ahead = {0};
	for (unsigned i = 0; i < 5; i++)
		for (uint64_t k = 0; k < 100; k++) {
			struct request a = {0}, b = {0};
			stream_request(&s, starts[i] + k, &a);
			stream_request_ahead(&s, &ahead, starts[i] + k, &b);
			assert_int_equal(a.content, b.content);
			assert_int_equal(a.context, b.context);
		}
}

/* The same on every machine, byte order and compiler, and in every release. */
static void golden_digest(void **state)
{
	(void)state;
	struct stream s = make(3, 1);
	uint64_t digest = 0;
	for (uint64_t i = 0; i < 10000; i++)
		digest += share(&s, i);
	assert_true(digest == UINT64_C(0xe5f55293b44e1662));
}

static void digest_notices_every_part(void **state)
{
	(void)state;
	uint64_t digest = stream_digest_share(1, 2, 3, 4);
	assert_true(digest == stream_digest_share(1, 2, 3, 4));
	assert_true(digest != stream_digest_share(2, 2, 3, 4));
	assert_true(digest != stream_digest_share(1, 3, 3, 4));
	assert_true(digest != stream_digest_share(1, 2, 4, 4));
	assert_true(digest != stream_digest_share(1, 2, 3, 5));
	/* nor do exchanged replies cancel out */
	assert_true(stream_digest_share(1, 2, 0, 0) + stream_digest_share(2, 1, 0, 0) !=
		    stream_digest_share(1, 1, 0, 0) + stream_digest_share(2, 2, 0, 0));
}

static void contexts_are_uniform_and_independent_of_content(void **state)
{
	(void)state;
	enum { CONTEXTS = 7, DRAWS = 700000 };
	struct stream s = make(CONTEXTS, 3);
	uint64_t of_all[CONTEXTS] = {0}, of_first[CONTEXTS] = {0};
	struct request r = {0};
	stream_request(&s, 0, &r);
	uint64_t first = r.content, first_count = 0;
	for (uint64_t i = 0; i < DRAWS; i++) {
		stream_request(&s, i, &r);
		assert_true(r.context < CONTEXTS && r.content < 100000);
		of_all[r.context]++;
		of_first[r.context] += r.content == first;
		first_count += r.content == first;
	}
	for (unsigned c = 0; c < CONTEXTS; c++) {
		assert_true(fabs((double)of_all[c] - DRAWS / 7.0) < 4 * sqrt(DRAWS / 7.0));
		assert_true(fabs((double)of_first[c] - (double)first_count / 7) <
			    2 + 4 * sqrt((double)first_count / 7));
	}
}

static void contexts_do_not_change_the_contents_asked_for(void **state)
{
	(void)state;
	struct stream one = make(1, 1), many = make(1000, 1);
	for (uint64_t i = 0; i < 1000; i++) {
		struct request a = {0}, b = {0};
		stream_request(&one, i, &a);
		stream_request(&many, i, &b);
		assert_int_equal(a.content, b.content);
		assert_int_equal(a.context, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order_and_any_workers_give_one_stream),
		cmocka_unit_test(ahead_is_the_same_in_any_order),
		cmocka_unit_test(golden_digest),
		cmocka_unit_test(digest_notices_every_part),
		cmocka_unit_test(contexts_are_uniform_and_independent_of_content),
		cmocka_unit_test(contexts_do_not_change_the_contents_asked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
