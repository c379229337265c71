/*
 * workload.c: a workload file from text to checked settings. libinih splits
 * lines into names and values; lines and sections are handled here, because
 * inih cuts long lines and section names without a word, takes an indented
 * line for more of the value before, and does not tell the line's number.
 */
#include "workloads/workload_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_NBYTES_MAX ((size_t)1 << 20)
#define LINE_NBYTES_MAX (2 * WORKLOAD_PATH_NBYTES)
#define LABEL_NBYTES_MAX 64u
#define TEXT_SHOWN "%.200s" /* of what the user wrote, in messages */

static const char blanks[] = " \t\r\n\v\f";

/* ---- keys ---- */

static const struct key *section_keys(int section, int *count)
{
	*count = section == 0 ? (int)W_COUNT : (int)E_COUNT;
	return section == 0 ? workload_keys : engine_keys;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;
	return m < c ? m : c;
}

/* Levenshtein's, for names of fewer than 40 characters. */
static unsigned edit_distance(const char *a, const char *b)
{
	unsigned row[40], na = (unsigned)strlen(a), nb = (unsigned)strlen(b);
	if (na >= 40 || nb >= 40)
		return 40;
	for (unsigned j = 0; j <= nb; j++)
		row[j] = j;
	for (unsigned i = 1; i <= na; i++) {
		unsigned diagonal = row[0];
		row[0] = i;
		for (unsigned j = 1; j <= nb; j++) {
			unsigned above = row[j];
			row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[nb];
}

static int fail_unknown_key(struct parser *p, int section, const char *name, struct origin at)
{
	int count;
	const struct key *keys = section_keys(section, &count);
	const char *nearest = NULL;
	unsigned least = 4; /* further off is no typing error */
	char list[512] = "";
	for (int k = 0; k < count; k++) {
		unsigned distance = edit_distance(name, keys[k].name);
		if (distance < least) {
			least = distance;
			nearest = keys[k].name;
		}
		size_t used = strlen(list);
		snprintf(list + used, sizeof list - used, "%s%s", k > 0 ? ", " : "", keys[k].name);
	}
	const char *where = section == 0 ? "[workload]" : "[engine]";
	if (nearest != NULL)
		return fail(p, at, "%.100s: no key of %s; did you mean %s?", name, where, nearest);
	return fail(p, at, "%.100s: no key of %s; its keys: %s", name, where, list);
}

/* Index of a key, or -1 with the error set. */
static int find_key(struct parser *p, int section, const char *name, struct origin at)
{
	int count;
	const struct key *keys = section_keys(section, &count);
	for (int k = 0; k < count; k++)
		if (strcmp(keys[k].name, name) == 0)
			return k;
	fail_unknown_key(p, section, name, at);
	return -1;
}

static int put_setting(struct parser *p, struct setting *s, const char *value, struct origin at)
{
	char *text = strdup(value);
	if (text == NULL)
		return error_set(p->e, -ENOMEM, "%.300s: no memory to read it", p->w->file);
	free(s->text);
	*s = (struct setting){.text = text, .origin = at};
	return 0;
}

/* ---- sections ---- */

static int open_workload(struct parser *p)
{
	struct section *s = &p->sections[0];
	if (s->line > 0)
		return fail(p, (struct origin){p->line, NULL},
			    "[workload] was already given at line %d", s->line);
	s->line = p->line;
	p->section = 0;
	return 0;
}

static bool is_label(const char *label)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t nbytes = strlen(label);
	return nbytes > 0 && nbytes <= LABEL_NBYTES_MAX && strspn(label, allowed) == nbytes;
}

static int find_engine(const struct workload *w, const char *label)
{
	for (unsigned i = 0; i < w->engine_count; i++)
		if (strcmp(w->engines[i].label, label) == 0)
			return (int)i;
	return -1;
}

/* label: with or without quotes; is written to. */
static int open_engine(struct parser *p, char *label)
{
	struct workload *w = p->w;
	struct origin at = {p->line, NULL};
	size_t nbytes = strlen(label);
	if (nbytes >= 2 && label[0] == '"' && label[nbytes - 1] == '"') {
		label[nbytes - 1] = '\0';
		label++;
	}
	if (!is_label(label))
		return fail(p, at,
			    "[engine \"%.100s\"]: a label is 1 to 64 letters, digits, '-', '_' and "
			    "'.', as in [engine \"retrieve\"]",
			    label);
	int same = find_engine(w, label);
	if (same >= 0)
		return fail(p, at, "[engine \"%s\"] was already given at line %d", label,
			    w->engines[same].line);
	if (w->engine_count == WORKLOAD_ENGINES_MAX)
		return fail(p, at, "[engine \"%s\"]: at most %u engines", label,
			    WORKLOAD_ENGINES_MAX);
	struct engine_config *engine = &w->engines[w->engine_count++];
	strcpy(engine->label, label);
	engine->line = p->line;
	p->section = (int)w->engine_count;
	p->sections[p->section].line = p->line;
	return 0;
}

/* Cuts blanks off both ends, in place. */
static char *trim(char *text)
{
	text += strspn(text, blanks);
	size_t nbytes = strlen(text);
	while (nbytes > 0 && strchr(blanks, text[nbytes - 1]) != NULL)
		nbytes--;
	text[nbytes] = '\0';
	return text;
}

/* line: "[...", is written to. */
static int open_section(struct parser *p, char *line)
{
	struct origin at = {p->line, NULL};
	char *end = strchr(line, ']');
	if (end == NULL)
		return fail(p, at, TEXT_SHOWN ": a section needs a closing ]", trim(line));
	const char *rest = end + 1 + strspn(end + 1, blanks);
	if (*rest != '\0' && *rest != ';' && *rest != '#')
		return fail(p, at, "only a comment may follow a section's ]");
	*end = '\0';
	char *name = trim(line + 1);
	if (strcmp(name, "workload") == 0)
		return open_workload(p);
	if (strncmp(name, "engine", 6) == 0 &&
	    (name[6] == '\0' || strchr(" \t\"", name[6]) != NULL))
		return open_engine(p, trim(name + 6));
	return fail(p, at, "[%.100s]: no such section; there are [workload] and [engine \"LABEL\"]",
		    name);
}

/* ---- lines, through inih ---- */

struct lines {
	struct parser *p;
	const char *at, *end;
	int err; /* the first: nothing is read after it */
};

/* What inih calls for each line, as fgets: one whole line or the end. */
static char *next_line(char *out, int capacity, void *arg)
{
	struct lines *l = arg;
	if (l->err || l->at == l->end)
		return NULL;
	struct origin here = {++l->p->line, NULL};
	const char *newline = memchr(l->at, '\n', (size_t)(l->end - l->at));
	const char *start = l->at, *end = newline != NULL ? newline : l->end;
	l->at = newline != NULL ? newline + 1 : l->end;
	while (start < end && memchr(blanks, *start, sizeof blanks - 1) != NULL)
		start++;
	size_t nbytes = (size_t)(end - start);
	if (nbytes > 0 && memchr(start, '\0', nbytes) != NULL) {
		l->err = fail(l->p, here, "a NUL byte; this is not a text file");
		return NULL;
	}
	if (nbytes + 2 > (size_t)capacity) {
		l->err = fail(l->p, here, "a line of more than %d characters; shorten it",
			      capacity - 2);
		return NULL;
	}
	memcpy(out, start, nbytes);
	strcpy(out + nbytes, "\n");
	if (out[0] == '[') {
		char line[LINE_NBYTES_MAX];
		snprintf(line, sizeof line, "%s", out);
		l->err = open_section(l->p, line);
	}
	return l->err ? NULL : out;
}

/* What inih calls for each name = value; 1: go on. Its section is not used. */
static int take_value(void *arg, const char *section, const char *name, const char *value)
{
	(void)section;
	struct lines *l = arg;
	struct parser *p = l->p;
	struct origin here = {p->line, NULL};
	if (l->err)
		return 0;
	if (p->section < 0) {
		l->err = fail(p, here,
			      "%.100s: a key before the first section; put [workload] above it",
			      name);
		return 0;
	}
	int k = find_key(p, p->section, name, here);
	if (k < 0) {
		l->err = -EINVAL;
		return 0;
	}
	struct setting *s = &p->sections[p->section].settings[k];
	if (s->text != NULL)
		l->err = fail(p, here, "%s was already given at line %d", name, s->origin.line);
	else
		l->err = put_setting(p, s, value, here);
	return l->err == 0;
}

static int read_lines(struct parser *p, const char *text, size_t text_nbytes)
{
	if (text_nbytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		text_nbytes -= 3;
	}
	struct lines l = {.p = p, .at = text, .end = text + text_nbytes};
	ini_max_line = LINE_NBYTES_MAX; /* inih's own is 200 */
	int bad_line = ini_parse_stream(next_line, &l, take_value, &l);
	/* bad_line: the first that inih could not split, or that was refused here */
	if (bad_line > 0 && (!l.err || bad_line < p->line))
		return fail(p, (struct origin){bad_line, NULL},
			    "neither a [section], nor key = value, nor a comment");
	if (bad_line < 0 && !l.err)
		return error_set(p->e, -ENOMEM, "%.300s: no memory to read it", p->w->file);
	return l.err;
}

/* ---- --set ---- */

/* Index into sections of "workload", "engine.LABEL" or "LABEL"; -1: none. */
static int find_section(const struct workload *w, const char *name)
{
	if (strcmp(name, "workload") == 0)
		return 0;
	int engine = -1;
	if (strncmp(name, "engine.", 7) == 0)
		engine = find_engine(w, name + 7);
	if (engine < 0)
		engine = find_engine(w, name);
	return engine + (engine >= 0);
}

/* assignment: a copy of set, is written to. */
static int apply_set(struct parser *p, const char *set, char *assignment)
{
	struct origin at = {0, set};
	char *value = strchr(assignment, '=');
	if (value != NULL)
		*value++ = '\0';
	char *section = trim(assignment), *key = strrchr(section, '.');
	if (value == NULL || key == NULL)
		return fail(p, at, "write section.key=value, as in workload.rate_iops=5000");
	*key++ = '\0';
	int index = find_section(p->w, section);
	if (index < 0)
		return fail(p, at, "%.100s: neither workload nor the label of an engine of %.300s",
			    section, p->w->file);
	int k = find_key(p, index, key, at);
	if (k < 0)
		return -EINVAL;
	return put_setting(p, &p->sections[index].settings[k], trim(value), at);
}

static int apply_sets(struct parser *p, const char *const *sets, unsigned set_count)
{
	for (unsigned i = 0; i < set_count; i++) {
		char *assignment = strdup(sets[i]);
		if (assignment == NULL)
			return error_set(p->e, -ENOMEM, "--set %.300s: no memory", sets[i]);
		int err = apply_set(p, sets[i], assignment);
		free(assignment);
		if (err)
			return err;
	}
	return 0;
}

/* ---- values ---- */

static int set_value(struct parser *p, const struct key *key, void *base, const struct setting *s,
		     const char *fallback)
{
	if (s->text == NULL) /* a default that does not parse is a bug: a test reads them all */
		return fallback != NULL ? key_parse(key, base, fallback) : 0;
	if (key_parse(key, base, s->text) != 0)
		return fail(p, s->origin, "%s = " TEXT_SHOWN ": %s", key->name, s->text,
			    key->takes);
	return 0;
}

/* Without a name, a workload has its file's, made fit for one. */
static void name_from_file(struct workload *w)
{
	const char *slash = strrchr(w->file, '/');
	const char *start = slash != NULL ? slash + 1 : w->file;
	const char *dot = strrchr(start, '.');
	size_t nbytes = dot != NULL && dot > start ? (size_t)(dot - start) : strlen(start);
	snprintf(w->name, sizeof w->name, "%.*s", (int)(nbytes < 100 ? nbytes : 100), start);
	for (char *c = w->name; *c != '\0'; c++)
		if (!is_label((const char[]){*c, '\0'}))
			*c = '_';
	if (w->name[0] == '\0')
		strcpy(w->name, "workload");
}

static int set_workload(struct parser *p)
{
	const struct section *s = &p->sections[0];
	if (s->line == 0)
		return fail(p, (struct origin){p->line > 0 ? p->line : 1, NULL},
			    "the section [workload] is missing");
	if (p->w->engine_count == 0)
		return fail(p, (struct origin){p->line, NULL},
			    "there is no engine; add a section [engine \"LABEL\"] with kind = %s",
			    engine_keys[E_KIND].takes);
	if (s->settings[W_CONTENTS].text == NULL)
		return fail(p, (struct origin){s->line, NULL},
			    "contents is missing: set contents = %s",
			    workload_keys[W_CONTENTS].takes);
	name_from_file(p->w);
	for (int k = 0; k < W_COUNT; k++) {
		const struct key *key = &workload_keys[k];
		int err = set_value(p, key, p->w, &s->settings[k],
				    workload_fallback(p->w, (enum workload_key)k));
		if (err)
			return err;
	}
	return check_workload(p);
}

static int set_engine(struct parser *p, unsigned index)
{
	struct engine_config *engine = &p->w->engines[index];
	const struct section *s = &p->sections[1 + index];
	if (s->settings[E_KIND].text == NULL)
		return fail(p, (struct origin){s->line, NULL},
			    "kind is missing: set kind = %s in [engine \"%s\"]",
			    engine_keys[E_KIND].takes, engine->label);
	for (int k = 0; k < E_COUNT; k++) {
		const char *fallback = NULL;
		if (engine_keys[k].kinds & engine_kind(engine))
			fallback = engine_fallback(p->w, engine, (enum engine_key)k);
		int err = set_value(p, &engine_keys[k], engine, &s->settings[k], fallback);
		if (err)
			return err;
	}
	return check_engine(p, index);
}

static void free_settings(struct parser *p)
{
	for (unsigned i = 0; i <= WORKLOAD_ENGINES_MAX; i++)
		for (unsigned k = 0; k < KEYS_MAX; k++)
			free(p->sections[i].settings[k].text);
}

int workload_parse(struct workload *w, const char *name, const char *text, size_t text_nbytes,
		   const char *const *sets, unsigned set_count, struct error *e)
{
	struct parser p = {.w = w, .e = e, .section = -1};
	memset(w, 0, sizeof *w);
	snprintf(w->file, sizeof w->file, "%s", name);
	if (text_nbytes > FILE_NBYTES_MAX)
		return fail(&p, (struct origin){1, NULL}, "a workload file has at most 1 MiB");
	int err = read_lines(&p, text, text_nbytes);
	if (!err)
		err = apply_sets(&p, sets, set_count);
	if (!err)
		err = set_workload(&p);
	for (unsigned i = 0; i < w->engine_count && !err; i++)
		err = set_engine(&p, i);
	free_settings(&p);
	return err;
}

double workload_rate_mean(const struct workload *w)
{
	double sum = 0;
	for (unsigned i = 0; i < w->rate_count; i++)
		sum += w->rate_iops[i];
	return w->rate_count > 0 ? sum / w->rate_count : 0;
}

/* ---- the file ---- */

static int fail_file(const char *path, int err, struct error *e)
{
	if (err == -ENOENT)
		return error_set(e, err, "%s: no such workload file; check the path", path);
	if (err == -EACCES || err == -EPERM)
		return error_set(e, err, "%s: may not be read; check its permissions", path);
	if (err == -EISDIR)
		return error_set(e, -EINVAL, "%s:1: a directory; name a workload file", path);
	return error_set(e, err, "%s: cannot be read: %s", path, strerror(-err));
}

/* At most capacity bytes; fewer only at the end of the file. */
static ssize_t read_up_to(int fd, char *buf, size_t capacity)
{
	size_t done = 0;
	while (done < capacity) {
		ssize_t n = read(fd, buf + done, capacity - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int workload_read(struct workload *w, const char *path, const char *const *sets, unsigned set_count,
		  struct error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail_file(path, -errno, e);
	char *text = malloc(FILE_NBYTES_MAX + 1);
	ssize_t nbytes = text != NULL ? read_up_to(fd, text, FILE_NBYTES_MAX + 1) : -ENOMEM;
	close(fd);
	int err;
	if (nbytes < 0)
		err = fail_file(path, (int)nbytes, e);
	else
		err = workload_parse(w, path, text, (size_t)nbytes, sets, set_count, e);
	free(text);
	return err;
}
