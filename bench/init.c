#include "bench/init.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/allowed.h"
#include "bench/files.h"
#include "bench/format.h"
#include "workloads/shell.h"

/* Fewer files, and one in 8 of them would be too few to ask for. */
#define SPLIT_FILES_MIN 64u
/* A generator makes some hundred KiB a second: of larger files, pieces. */
#define WHOLE_NBYTES_MAX (UINT64_C(4) << 20)
#define CHUNK "64KiB"
#define CHUNK_NBYTES (UINT64_C(64) << 10)
/* From so many bytes on a larger dictionary finds something to hold. */
#define LARGE_DICTIONARY_FROM_BYTES (UINT64_C(16) << 20)
#define IODEPTH 24u /* of generate unless told */
/* What a worker may still have to make when its runtime is over. */
#define IN_FLIGHT_BYTES (UINT64_C(1) << 20)
#define WORKERS_MAX 2u
#define NAME_NBYTES 64u

/* ---- looking ---- */

static bool is_cut(const struct init_found *f)
{
	return f->largest_bytes > WHOLE_NBYTES_MAX;
}

/* Does a workload file bring this path back? */
static bool is_path_for_ini(const char *path)
{
	static struct workload w;
	char text[WORKLOAD_PATH_NBYTES + 64];

	int n = snprintf(text, sizeof text,
			 "[workload]\ncontents = archive:%s\n[engine \"a\"]\nkind = generate\n",
			 path);
	if (n < 0 || (size_t)n >= sizeof text)
		return false;
	return workload_parse(&w, "init", text, (size_t)n, NULL, 0, NULL) == 0 &&
	       strcmp(w.contents_dir, path) == 0;
}

/* The directory's own path or, where a workload file cannot hold that, the one
 * that the user gave, which may be a link to it. */
static int choose_path(struct init_found *f, const char *dir, const char *real, struct error *e)
{
	char here[PATH_MAX] = "";
	const char *slash = dir[0] == '/' ? "" : "/";

	snprintf(f->dir, sizeof f->dir, "%s", real);
	if (strlen(real) < sizeof f->dir && is_path_for_ini(f->dir))
		return 0;
	if (dir[0] != '/' && getcwd(here, sizeof here) == NULL)
		return file_error(e, -errno, "cannot tell where it is", dir);
	int n = snprintf(f->dir, sizeof f->dir, "%s%s%s", here, slash, dir);
	if (n > 0 && (size_t)n < sizeof f->dir && is_path_for_ini(f->dir))
		return 0;
	return error_set(e, -EINVAL,
			 "%.400s: a workload file cannot hold this path (a comment sign, a control "
			 "character, a blank at its end, or too long); name a link to it (ln -s)",
			 real);
}

static void choose_name(struct init_found *f, const char *real)
{
	const char *base = strrchr(real, '/');

	base = base != NULL ? base + 1 : real;
	files_clean_name(f->name, NAME_NBYTES, base[0] != '\0' ? base : "root");
	if (f->name[0] == '-') /* or it would look like an option */
		f->name[0] = '_';
}

/* Of what they are cut into, if they are. */
static uint64_t pieces(const struct corpus *c)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < c->file_count; i++) {
		uint64_t nbytes = c->files[i].nbytes;
		sum += nbytes > 0 ? (nbytes - 1) / CHUNK_NBYTES + 1 : 1;
	}
	return sum;
}

static void count(struct init_found *f, const struct corpus *c)
{
	f->files = c->file_count;
	f->skipped = c->skipped;
	for (uint32_t i = 0; i < c->file_count; i++) {
		uint64_t nbytes = c->files[i].nbytes;
		f->bytes += nbytes;
		f->empty += nbytes == 0;
		f->largest_bytes = nbytes > f->largest_bytes ? nbytes : f->largest_bytes;
	}
	f->contents = is_cut(f) ? pieces(c) : f->files;
}

int init_look(struct init_found *f, const char *dir, struct error *e)
{
	struct corpus *c;

	memset(f, 0, sizeof *f);
	int err = corpus_list(&c, dir, e);
	if (err != 0)
		return err;
	count(f, c);
	corpus_close(c);
	f->cores = allowed_cores(&allowed_here);
	char *real = realpath(dir, NULL);
	if (real == NULL)
		return file_error(e, -errno, "cannot tell where it is", dir);
	choose_name(f, real);
	err = choose_path(f, dir, real, e);
	free(real);
	return err;
}

uint64_t init_asked_bytes(const struct init_found *f)
{
	return f->files >= SPLIT_FILES_MIN ? f->bytes / 8 : f->bytes;
}

/* ---- the text ---- */

static unsigned generate_iodepth(const struct init_found *f)
{
	uint64_t mean_bytes = f->bytes / f->contents;
	uint64_t depth = mean_bytes > 0 ? IN_FLIGHT_BYTES / mean_bytes : IODEPTH;

	return depth >= IODEPTH ? IODEPTH : depth > 0 ? (unsigned)depth : 1;
}

static void write_head(FILE *out, const struct init_found *f, const char *file)
{
	char bytes[32], largest[32];

	format_bytes(bytes, sizeof bytes, (double)f->bytes);
	format_bytes(largest, sizeof largest, (double)f->largest_bytes);
	fputs("# Is what lies in this directory better stored, or made again each time it is\n"
	      "# asked for? Written by gvr init; gvr help run lists all keys. Each can be set\n"
	      "# for one run alone, as --set workload.runtime=60s. Run it:\n"
	      "#\n"
	      "#   gvr run ",
	      out);
	shell_quote_path(out, file);
	fprintf(out,
		"\n\n[workload]\nname = %s\n"
		"# %" PRIu64 " file%s, %s in all, the largest %s\n"
		"contents = archive:%s\n",
		f->name, f->files, f->files == 1 ? "" : "s", bytes, largest, f->dir);
}

static void write_split(FILE *out, const struct init_found *f)
{
	fputs(f->files >= SPLIT_FILES_MIN
		      ? "\n# Generator and dictionary train on 7 of 8 files; the others are stored "
			"and\n"
			"# asked for.\n"
			"split = held-out\n"
		      : "\n# One in 8 of so few files would be too few to ask for: all are asked "
			"for, also\n"
			"# those that generator and dictionary train on, so that bits a content "
			"byte say\n"
			"# nothing about new documents. With 64 files or more: split = held-out\n"
			"split = all\n",
	      out);
	if (is_cut(f))
		fputs("\n# A content is a piece of a file. Files of at most 64 MiB can also be "
		      "asked for as\n"
		      "# a whole (delete this line), but a generator takes seconds for each MiB.\n"
		      "chunk = " CHUNK "\n",
		      out);
}

static void write_load(FILE *out)
{
	fputs("\n# Few contents are asked for often, most of them seldom.\n"
	      "popularity = zipf:0.99\n"
	      "\n# How much can each engine serve at most?\n"
	      "scenario = offline\n"
	      "runtime = 20s\n"
	      "\n# Instead, how long does a user wait, at a rate that all engines can serve? Of\n"
	      "# 1000 requests at least:\n"
	      "#   scenario = server\n"
	      "#   rate_iops = 20\n"
	      "#   runtime = 60s\n"
	      "# Or, up to which rate does a user wait no longer than that?\n"
	      "#   scenario = server\n"
	      "#   rate_iops = peak\n"
	      "#   target_latency = 500ms\n",
	      out);
}

static void write_engines(FILE *out, const struct init_found *f)
{
	fputs("\n# Stored: zstd with a dictionary, one read a request.\n"
	      "[engine \"retrieve\"]\n"
	      "kind = retrieve\n"
	      "layout = segments\n"
	      "compression_max_dict_bytes = 1MiB\n",
	      out);
	if (f->bytes >= LARGE_DICTIONARY_FROM_BYTES)
		fputs("\n# The same with a dictionary about as large as a generator's model.\n"
		      "[engine \"retrieve-4MiB\"]\n"
		      "kind = retrieve\n"
		      "layout = segments\n"
		      "compression_max_dict_bytes = 4MiB\n",
		      out);
	fprintf(out,
		"\n# Made again: cm, a context-mixing model that trains in seconds.\n"
		"[engine \"generate\"]\n"
		"kind = generate\n"
		"generator = cm\n"
		"numjobs = %u\n",
		f->cores < WORKERS_MAX ? f->cores : WORKERS_MAX);
	if (generate_iodepth(f) < IODEPTH)
		fprintf(out,
			"# Contents are large, and what is in flight when its time is over must "
			"still be made.\n"
			"iodepth = %u\n",
			generate_iodepth(f));
}

static void write_neural(FILE *out, const struct init_found *f)
{
	fputs("\n# With some megabytes of documents of one kind a neural network may do better.\n"
	      "# Train it (10 minutes):\n"
	      "#   gvr train ",
	      out);
	shell_quote(out, f->dir);
	fprintf(out,
		" -o %s.gvrm --generator rnn\n"
		"# then set here generator = rnn, and in [workload]\n"
		"#   model = %s.gvrm\n",
		f->name, f->name);
}

char *init_text(const struct init_found *f, const char *file)
{
	char *text = NULL;
	size_t nbytes;
	FILE *out = open_memstream(&text, &nbytes);

	if (out == NULL)
		return NULL;
	write_head(out, f, file);
	write_split(out, f);
	write_load(out);
	write_engines(out, f);
	write_neural(out, f);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
