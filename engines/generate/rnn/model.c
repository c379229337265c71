#include "engines/generate/rnn/model.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>
#include <zstd.h>

#include "engines/generate/rnn/kernel.h"
#include "engines/generate/rnn/model_file.h"
#include "engines/little_endian.h"

/* What is left of the file to read. */
struct in {
	const uint8_t *bytes;
	size_t nbytes;
};

/* The next section, or NULL if the file is too short for it. */
static const uint8_t *section(struct in *in, size_t nbytes)
{
	const uint8_t *at = in->bytes;
	size_t all = aligned_nbytes(nbytes);
	if (all < nbytes || all > in->nbytes)
		return NULL;
	in->bytes += all;
	in->nbytes -= all;
	return at;
}

static int read_tokens(struct model *m, struct in *in)
{
	uint32_t count = m->shape.vocabulary;
	const uint8_t *from = section(in, (size_t)count * (1 + TOKEN_NBYTES_MAX));
	if (from == NULL)
		return -EBADMSG;
	struct token *tokens = calloc(count, sizeof *tokens);
	if (tokens == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++, from += 1 + TOKEN_NBYTES_MAX) {
		tokens[i].nbytes = from[0];
		memcpy(tokens[i].bytes, from + 1, TOKEN_NBYTES_MAX);
	}
	int err = vocabulary_init(&m->vocabulary, tokens, count);
	if (err != 0) {
		free(tokens);
		return err;
	}
	return greedy_tree_init(&m->greedy, &m->vocabulary);
}

static int read_table(const int8_t **table, struct in *in, const struct tensor *t)
{
	*table = (const int8_t *)section(in, (size_t)t->rows * t->cols);
	return *table == NULL ? -EBADMSG : 0;
}

static int read_bias(const int32_t **bias, struct in *in, const struct tensor *t)
{
	size_t count = (size_t)t->rows * t->cols;
	const uint8_t *from = section(in, 4 * count);
	if (from == NULL)
		return -EBADMSG;
	*bias = (const int32_t *)(const void *)from;
	for (size_t i = 0; i < count; i++)
		if ((*bias)[i] > BIAS_MAX || (*bias)[i] < -BIAS_MAX)
			return -EBADMSG;
	return 0;
}

static bool weights_within(const int8_t *weights, size_t count)
{
	int bad = 0;
	for (size_t i = 0; i < count; i++)
		bad |= weights[i] > WEIGHT_MAX || weights[i] < -WEIGHT_MAX;
	return bad == 0;
}

/* Inputs are u8, 128 more than what they stand for. */
static void sum_weights(struct matrix *x)
{
	for (uint32_t r = 0; r < x->rows; r++) {
		int32_t sum = 0;
		for (uint32_t c = 0; c < x->cols; c++)
			sum += x->weights[kernel_packed_index(x->rows, x->cols, r, c)];
		x->less[r] = 128 * sum;
	}
}

static int32_t *take(int32_t **at, size_t count)
{
	int32_t *p = *at;
	*at += (count + 15) & ~(size_t)15;
	return p;
}

static int read_matrix(struct matrix *x, struct in *in, const struct tensor *t, int32_t **memory)
{
	x->rows = padded_rows(t->rows);
	x->cols = t->cols;
	const uint8_t *head = section(in, MODEL_ALIGNMENT);
	const uint8_t *multipliers = section(in, x->rows);
	x->weights = (const int8_t *)section(in, (size_t)x->rows * x->cols);
	if (head == NULL || multipliers == NULL || x->weights == NULL)
		return -EBADMSG;
	x->shift = (unsigned)get_le(head, 4);
	if (x->shift < 2 || x->shift > 24 || !weights_within(x->weights, (size_t)x->rows * x->cols))
		return -EBADMSG;
	x->multiplier = take(memory, x->rows);
	x->less = take(memory, x->rows);
	for (uint32_t r = 0; r < x->rows; r++)
		x->multiplier[r] = multipliers[r];
	sum_weights(x);
	return 0;
}

/* The sections in the file's order, which is that of tensors_list. */
static int read_input(struct model *m, struct in *in, const struct tensors *t, int32_t **memory)
{
	int err = read_table(&m->token, in, &t->token);
	if (err == 0)
		err = read_table(&m->pair, in, &t->pair);
	if (err == 0)
		err = read_table(&m->triple, in, &t->triple);
	if (err == 0)
		err = read_table(&m->candidate, in, &t->candidate);
	if (err == 0)
		err = read_matrix(&m->in, in, &t->in, memory);
	if (err == 0)
		err = read_bias(&m->start, in, &t->start);
	return err;
}

static int read_layer(struct layer *l, struct in *in, const struct layer_tensors *t,
		      int32_t **memory)
{
	int err = read_matrix(&l->v, in, &t->v, memory);
	if (err == 0)
		err = read_bias(&l->v_bias, in, &t->v_bias);
	if (err == 0)
		err = read_matrix(&l->o, in, &t->o, memory);
	if (err == 0)
		err = read_matrix(&l->up, in, &t->up, memory);
	if (err == 0)
		err = read_bias(&l->up_bias, in, &t->up_bias);
	if (err == 0)
		err = read_matrix(&l->down, in, &t->down, memory);
	if (err == 0)
		memset(l->down.less, 0, l->down.rows * sizeof *l->down.less);
	return err;
}

static int read_output(struct model *m, struct in *in, const struct tensors *t, int32_t **memory)
{
	int err = read_matrix(&m->p, in, &t->p, memory);
	if (err == 0)
		err = read_matrix(&m->hit, in, &t->hit, memory);
	if (err == 0)
		err = read_bias(&m->hit_bias, in, &t->hit_bias);
	if (err == 0)
		err = read_matrix(&m->cluster, in, &t->cluster, memory);
	if (err == 0)
		err = read_bias(&m->cluster_bias, in, &t->cluster_bias);
	if (err == 0)
		err = read_matrix(&m->next, in, &t->next, memory);
	if (err == 0)
		err = read_bias(&m->next_bias, in, &t->next_bias);
	return err;
}

/* Room for the multipliers and sums of all matrices. */
static int make_memory(struct model *m, const struct tensors *t)
{
	const struct tensor *list[TENSORS_MAX];
	unsigned count = tensors_list(t, &m->shape, list);
	size_t words = 0;
	for (unsigned i = 0; i < count; i++)
		if (list[i]->kind == TENSOR_MATRIX)
			words += 2 * (size_t)padded_rows(list[i]->rows);
	m->memory_nbytes = words * sizeof *m->memory;
	m->memory = malloc(m->memory_nbytes);
	return m->memory == NULL ? -ENOMEM : 0;
}

static int read_tensors(struct model *m, struct in *in)
{
	struct tensors t;
	tensors_layout(&t, &m->shape);
	int err = make_memory(m, &t);
	int32_t *memory = m->memory;
	if (err == 0)
		err = read_input(m, in, &t, &memory);
	for (uint32_t l = 0; l < m->shape.layers && err == 0; l++)
		err = read_layer(&m->layer[l], in, &t.layer[l], &memory);
	if (err == 0)
		err = read_output(m, in, &t, &memory);
	return err;
}

static int cut_dictionary(struct model *m, const uint8_t *text, size_t nbytes)
{
	uint16_t *tokens = malloc((nbytes + 1) * sizeof *tokens);
	if (tokens == NULL)
		return -ENOMEM;
	uint32_t count = (uint32_t)vocabulary_cut(&m->vocabulary, text, nbytes, tokens);
	uint16_t *fitting = realloc(tokens, ((size_t)count + 1) * sizeof *tokens);
	tokens = fitting != NULL ? fitting : tokens;
	int err = match_text_init(&m->dictionary, tokens, count, false);
	if (err != 0)
		free(tokens);
	return err;
}

static int read_dictionary(struct model *m, struct in *in, const struct model_header *h)
{
	if (h->dictionary_nbytes > DICTIONARY_NBYTES_MAX ||
	    h->dictionary_frame_nbytes > MODEL_FILE_NBYTES_MAX)
		return -EBADMSG;
	size_t nbytes = (size_t)h->dictionary_nbytes;
	size_t frame_nbytes = (size_t)h->dictionary_frame_nbytes;
	const uint8_t *frame = section(in, frame_nbytes);
	if (frame == NULL || ZSTD_getFrameContentSize(frame, frame_nbytes) != nbytes)
		return -EBADMSG;
	uint8_t *text = malloc(nbytes + 1);
	if (text == NULL)
		return -ENOMEM;
	int err = ZSTD_decompress(text, nbytes, frame, frame_nbytes) != nbytes ? -EBADMSG : 0;
	if (err == 0)
		err = cut_dictionary(m, text, nbytes);
	if (err == 0 && nbytes > 0)
		m->tokens_per_byte = (double)m->dictionary.count / (double)nbytes;
	free(text);
	return err;
}

static int read_all(struct model *m, const uint8_t *bytes, size_t nbytes)
{
	struct model_header h;
	if (nbytes < MODEL_HEADER_NBYTES || !model_header_unpack(&h, bytes) ||
	    h.file_nbytes != nbytes)
		return -EBADMSG;
	struct in in = {bytes + MODEL_HEADER_NBYTES, nbytes - MODEL_HEADER_NBYTES};
	if (XXH3_64bits(in.bytes, in.nbytes) != h.digest)
		return -EBADMSG;
	m->shape = h.shape;
	m->file_nbytes = nbytes;
	m->trained_on = h.trained_on;
	m->digest = XXH3_64bits(bytes, nbytes);
	int err = read_tokens(m, &in);
	if (err == 0)
		err = read_tensors(m, &in);
	if (err == 0)
		err = read_dictionary(m, &in, &h);
	return err == 0 && in.nbytes != 0 ? -EBADMSG : err;
}

int model_open_memory(struct model **out, const uint8_t *bytes, size_t nbytes, const char *name,
		      struct error *e)
{
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	return error_set(e, -ENOTSUP, "%s: rnn needs a little-endian machine; use cm", name);
#endif
	struct model *m = calloc(1, sizeof *m);
	int err = m == NULL ? -ENOMEM : read_all(m, bytes, nbytes);
	if (err == 0) {
		*out = m;
		return 0;
	}
	if (m != NULL)
		model_close(m);
	if (err == -ENOMEM)
		return error_set(e, err, "%s: out of memory", name);
	return error_set(e, err,
			 "%s: not an rnn model of this version, or damaged; train it anew, or "
			 "take it from where it came",
			 name);
}

void model_close(struct model *m)
{
	greedy_tree_fini(&m->greedy);
	vocabulary_fini(&m->vocabulary);
	match_text_fini(&m->dictionary);
	free(m->memory);
	free(m);
}

uint64_t model_macs(const struct shape *s)
{
	uint64_t d = s->width, out = s->out_width;
	uint64_t layer = 3 * d * d + d * d + 2 * d * s->hidden;
	return d * shape_input(s) + s->layers * layer + d * out + KERNEL_BLOCK * out +
	       (s->vocabulary / CLUSTER_TOKENS + CLUSTER_TOKENS) * out;
}
