#include "engines/generate/rnn/train.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#include "engines/generate/rnn/blas.h"
#include "engines/generate/rnn/checkpoint.h"
#include "engines/generate/rnn/model.h"
#include "engines/generate/rnn/train_text.h"
#include "engines/generate/rnn/trainer.h"
#include "workloads/file.h"

#define SEED 1u

/* The whole file is to stay below this; the dictionary takes what is left. */
#define FILE_NBYTES (4u << 20)
#define VOCABULARY 4096u
#define STEPS 64u
#define RATE 6e-3f

/* The rate of learning is constant for two fifths of the steps, then falls to
 * zero in a straight line; in the first steps it rises. How many steps there are
 * in a given time is settled after a little less than two fifths of it, lest it
 * runs out. */
#define CONSTANT_FIFTHS 2u
#define CONSTANT_TIME 0.388
#define WARM_UP_STEPS 100.0

/* Tests on the documents kept aside, and states kept to go on from. */
#define TESTS 40u
#define TEST_SECONDS_MIN 5.0
#define CHECKPOINT_SECONDS 60.0

struct run {
	const struct training *training;
	const struct progress *progress;
	const char *path;
	struct train_text text;
	struct trainer_options options;
	struct trainer *trainer;
	struct train_plan plan;
	char checkpoint[4096];
	uint64_t identity, trained_on;
	double clock_s, kept_s; /* by now(): when elapsed_s was taken; of the last checkpoint */
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A power of two, so that the streams divide among them. */
static unsigned choose_threads(const struct training *t)
{
	unsigned cpus = t->threads, threads = 1;
	cpu_set_t set;
	if (cpus == 0 && sched_getaffinity(0, sizeof set, &set) == 0)
		cpus = (unsigned)CPU_COUNT(&set);
	while (threads * 2 <= cpus && threads * 2 <= TRAINER_THREADS_MAX)
		threads *= 2;
	return threads;
}

struct shape rnn_train_shape(void)
{
	return (struct shape){
		.vocabulary = VOCABULARY,
		.width = 160,
		.layers = 2,
		.hidden = 320,
		.token_width = 96,
		.pair_width = 64,
		.triple_width = 48,
		.candidate_width = 48,
		.pair_rows = 8192,
		.triple_rows = 8192,
		.out_width = 128,
	};
}

/* ---- the plan ---- */

/* Of the time or of the steps, what part is over. */
static double part_done(const struct run *r)
{
	if (r->plan.steps > 0)
		return (double)r->plan.steps_done / (double)r->plan.steps;
	return r->plan.elapsed_s / (60 * r->plan.minutes);
}

static void take_time(struct run *r)
{
	double t = now();
	r->plan.elapsed_s += t - r->clock_s;
	r->clock_s = t;
}

/* When the constant part is over, the number of steps follows from the speed
 * so far; from then on the steps alone decide, so that a training told to take
 * as many steps comes to the same model. */
static void fix_steps(struct run *r)
{
	if (r->plan.steps == 0 && part_done(r) >= CONSTANT_TIME)
		r->plan.steps = r->plan.steps_done * 5 / CONSTANT_FIFTHS;
}

static float rate_part(const struct run *r)
{
	double warm = (double)(r->plan.steps_done + 1) / WARM_UP_STEPS, part = 1;
	uint64_t constant = r->plan.steps * CONSTANT_FIFTHS / 5;

	if (r->plan.steps > 0 && r->plan.steps_done >= constant)
		part = (double)(r->plan.steps - r->plan.steps_done) /
		       (double)(r->plan.steps - constant);
	return (float)(warm < 1 ? part * warm : part);
}

/* Without documents there is nothing to learn: the model is as it begins. */
static bool is_over(const struct run *r)
{
	return r->text.document_count == 0 ||
	       (r->plan.steps > 0 && r->plan.steps_done >= r->plan.steps);
}

static bool time_to_test(const struct run *r)
{
	double since_s = r->plan.elapsed_s - r->plan.tested_s;
	if (r->plan.steps > 0)
		return r->plan.steps_done % (1 + r->plan.steps / TESTS) == 0 || is_over(r);
	return since_s >= TEST_SECONDS_MIN && since_s >= 60 * r->plan.minutes / TESTS;
}

/* The parameters that did best on the documents kept aside are the model. */
static void test(struct run *r)
{
	double bits = trainer_test(r->trainer);
	struct training_point p = {r->plan.elapsed_s, r->plan.steps_done,
				   trainer_tokens(r->trainer), r->options.threads, bits};
	r->plan.tested_s = r->plan.elapsed_s;
	if (r->plan.best_bits == 0 || bits < r->plan.best_bits) {
		r->plan.best_bits = bits;
		trainer_keep(r->trainer);
	}
	if (r->training->report != NULL)
		r->training->report(r->training->report_arg, &p);
}

static int write_checkpoint(struct run *r, struct error *e)
{
	r->kept_s = now();
	return checkpoint_write(r->checkpoint, r->identity, &r->plan, r->trainer, e);
}

static int stopped(struct run *r, struct error *e)
{
	int err = write_checkpoint(r, e);
	return err != 0 ? err
			: error_set(e, -ECANCELED,
				    "training was stopped; run the same command to go on (%s)",
				    r->checkpoint);
}

static int show(const struct run *r)
{
	return progress_step(r->progress, "training", (uint64_t)(1000 * part_done(r)), 1000);
}

static int take_steps(struct run *r, struct error *e)
{
	r->clock_s = r->kept_s = now();
	while (!is_over(r)) {
		trainer_step(r->trainer, rate_part(r));
		r->plan.steps_done++;
		take_time(r);
		fix_steps(r);
		if (time_to_test(r))
			test(r);
		/* one that cannot be written is no reason to stop */
		if (now() - r->kept_s >= CHECKPOINT_SECONDS)
			write_checkpoint(r, NULL);
		if (show(r) != 0)
			return stopped(r, e);
	}
	return 0;
}

/* ---- a training ---- */

/* Of all that must be the same to go on with a checkpoint. */
static uint64_t identity_of(const struct run *r)
{
	uint64_t parts[] = {
		r->trained_on,	    XXH3_64bits(&r->options.shape, sizeof r->options.shape),
		r->options.threads, r->options.steps,
		r->options.seed,    XXH3_64bits(&r->plan.minutes, sizeof r->plan.minutes),
		r->training->steps,
	};
	return XXH3_64bits(parts, sizeof parts);
}

/* The options, when it is known how large the vocabulary has become. */
static void choose_options(struct run *r)
{
	r->options = (struct trainer_options){
		.shape = rnn_train_shape(),
		.threads = choose_threads(r->training),
		.steps = STEPS,
		.seed = SEED,
		.rate = RATE,
		.decay = 0.03f,
		.dropout = 0.08f,
		.dropout_growth = 0.006f,
		.dropout_max = 0.25f,
	};
	r->options.shape.vocabulary = r->text.vocabulary.count;
}

static int write_model(const struct run *r, struct error *e)
{
	struct model_parts parts = {
		.shape = &r->options.shape,
		.vocabulary = &r->text.vocabulary,
		.parameters = trainer_kept(r->trainer),
		.dictionary = r->text.dictionary_bytes,
		.dictionary_nbytes = r->text.dictionary_nbytes,
		.trained_on = r->trained_on,
	};
	return model_write_file(r->path, &parts, e);
}

static int train(struct run *r, const struct corpus *corpus, struct error *e)
{
	choose_options(r);
	r->plan = (struct train_plan){.minutes = r->training->minutes, .steps = r->training->steps};
	if (r->plan.minutes == 0)
		r->plan.minutes = RNN_TRAIN_MINUTES;
	r->trained_on = corpus_fingerprint(corpus, SPLIT_TRAINING);
	r->identity = identity_of(r);
	if (checkpoint_is_of_another(r->checkpoint, r->identity))
		return error_set(e, -EEXIST,
				 "%s: another training that was stopped (other documents or "
				 "options); remove it, or write the model elsewhere",
				 r->checkpoint);
	int err = trainer_create(&r->trainer, &r->options, &r->text);
	if (err == -EAGAIN)
		return error_set(e, err, "cannot start threads to train with; see ulimit -u");
	if (err != 0)
		return error_set(e, err, "out of memory for training");
	err = blas_check_memory(r->options.threads, e);
	if (err != 0) {
		trainer_destroy(r->trainer);
		return err;
	}
	checkpoint_read(r->checkpoint, r->identity, &r->plan, r->trainer);
	err = take_steps(r, e);
	if (err == 0)
		err = write_model(r, e);
	if (err == 0)
		unlink(r->checkpoint);
	trainer_destroy(r->trainer);
	return err;
}

/* What would otherwise show when the training is over. */
static int check_folder(const char *path, struct error *e)
{
	char folder[4096];
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return file_error(e, -EISDIR, "cannot write", path);
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return error_set(e, -EEXIST, "%s: not a file; name another", path);
	snprintf(folder, sizeof folder, "%s", path);
	char *slash = strrchr(folder, '/');
	if (slash != NULL)
		slash[slash == folder] = '\0';
	if (access(slash != NULL ? folder : ".", W_OK | X_OK) != 0)
		return file_error(e, -errno, "cannot write", path);
	return 0;
}

int rnn_train(const struct corpus *corpus, const char *path, const struct training *training,
	      const struct progress *progress, struct error *e)
{
	static const struct training defaults;
	struct run r = {
		.training = training != NULL ? training : &defaults,
		.progress = progress,
		.path = path,
	};
	struct shape shape = rnn_train_shape();
	size_t network = model_network_nbytes(&shape);
	struct train_text_options o = {
		.vocabulary = VOCABULARY,
		.dictionary_file_nbytes = FILE_NBYTES - network,
	};

	int n = snprintf(r.checkpoint, sizeof r.checkpoint, "%s.checkpoint", path);
	if (n < 0 || (size_t)n >= sizeof r.checkpoint)
		return error_set(e, -ENAMETOOLONG, "%s: the name is too long", path);
	int err = check_folder(path, e);
	if (err == 0)
		err = blas_open(e);
	if (err == 0)
		err = train_text_make(&r.text, corpus, &o, progress, e);
	if (err != 0)
		return err;
	err = train(&r, corpus, e);
	train_text_fini(&r.text);
	return err;
}
