/*
 * ini_lines.h: an INI text, line by line. libinih splits lines into names and
 * values; lines and sections are handled here, because inih cuts long lines and
 * section names without a word, takes an indented line for more of the value
 * before, and does not tell the line's number.
 */
#ifndef GVR_INI_LINES_H
#define GVR_INI_LINES_H

#include <stddef.h>

#include "workloads/error.h"

#define INI_FILE_NBYTES_MAX ((size_t)1 << 20)
#define INI_LINE_NBYTES_MAX ((size_t)8192)

struct ini_lines {
	const char *file; /* for messages: "FILE:LINE: ..." */
	int line;	  /* 0 at first; that of the call, and in the end how many there are */
	/* For "[name]": the text between the brackets, blanks around it cut;
	 * may be written to. 0 to go on, or -errno with e set. */
	int (*section)(void *arg, char *name, struct error *e);
	/* For "name = value", also before the first section. */
	int (*value)(void *arg, const char *name, const char *value, struct error *e);
	void *arg;
};

/* Calls section and value in the order of the text, which need not end with a
 * NUL; a byte order mark is skipped. 0; what a call returned; -EINVAL for a
 * line that is none (NUL bytes, too long, no [section], key = value or
 * comment); -ENOMEM. */
int ini_lines_read(struct ini_lines *l, const char *text, size_t text_nbytes, struct error *e);

/* Reads the whole of path, at most INI_FILE_NBYTES_MAX + 1 bytes of it, into
 * *text, which the caller frees. what names it in messages: "workload file".
 * 0, or -errno with e ("PATH: ..."); a directory is -EINVAL, and so is a pipe
 * without a writer; one with a writer is read to its end. */
int ini_file_text(const char *path, const char *what, char **text, size_t *text_nbytes,
		  struct error *e);

/* Cuts blanks off both ends, in place. */
char *ini_trim(char *text);

#endif
