#include "bench/audit.h"

#include <inttypes.h>
#include <string.h>

#include "bench/format.h"
#include "bench/json_values.h"
#include "workloads/prng.h"

#define ROUNDS 6u
/* An order of requests is measured for about so long at a time, and for no
 * longer than a round of the workload. */
#define SLICE_MAX_NS UINT64_C(500000000)
/* How often in a row. */
#define REPEATS 4u
#define DISTINCT_MIN 32u
/* How much faster or otherwise different still counts as the same. */
#define TOLERANCE 0.10
/* The name of the sub-sequence of randseed for the other seeds. */
enum { SEED_AUDIT = 103 };

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t gcd(uint64_t a, uint64_t b)
{
	while (b != 0) {
		uint64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* Steps through all items far from each other: near the golden section. */
static uint64_t stride_of(uint64_t items)
{
	uint64_t stride = (uint64_t)((double)items * 0.6180339887498949) | 1;

	while (gcd(stride, items) != 1)
		stride++;
	return stride;
}

static uint64_t slice_ns(const struct run *run)
{
	return smaller(SLICE_MAX_NS, run->workload->runtime_ns / run->workload->rounds);
}

/* Is a ratio at most 1 + TOLERANCE and at least least? UNCLEAR: its interval
 * reaches over a limit. */
static enum audit_outcome judge(const struct ratio *r, double least)
{
	if (!r->known)
		return AUDIT_UNCLEAR;
	if (r->low > 1 + TOLERANCE || r->high < least)
		return AUDIT_FAIL;
	return r->high > 1 + TOLERANCE || r->low < least ? AUDIT_UNCLEAR : AUDIT_PASS;
}

static enum audit_outcome worse(enum audit_outcome a, enum audit_outcome b)
{
	return a > b ? a : b;
}

/* ---- accuracy ---- */

static int check_replies(struct run *run, struct engine_run *er, struct audit_engine *out,
			 const struct slice_plan *plan, const char *what, struct error *e)
{
	int err = run_slice(run, er, plan, what, slice_ns(run), e);
	const struct recorder *r = er->slice_recorder;

	out->replies_checked += r->verified;
	out->replies_wrong += r->mismatched + r->failed;
	return err;
}

/* Items asked for once as gvr verify does, then the stream as gvr run does. */
static int audit_accuracy(struct run *run, struct engine_run *er, struct audit_engine *out,
			  struct error *e)
{
	struct slice_plan accuracy = run_plan(run), performance = run_plan(run);

	accuracy.stream = NULL;
	accuracy.item_stride = stride_of(run->contents->items);
	accuracy.index_limit = run->contents->items;
	accuracy.length_ns = 4 * slice_ns(run);
	performance.length_ns = slice_ns(run);
	int err = check_replies(run, er, out, &accuracy, "audit: accuracy", e);
	if (err == 0 && !run->interrupted)
		err = check_replies(run, er, out, &performance, "audit: performance", e);
	out->service_p50_ns = (double)histogram_percentile(&er->slice_recorder->service, 50);
	if (er->ops->makes_replies)
		out->accuracy = out->replies_wrong == 0 && out->replies_checked > 0 ? AUDIT_PASS
										    : AUDIT_FAIL;
	return err;
}

/* ---- repeat ---- */

/* The same items in both slices of a round, each once or each REPEATS times in
 * a row; other items in each round, as far as there are others, so that no
 * round finds in a cache what one before it left there. */
static struct slice_plan plan_repeat(const struct run *run, double rate, unsigned round,
				     bool in_a_row)
{
	struct slice_plan plan = run_plan(run);
	uint64_t items = run->contents->items;
	uint64_t count = (uint64_t)(rate * (double)slice_ns(run) / 1e9) / 2;

	count = smaller(count > DISTINCT_MIN ? count : DISTINCT_MIN, items);
	plan.stream = NULL;
	plan.item_first = round * count % items;
	plan.item_stride = stride_of(items);
	plan.item_repeat = in_a_row ? REPEATS : 1;
	plan.index_limit = count * plan.item_repeat;
	return plan;
}

static int audit_repeat(struct run *run, struct engine_run *er, struct audit_engine *out,
			struct error *e)
{
	double rates[2][ROUNDS], rate = run_slice_rate(er);

	for (unsigned i = 0; i < 2 * ROUNDS; i++) {
		unsigned in_a_row = i % 2; /* last: it would leave its items in a cache */
		struct slice_plan plan = plan_repeat(run, rate, i / 2, in_a_row);
		int err = run_slice(run, er, &plan, "audit: repeated contents", slice_ns(run), e);
		if (err != 0 || run->interrupted)
			return err;
		rates[in_a_row][i / 2] = run_slice_rate(er);
	}
	out->repeated = ratio_paired(rates[1], rates[0], ROUNDS);
	bool declared =
		run->workload->cache_state == CACHE_WARM || er->config->cache_size_bytes > 0;
	out->repeat = declared ? AUDIT_PASS : judge(&out->repeated, 0);
	return 0;
}

/* ---- seeds ---- */

/* Other draws of the same contents: what is popular stays so. */
static void other_stream(const struct run *run, unsigned seed, struct stream *s)
{
	struct workload w = *run->workload;

	w.randseed = prng_key(w.randseed, SEED_AUDIT + seed);
	stream_init(s, &w, run->contents->count);
	s->popularity.scatter = run->stream.popularity.scatter;
}

static enum audit_outcome seed_outcome(const struct audit_engine *g, unsigned seed)
{
	enum audit_outcome rate = judge(&g->seed_rate[seed], 1 - TOLERANCE);
	enum audit_outcome p50 = judge(&g->seed_p50[seed], 1 - TOLERANCE);

	return worse(rate, p50);
}

static int audit_seeds(struct run *run, struct engine_run *er, struct audit_engine *out,
		       struct error *e)
{
	static struct stream streams[AUDIT_SEEDS + 1];
	double rate[AUDIT_SEEDS + 1][ROUNDS], p50[AUDIT_SEEDS + 1][ROUNDS];
	uint64_t next[AUDIT_SEEDS + 1] = {0};

	streams[0] = run->stream;
	for (unsigned s = 1; s <= AUDIT_SEEDS; s++)
		other_stream(run, s, &streams[s]);
	for (unsigned i = 0; i < ROUNDS * (AUDIT_SEEDS + 1); i++) {
		unsigned round = i / (AUDIT_SEEDS + 1), s = (i + round) % (AUDIT_SEEDS + 1);
		struct slice_plan plan = run_plan(run);
		plan.stream = &streams[s];
		plan.index_first = next[s];
		plan.length_ns = slice_ns(run);
		int err = run_slice(run, er, &plan, "audit: other seeds", slice_ns(run), e);
		if (err != 0 || run->interrupted)
			return err;
		next[s] = er->slice.next_index;
		rate[s][round] = run_slice_rate(er);
		p50[s][round] = (double)histogram_percentile(&er->slice_recorder->service, 50);
	}
	out->seeds = AUDIT_PASS;
	for (unsigned s = 0; s < AUDIT_SEEDS; s++) {
		out->seed_rate[s] = ratio_paired(rate[s + 1], rate[0], ROUNDS);
		out->seed_p50[s] = ratio_paired(p50[s + 1], p50[0], ROUNDS);
		out->seeds = worse(out->seeds, seed_outcome(out, s));
	}
	return 0;
}

/* ---- the audit ---- */

static int audit_one(struct run *run, struct workload *w, struct engine_run *er,
		     struct audit_engine *out, struct error *e)
{
	out->accuracy = out->repeat = out->seeds = AUDIT_NONE;
	w->verify = VERIFY_ALL;
	int err = audit_accuracy(run, er, out, e);
	w->verify = VERIFY_NONE; /* the other two measure */
	if (err == 0 && !run->interrupted)
		err = audit_repeat(run, er, out, e);
	if (err == 0 && !run->interrupted)
		err = audit_seeds(run, er, out, e);
	return err;
}

int audit_execute(struct audit *a, struct workload *w, const struct contents *contents,
		  const struct progress *progress, struct error *e)
{
	memset(a, 0, sizeof *a);
	int err = run_open(&a->run, contents, progress, e);
	a->run.progress_total = (2 + 2 * ROUNDS + (AUDIT_SEEDS + 1) * ROUNDS) * slice_ns(&a->run) *
				a->run.engine_count;
	a->passed = true;
	for (unsigned i = 0; i < a->run.engine_count && err == 0 && !a->run.interrupted; i++) {
		struct audit_engine *out = &a->engines[i];
		err = audit_one(&a->run, w, &a->run.engines[i], out, e);
		a->unclear += (out->repeat == AUDIT_UNCLEAR) + (out->seeds == AUDIT_UNCLEAR);
		a->passed = a->passed && out->accuracy != AUDIT_FAIL && out->repeat != AUDIT_FAIL &&
			    out->seeds != AUDIT_FAIL;
	}
	a->passed = a->passed && !a->run.interrupted;
	run_close(&a->run);
	return err;
}

/* ---- for people ---- */

static const char *outcome_name(enum audit_outcome outcome)
{
	static const char *const names[] = {"-", "PASS", "?", "FAIL"};
	return names[outcome];
}

static void format_ratio(char *out, size_t capacity, const struct ratio *r)
{
	if (r->known)
		snprintf(out, capacity, "x %.3f (%.3f to %.3f)", r->value, r->low, r->high);
	else
		snprintf(out, capacity, "not known");
}

static void print_engine(const struct audit *a, unsigned index, FILE *out)
{
	const struct audit_engine *g = &a->engines[index];
	char ratio[64], service[32];

	fprintf(out, "\n%s\n", a->run.engines[index].config->label);
	fprintf(out, "  %-4s accuracy: %" PRIu64 " replies checked, %" PRIu64 " wrong\n",
		outcome_name(g->accuracy), g->replies_checked, g->replies_wrong);
	format_ratio(ratio, sizeof ratio, &g->repeated);
	fprintf(out, "  %-4s repeat: one content again and again, speed %s\n",
		outcome_name(g->repeat), ratio);
	for (unsigned s = 0; s < AUDIT_SEEDS; s++) {
		format_ratio(ratio, sizeof ratio, &g->seed_rate[s]);
		fprintf(out, "  %-4s seeds: another seed, speed %s\n",
			outcome_name(g->seeds == AUDIT_NONE ? AUDIT_NONE : seed_outcome(g, s)),
			ratio);
		format_ratio(ratio, sizeof ratio, &g->seed_p50[s]);
		fprintf(out, "       seeds: the same, service time p50 %s\n", ratio);
	}
	format_ns(service, sizeof service, g->service_p50_ns);
	fprintf(out, "       harness: %.0f ns of each request; service time p50 %s\n",
		a->run.null_ns_per_request, service);
}

/* What to do about a failure, once. */
static void print_remedies(const struct audit *a, FILE *out)
{
	bool accuracy = false, repeat = false, seeds = false;

	for (unsigned i = 0; i < a->run.engine_count; i++) {
		accuracy |= a->engines[i].accuracy == AUDIT_FAIL;
		repeat |= a->engines[i].repeat == AUDIT_FAIL;
		seeds |= a->engines[i].seeds == AUDIT_FAIL;
	}
	if (a->unclear > 0)
		fputs("\n?: the interval reaches over a limit of 10 %; measure on a quieter "
		      "machine.\n",
		      out);
	if (accuracy)
		fputs("\naccuracy: gvr verify names the contents that are wrong.\n", out);
	if (repeat)
		fputs("\nrepeat: something caches what was asked for before. Where that is meant,\n"
		      "declare it with cache_state = warm (cache_size declares itself); else set\n"
		      "direct = 1.\n",
		      out);
	if (seeds)
		fputs("\nseeds: the figures depend on which requests are drawn. Raise runtime, or "
		      "report\nseveral values of randseed.\n",
		      out);
}

void audit_print(const struct audit *a, FILE *out)
{
	fprintf(out, "Audit is: %s\n", a->passed ? "PASSED" : "FAILED");
	if (a->run.interrupted)
		fputs("  * interrupted\n", out);
	if (a->unclear > 0)
		fprintf(out, "  * checks that noise leaves unclear: %u\n", a->unclear);
	fprintf(out, "\nWorkload %.60s, %u rounds of each check, 95 %% intervals\n",
		a->run.workload->name, ROUNDS);
	for (unsigned i = 0; i < a->run.engine_count; i++)
		print_engine(a, i, out);
	print_remedies(a, out);
}

/* ---- for programs ---- */

static json_t *outcome_json(enum audit_outcome outcome)
{
	static const char *const names[] = {NULL, "pass", "unclear", "fail"};
	return names[outcome] != NULL ? json_string(names[outcome]) : NULL;
}

static json_t *ratio_json(const struct ratio *r)
{
	json_t *o = json_object();

	if (!r->known) {
		json_decref(o);
		return NULL;
	}
	json_put(o, "ratio", json_figure(r->value));
	json_put(o, "low", json_figure(r->low));
	json_put(o, "high", json_figure(r->high));
	return o;
}

static json_t *accuracy_json(const struct audit_engine *g)
{
	json_t *o = json_object();

	json_put(o, "outcome", outcome_json(g->accuracy));
	json_put(o, "replies_checked", json_integer((json_int_t)g->replies_checked));
	json_put(o, "replies_wrong", json_integer((json_int_t)g->replies_wrong));
	return o;
}

static json_t *repeat_json(const struct audit_engine *g)
{
	json_t *o = json_object();

	json_put(o, "outcome", outcome_json(g->repeat));
	json_put(o, "speed", ratio_json(&g->repeated));
	return o;
}

static json_t *seeds_json(const struct audit_engine *g)
{
	json_t *seeds = json_array();

	for (unsigned s = 0; s < AUDIT_SEEDS; s++) {
		json_t *o = json_object();
		json_put(o, "outcome",
			 g->seeds == AUDIT_NONE ? NULL : outcome_json(seed_outcome(g, s)));
		json_put(o, "speed", ratio_json(&g->seed_rate[s]));
		json_put(o, "service_p50", ratio_json(&g->seed_p50[s]));
		json_array_append_new(seeds, o);
	}
	return seeds;
}

json_t *audit_json(const struct audit *a)
{
	json_t *root = json_object(), *engines = json_object();

	for (unsigned i = 0; i < a->run.engine_count; i++) {
		const struct audit_engine *g = &a->engines[i];
		json_t *o = json_object();
		json_put(o, "accuracy", accuracy_json(g));
		json_put(o, "repeat", repeat_json(g));
		json_put(o, "seeds", seeds_json(g));
		json_put(o, "service_p50_ns", json_figure(g->service_p50_ns));
		json_put(engines, a->run.engines[i].config->label, o);
	}
	json_put(root, "audit", json_string(a->passed ? "PASSED" : "FAILED"));
	json_put(root, "interrupted", json_boolean(a->run.interrupted));
	json_put(root, "unclear", json_integer(a->unclear));
	json_put(root, "workload", json_text(a->run.workload->name));
	json_put(root, "rounds", json_integer(ROUNDS));
	json_put(root, "tolerance", json_figure(TOLERANCE));
	json_put(root, "harness_ns_per_request", json_figure(a->run.null_ns_per_request));
	json_put(root, "engines", engines);
	return root;
}
