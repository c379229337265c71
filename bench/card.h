/*
 * card.h: a model's card: what it was trained on and how, what its learning
 * curve was, and what the held-out documents cost with it and with zstd. Kept
 * beside the model, as FILE.json.
 */
#ifndef GVR_CARD_H
#define GVR_CARD_H

#include <jansson.h>
#include <stdbool.h>

#include "bench/held_out.h"

#define CARD_POINTS_MAX 256u
#define CARD_DICTIONARIES 2u

struct card {
	const char *dir, *path; /* of the documents, of the model */
	const struct generator_ops *ops;
	const struct corpus *corpus;
	/* what it was trained on: some of it may have gone since */
	uint32_t training_documents;
	uint64_t training_bytes, training_fingerprint;
	struct generator_info info;
	bool quiet; /* the curve is not shown while it grows */
	double elapsed_s;
	double cpu_s;		  /* of training; 0: not known, it was gone on with */
	struct training training; /* as told */
	struct training_point points[CARD_POINTS_MAX];
	unsigned point_count;
	struct held_out_cost model, zstd[CARD_DICTIONARIES];
	uint64_t dictionary_bytes[CARD_DICTIONARIES]; /* 0: could not be trained */
};

/* Bits a content byte, or 0 if there are none. */
double card_bits(const struct held_out_cost *c);

/* The bytes of documents from which model and records together are smaller than
 * dictionary k and its records; 0: never. */
double card_pays_from_bytes(const struct card *c, unsigned k);

/* What the file beside the model holds. NULL: no memory. */
json_t *card_json(const struct card *c);

/* Writes it there. */
int card_write(const struct card *c, struct error *e);

#endif
