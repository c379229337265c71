/* test_shell.c: words that are copied into a shell are what they were. */
#include "tests/test.h"

#include "workloads/shell.h"

/* What sh makes of the word is the word. */
static void assert_survives(const char *word)
{
	char line[256], back[256], quoted[128];

	shell_quoted(quoted, sizeof quoted, word);
	snprintf(line, sizeof line, "printf %%s %s", quoted);
	FILE *sh = popen(line, "r");
	assert_non_null(sh);
	back[fread(back, 1, sizeof back - 1, sh)] = '\0';
	assert_int_equal(pclose(sh), 0);
	assert_string_equal(back, word);
}

static void a_shell_reads_what_was_meant(void **state)
{
	(void)state;
	assert_survives("out/plain-1.2,a=b:c@d+e%f");
	assert_survives("my results");
	assert_survives("it's \"quoted\" `id` $HOME $(id) \\ & ; | < > * ? [a] {b} ! # ~");
	assert_survives("''");
	assert_survives("a\nb\tc");
	assert_survives("日本語");
	assert_survives("");
}

static void plain_words_stay_as_they_are(void **state)
{
	(void)state;
	char out[32];

	shell_quoted(out, sizeof out, "/tmp/a-b_c.ini");
	assert_string_equal(out, "/tmp/a-b_c.ini");
}

static void a_word_without_room_is_left_out(void **state)
{
	(void)state;
	char out[10];

	shell_quoted(out, sizeof out, "123456789");
	assert_string_equal(out, "123456789");
	shell_quoted(out, sizeof out, "1234567890");
	assert_string_equal(out, "...");
	shell_quoted(out, sizeof out, "12345 78"); /* ten with its quotes */
	assert_string_equal(out, "...");
}

static void a_path_is_no_option(void **state)
{
	(void)state;
	char *text;
	size_t nbytes;
	FILE *f = open_memstream(&text, &nbytes);

	assert_non_null(f);
	shell_quote_path(f, "-x y");
	fputc(' ', f);
	shell_quote_path(f, "x");
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, "./'-x y' x");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_shell_reads_what_was_meant),
		cmocka_unit_test(plain_words_stay_as_they_are),
		cmocka_unit_test(a_word_without_room_is_left_out),
		cmocka_unit_test(a_path_is_no_option),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
