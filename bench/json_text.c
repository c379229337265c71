#include "bench/json_text.h"

#include <stdlib.h>
#include <string.h>

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
