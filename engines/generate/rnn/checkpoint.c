#include "engines/generate/rnn/checkpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "workloads/file.h"

/* In this machine's byte order: a checkpoint does not travel. */
struct checkpoint_head {
	char magic[8];
	uint64_t identity, nbytes, digest; /* nbytes follow the head */
	struct train_plan plan;
};

static const char MAGIC[8] = "gvrckpt1";

/* The digest is of the plan and, with that as seed, of what follows the head. */
static uint64_t seed_of(const struct train_plan *plan)
{
	return XXH3_64bits(plan, sizeof *plan);
}

/* ---- writing ---- */

#define PARTS_MAX (8u + 2u * TRAINER_THREADS_MAX)

struct parts {
	struct file_part part[PARTS_MAX];
	unsigned count;
	uint64_t nbytes;
	XXH3_state_t *digest;
};

static void add_part(void *arg, void *bytes, size_t nbytes)
{
	struct parts *p = arg;
	p->part[p->count++] = (struct file_part){bytes, nbytes};
	p->nbytes += nbytes;
	XXH3_64bits_update(p->digest, bytes, nbytes);
}

int checkpoint_write(const char *path, uint64_t identity, const struct train_plan *plan,
		     struct trainer *t, struct error *e)
{
	struct checkpoint_head head = {.identity = identity, .plan = *plan};
	struct parts p = {.count = 1, .digest = XXH3_createState()};

	if (p.digest == NULL)
		return error_set(e, -ENOMEM, "%s: out of memory", path);
	XXH3_64bits_reset_withSeed(p.digest, seed_of(plan));
	trainer_visit(t, add_part, &p);
	memcpy(head.magic, MAGIC, sizeof MAGIC);
	head.nbytes = p.nbytes;
	head.digest = XXH3_64bits_digest(p.digest);
	XXH3_freeState(p.digest);
	p.part[0] = (struct file_part){&head, sizeof head};
	return file_write(path, p.part, p.count, e);
}

/* ---- reading ---- */

struct source {
	const uint8_t *bytes;
	size_t nbytes;
};

static void count_part(void *arg, void *bytes, size_t nbytes)
{
	(void)bytes;
	*(uint64_t *)arg += nbytes;
}

static void copy_part(void *arg, void *bytes, size_t nbytes)
{
	struct source *s = arg;
	memcpy(bytes, s->bytes, nbytes);
	s->bytes += nbytes;
}

/* NULL: there is none, or something else in its place. */
static FILE *open_file(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) ? fopen(path, "re") : NULL;
}

/* All that is in the file, or NULL. */
static uint8_t *read_file(const char *path, uint64_t *nbytes)
{
	FILE *f = open_file(path);
	uint8_t *bytes = NULL;
	if (f == NULL)
		return NULL;
	long size = fseek(f, 0, SEEK_END) == 0 ? ftell(f) : -1;
	if (size > 0 && fseek(f, 0, SEEK_SET) == 0)
		bytes = malloc((size_t)size);
	if (bytes != NULL && fread(bytes, 1, (size_t)size, f) != (size_t)size) {
		free(bytes);
		bytes = NULL;
	}
	fclose(f);
	*nbytes = (uint64_t)size;
	return bytes;
}

bool checkpoint_is_of_another(const char *path, uint64_t identity)
{
	struct checkpoint_head head;
	FILE *f = open_file(path);
	if (f == NULL)
		return false;
	bool whole = fread(&head, sizeof head, 1, f) == 1;
	fclose(f);
	return whole && memcmp(head.magic, MAGIC, sizeof MAGIC) == 0 && head.identity != identity;
}

bool checkpoint_read(const char *path, uint64_t identity, struct train_plan *plan,
		     struct trainer *t)
{
	struct checkpoint_head head;
	uint64_t nbytes, wanted = 0;
	uint8_t *bytes = read_file(path, &nbytes);

	trainer_visit(t, count_part, &wanted);
	bool good = bytes != NULL && nbytes == sizeof head + wanted;
	if (good) {
		memcpy(&head, bytes, sizeof head);
		good = memcmp(head.magic, MAGIC, sizeof MAGIC) == 0 && head.identity == identity &&
		       head.nbytes == wanted &&
		       head.digest == XXH3_64bits_withSeed(bytes + sizeof head, wanted,
							   seed_of(&head.plan));
	}
	if (good) {
		struct source s = {bytes + sizeof head, wanted};
		trainer_visit(t, copy_part, &s);
		*plan = head.plan;
	}
	free(bytes);
	return good;
}
