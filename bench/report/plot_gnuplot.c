/* plot_gnuplot.c: a figure as commands of gnuplot, and gnuplot itself. */
#include "bench/report/plot_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "workloads/file.h"

/* gnuplot's PNG counts fonts in points, 96 px an inch. */
#define PNG_SCALE 2
#define PNG_FONT (PNG_SCALE * 0.75)
#define PNG_POINT 1.35 /* its points are smaller than those of SVG */

/* ---- the script ---- */

static unsigned placeholder(unsigned ink, unsigned shade)
{
	return 0x010000u | shade << 8 | ink;
}

static unsigned mixed(unsigned colour, double opacity)
{
	unsigned out = 0;

	for (unsigned shift = 0; shift < 24; shift += 8) {
		double part = (colour >> shift & 255) * opacity +
			      (plot_paper[0] >> shift & 255) * (1 - opacity);
		out |= (unsigned)lround(part) << shift;
	}
	return out;
}

static unsigned mark_colour(const struct plot_job *job, unsigned ink, unsigned shade)
{
	return job->png ? mixed(plot_paints[ink].mark[0], plot_shade_opacity[shade])
			: placeholder(ink, shade);
}

static unsigned text_colour(const struct plot_job *job, const struct plot_label *label)
{
	return job->png ? plot_paints[label->ink].text[0] : placeholder(label->ink, label->halo);
}

/* In single quotes, where gnuplot takes everything as it is but the quote itself,
 * and that not rightly as the first character. Its SVG escapes '&' only sometimes.
 * Both have a stand-in; in PNG, a typographic apostrophe. */
static void put_quoted(FILE *f, const struct plot_job *job, const char *text)
{
	fputc('\'', f);
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			fputs(job->png ? "\xe2\x80\x99" : PLOT_APOSTROPHE, f);
		else if (*text == '&' && !job->png)
			fputs(PLOT_AMPERSAND, f);
		else
			fputc(*text, f);
	}
	fputc('\'', f);
}

static void put_screen(FILE *f, const struct plot_layout *l, double x, double y)
{
	fprintf(f, "screen %.6f,%.6f", x / l->width, 1 - y / l->height);
}

static void put_labels(FILE *f, const struct plot_job *job)
{
	static const char *const anchors[] = {"left", "center", "right"};
	const struct plot_layout *l = &job->layout;

	for (unsigned i = 0; i < l->label_count; i++) {
		const struct plot_label *label = &l->labels[i];
		if (label->text[0] == '\0')
			continue;
		fputs("set label ", f);
		put_quoted(f, job, label->text);
		fputs(" at ", f);
		put_screen(f, l, label->x, label->y);
		fprintf(f, " %s noenhanced front tc rgb %u", anchors[label->anchor],
			text_colour(job, label));
		if (label->strong)
			fprintf(f, " font 'sans:Bold,%g'",
				l->font * 1.1 * (job->png ? PNG_FONT : 1));
		fputc('\n', f);
	}
}

static void put_rules(FILE *f, const struct plot_job *job)
{
	const struct plot_layout *l = &job->layout;

	for (unsigned i = 0; i < l->rule_count; i++) {
		const struct plot_rule *r = &l->rules[i];
		fputs("set arrow from ", f);
		put_screen(f, l, r->x1, r->y1);
		fputs(" to ", f);
		put_screen(f, l, r->x2, r->y2);
		fprintf(f, " nohead %s lw %g %s lc rgb %u\n", r->front ? "front" : "back", r->width,
			r->dashed ? "dt (8,6)" : "dt solid", mark_colour(job, r->ink, 0));
	}
}

static void put_series(FILE *f, const struct plot_layout *l, unsigned index)
{
	const struct plot_series *s = &l->plot->series[index];

	fprintf(f, "$s%u << EOD\n", index);
	for (unsigned i = 0; i < s->count; i = plot_next_point(l, s, i)) {
		double x, y, high;
		if (!plot_point(l, s, i, &x, &y, &high))
			fputc('\n', f); /* a gap */
		else if (s->style == PLOT_AREA)
			fprintf(f, "%.2f %.2f %.2f\n", x, y, high);
		else
			fprintf(f, "%.2f %.2f\n", x, y);
	}
	fputs("EOD\n", f);
}

/* Boxes and dots of the layout, in px. */
static void put_shapes(FILE *f, const struct plot_job *job)
{
	const struct plot_layout *l = &job->layout;

	fputs("$boxes << EOD\n", f);
	for (unsigned i = 0; i < l->box_count; i++) {
		const struct plot_box *b = &l->boxes[i];
		fprintf(f, "%.2f %.2f %.2f %.2f %.2f %.2f %u\n", b->x1, b->y1, b->x1, b->x2, b->y1,
			b->y2, mark_colour(job, b->ink, b->shade));
	}
	fputs("EOD\n", f);
	for (unsigned open = 0; open < 2; open++) {
		fprintf(f, "$dots%u << EOD\n", open);
		for (unsigned i = 0; i < l->dot_count; i++) {
			const struct plot_dot *d = &l->dots[i];
			if (d->open == (open == 1))
				fprintf(f, "%.2f %.2f %.3f %u\n", d->x, d->y, d->radius / 2.44 / 2,
					mark_colour(job, d->ink, d->shade));
		}
		fputs("EOD\n", f);
	}
}

/* What comes between one plot and the next. */
static const char *next(bool *first)
{
	const char *between = *first ? "plot " : ", \\\n";

	*first = false;
	return between;
}

static void plot_series(FILE *f, const struct plot_job *job, unsigned index, const char *between)
{
	const struct plot_series *s = &job->layout.plot->series[index];
	unsigned ink = plot_ink_of(s->colour);
	bool faint = s->style == PLOT_AREA && ink < PLOT_STORE_AREA;

	fprintf(f, "%s$s%u ", between, index);
	switch (s->style) {
	case PLOT_LINE:
		fputs("using 1:2 with lines lw 2", f);
		break;
	case PLOT_DASHED:
		fputs("using 1:2 with lines lw 2 dt (6,4)", f);
		break;
	case PLOT_LINE_POINTS:
		fputs("using 1:2 with linespoints lw 2 pt 7 ps 0.6", f);
		break;
	case PLOT_POINTS:
		fputs("using 1:2 with points pt 7 ps 0.9", f);
		break;
	case PLOT_OPEN_POINTS:
		fputs("using 1:2 with points pt 6 ps 0.9", f);
		break;
	case PLOT_AREA:
		fputs("using 1:2:3 with filledcurves fill solid noborder", f);
		break;
	}
	fprintf(f, " lc rgb %u", mark_colour(job, ink, faint ? PLOT_SHADES - 1 : 0));
}

static void put_plots(FILE *f, const struct plot_job *job)
{
	const struct plot_layout *l = &job->layout;
	unsigned open_count = 0;
	bool first = true;

	for (unsigned i = 0; l->plot->form == PLOT_XY && i < l->plot->series_count; i++)
		if (l->plot->series[i].count > 0)
			plot_series(f, job, i, next(&first));
	for (unsigned i = 0; i < l->dot_count; i++)
		open_count += l->dots[i].open;
	if (l->box_count > 0)
		fprintf(f,
			"%s$boxes using 1:2:3:4:5:6:7 with boxxyerror fill solid noborder lc rgb "
			"variable",
			next(&first));
	if (l->dot_count > open_count)
		fprintf(f, "%s$dots0 using 1:2:3:4 with points pt 7 ps variable lc rgb variable",
			next(&first));
	if (open_count > 0)
		fprintf(f, "%s$dots1 using 1:2:3:4 with points pt 6 ps variable lc rgb variable",
			next(&first));
	fputs(first ? "plot NaN\n" : "\n", f);
}

/* Data come in px; those of XY are cut at the axes. */
static void put_ranges(FILE *f, const struct plot_layout *l)
{
	bool xy = l->plot->form == PLOT_XY;
	double left = xy ? l->left : 0, right = xy ? l->right : l->width;
	double top = xy ? l->top : 0, bottom = xy ? l->bottom : l->height;

	fprintf(f, "set lmargin at screen %.6f\nset rmargin at screen %.6f\n", left / l->width,
		right / l->width);
	fprintf(f, "set tmargin at screen %.6f\nset bmargin at screen %.6f\n", 1 - top / l->height,
		1 - bottom / l->height);
	fprintf(f, "set xrange [%.2f:%.2f]\nset yrange [%.2f:%.2f]\n", left, right, bottom, top);
}

void plot_script(FILE *f, const struct plot_job *job)
{
	const struct plot_layout *l = &job->layout;

	fprintf(f, "reset\nset encoding utf8\n");
	if (job->png)
		fprintf(f,
			"set terminal pngcairo size %g,%g font 'sans,%g' linewidth %u pointscale "
			"%g dashlength 1 background rgb 'white' noenhanced\n",
			l->width * PNG_SCALE, l->height * PNG_SCALE, l->font * PNG_FONT, PNG_SCALE,
			PNG_SCALE * PNG_POINT);
	else
		fprintf(f, "set terminal svg size %g,%g fixed font 'sans,%g' noenhanced\n",
			l->width, l->height, l->font);
	fprintf(f, "set output '%s'\n", job->file);
	fputs("unset border\nunset tics\nunset key\n", f);
	put_ranges(f, l);
	put_rules(f, job);
	put_labels(f, job);
	for (unsigned i = 0; l->plot->form == PLOT_XY && i < l->plot->series_count; i++)
		put_series(f, l, i);
	put_shapes(f, job);
	put_plots(f, job);
	fputs("set output\n", f);
}

/* The same picture with and without a letter: without a font gnuplot draws both
 * alike, and says nothing. */
void plot_font_script(FILE *f)
{
	fputs("reset\nset terminal pngcairo size 99,99 font 'sans,20'\n"
	      "unset border\nunset tics\nunset key\nset margins 0,0,0,0\n"
	      "set xrange [0:1]\nset yrange [0:1]\nset label 1 'M' at 0.5,0.5\n"
	      "set output '" PLOT_WITH_LETTER "'\nplot NaN\nunset label 1\n"
	      "set output '" PLOT_WITHOUT_LETTER "'\nplot NaN\nset output\n",
	      f);
}

/* ---- gnuplot ---- */

/* What a user has set for gnuplot or as a language is none of a figure's. */
static char **clean_environment(void)
{
	static char c_locale[] = "LC_ALL=C.UTF-8";
	size_t count = 0, kept = 0;

	while (environ[count] != NULL)
		count++;
	char **clean = calloc(count + 2, sizeof *clean);
	if (clean == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (strncmp(environ[i], "GNU", 3) != 0 && strncmp(environ[i], "LC_", 3) != 0 &&
		    strncmp(environ[i], "LANG", 4) != 0)
			clean[kept++] = environ[i];
	clean[kept] = c_locale;
	return clean;
}

static int spawn(pid_t *pid, const char *folder)
{
	char gnuplot[] = "gnuplot", defaults[] = "-d", script[] = "script";
	char *argv[] = {gnuplot, defaults, script, NULL};
	char **environment = clean_environment();
	posix_spawn_file_actions_t actions;

	if (environment == NULL)
		return ENOMEM;
	int err = posix_spawn_file_actions_init(&actions);
	if (err == 0) {
		posix_spawn_file_actions_addchdir_np(&actions, folder);
		posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
		posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
		posix_spawn_file_actions_addopen(&actions, 2, "stderr",
						 O_WRONLY | O_CREAT | O_TRUNC, 0600);
		err = posix_spawnp(pid, gnuplot, &actions, NULL, argv, environment);
		posix_spawn_file_actions_destroy(&actions);
	}
	free(environment);
	return err;
}

/* Until it ends, or until progress says to stop. */
static int wait_for(pid_t pid, int *status, const struct progress *progress, unsigned count)
{
	static const struct timespec moment = {.tv_nsec = 2000000};
	pid_t ended;

	while ((ended = waitpid(pid, status, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
		if (progress_step(progress, "figures", 0, count) != 0) {
			kill(pid, SIGKILL);
			waitpid(pid, status, 0);
			return -ECANCELED;
		}
		nanosleep(&moment, NULL);
	}
	return progress_step(progress, "figures", count, count) != 0 ? -ECANCELED : 0;
}

/* The last line of what gnuplot said: the reason. */
static void read_complaint(char *out, size_t capacity, const char *folder)
{
	char path[512];

	snprintf(path, sizeof path, "%s/stderr", folder);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : file_read_up_to(fd, out, capacity - 1);
	if (fd >= 0)
		close(fd);
	out[got > 0 ? got : 0] = '\0';
	for (size_t length = strlen(out); length > 0 && out[length - 1] == '\n';)
		out[--length] = '\0';
	const char *line = strrchr(out, '\n');
	if (line != NULL)
		memmove(out, line + 1, strlen(line + 1) + 1);
	if (out[0] == '\0')
		snprintf(out, capacity, "it did not say why");
}

int plot_gnuplot(const char *folder, const struct progress *progress, unsigned count,
		 struct error *e)
{
	char complaint[4096];
	int status = 0;
	pid_t pid;
	int err = spawn(&pid, folder);

	if (err != 0)
		return error_set(e, -err, "gnuplot: cannot be started: %s%s", strerror(err),
				 err == ENOENT ? "; install gnuplot-nox" : error_remedy(-err));
	err = wait_for(pid, &status, progress, count);
	if (err != 0)
		return error_set(e, err, "gnuplot: stopped");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		return error_set(e, -EPROTO, "gnuplot: ended by signal %d (%s); try again",
				 WTERMSIG(status), strsignal(WTERMSIG(status)));
	read_complaint(complaint, sizeof complaint, folder);
	const char *remedy = strstr(complaint, strerror(EMFILE)) != NULL
				     ? error_remedy(-EMFILE)
				     : "; is it gnuplot 5.4 or later?";
	return error_set(e, -EPROTO, "gnuplot: failed: %.400s%s", complaint, remedy);
}
