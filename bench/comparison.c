/* comparison.c: what differs between two results besides their figures. */
#include "bench/comparison.h"

#include <string.h>

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool comparison_same(const struct comparison *c, const char *path)
{
	return same_text(result_find_setting(c->a, path), result_find_setting(c->b, path));
}

bool comparison_same_stream(const struct comparison *c)
{
	/* a fixed number of requests: runs by time ask for more or fewer */
	return comparison_same(c, "request_stream.first_digest") &&
	       comparison_same(c, "request_stream.first_requests");
}

bool comparison_same_contents(const struct comparison *c)
{
	static const char *const contents[] = {
		"workload.content_count", "workload.corpus_fingerprint",
		"workload.contexts",	  "workload.split",
		"workload.chunk",	  "workload.size",
	};
	bool same = true;

	for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++)
		same = same && comparison_same(c, contents[i]);
	return same;
}

static bool is_told_apart(const char *path)
{
	return strncmp(path, "request_stream.", 15) == 0;
}

void comparison_differences(const struct comparison *c,
			    void (*each)(void *arg, const struct comparison_difference *d),
			    void *arg)
{
	for (unsigned i = 0; i < c->a->setting_count; i++) {
		const struct result_setting *s = &c->a->settings[i];
		struct comparison_difference d = {s->path, s->value,
						  result_find_setting(c->b, s->path)};
		if (!same_text(d.a, d.b) && !is_told_apart(d.path))
			each(arg, &d);
	}
	for (unsigned i = 0; i < c->b->setting_count; i++) {
		const struct result_setting *s = &c->b->settings[i];
		struct comparison_difference d = {s->path, NULL, s->value};
		if (result_find_setting(c->a, s->path) == NULL && !is_told_apart(d.path))
			each(arg, &d);
	}
}
