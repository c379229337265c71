/*
 * digests.c: the right answers of novel contents: one XXH3-64 per (content,
 * context), in item order, little-endian, after a header. Written to
 * "digests.part" while a load runs, whose header says how many are there and
 * their checksum, so that a later load goes on after those; renamed to
 * "digests" when complete.
 */
#include "bench/contents.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "bench/files.h"

#define BATCH 512u

struct header {
	char magic[8];
	uint64_t fingerprint; /* of the content set; little-endian, as all here */
	uint64_t count;	      /* of the whole set */
	uint64_t done;	      /* so many are here: count, or fewer in a part */
	uint64_t checksum;    /* XXH3-64 of those, seeded with the fingerprint */
};

static const char digests_magic[8] = {'g', 'v', 'r', 'd', 'i', 'g', '0', '1'};

struct digest_writer {
	const struct contents *contents;
	int fd;
	XXH3_state_t *hash;
	uint64_t batch[BATCH];
	unsigned batch_count;
	uint64_t count;
	char part[WORKLOAD_PATH_NBYTES + 64], path[WORKLOAD_PATH_NBYTES + 64];
};

static void digests_path(char *out, size_t capacity, const struct contents *c, const char *suffix)
{
	snprintf(out, capacity, "%s/digests%s", c->dir, suffix);
}

bool contents_needs_digests(const struct contents *c)
{
	const struct workload *w = c->workload;
	char path[WORKLOAD_PATH_NBYTES + 64];

	if (w->contents_kind != CONTENTS_NOVEL || w->verify == VERIFY_NONE)
		return false;
	digests_path(path, sizeof path, c, "");
	return access(path, F_OK) != 0;
}

static struct header make_header(const struct contents *c, uint64_t done, uint64_t checksum)
{
	struct header h = {
		.fingerprint = htole64(c->fingerprint),
		.count = htole64(c->items),
		.done = htole64(done),
		.checksum = htole64(checksum),
	};
	memcpy(h.magic, digests_magic, sizeof h.magic);
	return h;
}

static int write_header(struct digest_writer *d)
{
	struct header h = make_header(d->contents, d->count, XXH3_64bits_digest(d->hash));

	return pwrite(d->fd, &h, sizeof h, 0) != (ssize_t)sizeof h ? -errno : 0;
}

/* Hashes the first `done` digests of the part. */
static int hash_part(struct digest_writer *d, uint64_t done)
{
	while (d->count < done) {
		uint64_t left = done - d->count;
		size_t nbytes = (left < BATCH ? (size_t)left : BATCH) * sizeof(uint64_t);
		off_t at = (off_t)(sizeof(struct header) + d->count * sizeof(uint64_t));
		if (pread(d->fd, d->batch, nbytes, at) != (ssize_t)nbytes)
			return -EBADMSG;
		XXH3_64bits_update(d->hash, d->batch, nbytes);
		d->count += nbytes / sizeof(uint64_t);
	}
	return 0;
}

/* Takes up an intact part of the same contents; -EBADMSG: there is none. */
static int take_up(struct digest_writer *d)
{
	struct header have, want;

	if (pread(d->fd, &have, sizeof have, 0) != (ssize_t)sizeof have ||
	    le64toh(have.done) > d->contents->items || hash_part(d, le64toh(have.done)) != 0)
		return -EBADMSG;
	want = make_header(d->contents, d->count, XXH3_64bits_digest(d->hash));
	return memcmp(&have, &want, sizeof want) == 0 ? 0 : -EBADMSG;
}

/* Goes on after what an earlier load left, or starts anew. */
static int resume(struct digest_writer *d)
{
	if (take_up(d) != 0) {
		d->count = 0;
		XXH3_64bits_reset_withSeed(d->hash, d->contents->fingerprint);
	}
	off_t end = (off_t)(sizeof(struct header) + d->count * sizeof(uint64_t));
	if (ftruncate(d->fd, end) != 0 || lseek(d->fd, end, SEEK_SET) < 0)
		return -errno;
	return write_header(d);
}

/* Only one process may load; the file may have been finished meanwhile. */
static int lock_part(struct digest_writer *d, struct error *e)
{
	if (flock(d->fd, LOCK_EX | LOCK_NB) == 0 && access(d->path, F_OK) != 0)
		return 0;
	return error_set(
		e, -EBUSY,
		"%s: another process is loading these contents; wait for it, then run again",
		d->contents->dir);
}

int digest_writer_open(struct digest_writer **out, const struct contents *c, uint64_t *next,
		       struct error *e)
{
	struct digest_writer *d = calloc(1, sizeof *d);
	if (d == NULL)
		return error_set(e, -ENOMEM, "out of memory");
	int err;
	d->contents = c;
	digests_path(d->path, sizeof d->path, c, "");
	digests_path(d->part, sizeof d->part, c, ".part");
	d->hash = XXH3_createState();
	if (d->hash == NULL) {
		err = error_set(e, -ENOMEM, "out of memory");
		goto free_writer;
	}
	XXH3_64bits_reset_withSeed(d->hash, c->fingerprint);
	d->fd = open(d->part, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (d->fd < 0) {
		err = file_error(e, -errno, "cannot write", d->part);
		goto free_hash;
	}
	err = lock_part(d, e);
	if (err != 0)
		goto close_file;
	err = resume(d);
	if (err != 0) {
		file_error(e, err, "cannot write", d->part);
		goto close_file;
	}
	*next = d->count;
	*out = d;
	return 0;
close_file:
	close(d->fd);
free_hash:
	XXH3_freeState(d->hash);
free_writer:
	free(d);
	return err;
}

static int flush(struct digest_writer *d, struct error *e)
{
	size_t nbytes = d->batch_count * sizeof(uint64_t), written = 0;

	while (written < nbytes) {
		ssize_t n = write(d->fd, (const char *)d->batch + written, nbytes - written);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return file_error(e, -errno, "cannot write", d->part);
		written += (size_t)n;
	}
	XXH3_64bits_update(d->hash, d->batch, nbytes);
	d->count += d->batch_count;
	d->batch_count = 0;
	int err = write_header(d); /* only now do they count */
	return err != 0 ? file_error(e, err, "cannot write", d->part) : 0;
}

int digest_writer_put(struct digest_writer *d, uint64_t digest, struct error *e)
{
	d->batch[d->batch_count++] = htole64(digest);
	return d->batch_count == BATCH ? flush(d, e) : 0;
}

static int finish(struct digest_writer *d, struct error *e)
{
	if (fsync(d->fd) != 0 || rename(d->part, d->path) != 0)
		return file_error(e, -errno, "cannot write", d->path);
	return 0;
}

int digest_writer_close(struct digest_writer *d, bool complete, struct error *e)
{
	int err = flush(d, e);
	if (err == 0 && complete)
		err = finish(d, e);
	close(d->fd);
	XXH3_freeState(d->hash);
	free(d);
	return err;
}

static bool digests_intact(const struct contents *c, const uint8_t *map, size_t nbytes)
{
	if (nbytes != sizeof(struct header) + c->items * sizeof(uint64_t))
		return false;
	struct header h = make_header(
		c, c->items,
		XXH3_64bits_withSeed(map + sizeof h, nbytes - sizeof h, c->fingerprint));
	return memcmp(&h, map, sizeof h) == 0;
}

int contents_map_digests(struct contents *c, struct error *e)
{
	char path[WORKLOAD_PATH_NBYTES + 64];
	struct stat st;
	int err = 0;

	if (c->digests != NULL || c->workload->contents_kind != CONTENTS_NOVEL ||
	    c->workload->verify == VERIFY_NONE)
		return 0;
	digests_path(path, sizeof path, c, "");
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return file_error(e, -errno, "cannot read the digests of the contents", path);
	void *map = MAP_FAILED;
	if (fstat(fd, &st) == 0 && st.st_size > 0)
		map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED || !digests_intact(c, map, (size_t)st.st_size)) {
		err = error_set(e, -EBADMSG, "%s: damaged; run gvr load, which makes it anew",
				path);
		if (map != MAP_FAILED)
			munmap(map, (size_t)st.st_size);
		return err;
	}
	c->digests = (const uint64_t *)((const uint8_t *)map + sizeof(struct header));
	c->digests_map_nbytes = (size_t)st.st_size;
	return 0;
}

bool contents_discard_damaged_digests(struct contents *c)
{
	char path[WORKLOAD_PATH_NBYTES + 64];

	if (c->workload->contents_kind != CONTENTS_NOVEL)
		return false;
	digests_path(path, sizeof path, c, "");
	return contents_map_digests(c, NULL) == -EBADMSG && unlink(path) == 0;
}

void contents_unmap_digests(struct contents *c)
{
	if (c->digests != NULL)
		munmap((uint8_t *)(uintptr_t)c->digests - sizeof(struct header),
		       c->digests_map_nbytes);
	c->digests = NULL;
}
