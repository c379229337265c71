/* json_values.h: values as result.json and a model card hold them. */
#ifndef GVR_JSON_VALUES_H
#define GVR_JSON_VALUES_H

#include <jansson.h>

#include "bench/figure.h"

/* Text that need not be UTF-8: if it is not, with '?' for what is not ASCII. */
json_t *json_text(const char *s);

/* A member of a member: "bytes.at_rest"; NULL: there is none. */
const json_t *json_member(const json_t *object, const char *keys);

/* The number there; NAN: there is none, or it is negative. */
double json_number_at(const json_t *object, const char *keys);

/* Sets a member to a new value; NULL: to null. */
void json_put(json_t *object, const char *key, json_t *value);

/* Stored to 6 significant digits: more would be noise. Not finite: null. */
json_t *json_figure(double value);

/* Replaces control characters in every text below, for a terminal. */
void json_clean(json_t *value);

/* {low, nominal, high}; infinite ends are null. */
json_t *json_range(struct figure f);

#endif
