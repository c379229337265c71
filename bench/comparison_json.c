#include "bench/comparison.h"

#include <math.h>

#include "bench/json_values.h"

static const char *const words[] = {
	[COMPARE_SAME] = "no difference",
	[COMPARE_REGRESSION] = "regression",
	[COMPARE_IMPROVEMENT] = "improvement",
	[COMPARE_UNCLEAR] = "unclear",
};

/* As a change: 0.1 is 10 % more. */
static json_t *interval_json(const struct compare_figure *f)
{
	json_t *a = json_array();

	json_array_append_new(a, json_figure(f->low - 1));
	json_array_append_new(a, json_figure(f->high - 1));
	return a;
}

static json_t *figure_json(const struct comparison *c, unsigned i)
{
	const struct compare_figure *f = &c->figures[i];
	json_t *o = json_object();
	bool rounds = f->known && isfinite(f->high);

	json_put(o, "engine", json_text(c->names[i].label));
	json_put(o, "figure", json_string(result_figure_keys[c->names[i].which]));
	json_put(o, "higher_is_better", json_boolean(f->higher_is_better));
	json_put(o, "a", f->known ? json_figure(f->a_mean) : NULL);
	json_put(o, "b", f->known ? json_figure(f->b_mean) : NULL);
	json_put(o, "change", f->known ? json_figure(f->ratio - 1) : NULL);
	json_put(o, "ci", rounds ? interval_json(f) : NULL);
	json_put(o, "p", f->known ? json_figure(f->p) : NULL);
	json_put(o, "too_few_rounds", f->known ? json_boolean(f->too_few) : NULL);
	json_put(o, "verdict", f->known ? json_string(words[f->word]) : NULL);
	if (!f->known)
		json_put(o, "why_unavailable", json_string("it is missing or 0 in some round"));
	else if (!rounds)
		json_put(o, "why_no_ci", json_string("a single round"));
	return o;
}

static json_t *file_json(const struct result_file *r)
{
	json_t *o = json_object();

	json_put(o, "file", json_text(r->path));
	json_put(o, "time", json_text(r->time));
	json_put(o, "result", json_string(r->valid ? "VALID" : "INVALID"));
	return o;
}

static void add_difference(void *arg, const struct comparison_difference *d)
{
	json_t *o = json_object();

	json_put(o, "key", json_text(d->path));
	json_put(o, "a", d->a != NULL ? json_text(d->a) : NULL);
	json_put(o, "b", d->b != NULL ? json_text(d->b) : NULL);
	json_array_append_new(arg, o);
}

static json_t *only_in_json(const struct result_file *one, const struct result_file *other)
{
	json_t *a = json_array();

	for (unsigned i = 0; i < one->engine_count; i++)
		if (result_find_engine(other, one->engines[i].label) == NULL)
			json_array_append_new(a, json_text(one->engines[i].label));
	return a;
}

json_t *comparison_json(const struct comparison *c, const char *verdict)
{
	json_t *root = json_object(), *why = json_array(), *figures = json_array();
	json_t *differing = json_array();

	for (unsigned i = 0; i < c->why_count; i++)
		json_array_append_new(why, json_text(c->why[i].text));
	for (unsigned i = 0; i < c->count; i++)
		json_array_append_new(figures, figure_json(c, i));
	comparison_differences(c, add_difference, differing);
	json_put(root, "verdict", json_string(verdict));
	json_put(root, "why", why);
	json_put(root, "threshold", json_figure(c->threshold));
	json_put(root, "a", file_json(c->a));
	json_put(root, "b", file_json(c->b));
	json_put(root, "same_request_stream", json_boolean(comparison_same_stream(c)));
	json_put(root, "same_contents", json_boolean(comparison_same_contents(c)));
	json_put(root, "differing", differing);
	json_put(root, "engines_only_in_a", only_in_json(c->a, c->b));
	json_put(root, "engines_only_in_b", only_in_json(c->b, c->a));
	json_put(root, "figures", figures);
	return root;
}
