/*
 * wall.c: a wall meter, or whatever tells the power of the whole machine: a
 * file that grows, or a command that prints. The lines are wall.h's.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/clock.h"
#include "bench/meter/wall.h"

#define SECOND_NS UINT64_C(1000000000)
#define FIRST_LINE_NS (3 * SECOND_NS)
/* How far a line's time may be off: it must fall into the right slice. A busy
 * machine may be slow to print. */
#define LATE_NS (7 * SECOND_NS / 10)
#define EARLY_NS (SECOND_NS / 5)
#define STATUS_NS (SECOND_NS / 10) /* from a command's last byte to its exit status */
#define GRACE_NS (SECOND_NS / 2)   /* from SIGTERM to SIGKILL */
#define STEP_NS (SECOND_NS / 200)  /* of waiting */

struct meter {
	struct meter_domain domain;
	int fd; /* non-blocking */
	bool is_file;
	pid_t command; /* leads a process group of its own; 0: none */
	struct wall_stream stream;
	struct wall_line line;	   /* the first one, which open needed */
	bool has_line;		   /* it was not read yet */
	uint64_t unix_minus_clock; /* Unix time less clock_ns, at open, in ns */
	uint64_t drained_ns;	   /* of clock_ns: all that came before it was read */
	uint64_t ended_ns;	   /* of clock_ns: the command closed its output; 0: it did not */
	int failed;		   /* -errno of the first failure, which is final */
	struct error failure;
};

static uint64_t measure_unix_minus_clock(void)
{
	uint64_t before_ns = clock_ns(), unix_ns = clock_read_ns(CLOCK_REALTIME);
	return unix_ns - (before_ns + (clock_ns() - before_ns) / 2);
}

static void pause_a_step(void)
{
	nanosleep(&(struct timespec){.tv_nsec = STEP_NS}, NULL);
}

static int open_file(struct meter *m, const char *path, struct error *e)
{
	struct stat st;
	char last = '\n';

	m->fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (m->fd < 0 || fstat(m->fd, &st) != 0)
		/* not -ENOENT, which says that no wall meter is given */
		return error_set(e, errno == ENOENT ? -ENXIO : -errno,
				 "--wall-meter file:%s: cannot be opened: %s%s", path,
				 strerror(errno), error_remedy(-errno));
	if (S_ISDIR(st.st_mode))
		return error_set(e, -EISDIR, "--wall-meter file:%s is a folder, not a file", path);
	m->is_file = S_ISREG(st.st_mode);
	off_t end = m->is_file ? lseek(m->fd, 0, SEEK_END) : 0;
	if (end > 0 && pread(m->fd, &last, 1, end - 1) != 1)
		last = '\0';
	/* a device prints before anyone listens */
	m->stream.in_midline = last != '\n' || S_ISCHR(st.st_mode);
	return 0;
}

/* The signals that gvr ignores or blocks are the command's own affair. */
static int set_attributes(posix_spawnattr_t *attr)
{
	sigset_t none, standard;
	sigemptyset(&none);
	sigemptyset(&standard);
	sigaddset(&standard, SIGPIPE);
	sigaddset(&standard, SIGINT);
	sigaddset(&standard, SIGTERM);
	sigaddset(&standard, SIGCHLD);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setsigdefault(attr, &standard);
	/* Ctrl-C in the terminal is not for it: it goes on until gvr is done */
	posix_spawnattr_setpgroup(attr, 0);
	return posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
						      POSIX_SPAWN_SETSIGDEF);
}

static int spawn(pid_t *child, const char *line, int output_fd)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	char *argv[] = {"sh", "-c", (char *)line, NULL};

	int err = posix_spawn_file_actions_init(&actions);
	if (err != 0)
		return -err;
	err = posix_spawnattr_init(&attr);
	if (err != 0)
		goto destroy_actions;
	err = set_attributes(&attr);
	if (err == 0)
		err = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (err == 0)
		err = posix_spawn_file_actions_adddup2(&actions, output_fd, 1);
	if (err == 0)
		err = posix_spawn(child, "/bin/sh", &actions, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
destroy_actions:
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

static int open_command(struct meter *m, const char *line, struct error *e)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_set(e, -errno, "--wall-meter: no pipe: %s%s", strerror(errno),
				 error_remedy(-errno));
	m->fd = ends[0];
	int err = fcntl(m->fd, F_SETFL, O_NONBLOCK) != 0 ? -errno : 0;
	if (err == 0)
		err = spawn(&m->command, line, ends[1]);
	close(ends[1]);
	if (err != 0) {
		m->command = 0;
		return error_set(e, err, "--wall-meter: /bin/sh cannot be started: %s%s",
				 strerror(-err), error_remedy(err));
	}
	return 0;
}

/* Why the command's output ended, in e. -EAGAIN: that is not known yet. */
static int explain_end(struct meter *m, struct error *e)
{
	siginfo_t info = {.si_pid = 0};

	if (m->ended_ns == 0)
		m->ended_ns = clock_ns();
	/* it stays a zombie until close, so that its number is no one else's */
	int unknown = waitid(P_PID, (id_t)m->command, &info, WEXITED | WNOHANG | WNOWAIT);
	if (unknown == 0 && info.si_pid == 0 && clock_ns() - m->ended_ns < STATUS_NS)
		return -EAGAIN;
	if (unknown != 0)
		return error_set(e, -EPIPE, "the wall meter's command ended; it must go on");
	if (info.si_pid == 0)
		return error_set(e, -EPIPE,
				 "the wall meter's command closed its output; it must go on");
	if (info.si_code == CLD_EXITED)
		return error_set(
			e, -EPIPE,
			"the wall meter's command ended with exit status %d; it must go on",
			info.si_status);
	return error_set(e, -EPIPE, "the wall meter's command was ended by signal %d (%s)",
			 info.si_status, strsignal(info.si_status));
}

/* The file has nothing more for now: unless it was cut short. */
static int explain_file(const struct meter *m, struct error *e)
{
	struct stat st;
	if (m->is_file && fstat(m->fd, &st) == 0 && st.st_size < lseek(m->fd, 0, SEEK_CUR))
		return error_set(
			e, -ESTALE,
			"the wall meter's file was cut short while measuring; append to it");
	return -EAGAIN;
}

/* Takes what came. 0: something did; -EAGAIN: nothing; others: nothing will,
 * and e says why. */
static int receive(struct meter *m, struct error *e)
{
	size_t capacity;
	char *room = wall_stream_room(&m->stream, &capacity);
	uint64_t now_ns = clock_ns();

	ssize_t n = read(m->fd, room, capacity);
	if (n > 0) {
		wall_stream_add(&m->stream, (size_t)n);
		return 0;
	}
	if (n < 0 && errno != EAGAIN)
		return error_set(e, -errno, "the wall meter cannot be read: %s%s", strerror(errno),
				 error_remedy(-errno));
	if (n == 0 && m->command != 0)
		return explain_end(m, e);
	m->drained_ns = now_ns;
	return n == 0 ? explain_file(m, e) : -EAGAIN;
}

/* The next line of the bytes that are there. It was written after all that
 * was read before, however seldom gvr reads. */
static int cut_line(struct meter *m, struct wall_line *line, struct error *e)
{
	uint64_t earliest_ns = m->unix_minus_clock; /* when clock_ns was 0, its earliest time */
	if (m->drained_ns > LATE_NS)
		earliest_ns += m->drained_ns - LATE_NS;
	return wall_stream_next(&m->stream, earliest_ns,
				clock_ns() + m->unix_minus_clock + EARLY_NS, line, e);
}

static int next_line(struct meter *m, struct wall_line *line, struct error *e)
{
	int err = cut_line(m, line, e);
	if (err != -EAGAIN)
		return err;
	err = receive(m, e);
	return err == 0 ? cut_line(m, line, e) : err;
}

/* Its unit is the domain's. */
static void await_first_line(struct meter *m)
{
	struct error e;
	uint64_t start_ns = clock_ns();

	int err = next_line(m, &m->line, &e);
	for (; err == -EAGAIN && clock_ns() - start_ns < FIRST_LINE_NS;
	     err = next_line(m, &m->line, &e))
		pause_a_step();
	m->has_line = err == 0;
	m->domain = (struct meter_domain){.name = "wall", .counted = true, .unit = m->line.unit};
	if (err == -EAGAIN)
		snprintf(m->domain.unusable, sizeof m->domain.unusable,
			 "the wall meter printed nothing within 3 s; it must print lines "
			 "of " WALL_LINE_FORM);
	else if (err != 0)
		snprintf(m->domain.unusable, sizeof m->domain.unusable, "%.255s", e.text);
}

/* Nothing holds the command's output any more, and it is a zombie (or was
 * never to be one, if SIGCHLD is ignored). */
static bool is_gone(const struct meter *m)
{
	char rest[1 << 16]; /* a pipe's worth */
	siginfo_t info = {.si_pid = 0};

	if (read(m->fd, rest, sizeof rest) != 0)
		return false;
	return waitid(P_PID, (id_t)m->command, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
	       info.si_pid != 0;
}

static void end_command(struct meter *m)
{
	uint64_t start_ns = clock_ns();

	kill(-m->command, SIGTERM);
	while (!is_gone(m) && clock_ns() - start_ns < GRACE_NS)
		pause_a_step();
	kill(-m->command, SIGKILL);
	while (waitpid(m->command, NULL, 0) < 0 && errno == EINTR)
		;
}

static void wall_close(struct meter *m)
{
	if (m->command != 0)
		end_command(m);
	if (m->fd >= 0)
		close(m->fd);
	free(m);
}

static int open_source(struct meter *m, const char *wall, struct error *e)
{
	if (strncmp(wall, "file:", 5) == 0 && wall[5] != '\0')
		return open_file(m, wall + 5, e);
	if (strncmp(wall, "command:", 8) == 0 && wall[8] != '\0')
		return open_command(m, wall + 8, e);
	return error_set(e, -EINVAL, "--wall-meter %s: is neither file:PATH nor command:LINE",
			 wall);
}

static int wall_open(struct meter **out, const struct meter_env *env, struct error *e)
{
	if (env->wall == NULL)
		return error_set(e, -ENOENT, "no wall meter is given (--wall-meter)");
	struct meter *m = calloc(1, sizeof *m);
	if (m == NULL)
		return error_set(e, -ENOMEM, "out of memory for the wall meter");
	m->fd = -1;
	m->unix_minus_clock = measure_unix_minus_clock();
	m->drained_ns = clock_ns();
	int err = open_source(m, env->wall, e);
	if (err != 0) {
		wall_close(m);
		return err;
	}
	await_first_line(m);
	*out = m;
	return 0;
}

static const struct meter_domain *wall_domains(const struct meter *m, unsigned *count)
{
	*count = 1;
	return &m->domain;
}

static int wall_read(struct meter *m, unsigned domain, struct meter_reading *reading,
		     struct error *e)
{
	(void)domain;
	if (m->failed != 0)
		return error_set(e, m->failed, "%s", m->failure.text);
	int err = m->has_line ? 0 : next_line(m, &m->line, &m->failure);
	m->has_line = false;
	if (err != 0 && err != -EAGAIN) {
		m->failed = err;
		return error_set(e, err, "%s", m->failure.text);
	}
	if (err == 0)
		*reading = (struct meter_reading){
			.value = m->line.value,
			.time_ns = m->line.unix_ns - m->unix_minus_clock,
		};
	return err;
}

const struct meter_ops meter_wall = {
	.name = "wall",
	.covers = "all that the wall meter feeds",
	.scope = METER_MACHINE,
	.queues = true,
	.open = wall_open,
	.domains = wall_domains,
	.read = wall_read,
	.close = wall_close,
};
