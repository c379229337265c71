#include "bench/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *remedy(int err)
{
	switch (-err) {
	case ENOSPC:
	case EDQUOT:
		return "; free some space or choose another folder";
	case EACCES:
	case EPERM:
	case EROFS:
		return "; choose a folder you can write to (--store, --out)";
	default:
		return "";
	}
}

int files_error(struct error *e, int err, const char *what, const char *path)
{
	return error_set(e, err, "%s: %s: %s%s", path, what, strerror(-err), remedy(err));
}

int files_make_dirs(const char *path, struct error *e)
{
	char part[PATH_MAX];
	size_t n = strlen(path);

	if (n >= sizeof part)
		return files_error(e, -ENAMETOOLONG, "cannot make folder", path);
	for (size_t i = 1; i <= n; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0777) != 0 && errno != EEXIST)
			return files_error(e, -errno, "cannot make folder", part);
	}
	struct stat st;
	if (stat(path, &st) != 0)
		return files_error(e, -errno, "cannot make folder", path);
	return S_ISDIR(st.st_mode) ? 0 : files_error(e, -ENOTDIR, "cannot make folder", path);
}

static int write_all(int fd, const char *bytes, size_t nbytes)
{
	while (nbytes > 0) {
		ssize_t n = write(fd, bytes, nbytes);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		nbytes -= (size_t)n;
	}
	return fsync(fd) != 0 ? -errno : 0;
}

int files_write(const char *path, const void *bytes, size_t nbytes, struct error *e)
{
	char temporary[PATH_MAX];
	int n = snprintf(temporary, sizeof temporary, "%s.tmp.%ld", path, (long)getpid());
	if (n < 0 || (size_t)n >= sizeof temporary)
		return files_error(e, -ENAMETOOLONG, "cannot write", path);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return files_error(e, -errno, "cannot write", path);
	int err = write_all(fd, bytes, nbytes);
	if (close(fd) != 0 && err == 0)
		err = -errno;
	if (err == 0 && rename(temporary, path) != 0)
		err = -errno;
	if (err != 0) {
		unlink(temporary);
		return files_error(e, err, "cannot write", path);
	}
	return 0;
}
