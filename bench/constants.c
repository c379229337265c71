#include "bench/constants.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "workloads/ini_lines.h"

static_assert((unsigned)PLATFORM_CONSTANTS < CONSTANTS_MAX, "a set holds each platform");
static_assert((unsigned)PRICE_CONSTANTS < CONSTANTS_MAX, "a set holds all prices");

static const struct constant_kind platform_kinds[PLATFORM_CONSTANTS] = {
	{"core_active_watts", "W", 0, 1000, "one busy core, above idle"},
	{"core_idle_watts", "W", 0, 1000, "the idle machine, for each of its cores"},
	{"dram_watts_per_gb", "W/GB", 0, 10, "memory that is switched on"},
	{"ssd_watts_per_tb", "W/TB", 0, 100, "an idle SSD, for each TB that it keeps"},
	{"ssd_read_microjoules", "uJ", 0, 1e6, "one read, above idle, whatever its size"},
	{"ssd_read_nanojoules_per_byte", "nJ/byte", 0, 1e6, "each byte read, above idle"},
};

static const struct constant_kind price_kinds[PRICE_CONSTANTS] = {
	{"electricity_usd_per_kwh", "$/kWh", 0, 100, "what the site pays"},
	{"pue", "", 1, 10, "energy of the site for that of its machines"},
	{"grid_gco2e_per_kwh", "gCO2e/kWh", 0, 5000, "emissions of the electricity"},
	{"ssd_usd_per_gb", "$/GB", 0, 1000, "price of an SSD"},
	{"ssd_life_years", "years", 0.01, 100, "until an SSD is replaced"},
	{"ssd_embodied_kg_per_gb", "kgCO2e/GB", 0, 100, "emissions of making an SSD"},
	{"dram_usd_per_gb", "$/GB", 0, 1000, "price of memory"},
	{"dram_life_years", "years", 0.01, 100, "until memory is replaced"},
	{"core_usd", "$", 0, 1e6, "price of a machine without storage, for each core"},
	{"core_life_years", "years", 0.01, 100, "until a machine is replaced"},
	{"core_embodied_kg", "kgCO2e", 0, 1e5, "emissions of making it, for each core"},
	{"replicas", "", 1, 1000, "copies that are kept"},
	{"space_amplification", "", 1, 100, "bytes on the SSD for each byte stored"},
};

const struct constant_table platform_table = {
	.file_kind = "platform file", .count = PLATFORM_CONSTANTS, .kinds = platform_kinds};
const struct constant_table price_table = {
	.file_kind = "price file", .dated = true, .count = PRICE_CONSTANTS, .kinds = price_kinds};

/* What may stand in a section; [about] and constants share one numbering. */
enum key { KEY_LOW, KEY_NOMINAL, KEY_HIGH, KEY_SOURCE, KEY_NAME, KEY_DATE, KEYS };

static const char *const key_names[KEYS] = {"low", "nominal", "high", "source", "name", "date"};

#define ABOUT CONSTANTS_MAX
#define SECTIONS (CONSTANTS_MAX + 1)
#define NO_SECTION SECTIONS

struct parser {
	const struct constant_table *table;
	struct constants set; /* what is being made */
	struct ini_lines lines;
	unsigned section; /* ABOUT, or the constant's index; NO_SECTION: before the first */
	int section_line[SECTIONS];
	int key_line[SECTIONS][KEYS]; /* 0: not given */
};

static int fail(const struct parser *p, int line, struct error *e, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static int fail(const struct parser *p, int line, struct error *e, const char *format, ...)
{
	char text[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return error_set(e, -EINVAL, "%.300s:%d: %s", p->lines.file, line, text);
}

static const char *section_name(const struct parser *p, unsigned section)
{
	return section == ABOUT ? "about" : p->table->kinds[section].name;
}

static int fail_unknown_section(const struct parser *p, const char *name, struct error *e)
{
	char list[512] = "";
	for (unsigned k = 0; k < p->table->count; k++) {
		size_t used = strlen(list);
		snprintf(list + used, sizeof list - used, ", %s", p->table->kinds[k].name);
	}
	return fail(p, p->lines.line, e, "[%.100s]: no section of a %s; its sections: about%s",
		    name, p->table->file_kind, list);
}

/* What ini_lines calls for each [name]. */
static int take_section(void *arg, char *name, struct error *e)
{
	struct parser *p = arg;
	unsigned s = strcmp(name, "about") == 0 ? ABOUT : 0;
	while (s < p->table->count && strcmp(name, p->table->kinds[s].name) != 0)
		s++;
	if (s == p->table->count)
		return fail_unknown_section(p, name, e);
	if (p->section_line[s] > 0)
		return fail(p, p->lines.line, e, "[%s] was already given at line %d", name,
			    p->section_line[s]);
	p->section = s;
	p->section_line[s] = p->lines.line;
	return 0;
}

static int take_number(struct parser *p, enum key key, const char *text, struct error *e)
{
	const struct constant_kind *kind = &p->table->kinds[p->section];
	struct figure *value = &p->set.values[p->section].value;
	char *end;
	double v = strtod(text, &end);
	/* strtod alone takes hexadecimal, infinity and NaN */
	if (end == text || *end != '\0' || text[strspn(text, "0123456789.eE+-")] != '\0')
		return fail(p, p->lines.line, e, "%s = %.100s: not a number, as 0.5 or 1e3",
			    key_names[key], text);
	if (!(v >= kind->least && v <= kind->greatest))
		return fail(p, p->lines.line, e, "%s = %.100s: %s must be from %g to %g%s%s",
			    key_names[key], text, kind->name, kind->least, kind->greatest,
			    *kind->unit != '\0' ? " " : "", kind->unit);
	*(key == KEY_LOW ? &value->low : key == KEY_HIGH ? &value->high : &value->nominal) = v;
	return 0;
}

static bool is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f ||
		    ((unsigned char)*text == 0xc2 && (unsigned char)text[1] >= 0x80 &&
		     (unsigned char)text[1] < 0xa0)) /* controls in UTF-8 */
			return false;
	return true;
}

/* Of one form only, and a day that there was. */
static bool is_date(const char *text)
{
	char again[sizeof "2026-11-25"];
	struct tm day = {0};
	const char *end = strptime(text, "%Y-%m-%d", &day);
	if (end == NULL || *end != '\0' || strlen(text) != sizeof again - 1)
		return false;
	timegm(&day); /* makes 1 March of 29 February, where there is none */
	return strftime(again, sizeof again, "%Y-%m-%d", &day) > 0 && strcmp(again, text) == 0;
}

static int take_text(struct parser *p, enum key key, const char *text, struct error *e)
{
	char *out = key == KEY_NAME   ? p->set.name
		    : key == KEY_DATE ? p->set.date
				      : p->set.values[p->section].source;
	if (key == KEY_DATE && !is_date(text))
		return fail(p, p->lines.line, e, "date = %.100s: a day, as 2026-11-25", text);
	if (*text == '\0' || strlen(text) >= CONSTANT_TEXT_NBYTES || !is_printable(text))
		return fail(p, p->lines.line, e, "%s: 1 to %u bytes of printable text",
			    key_names[key], CONSTANT_TEXT_NBYTES - 1);
	strcpy(out, text);
	return 0;
}

/* What ini_lines calls for each name = value. */
static int take_value(void *arg, const char *name, const char *value, struct error *e)
{
	struct parser *p = arg;
	enum key first = p->section == ABOUT ? KEY_NAME : KEY_LOW;
	enum key past = p->section == ABOUT ? KEYS : KEY_NAME, key = first;
	if (p->section == NO_SECTION)
		return fail(p, p->lines.line, e,
			    "%.100s: a key before the first section; put [about] above it", name);
	while (key < past && strcmp(name, key_names[key]) != 0)
		key++;
	if (key == past)
		return fail(p, p->lines.line, e, "%.100s: no key of [%s]; its keys: %s", name,
			    section_name(p, p->section),
			    p->section == ABOUT ? "name, date" : "low, nominal, high, source");
	int *line = &p->key_line[p->section][key];
	if (*line > 0)
		return fail(p, p->lines.line, e, "%s was already given at line %d", name, *line);
	*line = p->lines.line;
	return key < KEY_SOURCE ? take_number(p, key, value, e) : take_text(p, key, value, e);
}

/* ---- all lines are read: does each section hold what it must? ---- */

static int check_about(const struct parser *p, struct error *e)
{
	int line = p->section_line[ABOUT];
	if (line == 0)
		return fail(p, 1, e, "the section [about] is missing: add it, with a name%s",
			    p->table->dated ? " and a date" : "");
	if (p->key_line[ABOUT][KEY_NAME] == 0)
		return fail(p, line, e, "[about]: name is missing: say what these are");
	if (p->table->dated && p->key_line[ABOUT][KEY_DATE] == 0)
		return fail(p, line, e,
			    "[about]: date is missing: say when they were true, as 2026-11-25");
	return 0;
}

static int check_constant(struct parser *p, unsigned c, struct error *e)
{
	const int *given = p->key_line[c];
	struct figure *v = &p->set.values[c].value;
	const char *name = p->table->kinds[c].name;
	int line = p->section_line[c];
	if (given[KEY_NOMINAL] == 0)
		return fail(p, line, e, "[%s]: nominal is missing: the value itself", name);
	if (given[KEY_SOURCE] == 0)
		return fail(p, line, e, "[%s]: source is missing: say where the value is from",
			    name);
	if ((given[KEY_LOW] == 0) != (given[KEY_HIGH] == 0))
		return fail(p, line, e, "[%s]: low and high go together: give both or none", name);
	if (given[KEY_LOW] == 0)
		v->low = v->high = v->nominal;
	if (!(v->low <= v->nominal && v->nominal <= v->high))
		return fail(p, line, e, "[%s]: %g, %g, %g: low <= nominal <= high must hold", name,
			    v->low, v->nominal, v->high);
	p->set.values[c].from = p->lines.file;
	return 0;
}

static int parse(struct parser *p, const char *text, size_t text_nbytes, struct error *e)
{
	if (text_nbytes > INI_FILE_NBYTES_MAX)
		return fail(p, 1, e, "a %s has at most 1 MiB", p->table->file_kind);
	int err = ini_lines_read(&p->lines, text, text_nbytes, e);
	if (!err)
		err = check_about(p, e);
	for (unsigned c = 0; c < p->table->count && !err; c++)
		if (p->section_line[c] > 0)
			err = check_constant(p, c, e);
	return err;
}

int constants_parse(struct constants *set, const struct constant_table *table, const char *name,
		    const char *text, size_t text_nbytes, struct error *e)
{
	struct parser p = {.table = table, .set = *set, .section = NO_SECTION};
	p.lines = (struct ini_lines){
		.file = name, .section = take_section, .value = take_value, .arg = &p};
	p.set.date[0] = '\0'; /* not that of an earlier text */
	int err = parse(&p, text, text_nbytes, e);
	if (!err)
		*set = p.set;
	return err;
}

int constants_read(struct constants *set, const struct constant_table *table, const char *path,
		   struct error *e)
{
	char *text;
	size_t nbytes;
	int err = ini_file_text(path, table->file_kind, &text, &nbytes, e);
	if (err)
		return err;
	err = constants_parse(set, table, path, text, nbytes, e);
	free(text);
	return err;
}

void constants_print(FILE *out, const struct constants *set, const struct constant_table *table)
{
	fprintf(out, "  %-30s%10s%10s%10s  unit\n", "constant", "low", "nominal", "high");
	for (unsigned i = 0; i < table->count; i++) {
		struct figure v = set->values[i].value;
		fprintf(out, "  %-30s%10g%10g%10g  %s\n", table->kinds[i].name, v.low, v.nominal,
			v.high, table->kinds[i].unit);
	}
}
