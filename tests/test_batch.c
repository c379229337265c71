/*
 * test_batch.c: contents made together, by a generator of this file that is
 * easy to tell right from wrong and looks at how it is used.
 */
#include "tests/test.h"

#include "engines/generate/batch.h"
#include "engines/generate/novel.h"
#include "workloads/prng.h"

#define LANES 4u
#define CALLS_MAX 4096u
#define JOBS_MAX 64u
#define NBYTES_MAX 400u

/* ---- a generator: each byte is the next one of the code, altered by where it
 * is and who asks ---- */

struct generator {
	unsigned pace; /* bytes a step; 0: as many as the lane's index, plus 1 */
	int open_error;
	/* what was seen */
	unsigned lanes;
	unsigned calls, counts[CALLS_MAX]; /* of decode: how many lanes in each */
	unsigned begun[LANES], ended[LANES];
};

struct generator_session {
	struct generator *generator;
	struct {
		bool making;
		uint32_t position, context;
	} lanes[LANES];
};

static void fake_info(const struct generator *g, struct generator_info *info)
{
	(void)g;
	*info = (struct generator_info){.lanes_max = LANES};
}

static int fake_session_open(struct generator_session **out, struct generator *g, unsigned lanes,
			     struct error *e)
{
	if (g->open_error != 0)
		return error_set(e, g->open_error, "refused");
	assert_in_range(lanes, 1, LANES);
	*out = calloc(1, sizeof **out);
	assert_non_null(*out);
	(*out)->generator = g;
	g->lanes = lanes;
	return 0;
}

static void fake_session_close(struct generator_session *s)
{
	free(s);
}

static void fake_begin(struct generator_session *s, unsigned lane)
{
	assert_true(lane < s->generator->lanes);
	assert_false(s->lanes[lane].making);
	s->lanes[lane].making = true;
	s->lanes[lane].position = s->lanes[lane].context = 0;
	s->generator->begun[lane]++;
}

static void fake_prime(struct generator_session *s, unsigned lane, uint32_t context)
{
	assert_true(s->lanes[lane].making);
	assert_int_equal(s->lanes[lane].position, 0);
	s->lanes[lane].context = context + 1;
}

static uint8_t alter(uint32_t position, uint32_t context)
{
	return (uint8_t)prng_at(context, position);
}

static void decode_byte(struct generator_session *s, struct generator_lane *lane)
{
	struct range_decoder *rc = &lane->rc;
	uint32_t context = s->lanes[lane->index].context;
	uint8_t byte = (uint8_t)(rc->code >> 24);
	rc->code = rc->code << 8 | range_decoder_next(rc);
	lane->out[lane->made++] = byte ^ alter(s->lanes[lane->index].position++, context);
}

static void fake_decode(struct generator_session *s, struct generator_lane *const *lanes,
			unsigned count)
{
	struct generator *g = s->generator;
	bool given[LANES] = {false};
	assert_in_range(count, 1, g->lanes);
	for (unsigned i = 0; i < count; i++) {
		struct generator_lane *lane = lanes[i];
		assert_true(lane->index < g->lanes);
		assert_true(s->lanes[lane->index].making);
		assert_false(given[lane->index]);
		given[lane->index] = true;
		assert_true(lane->made < lane->nbytes);
		assert_int_equal(lane->made, s->lanes[lane->index].position);
		for (unsigned k = g->pace > 0 ? g->pace : lane->index + 1; k > 0; k--)
			if (lane->made < lane->nbytes)
				decode_byte(s, lane);
	}
	assert_true(g->calls < CALLS_MAX);
	g->counts[g->calls++] = count;
}

static void fake_end(struct generator_session *s, unsigned lane)
{
	assert_true(lane < s->generator->lanes);
	assert_true(s->lanes[lane].making);
	s->lanes[lane].making = false;
	s->generator->ended[lane]++;
}

static const struct generator_ops fake = {
	.name = "fake",
	.info = fake_info,
	.session_open = fake_session_open,
	.session_close = fake_session_close,
	.begin = fake_begin,
	.prime = fake_prime,
	.decode = fake_decode,
	.end = fake_end,
};

/* ---- contents ---- */

struct fixture {
	struct generator generator;
	struct batch *batch;
	struct batch_queue done;
	struct batch_job jobs[JOBS_MAX];
	struct spec specs[JOBS_MAX];
	uint8_t codes[JOBS_MAX][NBYTES_MAX], out[JOBS_MAX][NBYTES_MAX];
};

static struct fixture *open_fixture(unsigned depth, unsigned pace)
{
	struct fixture *f = calloc(1, sizeof *f);
	assert_non_null(f);
	f->generator.pace = pace;
	assert_int_equal(batch_create(&f->batch, &fake, &f->generator, depth, NULL), 0);
	return f;
}

/* Whatever was begun was ended, lane by lane. */
static void close_fixture(struct fixture *f)
{
	assert_true(batch_is_idle(f->batch));
	assert_null(batch_queue_pop(&f->done));
	for (unsigned i = 0; i < LANES; i++)
		assert_int_equal(f->generator.begun[i], f->generator.ended[i]);
	batch_destroy(f->batch);
	free(f);
}

static void add_archive(struct fixture *f, unsigned k, size_t nbytes)
{
	for (size_t i = 0; i < nbytes; i++)
		f->codes[k][i] = (uint8_t)(prng_at(k, i) ^ alter((uint32_t)i, 0));
	f->specs[k] =
		(struct spec){.content_nbytes = nbytes, .code = f->codes[k], .code_nbytes = nbytes};
	f->jobs[k] = (struct batch_job){.lane = {.out = f->out[k], .nbytes = nbytes},
					.spec = &f->specs[k]};
	batch_add(f->batch, &f->jobs[k]);
}

static void add_novel(struct fixture *f, unsigned k, size_t nbytes)
{
	f->jobs[k] = (struct batch_job){
		.lane = {.out = f->out[k], .nbytes = nbytes}, .content = k / 3, .context = k % 3};
	batch_add(f->batch, &f->jobs[k]);
}

static void assert_archive_is_right(const struct fixture *f, unsigned k)
{
	assert_int_equal(f->jobs[k].lane.made, f->jobs[k].lane.nbytes);
	for (size_t i = 0; i < f->jobs[k].lane.nbytes; i++)
		assert_int_equal(f->out[k][i], (uint8_t)prng_at(k, i));
}

/* What a session of its own makes of the same ids. */
static void assert_novel_is_right(const struct fixture *f, unsigned k)
{
	const struct batch_job *job = &f->jobs[k];
	struct generator alone = {.pace = 1};
	struct generator_session *s;
	uint8_t expected[NBYTES_MAX];
	struct generator_lane lane = {.out = expected, .nbytes = job->lane.nbytes};
	assert_int_equal(fake.session_open(&s, &alone, 1, NULL), 0);
	novel_begin(&fake, s, &lane, job->content, job->context);
	generator_make(&fake, s, &lane);
	fake.end(s, 0);
	fake.session_close(s);
	assert_int_equal(job->lane.made, job->lane.nbytes);
	if (job->lane.nbytes > 0)
		assert_memory_equal(f->out[k], expected, job->lane.nbytes);
}

/* Steps until one is made; which one. */
static unsigned next_made(struct fixture *f)
{
	while (f->done.head == NULL) {
		assert_false(batch_is_idle(f->batch));
		batch_step(f->batch, &f->done);
	}
	return (unsigned)(batch_queue_pop(&f->done) - f->jobs);
}

static size_t length_of(unsigned k)
{
	return k % 5 == 3 ? 0 : prng_at(7, k) % NBYTES_MAX;
}

/* Ten at a time, a new one as soon as one is made. */
static void ten_at_a_time(struct fixture *f, void (*add)(struct fixture *, unsigned, size_t),
			  void (*assert_right)(const struct fixture *, unsigned))
{
	bool made[JOBS_MAX] = {false};
	unsigned added = 0;
	while (added < 10)
		add(f, added, length_of(added)), added++;
	for (unsigned n = 0; n < JOBS_MAX; n++) {
		unsigned k = next_made(f);
		assert_true(k < added);
		assert_false(made[k]);
		made[k] = true;
		assert_right(f, k);
		if (added < JOBS_MAX)
			add(f, added, length_of(added)), added++;
	}
	close_fixture(f);
}

/* ---- tests ---- */

static void archive_contents_come_back_right(void **state)
{
	(void)state;
	for (unsigned pace = 0; pace < 60; pace += 13)
		ten_at_a_time(open_fixture(10, pace), add_archive, assert_archive_is_right);
}

static void novel_contents_come_back_right(void **state)
{
	(void)state;
	for (unsigned pace = 0; pace < 60; pace += 13)
		ten_at_a_time(open_fixture(10, pace), add_novel, assert_novel_is_right);
}

/* While others go on: a content of ten bytes is not waited for. */
static void a_lane_is_refilled_as_soon_as_its_content_ends(void **state)
{
	(void)state;
	static const size_t lengths[] = {10, 1, 2, 1, 1, 3, 1, 1};
	/* lanes: 10 1 2 1 | 10 1 2 3 | 10 1 1 3 | 10 3 | 10 | ... */
	static const unsigned counts[] = {4, 4, 4, 2, 1, 1, 1, 1, 1, 1};
	static const unsigned order[] = {1, 3, 2, 4, 6, 7, 5, 0};
	struct fixture *f = open_fixture(8, 1);
	for (unsigned k = 0; k < 8; k++)
		add_archive(f, k, lengths[k]);
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(next_made(f), order[i]);
		assert_archive_is_right(f, order[i]);
	}
	assert_int_equal(f->generator.calls, sizeof counts / sizeof counts[0]);
	for (unsigned i = 0; i < f->generator.calls; i++)
		assert_int_equal(f->generator.counts[i], counts[i]);
	close_fixture(f);
}

static void a_late_content_joins_those_under_way(void **state)
{
	(void)state;
	struct fixture *f = open_fixture(8, 1);
	add_archive(f, 0, 20);
	for (unsigned i = 0; i < 5; i++)
		batch_step(f->batch, &f->done);
	add_archive(f, 1, 3);
	assert_int_equal(next_made(f), 1);
	assert_int_equal(f->jobs[0].lane.made, 8);
	assert_int_equal(next_made(f), 0);
	assert_archive_is_right(f, 0);
	assert_archive_is_right(f, 1);
	assert_int_equal(f->generator.calls, 20);
	close_fixture(f);
}

static void empty_contents_are_made_without_a_lane(void **state)
{
	(void)state;
	struct fixture *f = open_fixture(8, 1);
	for (unsigned k = 0; k < 6; k++)
		add_archive(f, k, 0);
	add_archive(f, 6, 2);
	batch_step(f->batch, &f->done);
	for (unsigned k = 0; k < 6; k++)
		assert_ptr_equal(batch_queue_pop(&f->done), &f->jobs[k]);
	assert_null(batch_queue_pop(&f->done));
	assert_int_equal(next_made(f), 6);
	assert_int_equal(f->generator.calls, 2);
	assert_int_equal(f->generator.begun[0], 1);
	close_fixture(f);
}

static void an_idle_batch_does_nothing(void **state)
{
	(void)state;
	struct fixture *f = open_fixture(8, 1);
	assert_true(batch_is_idle(f->batch));
	batch_step(f->batch, &f->done);
	assert_int_equal(f->generator.calls, 0);
	close_fixture(f);
}

static void a_session_has_no_more_lanes_than_are_of_use(void **state)
{
	(void)state;
	for (unsigned depth = 1; depth < 10; depth++) {
		struct fixture *f = open_fixture(depth, 1);
		unsigned lanes = depth < LANES ? depth : LANES;
		assert_int_equal(batch_lanes(f->batch), lanes);
		assert_int_equal(f->generator.lanes, lanes);
		for (unsigned k = 0; k < depth; k++)
			add_archive(f, k, 1);
		for (unsigned k = 0; k < depth; k++)
			assert_int_equal(next_made(f), k);
		assert_int_equal(f->generator.counts[0], lanes);
		close_fixture(f);
	}
}

static void contents_may_be_given_up(void **state)
{
	(void)state;
	struct fixture *f = open_fixture(8, 1);
	for (unsigned k = 0; k < 8; k++)
		add_archive(f, k, 9);
	batch_step(f->batch, &f->done);
	batch_destroy(f->batch);
	free(f);
}

static void a_session_that_does_not_open_is_an_error(void **state)
{
	(void)state;
	struct generator g = {.open_error = -ENOMEM};
	struct batch *b;
	struct error e;
	assert_int_equal(batch_create(&b, &fake, &g, 8, &e), -ENOMEM);
	assert_string_equal(e.text, "refused");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(archive_contents_come_back_right),
		cmocka_unit_test(novel_contents_come_back_right),
		cmocka_unit_test(a_lane_is_refilled_as_soon_as_its_content_ends),
		cmocka_unit_test(a_late_content_joins_those_under_way),
		cmocka_unit_test(empty_contents_are_made_without_a_lane),
		cmocka_unit_test(an_idle_batch_does_nothing),
		cmocka_unit_test(a_session_has_no_more_lanes_than_are_of_use),
		cmocka_unit_test(contents_may_be_given_up),
		cmocka_unit_test(a_session_that_does_not_open_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
