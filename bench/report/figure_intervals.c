/* figure_intervals.c: the break-even interval of each of several results. */
#include <math.h>
#include <string.h>

#include "bench/breakeven.h"
#include "bench/report/figure_text.h"
#include "bench/report/report.h"
#include "bench/report/report_text.h"

#define ROWS_MAX 60u
#define TOLD_MAX 12u

/* A row's ends where the range is without one; within those of the axis. */
struct ends {
	double low, high;
};

static bool is_reversed(const struct report_run *run)
{
	return strncmp(run->verdict, "Regenerate what", strlen("Regenerate what")) == 0;
}

/* The interval as text, or what holds instead of one. */
static void value_text(char text[PLOT_TEXT_NBYTES], const struct report_run *run)
{
	double high = run->likely_days[1];
	char interval[PLOT_TEXT_NBYTES - 16];
	size_t n = strlen(run->verdict);

	if (!isnan(run->interval_days)) {
		breakeven_format_interval(interval, sizeof interval, run->interval_days,
					  run->likely_days[0], isnan(high) ? INFINITY : high);
		report_text(text, PLOT_TEXT_NBYTES, "%s%s", interval,
			    is_reversed(run) ? ", reversed" : "");
		return;
	}
	/* "Always regenerate: it costs ..." */
	if (strncmp(run->verdict, "Always ", strlen("Always ")) == 0 ||
	    strncmp(run->verdict, "It is all the same", strlen("It is all the same")) == 0)
		n = strcspn(run->verdict, ":");
	report_text(text, PLOT_TEXT_NBYTES, "%.*s", (int)n, run->verdict);
}

/* Some way beyond all ends that there are. */
static struct ends ends_of(const struct report *r, unsigned count)
{
	struct ends ends = {INFINITY, 0};

	for (unsigned i = 0; i < count; i++) {
		const struct report_run *run = &r->runs[i];
		const double days[] = {run->interval_days, run->likely_days[0],
				       run->likely_days[1]};
		for (unsigned k = 0; k < 3 && !isnan(run->interval_days); k++)
			if (days[k] > 0 && isfinite(days[k])) {
				ends.low = fmin(ends.low, days[k] / 2);
				ends.high = fmax(ends.high, days[k] * 2);
			}
	}
	return ends;
}

static void draw_row(struct plot *p, const struct report *r, unsigned run, struct ends ends)
{
	const struct report_run *it = &r->runs[run];
	char name[FIGURE_NAME_NBYTES];

	figure_run_name(name, r, run);
	struct plot_row *row = plot_add_row(p, name, PLOT_NEUTRAL);
	value_text(row->value, it);
	if (isnan(it->interval_days))
		return;
	row->nominal = it->interval_days;
	row->low = fmax(it->likely_days[0], ends.low);
	row->high = fmin(it->likely_days[1], ends.high); /* of a NAN the other */
}

static void describe(struct plot *p, const struct report *r, unsigned count)
{
	report_text_add(
		p->alt, PLOT_ALT_NBYTES,
		"Break-even interval by money of %u results, with its likely range:", r->run_count);
	for (unsigned i = 0; i < count && i < TOLD_MAX; i++)
		report_text_add(p->alt, PLOT_ALT_NBYTES, "%s %s: %s", i > 0 ? ";" : "",
				p->rows[i].name, p->rows[i].value);
	report_text_add(p->alt, PLOT_ALT_NBYTES, count > TOLD_MAX ? "; and so on." : ".");
	report_text_add(
		p->caption, PLOT_ALT_NBYTES,
		"Storing costs less for what is asked for more often than once every so often, "
		"regenerating for the rest (reversed: the other way round); by money. The bar is "
		"the likely range, from the uncertainty of what was measured and of the "
		"constants.");
	if (count < r->run_count)
		report_text_add(p->caption, PLOT_ALT_NBYTES, " The first %u of %u results.", count,
				r->run_count);
}

int figure_intervals(struct plot *p, const struct report *r, struct error *e)
{
	unsigned count = r->run_count < ROWS_MAX ? r->run_count : ROWS_MAX;

	(void)e;
	plot_init(p, PLOT_ROWS, "intervals", "Break-even interval of each result");
	plot_x(p, "asked for once every", "interval_days", PLOT_DAYS, true);
	struct ends ends = ends_of(r, count);
	if (!(ends.low < ends.high)) {
		plot_cannot(p, "no result has a break-even interval by money");
		return 0;
	}
	p->x.low = ends.low;
	p->x.high = ends.high;
	for (unsigned i = 0; i < count; i++)
		draw_row(p, r, i, ends);
	describe(p, r, p->row_count);
	return 0;
}
