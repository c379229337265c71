/* scratch.h: what tests that load stores in a temporary folder share. */
#ifndef GVR_SCRATCH_H
#define GVR_SCRATCH_H

#include <ftw.h>
#include <stdio.h>
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

/* A struct engine_env's notice that says nothing. */
static inline void scratch_no_notice(const char *line)
{
	(void)line;
}

#endif
