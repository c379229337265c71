/*
 * json_reader.h: reads figures of a result.json that may be anything. The first
 * thing that is wrong stays in err, so that a reader looks at it seldom.
 */
#ifndef GVR_JSON_READER_H
#define GVR_JSON_READER_H

#include <jansson.h>

#include "bench/constants.h"
#include "bench/figure.h"
#include "workloads/error.h"

struct json_reader {
	const char *path;  /* of the file, for messages */
	const char *label; /* of the engine that is being read; "" */
	struct error *e;
	int err; /* 0, or -EBADMSG with e filled */
};

/* Notes what is wrong with a key, if it is the first. */
void json_reader_damaged(struct json_reader *r, const char *key, const char *what);

/* keys: "bytes.at_rest". NAN: it is null, or err is set: it is missing or no number
 * from 0 to 1e21. */
double json_reader_number(struct json_reader *r, const json_t *object, const char *keys);

/* The value itself; of a null on the way, that. NULL: missing, and err is set. */
const json_t *json_reader_find(struct json_reader *r, const json_t *object, const char *keys);

/* {low, nominal, high} in order; all NAN: null. */
struct figure json_reader_range(struct json_reader *r, const json_t *object, const char *keys);

/* Never NULL: "" with err set where it is missing or no text. */
const char *json_reader_text(struct json_reader *r, const json_t *object, const char *keys);

/* A set of constants as constants_json wrote it. */
void json_reader_constants(struct json_reader *r, const json_t *object,
			   const struct constant_table *table, struct constants *set);

#endif
