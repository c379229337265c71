#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>

#include "engines/generate/rnn/kernel.h"
#include "engines/generate/rnn/model.h"
#include "engines/generate/rnn/model_file.h"
#include "engines/little_endian.h"
#include "workloads/file.h"

/* The file grows here; out.nbytes stays a multiple of the alignment. */
struct out {
	uint8_t *bytes;
	size_t nbytes, capacity;
};

static uint8_t *extend(struct out *o, size_t nbytes)
{
	size_t need = o->nbytes + aligned_nbytes(nbytes);
	if (need > o->capacity) {
		size_t capacity = need * 2;
		uint8_t *bytes = realloc(o->bytes, capacity);
		if (bytes == NULL)
			return NULL;
		memset(bytes + o->nbytes, 0, capacity - o->nbytes);
		o->bytes = bytes;
		o->capacity = capacity;
	}
	uint8_t *at = o->bytes + o->nbytes;
	o->nbytes = need;
	return at;
}

static int8_t limited(float value, int max)
{
	int x = (int)rintf(value);
	return (int8_t)(x > max ? max : x < -max ? -max : x);
}

static int put_table(struct out *o, const float *parameters, const struct tensor *t)
{
	size_t count = (size_t)t->rows * t->cols;
	uint8_t *to = extend(o, count);
	for (size_t i = 0; to != NULL && i < count; i++)
		to[i] = (uint8_t)limited(parameters[t->at + i] * 32, 127);
	return to == NULL ? -ENOMEM : 0;
}

static int put_bias(struct out *o, const float *parameters, const struct tensor *t)
{
	size_t count = (size_t)t->rows * t->cols;
	uint8_t *to = extend(o, 4 * count);
	for (size_t i = 0; to != NULL && i < count; i++) {
		float x = rintf(parameters[t->at + i] * 1024);
		x = x > BIAS_MAX ? BIAS_MAX : x < -BIAS_MAX ? -BIAS_MAX : x;
		put_le(to + 4 * i, (uint32_t)(int32_t)x, 4);
	}
	return to == NULL ? -ENOMEM : 0;
}

static int put_matrix(struct out *o, const float *parameters, const struct tensor *t,
		      unsigned unit_log)
{
	uint32_t rows = padded_rows(t->rows);
	unsigned shift = tensor_shift(parameters, t);
	float *rounded = malloc((t->at + (size_t)t->rows * t->cols) * sizeof *rounded);
	uint8_t *head = rounded != NULL ? extend(o, MODEL_ALIGNMENT) : NULL;
	if (head != NULL)
		put_le(head, shift + unit_log - 10, 4);
	uint8_t *multipliers = head != NULL ? extend(o, rows) : NULL;
	for (uint32_t r = 0; multipliers != NULL && r < t->rows; r++)
		multipliers[r] = (uint8_t)tensor_row_multiplier(
			parameters + t->at + (size_t)r * t->cols, t->cols, shift);
	size_t multipliers_at = multipliers != NULL ? (size_t)(multipliers - o->bytes) : 0;
	uint8_t *weights = multipliers != NULL ? extend(o, (size_t)rows * t->cols) : NULL;
	if (weights != NULL)
		tensor_round_rows(rounded, parameters, t, shift, 0, t->rows);
	for (uint32_t r = 0; weights != NULL && r < t->rows; r++) {
		float scale = ldexpf((float)o->bytes[multipliers_at + r], -(int)shift);
		for (uint32_t c = 0; c < t->cols; c++)
			weights[kernel_packed_index(rows, t->cols, r, c)] = (uint8_t)limited(
				rounded[t->at + (size_t)r * t->cols + c] / scale, WEIGHT_MAX);
	}
	free(rounded);
	return weights == NULL ? -ENOMEM : 0;
}

static int put_tokens(struct out *o, const struct vocabulary *v)
{
	uint8_t *to = extend(o, (size_t)v->count * (1 + TOKEN_NBYTES_MAX));
	for (uint32_t i = 0; to != NULL && i < v->count; i++, to += 1 + TOKEN_NBYTES_MAX) {
		to[0] = v->tokens[i].nbytes;
		memcpy(to + 1, v->tokens[i].bytes, v->tokens[i].nbytes);
	}
	return to == NULL ? -ENOMEM : 0;
}

static int put_tensors(struct out *o, const struct model_parts *p)
{
	struct tensors t;
	const struct tensor *list[TENSORS_MAX];
	int err = 0;

	tensors_layout(&t, p->shape);
	unsigned count = tensors_list(&t, p->shape, list);
	for (unsigned i = 0; i < count && err == 0; i++)
		switch (list[i]->kind) {
		case TENSOR_TABLE:
			err = put_table(o, p->parameters, list[i]);
			break;
		case TENSOR_BIAS:
			err = put_bias(o, p->parameters, list[i]);
			break;
		case TENSOR_MATRIX:
			err = put_matrix(o, p->parameters, list[i],
					 tensor_input_unit_log(&t, p->shape, list[i]));
			break;
		}
	return err;
}

static int put_dictionary(struct out *o, const struct model_parts *p, size_t *frame_nbytes)
{
	size_t capacity = ZSTD_compressBound(p->dictionary_nbytes);
	uint8_t *frame = malloc(capacity);
	ZSTD_CCtx *c = ZSTD_createCCtx();
	size_t n = (size_t)-1;

	if (frame != NULL && c != NULL) {
		ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, MODEL_ZSTD_LEVEL);
		ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, MODEL_ZSTD_WINDOW_LOG);
		n = ZSTD_compress2(c, frame, capacity, p->dictionary, p->dictionary_nbytes);
	}
	ZSTD_freeCCtx(c);
	uint8_t *to = ZSTD_isError(n) ? NULL : extend(o, n);
	if (to != NULL)
		memcpy(to, frame, n);
	free(frame);
	*frame_nbytes = n;
	return to == NULL ? -ENOMEM : 0;
}

static size_t tensor_nbytes(const struct tensor *t)
{
	size_t rows = t->rows, count = rows * t->cols;
	if (t->kind == TENSOR_TABLE)
		return aligned_nbytes(count);
	if (t->kind == TENSOR_BIAS)
		return aligned_nbytes(4 * count);
	rows = padded_rows(t->rows);
	return MODEL_ALIGNMENT + aligned_nbytes(rows) + aligned_nbytes(rows * t->cols);
}

size_t model_network_nbytes(const struct shape *s)
{
	struct tensors t;
	const struct tensor *list[TENSORS_MAX];
	size_t nbytes = MODEL_HEADER_NBYTES +
			aligned_nbytes((size_t)s->vocabulary * (1 + TOKEN_NBYTES_MAX));

	tensors_layout(&t, s);
	unsigned count = tensors_list(&t, s, list);
	for (unsigned i = 0; i < count; i++)
		nbytes += tensor_nbytes(list[i]);
	return nbytes;
}

int model_write_file(const char *path, const struct model_parts *p, struct error *e)
{
	struct out o = {0};
	struct model_header h = {.shape = *p->shape,
				 .dictionary_nbytes = p->dictionary_nbytes,
				 .trained_on = p->trained_on};
	size_t frame_nbytes = 0;

	int err = extend(&o, MODEL_HEADER_NBYTES) == NULL ? -ENOMEM : 0;
	if (err == 0)
		err = put_tokens(&o, p->vocabulary);
	if (err == 0)
		err = put_tensors(&o, p);
	if (err == 0)
		err = put_dictionary(&o, p, &frame_nbytes);
	if (err == 0) {
		h.dictionary_frame_nbytes = frame_nbytes;
		h.file_nbytes = o.nbytes;
		h.digest =
			XXH3_64bits(o.bytes + MODEL_HEADER_NBYTES, o.nbytes - MODEL_HEADER_NBYTES);
		model_header_pack(o.bytes, &h);
		err = file_write(path, &(struct file_part){o.bytes, o.nbytes}, 1, e);
	} else {
		error_set(e, err, "%s: out of memory", path);
	}
	free(o.bytes);
	return err;
}
