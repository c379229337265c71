#include "engines/generate/cm/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xxhash.h>
#include <zstd.h>

#include "engines/generate/cm/memory.h"
#include "engines/little_endian.h"
#include "workloads/file.h"

static const uint8_t MAGIC[8] = "gvr-cm\r\n";
#define VERSION 2u
#define LEVEL 12 /* of zstd: little is gained above */
#define WINDOW_LOG 25

/* What the tables may take of a file, so that text has the rest. */
#define TABLES_FRAME_NBYTES_MAX (MODEL_NBYTES_MAX / 4 * 3)

bool cm_recognises(const uint8_t magic[8])
{
	return memcmp(magic, MAGIC, sizeof MAGIC) == 0;
}

/* ---- numbers ---- */

/* Numbers of one width between memory and file, either way. */
static void copy_le(void *to, const void *from, size_t nbytes, unsigned width)
{
	uint8_t *out = to;
	const uint8_t *in = from;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	(void)width;
	memcpy(out, in, nbytes);
#else
	for (size_t i = 0; i < nbytes; i++)
		out[i] = in[i / width * width + (width - 1 - i % width)];
#endif
}

/* ---- tables ---- */

/* What follows the weights in struct small. */
#define SMALL_WORDS_NBYTES (sizeof(struct small) - sizeof((struct small *)0)->weights)
static_assert(SMALL_WORDS_NBYTES == 4 * (MIXER_SETS * MIXERS + MATCHES * MATCH_STATES) &&
		      sizeof(evidence_table) == CONTEXTS * 1024,
	      "no padding in what is stored");
#define TABLES_NBYTES (sizeof(struct small) + sizeof(evidence_table) + FROZEN_NBYTES)

static void tables_pack(uint8_t *out, const struct frozen *f)
{
	const struct small *s = &f->small;
	copy_le(out, s->weights, sizeof s->weights, 2);
	copy_le(out + sizeof s->weights, s->final_weights, SMALL_WORDS_NBYTES, 4);
	out += sizeof *s;
	copy_le(out, f->evidence, sizeof f->evidence, 2);
	out += sizeof f->evidence;
	copy_le(out, f->arena + APM_AT, APM_NBYTES, 2);
	memcpy(out + APM_NBYTES, f->arena + TRAINED_AT, TRAINED_NBYTES);
}

static void tables_unpack(struct frozen *f, const uint8_t *in)
{
	struct small *s = &f->small;
	copy_le(s->weights, in, sizeof s->weights, 2);
	copy_le(s->final_weights, in + sizeof s->weights, SMALL_WORDS_NBYTES, 4);
	in += sizeof *s;
	copy_le(f->evidence, in, sizeof f->evidence, 2);
	in += sizeof f->evidence;
	copy_le(f->arena + APM_AT, in, APM_NBYTES, 2);
	memcpy(f->arena + TRAINED_AT, in + APM_NBYTES, TRAINED_NBYTES);
}

static bool weights_within(const int16_t *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (values[i] > WEIGHT_MAX || values[i] < -WEIGHT_MAX)
			return false;
	return true;
}

static bool all_within(const int32_t *values, size_t count, int32_t max)
{
	for (size_t i = 0; i < count; i++)
		if (values[i] > max || values[i] < -max)
			return false;
	return true;
}

/* Whatever else the tables hold is safe to compute with. */
static bool tables_valid(const struct frozen *f)
{
	const struct small *s = &f->small;
	if (!weights_within(&s->weights[0][0][0], sizeof s->weights / sizeof(int16_t)) ||
	    !all_within(&s->final_weights[0][0], sizeof s->final_weights / sizeof(int32_t),
			FINAL_WEIGHT_MAX))
		return false;
	const struct evidence *v = &f->evidence[0][0];
	for (size_t i = 0; i < CONTEXTS * HISTORY_STATES; i++)
		if (v[i].logit > INPUT_MAX || v[i].logit < -INPUT_MAX || v[i].lean > INPUT_MAX ||
		    v[i].lean < -INPUT_MAX)
			return false;
	return true;
}

/* ---- text ---- */

/* The documents from `first` on: where they end, then their bytes. */
static uint8_t *text_pack(const struct text *t, uint32_t first, size_t *nbytes)
{
	uint32_t count = t->document_count - first;
	uint32_t begin = first > 0 ? t->ends[first - 1] : 0;
	*nbytes = (size_t)4 * count + (t->nbytes - begin);
	uint8_t *out = malloc(*nbytes > 0 ? *nbytes : 1);
	if (out == NULL)
		return NULL;
	for (uint32_t i = 0; i < count; i++)
		put_le(out + (size_t)4 * i, t->ends[first + i] - begin, 4);
	if (t->nbytes > begin)
		memcpy(out + (size_t)4 * count, t->bytes + begin, t->nbytes - begin);
	return out;
}

static int text_unpack(struct text *t, const uint8_t *in, uint32_t count, uint32_t nbytes)
{
	int err = text_init(t, nbytes, count);
	if (err)
		return err;
	uint32_t last = 0;
	for (uint32_t i = 0; i < count; i++) {
		t->ends[i] = (uint32_t)get_le(in + (size_t)4 * i, 4);
		if (t->ends[i] < last || t->ends[i] > nbytes)
			goto bad;
		last = t->ends[i];
	}
	if (last != nbytes)
		goto bad;
	if (nbytes > 0)
		memcpy(t->bytes, in + (size_t)4 * count, nbytes);
	while (t->document_count < count)
		text_add_document(t);
	return 0;
bad:
	text_fini(t);
	return -EBADMSG;
}

/* ---- frames ---- */

struct frame {
	uint8_t *bytes; /* compressed */
	size_t nbytes;
	uint64_t digest; /* of what it holds */
};

static int frame_pack(struct frame *f, const uint8_t *in, size_t nbytes)
{
	size_t capacity = ZSTD_compressBound(nbytes);
	*f = (struct frame){.bytes = malloc(capacity), .digest = XXH3_64bits(in, nbytes)};
	ZSTD_CCtx *c = ZSTD_createCCtx();
	size_t result = (size_t)-1;
	if (f->bytes != NULL && c != NULL) {
		ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, LEVEL);
		ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, WINDOW_LOG);
		result = ZSTD_compress2(c, f->bytes, capacity, in, nbytes);
	}
	ZSTD_freeCCtx(c);
	if (!ZSTD_isError(result)) {
		f->nbytes = result;
		return 0;
	}
	free(f->bytes);
	f->bytes = NULL;
	return -ENOMEM;
}

static int frame_unpack(const uint8_t *frame, size_t frame_nbytes, uint8_t **out, size_t nbytes)
{
	if (ZSTD_getFrameContentSize(frame, frame_nbytes) != nbytes)
		return -EBADMSG;
	*out = malloc(nbytes > 0 ? nbytes : 1);
	if (*out == NULL)
		return -ENOMEM;
	if (ZSTD_decompress(*out, nbytes, frame, frame_nbytes) == nbytes)
		return 0;
	free(*out);
	return -EBADMSG;
}

static int tables_frame(struct frame *f, const struct frozen *frozen)
{
	uint8_t *raw = malloc(TABLES_NBYTES);
	if (raw == NULL)
		return -ENOMEM;
	tables_pack(raw, frozen);
	int err = frame_pack(f, raw, TABLES_NBYTES);
	free(raw);
	return err;
}

/* Forgets the contexts that were seen no more than so many times. */
static void tables_forget(struct frozen *frozen, const struct history_table *t, unsigned total)
{
	uint8_t *slots = frozen->arena + TRAINED_AT;
	for (size_t at = 0; at < TRAINED_NBYTES; at += SLOT_NBYTES)
		if (t->total[slots[at + 1]] <= total)
			memset(slots + at, 0, SLOT_NBYTES);
}

/* The tables' frame in at most max bytes: if it is larger, the contexts that
 * were seen least are forgotten. */
static int tables_frame_fit(struct frame *f, struct frozen *frozen, size_t max)
{
	struct history_table t;
	history_table_init(&t);
	for (unsigned total = 1;; total++) {
		int err = tables_frame(f, frozen);
		if (err || f->nbytes <= max)
			return err;
		free(f->bytes);
		tables_forget(frozen, &t, total);
	}
}

static int text_frame(struct frame *f, const struct text *t, uint32_t first)
{
	size_t nbytes;
	uint8_t *raw = text_pack(t, first, &nbytes);
	if (raw == NULL)
		return -ENOMEM;
	int err = frame_pack(f, raw, nbytes);
	free(raw);
	return err;
}

/* The text's frame in at most max bytes: of what is too much, a little more
 * than its share of the documents goes, and it is tried again. */
static int text_frame_fit(struct frame *f, const struct text *t, uint32_t *first, size_t max)
{
	*first = 0;
	for (;;) {
		int err = text_frame(f, t, *first);
		if (err || f->nbytes <= max)
			return err;
		uint32_t begin = *first > 0 ? t->ends[*first - 1] : 0;
		uint64_t left = (uint64_t)(t->nbytes - begin) * max / f->nbytes / 16 * 15;
		while (*first < t->document_count && t->nbytes - t->ends[*first] > left)
			++*first;
		++*first; /* document_count at most: its frame is a few bytes */
		free(f->bytes);
	}
}

/* ---- writing ---- */

static uint64_t content_digest(uint64_t tables, uint64_t text)
{
	uint8_t both[16];
	put_le(both, tables, 8);
	put_le(both + 8, text, 8);
	return XXH3_64bits(both, sizeof both);
}

uint64_t model_checksum(const uint8_t *bytes, size_t nbytes)
{
	return XXH3_64bits_withSeed(bytes + MODEL_HEADER_NBYTES, nbytes - MODEL_HEADER_NBYTES,
				    XXH3_64bits(bytes, MODEL_CHECKSUM_AT));
}

static int write_frames(const char *path, const struct text *t, uint32_t first,
			const struct frame *tables, const struct frame *text, struct error *e)
{
	size_t nbytes = MODEL_HEADER_NBYTES + tables->nbytes + text->nbytes;
	uint8_t *file = malloc(nbytes);
	if (file == NULL)
		return error_set(e, -ENOMEM, "%s: out of memory", path);
	memcpy(file, MAGIC, sizeof MAGIC);
	put_le(file + 8, VERSION, 4);
	put_le(file + 12, t->document_count - first, 4);
	put_le(file + 16, t->nbytes - (first > 0 ? t->ends[first - 1] : 0), 8);
	put_le(file + 24, tables->nbytes, 8);
	put_le(file + 32, text->nbytes, 8);
	put_le(file + 40, content_digest(tables->digest, text->digest), 8);
	memcpy(file + MODEL_HEADER_NBYTES, tables->bytes, tables->nbytes);
	memcpy(file + MODEL_HEADER_NBYTES + tables->nbytes, text->bytes, text->nbytes);
	put_le(file + MODEL_CHECKSUM_AT, model_checksum(file, nbytes), 8);
	int err = file_write(path, &(struct file_part){file, nbytes}, 1, e);
	free(file);
	return err;
}

int model_write(const char *path, struct frozen *frozen, const struct text *text, struct error *e)
{
	struct frame tables, kept;
	uint32_t first;
	int err = tables_frame_fit(&tables, frozen, TABLES_FRAME_NBYTES_MAX);
	if (err)
		return error_set(e, err, "%s: out of memory", path);
	err = text_frame_fit(&kept, text, &first,
			     MODEL_NBYTES_MAX - MODEL_HEADER_NBYTES - tables.nbytes);
	if (err) {
		error_set(e, err, "%s: out of memory", path);
		goto free_tables;
	}
	err = write_frames(path, text, first, &tables, &kept, e);
	free(kept.bytes);
free_tables:
	free(tables.bytes);
	return err;
}

/* ---- reading ---- */

struct header {
	uint32_t documents;
	uint64_t text_nbytes, tables_frame_nbytes, text_frame_nbytes, digest;
};

static const char *header_read(struct header *h, const uint8_t *bytes, size_t nbytes)
{
	if (nbytes < MODEL_HEADER_NBYTES || memcmp(bytes, MAGIC, sizeof MAGIC) != 0)
		return "not a cm model";
	if (get_le(bytes + 8, 4) != VERSION)
		return "a cm model of another version";
	if (get_le(bytes + MODEL_CHECKSUM_AT, 8) != model_checksum(bytes, nbytes))
		return "damaged (its checksum is wrong)";
	*h = (struct header){
		.documents = (uint32_t)get_le(bytes + 12, 4),
		.text_nbytes = get_le(bytes + 16, 8),
		.tables_frame_nbytes = get_le(bytes + 24, 8),
		.text_frame_nbytes = get_le(bytes + 32, 8),
		.digest = get_le(bytes + 40, 8),
	};
	uint64_t rest = nbytes - MODEL_HEADER_NBYTES;
	if (h->tables_frame_nbytes > rest ||
	    h->text_frame_nbytes != rest - h->tables_frame_nbytes ||
	    h->text_nbytes > TEXT_NBYTES_MAX || h->documents > h->text_nbytes)
		return "damaged (its sizes are wrong)";
	return NULL;
}

static int read_tables(const uint8_t *frame, size_t frame_nbytes, struct frozen *frozen,
		       uint64_t *digest)
{
	uint8_t *raw;
	int err = frame_unpack(frame, frame_nbytes, &raw, TABLES_NBYTES);
	if (err)
		return err;
	*digest = XXH3_64bits(raw, TABLES_NBYTES);
	frozen->arena = memory_alloc(FROZEN_NBYTES);
	if (frozen->arena == NULL) {
		err = -ENOMEM;
		goto free_raw;
	}
	tables_unpack(frozen, raw);
	if (!tables_valid(frozen)) {
		free(frozen->arena);
		err = -EBADMSG;
	}
free_raw:
	free(raw);
	return err;
}

static int read_text(const uint8_t *frame, const struct header *h, struct text *text,
		     uint64_t *digest)
{
	size_t nbytes = (size_t)4 * h->documents + h->text_nbytes;
	uint8_t *raw;
	int err = frame_unpack(frame, h->text_frame_nbytes, &raw, nbytes);
	if (err)
		return err;
	*digest = XXH3_64bits(raw, nbytes);
	err = text_unpack(text, raw, h->documents, (uint32_t)h->text_nbytes);
	free(raw);
	return err;
}

static int read_error(struct error *e, int err, const char *name)
{
	if (err == -ENOMEM)
		return error_set(e, err, "%s: out of memory", name);
	return error_set(e, err, "%s: damaged (what it holds is wrong); remove it and train anew",
			 name);
}

int model_read(const uint8_t *bytes, size_t nbytes, const char *name, struct frozen *frozen,
	       struct text *text, uint64_t *digest, struct error *e)
{
	struct header h;
	uint64_t tables_digest, text_digest;
	const char *wrong = header_read(&h, bytes, nbytes);
	if (wrong != NULL)
		return error_set(e, -EBADMSG, "%s: %s; remove it and train anew", name, wrong);
	const uint8_t *frames = bytes + MODEL_HEADER_NBYTES;
	int err = read_tables(frames, h.tables_frame_nbytes, frozen, &tables_digest);
	if (err)
		return read_error(e, err, name);
	err = read_text(frames + h.tables_frame_nbytes, &h, text, &text_digest);
	if (err)
		goto free_arena;
	*digest = content_digest(tables_digest, text_digest);
	if (*digest == h.digest)
		return 0;
	err = -EBADMSG;
	text_fini(text);
free_arena:
	free(frozen->arena);
	return read_error(e, err, name);
}
