/*
 * train_text.h: the training documents as a model sees them: in tokens, each
 * with its candidate. A part of them, chosen by their bytes alone, is kept
 * aside to see how training goes (the held-out split remains unseen); a part
 * is the dictionary that goes into the model file.
 */
#ifndef GVR_RNN_TRAIN_TEXT_H
#define GVR_RNN_TRAIN_TEXT_H

#include "engines/generate/rnn/vocabulary.h"
#include "engines/generate/rnn/match.h"
#include "workloads/corpus.h"

struct train_document {
	uint64_t begin_byte;
	uint32_t nbytes;
	uint32_t begin, count;			   /* tokens */
	uint32_t dictionary_begin, dictionary_end; /* its own place there, if any */
};

struct train_text {
	uint8_t *bytes;
	struct train_document *documents; /* the first `aside` are kept aside */
	uint32_t document_count, aside_count;
	uint16_t *tokens, *candidates;
	uint8_t *buckets;
	uint64_t token_count, byte_count, aside_bytes, aside_tokens;
	struct vocabulary vocabulary;
	struct match_text dictionary;
	uint8_t *dictionary_bytes; /* what the model file shall carry */
	size_t dictionary_nbytes;
};

struct train_text_options {
	uint32_t vocabulary;
	size_t dictionary_file_nbytes; /* of the dictionary, compressed, at most */
};

int train_text_make(struct train_text *t, const struct corpus *corpus,
		    const struct train_text_options *options, const struct progress *progress,
		    struct error *e);
void train_text_fini(struct train_text *t);

#endif
