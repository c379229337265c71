#include "bench/json_values.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workloads/error.h"

json_t *json_text(const char *s)
{
	json_t *t = json_string(s);
	if (t != NULL)
		return t;
	char *clean = strdup(s);
	if (clean == NULL)
		return json_null();
	for (char *p = clean; *p != '\0'; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	t = json_string(clean);
	free(clean);
	return t;
}

void json_put(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value != NULL ? value : json_null());
}

json_t *json_figure(double value)
{
	if (!isfinite(value))
		return json_null();
	if (value == 0)
		return json_real(0);
	double scale = pow(10, 5 - floor(log10(fabs(value))));
	/* of the very small the scale alone would not be finite */
	return json_real(isfinite(scale) ? round(value * scale) / scale : value);
}

json_t *json_range(struct figure f)
{
	json_t *o = json_object();

	json_put(o, "low", json_figure(f.low));
	json_put(o, "nominal", json_figure(f.nominal));
	json_put(o, "high", json_figure(f.high));
	return o;
}

const json_t *json_member(const json_t *object, const char *keys)
{
	char name[64];

	while (*keys != '\0' && object != NULL) {
		size_t n = strcspn(keys, ".");
		snprintf(name, sizeof name, "%.*s", (int)n, keys);
		keys += n + (keys[n] == '.');
		object = json_object_get(object, name);
	}
	return object;
}

double json_number_at(const json_t *object, const char *keys)
{
	const json_t *value = json_member(object, keys);
	return json_is_number(value) && json_number_value(value) >= 0 ? json_number_value(value)
								      : NAN;
}

static void clean_text(json_t *text)
{
	char *clean = strdup(json_string_value(text));

	if (clean == NULL)
		return;
	error_clean(clean);
	json_string_set_nocheck(text, clean);
	free(clean);
}

void json_clean(json_t *value)
{
	const char *key;
	json_t *member;
	size_t i;

	if (json_is_string(value))
		clean_text(value);
	json_object_foreach(value, key, member) json_clean(member);
	json_array_foreach(value, i, member) json_clean(member);
}
