/* store.c: the life of a store: filled item by item, committed at intervals,
 * opened to be read. */
#include "engines/store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engines/store/direct.h"
#include "engines/store/places.h"
#include "engines/store/segments.h"
#include "engines/store/sst.h"
#include "engines/store/store_dir.h"

/* A load that is killed loses at most this much. */
#define COMMIT_INTERVAL_NBYTES ((uint64_t)128 << 20)
#define COMMIT_INTERVAL_S 20

/* ---- keys ---- */

static void put_big_endian(uint8_t *p, uint64_t x, unsigned nbytes)
{
	while (nbytes-- > 0) {
		p[nbytes] = (uint8_t)x;
		x >>= 8;
	}
}

static uint64_t get_big_endian(const uint8_t *p, unsigned nbytes)
{
	uint64_t x = 0;
	for (unsigned i = 0; i < nbytes; i++)
		x = x << 8 | p[i];
	return x;
}

static void make_key(uint8_t key[SST_KEY_NBYTES], uint64_t content, uint32_t context)
{
	put_big_endian(key, content, 8);
	put_big_endian(key + 8, context, 4);
}

/* ---- filling ---- */

struct store_writer {
	char dir[STORE_PATH_NBYTES - 64];
	struct store_format format;
	bool direct;
	int lock_fd;
	uint32_t contexts;
	bool was_complete; /* nothing to do: all stays closed */
	struct sst_writer *sst;
	struct segments_writer *segments; /* layout segments */
	struct store_counts counts;	  /* of all that was put, by this load or before */
	struct store_counts committed;	  /* of what is durable */
	uint64_t uncommitted_bytes;
	int64_t committed_s; /* time of the last commit */
};

static int64_t now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* How many items the last key stands for; 0: there is none. */
static uint64_t items_in(const struct store_writer *w)
{
	uint8_t key[SST_KEY_NBYTES];
	if (!sst_last_key(w->sst, key))
		return 0;
	return get_big_endian(key, 8) * w->contexts + get_big_endian(key + 8, 4) + 1;
}

static void close_files(struct store_writer *w)
{
	sst_writer_close(w->sst);
	segments_writer_close(w->segments);
	w->sst = NULL;
	w->segments = NULL;
}

static int open_segments(struct store_writer *w, struct error *e)
{
	if (w->format.layout != STORE_SEGMENTS)
		return 0;
	return segments_writer_open(&w->segments, w->dir, w->direct, SEGMENT_NBYTES_MAX,
				    (uint32_t)w->counts.segment_number, w->counts.segment_end_bytes,
				    e);
}

/* Goes on where an interrupted load stopped: before or after the commit that
 * it was about to make. -EBADMSG: it left nothing that can be gone on from. */
static int resume(struct store_writer *w, struct error *e)
{
	struct store_counts before, after;
	int err = store_dir_check_files(w->dir);
	if (err == 0)
		err = store_dir_read_progress(w->dir, &before, &after, e);
	if (err == 0)
		err = sst_writer_open(&w->sst, w->dir, &w->format, w->direct, e);
	if (err != 0)
		return err == -ENOENT || err == -ESTALE ? -EBADMSG : err;
	uint64_t items = items_in(w);
	if (items != before.items && items != after.items)
		err = -EBADMSG;
	w->counts = items == after.items ? after : before;
	if (err == 0)
		err = open_segments(w, e);
	if (err != 0)
		close_files(w);
	return err;
}

static int start_anew(struct store_writer *w, const char *identity, struct error *e)
{
	memset(&w->counts, 0, sizeof w->counts);
	int err = store_dir_empty(w->dir, e);
	if (err == 0)
		err = sst_writer_open(&w->sst, w->dir, &w->format, w->direct, e);
	if (err == 0)
		err = open_segments(w, e);
	if (err == 0)
		err = store_dir_write_progress(w->dir, &w->counts, &w->counts, e);
	if (err == 0)
		err = store_dir_write_identity(w->dir, identity, e);
	return err;
}

/* Complete, begun or neither: brings the locked store to where put goes on.
 * Only what is damaged, or another's, is filled anew. */
static int take_up(struct store_writer *w, const char *identity, const char **discarded,
		   struct error *e)
{
	int err = store_dir_judge(w->dir, identity, &w->counts, discarded, e);
	if (err == 0) {
		w->was_complete = true;
		return 0;
	}
	if (err == -ENOENT) {
		err = resume(w, e);
		if (err == -EBADMSG)
			*discarded = "had been loaded in part, and was damaged";
	}
	return err == -ESTALE || err == -EBADMSG ? start_anew(w, identity, e) : err;
}

static void free_writer(struct store_writer *w)
{
	close_files(w);
	close(w->lock_fd);
	free(w);
}

/* Blocks of the formats are what is written; where that is too small for
 * O_DIRECT, by way of the page cache. */
static bool can_write_direct(const char *dir)
{
	size_t alignment;
	return store_dir_alignment(&alignment, dir, NULL) == 0 && alignment <= DIRECT_BLOCK_NBYTES;
}

int store_writer_open(struct store_writer **out, const char *dir, const char *identity,
		      const struct store_format *format, bool direct, uint32_t contexts,
		      uint64_t *next, const char **discarded, struct error *e)
{
	*discarded = NULL;
	struct store_writer *w = calloc(1, sizeof *w);
	if (w == NULL)
		return error_set(e, -ENOMEM, "%s: out of memory", dir);
	if (strlen(dir) >= sizeof w->dir) {
		free(w);
		return error_set(e, -ENAMETOOLONG, "%s: the path is too long", dir);
	}
	strcpy(w->dir, dir);
	w->format = *format;
	w->contexts = contexts;
	int err = store_dir_lock_exclusive(&w->lock_fd, dir, e);
	if (err != 0) {
		free(w);
		return err;
	}
	w->direct = direct && can_write_direct(dir);
	err = take_up(w, identity, discarded, e);
	if (err != 0) {
		free_writer(w);
		return err;
	}
	w->committed = w->counts;
	w->committed_s = now_s();
	*next = w->counts.items;
	*out = w;
	return 0;
}

/*
 * Makes what was put durable, then visible. PROGRESS is written in between and
 * tells of the state before and after: which of the two holds is seen from the
 * last key.
 */
static int commit(struct store_writer *w, struct error *e)
{
	uint64_t table_bytes;
	int err = w->segments != NULL ? segments_sync(w->segments, &w->counts, e) : 0;
	if (err == 0)
		err = sst_finish_table(w->sst, &table_bytes, e);
	if (err != 0)
		return err;
	w->counts.written_bytes += table_bytes;
	err = store_dir_write_progress(w->dir, &w->committed, &w->counts, e);
	if (err == 0)
		err = sst_commit(w->sst, e);
	if (err != 0)
		return err;
	w->committed = w->counts;
	w->uncommitted_bytes = 0;
	w->committed_s = now_s();
	return 0;
}

static int add(struct store_writer *w, const uint8_t key[SST_KEY_NBYTES], const uint8_t *value,
	       size_t nbytes, size_t head_nbytes, struct error *e)
{
	struct segment_place place;
	uint8_t bytes[SEGMENT_PLACE_NBYTES_MAX];
	if (w->segments == NULL)
		return sst_add(w->sst, key, value, nbytes, e);
	int err =
		segments_append(w->segments, value + head_nbytes, nbytes - head_nbytes, &place, e);
	if (err != 0)
		return err;
	memcpy(place.head, value, head_nbytes);
	place.head_nbytes = head_nbytes;
	return sst_add(w->sst, key, bytes, segment_place_write(&place, bytes), e);
}

int store_put(struct store_writer *w, uint64_t content, uint32_t context, const void *value,
	      size_t value_nbytes, size_t head_nbytes, uint64_t content_nbytes, struct error *e)
{
	uint8_t key[SST_KEY_NBYTES];
	if (w->was_complete || content * w->contexts + context != w->counts.items)
		return error_set(e, -EINVAL,
				 "%s: content %llu, context %u is not the next to store", w->dir,
				 (unsigned long long)content, context);
	make_key(key, content, context);
	int err = add(w, key, value, value_nbytes, head_nbytes, e);
	if (err != 0)
		return err;
	w->counts.items++;
	w->counts.payload_bytes += value_nbytes;
	w->counts.content_bytes += content_nbytes;
	w->uncommitted_bytes += value_nbytes + SST_KEY_NBYTES;
	if (w->uncommitted_bytes < COMMIT_INTERVAL_NBYTES &&
	    (w->counts.items % 64 != 0 || now_s() - w->committed_s < COMMIT_INTERVAL_S))
		return 0;
	return commit(w, e);
}

static int finish(struct store_writer *w, struct error *e)
{
	int err = commit(w, e);
	if (err == 0 && w->segments != NULL)
		err = segments_seal(w->segments, &w->counts, e);
	close_files(w);
	bool places = w->format.layout == STORE_SEGMENTS;
	return err == 0 ? store_dir_write_complete(w->dir, &w->counts, places, e) : err;
}

int store_writer_close(struct store_writer *w, bool complete, struct error *e)
{
	int err = 0;
	if (!w->was_complete)
		err = complete ? finish(w, e) : commit(w, e);
	free_writer(w);
	return err;
}

bool store_is_complete(const char *dir, const char *identity)
{
	struct store_counts counts;
	return store_dir_check_identity(dir, identity) == 0 &&
	       store_dir_read_complete(dir, &counts, NULL) == 0;
}

/* ---- serving ---- */

struct store {
	char dir[STORE_PATH_NBYTES - 64];
	int lock_fd;
	uint32_t contexts;
	bool lends;	       /* values are read into the caller's buffer */
	size_t alignment;      /* of reads with O_DIRECT; 1: without */
	struct sst *sst;       /* layout sst, and while places are read */
	struct places *places; /* layout segments */
	struct segments *segments;
	struct store_counts counts;
};

/* Keys are those of all items, one after the other. */
static int see_place(void *arg, const uint8_t *key, const uint8_t *value, size_t nbytes)
{
	struct store *s = arg;
	uint8_t expected[SST_KEY_NBYTES];
	uint64_t item = places_count(s->places);
	make_key(expected, item / s->contexts, (uint32_t)(item % s->contexts));
	return memcmp(key, expected, sizeof expected) != 0 ? -EBADMSG
							   : places_add(s->places, value, nbytes);
}

/* Takes the places over from RocksDB, whose point lookup costs as much as the
 * read that follows it. */
static int read_places(struct store *s, struct error *e)
{
	int err = places_create(&s->places, s->counts.items, e);
	if (err == 0)
		err = sst_each(s->sst, see_place, s, e);
	if (err == 0 && places_count(s->places) != s->counts.items)
		err = error_set(e, -EBADMSG,
				"%s/db: damaged; run: gvr load, which makes the store anew",
				s->dir);
	sst_close(s->sst);
	s->sst = NULL;
	return err;
}

static int open_files(struct store *s, const char *identity, const struct store_options *o,
		      struct error *e)
{
	int err = store_dir_check_whole(s->dir, identity, &s->counts, e);
	if (err == 0 && o->direct)
		err = store_dir_alignment(&s->alignment, s->dir, e);
	if (err == 0)
		err = sst_open(&s->sst, s->dir, o->direct, o->cache_bytes, e);
	if (err != 0 || o->layout == STORE_SST)
		return err;
	err = read_places(s, e);
	if (err == 0)
		err = segments_open(&s->segments, s->dir, s->alignment,
				    (uint32_t)s->counts.segment_number, e);
	return err;
}

int store_open(struct store **out, const char *dir, const char *identity,
	       const struct store_options *options, struct error *e)
{
	struct store *s = calloc(1, sizeof *s);
	if (s == NULL)
		return error_set(e, -ENOMEM, "%s: out of memory", dir);
	if (strlen(dir) >= sizeof s->dir) {
		free(s);
		return error_set(e, -ENAMETOOLONG, "%s: the path is too long", dir);
	}
	strcpy(s->dir, dir);
	s->contexts = options->contexts;
	s->alignment = 1;
	s->lends = options->layout == STORE_SST && options->cache_bytes == 0;
	int err = store_dir_lock_shared(&s->lock_fd, dir, e);
	if (err != 0) {
		free(s);
		return err;
	}
	err = open_files(s, identity, options, e);
	if (err != 0) {
		store_close(s);
		return err;
	}
	*out = s;
	return 0;
}

void store_close(struct store *s)
{
	if (s == NULL)
		return;
	sst_close(s->sst);
	places_destroy(s->places);
	segments_close(s->segments);
	close(s->lock_fd);
	free(s);
}

size_t store_alignment(const struct store *s)
{
	return s->alignment;
}

/* A block holds a value, what came before it there, and both keys; a segment's
 * read begins one unit into the buffer. */
size_t store_buffer_nbytes(size_t alignment, size_t block_nbytes, size_t value_nbytes_max)
{
	size_t unit = direct_buffer_alignment(alignment);
	return (value_nbytes_max + block_nbytes + 3 * unit) / unit * unit;
}

static int get_from_segment(struct store *s, uint64_t content, uint32_t context,
			    const struct ring_buffer *b, struct store_value *value)
{
	struct segment_place place;
	if (context >= s->contexts || content > UINT64_MAX / s->contexts - 1)
		return -ENOENT;
	int err = places_find(s->places, content * s->contexts + context, &place);
	return err == 0 ? segments_get(s->segments, &place, b, value) : err;
}

static int get_from_table(struct store *s, uint64_t content, uint32_t context,
			  const struct ring_buffer *b, struct store_value *value)
{
	uint8_t key[SST_KEY_NBYTES];
	make_key(key, content, context);
	if (s->lends)
		ring_lend(b);
	int err = sst_get(s->sst, key, value);
	ring_lend(NULL);
	return err;
}

int store_get(struct store *s, uint64_t content, uint32_t context, const struct ring_buffer *b,
	      struct store_value *value)
{
	return s->segments != NULL ? get_from_segment(s, content, context, b, value)
				   : get_from_table(s, content, context, b, value);
}

void store_unpin(struct store_value *value)
{
	if (value->pin != NULL)
		sst_unpin(value);
}

void store_get_stats(struct store *s, struct store_stats *stats)
{
	struct sst_stats sst = {0};
	if (s->sst != NULL)
		sst_get_stats(s->sst, &sst);
	memset(stats, 0, sizeof *stats);
	stats->counts = s->counts;
	stats->resident_bytes =
		s->places != NULL ? places_resident_bytes(s->places) : sst.resident_bytes;
	stats->cache_bytes = sst.cache_bytes;
	stats->cache_lookups = sst.cache_lookups;
	stats->cache_hits = sst.cache_hits;
	store_disk_usage(s->dir, &stats->at_rest);
}
