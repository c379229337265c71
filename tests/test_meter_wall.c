/* test_meter_wall.c: wall meters, played by shell commands and files. */
#include "tests/test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/clock.h"
#include "bench/meter/wall.h"
#include "tests/scratch.h"

#define NOW "$(date +%s.%N)"
#define S_NS UINT64_C(1000000000)
#define T0_NS (UINT64_C(1764100000) * S_NS)

static char root[64];

static int make_root(void **state)
{
	(void)state;
	snprintf(root, sizeof root, "/tmp/gvr-wall.XXXXXX");
	return mkdtemp(root) != NULL ? 0 : -1;
}

static int remove_root(void **state)
{
	(void)state;
	return scratch_remove(root);
}

static void expect_text(const char *text, const char *want)
{
	if (strstr(text, want) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", text, want);
}

/* ---- lines ---- */

static void a_line_is_read_to_the_nanosecond_and_the_microwatt(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t unix_ns, value;
		enum meter_unit unit;
	} good[] = {
		{"1764100000.25 57.3 W", T0_NS + S_NS / 4, 57300000, METER_POWER_UW},
		{"1764100000 0 J", T0_NS, 0, METER_ENERGY_UJ},
		{"1764100000.123456789 1234567.654321 J", T0_NS + 123456789, 1234567654321,
		 METER_ENERGY_UJ},
		{"1764100000.0000000019 1e3 W", T0_NS + 1, 1000000000, METER_POWER_UW},
		{"\t1764100000.   5  W \r", T0_NS, 5000000, METER_POWER_UW},
		{"0 0.0000004 W", 0, 0, METER_POWER_UW},
		{"9000000000 1e12 J", UINT64_C(9000000000) * S_NS, UINT64_C(1000000000000000000),
		 METER_ENERGY_UJ},
	};
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		struct wall_line line;
		const char *why;
		assert_int_equal(wall_line_parse(good[i].text, strlen(good[i].text), &line, &why),
				 0);
		assert_int_equal(line.unix_ns, good[i].unix_ns);
		assert_int_equal(line.value, good[i].value);
		assert_int_equal(line.unit, good[i].unit);
	}
}

static void blank_lines_and_remarks_say_nothing(void **state)
{
	(void)state;
	static const char *const silent[] = {"", " \t", "\r", "#", "# 1764100000 5 W", " # x"};
	for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++) {
		struct wall_line line;
		const char *why;
		assert_int_equal(wall_line_parse(silent[i], strlen(silent[i]), &line, &why),
				 -EAGAIN);
	}
}

static void a_bad_line_is_refused_with_the_reason(void **state)
{
	(void)state;
	static const struct {
		const char *text, *why;
	} bad[] = {
		{"57.3", "it is not SECONDS VALUE UNIT"},
		{"57.3 W", "it is not SECONDS VALUE UNIT"},
		{"1764100000 57.3 W more", "it is not SECONDS VALUE UNIT"},
		{"12:30:00 57.3 W", "it is not SECONDS VALUE UNIT"},
		{"-1 57.3 W", "it is not SECONDS VALUE UNIT"},
		{"1e9 57.3 W", "it is not SECONDS VALUE UNIT"},
		{".5 57.3 W", "it is not SECONDS VALUE UNIT"},
		{"9000000001 57.3 W", "it is not SECONDS VALUE UNIT"},
		{"99999999999999999999999 57.3 W", "it is not SECONDS VALUE UNIT"},
		{"1764100000 -0.1 W", "its value is not a number from 0"},
		{"1764100000 nan W", "its value is not a number from 0"},
		{"1764100000 inf J", "its value is not a number from 0"},
		{"1764100000 1e999 J", "its value is not a number from 0"},
		{"1764100000 1.1e12 J", "its value is not a number from 0"},
		{"1764100000 57,3 W", "its value is not a number from 0"},
		{"1764100000 57.3W W", "its value is not a number from 0"},
		{"1764100000 57.3 kW", "its unit is neither W nor J"},
		{"1764100000 57.3 w", "its unit is neither W nor J"},
		{"1764100000 57.3 Wh", "its unit is neither W nor J"},
	};
	struct wall_line line;
	const char *why;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(wall_line_parse(bad[i].text, strlen(bad[i].text), &line, &why),
				 -EBADMSG);
		expect_text(why, bad[i].why);
	}
	assert_int_equal(wall_line_parse("1764100000 5 W\0x", 16, &line, &why), -EBADMSG);
}

/* What next says of text whose lines before the last are good. */
static int last_of(const char *text, struct error *e)
{
	struct wall_stream s = {.begin = 0};
	struct wall_line line;
	size_t capacity;
	int err = 0;
	char *room = wall_stream_room(&s, &capacity);
	assert_true(strlen(text) <= capacity);
	memcpy(room, text, strlen(text));
	wall_stream_add(&s, strlen(text));
	for (size_t lines = 0;
	     lines < s.end && err == 0 && memchr(s.bytes + s.begin, '\n', s.end - s.begin) != NULL;
	     lines++)
		err = wall_stream_next(&s, T0_NS - 60 * S_NS, T0_NS + 60 * S_NS, &line, e);
	return err;
}

static void lines_must_go_with_each_other(void **state)
{
	(void)state;
	static const struct {
		const char *text, *reason; /* NULL: it is all right */
	} cases[] = {
		{"1764100000 5 W\n1764100000 4 W\n", NULL},
		{"1764100000 5 J\n1764100001 5 J\n", NULL},
		{"1764100000 5 W\n\n1764100001 5 J\n",
		 "line 3 \"1764100001 5 J\": its unit is not"},
		{"1764100000.5 5 W\n1764100000.4 5 W\n",
		 "line 2 \"1764100000.4 5 W\": its time is before"},
		{"1764100000 5 J\n1764100001 4.9 J\n",
		 "line 2 \"1764100001 4.9 J\": its energy is less"},
		{"1764100060 5 J\n", NULL},
		{"1764100060.1 5 J\n", "is off this machine"},
		{"1764099940 5 J\n", NULL},
		{"1764099939.9 5 J\n", "is off this machine"},
		{"# hello\n\x1b[2J boo\n", "line 2 \"?[2J boo\": it is not SECONDS VALUE UNIT"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct error e = {""};
		int err = last_of(cases[i].text, &e);
		assert_int_equal(err, cases[i].reason != NULL ? -EBADMSG : 0);
		if (cases[i].reason != NULL)
			expect_text(e.text, cases[i].reason);
	}
}

/* Feeds text in pieces; returns how many lines it is, and adds up their values. */
static unsigned count_lines(struct wall_stream *s, const char *text, size_t piece, uint64_t *sum)
{
	struct wall_line line;
	unsigned count = 0;
	size_t nbytes = strlen(text);
	for (size_t at = 0; at < nbytes;) {
		size_t capacity;
		char *room = wall_stream_room(s, &capacity);
		size_t n = piece < capacity ? piece : capacity;
		n = n < nbytes - at ? n : nbytes - at;
		memcpy(room, text + at, n);
		wall_stream_add(s, n);
		at += n;
		int err;
		while ((err = wall_stream_next(s, 0, UINT64_MAX, &line, NULL)) == 0) {
			count++;
			*sum += line.value;
		}
		assert_int_equal(err, -EAGAIN);
	}
	return count;
}

static void pieces_of_any_size_give_the_same_lines(void **state)
{
	(void)state;
	static char text[20000];
	size_t nbytes = 0;
	for (unsigned i = 0; i < 500; i++)
		nbytes += (size_t)snprintf(text + nbytes, sizeof text - nbytes, "%u.%06u %u W\n%s",
					   1764100000 + i, i, i, i % 3 == 0 ? "# remark\n" : "");
	for (size_t piece = 1; piece < 5000; piece = piece * 3 / 2 + 1) {
		struct wall_stream s = {.begin = 0};
		uint64_t sum = 0;
		assert_int_equal(count_lines(&s, text, piece, &sum), 500);
		assert_int_equal(sum, UINT64_C(1000000) * 499 * 500 / 2);
	}
}

static void a_line_has_200_bytes_at_most(void **state)
{
	(void)state;
	struct wall_stream s = {.begin = 0};
	struct wall_line line;
	struct error e = {""};
	char text[202];
	uint64_t sum = 0;
	memset(text, ' ', sizeof text);
	memcpy(text, "1764100000 7 W", 14);
	text[200] = '\n';
	text[201] = '\0';
	assert_int_equal(count_lines(&s, text, 201, &sum), 1);
	size_t capacity;
	memset(wall_stream_room(&s, &capacity), '7', 201);
	wall_stream_add(&s, 200);
	assert_int_equal(wall_stream_next(&s, 0, UINT64_MAX, &line, &e), -EAGAIN);
	wall_stream_add(&s, 1); /* it cannot become a line any more */
	assert_int_equal(wall_stream_next(&s, 0, UINT64_MAX, &line, &e), -EBADMSG);
	expect_text(e.text, "line 2 \"7777");
	expect_text(e.text, "longer than 200 bytes");
}

static void the_rest_of_a_line_that_began_before_is_dropped(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 30; piece++) {
		struct wall_stream s = {.in_midline = true};
		uint64_t sum = 0;
		assert_int_equal(count_lines(&s, "7.3 W\n1764100000 2 W\n", piece, &sum), 1);
		assert_int_equal(sum, 2000000);
	}
}

/* ---- commands and files ---- */

static struct meter *open_wall(const char *spec)
{
	struct meter *m = NULL;
	struct error e = {""};
	struct meter_env env = {.wall = spec};
	int err = meter_wall.open(&m, &env, &e);
	if (err != 0)
		print_error("%s\n", e.text);
	assert_int_equal(err, 0);
	return m;
}

static const struct meter_domain *domain_of(const struct meter *m)
{
	unsigned count = 0;
	const struct meter_domain *d = meter_wall.domains(m, &count);
	assert_int_equal(count, 1);
	assert_string_equal(d->name, "wall");
	assert_true(d->counted);
	return d;
}

/* Reads until there is something, at most 5 s. */
static int await(struct meter *m, struct meter_reading *r, struct error *e)
{
	uint64_t start_ns = clock_ns();
	int err;
	while ((err = meter_wall.read(m, 0, r, e)) == -EAGAIN && clock_ns() - start_ns < 5 * S_NS)
		usleep(1000);
	return err;
}

static void expect_unusable(const char *spec, const char *reason)
{
	struct meter *m = open_wall(spec);
	expect_text(domain_of(m)->unusable, reason);
	meter_wall.close(m);
}

/* The second reading fails with want, and goes on to. */
static void expect_end(const char *spec, int want, const char *reason)
{
	struct meter_reading r;
	struct meter *m = open_wall(spec);
	assert_string_equal(domain_of(m)->unusable, "");
	assert_int_equal(await(m, &r, NULL), 0);
	for (unsigned i = 0; i < 2; i++) {
		struct error e = {""};
		assert_int_equal(await(m, &r, &e), want);
		expect_text(e.text, reason);
	}
	meter_wall.close(m);
}

static void watts_come_with_the_time_they_were_true(void **state)
{
	(void)state;
	struct meter_reading r, last = {0};
	uint64_t before_ns = clock_ns();
	struct meter *m =
		open_wall("command:while :; do echo \"" NOW " 57.3 W\"; sleep 0.02; done");
	assert_int_equal(domain_of(m)->unit, METER_POWER_UW);
	for (unsigned i = 0; i < 5; i++) {
		struct error e = {""};
		assert_int_equal(await(m, &r, &e), 0);
		assert_int_equal(r.value, 57300000);
		/* a clock that is being adjusted may differ by a little */
		assert_true(r.time_ns + S_NS / 100 >= before_ns);
		assert_true(r.time_ns <= clock_ns() + S_NS / 100);
		assert_true(r.time_ns > last.time_ns);
		last = r;
	}
	meter_wall.close(m);
}

static void joules_are_a_counter_that_never_wraps(void **state)
{
	(void)state;
	struct meter_reading r;
	struct meter *m = open_wall("command:T=" NOW "; for j in 100 100 102.5; do "
				    "echo \"$T $j J\"; done; sleep 20");
	const struct meter_domain *d = domain_of(m);
	assert_int_equal(d->unit, METER_ENERGY_UJ);
	assert_int_equal(d->wrap_uj, 0);
	static const uint64_t want_uj[] = {100000000, 100000000, 102500000};
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(await(m, &r, NULL), 0);
		assert_int_equal(r.value, want_uj[i]);
	}
	assert_int_equal(meter_wall.read(m, 0, &r, NULL), -EAGAIN);
	meter_wall.close(m);
}

static void half_a_line_waits_for_its_other_half(void **state)
{
	(void)state;
	struct meter_reading r;
	struct meter *m = open_wall("command:while :; do printf '%s 5' \"" NOW
				    "\"; sleep 0.02; printf '7.3 W\\n'; done");
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(await(m, &r, NULL), 0);
		assert_int_equal(r.value, 57300000);
	}
	meter_wall.close(m);
}

static void a_slow_first_line_is_waited_for(void **state)
{
	(void)state;
	struct meter_reading r;
	struct meter *m =
		open_wall("command:echo '# warming up'; sleep 1; echo \"" NOW " 1 W\"; sleep 20");
	assert_string_equal(domain_of(m)->unusable, "");
	assert_int_equal(meter_wall.read(m, 0, &r, NULL), 0);
	assert_int_equal(meter_wall.read(m, 0, &r, NULL), -EAGAIN);
	meter_wall.close(m);
}

static void a_silent_meter_is_unusable_after_3_s(void **state)
{
	(void)state;
	uint64_t before_ns = clock_ns();
	expect_unusable("command:sleep 20", "printed nothing within 3 s");
	assert_in_range(clock_ns() - before_ns, 3 * S_NS, 5 * S_NS);
}

static void a_meter_that_is_bad_from_the_start_is_unusable(void **state)
{
	(void)state;
	expect_unusable("command:echo hello; sleep 20", "line 1 \"hello\": it is not SECONDS");
	expect_unusable("command:echo $(($(date +%s) - 3600)) 5 W; sleep 20",
			"is off this machine's clock");
	expect_unusable("command:echo $(($(date +%s) + 3600)) 5 W; sleep 20",
			"is off this machine's clock");
	expect_unusable("command:exit 7", "ended with exit status 7");
	expect_unusable("command:/nonexistent/meter 2>/dev/null", "ended with exit status 127");
}

static void what_goes_wrong_later_is_an_error_and_stays_one(void **state)
{
	(void)state;
	expect_end("command:echo \"" NOW " 5 W\"; exit 3", -EPIPE, "ended with exit status 3");
	expect_end("command:echo \"" NOW " 5 W\"; kill -9 $$", -EPIPE, "ended by signal 9");
	expect_end("command:echo \"" NOW " 5 W\"; exec >&-; sleep 20", -EPIPE, "closed its output");
	expect_end("command:echo \"" NOW " 5 W\"; sleep 0.1; echo oops; sleep 20", -EBADMSG,
		   "line 2 \"oops\"");
	expect_end("command:echo \"" NOW " 5 W\"; echo \"" NOW " 5 J\"; sleep 20", -EBADMSG,
		   "its unit is not that of the lines before");
}

static void what_came_before_the_end_is_read_first(void **state)
{
	(void)state;
	struct meter_reading r;
	struct error e;
	unsigned count = 0;
	struct meter *m = open_wall("command:T=" NOW "; seq 1 3000 | sed \"s/.*/$T & W/\"");
	int err;
	while ((err = await(m, &r, &e)) == 0)
		assert_int_equal(r.value, 1000000 * ++count);
	assert_int_equal(err, -EPIPE);
	assert_int_equal(count, 3000);
	meter_wall.close(m);
}

static pid_t read_pid(const char *name)
{
	char path[128];
	int pid = 0;
	snprintf(path, sizeof path, "%s/%s", root, name);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &pid), 1);
	fclose(f);
	return pid;
}

/* It and what it started are gone, and no zombie is left. An orphan is reaped
 * by another process, soon. */
static void expect_gone(pid_t leader, pid_t child)
{
	assert_int_equal(kill(leader, 0), -1);
	for (unsigned i = 0; i < 2000 && kill(child, 0) == 0; i++) {
		char path[64], state = 0;
		snprintf(path, sizeof path, "/proc/%d/stat", (int)child);
		FILE *f = fopen(path, "r");
		if (f != NULL && fscanf(f, "%*d %*[^)]) %c", &state) == 1 && state == 'Z')
			i = 2000;
		if (f != NULL)
			fclose(f);
		usleep(1000);
		assert_int_not_equal(i, 1999);
	}
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void open_and_end(const char *how)
{
	char spec[512];
	snprintf(spec, sizeof spec,
		 "command:cd %s; %s; sleep 20 & echo $! > child; echo $$ > leader; "
		 "echo \"%s 5 W\"; sleep 20; true",
		 root, how, NOW);
	struct meter *m = open_wall(spec);
	pid_t leader = read_pid("leader"), child = read_pid("child");
	assert_string_equal(domain_of(m)->unusable, "");
	/* so Ctrl-C, which goes to gvr's group, does not reach it */
	assert_int_equal(getpgid(leader), leader);
	assert_int_equal(getpgid(child), leader);
	assert_int_not_equal(getpgrp(), leader);
	uint64_t before_ns = clock_ns();
	meter_wall.close(m);
	assert_true(clock_ns() - before_ns < 3 * S_NS);
	expect_gone(leader, child);
}

static void closing_ends_the_command_and_all_it_started(void **state)
{
	(void)state;
	open_and_end(":");
	open_and_end("trap '' TERM"); /* inherited by what it starts */
}

static void closing_ends_a_command_that_floods(void **state)
{
	(void)state;
	struct meter *m = open_wall("command:trap '' TERM; echo \"" NOW " 5 W\"; yes '# remark'");
	uint64_t before_ns = clock_ns();
	meter_wall.close(m);
	assert_true(clock_ns() - before_ns < 3 * S_NS);
}

static void a_command_can_clean_up_after_sigterm(void **state)
{
	(void)state;
	char spec[512], path[128];
	/* it takes a while, but no other program, for which a busy machine may have no
	 * time; a trap waits for the sleep, which may have begun after the signal came */
	snprintf(spec, sizeof spec,
		 "command:trap 'n=0; while [ $n -lt 20000 ]; do n=$((n + 1)); done; "
		 ": >%s/cleaned; exit' TERM; echo \"%s 5 W\"; "
		 "n=0; while [ $n -lt 200 ]; do n=$((n + 1)); sleep 0.05; done",
		 root, NOW);
	snprintf(path, sizeof path, "%s/cleaned", root);
	struct meter *m = open_wall(spec);
	meter_wall.close(m);
	assert_int_equal(access(path, F_OK), 0);
}

/* As gvr is started by a program that ignores them. */
static void ignored_signals_do_not_hurt(void **state)
{
	(void)state;
	struct meter_reading r;
	struct error e;
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	struct meter *m = open_wall("command:echo \"" NOW " 5 W\"; (kill -13 $$)");
	assert_int_equal(await(m, &r, &e), 0);
	assert_int_equal(await(m, &r, &e), -EPIPE);
	meter_wall.close(m);
	signal(SIGCHLD, SIG_DFL);
	m = open_wall("command:echo \"" NOW " 5 W\"; kill -13 $$");
	assert_int_equal(await(m, &r, &e), 0);
	assert_int_equal(await(m, &r, &e), -EPIPE);
	expect_text(e.text, "signal 13");
	meter_wall.close(m);
	signal(SIGPIPE, SIG_DFL);
}

static void append(const char *path, const char *text)
{
	FILE *f = fopen(path, "a");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void append_watts(const char *path, unsigned watts)
{
	char line[64];
	uint64_t unix_ns = clock_read_ns(CLOCK_REALTIME);
	snprintf(line, sizeof line, "%llu.%09llu %u W\n", (unsigned long long)(unix_ns / S_NS),
		 (unsigned long long)(unix_ns % S_NS), watts);
	append(path, line);
}

/* Appends a line of 1 W in 0.2 s, while the meter waits for its first. */
static pid_t append_soon(const char *path)
{
	pid_t child = fork();
	if (child != 0)
		return child;
	usleep(200000);
	append_watts(path, 1);
	_exit(0);
}

static void of_a_file_what_is_appended_counts(void **state)
{
	(void)state;
	static const char *const before[] = {"1764100000 99 J\n", "1764100000 99 W\n1764100001 9",
					     ""};
	for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
		char path[128], spec[160];
		struct meter_reading r;
		snprintf(path, sizeof path, "%s/log%zu", root, i);
		snprintf(spec, sizeof spec, "file:%s", path);
		append(path, before[i]);
		pid_t child = fork();
		if (child == 0) {
			usleep(200000);
			if (i == 1)
				append(path, "9 W\n"); /* the rest of the line */
			append_watts(path, 1);
			_exit(0);
		}
		struct meter *m = open_wall(spec);
		assert_int_equal(waitpid(child, NULL, 0), child);
		assert_string_equal(domain_of(m)->unusable, "");
		append_watts(path, 2);
		append_watts(path, 3);
		for (unsigned watts = 1; watts <= 3; watts++) {
			assert_int_equal(meter_wall.read(m, 0, &r, NULL), 0);
			assert_int_equal(r.value, 1000000 * watts);
		}
		assert_int_equal(meter_wall.read(m, 0, &r, NULL), -EAGAIN);
		meter_wall.close(m);
	}
}

static void a_file_that_is_cut_short_is_an_error(void **state)
{
	(void)state;
	char path[128], spec[160];
	struct meter_reading r;
	struct error e = {""};
	snprintf(path, sizeof path, "%s/log", root);
	snprintf(spec, sizeof spec, "file:%s", path);
	append(path, "");
	pid_t child = append_soon(path);
	struct meter *m = open_wall(spec);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(meter_wall.read(m, 0, &r, &e), 0);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(meter_wall.read(m, 0, &r, &e), -ESTALE);
	expect_text(e.text, "cut short");
	meter_wall.close(m);
}

/* Writers may come and go: `echo ... >fifo` each second is a meter. */
static void a_fifo_is_read_whoever_writes(void **state)
{
	(void)state;
	char path[128], spec[160];
	struct meter_reading r;
	snprintf(path, sizeof path, "%s/fifo", root);
	snprintf(spec, sizeof spec, "file:%s", path);
	assert_int_equal(mkfifo(path, 0600), 0);
	pid_t child = append_soon(path);
	struct meter *m = open_wall(spec);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(meter_wall.read(m, 0, &r, NULL), 0);
	assert_int_equal(meter_wall.read(m, 0, &r, NULL), -EAGAIN);
	append_watts(path, 2);
	assert_int_equal(meter_wall.read(m, 0, &r, NULL), 0);
	assert_int_equal(r.value, 2000000);
	meter_wall.close(m);
}

static void what_is_no_wall_meter_is_said(void **state)
{
	(void)state;
	static const struct {
		const char *spec;
		int want;
		const char *reason;
	} bad[] = {
		{NULL, -ENOENT, "no wall meter is given (--wall-meter)"},
		{"", -EINVAL, "neither file:PATH nor command:LINE"},
		{"file:", -EINVAL, "neither file:PATH nor command:LINE"},
		{"command:", -EINVAL, "neither file:PATH nor command:LINE"},
		{"/dev/ttyUSB0", -EINVAL, "neither file:PATH nor command:LINE"},
		{"file:/nonexistent/log", -ENXIO, "/nonexistent/log"},
		{"file:/", -EISDIR, "is a folder"},
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct meter *m;
		struct error e = {""};
		struct meter_env env = {.wall = bad[i].spec};
		assert_int_equal(meter_wall.open(&m, &env, &e), bad[i].want);
		expect_text(e.text, bad[i].reason);
	}
}

#define IN_A_ROOT(test) cmocka_unit_test_setup_teardown(test, make_root, remove_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_read_to_the_nanosecond_and_the_microwatt),
		cmocka_unit_test(blank_lines_and_remarks_say_nothing),
		cmocka_unit_test(a_bad_line_is_refused_with_the_reason),
		cmocka_unit_test(lines_must_go_with_each_other),
		cmocka_unit_test(pieces_of_any_size_give_the_same_lines),
		cmocka_unit_test(a_line_has_200_bytes_at_most),
		cmocka_unit_test(the_rest_of_a_line_that_began_before_is_dropped),
		cmocka_unit_test(watts_come_with_the_time_they_were_true),
		cmocka_unit_test(joules_are_a_counter_that_never_wraps),
		cmocka_unit_test(half_a_line_waits_for_its_other_half),
		cmocka_unit_test(a_slow_first_line_is_waited_for),
		cmocka_unit_test(a_silent_meter_is_unusable_after_3_s),
		cmocka_unit_test(a_meter_that_is_bad_from_the_start_is_unusable),
		cmocka_unit_test(what_goes_wrong_later_is_an_error_and_stays_one),
		cmocka_unit_test(what_came_before_the_end_is_read_first),
		IN_A_ROOT(closing_ends_the_command_and_all_it_started),
		cmocka_unit_test(closing_ends_a_command_that_floods),
		IN_A_ROOT(a_command_can_clean_up_after_sigterm),
		cmocka_unit_test(ignored_signals_do_not_hurt),
		IN_A_ROOT(of_a_file_what_is_appended_counts),
		IN_A_ROOT(a_file_that_is_cut_short_is_an_error),
		IN_A_ROOT(a_fifo_is_read_whoever_writes),
		cmocka_unit_test(what_is_no_wall_meter_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
