#include "bench/files.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workloads/utf8.h"

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

int files_make_writable_dir(const char *path, struct error *e)
{
	char probe[PATH_MAX];

	int err = files_make_dirs(path, e);
	if (err != 0)
		return err;
	snprintf(probe, sizeof probe, "%s/.gvr.%ld", path, (long)getpid());
	int fd = open(probe, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return file_error(e, -errno, "cannot write into the folder", path);
	close(fd);
	unlink(probe);
	return 0;
}

static int refuse_place(const char *documents, const char *path, const char *what,
			const char *remedy, struct error *e)
{
	return error_set(e, -ENOTSUP,
			 "%.300s: %s lies in the folder of documents, %.300s, and would be one of "
			 "its documents; %s",
			 path, what, documents, remedy);
}

int files_keep_apart(const char *documents, const char *path, const char *what, const char *remedy,
		     struct error *e)
{
	return file_lies_in(documents, path) ? refuse_place(documents, path, what, remedy, e) : 0;
}

int files_keep_file_apart(const char *documents, const char *file, const char *what,
			  const char *remedy, struct error *e)
{
	char folder[PATH_MAX];

	snprintf(folder, sizeof folder, "%s", file);
	if (!file_lies_in(documents, dirname(folder)))
		return 0;
	return refuse_place(documents, file, what, remedy, e);
}

void files_clean_name(char *out, size_t capacity, const char *name)
{
	utf8_name(out, capacity, name);
	for (char *p = out; *p != '\0'; p++)
		if (*p == '.')
			*p = '_';
}

int files_lock_dir(int *fd, const char *path, struct error *e)
{
	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return file_error(e, -errno, "cannot open the folder", path);
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
		return 0;
	close(*fd);
	*fd = -1;
	return error_set(e, -EBUSY,
			 "%.600s: another gvr is writing there; wait for it, or use another --out",
			 path);
}
