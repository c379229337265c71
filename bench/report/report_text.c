#include "bench/report/report_text.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ELLIPSIS "\xe2\x80\xa6"

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static void end_by_ellipsis(char *out, size_t capacity)
{
	size_t end = capacity - sizeof ELLIPSIS;

	while (end > 0 && is_continuation(out[end]))
		end--;
	memcpy(out + end, ELLIPSIS, sizeof ELLIPSIS);
}

/* Something had no room already: nothing more is added, however short. */
static bool is_cut(const char *out, size_t used, size_t capacity)
{
	return used + sizeof ELLIPSIS > capacity - 1 &&
	       strcmp(out + used - (sizeof ELLIPSIS - 1), ELLIPSIS) == 0;
}

static void add(char *out, size_t capacity, const char *format, va_list args)
{
	size_t used = strlen(out);

	if (used >= sizeof ELLIPSIS - 1 && is_cut(out, used, capacity))
		return;
	int n = vsnprintf(out + used, capacity - used, format, args);

	if (n < 0)
		out[used] = '\0';
	else if ((size_t)n >= capacity - used)
		end_by_ellipsis(out, capacity);
}

void report_text(char *out, size_t capacity, const char *format, ...)
{
	va_list args;

	out[0] = '\0';
	va_start(args, format);
	add(out, capacity, format, args);
	va_end(args);
}

void report_text_add(char *out, size_t capacity, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(out, capacity, format, args);
	va_end(args);
}

void report_text_item(char *out, size_t capacity, const char *format, ...)
{
	va_list args;

	if (out[0] != '\0')
		report_text_add(out, capacity, "; ");
	va_start(args, format);
	add(out, capacity, format, args);
	va_end(args);
}

void report_text_number(char *out, size_t capacity, double value)
{
	if (isnan(value))
		report_text(out, capacity, "-");
	else if (value == 0)
		report_text(out, capacity, "0");
	else if (value < 1e-4 || value >= 1e9)
		report_text(out, capacity, "%.1e", value);
	else if (value < 0.0995)
		report_text(out, capacity, "%#.2g", value);
	else
		report_text(out, capacity, "%.*f",
			    value < 0.9995  ? 3
			    : value < 9.995 ? 2
			    : value < 99.95 ? 1
					    : 0,
			    value);
}
