#include "bench/steady.h"

#include <math.h>
#include <stdio.h>

#include "bench/student.h"

/* A round is judged by this many pieces of about as many requests each, not
 * by its windows: responses one after the other are alike (a queue drains
 * slowly), and the longer the pieces, the less so; and no piece is a handful
 * of requests. The method of batch means. */
#define PIECES_MAX 8u
#define PIECES_MIN 4u
#define REQUESTS_MIN 32u
#define CONFIDENCE 0.99
/* Fewer rounds than that say too little about their own spread. */
#define ROUNDS_MIN 3u
#define ROUNDS_MAX 1000u /* a workload's greatest */
#define ROUNDING 1e-9

struct piece {
	double weight; /* requests */
	double at;     /* mean time or number of the round */
	double mean_ns;
};

/* What a line changes over its whole length, as a part of the mean. */
struct change {
	double value; /* NAN: no line could be fitted */
	double standard_error;
	unsigned dof;
};

/* The line of weighted least squares through the pieces; span: its length. */
static struct change fit(const struct piece *pieces, unsigned count, double span)
{
	double weights = 0, at = 0, mean = 0, sxx = 0, sxy = 0, residuals = 0;

	for (unsigned i = 0; i < count; i++) {
		weights += pieces[i].weight;
		at += pieces[i].weight * pieces[i].at;
		mean += pieces[i].weight * pieces[i].mean_ns;
	}
	if (count < 3)
		return (struct change){.value = NAN};
	at /= weights;
	mean /= weights;
	for (unsigned i = 0; i < count; i++) {
		double x = pieces[i].at - at;
		sxx += pieces[i].weight * x * x;
		sxy += pieces[i].weight * x * (pieces[i].mean_ns - mean);
	}
	double slope = sxy / sxx, part = mean > 0 ? span / mean : 0;
	for (unsigned i = 0; i < count; i++) {
		double r = pieces[i].mean_ns - mean - slope * (pieces[i].at - at);
		residuals += pieces[i].weight * r * r;
	}
	return (struct change){
		.value = slope * part,
		.standard_error = sqrt(residuals / (count - 2) / sxx) * part,
		.dof = count - 2,
	};
}

static uint64_t requests_of(const struct trend *t)
{
	uint64_t count = 0;
	for (unsigned i = 0; i < TREND_WINDOWS; i++)
		count += t->count[i];
	return count;
}

/* Cuts a round at windows' ends into pieces. Returns how many; *span: from the
 * begin of the first window with requests to the end of the last, in windows. */
static unsigned cut(const struct trend *t, struct piece *pieces, double *span)
{
	double total = (double)requests_of(t), before = 0, first = -1;
	unsigned count = 0, piece_before = PIECES_MAX;

	for (unsigned i = 0; i < TREND_WINDOWS; i++) {
		double requests = (double)t->count[i];
		if (t->count[i] == 0)
			continue;
		unsigned piece = (unsigned)((before + requests / 2) / total * PIECES_MAX);
		if (piece != piece_before)
			pieces[count++] = (struct piece){0};
		piece_before = piece;
		pieces[count - 1].weight += requests;
		pieces[count - 1].at += (i + 0.5) * requests;
		pieces[count - 1].mean_ns += t->response_sum_ns[i];
		before += requests;
		first = first < 0 ? i : first;
		*span = i + 1 - first;
	}
	for (unsigned i = 0; i < count; i++) {
		pieces[i].at /= pieces[i].weight;
		pieces[i].mean_ns /= pieces[i].weight;
	}
	return count;
}

static struct change change_within(const struct trend *t)
{
	struct piece pieces[PIECES_MAX];
	double span = 0;
	unsigned count = cut(t, pieces, &span);

	if (count < PIECES_MIN)
		return (struct change){.value = NAN};
	return fit(pieces, count, span);
}

/* The mean of the rounds' changes; its error from how they differ or, where
 * they are too few for that, from the errors of their lines. */
static struct change change_within_rounds(const struct trend *rounds, unsigned count)
{
	struct change all = {0};
	double squares = 0, errors = 0;

	for (unsigned i = 0; i < count; i++) {
		struct change c = change_within(&rounds[i]);
		double delta = c.value - all.value;
		all.value += delta / (i + 1);
		squares += delta * (c.value - all.value);
		errors += c.standard_error * c.standard_error;
		all.dof += c.dof;
	}
	all.standard_error = sqrt(errors) / count;
	if (count >= ROUNDS_MIN) {
		all.standard_error = sqrt(squares / (count - 1) / count);
		all.dof = count - 1;
	}
	return all;
}

static void pieces_of_rounds(struct piece *pieces, const struct trend *rounds, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		pieces[i] = (struct piece){1, i, trend_mean(&rounds[i])};
}

static struct change change_across_rounds(const struct trend *rounds, unsigned count)
{
	struct piece pieces[ROUNDS_MAX];

	pieces_of_rounds(pieces, rounds, count);
	return fit(pieces, count, count - 1.0);
}

static bool is_beyond(const struct change *c, double limit)
{
	double size = fabs(c->value);
	return size > limit + ROUNDING && size > student_t(CONFIDENCE, c->dof) * c->standard_error;
}

static void say_too_short(struct steady *s)
{
	snprintf(s->why, sizeof s->why, "fewer than 3 rounds, or too short ones");
}

static void judge_slope(struct steady *s, double limit, const char *what,
			const struct trend *rounds, unsigned count)
{
	struct change within = change_within_rounds(rounds, count);
	struct change across = change_across_rounds(rounds, count);
	const struct change *beyond = NULL;

	s->within_round = within.value;
	s->across_rounds = across.value;
	s->judged = !isnan(within.value) || !isnan(across.value);
	if (is_beyond(&across, limit))
		beyond = &across;
	if (is_beyond(&within, limit))
		beyond = &within;
	s->reached = s->judged && beyond == NULL;
	if (!s->judged)
		say_too_short(s);
	else if (beyond != NULL)
		snprintf(s->why, sizeof s->why, "%s %s by %.0f %% %s", what,
			 beyond->value > 0 ? "rise" : "fall", fabs(beyond->value) * 100,
			 beyond == &within ? "within a round" : "from the first round to the last");
}

/* The mean of what is furthest from the mean of all, as a part of that. */
static double furthest(const struct piece *pieces, unsigned count, unsigned *which)
{
	double mean_ns = 0, furthest_off = 0;

	for (unsigned i = 0; i < count; i++)
		mean_ns += pieces[i].mean_ns / count;
	for (unsigned i = 0; i < count && mean_ns > 0; i++) {
		double off = pieces[i].mean_ns / mean_ns - 1;
		if (fabs(off) > fabs(furthest_off)) {
			furthest_off = off;
			*which = i;
		}
	}
	return furthest_off;
}

static void judge_mean(struct steady *s, double limit, const char *what, const struct trend *rounds,
		       unsigned count)
{
	struct piece pieces[ROUNDS_MAX];
	unsigned which = 0, piece_count = count;
	double span;

	if (count == 1)
		piece_count = cut(&rounds[0], pieces, &span);
	else
		pieces_of_rounds(pieces, rounds, count);
	s->judged = count > 1 || piece_count >= PIECES_MIN;
	if (!s->judged) {
		say_too_short(s);
		return;
	}
	double off = furthest(pieces, piece_count, &which);
	s->spread = fabs(off);
	s->reached = s->spread <= limit + ROUNDING;
	if (!s->reached)
		snprintf(s->why, sizeof s->why, "%s of %s %u are %.0f %% %s the mean", what,
			 count == 1 ? "part" : "round", which + 1, s->spread * 100,
			 off > 0 ? "above" : "below");
}

/* Whether there is enough to judge by; says what is missing. */
static bool is_enough(struct steady *s, const struct trend *rounds, unsigned count)
{
	if (count < 1 || count > ROUNDS_MAX) {
		snprintf(s->why, sizeof s->why, "there are %u rounds", count);
		return false;
	}
	for (unsigned i = 0; i < count; i++) {
		uint64_t requests = requests_of(&rounds[i]);
		if (requests >= REQUESTS_MIN)
			continue;
		snprintf(s->why, sizeof s->why, "round %u has %u requests, %u are needed", i + 1,
			 (unsigned)requests, REQUESTS_MIN);
		return false;
	}
	return true;
}

struct steady steady_judge(enum ss_kind kind, double limit, const char *what,
			   const struct trend *rounds, unsigned count)
{
	struct steady s = {.across_rounds = NAN, .within_round = NAN, .spread = NAN};

	if (kind == SS_NONE)
		snprintf(s.why, sizeof s.why, "not asked for (ss = none)");
	else if (!is_enough(&s, rounds, count))
		return s;
	else if (kind == SS_SLOPE)
		judge_slope(&s, limit, what, rounds, count);
	else
		judge_mean(&s, limit, what, rounds, count);
	return s;
}

bool steady_is_unclear(const struct steady *s, double limit)
{
	/* NAN compares false */
	return s->judged && s->reached &&
	       (fabs(s->across_rounds) > limit || fabs(s->within_round) > limit);
}
