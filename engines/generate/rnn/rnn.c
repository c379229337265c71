#include "engines/generate/rnn/rnn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engines/generate/rnn/forward.h"
#include "engines/generate/rnn/model_file.h"
#include "engines/generate/rnn/train.h"
#include "workloads/prng.h"

/* How much of the dictionary a context is given. */
#define PRIME_TOKENS 96u
#define PRIME_NAME UINT64_C(0x7072696d65726e6e)
#define KEPT_PER_LANE 4u /* states after a context, kept by the context's number */

/* Places of a call over all its lanes: some 50 us of work. */
#define CALL_TOKENS 16u

struct generator {
	struct model *model;
	const struct kernel *kernel;
	void *mapped; /* NULL: the bytes are the caller's */
	size_t mapped_nbytes;
};

/* All that a content's next token depends on. */
struct lane {
	uint16_t last[3];
	int32_t *state;
	struct match match;
	struct greedy_tail tail;
};

struct kept_context {
	bool used;
	uint32_t context;
	struct lane lane;
};

struct generator_session {
	const struct generator *generator;
	struct forward *forward;
	unsigned lane_count;
	struct lane *lanes;
	struct kept_context *kept; /* KEPT_PER_LANE x lane_count, touched as needed */
	int32_t *states;	   /* of all lanes, then of kept contexts */
};

/* ---- the open model ---- */

static int open_bytes(struct generator **out, const uint8_t *bytes, size_t nbytes, bool mapped,
		      const char *name, struct error *e)
{
	struct generator *g = calloc(1, sizeof *g);
	if (g == NULL)
		return error_set(e, -ENOMEM, "%s: out of memory", name);
	g->kernel = kernel_choose(e);
	int err =
		g->kernel == NULL ? -ENOTSUP : model_open_memory(&g->model, bytes, nbytes, name, e);
	if (err != 0) {
		free(g);
		return err;
	}
	if (mapped) {
		g->mapped = (void *)(uintptr_t)bytes;
		g->mapped_nbytes = nbytes;
	}
	*out = g;
	return 0;
}

int rnn_open_memory(struct generator **out, const uint8_t *bytes, size_t nbytes, const char *name,
		    struct error *e)
{
	return open_bytes(out, bytes, nbytes, false, name, e);
}

static int open_error(struct error *e, int err, const char *path)
{
	if (err == -ENOENT)
		return error_set(e, err, "%s: there is no such model; make one with gvr train",
				 path);
	return error_set(e, err, "%s: cannot read the model: %s%s", path, strerror(-err),
			 error_remedy(err));
}

static int map_file(const char *path, void **bytes, size_t *nbytes, struct error *e)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return open_error(e, -errno, path);
	int err = fstat(fd, &st) != 0 ? open_error(e, -errno, path) : 0;
	if (err == 0 && (!S_ISREG(st.st_mode) || st.st_size < (off_t)MODEL_HEADER_NBYTES ||
			 st.st_size > (off_t)MODEL_FILE_NBYTES_MAX))
		err = error_set(e, -EBADMSG,
				"%s: not an rnn model; name the file that gvr train wrote", path);
	if (err == 0) {
		*nbytes = (size_t)st.st_size;
		*bytes = mmap(NULL, *nbytes, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
		if (*bytes == MAP_FAILED)
			err = open_error(e, -errno, path);
	}
	close(fd);
	return err;
}

static int rnn_open(struct generator **out, const char *path, struct error *e)
{
	void *bytes = NULL;
	size_t nbytes = 0;
	int err = map_file(path, &bytes, &nbytes, e);
	if (err == 0) {
		err = open_bytes(out, bytes, nbytes, true, path, e);
		if (err != 0)
			munmap(bytes, nbytes);
	}
	return err;
}

static bool rnn_recognises(const uint8_t magic[8])
{
	return memcmp(magic, MODEL_MAGIC, 8) == 0;
}

static void rnn_close(struct generator *g)
{
	model_close(g->model);
	if (g->mapped != NULL)
		munmap(g->mapped, g->mapped_nbytes);
	free(g);
}

static size_t state_words(const struct model *m)
{
	return (size_t)m->shape.layers * m->shape.width;
}

static void rnn_info(const struct generator *g, struct generator_info *info)
{
	const struct model *m = g->model;
	size_t lane = sizeof(struct lane) + state_words(m) * sizeof(int32_t);
	size_t kept = sizeof(struct kept_context) + state_words(m) * sizeof(int32_t);
	*info = (struct generator_info){
		.model_bytes = m->file_nbytes,
		.model_digest = m->digest,
		.trained_on = m->trained_on,
		.resident_bytes = sizeof *g + sizeof *m + m->file_nbytes + m->memory_nbytes +
				  match_text_memory_nbytes(&m->dictionary) +
				  greedy_tree_memory_nbytes(&m->greedy, &m->vocabulary),
		.session_bytes = lane + KEPT_PER_LANE * kept + forward_memory_nbytes(m, 1),
		.lanes_max = KERNEL_BATCH_MAX,
		.kernel = g->kernel->name,
		.macs_per_byte = (double)model_macs(&m->shape) * m->tokens_per_byte,
		.tokens_per_byte = m->tokens_per_byte,
	};
}

/* ---- sessions ---- */

static int make_lanes(struct generator_session *s, const struct model *m, unsigned lanes)
{
	size_t words = state_words(m), kept = (size_t)lanes * KEPT_PER_LANE;

	s->lane_count = lanes;
	s->lanes = calloc(lanes, sizeof *s->lanes);
	s->kept = calloc(kept, sizeof *s->kept);
	s->states = calloc((lanes + kept) * words, sizeof *s->states);
	if (s->lanes == NULL || s->kept == NULL || s->states == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < lanes; i++)
		s->lanes[i].state = s->states + i * words;
	for (size_t i = 0; i < kept; i++)
		s->kept[i].lane.state = s->states + (lanes + i) * words;
	return forward_create(&s->forward, m, s->generator->kernel, lanes);
}

static void rnn_session_close(struct generator_session *s)
{
	if (s->forward != NULL)
		forward_destroy(s->forward);
	free(s->states);
	free(s->kept);
	free(s->lanes);
	free(s);
}

static int rnn_session_open(struct generator_session **out, struct generator *g, unsigned lanes,
			    struct error *e)
{
	struct generator_session *s = calloc(1, sizeof *s);
	if (s != NULL)
		s->generator = g;
	int err = s == NULL ? -ENOMEM : make_lanes(s, g->model, lanes);
	if (err == 0) {
		*out = s;
		return 0;
	}
	if (s != NULL)
		rnn_session_close(s);
	return error_set(e, err, "out of memory for a session of the generator");
}

static void lane_begin(struct lane *l, const struct model *m)
{
	for (unsigned i = 0; i < 3; i++)
		l->last[i] = (uint16_t)m->shape.vocabulary;
	memset(l->state, 0, state_words(m) * sizeof *l->state);
	match_begin(&l->match, &m->dictionary);
	l->tail.count = 0;
}

static void rnn_sample(struct generator_session *s, const struct generator_sampling *how)
{
	forward_sample(s->forward, how);
}

static void rnn_begin(struct generator_session *s, unsigned lane)
{
	lane_begin(&s->lanes[lane], s->generator->model);
}

/* What the network is given for the next token of a lane. */
static struct forward_input input_of(const struct lane *l, const struct model *m)
{
	struct forward_input x = {.last = {l->last[0], l->last[1], l->last[2]}, .state = l->state};
	unsigned bucket = MATCH_BUCKETS;
	uint16_t candidate = match_candidate(&l->match, &bucket);
	x.candidate = candidate == MATCH_NONE ? (uint16_t)m->shape.vocabulary : candidate;
	x.bucket = (uint8_t)bucket;
	return x;
}

/* Is there a candidate that can come next? Then it is asked for first. */
static bool is_offered(const struct lane *l, const struct model *m, const struct forward_input *x)
{
	return x->candidate != m->shape.vocabulary &&
	       greedy_allows(&l->tail, &m->greedy, &m->vocabulary, x->candidate);
}

/* The tokens of a cluster that do not come next; the candidate was refused. */
static uint64_t forbidden(const struct lane *l, const struct model *m,
			  const struct forward_input *x, unsigned cluster)
{
	uint64_t bits = greedy_forbids(&l->tail, &m->greedy, &m->vocabulary, cluster);
	if (x->candidate / CLUSTER_TOKENS == cluster)
		bits |= UINT64_C(1) << x->candidate % CLUSTER_TOKENS;
	return bits;
}

static void take_token(struct lane *l, const struct model *m, uint16_t token)
{
	greedy_update(&l->tail, &m->greedy, &m->vocabulary, token);
	l->last[2] = l->last[1];
	l->last[1] = l->last[0];
	l->last[0] = token;
	match_update(&l->match, token);
}

/* ---- contexts ---- */

/* The k-th token that a context is given. */
static uint16_t context_token(const struct model *m, uint64_t key, uint32_t k)
{
	uint32_t count = m->dictionary.count;
	if (count <= PRIME_TOKENS)
		return (uint16_t)prng_below(prng_at(key, k), m->shape.vocabulary);
	return m->dictionary.tokens[prng_below(prng_at(key, 0), count - PRIME_TOKENS) + k];
}

static void learn_context(struct generator_session *s, struct lane *l, uint32_t context)
{
	const struct model *m = s->generator->model;
	uint64_t key = prng_key(PRIME_NAME, context);

	for (uint32_t k = 0; k < PRIME_TOKENS; k++) {
		struct forward_input x = input_of(l, m);
		const struct forward_input *inputs[] = {&x};
		forward_step(s->forward, inputs, 1);
		take_token(l, m, context_token(m, key, k));
	}
}

static void copy_lane(struct lane *to, const struct lane *from, const struct model *m)
{
	int32_t *state = to->state;
	*to = *from;
	to->state = state;
	if (from->match.source == from->match.window)
		to->match.source = to->match.window;
	memcpy(state, from->state, state_words(m) * sizeof *state);
}

static void rnn_prime(struct generator_session *s, unsigned lane, uint32_t context)
{
	const struct model *m = s->generator->model;
	struct kept_context *k = &s->kept[context % (s->lane_count * KEPT_PER_LANE)];

	if (!k->used || k->context != context) {
		lane_begin(&k->lane, m);
		learn_context(s, &k->lane, context);
		k->context = context;
		k->used = true;
	}
	copy_lane(&s->lanes[lane], &k->lane, m);
	s->lanes[lane].tail.count = 0; /* the content is cut by itself */
}

/* ---- coding ---- */

static bool decode_hit(struct range_decoder *rc, uint32_t p)
{
	if (p == 0 || p == UINT32_C(1) << 16) /* sampled so: no choice is left */
		return p != 0;
	return range_decode(rc, p) != 0;
}

static unsigned decode_one_of(struct range_decoder *rc, const uint32_t *frequencies)
{
	uint32_t share = range_decode_share(rc), below = 0;
	unsigned i = 0;
	while (below + frequencies[i] <= share)
		below += frequencies[i++];
	range_decode_symbol(rc, below, frequencies[i]);
	return i;
}

static void encode_one_of(struct range_encoder *rc, const uint32_t *frequencies, unsigned symbol)
{
	uint32_t below = 0;
	for (unsigned i = 0; i < symbol; i++)
		below += frequencies[i];
	range_encode_symbol(rc, below, frequencies[symbol]);
}

static void put_token(struct generator_lane *to, const struct token *t)
{
	size_t n = to->nbytes - to->made;
	if (n > t->nbytes)
		n = t->nbytes;
	memcpy(to->out + to->made, t->bytes, n);
	to->made += n;
}

/* The next token of each lane. */
static void decode_tokens(struct generator_session *s, struct generator_lane *const *lanes,
			  unsigned count)
{
	const struct model *m = s->generator->model;
	struct forward_input inputs[KERNEL_BATCH_MAX];
	const struct forward_input *pointers[KERNEL_BATCH_MAX];
	uint16_t tokens[KERNEL_BATCH_MAX];
	unsigned open[KERNEL_BATCH_MAX], open_count = 0;

	for (unsigned k = 0; k < count; k++) {
		inputs[k] = input_of(&s->lanes[lanes[k]->index], m);
		pointers[k] = &inputs[k];
	}
	forward_step(s->forward, pointers, count);
	for (unsigned k = 0; k < count; k++) {
		tokens[k] = inputs[k].candidate;
		if (!is_offered(&s->lanes[lanes[k]->index], m, &inputs[k]) ||
		    !decode_hit(&lanes[k]->rc, forward_hit(s->forward, k, inputs[k].bucket)))
			open[open_count++] = k;
	}
	const uint32_t *clusters = forward_clusters(s->forward, open, open_count);
	for (unsigned i = 0; i < open_count; i++) {
		unsigned k = open[i];
		struct range_decoder *rc = &lanes[k]->rc;
		unsigned cluster = decode_one_of(
			rc, clusters + (size_t)i * (m->shape.vocabulary / CLUSTER_TOKENS));
		uint64_t others = forbidden(&s->lanes[lanes[k]->index], m, &inputs[k], cluster);
		unsigned token = decode_one_of(rc, forward_tokens(s->forward, k, cluster, others));
		tokens[k] = (uint16_t)(cluster * CLUSTER_TOKENS + token);
	}
	for (unsigned k = 0; k < count; k++) {
		put_token(lanes[k], &m->vocabulary.tokens[tokens[k]]);
		take_token(&s->lanes[lanes[k]->index], m, tokens[k]);
	}
}

static void rnn_decode(struct generator_session *s, struct generator_lane *const *lanes,
		       unsigned count)
{
	struct generator_lane *active[KERNEL_BATCH_MAX];

	memcpy(active, lanes, count * sizeof *active);
	for (unsigned done = 0; done < CALL_TOKENS && count > 0; done += count) {
		decode_tokens(s, active, count);
		unsigned kept = 0;
		for (unsigned k = 0; k < count; k++)
			if (active[k]->made < active[k]->nbytes)
				active[kept++] = active[k];
		count = kept;
	}
}

static void encode_token(struct generator_session *s, struct range_encoder *rc, uint16_t token)
{
	const struct model *m = s->generator->model;
	struct lane *l = &s->lanes[0];
	struct forward_input x = input_of(l, m);
	const struct forward_input *inputs[] = {&x};
	unsigned cluster = token / CLUSTER_TOKENS, first = 0;

	forward_step(s->forward, inputs, 1);
	if (is_offered(l, m, &x))
		range_encode(rc, x.candidate == token, forward_hit(s->forward, 0, x.bucket));
	if (x.candidate != token) {
		encode_one_of(rc, forward_clusters(s->forward, &first, 1), cluster);
		uint64_t others = forbidden(l, m, &x, cluster);
		encode_one_of(rc, forward_tokens(s->forward, 0, cluster, others),
			      token % CLUSTER_TOKENS);
	}
	take_token(l, m, token);
}

static void rnn_encode(struct generator_session *s, struct range_encoder *rc, const uint8_t *in,
		       size_t nbytes)
{
	const struct vocabulary *v = &s->generator->model->vocabulary;
	for (size_t at = 0; at < nbytes;) {
		uint16_t token = vocabulary_longest(v, in + at, nbytes - at);
		encode_token(s, rc, token);
		at += v->tokens[token].nbytes;
	}
}

static void rnn_end(struct generator_session *s, unsigned lane)
{
	(void)s;
	(void)lane; /* begin starts anew */
}

const struct generator_ops rnn_generator = {
	.name = "rnn",
	.train_minutes = RNN_TRAIN_MINUTES,
	.train = rnn_train,
	.recognises = rnn_recognises,
	.open = rnn_open,
	.close = rnn_close,
	.info = rnn_info,
	.session_open = rnn_session_open,
	.session_close = rnn_session_close,
	.sample = rnn_sample,
	.begin = rnn_begin,
	.prime = rnn_prime,
	.decode = rnn_decode,
	.encode = rnn_encode,
	.end = rnn_end,
};
