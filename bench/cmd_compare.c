/* cmd_compare.c: gvr compare: is the second of two results worse? */
#include "bench/commands.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/compare.h"
#include "bench/compare_relative.h"
#include "bench/options.h"
#include "bench/result_read.h"

#define THRESHOLD_PERCENT 5.0
#define DIFFERENCES_SHOWN 20u
#define DIFFERENCE_NBYTES 100u

static const char help[] =
	"usage: gvr compare A B [--threshold PCT]\n"
	"\n"
	"Compares result B with result A (files result.json or the folders that hold\n"
	"them), engine by engine, by what each round measured. Shows the change from A\n"
	"to B of each figure, its 95 % interval, and p: how often chance alone shows such\n"
	"a change in any of the figures (Mann-Whitney, corrected after Holm). A change\n"
	"must also show relative to each other engine, round by round, else it is\n"
	"`unclear`: a machine that was busier in one of the runs changes them all. So\n"
	"keep an engine in the workload that you do not change, such as null.\n"
	"\n"
	"  --threshold PCT  a change counts if p < 0.05 and its whole interval lies\n"
	"                   beyond PCT percent (default 5)\n"
	"\n"
	"Exit: 0 no regression, 1 damaged file, 2 bad arguments, 3 file missing,\n"
	"4 permission, 6 cannot be compared: a result is INVALID or the rounds are too\n"
	"few, 9 regression.\n"
	"\n"
	"Example: gvr compare out/before out/after --threshold 10\n";

static void print_help(void)
{
	fputs(help, stdout);
}

enum unit { UNIT_SECONDS, UNIT_PER_SECOND, UNIT_BYTES };

static const struct {
	const char *name;
	enum unit unit;
	double scale; /* from the file's unit to the unit without prefix */
	bool higher_is_better;
} columns[RESULT_FIGURES] = {
	[RESULT_RESPONSE_P50_NS] = {"p50", UNIT_SECONDS, 1e-9, false},
	[RESULT_RESPONSE_P99_NS] = {"p99", UNIT_SECONDS, 1e-9, false},
	[RESULT_ACHIEVED_RPS] = {"rps", UNIT_PER_SECOND, 1, true},
	[RESULT_CPU_US_PER_REQUEST] = {"cpu/req", UNIT_SECONDS, 1e-6, false},
	[RESULT_MOVED_BYTES_PER_REQUEST] = {"moved/req", UNIT_BYTES, 1, false},
};

/* The figures that are compared, and whose they are. */
struct comparison {
	const struct result_file *a, *b;
	struct compare_figure figures[COMPARE_FIGURES_MAX];
	struct {
		const char *label;
		enum result_figure which;
	} names[COMPARE_FIGURES_MAX];
	unsigned count;
};

static_assert(RESULT_ENGINES_MAX * RESULT_FIGURES <= COMPARE_FIGURES_MAX, "room for all figures");
static_assert(RESULT_ROUNDS_MAX <= COMPARE_ROUNDS_MAX, "room for all rounds");

/* ---- text ---- */

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

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_setting(const struct comparison *c, const char *path)
{
	return same_text(result_find_setting(c->a, path), result_find_setting(c->b, path));
}

static void print_warnings(const struct comparison *c)
{
	static const char *const contents[] = {
		"workload.content_count", "workload.corpus_fingerprint",
		"workload.contexts",	  "workload.split",
		"workload.chunk",	  "workload.size",
	};
	bool same = true;

	/* a fixed number of requests: runs by time ask for more or fewer */
	if (!same_setting(c, "request_stream.first_digest") ||
	    !same_setting(c, "request_stream.first_requests"))
		puts(warn_stream);
	for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++)
		same = same && same_setting(c, contents[i]);
	if (!same)
		puts(warn_contents);
}

static void print_difference(const char *path, const char *a, const char *b)
{
	char texts[3][DIFFERENCE_NBYTES];

	format_text(texts[0], sizeof texts[0], path);
	format_text(texts[1], sizeof texts[1], a != NULL ? a : "(none)");
	format_text(texts[2], sizeof texts[2], b != NULL ? b : "(none)");
	printf("  %s: %s -> %s\n", texts[0], texts[1], texts[2]);
}

/* The values of `one` that `other` lacks or, if asked for, has otherwise. */
static unsigned print_differing(const struct comparison *c, bool of_b, unsigned shown)
{
	const struct result_file *one = of_b ? c->b : c->a, *other = of_b ? c->a : c->b;

	for (unsigned i = 0; i < one->setting_count; i++) {
		const struct result_setting *s = &one->settings[i];
		const char *there = result_find_setting(other, s->path);
		/* the streams have a warning of their own */
		if (same_text(s->value, there) || (of_b && there != NULL) ||
		    strncmp(s->path, "request_stream.", 15) == 0)
			continue;
		if (shown == 0)
			puts("differing:");
		if (shown++ < DIFFERENCES_SHOWN)
			print_difference(s->path, of_b ? there : s->value, of_b ? s->value : there);
	}
	return shown;
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

	for (unsigned i = 0; i < 2; i++) {
		char path[WORKLOAD_PATH_NBYTES], time[40];
		format_text(path, sizeof path, files[i]->path);
		format_text(time, sizeof time, files[i]->time);
		printf("%c: %s (%s)\n", 'A' + (int)i, path, time);
	}
	unsigned differing = print_differing(c, true, print_differing(c, false, 0));
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

/* ---- comparing ---- */

static bool is_server(const struct result_file *r)
{
	return same_text(result_find_setting(r, "workload.scenario"), "server");
}

/* A server's rate is what the workload asks for, no figure of its own. */
static void choose_figures(struct comparison *c)
{
	bool server = is_server(c->a) || is_server(c->b);

	for (unsigned i = 0; i < c->a->engine_count; i++) {
		const struct result_engine *a = &c->a->engines[i];
		const struct result_engine *b = result_find_engine(c->b, a->label);
		for (unsigned k = 0; k < RESULT_FIGURES && b != NULL; k++) {
			if (!a->known[k] || !b->known[k] || (k == RESULT_ACHIEVED_RPS && server))
				continue;
			c->names[c->count].label = a->label;
			c->names[c->count].which = k;
			c->figures[c->count++] = (struct compare_figure){
				.a = a->values[k],
				.b = b->values[k],
				.a_count = a->round_count,
				.b_count = b->round_count,
				.higher_is_better = columns[k].higher_is_better,
				.others_add = k == RESULT_MOVED_BYTES_PER_REQUEST,
				.engine = i,
				.which = k,
			};
		}
	}
}

/* An engine of A that B lost, or another scenario: not the same experiment. */
static bool check_same(const struct comparison *c)
{
	char label[WORKLOAD_NAME_NBYTES];

	if (!same_setting(c, "workload.scenario")) {
		fputs("gvr: A and B are of different scenarios; run both with the same\n", stderr);
		return false;
	}
	for (unsigned i = 0; i < c->a->engine_count; i++) {
		if (result_find_engine(c->b, c->a->engines[i].label) != NULL)
			continue;
		format_text(label, sizeof label, c->a->engines[i].label);
		fprintf(stderr, "gvr: engine %s of A is missing in B; run both with the same\n",
			label);
		return false;
	}
	return true;
}

static int exit_code(const struct comparison *c, double threshold)
{
	unsigned known = 0, worse = 0, too_few = 0;

	for (unsigned i = 0; i < c->count; i++) {
		known += c->figures[i].known;
		worse += c->figures[i].word == COMPARE_REGRESSION;
		too_few += c->figures[i].too_few;
	}
	if (worse > 0) {
		fprintf(stderr, "gvr: B is worse than A by more than %g %% in %u of %u figures\n",
			threshold * 100, worse, known);
		return EXIT_REGRESSION;
	}
	if (known == 0) {
		fputs("gvr: nothing can be compared: no engine of one label has a figure above 0 "
		      "in every round of both\n",
		      stderr);
		return EXIT_INVALID;
	}
	if (too_few == 0)
		return check_same(c) ? EXIT_OK : EXIT_INVALID;
	fprintf(stderr,
		"gvr: too few rounds: %u figures need %u rounds in A and in B to be told from "
		"chance; set workload.rounds and run both again\n",
		known, compare_rounds_needed(known));
	return EXIT_INVALID;
}

static bool check_valid(const struct result_file *r)
{
	struct error line;

	if (r->valid)
		return true;
	error_set(&line, 0, "%.500s: INVALID, not to be compared: %.400s", r->path,
		  r->why_invalid[0] != '\0' ? r->why_invalid : "no reason is given");
	fprintf(stderr, "gvr: %s\n", line.text);
	return false;
}

static int compare(const struct result_file *a, const struct result_file *b, double threshold)
{
	static struct comparison c;
	bool a_valid = check_valid(a), b_valid = check_valid(b);

	if (!a_valid || !b_valid)
		return EXIT_INVALID;
	c = (struct comparison){.a = a, .b = b};
	choose_figures(&c);
	compare_figures(c.figures, c.count, threshold);
	if (compare_relative(c.figures, c.count, threshold) != 0) {
		fputs("gvr: out of memory\n", stderr);
		return EXIT_ERROR;
	}
	print_head(&c);
	if (c.count > 0)
		print_table(&c);
	fflush(stdout);
	return exit_code(&c, threshold);
}

/* As a fraction. False: one line was printed. */
static bool parse_threshold(double *out, const char *text)
{
	char *end;
	double percent = text != NULL ? strtod(text, &end) : THRESHOLD_PERCENT;

	*out = percent / 100;
	if (text == NULL || (end != text && *end == '\0' && percent >= 0 && percent < 100))
		return true;
	fputs("gvr compare: --threshold: not a number of percent from 0 to below 100; see gvr "
	      "compare --help\n",
	      stderr);
	return false;
}

int cmd_compare(int argc, char **argv)
{
	static struct options o;
	struct result_file *a = NULL, *b = NULL;
	double threshold;
	struct error e;

	int code = command_options(&o, argc, argv, "t", 2, print_help);
	if (code >= 0)
		return code;
	if (!parse_threshold(&threshold, o.threshold))
		return EXIT_USAGE;
	int err = result_read(&a, o.operands[0], &e);
	if (err == 0)
		err = result_read(&b, o.operands[1], &e);
	code = err != 0 ? command_failed(err, &e) : compare(a, b, threshold);
	result_close(a);
	result_close(b);
	return code;
}
