#include "engines/generate/cm/cm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engines/generate/cm/coding.h"
#include "engines/generate/cm/file.h"
#include "engines/generate/cm/memory.h"
#include "engines/generate/cm/select.h"
#include "engines/generate/cm/train.h"
#include "workloads/file.h"
#include "workloads/prng.h"

/* How much of the text a context learns. */
#define PRIME_NBYTES 384u
#define PRIME_RANDOM_NBYTES 64u
#define PRIME_NAME UINT64_C(0x7072696d65)

/* Bytes of one decode: some 50 us. */
#define SLICE_NBYTES 48u

/* Within a content mixers adapt faster than at the end of training: there are
 * few bytes to do it in. */
static const struct rates SERVING_RATES = {.mixer = 100, .final = 20, .cell_count_max = 255};

struct generator {
	struct frozen frozen;
	struct text text;
	struct tables tables;
	uint64_t model_nbytes, digest;
};

struct generator_session {
	const struct generator *generator;
	struct predictor predictor;
};

/* ---- training ---- */

static int train_and_write(struct frozen *frozen, struct text *text, uint32_t document_count,
			   const char *path, const struct progress *progress, struct error *e)
{
	struct tables *tables = malloc(sizeof *tables);
	if (tables == NULL)
		return error_set(e, -ENOMEM, "%s: out of memory", path);
	tables_init(tables);
	int err = train_model(frozen, text, document_count, tables, progress);
	free(tables);
	if (err)
		return error_set(e, err, "%s: %s", path,
				 err == -ECANCELED ? "training was stopped" : "out of memory");
	return model_write(path, frozen, text, e);
}

static int cm_train(const struct corpus *corpus, const char *path, const struct training *training,
		    const struct progress *progress, struct error *e)
{
	(void)training; /* one pass over the documents, always */
	struct text text;
	uint32_t document_count;
	int err = select_documents(&text, &document_count, corpus, progress, e);
	if (err)
		return err;
	struct frozen *frozen = memory_alloc(sizeof *frozen);
	uint8_t *arena = memory_alloc(FROZEN_NBYTES);
	if (frozen == NULL || arena == NULL) {
		err = error_set(e, -ENOMEM, "%s: out of memory", path);
		goto done;
	}
	frozen->arena = arena;
	err = train_and_write(frozen, &text, document_count, path, progress, e);
done:
	free(arena);
	free(frozen);
	text_fini(&text);
	return err;
}

/* ---- the open model ---- */

int cm_open_memory(struct generator **out, const uint8_t *bytes, size_t nbytes, const char *name,
		   struct error *e)
{
	struct generator *g = memory_alloc(sizeof *g);
	if (g == NULL)
		return error_set(e, -ENOMEM, "%s: out of memory", name);
	int err = model_read(bytes, nbytes, name, &g->frozen, &g->text, &g->digest, e);
	if (err) {
		free(g);
		return err;
	}
	tables_init(&g->tables);
	g->model_nbytes = nbytes;
	*out = g;
	return 0;
}

static int open_error(struct error *e, int err, const char *path)
{
	if (err == -ENOENT)
		return error_set(e, err, "%s: there is no such model; make one with gvr train",
				 path);
	return error_set(e, err, "%s: cannot read the model: %s%s", path, strerror(-err),
			 error_remedy(err));
}

/* The whole of a file that may be a model. */
static int read_file(const char *path, uint8_t **bytes, size_t *nbytes, struct error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return open_error(e, -errno, path);
	struct stat st;
	int err = fstat(fd, &st) != 0 ? -errno : 0;
	*nbytes = err ? 0 : (size_t)st.st_size;
	*bytes = NULL;
	if (err == 0 && (!S_ISREG(st.st_mode) || *nbytes > MODEL_NBYTES_MAX)) {
		err = error_set(e, -EBADMSG,
				"%s: not a cm model; name the file that gvr train wrote", path);
		goto close_fd;
	}
	if (err == 0)
		*bytes = malloc(*nbytes + 1);
	if (err == 0) {
		ssize_t n = *bytes == NULL ? -ENOMEM : file_read_up_to(fd, *bytes, *nbytes);
		err = n < 0 ? (int)n : 0;
		*nbytes = err ? 0 : (size_t)n; /* a shorter one is no model, which is told */
	}
	if (err) {
		free(*bytes);
		open_error(e, err, path);
	}
close_fd:
	close(fd);
	return err;
}

static int cm_open(struct generator **out, const char *path, struct error *e)
{
	uint8_t *bytes = NULL;
	size_t nbytes = 0;
	int err = read_file(path, &bytes, &nbytes, e);
	if (err)
		return err;
	err = cm_open_memory(out, bytes, nbytes, path, e);
	free(bytes);
	return err;
}

static void cm_close(struct generator *g)
{
	text_fini(&g->text);
	free(g->frozen.arena);
	free(g);
}

static void cm_info(const struct generator *g, struct generator_info *info)
{
	*info = (struct generator_info){
		.model_bytes = g->model_nbytes,
		.model_digest = g->digest,
		.resident_bytes =
			sizeof *g + FROZEN_NBYTES + text_memory_nbytes(&g->text, g->text.nbytes),
		.session_bytes =
			sizeof(struct generator_session) + WINDOW_NBYTES + arena_memory_nbytes(),
		.lanes_max = 1,
		.macs_per_byte = 8.0 * MIXERS * (INPUTS + 1),
		.tokens_per_byte = 1,
	};
}

/* ---- sessions ---- */

static int cm_session_open(struct generator_session **out, struct generator *g, unsigned lanes,
			   struct error *e)
{
	(void)lanes; /* there is one */
	struct generator_session *s = memory_alloc(sizeof *s);
	if (s == NULL)
		return error_set(e, -ENOMEM, "out of memory for a session of the generator");
	s->generator = g;
	int err = predictor_init(&s->predictor, &g->frozen, &g->tables, &g->text, 0);
	if (err) {
		free(s);
		return error_set(e, err, "out of memory for a session of the generator");
	}
	s->predictor.rates = SERVING_RATES;
	*out = s;
	return 0;
}

static void cm_session_close(struct generator_session *s)
{
	predictor_fini(&s->predictor);
	free(s);
}

static void cm_begin(struct generator_session *s, unsigned lane)
{
	(void)lane;
	coding_begin(&s->predictor);
}

/* The context's document, from its beginning; the content then begins as a
 * document of its own, by a session that has just seen that one. */
static void cm_prime(struct generator_session *s, unsigned lane, uint32_t context)
{
	(void)lane;
	const struct text *t = &s->generator->text;
	uint8_t random[PRIME_RANDOM_NBYTES];
	uint64_t key = prng_key(PRIME_NAME, context);
	if (t->document_count == 0) {
		for (unsigned i = 0; i < PRIME_RANDOM_NBYTES; i++)
			random[i] = (uint8_t)prng_at(key, i);
		coding_learn(&s->predictor, random, sizeof random);
	} else {
		uint64_t k = prng_below(prng_at(key, 0), t->document_count);
		uint32_t begin = k > 0 ? t->ends[k - 1] : 0, rest = t->nbytes - begin;
		coding_learn(&s->predictor, t->bytes + begin,
			     rest < PRIME_NBYTES ? rest : PRIME_NBYTES);
	}
	coding_new_document(&s->predictor);
}

static void cm_decode(struct generator_session *s, struct generator_lane *const *lanes,
		      unsigned count)
{
	(void)count;
	struct generator_lane *lane = lanes[0];
	size_t n = lane->nbytes - lane->made;
	if (n > SLICE_NBYTES)
		n = SLICE_NBYTES;
	coding_decode(&s->predictor, &lane->rc, lane->out + lane->made, n);
	lane->made += n;
}

static void cm_encode(struct generator_session *s, struct range_encoder *rc, const uint8_t *in,
		      size_t nbytes)
{
	coding_encode(&s->predictor, rc, in, nbytes);
}

static void cm_end(struct generator_session *s, unsigned lane)
{
	(void)lane;
	predictor_undo(&s->predictor);
}

const struct generator_ops cm_generator = {
	.name = "cm",
	.train = cm_train,
	.recognises = cm_recognises,
	.open = cm_open,
	.close = cm_close,
	.info = cm_info,
	.session_open = cm_session_open,
	.session_close = cm_session_close,
	.begin = cm_begin,
	.prime = cm_prime,
	.decode = cm_decode,
	.encode = cm_encode,
	.end = cm_end,
};
