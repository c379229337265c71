/* Documents of a directory: all of them, in order, the same ones from the
 * catalogue; and every oddity that a directory may hold. */
#include "tests/test.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

#include "workloads/corpus.h"
#include "workloads/corpus_internal.h"
#include "workloads/prng.h"

/* A temporary folder: docs/ and the catalogue. */
struct fixture {
	char root[64], docs[80], catalogue[80];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	strcpy(f->root, "/tmp/gvr-test-XXXXXX");
	if (f == NULL || mkdtemp(f->root) == NULL)
		return -1;
	snprintf(f->docs, sizeof f->docs, "%s/docs", f->root);
	snprintf(f->catalogue, sizeof f->catalogue, "%s/catalogue", f->root);
	*state = f;
	return mkdir(f->docs, 0700);
}

/* Deep trees too: rm leaves no descriptor open per level and has no PATH_MAX. */
static int tear_down(void **state)
{
	struct fixture *f = *state;
	pid_t pid = fork();
	if (pid == 0) {
		execlp("rm", "rm", "-rf", f->root, (char *)NULL);
		_exit(127);
	}
	int status = -1;
	waitpid(pid, &status, 0);
	free(f);
	return status;
}

static void put_file(const struct fixture *f, const char *name, const void *bytes, size_t nbytes)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", f->docs, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, nbytes), (ssize_t)nbytes);
	close(fd);
}

static void put_text(const struct fixture *f, const char *name, const char *text)
{
	put_file(f, name, text, strlen(text));
}

static void put_dir(const struct fixture *f, const char *name)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", f->docs, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static struct corpus *open_corpus(const struct fixture *f, uint64_t chunk_bytes)
{
	struct corpus *c = NULL;
	struct error e;
	if (corpus_open(&c, f->docs, chunk_bytes, f->catalogue, NULL, &e) != 0)
		fail_msg("%s", e.text);
	return c;
}

static void assert_document(const struct corpus *c, uint32_t document, const void *bytes,
			    size_t nbytes)
{
	uint8_t *got = malloc(nbytes + 1);
	struct error e;
	assert_non_null(got);
	assert_int_equal(c->documents[document].nbytes, nbytes);
	assert_true(c->documents[document].digest == XXH3_64bits(bytes, nbytes));
	assert_int_equal(corpus_read(c, document, got, &e), 0);
	assert_memory_equal(got, bytes, nbytes);
	free(got);
}

/* ---- what is found ---- */

static void files_are_ordered_by_path(void **state)
{
	const struct fixture *f = *state;
	put_dir(f, "b");
	put_dir(f, "empty");
	put_text(f, "b/x", "in b");
	put_text(f, "b.txt", "b.txt"); /* '.' < '/': before b/x */
	put_text(f, "a", "a");
	put_text(f, ".hidden", "h");
	put_text(f, "nothing", "");
	put_text(f, "line\nbreak", "n");
	put_text(f, "\xff\xfe", "no UTF-8");
	struct corpus *c = open_corpus(f, 0);
	static const char *const want[][2] = {
		{".hidden", "h"},     {"a", "a"},      {"b.txt", "b.txt"},	{"b/x", "in b"},
		{"line\nbreak", "n"}, {"nothing", ""}, {"\xff\xfe", "no UTF-8"}};
	assert_int_equal(c->file_count, 7);
	assert_int_equal(c->document_count, 7);
	for (uint32_t i = 0; i < 7; i++) {
		assert_string_equal(c->files[i].path, want[i][0]);
		assert_int_equal(c->documents[i].file, i);
		assert_document(c, i, want[i][1], strlen(want[i][1]));
		assert_true(c->files[i].digest == c->documents[i].digest);
	}
	assert_int_equal(corpus_bytes(c, SPLIT_ALL), 1 + 1 + 5 + 4 + 1 + 8);
	assert_int_equal(corpus_nbytes_max(c, SPLIT_ALL), 8);
	corpus_close(c);
}

static void links_and_special_files_are_counted(void **state)
{
	const struct fixture *f = *state;
	char path[512];
	put_text(f, "a", "a");
	snprintf(path, sizeof path, "%s/to-file", f->docs);
	assert_int_equal(symlink("a", path), 0);
	snprintf(path, sizeof path, "%s/loop", f->docs);
	assert_int_equal(symlink(".", path), 0);
	snprintf(path, sizeof path, "%s/dangling", f->docs);
	assert_int_equal(symlink("nowhere", path), 0);
	snprintf(path, sizeof path, "%s/fifo", f->docs);
	assert_int_equal(mkfifo(path, 0600), 0);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", f->docs);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	close(fd);
	struct corpus *c = open_corpus(f, 0);
	assert_int_equal(c->file_count, 1);
	assert_int_equal(c->skipped.links, 3);
	assert_int_equal(c->skipped.special, 2);
	assert_int_equal(c->skipped.unreadable, 0);
	corpus_close(c);
}

static void the_directory_itself_may_be_a_link(void **state)
{
	struct fixture *f = *state;
	char path[512];
	put_text(f, "a", "a");
	snprintf(path, sizeof path, "%s/link", f->root);
	assert_int_equal(symlink("docs", path), 0);
	struct corpus *c;
	struct error e;
	assert_int_equal(corpus_open(&c, path, 0, NULL, NULL, &e), 0);
	assert_document(c, 0, "a", 1);
	corpus_close(c);
}

/* As another user, since root may read anything. The child's exit is the verdict. */
static int look_as_nobody(const struct fixture *f)
{
	struct corpus *c;
	struct error e;
	if (geteuid() == 0 && setuid(65534) != 0)
		return 1;
	if (corpus_open(&c, f->docs, 0, NULL, NULL, &e) != 0)
		return 2;
	if (c->file_count != 1 || c->skipped.unreadable != 3)
		return 3;
	if (c->skipped.first_unreadable[0] == '\0')
		return 4;
	corpus_close(c);
	return corpus_open(&c, f->root, 0, NULL, NULL, &e) == -EACCES ? 0 : 5;
}

static void unreadable_ones_are_counted_and_named(void **state)
{
	const struct fixture *f = *state;
	char path[512];
	put_text(f, "a", "a");
	put_text(f, "secret", "s");
	put_dir(f, "closed");
	put_text(f, "closed/x", "x");
	put_dir(f, "listed");
	put_text(f, "listed/x", "x");
	static const struct {
		const char *name;
		mode_t mode;
	} modes[] = {{"a", 0644}, {"secret", 0}, {"closed", 0}, {"listed", 0444}, {".", 0755}};
	for (unsigned i = 0; i < 5; i++) {
		snprintf(path, sizeof path, "%s/%s", f->docs, modes[i].name);
		assert_int_equal(chmod(path, modes[i].mode), 0);
	}
	/* searchable, but not to be listed */
	assert_int_equal(chmod(f->root, 0711 & ~(geteuid() == 0 ? 0 : 0400)), 0);
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0)
		_exit(look_as_nobody(f));
	int status;
	waitpid(pid, &status, 0);
	assert_int_equal(chmod(f->root, 0700), 0);
	snprintf(path, sizeof path, "%s/listed", f->docs);
	chmod(path, 0700);
	snprintf(path, sizeof path, "%s/closed", f->docs);
	chmod(path, 0700);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void errors_name_the_directory(void **state)
{
	const struct fixture *f = *state;
	struct corpus *c;
	struct error e;
	char path[512];
	assert_int_equal(corpus_open(&c, f->docs, 0, NULL, NULL, &e), -ENODATA);
	assert_non_null(strstr(e.text, f->docs));
	snprintf(path, sizeof path, "%s/missing", f->docs);
	assert_int_equal(corpus_open(&c, path, 0, NULL, NULL, &e), -ENOENT);
	assert_non_null(strstr(e.text, path));
	put_text(f, "a", "a");
	snprintf(path, sizeof path, "%s/a", f->docs);
	assert_int_equal(corpus_open(&c, path, 0, NULL, NULL, &e), -ENOTDIR);
	assert_non_null(strstr(e.text, path));
	assert_int_equal(corpus_open(&c, f->docs, 0, "/nonexistent/catalogue", NULL, &e), -ENOENT);
	assert_non_null(strstr(e.text, "/nonexistent/catalogue"));
}

/* 2 000 levels: a path of 20 kB, beyond PATH_MAX, with few descriptors. */
static void depth_has_no_limit(void **state)
{
	const struct fixture *f = *state;
	struct rlimit limit, few;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	int fd = open(f->docs, O_RDONLY | O_DIRECTORY);
	for (unsigned i = 0; i < 2000; i++) {
		assert_int_equal(mkdirat(fd, "ninechars", 0700), 0);
		int next = openat(fd, "ninechars", O_RDONLY | O_DIRECTORY);
		assert_true(next >= 0);
		close(fd);
		fd = next;
	}
	int file = openat(fd, "leaf", O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(file, "deep", 4), 4);
	close(file);
	close(fd);
	few = limit;
	few.rlim_cur = 32;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	struct corpus *c = open_corpus(f, 0);
	assert_int_equal(c->file_count, 1);
	assert_int_equal(strlen(c->files[0].path), 2000 * 10 + 4);
	assert_document(c, 0, "deep", 4);
	corpus_close(c);
	c = open_corpus(f, 0);
	assert_true(c->from_catalogue);
	corpus_close(c);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* ---- chunks ---- */

static void chunks_cover_each_file(void **state)
{
	const struct fixture *f = *state;
	static uint8_t bytes[3000000];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(prng_mix(i) >> 8);
	static const size_t sizes[] = {0, 1, 15, 16, 17, 999983, 1048576, 2999952, 3000000};
	static const uint64_t chunks[] = {0, 16, 1000, 65536, 1048576, 4000000};
	for (unsigned i = 0; i < 9; i++) {
		char name[16];
		snprintf(name, sizeof name, "%u", i);
		put_file(f, name, bytes, sizes[i]);
	}
	for (unsigned k = 0; k < 6; k++) {
		struct corpus *c = open_corpus(f, chunks[k]);
		uint32_t at = 0;
		assert_int_equal(c->file_count, 9);
		for (uint32_t i = 0; i < 9; i++) {
			uint64_t offset = 0, chunk = chunks[k] > 0 ? chunks[k] : sizes[8];
			assert_true(c->files[i].digest == XXH3_64bits(bytes, sizes[i]));
			do {
				const struct corpus_document *d = &c->documents[at++];
				uint64_t left = sizes[i] - offset;
				assert_int_equal(d->file, i);
				assert_int_equal(d->offset, offset);
				assert_int_equal(d->nbytes, left < chunk ? left : chunk);
				assert_true(d->digest == XXH3_64bits(bytes + offset, d->nbytes));
				offset += d->nbytes;
			} while (offset < sizes[i]);
		}
		assert_int_equal(at, c->document_count);
		assert_document(c, at - 1, bytes + c->documents[at - 1].offset,
				c->documents[at - 1].nbytes);
		corpus_close(c);
	}
}

static void large_files_need_chunks(void **state)
{
	const struct fixture *f = *state;
	char path[512];
	put_text(f, "small", "s");
	put_text(f, "large", "");
	snprintf(path, sizeof path, "%s/large", f->docs);
	assert_int_equal(truncate(path, (off_t)CONTENT_NBYTES_MAX + 1), 0);
	struct corpus *c = open_corpus(f, 0);
	assert_int_equal(c->file_count, 1);
	assert_int_equal(c->skipped.too_large, 1);
	assert_string_equal(c->skipped.first_too_large, "large");
	corpus_close(c);
	c = open_corpus(f, CONTENT_NBYTES_MAX);
	assert_int_equal(c->file_count, 2);
	assert_int_equal(c->document_count, 3);
	assert_int_equal(c->skipped.too_large, 0);
	assert_int_equal(corpus_nbytes_max(c, SPLIT_ALL), CONTENT_NBYTES_MAX);
	corpus_close(c);
	struct error e;
	assert_int_equal(corpus_open(&c, f->docs, CONTENT_NBYTES_MAX + 1, NULL, NULL, &e), -EINVAL);
}

/* ---- splits ---- */

static void put_many(const struct fixture *f, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char name[32], text[64];
		snprintf(name, sizeof name, "%04u", i);
		snprintf(text, sizeof text, "document number %u, which is %u bytes", i, i * 7);
		put_text(f, name, text);
	}
}

static void one_file_in_eight_is_held_out_by_its_bytes(void **state)
{
	const struct fixture *f = *state;
	put_many(f, 800);
	put_text(f, "copy", "document number 5, which is 35 bytes");
	struct corpus *c = open_corpus(f, 16);
	uint32_t held_out = 0, held_out_at = 0, training_at = 0;
	uint64_t held_out_bytes = 0;
	for (uint32_t i = 0; i < c->file_count; i++) {
		held_out += c->files[i].held_out;
		assert_int_equal(c->files[i].held_out, prng_mix(c->files[i].digest) % 8 == 0);
	}
	assert_in_range(held_out, 100 - 38, 100 + 38); /* 4 sigma */
	for (uint32_t i = 0; i < c->document_count; i++) {
		const struct corpus_document *d = &c->documents[i];
		assert_int_equal(corpus_at(c, SPLIT_ALL, i), i);
		if (c->files[d->file].held_out) {
			assert_int_equal(corpus_at(c, SPLIT_HELD_OUT, held_out_at++), i);
			held_out_bytes += d->nbytes;
		} else {
			assert_int_equal(corpus_at(c, SPLIT_TRAINING, training_at++), i);
		}
	}
	assert_int_equal(corpus_count(c, SPLIT_HELD_OUT), held_out_at);
	assert_int_equal(corpus_count(c, SPLIT_TRAINING), training_at);
	assert_int_equal(corpus_count(c, SPLIT_ALL), held_out_at + training_at);
	assert_int_equal(corpus_bytes(c, SPLIT_HELD_OUT), held_out_bytes);
	assert_int_equal(corpus_bytes(c, SPLIT_ALL),
			 held_out_bytes + corpus_bytes(c, SPLIT_TRAINING));
	/* "copy" sorts last; 0005 has the same bytes */
	assert_string_equal(c->files[800].path, "copy");
	assert_int_equal(c->files[800].held_out, c->files[5].held_out);
	corpus_close(c);
}

static void something_is_always_held_out(void **state)
{
	const struct fixture *f = *state;
	unsigned kept = 0;
	for (unsigned i = 0; kept < 3; i++) { /* three that the rule would all train on */
		char text[32], name[32];
		snprintf(text, sizeof text, "text %u", i);
		if (prng_mix(XXH3_64bits(text, strlen(text))) % 8 == 0)
			continue;
		snprintf(name, sizeof name, "%u", kept++);
		put_text(f, name, text);
	}
	struct corpus *c = open_corpus(f, 0);
	assert_int_equal(corpus_count(c, SPLIT_HELD_OUT), 1);
	uint32_t out = c->documents[corpus_at(c, SPLIT_HELD_OUT, 0)].file;
	for (uint32_t i = 0; i < 3; i++)
		assert_true(prng_mix(c->files[out].digest) <= prng_mix(c->files[i].digest));
	corpus_close(c);
}

static void fingerprint_notices_every_change(void **state)
{
	const struct fixture *f = *state;
	put_text(f, "a", "first document of some length");
	put_text(f, "b", "second document of some length");
	struct corpus *c = open_corpus(f, 0);
	uint64_t before = corpus_fingerprint(c, SPLIT_ALL);
	assert_true(before == corpus_fingerprint(c, SPLIT_ALL));
	assert_true(before != corpus_fingerprint(c, SPLIT_HELD_OUT));
	corpus_close(c);
	c = open_corpus(f, 16); /* the cutting */
	assert_true(before != corpus_fingerprint(c, SPLIT_ALL));
	corpus_close(c);
	put_text(f, "a", "second document of some length"); /* the order */
	put_text(f, "b", "first document of some length");
	c = open_corpus(f, 0);
	assert_true(before != corpus_fingerprint(c, SPLIT_ALL));
	corpus_close(c);
	put_text(f, "a", "first document of some length");
	put_text(f, "b", "second documenT of some length"); /* a byte */
	c = open_corpus(f, 0);
	assert_true(before != corpus_fingerprint(c, SPLIT_ALL));
	corpus_close(c);
	put_text(f, "b", "second document of some length");
	c = open_corpus(f, 0);
	assert_true(before == corpus_fingerprint(c, SPLIT_ALL));
	corpus_close(c);
}

/* ---- the catalogue ---- */

static void assert_same(const struct corpus *a, const struct corpus *b)
{
	assert_int_equal(a->file_count, b->file_count);
	assert_int_equal(a->document_count, b->document_count);
	for (uint32_t i = 0; i < a->file_count; i++) {
		assert_string_equal(a->files[i].path, b->files[i].path);
		assert_true(a->files[i].digest == b->files[i].digest);
		assert_int_equal(a->files[i].held_out, b->files[i].held_out);
	}
	for (uint32_t i = 0; i < a->document_count; i++) {
		const struct corpus_document *x = &a->documents[i], *y = &b->documents[i];
		assert_true(x->file == y->file && x->nbytes == y->nbytes &&
			    x->offset == y->offset && x->digest == y->digest);
	}
	assert_true(corpus_fingerprint(a, SPLIT_HELD_OUT) == corpus_fingerprint(b, SPLIT_HELD_OUT));
}

static void catalogue_saves_reading(void **state)
{
	const struct fixture *f = *state;
	put_many(f, 100);
	put_text(f, "empty", "");
	for (uint64_t chunk = 0; chunk <= 16; chunk += 16) {
		struct corpus *a = open_corpus(f, chunk), *b = open_corpus(f, chunk);
		assert_false(a->from_catalogue);
		assert_true(b->from_catalogue);
		assert_same(a, b);
		corpus_close(a);
		corpus_close(b);
	}
}

static void assert_reread(const struct fixture *f, uint64_t chunk_bytes)
{
	struct corpus *c = open_corpus(f, chunk_bytes);
	assert_false(c->from_catalogue);
	corpus_close(c);
	c = open_corpus(f, chunk_bytes);
	assert_true(c->from_catalogue);
	corpus_close(c);
}

static void catalogue_notices_changes(void **state)
{
	const struct fixture *f = *state;
	char path[512];
	put_many(f, 20);
	assert_reread(f, 0);
	assert_reread(f, 1000);
	put_text(f, "more", "m");
	assert_reread(f, 1000);
	snprintf(path, sizeof path, "%s/more", f->docs);
	unlink(path);
	assert_reread(f, 1000);
	put_text(f, "0003", "other size");
	assert_reread(f, 1000);
	snprintf(path, sizeof path, "%s/0003", f->docs);
	const struct timespec times[2] = {{1000000000, 0}, {1000000000, 1}};
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	assert_reread(f, 1000);
	const struct timespec old[2] = {{-5, 0}, {-5, 999999999}};
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	assert_reread(f, 1000);
}

static void damaged_catalogue_is_rebuilt(void **state)
{
	const struct fixture *f = *state;
	struct stat st;
	put_many(f, 3);
	assert_reread(f, 0);
	assert_int_equal(stat(f->catalogue, &st), 0);
	for (off_t at = 0; at < st.st_size; at += 13) {
		int fd = open(f->catalogue, O_RDWR);
		uint8_t byte;
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		close(fd);
		assert_reread(f, 0);
	}
	for (off_t nbytes = 0; nbytes < st.st_size; nbytes += 29) {
		assert_int_equal(truncate(f->catalogue, nbytes), 0);
		assert_reread(f, 0);
	}
}

/* Cutting at every length and changing every byte, with the checksum mended:
 * parsed or refused, never more (the sanitizers watch). */
static void catalogue_bytes_are_checked(void **state)
{
	const struct fixture *f = *state;
	put_many(f, 3);
	struct corpus *c = open_corpus(f, 16);
	uint8_t *bytes;
	size_t nbytes, refused = 0;
	assert_int_equal(corpus_catalogue_format(c, &bytes, &nbytes), 0);
	corpus_close(c);
	for (size_t at = 0; at < nbytes; at++) {
		uint8_t *copy = malloc(nbytes);
		assert_non_null(copy);
		memcpy(copy, bytes, nbytes);
		copy[at] ^= 0xff;
		uint64_t checksum = XXH3_64bits(copy, nbytes - 8);
		for (unsigned i = 0; i < 8 && at < nbytes - 8; i++)
			copy[nbytes - 8 + i] = (uint8_t)(checksum >> (8 * i));
		struct corpus *got = calloc(1, sizeof *got);
		refused += corpus_catalogue_parse(got, copy, nbytes) == -EBADMSG;
		corpus_close(got);
		got = calloc(1, sizeof *got);
		assert_int_equal(corpus_catalogue_parse(got, bytes, at), -EBADMSG);
		corpus_close(got);
		free(copy);
	}
	free(bytes);
	assert_true(refused > 40 && refused < nbytes);
}

static void no_catalogue_is_fine(void **state)
{
	const struct fixture *f = *state;
	struct corpus *c;
	struct error e;
	put_text(f, "a", "a");
	assert_int_equal(corpus_open(&c, f->docs, 0, NULL, NULL, &e), 0);
	assert_false(c->from_catalogue);
	corpus_close(c);
	assert_int_equal(access(f->catalogue, F_OK), -1);
}

/* ---- reading ---- */

static void changed_documents_are_refused(void **state)
{
	const struct fixture *f = *state;
	char path[512];
	uint8_t buf[64];
	struct error e;
	put_text(f, "folder", "twelve bytes");
	put_text(f, "gone", "twelve bytes");
	put_text(f, "link", "twelve bytes");
	put_text(f, "longer", "twelve bytes");
	put_text(f, "other", "twelve bytes");
	put_text(f, "shorter", "twelve bytes");
	struct corpus *c = open_corpus(f, 0);
	snprintf(path, sizeof path, "%s/folder", f->docs);
	unlink(path);
	assert_int_equal(mkdir(path, 0777), 0);
	snprintf(path, sizeof path, "%s/gone", f->docs);
	unlink(path);
	snprintf(path, sizeof path, "%s/link", f->docs);
	unlink(path);
	assert_int_equal(symlink("longer", path), 0);
	put_text(f, "longer", "twelve bytes and more");
	put_text(f, "other", "Twelve bytes");
	put_text(f, "shorter", "twelve byte");
	for (uint32_t i = 0; i < 6; i++) {
		int err = corpus_read(c, i, buf, &e);
		if (strcmp(c->files[i].path, "longer") == 0) { /* its bytes are still there */
			assert_int_equal(err, 0);
			continue;
		}
		assert_int_equal(err, -ESTALE);
		assert_non_null(strstr(e.text, c->files[i].path));
		assert_non_null(strstr(e.text, "run again"));
	}
	corpus_close(c);
}

struct steps {
	unsigned long long count, last, total;
	unsigned stop_at;
};

static int step(void *arg, const char *what, unsigned long long done, unsigned long long total)
{
	struct steps *s = arg;
	assert_non_null(what);
	assert_true(done >= s->last && done <= total);
	s->last = done;
	s->total = total;
	return ++s->count == s->stop_at;
}

static void progress_is_told_and_can_stop(void **state)
{
	const struct fixture *f = *state;
	static uint8_t bytes[5 << 20];
	put_file(f, "a", bytes, sizeof bytes);
	put_many(f, 10);
	struct steps s = {0};
	const struct progress progress = {step, &s};
	struct corpus *c;
	struct error e;
	assert_int_equal(corpus_open(&c, f->docs, 0, NULL, &progress, &e), 0);
	assert_int_equal(s.total, corpus_bytes(c, SPLIT_ALL));
	assert_true(s.count >= 15);
	corpus_close(c);
	s = (struct steps){.stop_at = 3};
	assert_int_equal(corpus_open(&c, f->docs, 0, f->catalogue, &progress, &e), -ECANCELED);
	assert_int_equal(s.count, 3);
	assert_int_equal(access(f->catalogue, F_OK), -1);
}

/* Another process appends without end: the file is left out and named, or was
 * caught at rest; never is a half of each taken. */
static void files_that_grow_while_read_are_noticed(void **state)
{
	const struct fixture *f = *state;
	char path[512];
	static const char line[100] = "line";
	put_text(f, "log", "start");
	snprintf(path, sizeof path, "%s/log", f->docs);
	pid_t pid = fork();
	if (pid == 0) {
		int fd = open(path, O_WRONLY | O_APPEND);
		for (unsigned i = 0; i < 500000; i++)
			if (write(fd, line, sizeof line) < 0)
				break;
		_exit(0);
	}
	for (unsigned i = 0; i < 20; i++) {
		struct corpus *c;
		struct error e;
		int err = corpus_open(&c, f->docs, 4096, NULL, NULL, &e);
		if (err == 0) {
			uint64_t sum = 0;
			for (uint32_t d = 0; d < c->document_count; d++)
				sum += c->documents[d].nbytes;
			assert_int_equal(sum, c->files[0].nbytes);
			corpus_close(c);
		} else {
			assert_int_equal(err, -ENODATA);
			assert_non_null(strstr(e.text, "1 that changed or went meanwhile"));
		}
	}
	int status;
	waitpid(pid, &status, 0);
}

/* ---- files that do not keep still ---- */

static void set_time(const struct fixture *f, const char *name, time_t s)
{
	char path[512];
	const struct timespec times[2] = {{.tv_sec = s}, {.tv_sec = s}};
	snprintf(path, sizeof path, "%s/%s", f->docs, name);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void remove_file(const struct fixture *f, const char *name)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", f->docs, name);
	assert_int_equal(unlink(path), 0);
}

static uint32_t leave_out(struct corpus *c, bool bytes)
{
	struct error e;
	uint32_t count;
	if (corpus_leave_out_changed(c, bytes, &count, NULL, &e) != 0)
		fail_msg("%s", e.text);
	return count;
}

/* What remains: the documents as before, each on its side, cut into two. */
static void assert_without(struct corpus *c, const struct corpus *all, const char *first,
			   const char *second)
{
	uint32_t k = 0;
	for (uint32_t i = 0; i < all->file_count; i++) {
		const struct corpus_file *f = &all->files[i];
		if (strcmp(f->path, first) == 0 || strcmp(f->path, second) == 0)
			continue;
		assert_string_equal(c->files[k].path, f->path);
		assert_int_equal(c->files[k].held_out, f->held_out);
		for (uint32_t d = 2 * k; d < 2 * k + 2; d++) {
			uint8_t got[8];
			struct error e;
			assert_int_equal(c->documents[d].file, k);
			assert_int_equal(corpus_read(c, d, got, &e), 0);
		}
		k++;
	}
	assert_int_equal(c->file_count, k);
	assert_int_equal(c->document_count, 2 * k);
	assert_int_equal(c->held_out_count + c->training_count, c->document_count);
	assert_int_equal(corpus_bytes(c, SPLIT_ALL), 12 * k);
}

static void what_changed_or_went_is_left_out(void **state)
{
	const struct fixture *f = *state;
	for (unsigned i = 0; i < 40; i++) {
		char name[16], text[16];
		snprintf(name, sizeof name, "d%02u", i);
		snprintf(text, sizeof text, "document  %02u", i);
		put_text(f, name, text);
		set_time(f, name, 1000);
	}
	struct corpus *all = open_corpus(f, 8), *c = open_corpus(f, 8);
	assert_int_equal(leave_out(c, false), 0);
	remove_file(f, "d07");
	put_text(f, "d31", "Document  31");
	assert_int_equal(leave_out(c, false), 2);
	assert_without(c, all, "d07", "d31");
	assert_int_equal(c->skipped.changing, 2);
	assert_string_equal(c->skipped.first_changing, "d07");
	put_text(f, "d08", "Document  08");
	set_time(f, "d08", 1000); /* only its bytes tell */
	assert_int_equal(leave_out(c, false), 0);
	assert_int_equal(leave_out(c, true), 1);
	assert_int_equal(leave_out(c, true), 0);
	assert_int_equal(c->document_count, 2 * 37);
	corpus_close(c);
	corpus_close(all);
}

static void what_keeps_changing_stays_out(void **state)
{
	const struct fixture *f = *state;
	put_text(f, "a", "keeps still");
	put_text(f, "status", "0");
	put_text(f, "log", "0");
	set_time(f, "status", 1000);
	set_time(f, "log", 1000);
	struct corpus *c = open_corpus(f, 0);
	set_time(f, "status", 1001);
	set_time(f, "log", 1001);
	assert_int_equal(leave_out(c, false), 2);
	corpus_close(c);
	for (time_t s = 1002; s < 1005; s++) { /* each run finds another time */
		set_time(f, "status", s);
		c = open_corpus(f, 0);
		assert_int_equal(c->from_catalogue, s > 1002);
		assert_int_equal(c->file_count, 2);
		assert_string_equal(c->files[1].path, "log"); /* it was at rest */
		assert_int_equal(c->skipped.changing, 1);
		assert_string_equal(c->skipped.first_changing, "status");
		corpus_close(c);
	}
	c = open_corpus(f, 0); /* now it is at rest, too */
	assert_int_equal(c->file_count, 3);
	assert_int_equal(c->skipped.changing, 0);
	corpus_close(c);
}

static void nothing_left_is_an_error(void **state)
{
	const struct fixture *f = *state;
	struct error e;
	uint32_t count;
	put_text(f, "a", "a");
	struct corpus *c = open_corpus(f, 0);
	remove_file(f, "a");
	assert_int_equal(corpus_leave_out_changed(c, false, &count, NULL, &e), -ENODATA);
	assert_non_null(strstr(e.text, "no document in it"));
	assert_non_null(strstr(e.text, "1 that changed or went meanwhile"));
	corpus_close(c);
}

static void a_fingerprint_can_be_without_young_files(void **state)
{
	const struct fixture *f = *state;
	put_many(f, 30);
	struct corpus *c = open_corpus(f, 0);
	uint64_t before = corpus_fingerprint(c, SPLIT_ALL);
	int64_t newest_ns = 0;
	for (uint32_t i = 0; i < c->file_count; i++)
		if (c->files[i].ctime_ns > newest_ns)
			newest_ns = c->files[i].ctime_ns;
	corpus_close(c);
	struct stat st;
	do { /* clocks of file systems tick slowly */
		put_text(f, "a-young-one", "says something");
		char path[128];
		snprintf(path, sizeof path, "%s/a-young-one", f->docs);
		assert_int_equal(stat(path, &st), 0);
	} while (st.st_ctim.tv_sec * INT64_C(1000000000) + st.st_ctim.tv_nsec <= newest_ns);
	c = open_corpus(f, 0);
	assert_true(corpus_fingerprint(c, SPLIT_ALL) != before);
	assert_true(corpus_fingerprint_until(c, SPLIT_ALL, newest_ns) == before);
	corpus_close(c);
}

/* Files of the kernel have a size of 0 or of a page, whatever can be read. */
static void files_whose_size_lies_are_counted(void **state)
{
	static const char dir[] = "/proc/sys/kernel/random";
	struct corpus *c;
	struct error e;
	(void)state;
	if (access("/proc/sys/kernel/random/boot_id", R_OK) != 0)
		skip();
	assert_int_equal(corpus_open(&c, dir, 0, NULL, NULL, &e), -ENODATA);
	assert_non_null(strstr(e.text, "whose size is not what can be read"));
	assert_null(strstr(e.text, "changed"));
}

static void messages_have_no_control_characters(void **state)
{
	(void)state;
	struct error e;
	assert_int_equal(error_set(&e, -EIO, "a\nb\x1b[1m%s\x7f", "\t"), -EIO);
	assert_string_equal(e.text, "a?b?[1m??");
	assert_int_equal(error_set(NULL, -EIO, "nowhere"), -EIO);
	char long_text[3000];
	memset(long_text, 'x', sizeof long_text - 1);
	long_text[sizeof long_text - 1] = '\0';
	error_set(&e, -EIO, "%s", long_text);
	assert_int_equal(strlen(e.text), sizeof e.text - 1);
	assert_int_equal(progress_step(NULL, "x", 1, 2), 0);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void a_listing_opens_nothing(void **state)
{
	const struct fixture *f = *state;
	struct corpus *c;
	struct error e;
	char path[128];
	put_dir(f, "a");
	put_text(f, "a/x", "four");
	put_text(f, "large", "");
	snprintf(path, sizeof path, "%s/large", f->docs);
	assert_int_equal(truncate(path, 3 * (off_t)CONTENT_NBYTES_MAX), 0);
	assert_int_equal(corpus_list(&c, f->docs, &e), 0);
	assert_int_equal(c->file_count, 2);
	assert_string_equal(c->files[0].path, "a/x");
	assert_int_equal(c->files[0].nbytes, 4);
	assert_int_equal(c->files[1].nbytes, 3 * CONTENT_NBYTES_MAX);
	assert_int_equal(c->document_count, 0);
	assert_int_equal(c->skipped.too_large, 0);
	corpus_close(c);
	snprintf(path, sizeof path, "%s/none", f->docs);
	assert_int_equal(corpus_list(&c, path, &e), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(files_are_ordered_by_path),
		WITH_FOLDER(links_and_special_files_are_counted),
		WITH_FOLDER(the_directory_itself_may_be_a_link),
		WITH_FOLDER(unreadable_ones_are_counted_and_named),
		WITH_FOLDER(errors_name_the_directory),
		WITH_FOLDER(depth_has_no_limit),
		WITH_FOLDER(chunks_cover_each_file),
		WITH_FOLDER(large_files_need_chunks),
		WITH_FOLDER(one_file_in_eight_is_held_out_by_its_bytes),
		WITH_FOLDER(something_is_always_held_out),
		WITH_FOLDER(fingerprint_notices_every_change),
		WITH_FOLDER(catalogue_saves_reading),
		WITH_FOLDER(catalogue_notices_changes),
		WITH_FOLDER(damaged_catalogue_is_rebuilt),
		WITH_FOLDER(catalogue_bytes_are_checked),
		WITH_FOLDER(no_catalogue_is_fine),
		WITH_FOLDER(changed_documents_are_refused),
		WITH_FOLDER(progress_is_told_and_can_stop),
		WITH_FOLDER(files_that_grow_while_read_are_noticed),
		WITH_FOLDER(a_listing_opens_nothing),
		WITH_FOLDER(what_changed_or_went_is_left_out),
		WITH_FOLDER(what_keeps_changing_stays_out),
		WITH_FOLDER(nothing_left_is_an_error),
		WITH_FOLDER(a_fingerprint_can_be_without_young_files),
		cmocka_unit_test(files_whose_size_lies_are_counted),
		cmocka_unit_test(messages_have_no_control_characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
