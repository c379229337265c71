#include "bench/card.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/json_values.h"
#include "bench/version.h"
#include "workloads/file.h"

double card_bits(const struct held_out_cost *c)
{
	return c->content_bytes > 0 ? 8.0 * (double)c->record_bytes / (double)c->content_bytes : 0;
}

double card_pays_from_bytes(const struct card *c, unsigned k)
{
	double saved = (card_bits(&c->zstd[k]) - card_bits(&c->model)) / 8;
	double more = (double)c->info.model_bytes - (double)c->dictionary_bytes[k];
	if (c->dictionary_bytes[k] == 0 || saved <= 0)
		return 0;
	return more > 0 ? more / saved : 1;
}

static json_t *rounded(double x, double unit)
{
	return json_real(round(x / unit) * unit);
}

static json_t *documents_json(const struct card *c)
{
	const struct corpus *x = c->corpus;
	return json_pack("{s:o, s:I, s:I, s:o, s:I, s:I, s:o}", "folder", json_text(c->dir),
			 "training_documents", (json_int_t)c->training_documents, "training_bytes",
			 (json_int_t)c->training_bytes, "training_fingerprint",
			 json_sprintf("%016" PRIx64, c->training_fingerprint), "held_out_documents",
			 (json_int_t)x->held_out_count, "held_out_bytes",
			 (json_int_t)x->held_out_bytes, "held_out_fingerprint",
			 json_sprintf("%016" PRIx64, corpus_fingerprint(x, SPLIT_HELD_OUT)));
}

static json_t *curve_json(const struct card *c)
{
	json_t *a = json_array();
	for (unsigned i = 0; i < c->point_count; i++) {
		const struct training_point *p = &c->points[i];
		json_array_append_new(a, json_pack("{s:o, s:I, s:I, s:o}", "elapsed_s",
						   rounded(p->elapsed_s, 0.1), "steps",
						   (json_int_t)p->steps, "tokens",
						   (json_int_t)p->tokens, "bits_per_byte",
						   rounded(p->bits_per_byte, 1e-4)));
	}
	return a;
}

/* The command that makes the same model again. */
static json_t *command_json(const struct card *c)
{
	if (c->point_count == 0)
		return json_sprintf("gvr train DIR -o FILE --generator %s", c->ops->name);
	const struct training_point *last = &c->points[c->point_count - 1];
	return json_sprintf("gvr train DIR -o FILE --generator %s --steps %" PRIu64 " --threads %u",
			    c->ops->name, last->steps, last->threads);
}

static json_t *training_json(const struct card *c)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "elapsed_s", rounded(c->elapsed_s, 0.1), "cpu_s",
			 c->cpu_s > 0 ? rounded(c->cpu_s, 0.1) : json_null(), "command",
			 command_json(c), "curve", curve_json(c));
}

static json_t *zstd_json(const struct card *c, unsigned k)
{
	double pays = card_pays_from_bytes(c, k);
	return json_pack("{s:I, s:o, s:o}", "dictionary_bytes", (json_int_t)c->dictionary_bytes[k],
			 "bits_per_byte", rounded(card_bits(&c->zstd[k]), 1e-4),
			 "model_pays_from_bytes",
			 pays > 0 ? json_integer((json_int_t)pays) : json_null());
}

static json_t *held_out_json(const struct card *c)
{
	json_t *zstd = json_array();
	for (unsigned k = 0; k < CARD_DICTIONARIES; k++)
		if (c->dictionary_bytes[k] > 0)
			json_array_append_new(zstd, zstd_json(c, k));
	return json_pack("{s:I, s:o, s:o}", "record_bytes", (json_int_t)c->model.record_bytes,
			 "bits_per_byte", rounded(card_bits(&c->model), 1e-4), "zstd_19", zstd);
}

json_t *card_json(const struct card *c)
{
	json_t *model = json_pack("{s:s, s:I, s:o}", "generator", c->ops->name, "bytes",
				  (json_int_t)c->info.model_bytes, "digest",
				  json_sprintf("%016" PRIx64, c->info.model_digest));
	json_t *tool = json_pack("{s:s, s:s}", "version", gvr_version, "commit", gvr_commit);
	return json_pack("{s:i, s:o, s:o, s:o, s:o, s:o}", "schema_version", 1, "tool", tool,
			 "model", model, "documents", documents_json(c), "training",
			 training_json(c), "held_out", held_out_json(c));
}

int card_write(const struct card *c, struct error *e)
{
	char path[WORKLOAD_PATH_NBYTES + 8];
	json_t *json = card_json(c);
	char *bytes =
		json != NULL ? json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
	json_decref(json);
	if (bytes == NULL)
		return error_set(e, -ENOMEM, "%s.json: out of memory", c->path);
	snprintf(path, sizeof path, "%s.json", c->path);
	struct file_part parts[] = {{bytes, strlen(bytes)}, {"\n", 1}};
	int err = file_write(path, parts, 2, e);
	free(bytes);
	return err;
}
