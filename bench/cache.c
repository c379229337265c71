#include "bench/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "workloads/file.h"

/* Mapped at a time. Pages are 4 KiB or larger, so a vector of that many bytes
 * holds them. */
#define MAPPED_NBYTES (UINT64_C(64) << 20)
#define PAGES_MAX (MAPPED_NBYTES / 4096)
#define READ_NBYTES (256u << 10)

/* What is done to each file: 0 or -errno. */
typedef int file_action(int fd, uint64_t nbytes, void *arg);

static int act_on_file(const char *path, file_action *action, void *arg)
{
	struct stat st;
	int err = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) != 0)
		err = -errno;
	else if (S_ISREG(st.st_mode))
		err = action(fd, (uint64_t)st.st_size, arg);
	close(fd);
	return err;
}

/* 0 or -errno of one entry of the walk. What was removed since it was listed
 * is not missed, other than dir itself. */
static int visit(const FTSENT *entry, file_action *action, void *arg)
{
	int err = 0;

	if (entry->fts_info == FTS_F)
		err = act_on_file(entry->fts_accpath, action, arg);
	else if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR ||
		 entry->fts_info == FTS_NS)
		err = -entry->fts_errno;
	if (entry->fts_level == FTS_ROOTLEVEL)
		return err == 0 && entry->fts_info != FTS_D && entry->fts_info != FTS_DP ? -ENOTDIR
											 : err;
	return err == -ENOENT ? 0 : err;
}

/* Every regular file below dir; links are followed at dir itself only. */
static int each_file(const char *dir, const char *what, file_action *action, void *arg,
		     struct error *e)
{
	char *const roots[] = {(char *)dir, NULL};
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
	int err = 0;

	if (walk == NULL)
		return file_error(e, -errno, what, dir);
	while (err == 0) {
		errno = 0;
		const FTSENT *entry = fts_read(walk);
		if (entry == NULL) {
			if (errno != 0)
				err = file_error(e, -errno, what, dir);
			break;
		}
		err = visit(entry, action, arg);
		if (err != 0)
			file_error(e, err, what, entry->fts_path);
	}
	fts_close(walk);
	return err;
}

struct residency {
	uint64_t bytes, cached_bytes;
};

/* Adds the cached bytes of one mapped piece. */
static int count_pages(void *mapped, uint64_t nbytes, uint64_t page_nbytes, uint64_t *cached)
{
	unsigned char in_memory[PAGES_MAX];

	if (mincore(mapped, nbytes, in_memory) != 0)
		return -errno;
	for (uint64_t at = 0; at < nbytes; at += page_nbytes)
		if (in_memory[at / page_nbytes] & 1)
			*cached += nbytes - at < page_nbytes ? nbytes - at : page_nbytes;
	return 0;
}

/* mincore tells the truth only to who may write the file (Linux 5.2): to
 * others every page is cached. A store is the user's own. */
static int add_residency(int fd, uint64_t nbytes, void *arg)
{
	struct residency *r = arg;
	uint64_t page_nbytes = (uint64_t)sysconf(_SC_PAGESIZE);
	int err = 0;

	for (uint64_t at = 0; at < nbytes && err == 0; at += MAPPED_NBYTES) {
		uint64_t piece = nbytes - at < MAPPED_NBYTES ? nbytes - at : MAPPED_NBYTES;
		void *mapped = mmap(NULL, piece, PROT_READ, MAP_SHARED, fd, (off_t)at);
		if (mapped == MAP_FAILED)
			return -errno;
		err = count_pages(mapped, piece, page_nbytes, &r->cached_bytes);
		munmap(mapped, piece);
	}
	r->bytes += nbytes;
	return err;
}

/* Dirty pages cannot be dropped: they are written first. */
static int drop(int fd, uint64_t nbytes, void *arg)
{
	(void)nbytes;
	(void)arg;
	if (fsync(fd) != 0 && errno != EINVAL && errno != EROFS)
		return -errno;
	return -posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

/* Reads: posix_fadvise(WILLNEED) neither waits nor promises. */
static int warm(int fd, uint64_t nbytes, void *arg)
{
	char bytes[READ_NBYTES];

	(void)nbytes;
	(void)arg;
	for (;;) {
		ssize_t n = read(fd, bytes, sizeof bytes);
		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

int cache_resident(const char *dir, uint64_t *bytes, uint64_t *cached_bytes, struct error *e)
{
	struct residency r = {0};
	int err = each_file(dir, "its part of the page cache cannot be counted", add_residency, &r,
			    e);

	*bytes = r.bytes;
	*cached_bytes = r.cached_bytes;
	return err;
}

int cache_drop(const char *dir, struct error *e)
{
	return each_file(dir, "cannot be dropped from the page cache", drop, NULL, e);
}

int cache_warm(const char *dir, struct error *e)
{
	return each_file(dir, "cannot be read into the page cache", warm, NULL, e);
}

bool cache_is_all_there_is(const char *dir)
{
	struct statfs fs;
	return statfs(dir, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}
