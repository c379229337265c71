/*
 * digests.c: the right answers of novel contents: one XXH3-64 per (content,
 * context), in item order, little-endian, after a header. Written to
 * "digests.part" while a load runs (what is there after a crash is a prefix),
 * renamed to "digests" with its checksum when complete.
 */
#include "bench/contents.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "bench/files.h"

#define BATCH 512u

struct header {
	char magic[8];
	uint64_t fingerprint; /* of the content set; little-endian, as all here */
	uint64_t count;
	uint64_t checksum; /* XXH3-64 of the digests, seeded with the fingerprint; 0 in a part */
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

static struct header make_header(const struct contents *c, uint64_t checksum)
{
	struct header h = {
		.fingerprint = htole64(c->fingerprint),
		.count = htole64(c->items),
		.checksum = htole64(checksum),
	};
	memcpy(h.magic, digests_magic, sizeof h.magic);
	return h;
}

/* Hashes the digests already in the part; what does not fit is cut off. */
static int resume(struct digest_writer *d)
{
	struct header want = make_header(d->contents, 0), have;
	struct stat st;

	if (fstat(d->fd, &st) != 0)
		return -errno;
	if (pread(d->fd, &have, sizeof have, 0) != (ssize_t)sizeof have ||
	    memcmp(&have, &want, sizeof want) != 0) {
		if (ftruncate(d->fd, 0) != 0 ||
		    pwrite(d->fd, &want, sizeof want, 0) != (ssize_t)sizeof want)
			return -errno;
		return lseek(d->fd, sizeof want, SEEK_SET) < 0 ? -errno : 0;
	}
	uint64_t left = ((uint64_t)st.st_size - sizeof have) / sizeof(uint64_t);
	if (left > d->contents->items)
		left = d->contents->items;
	while (left > 0) {
		size_t n = left < BATCH ? (size_t)left : BATCH;
		off_t at = (off_t)(sizeof have + d->count * sizeof(uint64_t));
		if (pread(d->fd, d->batch, n * sizeof(uint64_t), at) !=
		    (ssize_t)(n * sizeof(uint64_t)))
			return -EIO;
		XXH3_64bits_update(d->hash, d->batch, n * sizeof(uint64_t));
		d->count += n;
		left -= n;
	}
	off_t end = (off_t)(sizeof have + d->count * sizeof(uint64_t));
	if (ftruncate(d->fd, end) != 0 || lseek(d->fd, end, SEEK_SET) < 0)
		return -errno;
	return 0;
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
	err = resume(d);
	if (err != 0) {
		file_error(e, err, "cannot continue", d->part);
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
	return 0;
}

int digest_writer_put(struct digest_writer *d, uint64_t digest, struct error *e)
{
	d->batch[d->batch_count++] = htole64(digest);
	return d->batch_count == BATCH ? flush(d, e) : 0;
}

static int finish(struct digest_writer *d, struct error *e)
{
	struct header h = make_header(d->contents, XXH3_64bits_digest(d->hash));

	if (pwrite(d->fd, &h, sizeof h, 0) != (ssize_t)sizeof h || fsync(d->fd) != 0 ||
	    rename(d->part, d->path) != 0)
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
	struct header h = make_header(c, XXH3_64bits_withSeed(map + sizeof h, nbytes - sizeof h,
							       c->fingerprint));
	return memcmp(&h, map, sizeof h) == 0;
}

int contents_map_digests(struct contents *c, struct error *e)
{
	char path[WORKLOAD_PATH_NBYTES + 64];
	struct stat st;
	int err = 0;

	if (c->workload->contents_kind != CONTENTS_NOVEL || c->workload->verify == VERIFY_NONE)
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
		err = error_set(e, -EBADMSG, "%s: damaged; delete it and run gvr load again", path);
		if (map != MAP_FAILED)
			munmap(map, (size_t)st.st_size);
		return err;
	}
	c->digests = (const uint64_t *)((const uint8_t *)map + sizeof(struct header));
	c->digests_map_nbytes = (size_t)st.st_size;
	return 0;
}

void contents_unmap_digests(struct contents *c)
{
	if (c->digests != NULL)
		munmap((uint8_t *)(uintptr_t)c->digests - sizeof(struct header),
		       c->digests_map_nbytes);
	c->digests = NULL;
}
