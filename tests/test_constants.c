/* Constants: what a file may say, what each mistake says, and what is built in. */
#include "tests/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "bench/builtin.h"
#include "bench/constants.h"
#include "tests/scratch.h"

#define ABOUT "[about]\nname = mine\ndate = 2026-11-25\n"
#define PUE "[pue]\nlow = 1.1\nnominal = 1.2\nhigh = 1.6\nsource = s\n"

static int parse(struct constants *set, const struct constant_table *table, const char *text,
		 struct error *e)
{
	/* a copy of exact size, so that a sanitizer sees a read past the end */
	size_t nbytes = strlen(text);
	char *exact = malloc(nbytes > 0 ? nbytes : 1);
	assert_non_null(exact);
	memcpy(exact, text, nbytes);
	int err = constants_parse(set, table, "dir/p.ini", exact, nbytes, e);
	free(exact);
	return err;
}

/* The message must start with `start` and contain `part`; nothing is changed. */
static void assert_refused_as(const struct constant_table *table, const char *text,
			      const char *start, const char *part)
{
	struct constants set, before;
	struct error e = {""};
	memset(&set, 7, sizeof set);
	memset(&before, 7, sizeof before);
	assert_int_equal(parse(&set, table, text, &e), -EINVAL);
	if (strncmp(e.text, start, strlen(start)) != 0 || strstr(e.text, part) == NULL)
		fail_msg("\"%s\" is not \"%s...%s\"", e.text, start, part);
	assert_null(strchr(e.text, '\n'));
	assert_memory_equal(&set, &before, sizeof set);
}

static void assert_refused(const char *text, const char *start, const char *part)
{
	assert_refused_as(&price_table, text, start, part);
}

static void is_figure(struct figure f, double low, double nominal, double high)
{
	assert_true(f.low == low && f.nominal == nominal && f.high == high);
}

/* ---- what is accepted ---- */

static void values_and_sources_are_read(void **state)
{
	(void)state;
	struct constants set = {0};
	struct error e;
	assert_int_equal(parse(&set, &price_table,
			       "\xef\xbb\xbf# mine\r\n" ABOUT "[ssd_usd_per_gb]\r\n"
			       "  low = 5e-2 ; half\nnominal: .1\n\thigh=0.30\n"
			       "source = a shop; 50 % off = cheap\n\n[ pue ] # comment\n"
			       "source = t\nnominal = 1",
			       &e),
			 0);
	assert_string_equal(set.name, "mine");
	assert_string_equal(set.date, "2026-11-25");
	const struct constant *ssd = &set.values[PRICE_SSD_USD_PER_GB];
	is_figure(ssd->value, 0.05, 0.1, 0.3);
	assert_string_equal(ssd->source, "a shop; 50 % off = cheap");
	assert_string_equal(ssd->from, "dir/p.ini");
	is_figure(set.values[PRICE_PUE].value, 1, 1, 1); /* a choice */
}

static void constants_that_are_not_named_keep_their_values(void **state)
{
	(void)state;
	struct constants set;
	struct error e;
	assert_int_equal(prices_read(&set, NULL, &e), 0);
	struct constant ssd = set.values[PRICE_SSD_USD_PER_GB];
	assert_string_equal(ssd.from, "built-in");
	assert_int_equal(parse(&set, &price_table, ABOUT PUE, &e), 0);
	is_figure(set.values[PRICE_PUE].value, 1.1, 1.2, 1.6);
	assert_string_equal(set.values[PRICE_PUE].from, "dir/p.ini");
	assert_memory_equal(&set.values[PRICE_SSD_USD_PER_GB], &ssd, sizeof ssd);
	assert_string_equal(set.name, "mine");
}

/* Not a date of the text before, which said another thing. */
static void a_platform_needs_no_date(void **state)
{
	(void)state;
	struct constants set = {.date = "2020-01-01"};
	struct error e;
	assert_int_equal(parse(&set, &platform_table, "[about]\nname = m\n", &e), 0);
	assert_string_equal(set.date, "");
	assert_int_equal(parse(&set, &platform_table, ABOUT, &e), 0);
	assert_string_equal(set.date, "2026-11-25");
}

static void ends_of_the_allowed_range_are_allowed(void **state)
{
	(void)state;
	const struct constant_table *const tables[] = {&platform_table, &price_table};
	for (unsigned t = 0; t < 2; t++)
		for (unsigned c = 0; c < tables[t]->count; c++) {
			const struct constant_kind *kind = &tables[t]->kinds[c];
			struct constants set = {0};
			struct error e;
			char text[512];
			snprintf(text, sizeof text,
				 ABOUT
				 "[%s]\nlow = %.17g\nnominal = %.17g\nhigh = %.17g\nsource = s",
				 kind->name, kind->least, kind->least, kind->greatest);
			if (parse(&set, tables[t], text, &e) != 0)
				fail_msg("%s", e.text);
			is_figure(set.values[c].value, kind->least, kind->least, kind->greatest);
		}
}

/* ---- mistakes ---- */

static void unknown_names_are_refused(void **state)
{
	(void)state;
	assert_refused(ABOUT "[sdd]\n", "dir/p.ini:4: [sdd]: no section of a price file", "pue");
	assert_refused_as(&platform_table, ABOUT PUE,
			  "dir/p.ini:4: [pue]: no section of a platform", "core_active_watts");
	assert_refused(ABOUT "[pue]\nvalue = 1\n", "dir/p.ini:5: value: no key of [pue]",
		       "low, nominal, high, source");
	assert_refused(ABOUT "[pue]\nname = 1\n", "dir/p.ini:5: name: no key of [pue]", "low");
	assert_refused("[about]\nlow = 1\n", "dir/p.ini:2: low: no key of [about]", "name, date");
	assert_refused("name = x\n" ABOUT, "dir/p.ini:1: name: a key before", "[about]");
	assert_refused(ABOUT "[DEFAULT]\n", "dir/p.ini:4: [DEFAULT]: no section", "");
	assert_refused(ABOUT "[]\n", "dir/p.ini:4: []: no section", "");
}

static void what_is_given_twice_is_refused(void **state)
{
	(void)state;
	assert_refused(ABOUT PUE PUE, "dir/p.ini:9: [pue] was already given at line 4", "");
	assert_refused(ABOUT ABOUT, "dir/p.ini:4: [about] was already given at line 1", "");
	assert_refused(ABOUT "name = x\n", "dir/p.ini:4: name was already given at line 2", "");
	assert_refused(ABOUT "[pue]\nnominal = 1\nsource = s\nnominal = 1\n",
		       "dir/p.ini:7: nominal was already given at line 5", "");
}

static void what_is_missing_is_named(void **state)
{
	(void)state;
	assert_refused("", "dir/p.ini:1: the section [about] is missing", "name and a date");
	assert_refused(PUE, "dir/p.ini:1: the section [about] is missing", "");
	assert_refused("[about]\ndate = 2026-11-25", "dir/p.ini:1: [about]: name is missing", "");
	assert_refused("#\n[about]\nname = n", "dir/p.ini:2: [about]: date is missing", "when");
	assert_refused_as(&platform_table, "[about]\n", "dir/p.ini:1: [about]: name is missing",
			  "");
	assert_refused(ABOUT "[pue]\nsource = s", "dir/p.ini:4: [pue]: nominal is missing", "");
	assert_refused(ABOUT "[pue]\nnominal = 1", "dir/p.ini:4: [pue]: source is missing", "from");
	assert_refused(ABOUT "[pue]\nnominal = 1\nsource =\n", "dir/p.ini:6: source: 1 to 511",
		       "printable");
	assert_refused(ABOUT "[pue]\nnominal = 1\nlow = 1\nsource = s",
		       "dir/p.ini:4: [pue]: low and high go together", "");
	assert_refused(ABOUT "[pue]\nnominal = 1\nhigh = 2\nsource = s",
		       "dir/p.ini:4: [pue]: low and high go together", "");
}

static void numbers_are_checked(void **state)
{
	(void)state;
	static const char *const no_numbers[] = {"",	"x",   "1.2x", "0x2", "inf",
						 "nan", "1,2", "1 2",  "e",   "--1"};
	for (unsigned i = 0; i < sizeof no_numbers / sizeof no_numbers[0]; i++) {
		char text[128];
		snprintf(text, sizeof text, ABOUT "[pue]\nnominal = %s\n", no_numbers[i]);
		assert_refused(text, "dir/p.ini:5: nominal = ", "not a number");
	}
	assert_refused(ABOUT "[pue]\nlow = 0.99\n",
		       "dir/p.ini:5: low = 0.99: pue must be from 1 to 10", "");
	assert_refused(ABOUT "[pue]\nhigh = 1e999\n", "dir/p.ini:5: high = 1e999: pue must", "10");
	assert_refused(ABOUT "[ssd_life_years]\nnominal = 0\n",
		       "dir/p.ini:5: nominal = 0: ", "from 0.01 to 100 years");
	assert_refused(ABOUT "[core_usd]\nnominal = -1\n",
		       "dir/p.ini:5: nominal = -1: ", "core_usd must be from 0 to 1e+06 $");
}

static void order_of_low_nominal_and_high_is_checked(void **state)
{
	(void)state;
	assert_refused(ABOUT "[pue]\nlow = 1.3\nnominal = 1.2\nhigh = 1.6\nsource = s\n",
		       "dir/p.ini:4: [pue]: 1.3, 1.2, 1.6: low <= nominal <= high", "");
	assert_refused(ABOUT "[pue]\nlow = 1.1\nnominal = 1.7\nhigh = 1.6\nsource = s\n",
		       "dir/p.ini:4: [pue]: 1.1, 1.7, 1.6", "");
}

static void dates_are_days_that_there_are(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"",	    "2026",	  "2026-13-01",	 "2026-02-29",	"26-11-25",
		"2026-1-5", "25.11.2026", "2026-11-25x", "12026-11-25", "2026-11-00"};
	for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		char text[128];
		snprintf(text, sizeof text, "[about]\nname = n\ndate = %s\n", wrong[i]);
		assert_refused(text, "dir/p.ini:3: date = ", "as 2026-11-25");
	}
	struct constants set = {0};
	struct error e;
	assert_int_equal(parse(&set, &price_table, "[about]\nname = n\ndate = 2028-02-29", &e), 0);
}

static void text_is_printable_and_not_too_long(void **state)
{
	(void)state;
	char text[2048], name[600];
	memset(name, 'n', sizeof name);
	snprintf(text, sizeof text, "[about]\nname = %.512s\n", name);
	assert_refused(text, "dir/p.ini:2: name: 1 to 511 bytes", "");
	snprintf(text, sizeof text, "[about]\nname = %.511s\ndate = 2026-11-25\n", name);
	struct constants set = {0};
	struct error e;
	assert_int_equal(parse(&set, &price_table, text, &e), 0);
	assert_int_equal(strlen(set.name), 511);
	assert_refused("[about]\nname = a\x01z\n", "dir/p.ini:2: name: 1 to 511 bytes", "");
}

static void lines_are_whole_text(void **state)
{
	(void)state;
	static char text[10000], nul[] = "[about]\nna\0me = x\n";
	struct constants set = {0};
	struct error e;
	assert_int_equal(constants_parse(&set, &price_table, "p", nul, sizeof nul - 1, &e),
			 -EINVAL);
	assert_string_equal(e.text, "p:2: a NUL byte; this is not a text file");
	memset(text, '#', sizeof text - 1);
	assert_refused(text, "dir/p.ini:1: a line of more than", "characters");
	assert_refused(ABOUT "[pue\n", "dir/p.ini:4: [pue: a section needs a closing ]", "");
	assert_refused(ABOUT "[pue] x\n", "dir/p.ini:4: only a comment may follow", "");
	assert_refused(ABOUT "pue\n", "dir/p.ini:4: neither a [section], nor key = value", "");
}

static void a_text_of_more_than_1_mib_is_refused(void **state)
{
	(void)state;
	size_t nbytes = ((size_t)1 << 20) + 1;
	char *text = malloc(nbytes);
	assert_non_null(text);
	memset(text, '\n', nbytes);
	struct constants set = {0};
	struct error e;
	assert_int_equal(constants_parse(&set, &price_table, "p", text, nbytes, &e), -EINVAL);
	assert_string_equal(e.text, "p:1: a price file has at most 1 MiB");
	free(text);
}

/* ---- files ---- */

static char dir[] = "/tmp/gvr-constants-XXXXXX";

static const char *write_file(const char *text)
{
	static char path[sizeof dir + 16];
	snprintf(path, sizeof path, "%s/mine.ini", dir);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	return path;
}

static void files_are_read_over_what_is_built_in(void **state)
{
	(void)state;
	struct constants set;
	struct error e;
	const char *path = write_file(ABOUT PUE);
	assert_int_equal(prices_read(&set, path, &e), 0);
	is_figure(set.values[PRICE_PUE].value, 1.1, 1.2, 1.6);
	assert_ptr_equal(set.values[PRICE_PUE].from, path);
	assert_string_equal(set.values[PRICE_CORE_USD].from, "built-in");
	path = write_file("[about]\nname = m\n[core_active_watts]\nnominal = 4\nsource = s\n");
	assert_int_equal(platform_read(&set, path, &e), 0);
	is_figure(set.values[PLATFORM_CORE_ACTIVE_WATTS].value, 4, 4, 4);
	assert_true(set.values[PLATFORM_SSD_WATTS_PER_TB].value.nominal == 1.2);
	assert_string_equal(set.name, "m");
}

static void files_that_cannot_be_read_say_why(void **state)
{
	(void)state;
	struct constants set;
	struct error e;
	char want[sizeof dir + 64];
	assert_int_equal(prices_read(&set, "/nonexistent/p.ini", &e), -ENOENT);
	assert_string_equal(e.text, "/nonexistent/p.ini: no such price file; check the path");
	assert_int_equal(platform_read(&set, "sever", &e), -ENOENT);
	assert_string_equal(e.text, "sever: no such platform file; check the path");
	assert_int_equal(prices_read(&set, dir, &e), -EINVAL);
	snprintf(want, sizeof want, "%s:1: a directory; name a price file", dir);
	assert_string_equal(e.text, want);
}

static void a_file_without_permission_says_so(void **state)
{
	(void)state;
	if (geteuid() == 0)
		skip(); /* may read anything */
	struct constants set;
	struct error e;
	const char *path = write_file(ABOUT);
	assert_int_equal(chmod(path, 0), 0);
	assert_int_equal(prices_read(&set, path, &e), -EACCES);
	assert_int_equal(unlink(path), 0);
}

static void a_pipe_is_read_to_its_end(void **state)
{
	(void)state;
	struct constants set;
	struct error e;
	char path[32];
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], ABOUT PUE, strlen(ABOUT PUE)), strlen(ABOUT PUE));
	close(ends[1]);
	snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
	assert_int_equal(prices_read(&set, path, &e), 0);
	is_figure(set.values[PRICE_PUE].value, 1.1, 1.2, 1.6);
	close(ends[0]);
}

/* ---- what is built in ---- */

static void is_complete(const struct constants *set, const struct constant_table *table)
{
	for (unsigned c = 0; c < table->count; c++)
		if (set->values[c].from == NULL)
			fail_msg("%s is not built in", table->kinds[c].name);
}

static void built_in_files_hold_every_constant(void **state)
{
	(void)state;
	static const char *const names[] = {"server", "desktop", "laptop"};
	struct constants set;
	struct error e;
	if (prices_read(&set, NULL, &e) != 0)
		fail_msg("%s", e.text);
	is_complete(&set, &price_table);
	is_figure(set.values[PRICE_SSD_USD_PER_GB].value, 0.05, 0.1, 0.3);
	for (unsigned i = 0; i < 3; i++) {
		set = (struct constants){0};
		const char *text = builtin_platform(names[i]);
		assert_non_null(text);
		if (constants_parse(&set, &platform_table, names[i], text, strlen(text), &e) != 0)
			fail_msg("%s", e.text);
		is_complete(&set, &platform_table);
		assert_int_equal(platform_read(&set, names[i], &e), 0);
		assert_string_equal(set.values[0].from, "built-in");
	}
	is_figure(set.values[PLATFORM_SSD_WATTS_PER_TB].value, 0.005, 0.035, 0.5); /* laptop */
	assert_null(builtin_platform("Server"));
}

/* The text that gvr carries is the file that it was made from. */
static void built_in_text_is_the_file(void **state)
{
	(void)state;
	FILE *f = fopen("bench/prices.ini", "r");
	if (f == NULL)
		skip(); /* not started in the folder of the sources */
	static char text[16384];
	size_t nbytes = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[nbytes] = '\0';
	assert_string_equal(builtin_prices, text);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	return scratch_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_and_sources_are_read),
		cmocka_unit_test(constants_that_are_not_named_keep_their_values),
		cmocka_unit_test(a_platform_needs_no_date),
		cmocka_unit_test(ends_of_the_allowed_range_are_allowed),
		cmocka_unit_test(unknown_names_are_refused),
		cmocka_unit_test(what_is_given_twice_is_refused),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(numbers_are_checked),
		cmocka_unit_test(order_of_low_nominal_and_high_is_checked),
		cmocka_unit_test(dates_are_days_that_there_are),
		cmocka_unit_test(text_is_printable_and_not_too_long),
		cmocka_unit_test(lines_are_whole_text),
		cmocka_unit_test(a_text_of_more_than_1_mib_is_refused),
		cmocka_unit_test(files_are_read_over_what_is_built_in),
		cmocka_unit_test(files_that_cannot_be_read_say_why),
		cmocka_unit_test(a_file_without_permission_says_so),
		cmocka_unit_test(a_pipe_is_read_to_its_end),
		cmocka_unit_test(built_in_files_hold_every_constant),
		cmocka_unit_test(built_in_text_is_the_file),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
