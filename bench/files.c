#include "bench/files.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

int files_make_dirs(const char *path, struct error *e)
{
	char part[PATH_MAX];
	size_t n = strlen(path);

	if (n >= sizeof part)
		return file_error(e, -ENAMETOOLONG, "cannot make folder", path);
	for (size_t i = 1; i <= n; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0777) != 0 && errno != EEXIST)
			return file_error(e, -errno, "cannot make folder", part);
	}
	struct stat st;
	if (stat(path, &st) != 0)
		return file_error(e, -errno, "cannot make folder", path);
	return S_ISDIR(st.st_mode) ? 0 : file_error(e, -ENOTDIR, "cannot make folder", path);
}
