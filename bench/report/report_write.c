#include "bench/report/report_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/files.h"
#include "bench/report/page.h"
#include "bench/report/report_read.h"
#include "workloads/file.h"

static int no_memory(struct error *e)
{
	return error_set(e, -ENOMEM, "out of memory");
}

/* ---- files ---- */

static int write_file(const char *folder, const char *name, const char *end, const void *bytes,
		      size_t nbytes, struct error *e)
{
	char *path;

	if (asprintf(&path, "%s/%s%s", folder, name, end) < 0)
		return no_memory(e);
	int err = file_write(path, &(struct file_part){bytes, nbytes}, 1, e);
	free(path);
	return err;
}

static void remove_file(const char *folder, const char *inner, const char *name, const char *end)
{
	char *path;

	if (asprintf(&path, "%s/%s%s%s", folder, inner, name, end) < 0)
		return;
	unlink(path);
	free(path);
}

static int write_csv(const char *folder, const struct plot *plot, struct error *e)
{
	char *text = NULL;
	size_t nbytes = 0;
	FILE *f = open_memstream(&text, &nbytes);

	if (f == NULL)
		return no_memory(e);
	plot_csv(f, plot);
	int err = fclose(f) == 0 ? write_file(folder, plot->name, ".csv", text, nbytes, e)
				 : no_memory(e);
	free(text);
	return err;
}

static int write_figure(const char *folder, const struct plot *plot,
			const struct plot_picture *picture, struct error *e)
{
	int err = write_csv(folder, plot, e);

	if (err == 0)
		err = write_file(folder, plot->name, ".svg", picture->svg_file,
				 strlen(picture->svg_file), e);
	if (err == 0 && picture->png != NULL)
		err = write_file(folder, plot->name, ".png", picture->png, picture->png_nbytes, e);
	return err;
}

static int write_figures(const struct page *p, const char *out, struct error *e)
{
	char *folder;

	if (asprintf(&folder, "%s/figures", out) < 0)
		return no_memory(e);
	int err = files_make_dirs(folder, e);
	for (unsigned i = 0; i < p->plot_count && err == 0; i++)
		if (p->pictures[i].svg_file != NULL)
			err = write_figure(folder, &p->plots[i], &p->pictures[i], e);
	free(folder);
	return err;
}

static int write_text(const struct page *p, const char *out, const char *name,
		      void (*print)(FILE *f, const struct page *p), struct error *e)
{
	char *text = NULL;
	size_t nbytes = 0;
	FILE *f = open_memstream(&text, &nbytes);

	if (f == NULL)
		return no_memory(e);
	print(f, p);
	int err = fclose(f) == 0 ? write_file(out, name, "", text, nbytes, e) : no_memory(e);
	free(text);
	return err;
}

/* ---- a report ---- */

/* Of an earlier report what this one has not: it would show other figures. */
static void remove_stale(const struct page *p, const char *out)
{
	for (unsigned i = 0; i < p->plot_count; i++) {
		const struct plot_picture *picture = &p->pictures[i];
		if (!p->has_files || picture->png == NULL)
			remove_file(out, "figures/", p->plots[i].name, ".png");
		if (p->has_files && picture->svg_file != NULL)
			continue;
		remove_file(out, "figures/", p->plots[i].name, ".svg");
		remove_file(out, "figures/", p->plots[i].name, ".csv");
	}
	if (!p->has_files)
		remove_file(out, "report.md", "", "");
}

static int write_pages(const struct page *p, const char *out, struct error *e)
{
	int err = 0, lock_fd = -1;

	if (p->has_files) /* a page alone is drawn by a run, which holds its folder */
		err = files_lock_dir(&lock_fd, out, e);
	if (err != 0)
		return err;
	remove_stale(p, out);
	if (p->has_files)
		err = write_figures(p, out, e);
	if (err == 0 && p->has_files)
		err = write_text(p, out, "report.md", page_markdown, e);
	if (err == 0)
		err = write_text(p, out, "report.html", page_html, e);
	if (lock_fd >= 0)
		close(lock_fd);
	return err;
}

static int write_all(struct page *p, const char *out, const struct progress *progress,
		     struct error *e)
{
	int err = plot_draw(p->plots, p->plot_count, p->has_files, p->pictures, progress, e);

	if (err == 0)
		err = files_make_writable_dir(out, e);
	return err != 0 ? err : write_pages(p, out, e);
}

static bool lacks_png_of(const struct page *p)
{
	for (unsigned i = 0; i < p->plot_count; i++)
		if (p->pictures[i].svg_file != NULL && p->pictures[i].png == NULL)
			return true;
	return false;
}

static int write_report(const struct report *r, const char *out, const char *redraw, bool has_files,
			const struct progress *progress, bool *lacks_png, struct error *e)
{
	struct page p;
	int err = 0;

	if (r->result == NULL) /* links to several are relative to it */
		err = files_make_writable_dir(out, e);
	if (err == 0)
		err = page_make(&p, r, out, e);
	if (err != 0)
		return err;
	p.redraw = redraw;
	p.has_files = has_files;
	err = write_all(&p, out, progress, e);
	*lacks_png = err == 0 && has_files && lacks_png_of(&p);
	page_free(&p);
	return err;
}

int report_write(const struct report *r, const char *out, const char *redraw,
		 const struct progress *progress, bool *lacks_png, struct error *e)
{
	return write_report(r, out, redraw, true, progress, lacks_png, e);
}

int report_write_page(const char *folder, const char *redraw, const struct progress *progress,
		      struct error *e)
{
	struct report r;
	bool lacks_png;

	int err = report_read(&r, &folder, 1, progress, e);
	if (err == 0) {
		err = write_report(&r, folder, redraw, false, progress, &lacks_png, e);
		report_free(&r);
	}
	if (err != 0)
		remove_file(folder, "report.html", "", "");
	return err;
}
