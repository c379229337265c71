#include "bench/comparison.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define DIFFERENCES_SHOWN 20u
#define DIFFERENCE_NBYTES 100u

enum unit { UNIT_SECONDS, UNIT_PER_SECOND, UNIT_BYTES };

static const struct {
	const char *name;
	enum unit unit;
	double scale; /* from the file's unit to the unit without prefix */
} columns[RESULT_FIGURES] = {
	[RESULT_RESPONSE_P50_NS] = {"p50", UNIT_SECONDS, 1e-9},
	[RESULT_RESPONSE_P99_NS] = {"p99", UNIT_SECONDS, 1e-9},
	[RESULT_ACHIEVED_RPS] = {"rps", UNIT_PER_SECOND, 1},
	[RESULT_CPU_US_PER_REQUEST] = {"cpu/req", UNIT_SECONDS, 1e-6},
	[RESULT_MOVED_BYTES_PER_REQUEST] = {"moved/req", UNIT_BYTES, 1},
};

/* Three digits and a prefix: "433us", "12.3k"; at most 6 characters. */
static void format_value(char *out, size_t capacity, double value, enum unit unit)
{
	static const char small[] = "num", large[] = "kMGTP";
	const char *name = unit == UNIT_SECONDS ? "s" : "";
	char prefix[2] = "";

	for (int i = 2; i >= 0 && value < 0.9995 && value > 0 && unit == UNIT_SECONDS; i--) {
		value *= 1000;
		prefix[0] = small[i];
	}
	for (unsigned i = 0; large[i] != '\0' && value >= 999.5 && unit != UNIT_SECONDS; i++) {
		value /= 1000;
		prefix[0] = large[i];
	}
	int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
	snprintf(out, capacity, "%.*f%s%s", decimals, value, prefix, name);
}

/* "+12.3", at most 6 characters. */
static void format_change(char *out, size_t capacity, double ratio)
{
	double percent = (ratio - 1) * 100;

	if (percent >= 99999.5)
		snprintf(out, capacity, ">99999");
	else
		snprintf(out, capacity, "%+.*f", fabs(percent) < 999.95 ? 1 : 0, percent);
}

/* A text of a file, safe to show, cut to the room there is. */
static void format_text(char *out, size_t capacity, const char *text)
{
	if ((size_t)snprintf(out, capacity, "%s", text) >= capacity)
		out[capacity - 2] = '~';
	error_clean(out);
}

/* ---- what differs besides the figures ---- */

static const char warn_stream[] =
	"warning: the request streams differ: a change may come from the requests alone";
static const char warn_contents[] =
	"warning: the contents differ: a change may come from the contents alone";

static void print_warnings(const struct comparison *c)
{
	if (!comparison_same_stream(c))
		puts(warn_stream);
	if (!comparison_same_contents(c))
		puts(warn_contents);
}

/* arg: how many there were. */
static void print_difference(void *arg, const struct comparison_difference *d)
{
	char texts[3][DIFFERENCE_NBYTES];
	unsigned *shown = arg;

	if ((*shown)++ >= DIFFERENCES_SHOWN)
		return;
	if (*shown == 1)
		puts("differing:");
	format_text(texts[0], sizeof texts[0], d->path);
	format_text(texts[1], sizeof texts[1], d->a != NULL ? d->a : "(none)");
	format_text(texts[2], sizeof texts[2], d->b != NULL ? d->b : "(none)");
	printf("  %s: %s -> %s\n", texts[0], texts[1], texts[2]);
}

static void print_engines_of_one(const struct result_file *one, const struct result_file *other,
				 const char *name)
{
	char label[WORKLOAD_NAME_NBYTES];

	for (unsigned i = 0; i < one->engine_count; i++)
		if (result_find_engine(other, one->engines[i].label) == NULL) {
			format_text(label, sizeof label, one->engines[i].label);
			printf("not compared: engine %s is in %s only\n", label, name);
		}
}

static void print_head(const struct comparison *c)
{
	const struct result_file *files[] = {c->a, c->b};
	unsigned differing = 0;

	for (unsigned i = 0; i < 2; i++) {
		char path[WORKLOAD_PATH_NBYTES], time[40];
		format_text(path, sizeof path, files[i]->path);
		format_text(time, sizeof time, files[i]->time);
		printf("%c: %s (%s)\n", 'A' + (int)i, path, time);
	}
	comparison_differences(c, print_difference, &differing);
	if (differing > DIFFERENCES_SHOWN)
		printf("  and %u more\n", differing - DIFFERENCES_SHOWN);
	print_engines_of_one(c->a, c->b, "A");
	print_engines_of_one(c->b, c->a, "B");
	print_warnings(c);
}

/* ---- the table ---- */

static void print_row(const struct comparison *c, unsigned i)
{
	static const char *const words[] = {
		[COMPARE_UNKNOWN] = "-",
		[COMPARE_SAME] = "no difference",
		[COMPARE_REGRESSION] = "regression",
		[COMPARE_IMPROVEMENT] = "improvement",
		[COMPARE_UNCLEAR] = "unclear",
	};
	const struct compare_figure *f = &c->figures[i];
	enum result_figure which = c->names[i].which;
	char label[14], a[16] = "-", b[16] = "-", change[16] = "-", low[16], high[16];
	char interval[40] = "-", p[16] = "-";

	format_text(label, sizeof label, c->names[i].label);
	if (f->known) {
		format_value(a, sizeof a, f->a_mean * columns[which].scale, columns[which].unit);
		format_value(b, sizeof b, f->b_mean * columns[which].scale, columns[which].unit);
		format_change(change, sizeof change, f->ratio);
		format_change(low, sizeof low, f->low);
		format_change(high, sizeof high, f->high);
		snprintf(p, sizeof p, f->p < 0.001 ? "<.001" : "%.3f", f->p);
	}
	if (f->known && isfinite(f->high))
		snprintf(interval, sizeof interval, "%s,%s", low, high);
	printf("%-13s %-9s %6s %6s %6s%s %14s %5s %s\n", label, columns[which].name, a, b, change,
	       f->known ? "%" : " ", interval, p, words[f->word]);
}

static const char unclear[] =
	"\nunclear: changed, but not clearly more than another engine: perhaps the machine.\n";

static void print_table(const struct comparison *c)
{
	printf("\n%-13s %-9s %6s %6s %7s %14s %5s\n", "engine", "figure", "A", "B", "change",
	       "95 % interval", "p");
	for (unsigned i = 0; i < c->count; i++)
		print_row(c, i);
	for (unsigned i = 0; i < c->count; i++)
		if (c->figures[i].word == COMPARE_UNCLEAR) {
			fputs(unclear, stdout);
			return;
		}
}

void comparison_print(const struct comparison *c)
{
	print_head(c);
	if (c->count > 0)
		print_table(c);
}
