/* test_cache.c: page cache of a folder, on the disk of build/ and in /tmp. */
#include "tests/test.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "bench/cache.h"
#include "tests/scratch.h"

#define FILE_NBYTES 1000001u /* ends within a page */
#define PAGE_NBYTES ((uint64_t)sysconf(_SC_PAGESIZE))

static char dir[64];
static struct error e;

static const char *below(const char *name)
{
	static char path[128];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	return path;
}

static void write_file(const char *path, size_t nbytes)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	for (size_t i = 0; i < nbytes; i++)
		fputc((int)(i * 7 >> 3), f);
	assert_int_equal(fclose(f), 0);
}

static int make_dir(const char *template)
{
	snprintf(dir, sizeof dir, "%s", template);
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int setup_build(void **state)
{
	(void)state;
	mkdir("build", 0777);
	return make_dir("build/cache.XXXXXX");
}

static int setup_tmp(void **state)
{
	(void)state;
	return make_dir("/tmp/gvr-cache.XXXXXX");
}

static int setup_shm(void **state)
{
	return make_dir("/dev/shm/gvr-cache.XXXXXX") == 0 ? 0 : setup_tmp(state);
}

static int teardown(void **state)
{
	(void)state;
	return scratch_remove(dir);
}

static bool lies_in_memory(void)
{
	struct statfs fs;
	assert_int_equal(statfs(dir, &fs), 0);
	return fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC;
}

static void skip_unless_droppable(void)
{
	struct statfs fs;
	assert_int_equal(statfs(dir, &fs), 0);
	if (!lies_in_memory() && fs.f_type != OVERLAYFS_SUPER_MAGIC)
		return;
	print_message("%s lies on tmpfs or overlayfs, whose files need not drop\n", dir);
	skip();
}

static uint64_t cached_of(uint64_t want_bytes)
{
	uint64_t bytes, cached;
	assert_int_equal(cache_resident(dir, &bytes, &cached, &e), 0);
	assert_true(bytes == want_bytes);
	assert_true(cached <= bytes);
	return cached;
}

static void dropped_is_gone_and_warmed_is_there(void **state)
{
	(void)state;
	skip_unless_droppable();
	write_file(below("a"), FILE_NBYTES);
	assert_int_equal(mkdir(below("sub"), 0777), 0);
	assert_int_equal(mkdir(below("sub/sub"), 0777), 0);
	write_file(below("sub/sub/b"), 2 * FILE_NBYTES);
	write_file(below("empty"), 0);
	assert_true(cached_of(3 * FILE_NBYTES) > 0); /* just written */
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(cache_drop(dir, &e), 0);
		assert_true(cached_of(3 * FILE_NBYTES) == 0);
		assert_int_equal(cache_warm(dir, &e), 0);
		assert_true(cached_of(3 * FILE_NBYTES) == 3 * FILE_NBYTES);
	}
}

static void part_of_a_file_is_counted(void **state)
{
	(void)state;
	char byte;
	skip_unless_droppable();
	write_file(below("a"), 64 * FILE_NBYTES);
	assert_int_equal(cache_drop(dir, &e), 0);
	int fd = open(below("a"), O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM), 0); /* no read-ahead */
	assert_int_equal(pread(fd, &byte, 1, 100), 1);
	assert_int_equal(pread(fd, &byte, 1, 64 * FILE_NBYTES - 1), 1);
	close(fd);
	/* a page of 4 KiB and the last one, which is only partly file */
	uint64_t last_nbytes = 64 * FILE_NBYTES % PAGE_NBYTES;
	assert_true(cached_of(64 * FILE_NBYTES) == PAGE_NBYTES + last_nbytes);
}

/* Memory is where such files live: there is nothing to drop them to. */
static void memory_files_are_always_cached(void **state)
{
	(void)state;
	if (!lies_in_memory()) {
		print_message("%s is not tmpfs\n", dir);
		skip();
	}
	write_file(below("a"), FILE_NBYTES);
	assert_true(cached_of(FILE_NBYTES) == FILE_NBYTES);
	assert_int_equal(cache_drop(dir, &e), 0);
	assert_true(cached_of(FILE_NBYTES) == FILE_NBYTES);
}

static void empty_dir_has_nothing(void **state)
{
	(void)state;
	assert_int_equal(cache_drop(dir, &e), 0);
	assert_int_equal(cache_warm(dir, &e), 0);
	assert_true(cached_of(0) == 0);
}

static void links_are_not_followed(void **state)
{
	(void)state;
	assert_int_equal(mkdir(below("store"), 0777), 0);
	write_file(below("outside"), FILE_NBYTES);
	assert_int_equal(symlink("../outside", below("store/file")), 0);
	assert_int_equal(symlink("..", below("store/loop")), 0);
	assert_int_equal(symlink("nowhere", below("store/dangling")), 0);
	assert_int_equal(mkfifo(below("store/fifo"), 0666), 0); /* nor waited for */
	assert_int_equal(cache_warm(below("store"), &e), 0);
	assert_int_equal(cache_drop(below("store"), &e), 0);
	uint64_t bytes, cached;
	assert_int_equal(cache_resident(below("store"), &bytes, &cached, &e), 0);
	assert_true(bytes == 0 && cached == 0);
	/* other than dir itself, which the user named */
	assert_int_equal(symlink(".", below("link")), 0);
	assert_int_equal(cache_resident(below("link"), &bytes, &cached, &e), 0);
	assert_true(bytes == FILE_NBYTES);
}

/* All three say which path, and what. */
static void fails(const char *path, const char *named, int want)
{
	uint64_t bytes, cached;
	for (unsigned i = 0; i < 3; i++) {
		e.text[0] = '\0';
		int err = i == 0   ? cache_resident(path, &bytes, &cached, &e)
			  : i == 1 ? cache_drop(path, &e)
				   : cache_warm(path, &e);
		assert_int_equal(err, want);
		assert_non_null(strstr(e.text, named));
		assert_non_null(strstr(e.text, strerror(-want)));
	}
}

static void missing_dir_is_an_error(void **state)
{
	(void)state;
	fails(below("missing"), "missing", -ENOENT);
}

static void file_for_a_dir_is_an_error(void **state)
{
	(void)state;
	write_file(below("file"), 10);
	fails(below("file"), "file", -ENOTDIR);
}

/* root may read everything, so it steps down meanwhile. */
static void unreadable_file_is_an_error(void **state)
{
	(void)state;
	const uid_t nobody = 65534;
	assert_int_equal(chmod(dir, 0755), 0);
	write_file(below("secret"), 10);
	assert_int_equal(chmod(below("secret"), 0), 0);
	assert_int_equal(mkdir(below("closed"), 0), 0);
	bool is_root = geteuid() == 0;
	if (is_root && seteuid(nobody) != 0)
		skip();
	fails(dir, dir, -EACCES);
	if (is_root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(chmod(below("closed"), 0700), 0);
}

#define ON(where, test)                                                                            \
	{                                                                                          \
#test " in " #where, test, setup_##where, teardown, NULL                           \
	}
#define BOTH(test) ON(build, test), ON(tmp, test)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(dropped_is_gone_and_warmed_is_there),
		BOTH(part_of_a_file_is_counted),
		ON(shm, memory_files_are_always_cached),
		BOTH(empty_dir_has_nothing),
		BOTH(links_are_not_followed),
		BOTH(missing_dir_is_an_error),
		BOTH(file_for_a_dir_is_an_error),
		BOTH(unreadable_file_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
