/* json_text.h: names of files in JSON. */
#ifndef GVR_JSON_TEXT_H
#define GVR_JSON_TEXT_H

#include <jansson.h>

/* Text that need not be UTF-8: if it is not, with '?' for what is not ASCII. */
json_t *json_text(const char *s);

#endif
