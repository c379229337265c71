/* segments.c: append-only files of values: written through one aligned buffer,
 * read with one read each. */
#include "engines/store/segments.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "engines/store/direct.h"
#include "engines/store/store_dir.h"

#define FORMAT_VERSION 1
#define BLOCK_NBYTES 4096u
#define PADDING_NBYTES_MAX 256u

#define HEADER_MAGIC "gvrsegm\n"
#define SEAL_MAGIC "gvrseal\n"

/* Large enough for the device to be at its fastest; small enough to stay in
 * the processor's cache between being filled and being written. */
#define BUFFER_NBYTES ((size_t)1 << 20)

/* ---- places ---- */

static size_t leb128_write(uint64_t x, uint8_t *out)
{
	size_t n = 0;
	for (; x >= 128; x >>= 7)
		out[n++] = (uint8_t)(x | 128);
	out[n++] = (uint8_t)x;
	return n;
}

/* Advances *at. False: it does not end, or is too large for 64 bits. */
static bool leb128_read(const uint8_t **at, const uint8_t *end, uint64_t *x)
{
	*x = 0;
	for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
		uint8_t byte = *(*at)++;
		if (shift == 63 && byte > 1)
			return false;
		*x |= (uint64_t)(byte & 127) << shift;
		if (byte < 128)
			return true;
	}
	return false;
}

size_t segment_place_write(const struct segment_place *p, uint8_t out[SEGMENT_PLACE_NBYTES_MAX])
{
	uint64_t digest = htole64(p->digest);
	size_t n = leb128_write(p->segment, out);
	n += leb128_write(p->offset, out + n);
	n += leb128_write(p->nbytes, out + n);
	memcpy(out + n, &digest, sizeof digest);
	n += sizeof digest;
	memcpy(out + n, p->head, p->head_nbytes);
	return n + p->head_nbytes;
}

int segment_place_read(struct segment_place *p, const uint8_t *bytes, size_t nbytes)
{
	const uint8_t *at = bytes, *end = bytes + nbytes;
	uint64_t segment, offset, value_nbytes, digest;
	if (!leb128_read(&at, end, &segment) || !leb128_read(&at, end, &offset) ||
	    !leb128_read(&at, end, &value_nbytes))
		return -EBADMSG;
	if (segment > UINT32_MAX || offset > INT64_MAX - BLOCK_NBYTES || value_nbytes > UINT32_MAX)
		return -EBADMSG;
	if ((size_t)(end - at) < sizeof digest ||
	    (size_t)(end - at) > sizeof digest + STORE_HEAD_NBYTES_MAX)
		return -EBADMSG;
	memcpy(&digest, at, sizeof digest);
	at += sizeof digest;
	p->segment = (uint32_t)segment;
	p->offset = offset;
	p->nbytes = (uint32_t)value_nbytes;
	p->digest = le64toh(digest);
	p->head_nbytes = (size_t)(end - at);
	memcpy(p->head, at, p->head_nbytes);
	return 0;
}

/* ---- header and seal ---- */

struct block {
	char magic[8];
	uint32_t format, number;
	uint64_t end;	   /* seal: of the values */
	uint64_t digest;   /* seal: of all bytes before it */
	uint64_t checksum; /* of the members above */
};

static void make_block(uint8_t out[BLOCK_NBYTES], const char *magic, uint32_t number, uint64_t end,
		       uint64_t digest)
{
	struct block b = {.format = htole32(FORMAT_VERSION),
			  .number = htole32(number),
			  .end = htole64(end),
			  .digest = htole64(digest)};
	memcpy(b.magic, magic, sizeof b.magic);
	b.checksum = htole64(XXH3_64bits(&b, offsetof(struct block, checksum)));
	memset(out, 0, BLOCK_NBYTES);
	memcpy(out, &b, sizeof b);
}

static bool is_block(const uint8_t *bytes, const char *magic, uint32_t number)
{
	struct block b;
	memcpy(&b, bytes, sizeof b);
	return memcmp(b.magic, magic, sizeof b.magic) == 0 &&
	       b.checksum == htole64(XXH3_64bits(&b, offsetof(struct block, checksum))) &&
	       le32toh(b.format) == FORMAT_VERSION && le32toh(b.number) == number;
}

struct segment {
	int fd;
	uint64_t end; /* of the values */
};

/* Sets the segment's end from its seal, once that and the header are right. */
static int check_segment(struct segment *g, uint32_t number, size_t alignment)
{
	_Alignas(BLOCK_NBYTES) uint8_t scratch[BLOCK_NBYTES];
	const uint8_t *block;
	struct stat st;
	struct block seal;
	ssize_t got = ring_read_lent(g->fd, alignment, scratch, BLOCK_NBYTES, 0, &block);
	if (got < 0 || fstat(g->fd, &st) != 0)
		return got < 0 ? (int)got : -errno;
	if (got != BLOCK_NBYTES || !is_block(block, HEADER_MAGIC, number) ||
	    st.st_size % BLOCK_NBYTES != 0)
		return -EBADMSG;
	got = ring_read_lent(g->fd, alignment, scratch, BLOCK_NBYTES, st.st_size - BLOCK_NBYTES,
			     &block);
	if (got < 0)
		return (int)got;
	if (got != BLOCK_NBYTES || !is_block(block, SEAL_MAGIC, number))
		return -EBADMSG;
	memcpy(&seal, block, sizeof seal);
	g->end = le64toh(seal.end);
	return g->end <= (uint64_t)st.st_size - BLOCK_NBYTES ? 0 : -EBADMSG;
}

static void segment_path(char path[STORE_PATH_NBYTES], const char *dir, uint32_t number)
{
	snprintf(path, STORE_PATH_NBYTES, "%s/db/%06" PRIu32 STORE_SEGMENT_END, dir, number);
}

static int segment_error(struct error *e, int err, const char *dir, uint32_t number,
			 const char *what)
{
	char path[STORE_PATH_NBYTES];
	segment_path(path, dir, number);
	if (err == -EBADMSG)
		return store_dir_damaged(e, err, path, dir, "");
	return error_set(e, err, "%s: cannot %s: %s%s", path, what, strerror(-err),
			 store_dir_remedy(err));
}

/* ---- filling ---- */

struct segments_writer {
	char dir[STORE_PATH_NBYTES - 64];
	bool direct;
	uint64_t max_nbytes;
	int fd; /* -1: no segment is open */
	uint32_t number;
	uint8_t *buffer; /* what follows `written` */
	size_t buffered_nbytes;
	uint64_t written;	 /* to the file; a multiple of BLOCK_NBYTES */
	uint64_t unsynced_bytes; /* written since the last sync, to any segment */
	XXH3_state_t *digest;	 /* of all bytes up to `written` */
};

static int writer_error(const struct segments_writer *w, struct error *e, int err, const char *what)
{
	return segment_error(e, err, w->dir, w->number, what);
}

/* Writes what is buffered, filled up with zeros to a whole block. */
static int write_buffer(struct segments_writer *w, struct error *e)
{
	size_t nbytes = (w->buffered_nbytes + BLOCK_NBYTES - 1) / BLOCK_NBYTES * BLOCK_NBYTES;
	memset(w->buffer + w->buffered_nbytes, 0, nbytes - w->buffered_nbytes);
	int err = store_dir_write_at(w->fd, w->buffer, nbytes, w->written);
	if (err != 0)
		return writer_error(w, e, err, "write it");
	XXH3_64bits_update(w->digest, w->buffer, nbytes);
	w->written += nbytes;
	w->unsynced_bytes += nbytes;
	w->buffered_nbytes = 0;
	return 0;
}

/* bytes NULL: zeros. */
static int append(struct segments_writer *w, const uint8_t *bytes, size_t nbytes, struct error *e)
{
	while (nbytes > 0) {
		size_t n = BUFFER_NBYTES - w->buffered_nbytes;
		if (n > nbytes)
			n = nbytes;
		if (bytes != NULL)
			memcpy(w->buffer + w->buffered_nbytes, bytes, n);
		else
			memset(w->buffer + w->buffered_nbytes, 0, n);
		w->buffered_nbytes += n;
		nbytes -= n;
		if (bytes != NULL)
			bytes += n;
		int err = w->buffered_nbytes == BUFFER_NBYTES ? write_buffer(w, e) : 0;
		if (err != 0)
			return err;
	}
	return 0;
}

static uint64_t end_of(const struct segments_writer *w)
{
	return w->written + w->buffered_nbytes;
}

static int open_segment(struct segments_writer *w, int flags)
{
	char path[STORE_PATH_NBYTES];
	segment_path(path, w->dir, w->number);
	w->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (w->direct ? O_DIRECT : 0) | flags,
		     0666);
	return w->fd < 0 ? -errno : 0;
}

static int begin_segment(struct segments_writer *w, struct error *e)
{
	int err = open_segment(w, O_CREAT | O_TRUNC);
	if (err != 0)
		return writer_error(w, e, err, "create it");
	err = store_dir_sync_names(w->dir, e);
	if (err != 0)
		return err;
	w->written = 0;
	XXH3_64bits_reset(w->digest);
	make_block(w->buffer, HEADER_MAGIC, w->number, 0, 0);
	w->buffered_nbytes = BLOCK_NBYTES;
	return 0;
}

static int sync_segment(struct segments_writer *w, struct error *e)
{
	int err = write_buffer(w, e);
	if (err == 0 && fdatasync(w->fd) != 0)
		err = writer_error(w, e, -errno, "write it");
	return err;
}

static int seal_segment(struct segments_writer *w, struct error *e)
{
	uint64_t end = end_of(w);
	int err = write_buffer(w, e);
	if (err != 0)
		return err;
	make_block(w->buffer, SEAL_MAGIC, w->number, end, XXH3_64bits_digest(w->digest));
	w->buffered_nbytes = BLOCK_NBYTES;
	err = sync_segment(w, e);
	close(w->fd);
	w->fd = -1;
	return err;
}

/* Makes sure that nbytes fit the segment. They begin at the next block of the
 * device if they would else touch one more than they need and that is near. */
static int make_room(struct segments_writer *w, size_t nbytes, struct error *e)
{
	int err = 0;
	if (w->fd >= 0 && end_of(w) > BLOCK_NBYTES &&
	    end_of(w) + nbytes + 2 * BLOCK_NBYTES > w->max_nbytes) {
		err = seal_segment(w, e);
		w->number++;
	}
	if (err == 0 && w->fd < 0)
		err = begin_segment(w, e);
	if (err != 0)
		return err;
	size_t in_block = end_of(w) % BLOCK_NBYTES, left = BLOCK_NBYTES - in_block;
	size_t needed = (nbytes + BLOCK_NBYTES - 1) / BLOCK_NBYTES;
	size_t touched = (in_block + nbytes + BLOCK_NBYTES - 1) / BLOCK_NBYTES;
	return touched > needed && left <= PADDING_NBYTES_MAX ? append(w, NULL, left, e) : 0;
}

int segments_append(struct segments_writer *w, const void *bytes, size_t nbytes,
		    struct segment_place *p, struct error *e)
{
	int err = make_room(w, nbytes, e);
	if (err != 0)
		return err;
	p->segment = w->number;
	p->offset = end_of(w);
	p->nbytes = (uint32_t)nbytes;
	p->digest = XXH3_64bits(bytes, nbytes);
	return append(w, bytes, nbytes, e);
}

static void report(struct segments_writer *w, struct store_counts *c)
{
	c->segment_number = w->number;
	c->segment_end_bytes = w->fd >= 0 ? end_of(w) : 0;
	c->written_bytes += w->unsynced_bytes;
	w->unsynced_bytes = 0;
}

int segments_sync(struct segments_writer *w, struct store_counts *c, struct error *e)
{
	int err = w->fd >= 0 ? sync_segment(w, e) : 0;
	if (err == 0)
		report(w, c);
	return err;
}

int segments_seal(struct segments_writer *w, struct store_counts *c, struct error *e)
{
	int err = w->fd < 0 ? begin_segment(w, e) : 0; /* of no values at all */
	if (err == 0)
		err = seal_segment(w, e);
	if (err == 0)
		report(w, c);
	return err;
}

/* Digests what the open segment holds up to `end`, which it must hold. */
static int take_up_segment(struct segments_writer *w, uint64_t end)
{
	while (w->written < end) {
		size_t nbytes = end - w->written < BUFFER_NBYTES ? (size_t)(end - w->written)
								 : BUFFER_NBYTES;
		ssize_t got = ring_pread(w->fd, w->buffer, nbytes, (off_t)w->written);
		if (got < 0)
			return (int)got;
		if ((size_t)got != nbytes ||
		    (w->written == 0 && !is_block(w->buffer, HEADER_MAGIC, w->number)))
			return -EBADMSG;
		XXH3_64bits_update(w->digest, w->buffer, nbytes);
		w->written += nbytes;
	}
	return ftruncate(w->fd, (off_t)end) != 0 ? -errno : 0;
}

/* Those before the open one are sealed. */
static int check_sealed(const struct segments_writer *w)
{
	char path[STORE_PATH_NBYTES];
	int err = 0;
	for (uint32_t number = 0; err == 0 && number < w->number; number++) {
		segment_path(path, w->dir, number);
		struct segment g = {.fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
		if (g.fd < 0)
			return errno == ENOENT ? -EBADMSG : -errno;
		err = check_segment(&g, number, 1);
		close(g.fd);
	}
	return err;
}

/* Removes segments from `number` on. */
static int remove_from(const struct segments_writer *w, uint32_t number)
{
	char path[STORE_PATH_NBYTES];
	for (;; number++) {
		segment_path(path, w->dir, number);
		if (unlink(path) != 0)
			return errno == ENOENT ? 0 : -errno;
	}
}

static int take_up(struct segments_writer *w, uint64_t end, struct error *e)
{
	int err = remove_from(w, end > 0 ? w->number + 1 : w->number);
	if (err != 0 || end == 0)
		return err == 0 ? 0 : writer_error(w, e, err, "remove it or one after it");
	err = end % BLOCK_NBYTES != 0 ? -EBADMSG : check_sealed(w);
	if (err == 0)
		err = open_segment(w, 0);
	if (err == -ENOENT)
		err = -EBADMSG;
	if (err == 0)
		err = take_up_segment(w, end);
	return err == 0 ? 0 : writer_error(w, e, err, "go on with it");
}

int segments_writer_open(struct segments_writer **out, const char *dir, bool direct,
			 uint64_t max_nbytes, uint32_t number, uint64_t end, struct error *e)
{
	struct segments_writer *w = calloc(1, sizeof *w);
	if (w == NULL)
		return error_set(e, -ENOMEM, "%s: out of memory", dir);
	strcpy(w->dir, dir);
	w->direct = direct;
	w->max_nbytes = max_nbytes;
	w->number = number;
	w->fd = -1;
	w->digest = XXH3_createState();
	int err = 0;
	if (w->digest == NULL || posix_memalign((void **)&w->buffer, BLOCK_NBYTES, BUFFER_NBYTES))
		err = error_set(e, -ENOMEM, "%s: out of memory", dir);
	if (err == 0) {
		XXH3_64bits_reset(w->digest);
		err = take_up(w, end, e);
	}
	if (err != 0) {
		segments_writer_close(w);
		return err;
	}
	*out = w;
	return 0;
}

void segments_writer_close(struct segments_writer *w)
{
	if (w == NULL)
		return;
	if (w->fd >= 0)
		close(w->fd);
	XXH3_freeState(w->digest);
	free(w->buffer);
	free(w);
}

/* ---- reading ---- */

struct segments {
	uint32_t count;
	size_t alignment; /* of reads; 1: without O_DIRECT */
	struct segment segments[];
};

static int open_one(struct segments *s, const char *dir, struct error *e)
{
	bool direct = s->alignment > 1;
	char path[STORE_PATH_NBYTES];
	uint32_t number = s->count;
	struct segment *g = &s->segments[number];
	segment_path(path, dir, number);
	g->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | (direct ? O_DIRECT : 0));
	if (g->fd < 0)
		return segment_error(e, errno == ENOENT ? -EBADMSG : -errno, dir, number,
				     "open it");
	s->count++;
	int err = check_segment(g, number, s->alignment);
	if (err != 0)
		return segment_error(e, err, dir, number, "read it");
	if (!direct) /* single values, far apart: reading ahead is waste */
		posix_fadvise(g->fd, 0, 0, POSIX_FADV_RANDOM);
	return 0;
}

int segments_open(struct segments **out, const char *dir, size_t alignment, uint32_t last,
		  struct error *e)
{
	char path[STORE_PATH_NBYTES];
	segment_path(path, dir, last);
	if (access(path, F_OK) != 0)
		return segment_error(e, errno == ENOENT ? -EBADMSG : -errno, dir, last, "open it");
	struct segments *s = calloc(1, sizeof *s + ((size_t)last + 1) * sizeof s->segments[0]);
	int err = s == NULL ? error_set(e, -ENOMEM, "%s: out of memory", dir) : 0;
	if (err == 0)
		s->alignment = alignment;
	for (uint32_t i = 0; err == 0 && i <= last; i++)
		err = open_one(s, dir, e);
	if (err != 0) {
		segments_close(s);
		return err;
	}
	*out = s;
	return 0;
}

void segments_close(struct segments *s)
{
	if (s == NULL)
		return;
	while (s->count > 0)
		close(s->segments[--s->count].fd);
	free(s);
}

int segments_get(const struct segments *s, const struct segment_place *p,
		 const struct ring_buffer *b, struct store_value *value)
{
	if (p->segment >= s->count || p->offset + p->nbytes > s->segments[p->segment].end)
		return -EBADMSG;
	uint64_t mask = s->alignment - 1, begin = p->offset & ~mask;
	size_t nbytes = (size_t)(((p->offset + p->nbytes + mask) & ~mask) - begin);
	size_t lead = direct_buffer_alignment(s->alignment); /* room for the head */
	if (lead + nbytes > b->nbytes)
		return -EBADMSG; /* longer than any value of this store */
	uint8_t *bytes = b->bytes + lead + (p->offset - begin);
	if (p->nbytes > 0) {
		ssize_t got = ring_pread(s->segments[p->segment].fd, b->bytes + lead, nbytes,
					 (off_t)begin);
		if (got < 0)
			return (int)got;
		if ((uint64_t)got < p->offset + p->nbytes - begin)
			return -EBADMSG; /* the file was cut while it was served */
	}
	if (XXH3_64bits(bytes, p->nbytes) != p->digest)
		return -EBADMSG;
	memcpy(bytes - p->head_nbytes, p->head, p->head_nbytes);
	value->bytes = bytes - p->head_nbytes;
	value->nbytes = p->head_nbytes + p->nbytes;
	value->pin = NULL;
	return 0;
}
