#include "bench/economics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define JOULES_PER_KWH 3.6e6
#define BYTES_PER_GB 1e9
#define BYTES_PER_TB 1e12
#define SECONDS_PER_YEAR (365.25 * 86400)

/* ---- two ways to have one content ---- */

struct crossing crossing_of(struct choice_side store, struct choice_side make)
{
	double n = make.per_request - store.per_request, d = store.per_second - make.per_second;
	if (n > 0 && d > 0)
		return (struct crossing){CROSSING_INTERVAL, n / d};
	if (n < 0 && d < 0)
		return (struct crossing){CROSSING_REVERSED, n / d};
	if (n == 0 && d == 0)
		return (struct crossing){CROSSING_EQUAL, 0};
	return (struct crossing){n <= 0 && d >= 0 ? CROSSING_ALWAYS_MAKE : CROSSING_ALWAYS_STORE,
				 0};
}

/* ---- what goes into a comparison ---- */

enum origin { PLATFORM, PRICES };

static const struct {
	enum origin origin;
	unsigned index;
} constant_inputs[INPUT_STORE] = {
	[INPUT_CORE_ACTIVE_WATTS] = {PLATFORM, PLATFORM_CORE_ACTIVE_WATTS},
	[INPUT_SSD_WATTS_PER_TB] = {PLATFORM, PLATFORM_SSD_WATTS_PER_TB},
	[INPUT_SSD_READ_MICROJOULES] = {PLATFORM, PLATFORM_SSD_READ_MICROJOULES},
	[INPUT_SSD_READ_NANOJOULES_PER_BYTE] = {PLATFORM, PLATFORM_SSD_READ_NANOJOULES_PER_BYTE},
	[INPUT_ELECTRICITY_USD_PER_KWH] = {PRICES, PRICE_ELECTRICITY_USD_PER_KWH},
	[INPUT_PUE] = {PRICES, PRICE_PUE},
	[INPUT_GRID_GCO2E_PER_KWH] = {PRICES, PRICE_GRID_GCO2E_PER_KWH},
	[INPUT_SSD_USD_PER_GB] = {PRICES, PRICE_SSD_USD_PER_GB},
	[INPUT_SSD_LIFE_YEARS] = {PRICES, PRICE_SSD_LIFE_YEARS},
	[INPUT_SSD_EMBODIED_KG_PER_GB] = {PRICES, PRICE_SSD_EMBODIED_KG_PER_GB},
	[INPUT_CORE_USD] = {PRICES, PRICE_CORE_USD},
	[INPUT_CORE_LIFE_YEARS] = {PRICES, PRICE_CORE_LIFE_YEARS},
	[INPUT_CORE_EMBODIED_KG] = {PRICES, PRICE_CORE_EMBODIED_KG},
	[INPUT_REPLICAS] = {PRICES, PRICE_REPLICAS},
	[INPUT_SPACE_AMPLIFICATION] = {PRICES, PRICE_SPACE_AMPLIFICATION},
};

static const struct {
	const char *name, *unit;
} measured_inputs[2 * SIDE_INPUTS] = {
	{"store.cpu_s", "s"},	    {"store.device_reads", ""},	 {"store.device_bytes", "B"},
	{"store.joules", "J"},	    {"store.stored_bytes", "B"}, {"make.cpu_s", "s"},
	{"make.device_reads", ""},  {"make.device_bytes", "B"},	 {"make.joules", "J"},
	{"make.stored_bytes", "B"},
};

static const struct constant_kind *constant_kind(enum input input)
{
	const struct constant_table *table =
		constant_inputs[input].origin == PLATFORM ? &platform_table : &price_table;
	return &table->kinds[constant_inputs[input].index];
}

const char *input_name(enum input input)
{
	return input < INPUT_STORE ? constant_kind(input)->name
				   : measured_inputs[input - INPUT_STORE].name;
}

const char *input_unit(enum input input)
{
	return input < INPUT_STORE ? constant_kind(input)->unit
				   : measured_inputs[input - INPUT_STORE].unit;
}

void comparison_take_constants(struct comparison *c, const struct constants *platform,
			       const struct constants *prices)
{
	for (enum input i = 0; i < INPUT_STORE; i++) {
		const struct constants *set =
			constant_inputs[i].origin == PLATFORM ? platform : prices;
		c->input[i] = set->values[constant_inputs[i].index].value;
	}
}

/* ---- costs; x: a value of each input ---- */

static double request_joules(const double *x, const double *side, enum energy_scope scope)
{
	double device = side[SIDE_DEVICE_READS] * x[INPUT_SSD_READ_MICROJOULES] * 1e-6 +
			side[SIDE_DEVICE_BYTES] * x[INPUT_SSD_READ_NANOJOULES_PER_BYTE] * 1e-9;
	switch (scope) {
	case ENERGY_MACHINE:
		return side[SIDE_JOULES];
	case ENERGY_PROCESSOR:
		return side[SIDE_JOULES] + device;
	default:
		return side[SIDE_CPU_S] * x[INPUT_CORE_ACTIVE_WATTS] + device;
	}
}

/* Of a joule at the machine, with the site's part. */
static double joule_cost(const double *x, enum measure measure)
{
	switch (measure) {
	case MEASURE_MONEY:
		return x[INPUT_PUE] * x[INPUT_ELECTRICITY_USD_PER_KWH] / JOULES_PER_KWH;
	case MEASURE_CARBON:
		return x[INPUT_PUE] * x[INPUT_GRID_GCO2E_PER_KWH] / JOULES_PER_KWH;
	default:
		return x[INPUT_PUE];
	}
}

/* Of a second of one core, beside its energy. */
static double core_second_cost(const double *x, enum measure measure)
{
	double life_s = x[INPUT_CORE_LIFE_YEARS] * SECONDS_PER_YEAR;
	switch (measure) {
	case MEASURE_MONEY:
		return x[INPUT_CORE_USD] / life_s;
	case MEASURE_CARBON:
		return x[INPUT_CORE_EMBODIED_KG] * 1000 / life_s;
	default:
		return 0;
	}
}

/* Of keeping a byte for a second, beside its energy. */
static double byte_second_cost(const double *x, enum measure measure)
{
	double life_s = x[INPUT_SSD_LIFE_YEARS] * SECONDS_PER_YEAR;
	switch (measure) {
	case MEASURE_MONEY:
		return x[INPUT_SSD_USD_PER_GB] / BYTES_PER_GB / life_s;
	case MEASURE_CARBON:
		return x[INPUT_SSD_EMBODIED_KG_PER_GB] * 1000 / BYTES_PER_GB / life_s;
	default:
		return 0;
	}
}

static struct choice_side side_cost(const double *x, enum measure measure, enum input first,
				    enum energy_scope scope)
{
	const double *side = x + first;
	double joule = joule_cost(x, measure);
	double kept_bytes =
		side[SIDE_STORED_BYTES] * x[INPUT_REPLICAS] * x[INPUT_SPACE_AMPLIFICATION];
	return (struct choice_side){
		.per_request = side[SIDE_CPU_S] * core_second_cost(x, measure) +
			       request_joules(x, side, scope) * joule,
		.per_second = kept_bytes * (byte_second_cost(x, measure) +
					    x[INPUT_SSD_WATTS_PER_TB] / BYTES_PER_TB * joule),
	};
}

static void nominal_values(const struct comparison *c, double *x)
{
	for (unsigned i = 0; i < INPUTS; i++)
		x[i] = c->input[i].nominal;
}

struct choice_side comparison_side(const struct comparison *c, enum measure measure,
				   enum input side)
{
	double x[INPUTS];
	nominal_values(c, x);
	return side_cost(x, measure, side, side == INPUT_STORE ? c->store_energy : c->make_energy);
}

/* ---- the break-even interval and how well it is known ---- */

struct estimate {
	const struct comparison *c;
	enum measure measure;
	struct crossing nominal;
	double n, d; /* of the nominal crossing, see crossing_of */
};

static void sides_at(const struct estimate *s, const double *x, struct choice_side *store,
		     struct choice_side *make)
{
	*store = side_cost(x, s->measure, INPUT_STORE, s->c->store_energy);
	*make = side_cost(x, s->measure, INPUT_MAKE, s->c->make_energy);
}

/* As struct span says. */
static double interval_at(const struct estimate *s, const double *x)
{
	struct choice_side store, make;
	sides_at(s, x, &store, &make);
	struct crossing k = crossing_of(store, make);
	bool reversed = s->nominal.kind == CROSSING_REVERSED;
	switch (k.kind) {
	case CROSSING_INTERVAL:
		return reversed ? INFINITY : k.interval_s;
	case CROSSING_REVERSED:
		return reversed ? k.interval_s : INFINITY;
	case CROSSING_ALWAYS_MAKE:
		return reversed ? INFINITY : 0;
	case CROSSING_ALWAYS_STORE:
		return reversed ? 0 : INFINITY;
	default:
		return 0;
	}
}

static double scaled(double v, double nominal)
{
	return nominal != 0 ? v / fabs(nominal) : v;
}

/* Grows with the interval, and still tells what is nearer to a crossing where
 * there is none: the angle whose tangent is n / d. */
static double angle_at(const struct estimate *s, const double *x)
{
	struct choice_side store, make;
	sides_at(s, x, &store, &make);
	double n = scaled(make.per_request - store.per_request, s->n);
	double d = scaled(store.per_second - make.per_second, s->d);
	return s->nominal.kind == CROSSING_REVERSED ? atan2(-n, -d) : atan2(n, d);
}

/* Moves an input to the end that lowers (sign 1) or raises (-1) the angle most,
 * given the others. Returns whether it did. */
static bool move_to_end(const struct estimate *s, double *x, unsigned input, double sign)
{
	const double ends[] = {s->c->input[input].low, s->c->input[input].high};
	double best = sign * angle_at(s, x), at = x[input];
	bool moved = false;
	for (unsigned k = 0; k < 2; k++) {
		x[input] = ends[k];
		double angle = sign * angle_at(s, x);
		if (angle < best) {
			best = angle;
			at = ends[k];
			moved = true;
		}
	}
	x[input] = at;
	return moved;
}

/* Which end helps may depend on the other inputs (pue, where price and energy
 * pull in two directions), hence the rounds; each move lowers, so they end. */
static double extreme(const struct estimate *s, bool raise)
{
	double x[INPUTS], goal = raise ? INFINITY : 0;
	nominal_values(s->c, x);
	for (bool moved = true; moved;) {
		moved = false;
		for (unsigned i = 0; i < INPUTS && interval_at(s, x) != goal; i++)
			moved |= move_to_end(s, x, i, raise ? -1 : 1);
	}
	return interval_at(s, x);
}

static double swing_of(double a, double b)
{
	double lesser = fmin(a, b), greater = fmax(a, b);
	return lesser == greater ? 1 : greater / lesser;
}

static struct sensitivity sensitivity_of(const struct estimate *s, double *x, enum input i)
{
	const struct figure *input = &s->c->input[i];
	struct sensitivity row = {.input = i};
	x[i] = input->low;
	row.at_low_s = interval_at(s, x);
	x[i] = input->high;
	row.at_high_s = interval_at(s, x);
	x[i] = input->nominal;
	row.swing = swing_of(row.at_low_s, row.at_high_s);
	return row;
}

static int by_swing(const void *a, const void *b)
{
	const struct sensitivity *p = a, *q = b;
	if (p->swing != q->swing)
		return p->swing > q->swing ? -1 : 1;
	return strcmp(input_name(p->input), input_name(q->input));
}

/* What a single move reaches, from interval_s. */
static struct span reach(const struct sensitivity *row, double interval_s)
{
	return (struct span){fmin(fmin(row->at_low_s, row->at_high_s), interval_s),
			     fmax(fmax(row->at_low_s, row->at_high_s), interval_s)};
}

static struct span widest_of(const struct sensitivity *rows, double interval_s)
{
	struct span widest = {interval_s, interval_s};
	for (unsigned i = 0; i < INPUTS; i++) {
		struct span one = reach(&rows[i], interval_s);
		widest.low_s = fmin(widest.low_s, one.low_s);
		widest.high_s = fmax(widest.high_s, one.high_s);
	}
	return widest;
}

static struct span likely_of(const struct sensitivity *rows, double interval_s)
{
	double down = 0, up = 0;
	if (interval_s == 0 || isinf(interval_s))
		return widest_of(rows, interval_s);
	for (unsigned i = 0; i < INPUTS; i++) {
		struct span one = reach(&rows[i], interval_s);
		down += pow(log(interval_s / one.low_s), 2);
		up += pow(log(one.high_s / interval_s), 2);
	}
	return (struct span){interval_s * exp(-sqrt(down)), interval_s * exp(sqrt(up))};
}

static struct estimate nominal_of(const struct comparison *c, enum measure measure)
{
	struct choice_side store = comparison_side(c, measure, INPUT_STORE);
	struct choice_side make = comparison_side(c, measure, INPUT_MAKE);
	return (struct estimate){
		.c = c,
		.measure = measure,
		.nominal = crossing_of(store, make),
		.n = make.per_request - store.per_request,
		.d = store.per_second - make.per_second,
	};
}

void break_even_of(const struct comparison *c, enum measure measure, struct break_even *out)
{
	struct estimate s = nominal_of(c, measure);
	double x[INPUTS];
	nominal_values(c, x);
	double interval_s = interval_at(&s, x);
	for (unsigned i = 0; i < INPUTS; i++)
		out->inputs[i] = sensitivity_of(&s, x, i);
	struct span widest = widest_of(out->inputs, interval_s);
	struct span likely = likely_of(out->inputs, interval_s);
	out->nominal = s.nominal;
	out->bounds = (struct span){fmin(extreme(&s, false), widest.low_s),
				    fmax(extreme(&s, true), widest.high_s)};
	out->likely = (struct span){fmax(likely.low_s, out->bounds.low_s),
				    fmin(likely.high_s, out->bounds.high_s)};
	qsort(out->inputs, INPUTS, sizeof out->inputs[0], by_swing);
}

/* ---- the model's own bytes, and time ---- */

/* The same crossing: what is paid once, against what is paid for each content byte. */
struct catalogue_crossing catalogue_crossing_of(const struct catalogue *k)
{
	struct choice_side store = {k->dictionary_bytes, k->store_ratio};
	struct choice_side make = {k->model_bytes + k->training_bytes, k->make_ratio};
	struct crossing crossing = crossing_of(store, make);
	if (isinf(make.per_request)) /* no saving repays it */
		return (struct catalogue_crossing){CROSSING_ALWAYS_STORE, 0};
	return (struct catalogue_crossing){crossing.kind, crossing.interval_s};
}

double training_as_bytes(const struct comparison *c, double training_joules)
{
	double life_s = c->input[INPUT_SSD_LIFE_YEARS].nominal * SECONDS_PER_YEAR;
	double watts_per_byte = c->input[INPUT_SSD_WATTS_PER_TB].nominal / BYTES_PER_TB *
				c->input[INPUT_REPLICAS].nominal *
				c->input[INPUT_SPACE_AMPLIFICATION].nominal;
	return training_joules > 0 ? training_joules / (watts_per_byte * life_s) : 0;
}

double memory_usd_per_second(const struct constants *platform, const struct constants *prices,
			     double bytes)
{
	double life_s = prices->values[PRICE_DRAM_LIFE_YEARS].value.nominal * SECONDS_PER_YEAR;
	double watts = platform->values[PLATFORM_DRAM_WATTS_PER_GB].value.nominal;
	double usd_per_joule = prices->values[PRICE_PUE].value.nominal *
			       prices->values[PRICE_ELECTRICITY_USD_PER_KWH].value.nominal /
			       JOULES_PER_KWH;
	return bytes / BYTES_PER_GB *
	       (prices->values[PRICE_DRAM_USD_PER_GB].value.nominal / life_s +
		watts * usd_per_joule);
}

double size_made_faster_bytes(double read_s, double make_bytes_per_s)
{
	return read_s * make_bytes_per_s;
}
