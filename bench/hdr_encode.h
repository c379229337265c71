/*
 * hdr_encode.h: a histogram as HdrHistogram's V2 compressed bytes, in base64.
 * struct histogram is its layout for values from 1 to HISTOGRAM_MAX_NS at 3
 * significant digits: bucket i is its counts array's element i.
 */
#ifndef GVR_HDR_ENCODE_H
#define GVR_HDR_ENCODE_H

#include <stdio.h>

#include "bench/histogram.h"

/* Space to encode in, reused. Some 900 KB. */
struct hdr_encoder;

int hdr_encoder_create(struct hdr_encoder **out); /* -ENOMEM */
void hdr_encoder_destroy(struct hdr_encoder *x);  /* NULL: nothing */

/* Writes the base64 text to f, without a line's end. Counts below 2^63. 0,
 * or -ENOMEM if zlib has no memory; whether f took it, ferror tells. */
int hdr_encode(struct hdr_encoder *x, const struct histogram *h, FILE *f);

#endif
