/*
 * test_sweep.c: what a sweep runs over, and its folder: whole runs stay, whatever
 * happens, and another sweep does not get among them.
 */
#include "tests/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/sweep.h"
#include "bench/sweep_table.h"
#include "tests/scratch.h"
#include "workloads/file.h"

/* ---- the grid ---- */

/* The values of one --over, joined by blanks. */
static void assert_values(const char *over, const char *values)
{
	struct sweep_grid g = {0};
	struct error e = {""};
	char text[1024] = "";

	if (sweep_grid_add(&g, over, &e) != 0)
		fail_msg("%s", e.text);
	for (unsigned i = 0; i < g.run_count; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i > 0 ? " " : "",
			 sweep_grid_value(&g, i, 0));
	assert_string_equal(text, values);
	sweep_grid_free(&g);
}

static void assert_refused(const char *over, const char *why)
{
	struct sweep_grid g = {0};
	struct error e = {""};

	assert_int_equal(sweep_grid_add(&g, over, &e), -EINVAL);
	assert_memory_equal(e.text, "--over ", 7);
	if (strstr(e.text, why) == NULL)
		fail_msg("%s: lacks: %s", e.text, why);
	assert_int_equal(g.axis_count, 0);
	assert_int_equal(g.run_count, 0);
}

static void lists_are_taken_as_they_are(void **state)
{
	(void)state;
	assert_values("generate.iodepth=1,6,24", "1 6 24");
	assert_values("generate.iodepth=6", "6");
	assert_values(" retrieve.block_size = 4KiB , 64KiB ", "4KiB 64KiB");
	assert_values("workload.popularity=uniform,zipf:0.99", "uniform zipf:0.99");
	assert_values("workload.rate_iops=peak,1e3", "peak 1e3");
}

static void ranges_multiply_or_add(void **state)
{
	(void)state;
	assert_values("workload.rate_iops=500:8000:x2", "500 1000 2000 4000 8000");
	assert_values("workload.rate_iops=500:7999:x2", "500 1000 2000 4000");
	assert_values("workload.rate_iops=100:400:x1.5", "100 150 225 337.5");
	assert_values("a.b=10:50:+10", "10 20 30 40 50");
	assert_values("a.b=0:2:+1", "0 1 2");
	assert_values("a.b=5:5:x2", "5");
	assert_values("a.b=0:0:+1", "0");
	assert_values("workload.runtime=1s:8s:x2", "1s 2s 4s 8s");
	assert_values("retrieve.block_size=4KiB:12KiB:+4KiB", "4KiB 8KiB 12KiB");
}

static void decimals_add_up_exactly(void **state)
{
	(void)state;
	assert_values("a.b=0.1:1:+0.1", "0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 1");
	assert_values("a.b=.5:1.5:+.25", "0.5 0.75 1 1.25 1.5");
	assert_values("a.b=0.000001:0.000004:x2", "0.000001 0.000002 0.000004");
	assert_values("a.b=999999999999:1000000000000:+1", "999999999999 1000000000000");
}

static void what_is_no_range_is_refused(void **state)
{
	(void)state;
	assert_refused("a.b=8000:500:x2", "the first is greater than the last");
	assert_refused("a.b=1:8:x1", "a factor must be more than 1");
	assert_refused("a.b=1:8:x0.5", "a factor must be more than 1");
	assert_refused("a.b=1:8:+0", "must be more than 0");
	assert_refused("a.b=0:8:x2", "0 times the factor does not grow");
	assert_refused("a.b=0.000001:8:x1.1", "does not grow");
	assert_refused("a.b=-8:8:+1", "FIRST:LAST:xFACTOR");
	assert_refused("a.b=1:8:-1", "FIRST:LAST:xFACTOR");
	assert_refused("a.b=1:8", "FIRST:LAST:xFACTOR");
	assert_refused("a.b=1:8:", "FIRST:LAST:xFACTOR");
	assert_refused("a.b=1:8:x", "FIRST:LAST:xFACTOR");
	assert_refused("a.b=1:8:x2:x2", "FIRST:LAST:xFACTOR");
	assert_refused("a.b=1:1e400:x2", "FIRST:LAST:xFACTOR");
	assert_refused("a.b=1:99999999999999999999999:x2", "FIRST:LAST:xFACTOR");
	assert_refused("a.b=1:2:+0.0000001", "FIRST:LAST:xFACTOR");
	assert_refused("a.b=100ms:2s:x2", "the same unit");
	assert_refused("a.b=1s:2:x2", "the same unit");
	assert_refused("a.b=1s:4s:x2s", "a factor has no unit");
	assert_refused("a.b=1s:4s:+1", "needs the unit of the ends");
	assert_refused("a.b=1fortnight:4fortnight:x2", "no such unit");
	assert_refused("a.b=1:4:x2,8", "a range is not part of a list");
}

static void what_is_no_list_is_refused(void **state)
{
	(void)state;
	assert_refused("a.b=", "an empty value");
	assert_refused("a.b=1,,2", "an empty value");
	assert_refused("a.b=1,2,", "an empty value");
	assert_refused("a.b=1,2,1", "1 is there twice");
	assert_refused("a.b", "write SECTION.KEY=VALUES");
	assert_refused("=1,2", "write SECTION.KEY=VALUES");
	assert_refused("b=1,2", "write SECTION.KEY=VALUES");
	assert_refused(".b=1,2", "write SECTION.KEY=VALUES");
	assert_refused("a.=1,2", "write SECTION.KEY=VALUES");
	assert_refused("", "write SECTION.KEY=VALUES");
}

static void at_most_ten_thousand_runs(void **state)
{
	(void)state;
	struct sweep_grid g = {0};
	struct error e;

	assert_refused("a.b=1:10001:+1", "more than 10000 values");
	assert_refused("a.b=0:1000000000000:+0.000001", "more than 10000 values");
	assert_int_equal(sweep_grid_add(&g, "a.b=1:5000:+1", &e), 0);
	assert_int_equal(sweep_grid_add(&g, "a.c=1,2,3", &e), -EINVAL);
	assert_non_null(strstr(e.text, "more than 10000 runs"));
	assert_int_equal(g.run_count, 5000);
	assert_int_equal(sweep_grid_add(&g, "a.c=1,2", &e), 0);
	assert_int_equal(g.run_count, 10000);
	assert_int_equal(sweep_grid_add(&g, "a.d=1,2", &e), -EINVAL);
	assert_int_equal(sweep_grid_add(&g, "a.d=1", &e), 0);
	assert_int_equal(g.run_count, 10000);
	sweep_grid_free(&g);
}

static void at_most_sixteen_axes_each_once(void **state)
{
	(void)state;
	struct sweep_grid g = {0};
	struct error e;
	char over[32];

	for (unsigned i = 0; i < SWEEP_AXES_MAX; i++) {
		snprintf(over, sizeof over, "a.k%u=1", i);
		assert_int_equal(sweep_grid_add(&g, over, &e), 0);
	}
	assert_int_equal(sweep_grid_add(&g, "a.b=1", &e), -EINVAL);
	assert_non_null(strstr(e.text, "at most 16"));
	sweep_grid_free(&g);
	assert_int_equal(sweep_grid_add(&g, "engine.a.b=1", &e), 0);
	assert_int_equal(sweep_grid_add(&g, "a.b=2", &e), -EINVAL);
	assert_non_null(strstr(e.text, "a.b is swept over already"));
	sweep_grid_free(&g);
}

static void the_first_axis_varies_slowest(void **state)
{
	(void)state;
	static const char *const runs[] = {"rate_iops=5 iodepth=1", "rate_iops=5 iodepth=6",
					   "rate_iops=9 iodepth=1", "rate_iops=9 iodepth=6"};
	struct sweep_grid g = {0};
	struct error e;
	char text[64];

	assert_int_equal(sweep_grid_add(&g, "workload.rate_iops=5,9", &e), 0);
	assert_int_equal(sweep_grid_add(&g, "engine.generate.iodepth=1,6", &e), 0);
	assert_string_equal(g.axes[1].key, "generate.iodepth");
	assert_int_equal(g.run_count, 4);
	for (unsigned i = 0; i < 4; i++) {
		sweep_grid_describe(&g, i, text, sizeof text);
		assert_string_equal(text, runs[i]);
	}
	sweep_grid_describe(&g, 0, text, 8);
	assert_string_equal(text, "rate_io");
	assert_non_null(sweep_grid_swept(&g, " engine.generate.iodepth = 3"));
	assert_non_null(sweep_grid_swept(&g, "generate.iodepth=3"));
	assert_null(sweep_grid_swept(&g, "retrieve.iodepth=3"));
	sweep_grid_free(&g);
}

static void the_same_key_of_two_engines_is_named_in_full(void **state)
{
	(void)state;
	struct sweep_grid g = {0};
	struct error e;
	char text[64];

	assert_int_equal(sweep_grid_add(&g, "r.iodepth=5", &e), 0);
	assert_int_equal(sweep_grid_add(&g, "g.iodepth=1", &e), 0);
	sweep_grid_describe(&g, 0, text, sizeof text);
	assert_string_equal(text, "r.iodepth=5 g.iodepth=1");
	sweep_grid_free(&g);
}

/* ---- settings ---- */

static uint64_t settings_of(const char *more, const char *store, const char *wall)
{
	static struct workload w;
	struct error e;
	char text[512];

	snprintf(text, sizeof text,
		 "[workload]\ncontents = noise:10\nsize = fixed:1KiB\n%s\n[engine \"n\"]\nkind = "
		 "null\n",
		 more);
	if (workload_parse(&w, "w.ini", text, strlen(text), NULL, 0, &e) != 0)
		fail_msg("%s", e.text);
	return sweep_settings(&w, store, wall);
}

static void settings_are_what_takes_effect(void **state)
{
	(void)state;
	uint64_t plain = settings_of("rate_iops = 1000", "s", NULL);

	assert_true(plain == settings_of("; a comment\nrate_iops = 1e3", "s", NULL));
	assert_false(plain == settings_of("rate_iops = 1001", "s", NULL));
	assert_false(plain == settings_of("rate_iops = 1000", "t", NULL));
	assert_false(plain == settings_of("rate_iops = 1000", "s", "file:/x"));
	assert_false(plain == settings_of("rate_iops = 1000\nrounds = 7", "s", NULL));
}

/* ---- the folder ---- */

static char root[64], folder[96];

static int make_scratch(void **state)
{
	(void)state;
	snprintf(root, sizeof root, "/tmp/gvr-sweep.XXXXXX");
	if (mkdtemp(root) == NULL)
		return -1;
	snprintf(folder, sizeof folder, "%s/a/b", root);
	return 0;
}

static int drop_scratch(void **state)
{
	(void)state;
	return scratch_remove(root);
}

/* Of three runs, with settings 1, 2, 3 times factor. */
static int open_sweep(struct sweep *s, const char *over, uint64_t factor, struct error *e)
{
	*s = (struct sweep){.lock_fd = -1};
	assert_int_equal(sweep_grid_add(&s->file.grid, over, e), 0);
	s->file.workload = strdup("w.ini");
	s->file.command = strdup("gvr sweep w.ini");
	s->file.version = strdup("1");
	s->file.commit = strdup("abc");
	s->file.runs = calloc(s->file.grid.run_count, sizeof *s->file.runs);
	for (unsigned i = 0; i < s->file.grid.run_count; i++)
		s->file.runs[i].settings = (i + 1) * factor;
	return sweep_open(s, folder, e);
}

static void assert_opens(struct sweep *s, const char *over, uint64_t factor)
{
	struct error e = {""};

	if (open_sweep(s, over, factor, &e) != 0)
		fail_msg("%s", e.text);
}

static void assert_does_not_open(const char *over, uint64_t factor, int err, const char *why)
{
	struct sweep s;
	struct error e = {""};

	assert_int_equal(open_sweep(&s, over, factor, &e), err);
	if (strstr(e.text, why) == NULL)
		fail_msg("%s: lacks: %s", e.text, why);
	sweep_close(&s);
}

static void put(const char *dir, const char *name, const char *text)
{
	char path[SWEEP_PATH_NBYTES + 32];
	struct error e;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	assert_int_equal(file_write(path, &(struct file_part){text, strlen(text)}, 1, &e), 0);
}

/* Of run 1 and up. */
static const char result[] =
	"{\"schema_version\":1,\"command\":\"gvr run w.ini --out 'a "
	"b/run-%04u'\",\"time\":\"t\",\"result\":\"INVALID\",\"why_invalid\":[\"slow\"],"
	"\"tool\":{},\"host\":{},\"workload\":{},\"request_stream\":{},\"engines\":{}}";

/* What measuring leaves. */
static void make_run(struct sweep *s, unsigned run)
{
	char part[SWEEP_PATH_NBYTES], text[512];
	struct error e = {""};

	assert_int_equal(sweep_begin(s, run, part, &e), 0);
	put(part, "summary.txt", "INVALID\n");
	snprintf(text, sizeof text, result, run + 1);
	put(part, "result.json", text);
}

/* Figures of other documents must not stand in one table. */
static void runs_of_other_documents_are_refused(void **state)
{
	(void)state;
	struct sweep s;
	struct error e;

	assert_opens(&s, "a.b=1,2,3", 1);
	s.file.runs[2].source = 1;
	make_run(&s, 0);
	assert_int_equal(sweep_check_documents(&s, 0, 7, &e), 0);
	assert_int_equal(sweep_keep(&s, 0, false, 7, &e), 0);
	assert_int_equal(sweep_check_documents(&s, 1, 7, &e), 0);
	assert_int_equal(sweep_check_documents(&s, 1, 0, &e), 0); /* not known */
	assert_int_equal(sweep_check_documents(&s, 2, 8, &e), 0); /* of another folder */
	assert_int_equal(sweep_check_documents(&s, 1, 8, &e), -EEXIST);
	assert_non_null(strstr(e.text, "documents have changed since run-0001 was measured"));
	sweep_close(&s);
}

static void whole_runs_are_found_again(void **state)
{
	(void)state;
	struct sweep s;
	struct error e;
	char part[SWEEP_PATH_NBYTES], whole[SWEEP_PATH_NBYTES];

	assert_opens(&s, "a.b=1,2,3", 1);
	assert_int_equal(sweep_done(&s), 0);
	make_run(&s, 1);
	assert_int_equal(sweep_keep(&s, 1, false, 0, &e), 0);
	make_run(&s, 2); /* and then it is killed */
	sweep_close(&s);

	assert_opens(&s, "a.b=1,2,3", 1);
	assert_int_equal(sweep_done(&s), 1);
	assert_true(s.file.runs[1].done);
	assert_false(s.file.runs[1].valid);
	assert_int_equal(sweep_begin(&s, 2, part, &e), 0);
	assert_int_equal(rmdir(part), 0); /* it was emptied */
	make_run(&s, 2);
	sweep_drop(&s, 2);
	assert_int_equal(access(part, F_OK), -1);
	/* killed between the rename and sweep.json */
	make_run(&s, 0);
	snprintf(part, sizeof part, "%s/run-0001.part", folder);
	sweep_run_folder(&s, 0, whole);
	assert_int_equal(rename(part, whole), 0);
	sweep_close(&s);

	assert_opens(&s, "a.b=1,2,3", 1);
	assert_int_equal(sweep_done(&s), 2);
	sweep_close(&s);
}

/* What lies elsewhere is not emptied, and no folder is. */
static void only_files_of_a_run_are_removed(void **state)
{
	(void)state;
	struct sweep s;
	struct error e;
	char part[SWEEP_PATH_NBYTES], path[SWEEP_PATH_NBYTES + 32];

	assert_opens(&s, "a.b=1,2,3", 1);
	put(root, "precious", "x");
	snprintf(part, sizeof part, "%s/run-0001.part", folder);
	assert_int_equal(symlink(root, part), 0);
	assert_int_not_equal(sweep_begin(&s, 0, part, &e), 0);
	assert_non_null(strstr(e.text, "cannot empty it"));
	snprintf(path, sizeof path, "%s/precious", root);
	assert_int_equal(access(path, F_OK), 0);
	unlink(part);
	assert_int_equal(sweep_begin(&s, 0, part, &e), 0);
	snprintf(path, sizeof path, "%s/folder", part);
	assert_int_equal(mkdir(path, 0777), 0);
	assert_int_not_equal(sweep_begin(&s, 0, part, &e), 0);
	assert_non_null(strstr(e.text, "cannot empty it"));
	sweep_close(&s);
}

static void another_sweep_is_kept_out(void **state)
{
	(void)state;
	struct sweep s;
	char whole[SWEEP_PATH_NBYTES], path[128];

	assert_opens(&s, "a.b=1,2,3", 1);
	assert_does_not_open("a.b=1,2,3", 1, -EBUSY, "another gvr is writing there");
	make_run(&s, 0);
	sweep_keep(&s, 0, false, 0, &(struct error){""});
	sweep_run_folder(&s, 0, whole);
	sweep_close(&s);
	assert_does_not_open("a.b=1,2,4", 2, -EEXIST,
			     "over other values; sweep into another folder");
	assert_does_not_open("a.b=1,2", 1, -EEXIST, "over other values; sweep into another folder");
	assert_does_not_open("a.b=1,2,3", 2, -EEXIST, "with other settings");
	/* 1KiB is 1024: the same runs */
	assert_opens(&s, "a.b=01,2,3", 1);
	sweep_close(&s);
	snprintf(path, sizeof path, "%s/sweep.json", folder);
	unlink(path);
	assert_does_not_open("a.b=1,2,3", 1, -EEXIST, "no sweep.json beside it");
}

static void another_gvr_is_kept_out(void **state)
{
	(void)state;
	struct sweep s;
	struct error e;

	assert_opens(&s, "a.b=1,2,3", 1);
	free(s.file.version);
	s.file.version = strdup("0.9");
	make_run(&s, 0);
	assert_int_equal(sweep_keep(&s, 0, true, 0, &e), 0);
	sweep_close(&s);
	assert_does_not_open("a.b=1,2,3", 1, -EEXIST, "by another gvr, 0.9 (abc)");
}

static void a_damaged_run_is_named(void **state)
{
	(void)state;
	struct sweep s;
	char whole[SWEEP_PATH_NBYTES];

	assert_opens(&s, "a.b=1,2,3", 1);
	make_run(&s, 0);
	sweep_keep(&s, 0, false, 0, &(struct error){""});
	sweep_run_folder(&s, 0, whole);
	sweep_close(&s);
	put(whole, "result.json", "{");
	assert_does_not_open("a.b=1,2,3", 1, -EBADMSG, "run-0001 to measure it again");
}

static void damage_is_told(void **state)
{
	(void)state;
	static const struct {
		const char *text, *why;
	} files[] = {
		{"", "not JSON"},
		{"{\"schema_version\":1,", "not JSON"},
		{"[]", "schema_version: not 1"},
		{"{\"schema_version\":2}", "schema_version: not 1"},
		{"{\"schema_version\":1}", "workload: missing"},
	};
	struct sweep s;
	char path[128];

	assert_opens(&s, "a.b=1,2,3", 1);
	sweep_close(&s);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		put(folder, "sweep.json", files[i].text);
		assert_does_not_open("a.b=1,2,3", 1, -EBADMSG, files[i].why);
		assert_does_not_open("a.b=1,2,3", 1, -EBADMSG, "sweep into another folder");
	}
	snprintf(path, sizeof path, "%s/sweep.json", folder);
	unlink(path);
	assert_int_equal(mkfifo(path, 0666), 0);
	assert_does_not_open("a.b=1,2,3", 1, -EBADMSG, "not a plain file");
}

/* Each with one thing wrong: nothing of it is taken. */
static void every_part_is_checked(void **state)
{
	(void)state;
	static const char whole[] =
		"{\"schema_version\":1,\"workload\":\"w\",\"command\":\"c\",\"tool\":{\"version\":"
		"\"1\",\"commit\":\"c\"},\"axes\":[{\"key\":\"a.b\",\"values\":[\"1\",\"2\"]}],"
		"\"runs\":[{\"folder\":\"run-0001\",\"values\":[\"1\"],\"settings\":"
		"\"0123456789abcdef\",\"done\":false,\"result\":null},{\"folder\":\"run-0002\","
		"\"values\":[\"2\"],\"settings\":\"0123456789abcdef\",\"done\":true,\"result\":"
		"\"VALID\"}]}";
	static const struct {
		const char *from, *to;
	} changes[] = {
		{"\"w\"", "7"},
		{"\"c\",\"tool\"", "null,\"tool\""},
		{"\"version\":\"1\"", "\"version\":[]"},
		{"\"key\":\"a.b\"", "\"key\":0"},
		{"[\"1\",\"2\"]", "[]"},
		{"[\"1\",\"2\"]", "[\"1\",2]"},
		{"[\"1\",\"2\"]", "[\"1\",\"1\"]"},
		{"[\"1\",\"2\"]", "[\"1\",\"2\",\"3\"]"},
		{"[\"1\",\"2\"]", "[\"1\",\"3\"]"},
		{"run-0002", "run-0003"},
		{"0123456789abcdef", "0123456789abcde"},
		{"0123456789abcdef", "0123456789abcdeg"},
		{"\"done\":false", "\"done\":0"},
		{"\"done\":false", "\"done\":true"},
		{"\"VALID\"", "\"MAYBE\""},
		{"\"VALID\"", "null"},
		{"\"axes\"", "\"axis\""},
		{"\"runs\"", "\"ran\""},
	};
	struct sweep_file f;
	struct error e = {""};
	char text[1024];
	unsigned a, b;

	assert_int_equal(sweep_file_parse(&f, "s.json", whole, strlen(whole), &e), 0);
	assert_true(f.runs[1].done && f.runs[1].valid && !f.runs[0].done);
	assert_true(sweep_find_twice(&f, &a, &b));
	assert_true(a == 0 && b == 1);
	f.runs[1].settings++;
	assert_false(sweep_find_twice(&f, &a, &b));
	sweep_file_free(&f);
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		const char *at = strstr(whole, changes[i].from);
		assert_non_null(at);
		snprintf(text, sizeof text, "%.*s%s%s", (int)(at - whole), whole, changes[i].to,
			 at + strlen(changes[i].from));
		if (sweep_file_parse(&f, "s.json", text, strlen(text), &e) != -EBADMSG)
			fail_msg("taken: %s", text);
		assert_memory_equal(e.text, "s.json: ", 8);
		sweep_file_free(&f);
	}
}

/* ---- the table ---- */

/* Of engines with these labels, a p99 of 1 ms, 2 ms and so on. */
static void make_result(const char *dir, const char *verdict, const char *money,
			const char *const *labels, unsigned count)
{
	char text[8192];
	int n = snprintf(
		text, sizeof text,
		"{\"schema_version\":1,\"time\":\"t\",\"result\":%s,\"tool\":{},\"host\":{},"
		"\"workload\":{},\"request_stream\":{},\"breakeven\":{\"money\":%s},"
		"\"engines\":{",
		verdict, money);

	for (unsigned i = 0; i < count; i++)
		n += snprintf(text + n, sizeof text - (size_t)n,
			      "%s\"%s\":{\"kind\":\"null\",\"rounds\":[],\"requests\":{"
			      "\"mismatched\":0},\"response_ns\":{\"percentile\":{\"99\":%u}}}",
			      i > 0 ? "," : "", labels[i], (i + 1) * 1000000);
	snprintf(text + n, sizeof text - (size_t)n, "}}");
	put(dir, "result.json", text);
}

static const char valid[] = "\"VALID\",\"why_invalid\":[]";
static const char invalid[] = "\"INVALID\",\"why_invalid\":[\"too \\u001b slow\"]";
static const char interval[] =
	"{\"outcome\":\"interval\",\"interval_days\":1241.85,\"likely_days\":[321.42,null]}";

/* What a sweep over a.b=1,2 prints; to be freed by the caller. */
static char *table_of(const char *const *labels, unsigned count)
{
	struct sweep s;
	struct error e = {""};
	char part[SWEEP_PATH_NBYTES], *text = NULL;
	size_t nbytes;
	bool bytes_differ = true;

	assert_opens(&s, "a.b=1,2", 1);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(sweep_begin(&s, i, part, &e), 0);
		make_result(part, i == 0 ? valid : invalid, i == 0 ? interval : "null", labels,
			    count);
		assert_int_equal(sweep_keep(&s, i, i == 0, 0, &e), 0);
	}
	FILE *f = open_memstream(&text, &nbytes);
	assert_non_null(f);
	if (sweep_table_print(f, &s, &bytes_differ, &e) != 0)
		fail_msg("%s", e.text);
	fclose(f);
	assert_false(bytes_differ);
	sweep_close(&s);
	return text;
}

static void the_table_has_a_row_of_each_run(void **state)
{
	(void)state;
	static const char *const labels[] = {"retrieve", "g"};
	char *text = table_of(labels, 2);

	assert_string_equal(text,
			    "                        p99 of\n"
			    "run       b  result   retrieve        g                break-even\n"
			    "run-0001  1  VALID     1.00 ms  2.00 ms  3.4 years (0.88 or more)\n"
			    "run-0002  2  INVALID   1.00 ms  2.00 ms                         -\n"
			    "\nINVALID, and the first reason why:\n"
			    "  run-0002  too ? slow\n");
	free(text);
}

static void what_is_too_wide_is_left_out_and_named(void **state)
{
	(void)state;
	static const char *const labels[] = {"first-engine", "second-engine", "third-engine"};
	char *text = table_of(labels, 3);

	assert_non_null(strstr(text, "\nNot shown, for width: p99 of third-engine\n"));
	for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 80);
	free(text);
}

/* ---- what cannot be ---- */

static void a_folder_that_cannot_be_is_told(void **state)
{
	(void)state;
	char file[128];

	put(root, "file", "x");
	snprintf(file, sizeof file, "%s/file", root);
	snprintf(folder, sizeof folder, "%s/file/sweep", root);
	assert_does_not_open("a.b=1,2,3", 1, -ENOTDIR, "something else has that name");
	snprintf(folder, sizeof folder, "/proc/gvr-sweep");
	assert_does_not_open("a.b=1,2,3", 1, -ENOENT, "cannot make folder");
}

#define in_scratch(f) cmocka_unit_test_setup_teardown(f, make_scratch, drop_scratch)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_taken_as_they_are),
		cmocka_unit_test(ranges_multiply_or_add),
		cmocka_unit_test(decimals_add_up_exactly),
		cmocka_unit_test(what_is_no_range_is_refused),
		cmocka_unit_test(what_is_no_list_is_refused),
		cmocka_unit_test(at_most_ten_thousand_runs),
		cmocka_unit_test(at_most_sixteen_axes_each_once),
		cmocka_unit_test(the_first_axis_varies_slowest),
		cmocka_unit_test(the_same_key_of_two_engines_is_named_in_full),
		cmocka_unit_test(settings_are_what_takes_effect),
		cmocka_unit_test(every_part_is_checked),
		in_scratch(whole_runs_are_found_again),
		in_scratch(runs_of_other_documents_are_refused),
		in_scratch(only_files_of_a_run_are_removed),
		in_scratch(another_sweep_is_kept_out),
		in_scratch(another_gvr_is_kept_out),
		in_scratch(a_damaged_run_is_named),
		in_scratch(damage_is_told),
		in_scratch(the_table_has_a_row_of_each_run),
		in_scratch(what_is_too_wide_is_left_out_and_named),
		in_scratch(a_folder_that_cannot_be_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
