/* store_dir.c: LOCK, IDENTITY, PROGRESS and COMPLETE of a store. */
#include "engines/store/store_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "engines/store/direct.h"
#include "workloads/shell.h"

#define FORMAT_VERSION 2

/* Covers a table's footer, which no checksum of RocksDB's covers. */
#define TABLE_END_NBYTES 4096

/* More than any IDENTITY or COMPLETE is; keeps a damaged size from being read. */
#define SMALL_FILE_NBYTES_MAX ((off_t)256 << 20)

void store_dir_path(char path[STORE_PATH_NBYTES], const char *dir, const char *name)
{
	snprintf(path, STORE_PATH_NBYTES, "%s/%s", dir, name);
}

const char *store_dir_remedy(int err)
{
	switch (err) {
	case -ENOSPC:
	case -EDQUOT:
		return "; make room, then run again: the load goes on where it stopped";
	case -EFBIG:
		return "; raise the limit of file sizes (ulimit -f)";
	case -EINVAL: /* of O_DIRECT, where the kernel did not say before what it takes */
		return "; its file system may not take O_DIRECT so: set direct = 0";
	default:
		return error_remedy(err);
	}
}

int store_dir_damaged(struct error *e, int err, const char *what, const char *dir, const char *why)
{
	const char *open = why[0] != '\0' ? " (" : "", *close = why[0] != '\0' ? ")" : "";
	char quoted[SHELL_QUOTED_NBYTES];

	shell_quoted(quoted, sizeof quoted, dir);
	return error_set(e, err, "%s: damaged; to repair: rm -r %s, then gvr load%s%.400s%s", what,
			 quoted, open, why, close);
}

static int path_error(struct error *e, int err, const char *path, const char *what)
{
	return error_set(e, err, "%s: cannot %s: %s%s", path, what, strerror(-err),
			 store_dir_remedy(err));
}

/* ---- small files ---- */

/* Reads a file from its offset to its end, at most what it was when opened;
 * *text is NUL-terminated and the caller's to free. */
static int read_end(const char *path, off_t end_nbytes, char **text, size_t *nbytes)
{
	struct stat st;
	int err = 0;
	/* not held up by a pipe that somebody put there */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return errno == ELOOP || errno == ENXIO ? -EBADMSG : -errno;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		err = -EBADMSG;
		goto out;
	}
	off_t size = st.st_size < end_nbytes ? st.st_size : end_nbytes;
	if (size > SMALL_FILE_NBYTES_MAX) {
		err = -EBADMSG;
		goto out;
	}
	char *buf = malloc((size_t)size + 1);
	if (buf == NULL) {
		err = -ENOMEM;
		goto out;
	}
	ssize_t got = ring_pread(fd, buf, (size_t)size, st.st_size - size);
	if (got < 0) {
		free(buf);
		err = (int)got;
		goto out;
	}
	buf[got] = '\0';
	*text = buf;
	*nbytes = (size_t)got;
out:
	close(fd);
	return err;
}

static int read_whole(const char *path, char **text, size_t *nbytes)
{
	return read_end(path, SMALL_FILE_NBYTES_MAX + 1, text, nbytes);
}

static int fsync_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int err = fsync(fd) != 0 ? -errno : 0;
	close(fd);
	return err;
}

static int write_and_sync(int fd, const char *text, size_t nbytes)
{
	while (nbytes > 0) {
		ssize_t done = write(fd, text, nbytes);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		text += done;
		nbytes -= (size_t)done;
	}
	return fsync(fd) != 0 ? -errno : 0;
}

/* Writes dir/name as a whole or not at all. */
static int write_whole(const char *dir, const char *name, const char *text, struct error *e)
{
	char path[STORE_PATH_NBYTES], temporary[STORE_PATH_NBYTES + 4];
	store_dir_path(path, dir, name);
	snprintf(temporary, sizeof temporary, "%s.tmp", path);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (fd < 0)
		return path_error(e, -errno, temporary, "create it");
	int err = write_and_sync(fd, text, strlen(text));
	if (close(fd) != 0 && err == 0)
		err = -errno;
	if (err == 0 && rename(temporary, path) != 0)
		err = -errno;
	if (err == 0)
		err = fsync_path(dir);
	if (err != 0) {
		unlink(temporary);
		return path_error(e, err, path, "write it");
	}
	return 0;
}

/* ---- LOCK ---- */

static int make_dir(const char *path, struct error *e)
{
	if (mkdir(path, 0777) == 0 || errno == EEXIST)
		return 0;
	return path_error(e, -errno, path, "create the directory");
}

/* O_NONBLOCK: not held up by a pipe. */
static int open_lock(int *out, const char *path, int flags, struct error *e)
{
	struct stat st;
	int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
	if (fd < 0 && errno != EISDIR && errno != ELOOP && errno != ENXIO)
		return path_error(e, -errno, path, "open it");
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		if (fd >= 0)
			close(fd);
		return error_set(e, -EEXIST, "%s: not a file of gvr's; remove it, then run again",
				 path);
	}
	*out = fd;
	return 0;
}

static int lock(int fd, int how, const char *dir, const char *who, struct error *e)
{
	if (flock(fd, how | LOCK_NB) == 0)
		return 0;
	int err = -errno;
	if (err == -EWOULDBLOCK)
		return error_set(
			e, -EBUSY,
			"%s: another process is %s this store; wait for it, then run again", dir,
			who);
	return path_error(e, err, dir, "lock it");
}

static bool has_entries(const char *path)
{
	DIR *d = opendir(path);
	if (d == NULL)
		return false;
	const struct dirent *entry;
	bool found = false;
	while (!found && (entry = readdir(d)) != NULL)
		found = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(d);
	return found;
}

int store_dir_lock_exclusive(int *out, const char *dir, struct error *e)
{
	char path[STORE_PATH_NBYTES], db[STORE_PATH_NBYTES];
	store_dir_path(path, dir, "LOCK");
	store_dir_path(db, dir, "db");
	int err = make_dir(dir, e);
	if (err != 0)
		return err;
	if (access(path, F_OK) != 0 && has_entries(db))
		return error_set(e, -EEXIST,
				 "%s: holds files, and there is no %s to say that gvr wrote them; "
				 "move them away",
				 db, path);
	int fd;
	err = open_lock(&fd, path, O_RDWR | O_CREAT, e);
	if (err != 0)
		return err;
	err = lock(fd, LOCK_EX, dir, "loading or serving", e);
	if (err == 0)
		err = make_dir(db, e);
	if (err != 0) {
		close(fd);
		return err;
	}
	*out = fd;
	return 0;
}

int store_dir_lock_shared(int *out, const char *dir, struct error *e)
{
	char path[STORE_PATH_NBYTES], complete[STORE_PATH_NBYTES];
	store_dir_path(path, dir, "LOCK");
	store_dir_path(complete, dir, "COMPLETE");
	/* a complete store that has lost its LOCK is still ours */
	int create = access(complete, F_OK) == 0 ? O_CREAT : 0;
	int fd;
	int err = open_lock(&fd, path, O_RDONLY | create, e);
	if (err == -ENOENT)
		return error_set(e, -ENOENT, "%s: there is no store; run: gvr load", dir);
	if (err != 0)
		return err;
	err = lock(fd, LOCK_SH, dir, "loading", e);
	if (err != 0) {
		close(fd);
		return err;
	}
	*out = fd;
	return 0;
}

/* ---- emptying ---- */

static bool ends_with(const char *name, const char *end)
{
	size_t name_nbytes = strlen(name), end_nbytes = strlen(end);
	return name_nbytes >= end_nbytes && strcmp(name + name_nbytes - end_nbytes, end) == 0;
}

/* The names that RocksDB gives to its files, segments.c's and raw.c's. */
static bool is_our_name(const char *name)
{
	if (strcmp(name, "CURRENT") == 0 || strcmp(name, "IDENTITY") == 0 ||
	    strcmp(name, "LOCK") == 0 || strcmp(name, STORE_VALUES_NAME) == 0)
		return true;
	if (strncmp(name, "MANIFEST-", 9) == 0 || strncmp(name, "OPTIONS-", 8) == 0)
		return true;
	bool numbered = name[0] >= '0' && name[0] <= '9';
	return numbered && (ends_with(name, ".sst") || ends_with(name, ".log") ||
			    ends_with(name, ".dbtmp") || ends_with(name, STORE_SEGMENT_END));
}

static int cannot_remove(struct error *e, const char *path, const char *name)
{
	int err = -errno;
	return error_set(e, err, "%s/%.255s: cannot remove it: %s; remove it, then run again", path,
			 name, strerror(-err));
}

static int empty_db(const char *dir, struct error *e)
{
	char path[STORE_PATH_NBYTES];
	store_dir_path(path, dir, "db");
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (d == NULL)
		return path_error(e, -errno, path, "read the directory");
	const struct dirent *entry;
	int err = 0;
	while (err == 0 && (entry = readdir(d)) != NULL)
		if (is_our_name(entry->d_name) && unlinkat(dirfd(d), entry->d_name, 0) != 0)
			err = cannot_remove(e, path, entry->d_name);
	if (err == 0 && fsync(dirfd(d)) != 0)
		err = path_error(e, -errno, path, "write it");
	closedir(d);
	return err;
}

int store_dir_empty(const char *dir, struct error *e)
{
	/* in this order: a store that is not whole never says that it is */
	static const char *const names[] = {"COMPLETE",	     "COMPLETE.tmp", "IDENTITY",
					    "IDENTITY.tmp",  "PROGRESS",     "PROGRESS.tmp",
					    STORE_TABLE_NAME};
	char path[STORE_PATH_NBYTES];
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		store_dir_path(path, dir, names[i]);
		if (unlink(path) != 0 && errno != ENOENT)
			return cannot_remove(e, dir, names[i]);
	}
	int err = fsync_path(dir);
	if (err != 0)
		return path_error(e, err, dir, "write it");
	return empty_db(dir, e);
}

/* ---- IDENTITY ---- */

int store_dir_check_identity(const char *dir, const char *identity)
{
	char path[STORE_PATH_NBYTES], *text = NULL;
	size_t nbytes = 0, identity_nbytes = strlen(identity);
	store_dir_path(path, dir, "IDENTITY");
	int err = read_whole(path, &text, &nbytes);
	if (err != 0)
		return err;
	bool same = nbytes == identity_nbytes + 1 && memcmp(text, identity, identity_nbytes) == 0 &&
		    text[identity_nbytes] == '\n';
	free(text);
	return same ? 0 : -ESTALE;
}

int store_dir_write_identity(const char *dir, const char *identity, struct error *e)
{
	size_t nbytes = strlen(identity);
	char *text = malloc(nbytes + 2);
	if (text == NULL)
		return error_set(e, -ENOMEM, "%s: out of memory for its identity", dir);
	memcpy(text, identity, nbytes);
	memcpy(text + nbytes, "\n", 2);
	int err = write_whole(dir, "IDENTITY", text, e);
	free(text);
	return err;
}

/* ---- PROGRESS and COMPLETE: JSON with a checksum of its other members ---- */

static void hex(char text[17], uint64_t x)
{
	snprintf(text, 17, "%016" PRIx64, x);
}

static bool is_hex(const json_t *value, uint64_t x)
{
	char text[17];
	hex(text, x);
	return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

/* 0, or -ENOMEM. The same object gives the same checksum however it is laid out. */
static int checksum(const json_t *object, uint64_t *sum)
{
	char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
	if (text == NULL)
		return -ENOMEM;
	*sum = XXH3_64bits(text, strlen(text));
	free(text);
	return 0;
}

/* Takes object over. */
static int write_json(const char *dir, const char *name, json_t *object, struct error *e)
{
	char digits[17];
	uint64_t sum;
	int err = checksum(object, &sum);
	hex(digits, err == 0 ? sum : 0);
	char *text = NULL;
	if (err == 0 && json_object_set_new(object, "checksum", json_string(digits)) == 0)
		text = json_dumps(object, JSON_INDENT(1) | JSON_SORT_KEYS);
	json_decref(object);
	if (text == NULL)
		return error_set(e, -ENOMEM, "%s: out of memory for %s", dir, name);
	err = write_whole(dir, name, text, e);
	free(text);
	return err;
}

static bool checksum_is_right(json_t *object)
{
	uint64_t sum;
	json_t *stored = json_object_get(object, "checksum");
	if (stored == NULL)
		return false;
	json_incref(stored);
	json_object_del(object, "checksum");
	bool right = checksum(object, &sum) == 0 && is_hex(stored, sum);
	json_decref(stored);
	return right;
}

static int damaged(struct error *e, const char *path)
{
	return error_set(e, -EBADMSG, "%s: damaged; run: gvr load, which makes the store anew",
			 path);
}

/* *object is the caller's. */
static int read_json(const char *dir, const char *name, json_t **object, struct error *e)
{
	char path[STORE_PATH_NBYTES], *text;
	size_t nbytes;
	store_dir_path(path, dir, name);
	int err = read_whole(path, &text, &nbytes);
	if (err == -EBADMSG)
		return damaged(e, path);
	if (err != 0)
		return path_error(e, err, path, "read it");
	json_t *read = json_loadb(text, nbytes, JSON_REJECT_DUPLICATES, NULL);
	free(text);
	if (!json_is_object(read) || !checksum_is_right(read)) {
		json_decref(read);
		return damaged(e, path);
	}
	*object = read;
	return 0;
}

static json_t *counts_object(const struct store_counts *c)
{
	return json_pack("{s:i, s:I, s:I, s:I, s:I, s:I, s:I}", "format", FORMAT_VERSION, "items",
			 (json_int_t)c->items, "payload_bytes", (json_int_t)c->payload_bytes,
			 "content_bytes", (json_int_t)c->content_bytes, "written_bytes",
			 (json_int_t)c->written_bytes, "segment", (json_int_t)c->segment_number,
			 "segment_end", (json_int_t)c->segment_end_bytes);
}

static int count_of(const json_t *object, const char *name, uint64_t *count)
{
	const json_t *value = json_object_get(object, name);
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return -EBADMSG;
	*count = (uint64_t)json_integer_value(value);
	return 0;
}

/* -ESTALE: of another format version, *format. */
static int parse_counts(const json_t *object, struct store_counts *c, uint64_t *format)
{
	if (count_of(object, "format", format) != 0)
		return -EBADMSG;
	if (*format != FORMAT_VERSION)
		return -ESTALE;
	if (count_of(object, "items", &c->items) != 0 ||
	    count_of(object, "payload_bytes", &c->payload_bytes) != 0 ||
	    count_of(object, "content_bytes", &c->content_bytes) != 0 ||
	    count_of(object, "written_bytes", &c->written_bytes) != 0 ||
	    count_of(object, "segment", &c->segment_number) != 0 ||
	    count_of(object, "segment_end", &c->segment_end_bytes) != 0 ||
	    c->segment_number > UINT32_MAX)
		return -EBADMSG;
	return 0;
}

int store_dir_write_progress(const char *dir, const struct store_counts *before,
			     const struct store_counts *after, struct error *e)
{
	json_t *object = counts_object(before);
	if (object == NULL || json_object_set_new(object, "after", counts_object(after)) != 0) {
		json_decref(object);
		return error_set(e, -ENOMEM, "%s: out of memory for PROGRESS", dir);
	}
	return write_json(dir, "PROGRESS", object, e);
}

int store_dir_read_progress(const char *dir, struct store_counts *before,
			    struct store_counts *after, struct error *e)
{
	json_t *object;
	uint64_t format;
	int err = read_json(dir, "PROGRESS", &object, e);
	if (err != 0)
		return err;
	err = parse_counts(object, before, &format);
	if (err == 0)
		err = parse_counts(json_object_get(object, "after"), after, &format);
	json_decref(object);
	return err;
}

/* ---- the files of db ---- */

/* Digests the last digested_nbytes of a file in db. */
static int digest_file(const char *dir, const char *name, off_t digested_nbytes, off_t *nbytes,
		       uint64_t *digest)
{
	char path[STORE_PATH_NBYTES], *text;
	size_t read_nbytes;
	struct stat st;
	snprintf(path, sizeof path, "%s/db/%s", dir, name);
	if (lstat(path, &st) != 0)
		return -errno;
	int err = read_end(path, digested_nbytes, &text, &read_nbytes);
	if (err != 0)
		return err;
	*nbytes = st.st_size;
	*digest = XXH3_64bits(text, read_nbytes);
	free(text);
	return 0;
}

/* What has checksums of its own is digested at its end only. */
static off_t digested_nbytes(const char *name, bool whole_tables)
{
	bool values = ends_with(name, STORE_SEGMENT_END) || strcmp(name, STORE_VALUES_NAME) == 0;
	bool table = ends_with(name, ".sst");
	return values || (table && !whole_tables) ? TABLE_END_NBYTES : SMALL_FILE_NBYTES_MAX;
}

static int append_file(json_t *files, const char *dir, const char *name, bool whole_tables)
{
	off_t nbytes = 0, digested = digested_nbytes(name, whole_tables);
	uint64_t digest = 0;
	char digits[17];
	int err = digest_file(dir, name, digested, &nbytes, &digest);
	if (err != 0)
		return err;
	hex(digits, digest);
	json_t *file = json_pack("{s:s, s:I, s:I, s:s}", "name", name, "nbytes", (json_int_t)nbytes,
				 "digested", (json_int_t)digested, "digest", digits);
	return json_array_append_new(files, file) == 0 ? 0 : -ENOMEM;
}

/* Calls see for each of our files in db until it says other than 0. */
static int each_file(const char *dir, int (*see)(DIR *db, const char *name, void *arg), void *arg)
{
	char path[STORE_PATH_NBYTES];
	store_dir_path(path, dir, "db");
	DIR *d = opendir(path);
	if (d == NULL)
		return -errno;
	const struct dirent *entry;
	int err = 0;
	while (err == 0 && (entry = readdir(d)) != NULL)
		if (is_our_name(entry->d_name))
			err = see(d, entry->d_name, arg);
	closedir(d);
	return err;
}

struct listing {
	json_t *files;
	const char *dir;
	bool whole_tables;
};

static int list_file(DIR *db, const char *name, void *arg)
{
	const struct listing *l = arg;
	(void)db;
	return append_file(l->files, l->dir, name, l->whole_tables);
}

int store_dir_write_complete(const char *dir, const struct store_counts *counts, bool whole_tables,
			     struct error *e)
{
	json_t *files = json_array();
	struct listing listing = {files, dir, whole_tables};
	int err = files == NULL ? -ENOMEM : each_file(dir, list_file, &listing);
	json_t *object = err == 0 ? counts_object(counts) : NULL;
	if (err != 0 || object == NULL) {
		json_decref(files);
		return path_error(e, err != 0 ? err : -ENOMEM, dir, "list its files");
	}
	if (json_object_set_new(object, "db", files) != 0) {
		json_decref(object);
		return error_set(e, -ENOMEM, "%s: out of memory for COMPLETE", dir);
	}
	err = write_json(dir, "COMPLETE", object, e);
	if (err == 0) {
		char path[STORE_PATH_NBYTES];
		store_dir_path(path, dir, "PROGRESS");
		unlink(path); /* of no more use; harmless if it stays */
	}
	return err;
}

static int check_file(json_t *file, const char *dir, struct error *e)
{
	const char *name;
	json_int_t nbytes, digested;
	off_t nbytes_now = 0;
	uint64_t digest = 0;
	char path[STORE_PATH_NBYTES];
	if (json_unpack(file, "{s:s, s:I, s:I}", "name", &name, "nbytes", &nbytes, "digested",
			&digested) != 0 ||
	    digested < 0 || digested > SMALL_FILE_NBYTES_MAX)
		return error_set(e, -EBADMSG, "%s/COMPLETE: damaged; run: gvr load", dir);
	snprintf(path, sizeof path, "%s/db/%s", dir, name);
	int err = digest_file(dir, name, digested, &nbytes_now, &digest);
	if (err == -ENOENT || err == -EBADMSG)
		return damaged(e, path);
	if (err != 0)
		return path_error(e, err, path, "read it");
	if (nbytes_now != nbytes || !is_hex(json_object_get(file, "digest"), digest))
		return damaged(e, path);
	return 0;
}

/* What COMPLETE says; *files belongs to object. */
static int parse_complete(const json_t *object, const char *dir, struct store_counts *counts,
			  json_t **files, struct error *e)
{
	uint64_t format;
	int err = parse_counts(object, counts, &format);
	*files = json_object_get(object, "db");
	if (err == -ESTALE)
		return error_set(
			e, err,
			"%s: a store of format %" PRIu64
			", and this gvr reads format %d; run: gvr load, which makes it anew",
			dir, format, FORMAT_VERSION);
	if (err != 0 || !json_is_array(*files))
		return error_set(e, -EBADMSG, "%s/COMPLETE: damaged; run: gvr load", dir);
	return 0;
}

int store_dir_read_complete(const char *dir, struct store_counts *counts, struct error *e)
{
	json_t *object, *files, *file;
	size_t i;
	int err = read_json(dir, "COMPLETE", &object, e);
	if (err != 0)
		return err;
	err = parse_complete(object, dir, counts, &files, e);
	json_array_foreach(files, i, file)
	{
		if (err == 0)
			err = check_file(file, dir, e);
	}
	json_decref(object);
	return err;
}

/* ---- what a store is ---- */

int store_dir_judge(const char *dir, const char *identity, struct store_counts *counts,
		    const char **why, struct error *e)
{
	*why = NULL;
	char complete[STORE_PATH_NBYTES];
	store_dir_path(complete, dir, "COMPLETE");
	int err = store_dir_check_identity(dir, identity);
	if (err == -ENOENT && access(complete, F_OK) != 0)
		return -ESTALE;
	if (err == -ESTALE)
		*why = "was made for other contents or settings";
	else if (err == -EBADMSG || err == -ENOENT)
		*why = "was damaged";
	else if (err != 0)
		return error_set(e, err, "%s/IDENTITY: cannot read it: %s%s", dir, strerror(-err),
				 error_remedy(err));
	if (err != 0)
		return -ESTALE;
	err = store_dir_read_complete(dir, counts, e);
	/* a damaged COMPLETE tells of damaged files: those are not gone on from;
	 * other errors (permission, open files, the device) say nothing about it */
	if (err == -ESTALE)
		*why = "was written in another format";
	else if (err == -EBADMSG)
		*why = "was damaged";
	return *why != NULL ? -ESTALE : err;
}

static int check_is_file(DIR *db, const char *name, void *arg)
{
	struct stat st;
	(void)arg;
	return fstatat(dirfd(db), name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode)
		       ? 0
		       : -EBADMSG;
}

/* Before RocksDB opens them, which would wait for a pipe. */
int store_dir_check_files(const char *dir)
{
	return each_file(dir, check_is_file, NULL);
}

int store_dir_check_whole(const char *dir, const char *identity, struct store_counts *counts,
			  struct error *e)
{
	int err = store_dir_read_complete(dir, counts, e);
	if (err == -ENOENT)
		return error_set(e, err, "%s: the store is not loaded completely; run: gvr load",
				 dir);
	if (err != 0)
		return err;
	err = store_dir_check_identity(dir, identity);
	if (err == -ESTALE)
		return error_set(e, err, "%s: made for other contents or settings; run: gvr load",
				 dir);
	if (err != 0)
		return error_set(e, err == -ENOENT ? -EBADMSG : err,
				 "%s/IDENTITY: cannot be read; run: gvr load", dir);
	return 0;
}

int store_dir_alignment(size_t *alignment, const char *dir, struct error *e)
{
	char path[STORE_PATH_NBYTES];
	struct stat st;
	store_dir_path(path, dir, "COMPLETE"); /* not empty: it can be tried */
	if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
		store_dir_path(path, dir, "LOCK"); /* being filled; locked, so a file of ours */
	int fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == EINVAL)
		return error_set(e, -EINVAL, "%s: its file system has no O_DIRECT; set direct = 0",
				 dir);
	if (fd < 0)
		return path_error(e, -errno, path, "open it");
	int err = direct_alignment(alignment, fd, path, e);
	close(fd);
	return err;
}

/* ---- files in db ---- */

int store_dir_sync_names(const char *dir, struct error *e)
{
	char path[STORE_PATH_NBYTES];
	store_dir_path(path, dir, "db");
	int err = fsync_path(path);
	return err == 0 ? 0 : path_error(e, err, path, "write it");
}

int store_dir_write_at(int fd, const void *bytes, size_t nbytes, uint64_t offset)
{
	const uint8_t *at = bytes;
	while (nbytes > 0) {
		ssize_t n = pwrite(fd, at, nbytes, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		nbytes -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

/* ---- bytes at rest ---- */

static int add_usage(int parent_fd, const char *name, struct store_usage *usage);

static int add_dir_usage(DIR *d, struct store_usage *usage)
{
	const struct dirent *entry;
	int err = 0;
	while (err == 0 && (entry = readdir(d)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			err = add_usage(dirfd(d), entry->d_name, usage);
	return err;
}

/* Tables and segments; the rest says how many there are, and what they are. */
static bool holds_values(const char *name)
{
	const char *dot = strrchr(name, '.');
	return dot != NULL && (strcmp(dot, ".sst") == 0 || strcmp(dot, ".seg") == 0);
}

static int add_usage(int parent_fd, const char *name, struct store_usage *usage)
{
	struct stat st;
	if (fstatat(parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : -errno;	  /* removed meanwhile */
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) { /* as du counts */
		usage->bytes += (uint64_t)st.st_size;
		usage->disk_bytes += (uint64_t)st.st_blocks * 512;
	}
	if (!holds_values(name))
		usage->fixed_bytes += (uint64_t)st.st_size;
	if (!S_ISDIR(st.st_mode))
		return 0;
	int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (d == NULL)
		return -errno;
	int err = add_dir_usage(d, usage);
	closedir(d);
	return err;
}

int store_disk_usage(const char *dir, struct store_usage *usage)
{
	*usage = (struct store_usage){0};
	return add_usage(AT_FDCWD, dir, usage);
}
