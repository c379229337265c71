#include "bench/report/figure_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ELLIPSIS "…"

/* A text is no shorter once something had no room in it. */
static size_t full(size_t capacity)
{
	return capacity - sizeof ELLIPSIS;
}

/* Ends a text that had no room, before the character of UTF-8 that is cut. */
static void end_in_ellipsis(char *text, size_t capacity)
{
	size_t nbytes = full(capacity);

	while (nbytes > 0 && ((unsigned char)text[nbytes] & 0xc0) == 0x80)
		nbytes--;
	strcpy(text + nbytes, ELLIPSIS);
}

void figure_print(char *text, size_t capacity, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int n = vsnprintf(text, capacity, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= capacity)
		end_in_ellipsis(text, capacity);
}

void figure_say(char text[PLOT_ALT_NBYTES], const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	if (used >= full(PLOT_ALT_NBYTES))
		return;
	va_start(args, format);
	int n = vsnprintf(text + used, PLOT_ALT_NBYTES - used, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= PLOT_ALT_NBYTES - used)
		end_in_ellipsis(text, PLOT_ALT_NBYTES);
}

/* "rate_iops" of "workload.rate_iops", unless another axis ends so as well. */
static const char *short_axis(const struct report *r, unsigned axis)
{
	const char *point = strrchr(r->axes[axis], '.');

	if (point == NULL)
		return r->axes[axis];
	for (unsigned i = 0; i < r->axis_count; i++) {
		const char *other = strrchr(r->axes[i], '.');
		if (i != axis && other != NULL && strcmp(other, point) == 0)
			return r->axes[axis];
	}
	return point + 1;
}

void figure_settings(char name[FIGURE_NAME_NBYTES], const struct report *r, unsigned run,
		     unsigned except)
{
	size_t used = 0;

	name[0] = '\0';
	for (unsigned i = 0; i < r->axis_count && used < full(FIGURE_NAME_NBYTES); i++) {
		const char *value = r->runs[run].settings[i];
		if (i == except || value[0] == '\0')
			continue;
		figure_print(name + used, FIGURE_NAME_NBYTES - used, "%s%s %s",
			     used > 0 ? ", " : "", short_axis(r, i), value);
		used += strlen(name + used);
	}
}

/* Is it the only result of that workload? */
static bool name_is_its_own(const struct report *r, unsigned run)
{
	for (unsigned i = 0; i < r->run_count; i++)
		if (i != run && strcmp(r->runs[i].name, r->runs[run].name) == 0)
			return false;
	return true;
}

static const char *last_of(const char *folder)
{
	const char *slash = strrchr(folder, '/');

	return slash != NULL && slash[1] != '\0' ? slash + 1 : folder;
}

/* Is it the only result in a folder that is called so? */
static bool last_is_its_own(const struct report *r, unsigned run)
{
	for (unsigned i = 0; i < r->run_count; i++)
		if (i != run &&
		    strcmp(last_of(r->runs[i].folder), last_of(r->runs[run].folder)) == 0)
			return false;
	return true;
}

void figure_run_name(char name[FIGURE_NAME_NBYTES], const struct report *r, unsigned run)
{
	const struct report_run *it = &r->runs[run];

	figure_settings(name, r, run, r->axis_count);
	if (name_is_its_own(r, run))
		figure_print(name, FIGURE_NAME_NBYTES, "%s", it->name);
	else if (name[0] == '\0')
		figure_print(name, FIGURE_NAME_NBYTES, "%s",
			     last_is_its_own(r, run) ? last_of(it->folder) : it->folder);
}
