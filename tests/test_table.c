#include "test.h"

#include "bench/report/html.h"
#include "bench/report/table.h"

/* What `print` writes, to be freed. */
#define PRINTED(out, call)                                                                         \
	do {                                                                                       \
		size_t nbytes_;                                                                    \
		FILE *f = open_memstream(&(out), &nbytes_);                                        \
		assert_non_null(f);                                                                \
		call;                                                                              \
		assert_int_equal(fclose(f), 0);                                                    \
	} while (0)

static void assert_html(const char *text, const char *expected)
{
	char *out;

	PRINTED(out, html_text(f, text));
	assert_string_equal(out, expected);
	free(out);
}

static void markup_is_text(void **state)
{
	(void)state;
	assert_html("<script>alert('1 & \"2\"')</script>",
		    "&lt;script&gt;alert(&#39;1 &amp; &quot;2&quot;&#39;)&lt;/script&gt;");
	assert_html("K\xc3\xb6ln \xe2\x82\xac \xf0\x9f\x98\x80",
		    "K\xc3\xb6ln \xe2\x82\xac \xf0\x9f\x98\x80");
}

#define FFFD "\xef\xbf\xbd"

static void what_cannot_be_seen_is_shown(void **state)
{
	(void)state;
	assert_html("a\x01\x1b[2J\x7f", "a" FFFD FFFD "[2J" FFFD);
	assert_html("x\xe2\x80\xae"
		    "cba",
		    "x" FFFD "cba");		     /* right-to-left override */
	assert_html("x\xe2\x80\x8by", "x" FFFD "y"); /* no width */
	assert_html("two\nlines", "two\nlines");
}

static void what_is_no_utf8_is_replaced(void **state)
{
	(void)state;
	assert_html("\xff<", FFFD "&lt;");
	assert_html("\xc0\xbc", FFFD FFFD);		      /* an overlong '<' */
	assert_html("\xed\xa0\x80", FFFD FFFD FFFD);	      /* a surrogate */
	assert_html("\xe2\x82", FFFD FFFD);		      /* cut */
	assert_html("\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD); /* beyond U+10FFFF */
}

static void markdown_markup_is_text(void **state)
{
	char *out;

	(void)state;
	PRINTED(out, markdown_text(f, "a|b *c* `d` <e> [f](g)\n# h"));
	assert_string_equal(out, "a\\|b \\*c\\* \\`d\\` \\<e\\> \\[f\\](g) \\# h");
	free(out);
}

static void code_stays_in_its_line(void **state)
{
	char *out;

	(void)state;
	PRINTED(out, markdown_code(f, "gvr run 'a*b'\n# \x1b"));
	assert_string_equal(out, "gvr run 'a*b' # " FFFD);
	free(out);
}

static void addresses_are_quoted(void **state)
{
	char *out;

	(void)state;
	PRINTED(out, html_address(f, "../a b/\"<%>#?/r.html"));
	assert_string_equal(out, "../a%20b/%22%3C%25%3E%23%3F/r.html");
	free(out);
}

/* ---- tables ---- */

static void make(struct table *t)
{
	static const char *const columns[] = {"", "one | two", "text"};
	json_t *whole = json_integer(INT64_C(1020741970)), *part = json_real(2.91432e-06);

	table_init(t, "sample", "A <sample>", 3, columns);
	table_heading(t, "first");
	table_row(t, 0, "whole");
	table_number(t, 1, "1.02 s", whole, "a.b");
	table_text(t, 2, "x");
	table_row(t, 1, "part");
	table_number(t, 1, "2.91 us", part, "a.\"c\"");
	table_link(t, 2, "there", "run 1/report.html");
	json_decref(whole);
	json_decref(part);
	assert_false(t->out_of_memory);
}

static void a_figure_carries_its_value_and_place(void **state)
{
	struct table t;
	char *out;

	(void)state;
	make(&t);
	PRINTED(out, table_html(f, &t));
	assert_non_null(strstr(out, "<caption>A &lt;sample&gt;</caption>"));
	assert_non_null(strstr(out, "<td class=\"number\"><data value=\"1020741970\" "
				    "data-from=\"a.b\">1.02 s</data></td>"));
	assert_non_null(strstr(out, "<data value=\"2.91432e-6\" data-from=\"a.&quot;c&quot;\">"));
	assert_non_null(strstr(out, "<td><a href=\"run%201/report.html\">there</a></td>"));
	assert_non_null(strstr(out, "<th scope=\"row\">whole</th>"));
	assert_non_null(strstr(out, "<th scope=\"rowgroup\" colspan=\"3\">first</th>"));
	assert_non_null(strstr(out, "<th scope=\"col\" class=\"number\">one | two</th>"));
	free(out);
	table_free(&t);
}

static void markdown_has_one_line_a_row(void **state)
{
	struct table t;
	char *out;

	(void)state;
	make(&t);
	PRINTED(out, table_markdown(f, &t, 10));
	assert_string_equal(out,
			    "|  | one \\| two | text |\n"
			    "| --- | ---: | --- |\n"
			    "| **first** |  |  |\n"
			    "| whole | 1.02 s | x |\n"
			    "| &nbsp;&nbsp;part | 2.91 us | [there](run%201/report.html) |\n\n");
	free(out);
	PRINTED(out, table_markdown(f, &t, 1));
	assert_non_null(strstr(out, "\n... and 2 more.\n"));
	assert_null(strstr(out, "whole"));
	free(out);
	table_free(&t);
}

static void a_table_without_rows_is_nothing(void **state)
{
	static const char *const columns[] = {"a", "b"};
	struct table t;
	char *out;

	(void)state;
	table_init(&t, "empty", NULL, 2, columns);
	PRINTED(out, table_html(f, &t); table_markdown(f, &t, 1));
	assert_string_equal(out, "");
	free(out);
	table_free(&t);
}

/* More digits than gvr writes are not lost. */
static void a_value_is_as_exact_as_in_the_file(void **state)
{
	static const char *const columns[] = {"", "b"};
	static const double values[] = {0.1234567890123456, 1e21, 5e-324, 0, 1234567.5};
	struct table t;

	(void)state;
	table_init(&t, "exact", NULL, 2, columns);
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		json_t *value = json_real(values[i]);
		table_row(&t, 0, "");
		table_number(&t, 1, "", value, "x");
		assert_true(strtod(t.rows[i].cells[1].value, NULL) == values[i]);
		json_decref(value);
	}
	table_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(markup_is_text),
		cmocka_unit_test(what_cannot_be_seen_is_shown),
		cmocka_unit_test(what_is_no_utf8_is_replaced),
		cmocka_unit_test(markdown_markup_is_text),
		cmocka_unit_test(code_stays_in_its_line),
		cmocka_unit_test(addresses_are_quoted),
		cmocka_unit_test(a_figure_carries_its_value_and_place),
		cmocka_unit_test(markdown_has_one_line_a_row),
		cmocka_unit_test(a_table_without_rows_is_nothing),
		cmocka_unit_test(a_value_is_as_exact_as_in_the_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
