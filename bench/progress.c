#include "bench/progress.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench/clock.h"
#include "workloads/utf8.h"

#define REDRAW_NS UINT64_C(200000000)
#define COLUMNS_IF_UNKNOWN 80u
#define WHAT_COLUMNS 48u
#define WHOLE_COLUMNS 39u /* so that of the part something is seen, too */

static volatile sig_atomic_t stop_asked; /* the signal that did, or 0 */

static struct {
	char what[64], detail[256];
	uint64_t begin_ns, drawn_ns;
	unsigned long long first; /* done when `what` began: a resumed load starts late */
	unsigned columns;	  /* of what is on the screen; 0: nothing */
} line;

static struct {
	char text[4 * WHOLE_COLUMNS + 1]; /* "": this work is no part of another */
	uint64_t end_ns;
} whole;

static void on_signal(int signal_number)
{
	if (stop_asked) {
		signal(signal_number, SIG_DFL);
		raise(signal_number);
	}
	stop_asked = signal_number;
}

/* One that was ignored when gvr began (nohup, trap '' INT) is to stay so. */
static void catch_signal(int signal_number)
{
	struct sigaction action = {.sa_handler = on_signal}, before;

	sigemptyset(&action.sa_mask);
	if (sigaction(signal_number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
		sigaction(signal_number, &action, NULL);
}

void progress_catch_signals(void)
{
	catch_signal(SIGINT);
	catch_signal(SIGTERM);
	catch_signal(SIGHUP);
	signal(SIGPIPE, SIG_IGN);
}

void progress_die_if_stopped(void)
{
	int signal_number = stop_asked;

	if (signal_number == 0)
		return;
	progress_clear();
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static void format_time(char *out, size_t capacity, uint64_t left_s)
{
	if (left_s >= 3600)
		snprintf(out, capacity, "%lluh%02llum", (unsigned long long)left_s / 3600,
			 (unsigned long long)left_s / 60 % 60);
	else
		snprintf(out, capacity, "%llum%02llus", (unsigned long long)left_s / 60,
			 (unsigned long long)left_s % 60);
}

/* Behind the percentage: the time passed and an ETA. */
static void format_rest(char *out, size_t capacity, uint64_t now_ns, unsigned long long done,
			unsigned long long total)
{
	char eta[32] = "-", passed[32];
	double elapsed_s = (double)(now_ns - line.begin_ns) * 1e-9;
	double fresh = (double)(done - line.first);

	if (whole.text[0] != '\0') {
		if (whole.end_ns > 0)
			format_time(eta, sizeof eta,
				    whole.end_ns > now_ns ? (whole.end_ns - now_ns) / 1000000000
							  : 0);
		snprintf(out, capacity, "of it, all ETA %s", eta);
		return;
	}
	if (elapsed_s > 0.5 && fresh > 0 && total >= done)
		format_time(eta, sizeof eta,
			    (uint64_t)(elapsed_s * (double)(total - done) / fresh));
	format_time(passed, sizeof passed, (uint64_t)elapsed_s);
	snprintf(out, capacity, "in %s, ETA %s", passed, eta);
}

/* Without the last, behind which some terminals go on to the next line. */
static unsigned terminal_columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return COLUMNS_IF_UNKNOWN - 1;
	return size.ws_col - 1u;
}

/* Blanks instead of an escape sequence that erases: they do it on any terminal. */
static void put_blanks(unsigned count)
{
	fprintf(stderr, "%*s", (int)count, "");
}

/* What is done gives way to how far it is. */
static void put_line(const char *what, const char *how_far)
{
	unsigned columns = terminal_columns(), far_columns = (unsigned)strlen(how_far);
	unsigned room = columns > far_columns ? columns - far_columns : 0, before = line.columns;
	char shown[4 * WHAT_COLUMNS + 1];

	if (room > WHAT_COLUMNS)
		room = WHAT_COLUMNS;
	if (far_columns > columns - room)
		far_columns = columns - room;
	unsigned used = utf8_fit(shown, sizeof shown, what, room);
	fprintf(stderr, "\r%s%*s%.*s", shown, (int)(room - used), "", (int)far_columns, how_far);
	line.columns = room + far_columns;
	if (before > columns)
		before = columns;
	if (before > line.columns)
		put_blanks(before - line.columns);
	fflush(stderr);
}

static void draw(uint64_t now_ns, unsigned long long done, unsigned long long total)
{
	char rest[96], how_far[128];
	char what[sizeof whole.text + sizeof line.what + sizeof line.detail + 4];

	format_rest(rest, sizeof rest, now_ns, done, total);
	snprintf(what, sizeof what, "%s%s%s%s%s", whole.text, whole.text[0] != '\0' ? ": " : "",
		 line.what, line.detail[0] != '\0' ? " " : "", line.detail);
	snprintf(how_far, sizeof how_far, " %3.0f %% %s",
		 total > 0 ? 100.0 * (double)done / (double)total : 0.0, rest);
	put_line(what, how_far);
	line.drawn_ns = now_ns;
}

bool progress_is_shown(void)
{
	const char *terminal = getenv("TERM");

	return isatty(STDERR_FILENO) && terminal != NULL && terminal[0] != '\0' &&
	       strcmp(terminal, "dumb") != 0;
}

void progress_detail(const char *text)
{
	snprintf(line.detail, sizeof line.detail, "%s", text);
}

void progress_within(const char *text, uint64_t end_ns)
{
	utf8_fit(whole.text, sizeof whole.text, text != NULL ? text : "", WHOLE_COLUMNS);
	whole.end_ns = end_ns;
}

static int step(void *arg, const char *what, unsigned long long done, unsigned long long total)
{
	(void)arg;
	if (!progress_is_shown())
		return stop_asked != 0;
	uint64_t now_ns = clock_ns();
	if (strncmp(line.what, what, sizeof line.what - 1) != 0 || done < line.first) {
		snprintf(line.what, sizeof line.what, "%s", what);
		line.begin_ns = now_ns;
		line.first = done;
		line.detail[0] = '\0';
		line.drawn_ns = 0;
	}
	if (now_ns - line.drawn_ns >= REDRAW_NS)
		draw(now_ns, done, total);
	return stop_asked != 0;
}

const struct progress *progress_terminal(void)
{
	static const struct progress terminal = {.step = step};
	return &terminal;
}

void progress_clear(void)
{
	if (line.columns == 0)
		return;
	unsigned columns = terminal_columns();
	fputc('\r', stderr);
	put_blanks(line.columns < columns ? line.columns : columns);
	fputc('\r', stderr);
	line.columns = 0;
}
