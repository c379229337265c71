/*
 * Any bytes as a model file of `rnn`; what opens must make contents without
 * harm. A whole file is too long to be found by chance, so that most inputs are
 * changes to a good one, whose digests are then made right:
 *
 *   0, BYTES                    the file itself, as it is and sealed
 *   1, then one after another:
 *     place (24 bits), n < 240, n % 16 + 1 bytes    what is there instead
 *     tensor (24 bits), n >= 240, value             all of a tensor's numbers
 *     0xffffff, n, BYTES                            the dictionary's frame
 */
#include <zstd.h>

#include "engines/generate/rnn/rnn.h"
#include "tests/rnn_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes);

#define LANES 3u
#define MADE_NBYTES 3u
#define NUMBERS_AT 64u
/* A frame of few bytes can stand for 256 MiB: right, but slow. */
#define DICTIONARY_NBYTES 65536u

static const struct generator_ops *const rnn = &rnn_generator;

static struct {
	struct shape shape;
	uint8_t *file;
	size_t nbytes, frame_at;
	struct tensors tensors;
	const struct tensor *list[TENSORS_MAX];
	unsigned tensor_count;
	size_t tensor_at[TENSORS_MAX];
} good;

/* The model that is changed; made once. */
static void make_good(void)
{
	if (good.file != NULL)
		return;
	setenv("GVR_CPU", "portable", 1);
	good.shape = rnn_model_shape(256, 64, 1);
	good.file = rnn_model_make(&good.shape, 300, &good.nbytes);
	tensors_layout(&good.tensors, &good.shape);
	good.tensor_count = tensors_list(&good.tensors, &good.shape, good.list);
	for (unsigned i = 0; i < good.tensor_count; i++)
		good.tensor_at[i] = rnn_model_tensor_at(&good.shape, i);
	good.frame_at = rnn_model_tensor_at(&good.shape, good.tensor_count);
}

/* ---- what becomes of a file ---- */

static void decode_all(struct generator_session *s, struct generator_lane *lanes)
{
	struct generator_lane *busy[LANES];
	for (;;) {
		unsigned count = 0;
		for (unsigned i = 0; i < LANES; i++)
			if (lanes[i].made < lanes[i].nbytes)
				busy[count++] = &lanes[i];
		if (count == 0)
			return;
		rnn->decode(s, busy, count);
	}
}

static void use(struct generator *g)
{
	struct generator_session *s;
	struct generator_lane lanes[LANES];
	uint8_t out[LANES][MADE_NBYTES];
	if (rnn->session_open(&s, g, LANES, NULL) != 0)
		return;
	for (unsigned i = 0; i < LANES; i++) {
		lanes[i] =
			(struct generator_lane){.index = i, .out = out[i], .nbytes = MADE_NBYTES};
		range_decoder_init_random(&lanes[i].rc, i);
		rnn->begin(s, i);
	}
	decode_all(s, lanes);
	rnn->session_close(s);
}

static void try_open(const uint8_t *bytes, size_t nbytes)
{
	struct generator *g;
	struct error e;
	if (rnn_open_memory(&g, bytes, nbytes, "fuzz", &e) != 0)
		return;
	use(g);
	rnn->close(g);
}

static void try_sealed(uint8_t *bytes, size_t nbytes)
{
	rnn_model_put(bytes + NUMBERS_AT + 16, nbytes, 8);
	rnn_model_seal(bytes, nbytes);
	try_open(bytes, nbytes);
}

static void try_raw(const uint8_t *data, size_t nbytes)
{
	uint8_t *copy = rnn_model_room(nbytes);
	memcpy(copy, data, nbytes);
	try_open(copy, nbytes);
	if (nbytes >= MODEL_HEADER_NBYTES)
		try_sealed(copy, nbytes);
	free(copy);
}

/* ---- changes ---- */

static void fill_tensor(uint8_t *file, unsigned i, uint8_t value)
{
	const struct tensor *t = good.list[i];
	uint8_t *to = file + good.tensor_at[i];
	size_t rows = t->kind == TENSOR_MATRIX ? padded_rows(t->rows) : t->rows;
	if (t->kind == TENSOR_BIAS) {
		for (size_t k = 0; k < rows * t->cols; k++)
			rnn_model_put(to + 4 * k, (uint32_t)((int8_t)value * (1 << 17)), 4);
	} else if (t->kind == TENSOR_TABLE) {
		memset(to, value, rows * t->cols);
	} else {
		memset(to + MODEL_ALIGNMENT, 255, rows);
		memset(to + MODEL_ALIGNMENT + aligned_nbytes(rows), value % 127 - 63,
		       rows * t->cols);
	}
}

/* The file ends with another frame; returns its length. */
static size_t put_frame(uint8_t *file, const uint8_t *frame, size_t nbytes)
{
	unsigned long long text_nbytes = ZSTD_getFrameContentSize(frame, nbytes);
	memset(file + good.frame_at, 0, aligned_nbytes(nbytes));
	memcpy(file + good.frame_at, frame, nbytes);
	rnn_model_put(file + NUMBERS_AT, text_nbytes, 8);
	rnn_model_put(file + NUMBERS_AT + 8, nbytes, 8);
	return good.frame_at + aligned_nbytes(nbytes);
}

/* Returns the file's length. */
static size_t change(uint8_t *file, const uint8_t *data, size_t nbytes)
{
	while (nbytes >= 5) {
		uint32_t at = data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16;
		size_t n = data[3] % 16 + 1u;
		uint8_t kind = data[3];
		data += 4;
		nbytes -= 4;
		if (at == 0xffffff)
			return put_frame(file, data, nbytes);
		if (kind >= 240) {
			fill_tensor(file, at % good.tensor_count, data[0]);
			n = 1;
		} else {
			at %= (uint32_t)good.nbytes;
			n = n > nbytes ? nbytes : n;
			n = n > good.nbytes - at ? good.nbytes - at : n;
			memcpy(file + at, data, n);
		}
		data += n;
		nbytes -= n;
	}
	return good.nbytes;
}

static uint64_t dictionary_nbytes(const uint8_t *file)
{
	uint64_t n = 0;
	for (unsigned i = 0; i < 8; i++)
		n |= (uint64_t)file[NUMBERS_AT + i] << (8 * i);
	return n;
}

static void try_changed(const uint8_t *data, size_t nbytes)
{
	uint8_t *work = rnn_model_room(good.nbytes + aligned_nbytes(nbytes));
	memcpy(work, good.file, good.nbytes);
	size_t file_nbytes = change(work, data, nbytes);
	uint64_t text = dictionary_nbytes(work);
	if (text <= DICTIONARY_NBYTES || text > DICTIONARY_NBYTES_MAX) {
		uint8_t *exact = rnn_model_room(file_nbytes);
		memcpy(exact, work, file_nbytes);
		try_sealed(exact, file_nbytes);
		free(exact);
	}
	free(work);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes)
{
	make_good();
	if (nbytes == 0)
		return 0;
	if (data[0] == 0)
		try_raw(data + 1, nbytes - 1);
	else
		try_changed(data + 1, nbytes - 1);
	return 0;
}
