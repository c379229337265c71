/* plot_scale.c: where a value lies on an axis, and the tics that people read. */
#include "bench/report/plot_internal.h"

#include <math.h>
#include <string.h>

#include "bench/breakeven.h"
#include "bench/format.h"

#define YEAR_DAYS 365.25
#define LOWEST 1e-300 /* beyond these a range has no room around it */
#define HIGHEST 1e300
#define FEW_TICS 4u

double plot_linear(const struct plot_scale *s, double value)
{
	if (!(fabs(value) <= HIGHEST))
		return NAN;
	if (s->unit == PLOT_PERCENTILE)
		return value < 0 || value >= 100 ? NAN : -log10(1 - value / 100);
	if (s->log)
		return value > LOWEST ? log10(value) : NAN;
	return value;
}

double plot_px(const struct plot_scale *s, double linear)
{
	return s->at_low + (linear - s->low) / (s->high - s->low) * (s->at_high - s->at_low);
}

/* ---- what a tic is called ---- */

struct unit {
	double size;
	const char *name;
};

static const struct unit ns_units[] = {{1, " ns"}, {1e3, " us"}, {1e6, " ms"}, {1e9, " s"}};
static const struct unit day_units[] = {{1e-9 / 86400, " ns"},
					{1e-6 / 86400, " us"},
					{1e-3 / 86400, " ms"},
					{1 / 86400.0, " s"},
					{1 / 1440.0, " min"},
					{1 / 24.0, " h"},
					{1, " days"},
					{YEAR_DAYS, " years"},
					{1e3 * YEAR_DAYS, "k years"},
					{1e6 * YEAR_DAYS, "M years"},
					{1e9 * YEAR_DAYS, "G years"}};
static const struct unit byte_units[] = {{1, " B"},	   {0x1p10, " KiB"}, {0x1p20, " MiB"},
					 {0x1p30, " GiB"}, {0x1p40, " TiB"}, {0x1p50, " PiB"},
					 {0x1p60, " EiB"}};
static const struct unit joule_units[] = {{1e-12, " pJ"}, {1e-9, " nJ"}, {1e-6, " uJ"},
					  {1e-3, " mJ"},  {1, " J"},	 {1e3, " kJ"},
					  {1e6, " MJ"},	  {1e9, " GJ"}};
static const struct unit number_units[] = {
	{1, ""}, {1e3, "k"}, {1e6, "M"}, {1e9, "G"}, {1e12, "T"}};
static const struct unit plain_units[] = {{1, ""}};
static const struct unit ratio_units[] = {{1, "x"}};
static const struct unit percent_units[] = {{1, " %"}};

#define UNITS(a) a, sizeof(a) / sizeof(a)[0]

static const struct {
	const struct unit *units;
	size_t count;
} units_of[] = {
	[PLOT_NUMBER] = {UNITS(number_units)},	    [PLOT_RATIO] = {UNITS(ratio_units)},
	[PLOT_PERCENTILE] = {UNITS(percent_units)}, [PLOT_NS] = {UNITS(ns_units)},
	[PLOT_BYTES] = {UNITS(byte_units)},	    [PLOT_JOULES] = {UNITS(joule_units)},
	[PLOT_DAYS] = {UNITS(day_units)},	    [PLOT_PER_SECOND] = {UNITS(number_units)},
	[PLOT_USD_PER_GB] = {UNITS(plain_units)},
};

/* The greatest unit that leaves at least 1 of it. */
static struct unit unit_for(enum plot_unit unit, double value)
{
	const struct unit *units = units_of[unit].units;
	size_t u = 0;

	while (u + 1 < units_of[unit].count && fabs(value) >= units[u + 1].size * (1 - 1e-9))
		u++;
	return units[u];
}

static void name_in(char *out, size_t capacity, struct unit unit, double value)
{
	double of_unit = value / unit.size;
	const char *name = unit.name;

	if (value == 0) {
		snprintf(out, capacity, "0");
		return;
	}
	if (fabs(of_unit - 1) < 1e-9)
		name = strcmp(name, " days") == 0    ? " day"
		       : strcmp(name, " years") == 0 ? " year"
						     : name;
	snprintf(out, capacity, "%.6g%s", of_unit, name);
}

static void name_tic(struct plot_tic *tic, enum plot_unit unit, double value)
{
	if (unit == PLOT_PERCENTILE)
		snprintf(tic->label, sizeof tic->label, "%.12g %%", value);
	else
		name_in(tic->label, sizeof tic->label, unit_for(unit, value), value);
}

void plot_format(char *out, size_t capacity, enum plot_unit unit, double value)
{
	if (isnan(value)) {
		snprintf(out, capacity, "-");
		return;
	}
	switch (unit) {
	case PLOT_NUMBER:
		snprintf(out, capacity, "%.3g", value);
		return;
	case PLOT_RATIO:
		snprintf(out, capacity, "%.3gx", value);
		return;
	case PLOT_PERCENTILE:
		snprintf(out, capacity, "%.10g %%", value);
		return;
	case PLOT_NS:
		format_ns(out, capacity, value);
		return;
	case PLOT_BYTES:
		format_bytes(out, capacity, value);
		return;
	case PLOT_JOULES:
		format_joules(out, capacity, value);
		return;
	case PLOT_DAYS:
		breakeven_format_days(out, capacity, value);
		return;
	case PLOT_PER_SECOND:
		format_rate(out, capacity, value);
		return;
	case PLOT_USD_PER_GB:
		snprintf(out, capacity, "%.3g USD/GB", value);
		return;
	}
}

void plot_axis_title(char *out, size_t capacity, const struct plot_axis *axis)
{
	const char *unit = axis->unit == PLOT_PER_SECOND   ? " (requests/s)"
			   : axis->unit == PLOT_USD_PER_GB ? " (USD/GB)"
							   : "";
	snprintf(out, capacity, "%.*s%s", (int)(PLOT_TEXT_NBYTES - 16), axis->name, unit);
}

/* ---- which tics there are ---- */

struct axis_room {
	double length, font;
	bool horizontal;
	double apart; /* the least between two labels, in lines or characters of font */
};

static void add_tic(struct plot_tics *tics, const struct plot_scale *s, double value)
{
	double linear = plot_linear(s, value), slack = (s->high - s->low) * 1e-9;

	if (!(linear >= s->low - slack && linear <= s->high + slack) ||
	    tics->count == PLOT_TICS_MAX)
		return;
	tics->tic[tics->count].value = linear;
	name_tic(&tics->tic[tics->count++], s->unit, value);
}

/* Whether all labels stand apart. */
static bool tics_fit(const struct plot_tics *tics, const struct plot_scale *s,
		     const struct axis_room *room)
{
	for (unsigned i = 0; i + 1 < tics->count; i++) {
		const struct plot_tic *a = &tics->tic[i], *b = &tics->tic[i + 1];
		double apart = (b->value - a->value) / (s->high - s->low) * room->length;
		double want = (1.4 + room->apart) * room->font;
		if (room->horizontal)
			want = (plot_text_width(a->label, room->font) +
				plot_text_width(b->label, room->font)) /
				       2 +
			       room->apart * room->font;
		if (apart < want)
			return false;
	}
	return tics->count < PLOT_TICS_MAX;
}

/* The step after `step`, of those that people count by: 1, 2 and 5 times a
 * power of ten of a unit, or twice as much in bytes. */
static double next_step(double step, double unit, bool twos)
{
	if (twos)
		return step * 2;
	double digit = step / unit / pow(10, floor(log10(step / unit) + 1e-9));
	return step * (digit > 1.5 && digit < 2.5 ? 2.5 : 2);
}

static void linear_steps(struct plot_tics *tics, const struct plot_scale *s,
			 const struct axis_room *room)
{
	double span = s->high - s->low, most = fmax(fabs(s->high), fabs(s->low));
	struct unit unit = unit_for(s->unit, most);
	bool twos = s->unit == PLOT_BYTES && unit.size > 1;
	double step = twos ? exp2(floor(log2(span)) - 5)
			   : unit.size * pow(10, floor(log10(span / unit.size)) - 1);

	for (unsigned tries = 0; tries < 8; tries++, step = next_step(step, unit.size, twos)) {
		tics->count = 0;
		for (double i = ceil(s->low / step - 1e-9);
		     i * step <= s->high + span * 1e-9 && tics->count < PLOT_TICS_MAX; i++) {
			struct plot_tic *tic = &tics->tic[tics->count++];
			tic->value = i * step;
			if (units_of[s->unit].units == number_units)
				unit = unit_for(s->unit, tic->value);
			name_in(tic->label, sizeof tic->label, unit, tic->value);
		}
		if (tics_fit(tics, s, room))
			return;
	}
}

/* Puts in value where it collides with no tic that is there. */
static void insert_tic(struct plot_tics *tics, const struct plot_scale *s,
		       const struct axis_room *room, double value)
{
	struct plot_tics more = {0};
	double linear = plot_linear(s, value);
	unsigned i = 0;

	for (; i < tics->count && tics->tic[i].value < linear; i++)
		more.tic[more.count++] = tics->tic[i];
	add_tic(&more, s, value);
	for (; i < tics->count && more.count < PLOT_TICS_MAX; i++)
		more.tic[more.count++] = tics->tic[i];
	if (tics_fit(&more, s, room))
		*tics = more;
}

/* 1, 2 and 5 of each decade, or decades, or every so many of them. */
static void log_steps(struct plot_tics *tics, const struct plot_scale *s,
		      const struct axis_room *room)
{
	int first = (int)floor(s->low), last = (int)ceil(s->high);
	static const double fine[] = {1, 2, 5}, between[] = {3, 5, 2};
	int decades = (int)(floor(s->high + 1e-9) - ceil(s->low - 1e-9)) + 1;
	bool fits = false;

	for (int stride = decades < 3 ? 0 : 1; !fits; stride++) {
		tics->count = 0;
		for (int d = first; d <= last && tics->count < PLOT_TICS_MAX; d++)
			for (unsigned i = 0; i < (stride == 0 ? 3 : 1); i++)
				if (stride == 0 || d % stride == 0)
					add_tic(tics, s, fine[i] * pow(10, d));
		fits = tics_fit(tics, s, room);
	}
	for (unsigned i = 0; i < 3 && tics->count < 2; i++)
		for (int d = first; d <= last; d++)
			insert_tic(tics, s, room, between[i] * pow(10, d));
}

static void byte_steps(struct plot_tics *tics, const struct plot_scale *s,
		       const struct axis_room *room)
{
	static const int strides[] = {1, 2, 5, 10, 20, 40, 100};
	int first = (int)floor(s->low / log10(2)), last = (int)ceil(s->high / log10(2));

	for (size_t k = 0; k < sizeof strides / sizeof strides[0]; k++) {
		tics->count = 0;
		for (int d = first; d <= last && tics->count < PLOT_TICS_MAX; d++)
			if (d % strides[k] == 0)
				add_tic(tics, s, exp2(d));
		if (tics_fit(tics, s, room))
			return;
	}
}

/* Puts in those that fit, the first ones first; the later `fine` ones only where
 * there are few. */
static void ladder_steps(struct plot_tics *tics, const struct plot_scale *s,
			 const struct axis_room *room, const double *steps, size_t count,
			 size_t fine)
{
	for (size_t i = 0; i < count && (i < count - fine || tics->count < FEW_TICS); i++)
		insert_tic(tics, s, room, steps[i]);
}

/* The steps by which people count time. */
static void day_steps(struct plot_tics *tics, const struct plot_scale *s,
		      const struct axis_room *room)
{
	static const double second = 1 / 86400.0, minute = 1 / 1440.0, hour = 1 / 24.0;
	const double steps[] = {
		second,
		1,
		YEAR_DAYS,
		hour,
		minute,
		100 * YEAR_DAYS,
		1e-3 * second,
		1e-6 * second,
		1e4 * YEAR_DAYS,
		1e6 * YEAR_DAYS,
		1e8 * YEAR_DAYS,
		1e-9 * second,
		10 * YEAR_DAYS,
		1e3 * YEAR_DAYS,
		1e5 * YEAR_DAYS,
		30,
		7,
		10 * second,
		10 * minute,
		6 * hour,
		/* fine */
		0.1 * second,
		0.01 * second,
		100,
		3,
		200,
		15,
		2,
		2 * YEAR_DAYS,
		5 * YEAR_DAYS,
		20 * YEAR_DAYS,
		50 * YEAR_DAYS,
		2 * hour,
		12 * hour,
		30 * minute,
		3 * minute,
		30 * second,
		3 * second,
	};

	ladder_steps(tics, s, room, steps, sizeof steps / sizeof steps[0], 17);
	if (tics->count < 2)
		log_steps(tics, s, room);
}

static void percentile_steps(struct plot_tics *tics, const struct plot_scale *s,
			     const struct axis_room *room)
{
	static const double steps[] = {99,
				       90,
				       0,
				       99.9,
				       99.99,
				       99.999,
				       99.9999,
				       99.99999,
				       50,
				       /* fine */ 95,
				       75,
				       25};

	ladder_steps(tics, s, room, steps, sizeof steps / sizeof steps[0], 3);
}

/* ---- how far an axis goes ---- */

/* At least a decade, with room around what was not asked for. */
static void set_log_range(struct plot_scale *s, const struct plot_axis *axis)
{
	double lacks = 1 - (s->high - s->low),
	       pad = lacks > 0 ? lacks / 2 : 0.04 * (s->high - s->low);

	if (isnan(axis->low) || lacks > 0)
		s->low -= pad;
	if (isnan(axis->high) || lacks > 0)
		s->high += pad;
}

/* A short one goes from one of 0 %, 90 %, 99 % to another. */
static void set_percentile_range(struct plot_scale *s)
{
	if (s->high - s->low >= 2)
		return;
	s->low = floor(s->low);
	s->high = fmax(ceil(s->high), s->low + 1);
}

/* From 0 on, unless something else was asked for. */
static void set_linear_range(struct plot_scale *s, const struct plot_axis *axis)
{
	if (isnan(axis->low) && s->low > 0)
		s->low = 0;
	if (isnan(axis->high) && s->high < 0)
		s->high = 0;
	if (!(s->high - s->low > fmax(fabs(s->low), fabs(s->high)) * 1e-4))
		s->high = s->low + (s->low != 0 ? fabs(s->low) : 1);
	double pad = 0.03 * (s->high - s->low);
	if (isnan(axis->high))
		s->high += pad;
	if (isnan(axis->low) && s->low < 0)
		s->low -= pad;
}

static void set_range(struct plot_scale *s, const struct plot_axis *axis, double from, double to)
{
	s->low = plot_linear(s, isnan(axis->low) ? from : axis->low);
	s->high = plot_linear(s, isnan(axis->high) ? to : axis->high);
	if (isnan(s->low))
		s->low = isnan(s->high) ? 0 : s->high;
	if (isnan(s->high))
		s->high = s->low;
	if (s->unit == PLOT_PERCENTILE)
		set_percentile_range(s);
	else if (s->log)
		set_log_range(s, axis);
	else
		set_linear_range(s, axis);
}

static void fit_tics(struct plot_tics *tics, const struct plot_scale *s,
		     const struct axis_room *room)
{
	tics->count = 0;
	if (s->unit == PLOT_PERCENTILE)
		percentile_steps(tics, s, room);
	else if (!s->log)
		linear_steps(tics, s, room);
	else if (s->unit == PLOT_BYTES)
		byte_steps(tics, s, room);
	else if (s->unit == PLOT_DAYS)
		day_steps(tics, s, room);
	else
		log_steps(tics, s, room);
}

void plot_scale_fit(struct plot_scale *s, struct plot_tics *tics, const struct plot_axis *axis,
		    double from, double to, double length_px, double font, bool horizontal)
{
	struct axis_room room = {length_px, font, horizontal, 1.2};

	s->unit = axis->unit;
	s->log = axis->log;
	set_range(s, axis, from, to);
	fit_tics(tics, s, &room);
	if (tics->count >= 2)
		return;
	room.apart = 0.4;
	fit_tics(tics, s, &room);
}
