/* What `rnn` samples has the distribution that the network says: at each of
 * many places, the network is asked for its probabilities (forward.h), and what
 * came is held against them. */
#include "tests/rnn_model.h"
#include "tests/sanitized.h"
#include "tests/test.h"

#include <math.h>

#include "engines/generate/rnn/forward.h"
#include "engines/generate/rnn/rnn.h"

static const struct generator_ops *const rnn = &rnn_generator;

/* With so many lanes a decode call makes one token on each, which can be told
 * by what it adds to the bytes. */
#define LANES 64u
#define TOKENS_EACH 500u
#define VOCABULARY 512u
#define CLUSTERS (VOCABULARY / CLUSTER_TOKENS)
#define ALL 65536.0

/* How often something came, less how often it should have; in a fair game the
 * sum is normal, with the variance that adds up. */
struct tally {
	double excess, variance;
};

struct tallies {
	struct tally candidates[16]; /* by probability that the candidate comes */
	struct tally records[3];     /* by the candidate's record */
	struct tally clusters[CLUSTERS];
	struct tally tokens[CLUSTER_TOKENS]; /* in their cluster */
	struct tally likely[16];	     /* by the probability of what came first in it */
	uint64_t candidates_seen, places;
};

static void add(struct tally *t, double p, bool came)
{
	t->excess += came - p;
	t->variance += p * (1 - p);
}

/* The content as the test follows it. */
struct shadow {
	uint16_t last[3];
	int32_t state[128];
	struct match match;
	struct greedy_tail tail;
	unsigned bucket;
};

struct fixture {
	struct shape shape;
	uint8_t *file;
	struct model *model;
	struct generator *generator;
	struct generator_session *session;
	struct forward *forward;
	struct shadow shadows[LANES];
	uint8_t out[LANES][TOKENS_EACH * TOKEN_NBYTES_MAX];
	struct generator_lane lanes[LANES], *pointers[LANES];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	size_t nbytes;
	f->shape = rnn_model_shape(VOCABULARY, 64, 2);
	f->file = rnn_model_make(&f->shape, 20000, &nbytes);
	assert_int_equal(model_open_memory(&f->model, f->file, nbytes, "a model", NULL), 0);
	assert_int_equal(rnn_open_memory(&f->generator, f->file, nbytes, "a model", NULL), 0);
	assert_int_equal(rnn->session_open(&f->session, f->generator, LANES, NULL), 0);
	assert_int_equal(forward_create(&f->forward, f->model, kernel_choose(NULL), LANES), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	forward_destroy(f->forward);
	rnn->session_close(f->session);
	rnn->close(f->generator);
	model_close(f->model);
	free(f->file);
	free(f);
	return 0;
}

static void begin_all(struct fixture *f, uint64_t key)
{
	for (unsigned i = 0; i < LANES; i++) {
		struct shadow *s = &f->shadows[i];
		for (unsigned k = 0; k < 3; k++)
			s->last[k] = VOCABULARY;
		memset(s->state, 0, sizeof s->state);
		match_begin(&s->match, &f->model->dictionary);
		s->tail.count = 0;
		f->lanes[i] = (struct generator_lane){
			.index = i, .out = f->out[i], .nbytes = sizeof f->out[i]};
		f->pointers[i] = &f->lanes[i];
		range_decoder_init_random(&f->lanes[i].rc, prng_key(key, i));
		rnn->begin(f->session, i);
	}
}

/* The network's step, with what the contents' next tokens depend on. */
static void ask(struct fixture *f, struct forward_input *inputs)
{
	const struct forward_input *pointers[LANES];
	for (unsigned i = 0; i < LANES; i++) {
		struct shadow *s = &f->shadows[i];
		s->bucket = MATCH_BUCKETS;
		uint16_t c = match_candidate(&s->match, &s->bucket);
		inputs[i] = (struct forward_input){.last = {s->last[0], s->last[1], s->last[2]},
						   .candidate = c == MATCH_NONE ? VOCABULARY : c,
						   .bucket = (uint8_t)s->bucket,
						   .state = s->state};
		pointers[i] = &inputs[i];
	}
	forward_step(f->forward, pointers, LANES);
}

/* The token that a lane has just made. */
static uint16_t made(const struct fixture *f, unsigned lane, size_t before)
{
	const struct generator_lane *l = &f->lanes[lane];
	uint16_t token =
		vocabulary_longest(&f->model->vocabulary, l->out + before, l->made - before);
	assert_int_equal(f->model->vocabulary.tokens[token].nbytes, l->made - before);
	return token;
}

static void take(struct fixture *f, struct shadow *s, uint16_t token)
{
	greedy_update(&s->tail, &f->model->greedy, &f->model->vocabulary, token);
	s->last[2] = s->last[1];
	s->last[1] = s->last[0];
	s->last[0] = token;
	match_update(&s->match, token);
}

/* ---- what is expected ---- */

/* Of one content's next token; a cluster is that of the candidate and of what came. */
struct expected {
	double hit, cluster[CLUSTERS], token[CLUSTER_TOKENS];
	double candidate; /* comes, as such or by the way of clusters */
};

/* The candidate is asked for first, and by the way of clusters not again. */
static void expect(struct fixture *f, unsigned lane, const struct forward_input *x,
		   const uint32_t *clusters, unsigned cluster, struct expected *e)
{
	const struct greedy_tail *tail = &f->shadows[lane].tail;
	const struct greedy_tree *tree = &f->model->greedy;
	const struct vocabulary *v = &f->model->vocabulary;
	bool has = x->candidate != VOCABULARY && greedy_allows(tail, tree, v, x->candidate);
	unsigned c = x->candidate / CLUSTER_TOKENS, t = x->candidate % CLUSTER_TOKENS;
	uint64_t forbidden = greedy_forbids(tail, tree, v, cluster);
	double whole = 0;
	if (has && cluster == c)
		forbidden |= UINT64_C(1) << t;
	e->hit = has ? forward_hit(f->forward, lane, x->bucket) / ALL : 0;
	for (unsigned i = 0; i < CLUSTERS; i++)
		e->cluster[i] = (1 - e->hit) * clusters[i] / ALL + (has && i == c ? e->hit : 0);
	e->candidate = e->hit;
	const uint32_t *tokens = forward_tokens(f->forward, lane, cluster, forbidden);
	for (unsigned i = 0; i < CLUSTER_TOKENS; i++) {
		e->token[i] = (1 - e->hit) * (clusters[cluster] / ALL) * (tokens[i] / ALL);
		if (has && cluster == c && i == t)
			e->token[i] += e->hit;
		whole += e->token[i];
	}
	for (unsigned i = 0; i < CLUSTER_TOKENS; i++)
		e->token[i] /= whole;
}

static void hold_against(struct tallies *t, const struct forward_input *x, const struct expected *e,
			 uint16_t token)
{
	unsigned cluster = token / CLUSTER_TOKENS, in_it = token % CLUSTER_TOKENS, first = 0;
	t->places++;
	assert_true(e->cluster[cluster] > 0 && e->token[in_it] > 0);
	if (x->candidate != VOCABULARY) {
		t->candidates_seen++;
		add(&t->candidates[(unsigned)(e->candidate * 15.999)], e->candidate,
		    token == x->candidate);
		add(&t->records[x->bucket % 3], e->candidate, token == x->candidate);
	}
	for (unsigned i = 0; i < CLUSTERS; i++)
		add(&t->clusters[i], e->cluster[i], i == cluster);
	for (unsigned i = 0; i < CLUSTER_TOKENS; i++) {
		add(&t->tokens[i], e->token[i], i == in_it);
		first = e->token[i] > e->token[first] ? i : first;
	}
	add(&t->likely[(unsigned)(e->token[first] * 15.999)], e->token[first], first == in_it);
}

/* One token of each content. */
static void step(struct fixture *f, struct tallies *t)
{
	struct forward_input inputs[LANES];
	size_t before[LANES];
	unsigned which[LANES];
	ask(f, inputs);
	for (unsigned i = 0; i < LANES; i++) {
		before[i] = f->lanes[i].made;
		which[i] = i;
	}
	rnn->decode(f->session, f->pointers, LANES);
	const uint32_t *clusters = forward_clusters(f->forward, which, LANES);
	for (unsigned i = 0; i < LANES; i++) {
		struct expected e;
		uint16_t token = made(f, i, before[i]);
		expect(f, i, &inputs[i], clusters + (size_t)i * CLUSTERS, token / CLUSTER_TOKENS,
		       &e);
		hold_against(t, &inputs[i], &e, token);
		take(f, &f->shadows[i], token);
	}
}

static void draw(struct fixture *f, struct tallies *t, uint64_t tokens, uint64_t key)
{
	while (t->places < tokens) {
		begin_all(f, key++);
		for (unsigned i = 0; i + 1 < TOKENS_EACH && t->places < tokens; i++)
			step(f, t);
		for (unsigned i = 0; i < LANES; i++)
			rnn->end(f->session, i);
	}
}

/* ---- the verdict ---- */

/* Each within 4.5 standard deviations, the sum of squares within what chi-square
 * of so many has once in 10^5 at most (Wilson and Hilferty: z = 4.3). */
static void assert_fair(const char *what, const struct tally *t, unsigned count)
{
	double chi_square = 0;
	unsigned freedom = 0;
	for (unsigned i = 0; i < count; i++) {
		if (t[i].variance < 20) /* too seldom to be normal */
			continue;
		double z = t[i].excess / sqrt(t[i].variance);
		if (fabs(z) > 4.5)
			fail_msg("%s %u: %.1f deviations", what, i, z);
		chi_square += z * z;
		freedom++;
	}
	assert_true(freedom > 0);
	double limit = freedom * pow(1 - 2.0 / (9 * freedom) + 4.3 * sqrt(2.0 / (9 * freedom)), 3);
	if (chi_square > limit)
		fail_msg("%s: chi-square %.1f of %u, above %.1f", what, chi_square, freedom, limit);
}

static void assert_all_fair(const struct tallies *t)
{
	assert_fair("candidate of probability", t->candidates, 16);
	assert_fair("candidate with record", t->records, 3);
	assert_fair("cluster", t->clusters, CLUSTERS);
	assert_fair("token", t->tokens, CLUSTER_TOKENS);
	assert_fair("first token of probability", t->likely, 16);
}

static void samples_have_the_models_distribution(void **state)
{
	struct fixture *f = *state;
	struct tallies t = {0};
	draw(f, &t, SANITIZED ? 50000 : 1000000, 1);
	assert_true(t.candidates_seen > t.places / 20);
	assert_all_fair(&t);
}

/* What top-p cuts never comes (hold_against), the rest as said. */
static void sampling_has_the_distribution_that_is_asked_for(void **state)
{
	struct fixture *f = *state;
	static const struct generator_sampling how[] = {{80, 95}, {150, 60}, {30, 100}};
	for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
		struct tallies t = {0};
		rnn->sample(f->session, &how[i]);
		forward_sample(f->forward, &how[i]);
		draw(f, &t, SANITIZED ? 20000 : 100000, 1000 * (i + 1));
		assert_all_fair(&t);
	}
	rnn->sample(f->session, &(struct generator_sampling){100, 100});
	forward_sample(f->forward, &(struct generator_sampling){100, 100});
}

/* The test would see it: two percent more of one cluster. */
static void a_bias_of_two_percent_is_seen(void **state)
{
	(void)state;
	struct tally t = {0};
	for (unsigned i = 0; i < 1000000; i++)
		add(&t, 0.125, prng_unit(prng_at(3, i)) < 0.125 * 1.02);
	assert_true(t.excess / sqrt(t.variance) > 4.5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_have_the_models_distribution),
		cmocka_unit_test(sampling_has_the_distribution_that_is_asked_for),
		cmocka_unit_test(a_bias_of_two_percent_is_seen),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
