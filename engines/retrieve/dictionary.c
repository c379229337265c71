/* dictionary.c: training a zstd dictionary, and the file that keeps it. */
#define ZDICT_STATIC_LINKING_ONLY /* the cover trainer */
#include "engines/retrieve/codec.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>
#include <zdict.h>

#include "workloads/file.h"
#include "workloads/prng.h"

/* ---- the file: header, then the dictionary ---- */

#define HEADER_NBYTES 56
static const char magic[8] = "gvrdict\n";
#define FORMAT_VERSION 2
/* offsets: magic 0, version 8 (8 bytes), how 16 (16 bytes), digest of the
 * dictionary 32, fingerprint of its documents 40, digest of the header up to
 * here 48 */

static void put_le64(uint8_t *p, uint64_t x)
{
	for (unsigned i = 0; i < 8; i++)
		p[i] = (uint8_t)(x >> (8 * i));
}

static uint64_t get_le64(const uint8_t *p)
{
	uint64_t x = 0;
	for (unsigned i = 0; i < 8; i++)
		x |= (uint64_t)p[i] << (8 * i);
	return x;
}

static void make_header(uint8_t header[HEADER_NBYTES], const struct dictionary *d)
{
	memset(header, 0, HEADER_NBYTES);
	memcpy(header, magic, sizeof magic);
	put_le64(header + 8, FORMAT_VERSION);
	memcpy(header + 16, d->how, sizeof d->how);
	put_le64(header + 32, d->digest);
	put_le64(header + 40, d->trained_on);
	put_le64(header + 48, XXH3_64bits(header, 48));
}

/* 0 or -EBADMSG. d->bytes and d->nbytes are set; sets the rest. */
static int check_header(const uint8_t header[HEADER_NBYTES], struct dictionary *d)
{
	if (memcmp(header, magic, sizeof magic) != 0 || get_le64(header + 8) != FORMAT_VERSION)
		return -EBADMSG;
	if (get_le64(header + 48) != XXH3_64bits(header, 48) || header[16 + 15] != '\0')
		return -EBADMSG;
	memcpy(d->how, header + 16, sizeof d->how);
	d->digest = get_le64(header + 32);
	d->trained_on = get_le64(header + 40);
	return d->digest == XXH3_64bits(d->bytes, d->nbytes) ? 0 : -EBADMSG;
}

static int write_dictionary(const struct dictionary *d, const char *path, struct error *e)
{
	uint8_t header[HEADER_NBYTES];
	struct file_part parts[] = {{header, sizeof header}, {d->bytes, d->nbytes}};
	make_header(header, d);
	return file_write(path, parts, 2, e);
}

/* -EBADMSG: too short, not ours or changed. */
static int read_file(FILE *f, struct dictionary *d)
{
	uint8_t header[HEADER_NBYTES];
	struct stat st;
	if (fstat(fileno(f), &st) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size <= HEADER_NBYTES)
		return -EBADMSG;
	d->nbytes = (size_t)st.st_size - HEADER_NBYTES;
	d->bytes = malloc(d->nbytes);
	if (d->bytes == NULL)
		return -ENOMEM;
	if (fread(header, 1, sizeof header, f) != sizeof header ||
	    fread(d->bytes, 1, d->nbytes, f) != d->nbytes)
		return ferror(f) ? -EIO : -EBADMSG;
	return check_header(header, d);
}

int dictionary_read(struct dictionary *d, const char *path, struct error *e)
{
	memset(d, 0, sizeof *d);
	FILE *f = fopen(path, "rbe");
	if (f == NULL && errno == ENOENT)
		return error_set(e, -ENOENT, "%s: there is no dictionary; run: gvr load", path);
	if (f == NULL)
		return error_set(e, -errno, "%s: cannot open it: %s%s", path, strerror(errno),
				 error_remedy(-errno));
	int err = read_file(f, d);
	fclose(f);
	if (err == 0)
		return 0;
	dictionary_free(d);
	if (err == -EBADMSG)
		return error_set(e, err, "%s: damaged; run: gvr load, which makes it anew", path);
	return error_set(e, err, "%s: cannot read it: %s%s", path, strerror(-err),
			 error_remedy(err));
}

void dictionary_free(struct dictionary *d)
{
	free(d->bytes);
	memset(d, 0, sizeof *d);
}

/* ---- documents that were left out ---- */

static int follow(const char *path, uint64_t before, uint64_t now, struct error *e)
{
	struct dictionary d;
	int err = dictionary_read(&d, path, e);
	if (err == -EBADMSG || err == -ENOENT)
		return 0; /* made anew when it is wanted */
	if (err != 0)
		return err;
	if (d.trained_on == before) {
		d.trained_on = now;
		err = write_dictionary(&d, path, e);
	}
	dictionary_free(&d);
	return err;
}

static bool is_dictionary(const char *name)
{
	size_t nbytes = strlen(name);
	return strncmp(name, "dict-", 5) == 0 && nbytes > 10 &&
	       strcmp(name + nbytes - 5, ".gvrd") == 0;
}

int dictionary_follow(const char *dir, uint64_t before, uint64_t now, struct error *e)
{
	const struct dirent *entry;
	int err = 0;
	DIR *d = opendir(dir);
	if (d == NULL)
		return errno == ENOENT ? 0 : file_error(e, -errno, "cannot read the folder", dir);
	while (err == 0 && (entry = readdir(d)) != NULL) {
		char *path;
		if (!is_dictionary(entry->d_name))
			continue;
		if (asprintf(&path, "%s/%s", dir, entry->d_name) < 0) {
			err = error_set(e, -ENOMEM, "%s: out of memory", dir);
			break;
		}
		err = follow(path, before, now, e);
		free(path);
	}
	closedir(d);
	return err;
}

/* ---- training ---- */

/*
 * Chosen on man pages (982 documents, 6.3 MB; 131 held out, each compressed
 * alone at level 19), held-out bits per byte at 1 MiB:
 *   ZDICT_trainFromBuffer 1.634; fastCover, the best of 24 settings, 1.612;
 *   cover k 400, d 6 / 8 / 10 / 12 / 16: 1.608 / 1.600 / 1.595 / 1.591 / 1.596;
 *   the last 1 MiB of the documents 1.740.
 * Another split of them: ZDICT_trainFromBuffer 1.666, k 400 d 12 1.598. Other
 * sizes, ZDICT_trainFromBuffer against k 300 and 500 with d 12: at 110 KB 1.856,
 * 1.824 and 1.827; at 3 MiB 1.649, 1.509 and 1.510.
 */
#define COVER_K 400
#define COVER_D 12

/* The trainer takes some 12 times this in memory, and 40 seconds. */
#define SAMPLES_NBYTES_MAX ((uint64_t)32 << 20)

#define SAMPLE_KEY UINT64_C(0x67767264696374)

struct samples {
	uint8_t *bytes;	   /* one after the other */
	size_t *nbytes;	   /* of each */
	uint8_t *document; /* the one being read */
	uint64_t capacity, total_nbytes;
	unsigned count;
};

static void samples_free(struct samples *s)
{
	free(s->bytes);
	free(s->nbytes);
	free(s->document);
}

static int samples_alloc(struct samples *s, const struct corpus *corpus, uint64_t max_nbytes)
{
	uint64_t bytes = corpus_bytes(corpus, SPLIT_TRAINING);
	s->capacity = max_nbytes > SAMPLES_NBYTES_MAX ? max_nbytes : SAMPLES_NBYTES_MAX;
	if (s->capacity > bytes)
		s->capacity = bytes;
	s->bytes = malloc(s->capacity);
	s->nbytes = malloc(corpus_count(corpus, SPLIT_TRAINING) * sizeof *s->nbytes);
	s->document = malloc(corpus_nbytes_max(corpus, SPLIT_TRAINING));
	return s->bytes == NULL || s->nbytes == NULL || s->document == NULL ? -ENOMEM : 0;
}

static int samples_add(struct samples *s, const struct corpus *corpus, uint32_t document,
		       struct error *e)
{
	uint64_t nbytes = corpus->documents[document].nbytes;
	if (nbytes > s->capacity - s->total_nbytes)
		nbytes = s->capacity - s->total_nbytes;
	if (nbytes == 0)
		return 0;
	int err = corpus_read(corpus, document, s->document, e);
	if (err != 0)
		return err;
	memcpy(s->bytes + s->total_nbytes, s->document, nbytes);
	s->total_nbytes += nbytes;
	s->nbytes[s->count++] = nbytes;
	return 0;
}

/* All documents of the training split, or as many, drawn evenly and always the
 * same, as fill the capacity. */
static int samples_read(struct samples *s, const struct corpus *corpus,
			const struct progress *progress, struct error *e)
{
	uint32_t count = corpus_count(corpus, SPLIT_TRAINING);
	double share = (double)s->capacity / (double)corpus_bytes(corpus, SPLIT_TRAINING);
	for (uint32_t k = 0; k < count; k++) {
		if (share < 1 && prng_unit(prng_at(SAMPLE_KEY, k)) >= share)
			continue;
		if (progress_step(progress, "reading documents for the dictionary", k, count) != 0)
			return error_set(e, -ECANCELED,
					 "the training of the dictionary was stopped");
		int err = samples_add(s, corpus, corpus_at(corpus, SPLIT_TRAINING, k), e);
		if (err != 0)
			return err;
	}
	/* few large documents: none may have been drawn */
	for (uint32_t k = 0; k < count && s->total_nbytes == 0; k++) {
		int err = samples_add(s, corpus, corpus_at(corpus, SPLIT_TRAINING, k), e);
		if (err != 0)
			return err;
	}
	return 0;
}

/* Documents may by chance begin like a trained dictionary, which zstd would
 * then take them for. */
static void take_raw(struct dictionary *d, const struct samples *s, size_t max_nbytes)
{
	static const uint8_t trained[4] = {0x37, 0xa4, 0x30, 0xec};
	size_t skip = s->total_nbytes >= 4 && memcmp(s->bytes, trained, 4) == 0 ? 1 : 0;
	size_t left = s->total_nbytes - skip;
	d->nbytes = left < max_nbytes ? left : max_nbytes;
	memcpy(d->bytes, s->bytes + skip, d->nbytes);
	strcpy(d->how, "raw");
}

/* Documents that fit whole are the best dictionary there is; elsewhere ZDICT
 * chooses; what it refuses (few, tiny, random samples) is taken as it comes. */
static void choose_bytes(struct dictionary *d, const struct samples *s, size_t max_nbytes,
			 int level)
{
	ZDICT_cover_params_t params = {
		.k = COVER_K, .d = COVER_D, .zParams = {.compressionLevel = level}};
	size_t got = 0;
	if (s->total_nbytes > max_nbytes)
		got = ZDICT_trainFromBuffer_cover(d->bytes, max_nbytes, s->bytes, s->nbytes,
						  s->count, params);
	if (got == 0 || ZDICT_isError(got)) {
		take_raw(d, s, max_nbytes);
		return;
	}
	d->nbytes = got;
	strcpy(d->how, "trained");
}

static int train_and_write(const struct samples *s, uint64_t trained_on, size_t max_nbytes,
			   int level, const char *path, const struct progress *progress,
			   struct error *e)
{
	struct dictionary d = {.bytes = malloc(max_nbytes), .trained_on = trained_on};
	if (d.bytes == NULL)
		return error_set(e, -ENOMEM, "%s: out of memory for a dictionary", path);
	int err = 0;
	if (progress_step(progress, "training the dictionary", 0, 1) != 0) {
		err = error_set(e, -ECANCELED, "the training of the dictionary was stopped");
	} else {
		choose_bytes(&d, s, max_nbytes, level);
		d.digest = XXH3_64bits(d.bytes, d.nbytes);
		err = write_dictionary(&d, path, e);
	}
	dictionary_free(&d);
	return err;
}

int dictionary_train(const struct corpus *corpus, uint64_t max_nbytes, int level, const char *path,
		     const struct progress *progress, struct error *e)
{
	struct samples s = {0};
	if (max_nbytes == 0 || corpus_bytes(corpus, SPLIT_TRAINING) == 0)
		return error_set(e, -ENODATA, "%s: no documents to train a dictionary on",
				 corpus->dir);
	int err = samples_alloc(&s, corpus, max_nbytes);
	if (err != 0)
		err = error_set(e, err, "%s: out of memory for the samples", path);
	if (err == 0)
		err = samples_read(&s, corpus, progress, e);
	if (err == 0)
		err = train_and_write(&s, corpus_fingerprint(corpus, SPLIT_TRAINING), max_nbytes,
				      level, path, progress, e);
	samples_free(&s);
	return err;
}
