#include "workloads/ini_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workloads/file.h"

#define PIPE_WAIT_MS 1000

static const char blanks[] = " \t\r\n\v\f";

struct reading {
	struct ini_lines *lines;
	struct error *e;
	const char *at, *end;
	int err; /* the first: nothing is read after it */
};

static int fail(struct reading *r, const char *why)
{
	return error_set(r->e, -EINVAL, "%.300s:%d: %s", r->lines->file, r->lines->line, why);
}

char *ini_trim(char *text)
{
	text += strspn(text, blanks);
	size_t nbytes = strlen(text);
	while (nbytes > 0 && strchr(blanks, text[nbytes - 1]) != NULL)
		nbytes--;
	text[nbytes] = '\0';
	return text;
}

/* line: "[...", is written to. */
static int open_section(struct reading *r, char *line)
{
	char *end = strchr(line, ']');
	if (end == NULL)
		return error_set(r->e, -EINVAL, "%.300s:%d: %.200s: a section needs a closing ]",
				 r->lines->file, r->lines->line, ini_trim(line));
	const char *rest = end + 1 + strspn(end + 1, blanks);
	if (*rest != '\0' && *rest != ';' && *rest != '#')
		return fail(r, "only a comment may follow a section's ]");
	*end = '\0';
	return r->lines->section(r->lines->arg, ini_trim(line + 1), r->e);
}

/* The first nbytes of out are the line, its newline left out. */
static int check_line(struct reading *r, const char *start, size_t nbytes, size_t capacity)
{
	char why[64];
	if (nbytes > 0 && memchr(start, '\0', nbytes) != NULL)
		return fail(r, "a NUL byte; this is not a text file");
	if (nbytes + 2 <= capacity)
		return 0;
	snprintf(why, sizeof why, "a line of more than %zu characters; shorten it", capacity - 2);
	return fail(r, why);
}

/* What inih calls for each line, as fgets: one whole line or the end. */
static char *next_line(char *out, int capacity, void *arg)
{
	struct reading *r = arg;
	if (r->err || r->at == r->end)
		return NULL;
	r->lines->line++;
	const char *newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
	const char *start = r->at, *end = newline != NULL ? newline : r->end;
	r->at = newline != NULL ? newline + 1 : r->end;
	while (start < end && memchr(blanks, *start, sizeof blanks - 1) != NULL)
		start++;
	size_t nbytes = (size_t)(end - start);
	r->err = check_line(r, start, nbytes, (size_t)capacity);
	if (r->err)
		return NULL;
	memcpy(out, start, nbytes);
	strcpy(out + nbytes, "\n");
	if (out[0] == '[') {
		char line[INI_LINE_NBYTES_MAX];
		snprintf(line, sizeof line, "%s", out);
		r->err = open_section(r, line);
	}
	return r->err ? NULL : out;
}

/* What inih calls for each name = value; 1: go on. Its section is not used. */
static int take_value(void *arg, const char *section, const char *name, const char *value)
{
	(void)section;
	struct reading *r = arg;
	if (!r->err)
		r->err = r->lines->value(r->lines->arg, name, value, r->e);
	return r->err == 0;
}

int ini_lines_read(struct ini_lines *l, const char *text, size_t text_nbytes, struct error *e)
{
	if (text_nbytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		text_nbytes -= 3;
	}
	struct reading r = {.lines = l, .e = e, .at = text, .end = text + text_nbytes};
	ini_max_line = INI_LINE_NBYTES_MAX; /* inih's own is 200 */
	int bad_line = ini_parse_stream(next_line, &r, take_value, &r);
	/* bad_line: the first that inih could not split, or that was refused here */
	if (bad_line > 0 && (!r.err || bad_line < l->line)) {
		l->line = bad_line;
		return fail(&r, "neither a [section], nor key = value, nor a comment");
	}
	if (bad_line < 0 && !r.err)
		return error_set(e, -ENOMEM, "%.300s: no memory to read it", l->file);
	return r.err;
}

/* ---- the file ---- */

static int fail_file(const char *path, const char *what, int err, struct error *e)
{
	if (err == -ENOENT)
		return error_set(e, err, "%s: no such %s; check the path", path, what);
	if (err == -EACCES || err == -EPERM)
		return error_set(e, err, "%s: may not be read; check its permissions", path);
	if (err == -EISDIR)
		return error_set(e, -EINVAL, "%s:1: a directory; name a %s", path, what);
	return error_set(e, err, "%s: cannot be read: %s%s", path, strerror(-err),
			 error_remedy(err));
}

/* Opened without waiting for a writer, as a pipe else would: one that is about
 * to come has PIPE_WAIT_MS for it. Once it is there, it is read to its end. */
static int open_text(const char *path, bool *pipe)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	*pipe = fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
	if (*pipe)
		poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, PIPE_WAIT_MS);
	fcntl(fd, F_SETFL, 0);
	return fd;
}

int ini_file_text(const char *path, const char *what, char **text, size_t *text_nbytes,
		  struct error *e)
{
	bool pipe = false;
	int fd = open_text(path, &pipe);
	if (fd < 0)
		return fail_file(path, what, fd, e);
	*text = malloc(INI_FILE_NBYTES_MAX + 1);
	ssize_t nbytes =
		*text != NULL ? file_read_up_to(fd, *text, INI_FILE_NBYTES_MAX + 1) : -ENOMEM;
	close(fd);
	if (nbytes < 0) {
		free(*text);
		*text = NULL;
		return fail_file(path, what, (int)nbytes, e);
	}
	if (nbytes == 0 && pipe) {
		free(*text);
		*text = NULL;
		return error_set(e, -EINVAL, "%s:1: a pipe that nothing comes through; name a %s",
				 path, what);
	}
	*text_nbytes = (size_t)nbytes;
	return 0;
}
