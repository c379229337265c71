/* test_models.c: which models a content set has, and which engine gets which. */
#include "tests/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "bench/contents.h"
#include "bench/load.h"
#include "tests/scratch.h"

#define ARCHIVE "[workload]\ncontents = archive:%s/docs\n"
#define NOVEL "[workload]\ncontents = novel:5\nsize = fixed:50\ncorpus = %s/docs\n"
#define R "[engine r]\nkind = retrieve\n"
#define G "[engine g]\nkind = generate\n"
#define G2 "[engine g2]\nkind = generate\ngenerator = cm\n"

static char root[] = "/tmp/gvr-models.XXXXXX";
static unsigned trained; /* lines about models since last set to 0 */

static int make_documents(void **state)
{
	(void)state;
	char path[128];
	assert_non_null(mkdtemp(root));
	snprintf(path, sizeof path, "%s/docs", root);
	assert_int_equal(mkdir(path, 0777), 0);
	for (unsigned i = 0; i < 20; i++) {
		snprintf(path, sizeof path, "%s/docs/d%u", root, i);
		FILE *f = fopen(path, "w");
		assert_non_null(f);
		fprintf(f, "document %u says what documents say\n", i);
		fclose(f);
	}
	return 0;
}

static int remove_documents(void **state)
{
	(void)state;
	return scratch_remove(root);
}

static void count_trained(const char *line)
{
	trained += strncmp(line, "model ", 6) == 0;
}

struct fixture {
	struct workload workload;
	struct contents contents;
	struct error e;
};

/* format: of a workload file; each %s is the test folder. */
static int try_open(struct fixture *f, const char *store_name, const char *format)
{
	char text[2048], store[64];
	memset(f, 0, sizeof *f);
	int n = snprintf(text, sizeof text, format, root, root);
	if (workload_parse(&f->workload, "test", text, (size_t)n, NULL, 0, &f->e) != 0)
		fail_msg("%s", f->e.text);
	snprintf(store, sizeof store, "%s/%s", root, store_name);
	return contents_open(&f->contents, &f->workload, store, CONTENTS_MAKE, count_trained, NULL,
			     &f->e);
}

static void open_contents(struct fixture *f, const char *store_name, const char *format)
{
	if (try_open(f, store_name, format) != 0)
		fail_msg("%s", f->e.text);
}

static const char *path_of(const struct fixture *f, unsigned engine)
{
	return contents_env(&f->contents, &f->workload.engines[engine]).model_path;
}

static void engines_of_one_generator_share_its_model(void **state)
{
	(void)state;
	struct fixture f;
	trained = 0;
	open_contents(&f, "shared", ARCHIVE G R G2);
	assert_int_equal(trained, 1);
	assert_int_equal(f.contents.model_count, 1);
	assert_ptr_equal(f.contents.models[0].ops, &cm_generator);
	assert_non_null(strstr(path_of(&f, 0), "/shared/models/cm-"));
	assert_int_equal(access(path_of(&f, 0), R_OK), 0);
	assert_string_equal(path_of(&f, 1), "");
	assert_string_equal(path_of(&f, 2), path_of(&f, 0));
	contents_close(&f.contents);
}

static void retrieval_alone_needs_a_model_for_novel_contents_only(void **state)
{
	(void)state;
	struct fixture f;
	trained = 0;
	open_contents(&f, "alone", ARCHIVE R);
	assert_int_equal(trained, 0);
	assert_int_equal(f.contents.model_count, 0);
	contents_close(&f.contents);
	open_contents(&f, "alone", NOVEL R);
	assert_int_equal(trained, 1);
	assert_ptr_equal(f.contents.models[0].ops, &cm_generator);
	assert_string_equal(path_of(&f, 0), "");
	contents_close(&f.contents);
}

static void a_given_model_is_taken(void **state)
{
	(void)state;
	struct fixture f;
	char given[128];
	open_contents(&f, "given", ARCHIVE G);
	uint64_t digest = f.contents.models[0].digest;
	snprintf(given, sizeof given, "%s/given.gvrm", root);
	assert_int_equal(rename(path_of(&f, 0), given), 0);
	contents_close(&f.contents);
	trained = 0;
	open_contents(&f, "given", ARCHIVE "model = %s/given.gvrm\n" G G2);
	assert_int_equal(trained, 0);
	assert_string_equal(path_of(&f, 0), given);
	assert_string_equal(path_of(&f, 1), given);
	assert_true(f.contents.models[0].digest == digest);
	contents_close(&f.contents);
}

static void what_no_generator_wrote_is_refused(void **state)
{
	(void)state;
	struct fixture f;
	assert_int_equal(try_open(&f, "refused", ARCHIVE "model = %s/docs/d1\n" G), -EBADMSG);
	assert_non_null(strstr(f.e.text, "/docs/d1: "));
	assert_int_equal(try_open(&f, "refused", ARCHIVE "model = %s/docs\n" G), -EBADMSG);
	assert_int_equal(try_open(&f, "refused", ARCHIVE "model = %s/absent\n" G), -ENOENT);
	assert_non_null(strstr(f.e.text, "/absent: there is no such model"));
}

static void generators_recognise_their_own_files(void **state)
{
	(void)state;
	struct fixture f;
	uint8_t magic[8];
	open_contents(&f, "magic", ARCHIVE G);
	FILE *in = fopen(path_of(&f, 0), "rb");
	assert_non_null(in);
	assert_int_equal(fread(magic, 1, sizeof magic, in), sizeof magic);
	fclose(in);
	contents_close(&f.contents);
	for (unsigned i = 0; generator_registry[i] != NULL; i++)
		assert_int_equal(generator_registry[i]->recognises(magic),
				 generator_registry[i] == &cm_generator);
	magic[7] ^= 1;
	assert_false(cm_generator.recognises(magic));
}

static void every_generator_is_found_by_its_name(void **state)
{
	(void)state;
	assert_ptr_equal(generator_registry[0], &cm_generator);
	for (unsigned i = 0; generator_registry[i] != NULL; i++)
		assert_ptr_equal(generator_find(generator_registry[i]->name),
				 generator_registry[i]);
	assert_null(generator_find("noise"));
	assert_null(generator_find(""));
}

static void count_made(const char *line)
{
	trained += strncmp(line, "model ", 6) == 0 || strncmp(line, "dictionary", 10) == 0;
}

/* As a run does it. */
static void open_and_load(struct fixture *f, const char *gone)
{
	struct load_report report;
	char path[128];
	open_contents(f, "goes", ARCHIVE "split = all\n" R "compression_max_dict_bytes = 4096\n" G);
	f->contents.notice = count_made;
	snprintf(path, sizeof path, "%s/docs/%s", root, gone);
	assert_int_equal(gone[0] != '\0' ? unlink(path) : 0, 0);
	if (load_all(&f->contents, &report, NULL, &f->e) != 0)
		fail_msg("%s", f->e.text);
}

/* A document that is there when the model is trained, and gone before it is loaded, or
 * while it is measured. */
static void what_goes_is_left_out_and_nothing_trained_anew(void **state)
{
	(void)state;
	struct fixture f;
	char path[128];
	trained = 0;
	open_and_load(&f, "d0");
	assert_int_equal(f.contents.count, 19);
	assert_int_equal(f.contents.corpus->skipped.changing, 1);
	assert_int_equal(trained, 2);
	snprintf(path, sizeof path, "%s/docs/d1", root);
	assert_int_equal(unlink(path), 0);
	contents_remember_changed(&f.contents);
	contents_close(&f.contents);
	open_and_load(&f, "");
	assert_int_equal(f.contents.count, 18);
	assert_true(f.contents.corpus->from_catalogue);
	contents_close(&f.contents);
	assert_int_equal(trained, 2);
}

/* All of them, or the only one that is asked for. */
static void nothing_left_to_ask_for_is_an_error(void **state)
{
	(void)state;
	struct fixture f;
	struct load_report report;
	char path[128];
	open_contents(&f, "none", ARCHIVE "split = held-out\n" R);
	const struct corpus *c = f.contents.corpus;
	for (uint32_t i = 0; i < c->file_count; i++) {
		snprintf(path, sizeof path, "%s/docs/%s", root, c->files[i].path);
		if (c->files[i].held_out)
			assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(load_all(&f.contents, &report, NULL, &f.e), -ENODATA);
	assert_non_null(strstr(f.e.text, "no document is in the held-out split"));
	contents_close(&f.contents);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(engines_of_one_generator_share_its_model),
		cmocka_unit_test(retrieval_alone_needs_a_model_for_novel_contents_only),
		cmocka_unit_test(a_given_model_is_taken),
		cmocka_unit_test(what_no_generator_wrote_is_refused),
		cmocka_unit_test(generators_recognise_their_own_files),
		cmocka_unit_test(every_generator_is_found_by_its_name),
		cmocka_unit_test(what_goes_is_left_out_and_nothing_trained_anew),
		cmocka_unit_test(nothing_left_to_ask_for_is_an_error),
	};
	return cmocka_run_group_tests(tests, make_documents, remove_documents);
}
