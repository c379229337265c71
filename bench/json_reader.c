#include "bench/json_reader.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_MAX 1e21 /* far above any figure, and no product of them overflows */
#define REMEDY "it is damaged, or of an older gvr: run again"

void json_reader_damaged(struct json_reader *r, const char *key, const char *what)
{
	if (r->err == 0)
		r->err = error_set(r->e, -EBADMSG, "%.400s: %s%.100s%s%.100s: %s; " REMEDY, r->path,
				   r->label[0] != '\0' ? "engines." : "", r->label,
				   r->label[0] != '\0' ? "." : "", key, what);
}

/* The member of a member; a null on the way is the answer. */
const json_t *json_reader_find(struct json_reader *r, const json_t *object, const char *keys)
{
	char name[64];
	const char *rest = keys;

	while (*rest != '\0' && !json_is_null(object)) {
		/* the rest may be one key with a point in it: "percentile.99.9" */
		size_t n =
			json_object_get(object, rest) != NULL ? strlen(rest) : strcspn(rest, ".");
		snprintf(name, sizeof name, "%.*s", (int)n, rest);
		rest += n + (rest[n] == '.');
		object = json_object_get(object, name);
		if (object == NULL) {
			json_reader_damaged(r, keys, "missing");
			return NULL;
		}
	}
	return object;
}

double json_reader_number(struct json_reader *r, const json_t *object, const char *keys)
{
	const json_t *found = json_reader_find(r, object, keys);

	if (found == NULL || json_is_null(found))
		return NAN;
	double value = json_number_value(found);
	if (json_is_number(found) && value >= 0 && value <= NUMBER_MAX)
		return value;
	json_reader_damaged(r, keys, "not a number from 0 to 1e21");
	return NAN;
}

struct figure json_reader_range(struct json_reader *r, const json_t *object, const char *keys)
{
	char name[3][96];

	snprintf(name[0], sizeof name[0], "%s.low", keys);
	snprintf(name[1], sizeof name[1], "%s.nominal", keys);
	snprintf(name[2], sizeof name[2], "%s.high", keys);
	struct figure f = {json_reader_number(r, object, name[0]),
			   json_reader_number(r, object, name[1]),
			   json_reader_number(r, object, name[2])};
	bool none = isnan(f.low) && isnan(f.nominal) && isnan(f.high);
	if (!none && !(f.low <= f.nominal && f.nominal <= f.high))
		json_reader_damaged(r, keys, "low, nominal and high are not in order");
	return f;
}

const char *json_reader_text(struct json_reader *r, const json_t *object, const char *keys)
{
	const json_t *found = json_reader_find(r, object, keys);

	if (found != NULL && json_is_string(found))
		return json_string_value(found);
	json_reader_damaged(r, keys, "missing, or not a text");
	return "";
}

void json_reader_constants(struct json_reader *r, const json_t *object,
			   const struct constant_table *table, struct constants *set)
{
	char keys[96];

	memset(set, 0, sizeof *set);
	snprintf(set->name, sizeof set->name, "%s", json_reader_text(r, object, "name"));
	for (unsigned i = 0; i < table->count; i++) {
		snprintf(keys, sizeof keys, "constants.%s", table->kinds[i].name);
		struct figure f = json_reader_range(r, object, keys);
		if (r->err == 0 &&
		    (!(f.low >= table->kinds[i].least) || !(f.high <= table->kinds[i].greatest)))
			json_reader_damaged(r, keys, "out of range");
		set->values[i].value = f;
		set->values[i].from = r->path;
	}
}
