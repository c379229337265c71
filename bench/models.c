#include "bench/models.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench/files.h"
#include "workloads/file.h"
#include "workloads/shell.h"

/* ---- which there are ---- */

static void add_model(struct contents *c, const struct generator_ops *ops)
{
	for (unsigned i = 0; i < c->model_count; i++)
		if (c->models[i].ops == ops)
			return;
	c->models[c->model_count++].ops = ops;
}

static void list_models(struct contents *c)
{
	const struct workload *w = c->workload;

	for (unsigned i = 0; i < w->engine_count; i++) {
		const struct generator_ops *ops = generator_find(w->engines[i].generator);
		if (ops != NULL)
			add_model(c, ops);
	}
	if (c->model_count == 0 && w->contents_kind == CONTENTS_NOVEL)
		add_model(c, generator_registry[0]);
}

const char *models_path(const struct contents *c, const struct engine_config *config)
{
	for (unsigned i = 0; i < c->model_count; i++)
		if (strcmp(c->models[i].ops->name, config->generator) == 0)
			return c->models[i].path;
	return "";
}

/* ---- models that are trained here ---- */

/* What the model at m->path is: beside it lie its digest, which tells it from
 * one that was put in its place, and the fingerprint of the documents that it
 * was trained on. */
static void note_path(char *out, size_t capacity, const struct contents_model *m)
{
	snprintf(out, capacity, "%s.digest", m->path);
}

/* False: there is no such note. */
static bool read_note(const struct contents_model *m, uint64_t *digest, uint64_t *trained_on)
{
	char path[WORKLOAD_PATH_NBYTES + 128];

	note_path(path, sizeof path, m);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return false;
	bool read = fscanf(f, "%" SCNx64 " %" SCNx64, digest, trained_on) == 2;
	fclose(f);
	return read;
}

static uint64_t training_fingerprint(const struct contents *c)
{
	return corpus_fingerprint(c->corpus, SPLIT_TRAINING);
}

static int write_note(const struct contents *c, const struct contents_model *m, struct error *e)
{
	char path[WORKLOAD_PATH_NBYTES + 128], text[64];
	int n = snprintf(text, sizeof text, "%016" PRIx64 " %016" PRIx64 "\n", m->digest,
			 training_fingerprint(c));

	note_path(path, sizeof path, m);
	return file_write(path, &(struct file_part){text, (size_t)n}, 1, e);
}

int models_follow(const struct contents *c, uint64_t trained_on, struct error *e)
{
	int err = 0;

	for (unsigned i = 0; i < c->model_count && err == 0; i++) {
		struct contents_model m = c->models[i];
		uint64_t noted;
		if (m.own && read_note(&m, &m.digest, &noted) && noted == trained_on)
			err = write_note(c, &m, e);
	}
	return err;
}

static int read_digest(struct contents_model *m, struct error *e)
{
	struct generator_info info;
	struct generator *g;

	int err = m->ops->open(&g, m->path, e);
	if (err != 0)
		return err;
	m->ops->info(g, &info);
	m->digest = info.model_digest;
	m->trained_on = info.trained_on;
	m->ops->close(g);
	return 0;
}

static int train(const struct contents *c, struct contents_model *m, const char *why,
		 const struct progress *progress, struct error *e)
{
	char line[512];
	if (m->ops->train_minutes > 0) {
		snprintf(line, sizeof line,
			 "model %s: training one for %.0f minutes; or stop, make one by gvr train, "
			 "and name it by the key model",
			 m->ops->name, m->ops->train_minutes);
		c->notice(line);
	}
	int err = m->ops->train(c->corpus, m->path, NULL, progress, e);
	if (err == 0)
		err = read_digest(m, e);
	if (err == 0)
		err = write_note(c, m, e);
	if (err != 0)
		return err;
	snprintf(line, sizeof line,
		 "model %s: %s on %" PRIu32 " training documents, %" PRIu64 " bytes", m->ops->name,
		 why, corpus_count(c->corpus, SPLIT_TRAINING),
		 corpus_bytes(c->corpus, SPLIT_TRAINING));
	c->notice(line);
	return 0;
}

/* Is the model that is there the one that was trained here? 0; -ESTALE: on
 * documents that have changed since; -EBADMSG: it is not, or is damaged. */
static int check_own(const struct contents *c, struct contents_model *m, struct error *e)
{
	uint64_t noted, trained_on;
	bool has_note = read_note(m, &noted, &trained_on);
	char file[SHELL_QUOTED_NBYTES];

	shell_quoted(file, sizeof file, c->workload->file);
	if (has_note && trained_on != training_fingerprint(c))
		return error_set(
			e, -ESTALE,
			"%s: the documents have changed since it was trained; run gvr load "
			"%s",
			m->path, file);
	int err = read_digest(m, e);
	if (err == 0 && (!has_note || noted != m->digest))
		err = error_set(e, -EBADMSG,
				"%s: not the model that was trained here; run gvr load %s", m->path,
				file);
	return err;
}

int64_t models_young_from_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return ((int64_t)now.tv_sec * 1000 - MODELS_YOUNG_MS) * 1000000 + now.tv_nsec;
}

/* Was the model trained on these documents but for those that have just come? */
static bool differs_by_young(const struct contents *c, const struct contents_model *m)
{
	uint64_t digest, trained_on;

	return read_note(m, &digest, &trained_on) &&
	       trained_on ==
		       corpus_fingerprint_until(c->corpus, SPLIT_TRAINING, models_young_from_ns());
}

static int no_model(const struct contents *c, const struct contents_model *m, struct error *e)
{
	char file[SHELL_QUOTED_NBYTES];

	shell_quoted(file, sizeof file, c->workload->file);
	return error_set(e, -ENOENT, "%s: there is no model yet; run gvr load %s", m->path, file);
}

/* The model that this store root keeps for the training documents of this
 * folder; one of them as they were before they changed is replaced. */
static int prepare_own(const struct contents *c, struct contents_model *m, const char *store_root,
		       enum contents_mode mode, const struct progress *progress, struct error *e)
{
	char folder[WORKLOAD_PATH_NBYTES + 16];

	m->own = true;
	snprintf(folder, sizeof folder, "%s/models", store_root);
	snprintf(m->path, sizeof m->path, "%s/%s-%016" PRIx64 ".gvrm", folder, m->ops->name,
		 c->corpus_source);
	if (access(m->path, F_OK) != 0) {
		if (mode == CONTENTS_USE)
			return no_model(c, m, e);
		int err = files_make_dirs(folder, e);
		return err != 0 ? err : train(c, m, "trained", progress, e);
	}
	int err = check_own(c, m, e);
	if (err == -ESTALE && !c->settled && differs_by_young(c, m))
		return -EINPROGRESS;
	if (err == -ESTALE && mode != CONTENTS_USE)
		return train(c, m, "documents changed; trained anew", progress, e);
	if (err == -EBADMSG && mode == CONTENTS_REPAIR)
		return train(c, m, "was damaged; trained anew", progress, e);
	return err;
}

/* ---- a model that is given ---- */

/* The first bytes of the file that the key `model` names; zeros if it has none. */
static void read_magic(const struct contents *c, uint8_t magic[8])
{
	struct stat st;
	bool is_file = stat(c->workload->model, &st) == 0 && S_ISREG(st.st_mode);
	FILE *f = is_file ? fopen(c->workload->model, "re") : NULL;
	memset(magic, 0, 8);
	if (f == NULL)
		return;
	if (fread(magic, 1, 8, f) != 8)
		memset(magic, 0, 8);
	fclose(f);
}

/* Which one it is: that of the generator that wrote the file. If none did, the
 * first, whose open then says what is wrong with it. */
static struct contents_model *given_model(struct contents *c, const uint8_t magic[8])
{
	for (unsigned i = 0; i < c->model_count; i++)
		if (c->models[i].ops->recognises(magic))
			return &c->models[i];
	return &c->models[0];
}

/* A model that has seen what it is measured on is no measure. */
static void notice_other_training(const struct contents *c, const struct contents_model *m)
{
	char line[2 * sizeof m->path + 256];
	if (!m->may_have_seen || m->trained_on == 0)
		return;
	snprintf(line, sizeof line,
		 "model %s: trained on other documents than the training split of %s; it may have "
		 "seen some of those that are held out",
		 m->path, c->workload->contents_dir);
	c->notice(line);
}

static int take_given(const struct contents *c, struct contents_model *m, struct error *e)
{
	snprintf(m->path, sizeof m->path, "%s", c->workload->model);
	int err = read_digest(m, e);
	m->may_have_seen = c->workload->contents_kind == CONTENTS_ARCHIVE &&
			   m->trained_on != training_fingerprint(c);
	if (err == 0)
		notice_other_training(c, m);
	return err;
}

/* A model that no engine of the workload can use. */
static int check_given(const struct contents *c, const uint8_t magic[8], struct error *e)
{
	for (unsigned i = 0; i < c->model_count; i++)
		if (c->models[i].ops->recognises(magic))
			return 0;
	for (unsigned i = 0; generator_registry[i] != NULL; i++)
		if (generator_registry[i]->recognises(magic))
			return error_set(e, -EINVAL,
					 "%s: model = %s is one of %s: set generator = %s in the "
					 "engine that shall use it",
					 c->workload->file, c->workload->model,
					 generator_registry[i]->name, generator_registry[i]->name);
	return 0;
}

int models_prepare(struct contents *c, const char *store_root, enum contents_mode mode,
		   const struct progress *progress, struct error *e)
{
	int err = 0;

	list_models(c);
	const struct contents_model *given = NULL;
	if (c->workload->model[0] != '\0' && c->model_count > 0) {
		uint8_t magic[8];
		read_magic(c, magic);
		given = given_model(c, magic);
		err = check_given(c, magic, e);
	}
	for (unsigned i = 0; i < c->model_count && err == 0; i++) {
		struct contents_model *m = &c->models[i];
		err = m == given ? take_given(c, m, e)
				 : prepare_own(c, m, store_root, mode, progress, e);
	}
	return err;
}
