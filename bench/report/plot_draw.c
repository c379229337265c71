/* plot_draw.c: figures to pictures: layout, one gnuplot, and what it wrote. */
#include "bench/report/plot_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workloads/file.h"

#define TITLE_PX 34
#define JOBS_OF_ONE (PLOT_WIDTHS + 1)

static int no_memory(struct error *e)
{
	return error_set(e, -ENOMEM, "figures: out of memory");
}

/* ---- what is drawn ---- */

struct jobs {
	unsigned count;
	bool png;
	struct plot_job *job; /* JOBS_OF_ONE a figure; file "": none */
};

static bool prepare(struct jobs *jobs, const struct plot *plots, unsigned count, bool png)
{
	for (unsigned i = 0; i < count; i++) {
		for (unsigned k = 0; k < JOBS_OF_ONE; k++) {
			struct plot_job *job = &jobs->job[i * JOBS_OF_ONE + k];
			if (plots[i].why_not[0] != '\0' || (k == PLOT_WIDTHS && !png))
				continue;
			job->png = k == PLOT_WIDTHS;
			plot_layout(&job->layout, &plots[i],
				    job->png ? PLOT_WIDE : (enum plot_width)k,
				    job->png ? TITLE_PX : 0);
			snprintf(job->file, sizeof job->file, "%u.%u", i, k);
			jobs->count++;
			if (job->layout.out_of_memory)
				return false;
		}
	}
	return true;
}

static int write_script(const char *folder, const struct jobs *jobs, unsigned count,
			struct error *e)
{
	char path[512];

	snprintf(path, sizeof path, "%s/script", folder);
	FILE *f = fopen(path, "we");
	if (f == NULL)
		return file_error(e, -errno, "cannot write", path);
	for (unsigned i = 0; i < count * JOBS_OF_ONE; i++)
		if (jobs->job[i].file[0] != '\0')
			plot_script(f, &jobs->job[i]);
	if (jobs->png)
		plot_font_script(f);
	bool failed = ferror(f) != 0;
	if (fclose(f) != 0 || failed)
		return file_error(e, errno != 0 ? -errno : -EIO, "cannot write", path);
	return 0;
}

/* ---- what becomes of it ---- */

/* A whole file of gnuplot's and a '\0' behind it. */
static int read_file(const char *folder, const char *name, char **out, size_t *nbytes,
		     struct error *e)
{
	char path[512];
	struct stat st;

	*out = NULL;
	snprintf(path, sizeof path, "%s/%s", folder, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) != 0) {
		int err = errno == ENOENT
				  ? error_set(e, -EPROTO,
					      "gnuplot: draws nothing; is it gnuplot 5.4 or later?")
				  : file_error(e, -errno, "cannot read", path);
		if (fd >= 0)
			close(fd);
		return err;
	}
	*out = malloc((size_t)st.st_size + 1);
	ssize_t got = *out == NULL ? -ENOMEM : file_read_up_to(fd, *out, (size_t)st.st_size);
	close(fd);
	if (got < 0)
		return file_error(e, (int)got, "cannot read", path);
	(*out)[got] = '\0';
	*nbytes = (size_t)got;
	return 0;
}

/* The text that was printed to f; NULL: memory ran out. */
static char *text_of(FILE *f, char **text)
{
	if (fclose(f) == 0)
		return *text;
	free(*text);
	return NULL;
}

static char *as_inline(const struct plot_layout *l, const char *shapes)
{
	char *out = NULL;
	size_t nbytes;
	FILE *f = open_memstream(&out, &nbytes);

	if (f == NULL)
		return NULL;
	fprintf(f,
		"<svg class=\"figure\" width=\"%g\" height=\"%g\" viewBox=\"0 0 %g %g\" "
		"font-size=\"%g\" "
		"fill=\"none\" role=\"img\" aria-label=\"",
		l->width, l->height, l->width, l->height, l->font);
	plot_escape(f, l->plot->alt);
	fprintf(f, "\">\n%s</svg>", shapes);
	return text_of(f, &out);
}

/* The same shapes below a title, with their colours. */
static char *as_file(const struct plot_layout *l, const char *shapes)
{
	char *out = NULL, fit[PLOT_LABEL_NBYTES];
	size_t nbytes;
	FILE *f = open_memstream(&out, &nbytes);

	if (f == NULL)
		return NULL;
	fprintf(f,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"figure\" width=\"%g\" "
		"height=\"%g\" "
		"viewBox=\"0 %d %g %g\" font-size=\"%g\" fill=\"none\" role=\"img\">\n<title>",
		l->width, l->height + TITLE_PX, -TITLE_PX, l->width, l->height + TITLE_PX, l->font);
	plot_escape(f, l->plot->title);
	fputs("</title>\n<desc>", f);
	plot_escape(f, l->plot->alt);
	fputs("</desc>\n<style>\n", f);
	plot_css(f);
	fprintf(f,
		"</style>\n<rect class=\"paper\" x=\"0\" y=\"%d\" width=\"%g\" height=\"%g\"/>\n",
		-TITLE_PX, l->width, l->height + TITLE_PX);
	fprintf(f, "<text class=\"c%d\" x=\"8\" y=\"-11\" font-weight=\"bold\" font-size=\"%g\">",
		PLOT_INK_TEXT, l->font * 1.1);
	plot_text_fit(fit, l->plot->title, l->font * 1.2, l->width - 16);
	plot_escape(f, fit);
	fprintf(f, "</text>\n%s</svg>\n", shapes);
	return text_of(f, &out);
}

/* gnuplot does not say when it could not write all. */
static bool is_whole(const char *bytes, size_t nbytes, bool png)
{
	static const char svg_end[] = "</svg>", png_end[] = "IEND\xae\x42\x60\x82";
	const char *end = png ? png_end : svg_end;

	while (!png && nbytes > 0 && strchr(" \n", bytes[nbytes - 1]) != NULL)
		nbytes--;
	return nbytes >= strlen(end) && memcmp(bytes + nbytes - strlen(end), end, strlen(end)) == 0;
}

/* A picture, of gnuplot's. */
static int read_picture(const char *folder, const struct plot_job *job, char **out, size_t *nbytes,
			struct error *e)
{
	int err = read_file(folder, job->file, out, nbytes, e);

	if (err != 0 || is_whole(*out, *nbytes, job->png))
		return err;
	return error_set(
		e, -EPROTO,
		"gnuplot: %.400s/%s is cut short: is the disk full? free some of it, or set "
		"TMPDIR to a folder on another",
		folder, job->file);
}

static int collect_svg(const char *folder, const struct plot_job *job, enum plot_width width,
		       struct plot_picture *picture, struct error *e)
{
	char *raw, *shapes = NULL;
	size_t nbytes;
	int err = read_picture(folder, job, &raw, &nbytes, e);

	if (err == 0)
		err = plot_svg_tidy(&shapes, raw, e);
	free(raw);
	if (err != 0)
		return err;
	picture->svg[width] = as_inline(&job->layout, shapes);
	if (width == PLOT_WIDE)
		picture->svg_file = as_file(&job->layout, shapes);
	free(shapes);
	if (picture->svg[width] == NULL || picture->svg_file == NULL)
		return no_memory(e);
	return 0;
}

static int find_font(const char *folder, bool *has_font, struct error *e)
{
	char *with, *without = NULL;
	size_t with_nbytes, without_nbytes;

	int err = read_file(folder, PLOT_WITH_LETTER, &with, &with_nbytes, e);
	if (err == 0)
		err = read_file(folder, PLOT_WITHOUT_LETTER, &without, &without_nbytes, e);
	if (err == 0)
		*has_font =
			with_nbytes != without_nbytes || memcmp(with, without, with_nbytes) != 0;
	free(with);
	free(without);
	return err;
}

static int collect(const char *folder, const struct plot_job *jobs, bool has_font,
		   struct plot_picture *picture, struct error *e)
{
	for (unsigned k = 0; k < JOBS_OF_ONE; k++) {
		char *bytes;
		int err = 0;
		if (jobs[k].file[0] == '\0')
			continue;
		if (jobs[k].png && !has_font)
			continue;
		if (jobs[k].png) {
			err = read_picture(folder, &jobs[k], &bytes, &picture->png_nbytes, e);
			picture->png = (unsigned char *)bytes;
		} else {
			err = collect_svg(folder, &jobs[k], (enum plot_width)k, picture, e);
		}
		if (err != 0)
			return err;
	}
	return 0;
}

/* ---- in a folder of its own ---- */

static void remove_folder(const char *folder, const struct jobs *jobs, unsigned count)
{
	static const char *const names[] = {"script", "stderr", PLOT_WITH_LETTER,
					    PLOT_WITHOUT_LETTER};
	char path[512];

	for (unsigned i = 0; i < count * JOBS_OF_ONE; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, jobs->job[i].file);
		if (jobs->job[i].file[0] != '\0')
			unlink(path);
	}
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}

static int draw_in(const char *folder, const struct jobs *jobs, unsigned count,
		   struct plot_picture *pictures, const struct progress *progress, struct error *e)
{
	bool has_font = false;
	int err = write_script(folder, jobs, count, e);

	if (err == 0)
		err = plot_gnuplot(folder, progress, count, e);
	if (err == 0 && jobs->png)
		err = find_font(folder, &has_font, e);
	for (unsigned i = 0; err == 0 && i < count; i++)
		err = collect(folder, &jobs->job[i * JOBS_OF_ONE], has_font, &pictures[i], e);
	return err;
}

static int draw(const struct jobs *jobs, unsigned count, struct plot_picture *pictures,
		const struct progress *progress, struct error *e)
{
	const char *below = getenv("TMPDIR");
	char folder[480];

	snprintf(folder, sizeof folder, "%s/gvr-figures.XXXXXX",
		 below != NULL && below[0] != '\0' ? below : "/tmp");
	if (mkdtemp(folder) == NULL)
		return error_set(e, -errno,
				 "%.400s: cannot make a folder: %s; set TMPDIR to one you may use",
				 folder, strerror(errno));
	int err = draw_in(folder, jobs, count, pictures, progress, e);
	remove_folder(folder, jobs, count);
	return err;
}

int plot_draw(struct plot *plots, unsigned count, bool png, struct plot_picture *pictures,
	      const struct progress *progress, struct error *e)
{
	struct jobs jobs = {.png = png};
	int err = 0;

	memset(pictures, 0, count * sizeof *pictures);
	for (unsigned i = 0; i < count; i++)
		if (plots[i].out_of_memory)
			return no_memory(e);
	jobs.job = calloc((size_t)count * JOBS_OF_ONE + 1, sizeof *jobs.job);
	if (jobs.job == NULL)
		return no_memory(e);
	if (!prepare(&jobs, plots, count, png))
		err = no_memory(e);
	else if (jobs.count > 0)
		err = draw(&jobs, count, pictures, progress, e);
	for (unsigned i = 0; i < count * JOBS_OF_ONE; i++)
		plot_layout_free(&jobs.job[i].layout);
	free(jobs.job);
	for (unsigned i = 0; err != 0 && i < count; i++)
		plot_picture_free(&pictures[i]);
	return err;
}

void plot_picture_free(struct plot_picture *picture)
{
	for (unsigned i = 0; i < PLOT_WIDTHS; i++)
		free(picture->svg[i]);
	free(picture->svg_file);
	free(picture->png);
	memset(picture, 0, sizeof *picture);
}
