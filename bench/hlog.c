#include "bench/hlog.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/hdr_encode.h"
#include "workloads/file.h"

#define TICKS_PER_HALF_DISTANCE 5u
#define COMMENT_NBYTES 1024u

/* A file in the making. */
struct text {
	FILE *f;
	char *bytes;
	size_t nbytes;
};

struct hlog {
	struct text text;
	struct hdr_encoder *encoder;
};

static int out_of_memory(struct error *e)
{
	return error_set(e, -ENOMEM, "histogram log: out of memory");
}

static bool text_open(struct text *t)
{
	t->bytes = NULL;
	t->f = open_memstream(&t->bytes, &t->nbytes);
	return t->f != NULL;
}

static void text_close(struct text *t)
{
	if (t->f != NULL)
		fclose(t->f);
	free(t->bytes);
}

static bool text_whole(const struct text *t)
{
	return fflush(t->f) == 0 && !ferror(t->f);
}

static int text_write(const struct text *t, const char *path, struct error *e)
{
	if (!text_whole(t))
		return out_of_memory(e);
	return file_write(path, &(struct file_part){t->bytes, t->nbytes}, 1, e);
}

/* ---- .hlog ---- */

static void write_head(FILE *f, double started_s, const char *comment)
{
	char clean[COMMENT_NBYTES], when[64];
	time_t seconds = (time_t)started_s;
	struct tm tm;

	snprintf(clean, sizeof clean, "%s", comment);
	error_clean(clean);
	if (gmtime_r(&seconds, &tm) == NULL ||
	    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		when[0] = '\0';
	fprintf(f, "#[%s]\n", clean);
	fputs("#[Histogram log format version 1.3]\n", f);
	fprintf(f, "#[StartTime: %.3f (seconds since epoch), %s]\n", started_s, when);
	/* says that the intervals' times count from there, whatever they are */
	fprintf(f, "#[BaseTime: %.3f (seconds since epoch)]\n", started_s);
	fputs("\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
	      "\"Interval_Compressed_Histogram\"\n",
	      f);
}

int hlog_open(struct hlog **out, double started_s, const char *comment, struct error *e)
{
	struct hlog *l = calloc(1, sizeof *l);

	if (l == NULL || !text_open(&l->text) || hdr_encoder_create(&l->encoder) != 0) {
		hlog_close(l);
		return out_of_memory(e);
	}
	write_head(l->text.f, started_s, comment);
	*out = l;
	return 0;
}

static bool is_tag(const char *tag)
{
	return tag[0] != '\0' && tag[strspn(tag, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
						 "abcdefghijklmnopqrstuvwxyz0123456789-_")] == '\0';
}

int hlog_add(struct hlog *l, const char *tag, double start_s, double length_s,
	     const struct histogram *h, struct error *e)
{
	assert(is_tag(tag));
	fprintf(l->text.f, "Tag=%s,%.3f,%.3f,%.3f,", tag, start_s, length_s, (double)h->max_ns);
	int err = hdr_encode(l->encoder, h, l->text.f);
	putc('\n', l->text.f);
	return err != 0 || !text_whole(&l->text) ? out_of_memory(e) : 0;
}

int hlog_write(const struct hlog *l, const char *path, struct error *e)
{
	return text_write(&l->text, path, e);
}

void hlog_close(struct hlog *l)
{
	if (l == NULL)
		return;
	text_close(&l->text);
	hdr_encoder_destroy(l->encoder);
	free(l);
}

/* ---- .hgrm ---- */

/* The next percentile to show: so many ticks for each halving of what is left
 * to 100; 100 where doubles can tell no more steps apart. */
static double next_level(double level)
{
	int halvings = (int)log2(100 / (100 - level));
	double next = level + 100 / (TICKS_PER_HALF_DISTANCE * ldexp(1, halvings + 1));
	return next > level ? next : 100;
}

static void write_level(FILE *f, uint64_t value_ns, double level, uint64_t seen)
{
	fprintf(f, "%12.3f %2.12f %10llu", (double)value_ns, level / 100, (unsigned long long)seen);
	if (level < 100)
		fprintf(f, " %14.2f", 1 / (1 - level / 100));
	putc('\n', f);
}

static void write_levels(FILE *f, const struct histogram *h)
{
	double level = 0;
	uint64_t seen = 0;

	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS && seen < h->count; i++) {
		if (h->counts[i] == 0)
			continue;
		seen += h->counts[i];
		bool last = seen == h->count;
		while (level < 100 && 100 * (double)seen / (double)h->count >= level) {
			write_level(f, histogram_bucket_high(i), level, seen);
			level = last ? 100 : next_level(level);
		}
		if (last)
			write_level(f, histogram_bucket_high(i), 100, seen);
	}
}

/* What HdrHistogram takes for all values of a bucket. */
static double bucket_middle(uint32_t bucket)
{
	uint64_t low = histogram_bucket_low(bucket);
	return (double)(low + (histogram_bucket_high(bucket) - low + 1) / 2);
}

/* From the buckets, as HdrHistogram's own: its readers find the same. */
static void write_foot(FILE *f, const struct histogram *h)
{
	double sum = 0, squares = 0, n = h->count > 0 ? (double)h->count : 1;
	uint64_t max_ns = h->count > 0 ? histogram_bucket_high(histogram_bucket(h->max_ns)) : 0;

	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		sum += h->counts[i] > 0 ? (double)h->counts[i] * bucket_middle(i) : 0;
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		double off = bucket_middle(i) - sum / n;
		squares += h->counts[i] > 0 ? (double)h->counts[i] * off * off : 0;
	}
	fprintf(f, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n", sum / n, sqrt(squares / n));
	fprintf(f, "#[Max     = %12.3f, Total count    = %12llu]\n", (double)max_ns,
		(unsigned long long)h->count);
	fprintf(f, "#[Buckets = %12u, SubBuckets     = %12u]\n",
		HISTOGRAM_BUCKETS / HISTOGRAM_HALF - 1, 2 * HISTOGRAM_HALF);
}

int hgrm_write(const struct histogram *h, const char *path, struct error *e)
{
	struct text t;

	if (!text_open(&t))
		return out_of_memory(e);
	fprintf(t.f, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount",
		"1/(1-Percentile)");
	write_levels(t.f, h);
	write_foot(t.f, h);
	int err = text_write(&t, path, e);
	text_close(&t);
	return err;
}
