/* test_names.c: names in any script: cut, shown, and as folders. */
#include "tests/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/files.h"
#include "bench/out_folder.h"
#include "tests/scratch.h"
#include "workloads/utf8.h"

static char root[] = "/tmp/gvr-names.XXXXXX";

static void assert_name(const char *text, size_t capacity, const char *name)
{
	char out[256];

	memset(out, 'x', sizeof out);
	utf8_name(out, capacity, text);
	assert_string_equal(out, name);
}

static void letters_of_every_script_stay(void **state)
{
	(void)state;
	assert_name("mail-2026_v1.2", 64, "mail-2026_v1.2");
	assert_name("日本語", 64, "日本語");
	assert_name("Überblick", 64, "Überblick");
	assert_name("U\xcc\x88"
		    "ber",
		    64,
		    "U\xcc\x88"
		    "ber");
	assert_name("हिन्दी", 64, "हिन्दी");
	assert_name("עִבְרִית", 64, "עִבְרִית");
	assert_name("a b/c*d", 64, "a_b_c_d");
}

static void what_is_no_letter_does_not(void **state)
{
	(void)state;
	static const char *const others[] = {
		"\n",		"\x7f",
		"\xc2\x85",	"\xc2\xa0", /* controls, blanks */
		"\xe2\x80\xa8", "\xe3\x80\x80",
		"\xe2\x80\x8b", "\xe2\x80\xae", /* U+202E */
		"\xe2\x81\xa6", "\xef\xbb\xbf",
		"\xef\xb8\x8f", "\xe3\x85\xa4",	    /* not seen */
		"\xee\x80\x80", "\xf0\x9f\x98\x80", /* private, emoji */
		"\xff",		"\xc0",
		"\xe2", /* no UTF-8 */
	};

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		char text[16];
		snprintf(text, sizeof text, "a%sb", others[i]);
		assert_name(text, 64, "a_b");
	}
	assert_name("\xc0\xaf", 64, "__");	/* '/' in two bytes */
	assert_name("\xed\xa0\x80", 64, "___"); /* a surrogate */
	assert_name("a\xe6\x97", 64, "a__");	/* cut within */
}

static void names_are_cut_between_characters(void **state)
{
	(void)state;
	assert_name("日本", 7, "日本");
	assert_name("日本", 6, "日");
	assert_name("日本", 3, "");
	assert_name("abc", 1, "");
}

static void assert_fits(const char *text, unsigned columns, const char *shown, unsigned taken)
{
	char out[64];

	assert_int_equal(utf8_fit(out, sizeof out, text, columns), taken);
	assert_string_equal(out, shown);
}

static void texts_are_cut_by_their_width(void **state)
{
	(void)state;
	char out[5];

	assert_fits("abc", 2, "ab", 2);
	assert_fits("日本", 4, "日本", 4);
	assert_fits("日本", 3, "日", 2);
	assert_fits("e\xcc\x81x", 1, "e\xcc\x81", 1); /* the accent takes no column */
	assert_fits("\x1b[K\xff", 9, "?[K?", 4);
	assert_fits("\xe2\x80\xa8", 9, "?", 1);
	assert_int_equal(utf8_fit(out, sizeof out, "日本", 9), 2);
	assert_string_equal(out, "日");
}

static void name_out(char out[WORKLOAD_PATH_NBYTES], const char *name)
{
	static struct workload w;
	struct error e;

	snprintf(w.name, sizeof w.name, "%s", name);
	assert_int_equal(out_folder_of_run(out, &w, &e), 0);
	assert_int_equal(strncmp(out, "out/", 4), 0);
	assert_null(strchr(out + 4, '/'));
	assert_true(out[4] != '.' && out[4] != '-' && out[4] != '\0');
	assert_true(strlen(out + 4) <= 255);
}

static void names_that_differ_have_folders_that_differ(void **state)
{
	(void)state;
	static const char *const names[] = {
		"日本語", "中国話", "a b",	"a_b", "a/b", "a\tb",  ".",  "..", "...",
		"_",	  "-x",	    "\xff\xfe", "--",  "_x",  "../..", "__", "😀",  "😁",
	};
	char folders[sizeof names / sizeof names[0]][WORKLOAD_PATH_NBYTES];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		name_out(folders[i], names[i]);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(folders[i], folders[k]);
	}
	assert_string_equal(folders[0], "out/日本語");
	assert_string_equal(folders[3], "out/a_b");
	assert_int_equal(strncmp(folders[2], "out/a_b-", 8), 0);
}

static void the_longest_name_is_a_folder(void **state)
{
	(void)state;
	char name[WORKLOAD_NAME_NBYTES], out[WORKLOAD_PATH_NBYTES];

	memset(name, ' ', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	name_out(out, name);
	assert_int_equal(strlen(out), 4 + sizeof name - 1 + 9);
}

static void folders_of_stores_stay_as_they_were(void **state)
{
	(void)state;
	char out[41];

	files_clean_name(out, sizeof out, "a b.c-d_e/..");
	assert_string_equal(out, "a_b_c-d_e___");
	files_clean_name(out, sizeof out, "-x");
	assert_string_equal(out, "-x");
}

/* A file without `name` has its own. */
static void a_files_name_in_any_script(void **state)
{
	(void)state;
	static const char text[] = "[workload]\ncontents = noise:1\n[engine \"n\"]\nkind = null\n";
	static struct workload w;
	struct error e;

	assert_int_equal(workload_parse(&w, "d/日本 語.ini", text, sizeof text - 1, NULL, 0, &e),
			 0);
	assert_string_equal(w.name, "日本_語");
}

static void one_writer_a_folder(void **state)
{
	(void)state;
	struct error e = {""};
	int fd, other;

	assert_int_equal(files_lock_dir(&fd, ".", &e), 0);
	assert_int_equal(files_lock_dir(&other, ".", &e), -EBUSY);
	assert_int_equal(other, -1);
	assert_string_equal(e.text,
			    ".: another gvr is writing there; wait for it, or use another --out");
	close(fd);
	pid_t child = fork();
	if (child == 0) { /* it ends without a word, as by kill -9 */
		int lost;
		_exit(files_lock_dir(&lost, ".", &e) == 0 ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(files_lock_dir(&fd, ".", &e), 0);
	close(fd);
	assert_int_equal(files_lock_dir(&fd, "nowhere", &e), -ENOENT);
}

static int enter(void **state)
{
	(void)state;
	return mkdtemp(root) == NULL ? -1 : chdir(root);
}

static int leave(void **state)
{
	(void)state;
	return chdir("/") != 0 ? -1 : scratch_remove(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_of_every_script_stay),
		cmocka_unit_test(what_is_no_letter_does_not),
		cmocka_unit_test(names_are_cut_between_characters),
		cmocka_unit_test(texts_are_cut_by_their_width),
		cmocka_unit_test(names_that_differ_have_folders_that_differ),
		cmocka_unit_test(the_longest_name_is_a_folder),
		cmocka_unit_test(folders_of_stores_stay_as_they_were),
		cmocka_unit_test(a_files_name_in_any_script),
		cmocka_unit_test(one_writer_a_folder),
	};
	return cmocka_run_group_tests(tests, enter, leave);
}
