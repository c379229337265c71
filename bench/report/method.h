/* method.h: how a result was measured, in words. */
#ifndef GVR_METHOD_H
#define GVR_METHOD_H

#include "bench/json_reader.h"
#include "bench/report/report.h"

/* Calls say with each paragraph, a text without figures. reader->err: the
 * result is damaged. */
void method_say(const struct report *r, struct json_reader *reader,
		void (*say)(void *arg, const char *text), void *arg);

#endif
