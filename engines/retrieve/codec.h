/*
 * codec.h: how a retrieve engine keeps a content's bytes: as they are, zstd,
 * or zstd with a dictionary trained on the training split.
 *
 * A stored record: format byte (1 raw, 2 zstd, 3 zstd + dictionary), content
 * length (LEB128, at most 10 bytes), payload. A content that zstd does not
 * make smaller is kept raw.
 */
#ifndef GVR_CODEC_H
#define GVR_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "workloads/corpus.h"
#include "workloads/error.h"
#include "workloads/workload.h"

#define CODEC_HEAD_NBYTES_MAX 11u /* format byte and length */

/* ---- dictionary ---- */

struct dictionary {
	uint8_t *bytes;
	size_t nbytes;
	uint64_t digest;     /* XXH3-64 of bytes */
	uint64_t trained_on; /* fingerprint of the training split (corpus.h) */
	char how[16];	     /* "trained", or "raw" where ZDICT refuses the samples: the training
				documents' own bytes */
};

/* Trains a dictionary of at most max_nbytes on the training split and writes
 * it to path (own header with magic, version, how and checksum; temporary
 * file, fsync, rename). -ENODATA: the training split is empty. */
int dictionary_train(const struct corpus *corpus, uint64_t max_nbytes, int level, const char *path,
		     const struct progress *progress, struct error *e);

/* -ENOENT, -EBADMSG damaged (e names the file and says how to make it anew). */
int dictionary_read(struct dictionary *d, const char *path, struct error *e);
void dictionary_free(struct dictionary *d);

/* After training documents were left out: the dictionaries in the folder dir, if it is
 * there, of the split's fingerprint `before` count as trained on those that remain, of
 * fingerprint `now`. Errors as of file_write. */
int dictionary_follow(const char *dir, uint64_t before, uint64_t now, struct error *e);

/* ---- records ---- */

struct codec;	      /* settings and digested dictionary, shared by threads */
struct codec_encoder; /* per thread */
struct codec_decoder; /* per thread */

/* dictionary may be NULL; it must outlive the codec. for_encoding: digests the
 * dictionary for compression too (slow at level 19). */
int codec_create(struct codec **out, enum compression type, int level,
		 const struct dictionary *dictionary, bool for_encoding, struct error *e);
void codec_destroy(struct codec *c);
/* Memory of the digested dictionary. */
size_t codec_nbytes(const struct codec *c);

int codec_encoder_create(struct codec_encoder **out, const struct codec *c,
			 size_t content_nbytes_max);
void codec_encoder_destroy(struct codec_encoder *x);
/* *record belongs to x until its next call. */
int codec_encode(struct codec_encoder *x, const uint8_t *bytes, size_t nbytes,
		 const uint8_t **record, size_t *record_nbytes);

/* How many of its bytes a record of codec_encode has before its payload. */
size_t codec_head_nbytes(const uint8_t *record, size_t record_nbytes);

int codec_decoder_create(struct codec_decoder **out, const struct codec *c);
void codec_decoder_destroy(struct codec_decoder *x);
/* Decodes into buf (capacity buf_nbytes). *bytes points into buf, or into the
 * record itself if that is raw (no copy). Any record bytes are safe: -EBADMSG
 * if it is not a record of this codec or longer than the buffer. */
int codec_decode(struct codec_decoder *x, const uint8_t *record, size_t record_nbytes, uint8_t *buf,
		 size_t buf_nbytes, const uint8_t **bytes, size_t *nbytes);

#endif
