#include "workloads/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
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
		return "; choose a folder you may use (--store, --out)";
	case ENOTDIR:
	case EISDIR:
	case EEXIST:
		return "; something else has that name: move it away or choose another folder";
	default:
		return error_remedy(err);
	}
}

int file_error(struct error *e, int err, const char *what, const char *path)
{
	return error_set(e, err, "%.600s: %s: %s%s", path, what, strerror(-err), remedy(err));
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
	return 0;
}

static int write_parts(const char *path, const struct file_part *parts, unsigned count)
{
	int err = 0;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (fd < 0)
		return -errno;
	for (unsigned i = 0; i < count && err == 0; i++)
		err = write_all(fd, parts[i].bytes, parts[i].nbytes);
	if (err == 0 && fsync(fd) != 0)
		err = -errno;
	if (close(fd) != 0 && err == 0)
		err = -errno;
	return err;
}

/* Makes the rename in the folder of path durable. */
static int sync_folder(char *path)
{
	char *slash = strrchr(path, '/');
	if (slash != NULL)
		slash[slash == path] = '\0';
	int fd = open(slash != NULL ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* some file systems cannot sync a folder, and need not */
	int err = fsync(fd) != 0 && errno != EINVAL ? -errno : 0;
	close(fd);
	return err;
}

/* Without replacing what is there: -EEXIST. Not every file system can rename so. */
static int rename_new(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL)
		return -errno;
	int err = link(from, to) != 0 ? -errno : 0;
	if (err == 0)
		unlink(from);
	return err;
}

static int write_file(const char *path, const struct file_part *parts, unsigned count, bool new,
		      struct error *e)
{
	char *temporary;
	if (asprintf(&temporary, "%s.tmp.%ld", path, (long)getpid()) < 0)
		return error_set(e, -ENOMEM, "%.600s: out of memory", path);
	int err = write_parts(temporary, parts, count);
	if (err == 0 && new)
		err = rename_new(temporary, path);
	else if (err == 0 && rename(temporary, path) != 0)
		err = -errno;
	if (err != 0)
		unlink(temporary);
	else
		err = sync_folder(temporary);
	free(temporary);
	return err != 0 ? file_error(e, err, "cannot write", path) : 0;
}

int file_write(const char *path, const struct file_part *parts, unsigned count, struct error *e)
{
	return write_file(path, parts, count, false, e);
}

int file_write_new(const char *path, const struct file_part *parts, unsigned count, struct error *e)
{
	return write_file(path, parts, count, true, e);
}

ssize_t file_read_up_to(int fd, void *bytes, size_t capacity)
{
	size_t done = 0;

	while (done < capacity) {
		ssize_t n = read(fd, (char *)bytes + done, capacity - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

/* A name in the real path of a folder to be, whose real path it is then. Takes real;
 * NULL: no memory. */
static char *below(char *real, const char *name)
{
	char *path = NULL;

	if (strcmp(name, "..") == 0)
		*strrchr(real, '/') = '\0'; /* of the root: "", which serves as well */
	if (strcmp(name, "..") == 0 || strcmp(name, ".") == 0)
		return real;
	if (asprintf(&path, "%s/%s", strcmp(real, "/") == 0 ? "" : real, name) < 0)
		path = NULL;
	free(real);
	/* "new/../link": link may be there, though new is not */
	char *there = path != NULL ? realpath(path, NULL) : NULL;
	if (there == NULL)
		return path;
	free(path);
	return there;
}

/* realpath of a path of which the last parts need not be there. NULL: it cannot be
 * told (no memory, no permission). */
static char *real_path_to_be(const char *path)
{
	char *real = realpath(path, NULL), *parent = NULL;

	if (real != NULL || errno != ENOENT)
		return real;
	size_t n = strlen(path);
	while (n > 1 && path[n - 1] == '/')
		n--;
	size_t name = n;
	while (name > 0 && path[name - 1] != '/')
		name--;
	char *last = strndup(path + name, n - name);
	if (last != NULL)
		parent = name > 0 ? strndup(path, name) : strdup(".");
	if (parent != NULL && n > 0)
		real = real_path_to_be(parent);
	if (real != NULL)
		real = below(real, last);
	free(parent);
	free(last);
	return real;
}

bool file_has_tilde(const char *path, struct error *e)
{
	const char *home = getenv("HOME");

	if (path[0] != '~' || (path[1] != '\0' && path[1] != '/'))
		return false;
	if (home == NULL || home[0] != '/')
		home = "/home/...";
	error_set(e, 0, "%.300s: ~ is the shell's, which did not replace it; write %.200s%.300s",
		  path, home, path + 1);
	return true;
}

/* By what folders are, not by what they are called: one may be mounted twice. */
bool file_lies_in(const char *dir, const char *path)
{
	struct stat outer, at;
	char *inner = real_path_to_be(path);
	bool in = false;

	if (inner != NULL && stat(dir, &outer) == 0)
		for (char *end = inner + strlen(inner); !in && end != NULL;
		     end = strrchr(inner, '/')) {
			*end = '\0';
			in = stat(inner[0] != '\0' ? inner : "/", &at) == 0 &&
			     at.st_dev == outer.st_dev && at.st_ino == outer.st_ino;
		}
	free(inner);
	return in;
}
