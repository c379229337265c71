#include "bench/progress.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/clock.h"

#define REDRAW_NS UINT64_C(200000000)

static volatile sig_atomic_t stop_asked; /* the signal that did, or 0 */

static struct {
	char what[64], detail[64];
	uint64_t begin_ns, drawn_ns;
	unsigned long long first; /* done when `what` began: a resumed load starts late */
	bool on_screen;
} line;

static struct {
	char text[40]; /* "": this work is no part of another */
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

static void draw(uint64_t now_ns, unsigned long long done, unsigned long long total)
{
	char rest[96], what[sizeof whole.text + sizeof line.what + sizeof line.detail + 4];

	format_rest(rest, sizeof rest, now_ns, done, total);
	snprintf(what, sizeof what, "%s%s%s%s%s", whole.text, whole.text[0] != '\0' ? ": " : "",
		 line.what, line.detail[0] != '\0' ? " " : "", line.detail);
	fprintf(stderr, "\r\033[K%-48.48s %3.0f %% %s", what,
		total > 0 ? 100.0 * (double)done / (double)total : 0.0, rest);
	fflush(stderr);
	line.on_screen = true;
	line.drawn_ns = now_ns;
}

bool progress_is_shown(void)
{
	return isatty(STDERR_FILENO);
}

void progress_detail(const char *text)
{
	snprintf(line.detail, sizeof line.detail, "%s", text);
}

void progress_within(const char *text, uint64_t end_ns)
{
	snprintf(whole.text, sizeof whole.text, "%s", text != NULL ? text : "");
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
	if (line.on_screen)
		fputs("\r\033[K", stderr);
	line.on_screen = false;
}
