/* scratch.h: what tests that load stores in a temporary folder share. */
#ifndef GVR_SCRATCH_H
#define GVR_SCRATCH_H

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static inline int scratch_remove_one(const char *path, const struct stat *st, int type,
				     struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* rm -r. 0, or -1. */
static inline int scratch_remove(const char *root)
{
	return nftw(root, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Writes the text as a line to the file at path below root, and makes its folders. 0, or
 * -1. */
static inline int scratch_put(const char *root, const char *path, const char *text)
{
	char full[512];
	snprintf(full, sizeof full, "%s/%s", root, path);
	for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		mkdir(full, 0777);
		*slash = '/';
	}
	FILE *f = fopen(full, "w");
	if (f == NULL)
		return -1;
	int written = fprintf(f, "%s\n", text);
	return fclose(f) == 0 && written > 0 ? 0 : -1;
}

/* A struct engine_env's notice that says nothing. */
static inline void scratch_no_notice(const char *line)
{
	(void)line;
}

#endif
