#include "bench/sweep_grid.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workloads/ini_lines.h"

/* Ranges are counted in millionths, so that 0.1 ten times is 1. */
#define MICRO UINT64_C(1000000)
#define UNIT_NBYTES_MAX 8u
#define WHOLE_MAX UINT64_C(1000000000000)

static const char range_forms[] =
	"a range is FIRST:LAST:xFACTOR or FIRST:LAST:+STEP, as 500:8000:x2 or 1s:9s:+2s";

/* ---- values ---- */

static void free_axis(struct sweep_axis *axis)
{
	free(axis->key);
	for (unsigned i = 0; i < axis->count; i++)
		free(axis->values[i]);
	free(axis->values);
	*axis = (struct sweep_axis){0};
}

static int no_memory(struct error *e)
{
	return error_set(e, -ENOMEM, "out of memory");
}

/* Room is made whenever the count is a power of two. */
static int append(struct sweep_axis *axis, const char *value, struct error *e)
{
	if (axis->count == SWEEP_RUNS_MAX)
		return error_set(e, -EINVAL, "more than %u values", SWEEP_RUNS_MAX);
	if ((axis->count & (axis->count - 1)) == 0) {
		size_t room = axis->count > 0 ? 2 * (size_t)axis->count : 1;
		char **values = realloc(axis->values, room * sizeof *values);
		if (values == NULL)
			return no_memory(e);
		axis->values = values;
	}
	axis->values[axis->count] = strdup(value);
	if (axis->values[axis->count] == NULL)
		return no_memory(e);
	axis->count++;
	return 0;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int check_values(const struct sweep_axis *axis, struct error *e)
{
	const char *twice = NULL;

	if (axis->count == 0)
		return error_set(e, -EINVAL, "no values");
	char **sorted = malloc(axis->count * sizeof *sorted);
	if (sorted == NULL)
		return no_memory(e);
	memcpy(sorted, axis->values, axis->count * sizeof *sorted);
	qsort(sorted, axis->count, sizeof *sorted, compare_texts);
	for (unsigned i = 1; i < axis->count && twice == NULL; i++)
		if (strcmp(sorted[i - 1], sorted[i]) == 0)
			twice = sorted[i];
	free(sorted);
	return twice == NULL ? 0 : error_set(e, -EINVAL, "%.100s is there twice", twice);
}

static int check_axis(const struct sweep_grid *g, const struct sweep_axis *axis, struct error *e)
{
	for (unsigned i = 0; i < g->axis_count; i++)
		if (strcmp(g->axes[i].key, axis->key) == 0)
			return error_set(e, -EINVAL, "%.100s is swept over already", axis->key);
	if (g->axis_count == SWEEP_AXES_MAX)
		return error_set(e, -EINVAL, "one too many: at most %u", SWEEP_AXES_MAX);
	if (g->run_count > 0 && axis->count > SWEEP_RUNS_MAX / g->run_count)
		return error_set(e, -EINVAL, "more than %u runs in all; leave some values out",
				 SWEEP_RUNS_MAX);
	return check_values(axis, e);
}

/* Takes the axis over, or frees it. */
static int add_axis(struct sweep_grid *g, struct sweep_axis *axis, struct error *e)
{
	int err = check_axis(g, axis, e);

	if (err != 0) {
		free_axis(axis);
		return err;
	}
	g->axes[g->axis_count++] = *axis;
	g->run_count = (g->run_count > 0 ? g->run_count : 1) * axis->count;
	return 0;
}

int sweep_grid_add_axis(struct sweep_grid *g, const char *key, const char *const *values,
			size_t count, struct error *e)
{
	struct sweep_axis axis = {.key = strdup(key)};
	int err = axis.key == NULL ? no_memory(e) : 0;

	for (size_t i = 0; i < count && err == 0; i++)
		err = append(&axis, values[i], e);
	if (err == 0)
		return add_axis(g, &axis, e);
	free_axis(&axis);
	return err;
}

/* ---- ranges ---- */

struct quantity {
	uint64_t micro;
	const char *unit; /* letters; "" */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool parse_quantity(const char *text, struct quantity *q)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	uint64_t whole = 0, place = MICRO;
	bool any = false;

	for (; is_digit(*text) && whole <= WHOLE_MAX; text++, any = true)
		whole = 10 * whole + (uint64_t)(*text - '0');
	q->micro = whole * MICRO;
	if (whole > WHOLE_MAX)
		return false;
	if (*text == '.')
		for (text++; is_digit(*text) && place > 0; text++, any = true) {
			place /= 10;
			q->micro += place * (uint64_t)(*text - '0');
		}
	q->unit = text;
	return any && place > 0 && text[strspn(text, letters)] == '\0';
}

static void format_quantity(char *out, size_t capacity, const struct quantity *q)
{
	char fraction[8] = "";
	size_t n = 0;

	if (q->micro % MICRO != 0)
		n = (size_t)snprintf(fraction, sizeof fraction, ".%06" PRIu64, q->micro % MICRO);
	while (n > 0 && fraction[n - 1] == '0')
		fraction[--n] = '\0';
	snprintf(out, capacity, "%" PRIu64 "%s%s", q->micro / MICRO, fraction, q->unit);
}

struct range {
	struct quantity first, last, step;
	bool times; /* step is a factor */
};

/* NULL: it is one; else what is wrong with it. text is written to. */
static const char *parse_range(struct range *r, char *text)
{
	char *parts[3] = {text, NULL, NULL};

	for (unsigned i = 1; i < 3; i++) {
		parts[i] = strchr(parts[i - 1], ':');
		if (parts[i] == NULL)
			return range_forms;
		*parts[i]++ = '\0';
	}
	r->times = parts[2][0] == 'x';
	if ((!r->times && parts[2][0] != '+') || !parse_quantity(parts[0], &r->first) ||
	    !parse_quantity(parts[1], &r->last) || !parse_quantity(parts[2] + 1, &r->step))
		return range_forms;
	if (strcmp(r->first.unit, r->last.unit) != 0)
		return "both ends of a range need the same unit, as 1s:8s:x2";
	if (strlen(r->first.unit) > UNIT_NBYTES_MAX)
		return "there is no such unit";
	if (r->times && r->step.unit[0] != '\0')
		return "a factor has no unit";
	if (!r->times && strcmp(r->first.unit, r->step.unit) != 0)
		return "what is added needs the unit of the ends, as 4KiB:12KiB:+4KiB";
	if (r->first.micro > r->last.micro)
		return "the first is greater than the last";
	if (r->times && r->step.micro <= MICRO)
		return "a factor must be more than 1";
	if (!r->times && r->step.micro == 0)
		return "what is added must be more than 0";
	return NULL;
}

static unsigned __int128 next(const struct range *r, uint64_t micro)
{
	return r->times ? (unsigned __int128)micro * r->step.micro / MICRO
			: (unsigned __int128)micro + r->step.micro;
}

static int fill_range(struct sweep_axis *axis, const struct range *r, struct error *e)
{
	struct quantity q = r->first;
	char text[64];

	for (;;) {
		format_quantity(text, sizeof text, &q);
		int err = append(axis, text, e);
		if (err != 0)
			return err;
		unsigned __int128 more = next(r, q.micro);
		if (more > r->last.micro || q.micro == r->last.micro)
			return 0;
		if (more == q.micro)
			return error_set(e, -EINVAL, "%s times the factor does not grow", text);
		q.micro = (uint64_t)more;
	}
}

/* ---- --over ---- */

/* No key takes a value that starts as a number and has a colon in it. */
static bool looks_like_range(const char *text)
{
	return strchr(text, ':') != NULL && text[0] != '\0' &&
	       strchr("0123456789.+-", text[0]) != NULL;
}

static int add_range(struct sweep_axis *axis, char *text, struct error *e)
{
	struct range r;
	const char *wrong = parse_range(&r, text);

	return wrong != NULL ? error_set(e, -EINVAL, "%s", wrong) : fill_range(axis, &r, e);
}

static int add_list(struct sweep_axis *axis, char *text, struct error *e)
{
	int err = 0;

	for (char *rest = text, *item; err == 0 && (item = strsep(&rest, ",")) != NULL;) {
		item = ini_trim(item);
		if (item[0] == '\0')
			return error_set(e, -EINVAL, "an empty value; write 1,6,24 or 500:8000:x2");
		if (looks_like_range(item))
			return error_set(e, -EINVAL, "a range is not part of a list");
		err = append(axis, item, e);
	}
	return err;
}

/* "engine.LABEL.KEY" is "LABEL.KEY", as for --set. */
static const char *plain_key(const char *key)
{
	bool prefixed = strncmp(key, "engine.", 7) == 0 && strchr(key + 7, '.') != NULL;
	return prefixed ? key + 7 : key;
}

/* text is written to. */
static int parse_over(struct sweep_axis *axis, char *text, struct error *e)
{
	char *values = strchr(text, '=');

	if (values != NULL)
		*values++ = '\0';
	const char *key = plain_key(ini_trim(text)), *dot = strrchr(key, '.');
	if (values == NULL || dot == NULL || dot == key || dot[1] == '\0')
		return error_set(e, -EINVAL,
				 "write SECTION.KEY=VALUES, as workload.rate_iops=500:8000:x2 or "
				 "generate.iodepth=1,6,24");
	axis->key = strdup(key);
	if (axis->key == NULL)
		return no_memory(e);
	values = ini_trim(values);
	bool range = looks_like_range(values) && strchr(values, ',') == NULL;
	return range ? add_range(axis, values, e) : add_list(axis, values, e);
}

int sweep_grid_add(struct sweep_grid *g, const char *over, struct error *e)
{
	struct sweep_axis axis = {0};
	struct error why;
	char *text = strdup(over);

	if (text == NULL)
		return no_memory(e);
	int err = parse_over(&axis, text, &why);
	free(text);
	if (err == 0)
		err = add_axis(g, &axis, &why);
	else
		free_axis(&axis);
	return err != 0 ? error_set(e, err, "--over %.300s: %.600s", over, why.text) : 0;
}

const char *sweep_grid_swept(const struct sweep_grid *g, const char *set)
{
	char key[256];

	/* what is longer is no key */
	snprintf(key, sizeof key, "%.*s", (int)strcspn(set, "="), set);
	const char *plain = plain_key(ini_trim(key));
	for (unsigned i = 0; i < g->axis_count; i++)
		if (strcmp(g->axes[i].key, plain) == 0)
			return g->axes[i].key;
	return NULL;
}

void sweep_grid_free(struct sweep_grid *g)
{
	for (unsigned i = 0; i < g->axis_count; i++)
		free_axis(&g->axes[i]);
	*g = (struct sweep_grid){0};
}

/* ---- runs ---- */

const char *sweep_grid_value(const struct sweep_grid *g, unsigned run, unsigned axis)
{
	for (unsigned i = g->axis_count - 1; i > axis; i--)
		run /= g->axes[i].count;
	return g->axes[axis].values[run % g->axes[axis].count];
}

static const char *last_part(const char *key)
{
	const char *dot = strrchr(key, '.');
	return dot != NULL ? dot + 1 : key;
}

const char *sweep_grid_name(const struct sweep_grid *g, unsigned axis)
{
	const char *key = g->axes[axis].key, *name = last_part(key);

	for (unsigned i = 0; i < g->axis_count; i++)
		if (i != axis && strcmp(last_part(g->axes[i].key), name) == 0)
			return key;
	return name;
}

void sweep_grid_describe(const struct sweep_grid *g, unsigned run, char *out, size_t capacity)
{
	size_t used = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < g->axis_count && used < capacity; i++)
		used += (size_t)snprintf(out + used, capacity - used, "%s%s=%s", i > 0 ? " " : "",
					 sweep_grid_name(g, i), sweep_grid_value(g, run, i));
}
