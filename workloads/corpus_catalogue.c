/*
 * corpus_catalogue.c: what was read of a corpus, as a file. Little-endian:
 *
 *	magic "gvrcatlg", u32 version, u32 file count, u64 chunk bytes
 *	per file: u32 path length, path, u64 bytes, i64 mtime ns, u64 digest,
 *		and one u64 digest per document
 *	u32 count of the files that were left out because they change, per file:
 *		u32 path length, path, i64 mtime ns
 *	u64 XXH3-64 of all before
 *
 * Offsets and lengths of documents, and the side a file is on, follow.
 */
#include "workloads/corpus_internal.h"

#include "workloads/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define VERSION 2u
#define HEADER_NBYTES 24u
#define FILE_NBYTES_MIN 37u	/* a path of one byte, and one document */
#define CHANGING_NBYTES_MIN 13u /* a path of one byte */
static const char magic[8] = "gvrcatlg";

/* ---- bytes ---- */

static void put(uint8_t **at, uint64_t v, unsigned nbytes)
{
	for (unsigned i = 0; i < nbytes; i++)
		*(*at)++ = (uint8_t)(v >> (8 * i));
}

static uint64_t get(const uint8_t **at, unsigned nbytes)
{
	uint64_t v = 0;
	for (unsigned i = 0; i < nbytes; i++)
		v |= (uint64_t) * (*at)++ << (8 * i);
	return v;
}

/* ---- parse ---- */

struct reader {
	const uint8_t *at, *end;
};

static size_t left(const struct reader *r)
{
	return (size_t)(r->end - r->at);
}

/* files[*count], after the path before it. */
static int parse_path(struct corpus_file *files, uint32_t *count, struct reader *r)
{
	uint32_t nbytes = left(r) < 4 ? 0 : (uint32_t)get(&r->at, 4);
	if (nbytes == 0 || nbytes > left(r) || memchr(r->at, '\0', nbytes) != NULL)
		return -EBADMSG;
	char *path = strndup((const char *)r->at, nbytes);
	if (path == NULL)
		return -ENOMEM;
	r->at += nbytes;
	uint32_t index = (*count)++;
	files[index].path = path;
	return index > 0 && strcmp(files[index - 1].path, path) >= 0 ? -EBADMSG : 0;
}

static int parse_documents(struct corpus *c, struct reader *r, uint32_t file)
{
	uint64_t nbytes = c->files[file].nbytes;
	uint64_t pieces = corpus_pieces(nbytes, c->chunk_bytes);
	if (pieces > left(r) / 8 || (c->chunk_bytes == 0 && nbytes > CONTENT_NBYTES_MAX))
		return -EBADMSG;
	for (uint64_t k = 0; k < pieces; k++) {
		uint64_t offset = k * c->chunk_bytes, rest = nbytes - offset;
		uint64_t piece = k + 1 < pieces ? c->chunk_bytes : rest;
		int err = corpus_add_document(c, file, offset, (uint32_t)piece, get(&r->at, 8));
		if (err)
			return err;
	}
	return 0;
}

static int parse_file(struct corpus *c, struct reader *r)
{
	int err = parse_path(c->files, &c->file_count, r);
	if (err)
		return err;
	if (left(r) < 24)
		return -EBADMSG;
	uint32_t index = c->file_count - 1;
	struct corpus_file *f = &c->files[index];
	f->nbytes = get(&r->at, 8);
	f->mtime_ns = (int64_t)get(&r->at, 8);
	f->digest = get(&r->at, 8);
	return parse_documents(c, r, index);
}

static int parse_changing(struct corpus *c, struct reader *r)
{
	uint32_t count = left(r) < 4 ? UINT32_MAX : (uint32_t)get(&r->at, 4);
	if (count > left(r) / CHANGING_NBYTES_MIN)
		return -EBADMSG;
	c->changing = calloc((size_t)count + 1, sizeof *c->changing);
	if (c->changing == NULL)
		return -ENOMEM;
	while (c->changing_count < count) {
		int err = parse_path(c->changing, &c->changing_count, r);
		if (err == 0 && left(r) < 8)
			err = -EBADMSG;
		if (err)
			return err;
		c->changing[c->changing_count - 1].mtime_ns = (int64_t)get(&r->at, 8);
	}
	return 0;
}

int corpus_catalogue_parse(struct corpus *c, const uint8_t *bytes, size_t nbytes)
{
	if (nbytes < HEADER_NBYTES + 8 || memcmp(bytes, magic, sizeof magic) != 0)
		return -EBADMSG;
	struct reader r = {bytes + sizeof magic, bytes + nbytes - 8};
	const uint8_t *checksum = r.end;
	if (get(&checksum, 8) != XXH3_64bits(bytes, nbytes - 8) || get(&r.at, 4) != VERSION)
		return -EBADMSG;
	uint32_t file_count = (uint32_t)get(&r.at, 4);
	c->chunk_bytes = get(&r.at, 8);
	if (c->chunk_bytes > CONTENT_NBYTES_MAX || file_count == 0 ||
	    file_count > left(&r) / FILE_NBYTES_MIN)
		return -EBADMSG;
	c->files = calloc(file_count, sizeof *c->files);
	if (c->files == NULL)
		return -ENOMEM;
	while (c->file_count < file_count) {
		int err = parse_file(c, &r);
		if (err)
			return err;
	}
	int err = parse_changing(c, &r);
	return err == 0 && left(&r) > 0 ? -EBADMSG : err;
}

/* ---- format ---- */

static void put_path(uint8_t **at, const char *path)
{
	size_t nbytes = strlen(path);
	put(at, nbytes, 4);
	memcpy(*at, path, nbytes);
	*at += nbytes;
}

static void put_files(uint8_t **at, const struct corpus *c)
{
	uint32_t document = 0;
	for (uint32_t i = 0; i < c->file_count; i++) {
		const struct corpus_file *f = &c->files[i];
		put_path(at, f->path);
		put(at, f->nbytes, 8);
		put(at, (uint64_t)f->mtime_ns, 8);
		put(at, f->digest, 8);
		for (; document < c->document_count && c->documents[document].file == i; document++)
			put(at, c->documents[document].digest, 8);
	}
}

static void put_changing(uint8_t **at, const struct corpus *c)
{
	put(at, c->changing_count, 4);
	for (uint32_t i = 0; i < c->changing_count; i++) {
		put_path(at, c->changing[i].path);
		put(at, (uint64_t)c->changing[i].mtime_ns, 8);
	}
}

int corpus_catalogue_format(const struct corpus *c, uint8_t **bytes, size_t *nbytes)
{
	size_t size = HEADER_NBYTES + 4 + 8 + (size_t)c->document_count * 8;
	for (uint32_t i = 0; i < c->file_count; i++)
		size += 28 + strlen(c->files[i].path);
	for (uint32_t i = 0; i < c->changing_count; i++)
		size += 12 + strlen(c->changing[i].path);
	uint8_t *start = malloc(size), *at = start;
	if (start == NULL)
		return -ENOMEM;
	memcpy(at, magic, sizeof magic);
	at += sizeof magic;
	put(&at, VERSION, 4);
	put(&at, c->file_count, 4);
	put(&at, c->chunk_bytes, 8);
	put_files(&at, c);
	put_changing(&at, c);
	put(&at, XXH3_64bits(start, size - 8), 8);
	*bytes = start;
	*nbytes = size;
	return 0;
}

/* ---- files ---- */

int corpus_catalogue_read(struct corpus *c, const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	struct stat st;
	int err = fstat(fd, &st) != 0 ? -errno : 0;
	if (!err && (!S_ISREG(st.st_mode) || st.st_size < (off_t)HEADER_NBYTES))
		err = -EBADMSG;
	uint8_t *bytes = err ? NULL : malloc((size_t)st.st_size);
	if (!err && bytes == NULL)
		err = -ENOMEM;
	ssize_t nbytes = err ? err : file_read_up_to(fd, bytes, (size_t)st.st_size);
	close(fd);
	/* a shorter one than it was has no right checksum */
	err = nbytes < 0 ? (int)nbytes : corpus_catalogue_parse(c, bytes, (size_t)nbytes);
	free(bytes);
	return err;
}

int corpus_catalogue_write(const struct corpus *c, const char *path, struct error *e)
{
	struct file_part part;
	uint8_t *bytes;
	int err = corpus_catalogue_format(c, &bytes, &part.nbytes);
	if (err)
		return error_set(e, err, "%s: cannot make the catalogue of %s: %s", path, c->dir,
				 strerror(-err));
	part.bytes = bytes;
	err = file_write(path, &part, 1, e);
	free(bytes);
	return err;
}
