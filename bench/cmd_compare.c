/* cmd_compare.c: gvr compare: is the second of two results worse? */
#include "bench/commands.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/compare.h"
#include "bench/compare_relative.h"
#include "bench/comparison.h"
#include "bench/options.h"
#include "bench/result_read.h"

#define THRESHOLD_PERCENT 5.0

static const char help[] =
	"usage: gvr compare A B [--threshold PCT] [--format FORMAT]\n"
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
	"  --format FORMAT  normal, or json: all of it, on standard output\n"
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

static_assert(RESULT_ENGINES_MAX * RESULT_FIGURES <= COMPARE_FIGURES_MAX, "room for all figures");
static_assert(RESULT_ROUNDS_MAX <= COMPARE_ROUNDS_MAX, "room for all rounds");

/* A line on stderr, which the comparison keeps. */
static void complain(struct comparison *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void complain(struct comparison *c, const char *format, ...)
{
	struct error *line = &c->why[c->why_count++];
	va_list args;

	va_start(args, format);
	vsnprintf(line->text, sizeof line->text, format, args);
	va_end(args);
	error_clean(line->text);
	fprintf(stderr, "gvr: %s\n", line->text);
}

static bool is_server(const struct result_file *r)
{
	const char *scenario = result_find_setting(r, "workload.scenario");

	return scenario != NULL && strcmp(scenario, "server") == 0;
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
				.higher_is_better = k == RESULT_ACHIEVED_RPS,
				.others_add = k == RESULT_MOVED_BYTES_PER_REQUEST,
				.engine = i,
				.which = k,
			};
		}
	}
}

/* An engine of A that B lost, or another scenario: not the same experiment. */
static bool check_same(struct comparison *c)
{
	if (!comparison_same(c, "workload.scenario")) {
		complain(c, "A and B are of different scenarios; run both with the same");
		return false;
	}
	for (unsigned i = 0; i < c->a->engine_count; i++) {
		const char *label = c->a->engines[i].label;
		if (result_find_engine(c->b, label) != NULL)
			continue;
		complain(c, "engine %.100s of A is missing in B; run both with the same", label);
		return false;
	}
	return true;
}

static int judge(struct comparison *c)
{
	unsigned known = 0, worse = 0, too_few = 0;

	for (unsigned i = 0; i < c->count; i++) {
		known += c->figures[i].known;
		worse += c->figures[i].word == COMPARE_REGRESSION;
		too_few += c->figures[i].too_few;
	}
	if (worse > 0) {
		complain(c, "B is worse than A by more than %g %% in %u of %u figures",
			 c->threshold * 100, worse, known);
		return EXIT_REGRESSION;
	}
	if (known == 0) {
		complain(c, "nothing can be compared: no engine of one label has a figure above 0 "
			    "in every round of both");
		return EXIT_INVALID;
	}
	if (too_few == 0)
		return check_same(c) ? EXIT_OK : EXIT_INVALID;
	complain(c,
		 "too few rounds: %u figures need %u rounds in A and in B to be told from "
		 "chance; set workload.rounds and run both again",
		 known, compare_rounds_needed(known));
	return EXIT_INVALID;
}

static bool check_valid(struct comparison *c, const struct result_file *r)
{
	if (!r->valid)
		complain(c, "%.500s: INVALID, not to be compared: %.400s", r->path,
			 r->why_invalid[0] != '\0' ? r->why_invalid : "no reason is given");
	return r->valid;
}

/* 0, or -errno. */
static int fill(struct comparison *c)
{
	choose_figures(c);
	compare_figures(c->figures, c->count, c->threshold);
	return compare_relative(c->figures, c->count, c->threshold);
}

static const char *verdict_of(int code)
{
	return code == EXIT_OK		 ? "no regression"
	       : code == EXIT_REGRESSION ? "regression"
					 : "not comparable";
}

static int compare(const struct result_file *a, const struct result_file *b, double threshold,
		   bool json)
{
	static struct comparison c;

	c = (struct comparison){.a = a, .b = b, .threshold = threshold};
	bool a_valid = check_valid(&c, a), b_valid = check_valid(&c, b);
	if (a_valid && b_valid && fill(&c) != 0) {
		fputs("gvr: out of memory\n", stderr);
		return EXIT_ERROR;
	}
	if (a_valid && b_valid && !json)
		comparison_print(&c);
	fflush(stdout); /* before what it comes to */
	int code = a_valid && b_valid ? judge(&c) : EXIT_INVALID;
	return json ? command_print_json(comparison_json(&c, verdict_of(code)), code) : code;
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

	int code = command_options(&o, argc, argv, "tf", 2, print_help);
	if (code >= 0)
		return code;
	if (!parse_threshold(&threshold, o.threshold))
		return EXIT_USAGE;
	int err = result_read(&a, o.operands[0], &e);
	if (err == 0)
		err = result_read(&b, o.operands[1], &e);
	code = err != 0 ? command_failed(err, &e) : compare(a, b, threshold, o.json);
	result_close(a);
	result_close(b);
	return code;
}
