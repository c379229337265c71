#include "bench/report/figure_text.h"

#include <string.h>

#include "bench/report/report_text.h"

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
	name[0] = '\0';
	for (unsigned i = 0; i < r->axis_count; i++) {
		const char *value = r->runs[run].settings[i];
		if (i != except && value[0] != '\0')
			report_text_add(name, FIGURE_NAME_NBYTES, "%s%s %s",
					name[0] != '\0' ? ", " : "", short_axis(r, i), value);
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
		report_text(name, FIGURE_NAME_NBYTES, "%s", it->name);
	else if (name[0] == '\0')
		report_text(name, FIGURE_NAME_NBYTES, "%s",
			    last_is_its_own(r, run) ? last_of(it->folder) : it->folder);
}
