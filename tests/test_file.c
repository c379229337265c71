/* test_file.c: a written file is whole or not there. */
#include "tests/test.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "workloads/file.h"

static char dir[] = "/tmp/gvr-file.XXXXXX";
static char path[64];

static int make_dir(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/f", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir); /* fails if a temporary file was left */
}

static size_t read_back(char *out, size_t capacity)
{
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	size_t n = fread(out, 1, capacity, f);
	fclose(f);
	return n;
}

static void parts_become_one_file_that_replaces(void **state)
{
	(void)state;
	char got[64];
	struct error e = {""};
	struct file_part old = {"something longer that was there", 31};
	struct file_part parts[] = {{"one ", 4}, {NULL, 0}, {"two", 3}};
	assert_int_equal(file_write(path, &old, 1, &e), 0);
	assert_int_equal(file_write(path, parts, 3, &e), 0);
	assert_int_equal(read_back(got, sizeof got), 7);
	assert_memory_equal(got, "one two", 7);
}

/* A file-size limit stands for a full disk: the write fails half-way. */
static void a_write_that_fails_leaves_what_was_there(void **state)
{
	(void)state;
	static char big[100000];
	char got[64];
	struct error e = {""};
	struct rlimit whole, limit;
	struct file_part old = {"old", 3}, large = {big, sizeof big};
	assert_int_equal(file_write(path, &old, 1, &e), 0);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &whole);
	limit = whole;
	limit.rlim_cur = 50000;
	setrlimit(RLIMIT_FSIZE, &limit);
	int err = file_write(path, &large, 1, &e);
	setrlimit(RLIMIT_FSIZE, &whole);
	assert_int_equal(err, -EFBIG);
	assert_non_null(strstr(e.text, path));
	assert_int_equal(read_back(got, sizeof got), 3);
	assert_memory_equal(got, "old", 3);
}

static void a_missing_folder_is_said(void **state)
{
	(void)state;
	struct error e = {""};
	struct file_part part = {"x", 1};
	assert_int_equal(file_write("/nonexistent/x", &part, 1, &e), -ENOENT);
	assert_non_null(strstr(e.text, "/nonexistent/x"));
}

static void a_new_file_replaces_nothing(void **state)
{
	(void)state;
	char got[64];
	struct error e = {""};
	struct file_part first = {"first", 5}, second = {"second", 6};
	unlink(path);
	assert_int_equal(file_write_new(path, &first, 1, &e), 0);
	assert_int_equal(file_write_new(path, &second, 1, &e), -EEXIST);
	assert_int_equal(read_back(got, sizeof got), 5);
	assert_memory_equal(got, "first", 5);
	unlink(path);
	assert_int_equal(symlink("nowhere", path), 0);
	assert_int_equal(file_write_new(path, &first, 1, &e), -EEXIST);
}

static void control_characters_of_names_are_not_printed(void **state)
{
	(void)state;
	struct error e = {""};
	file_error(&e, -EACCES, "cannot write", "a\nb\x1b[31m");
	assert_null(strchr(e.text, '\n'));
	assert_null(strchr(e.text, '\x1b'));
	assert_non_null(strstr(e.text, "--store"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_become_one_file_that_replaces),
		cmocka_unit_test(a_write_that_fails_leaves_what_was_there),
		cmocka_unit_test(a_missing_folder_is_said),
		cmocka_unit_test(a_new_file_replaces_nothing),
		cmocka_unit_test(control_characters_of_names_are_not_printed),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
