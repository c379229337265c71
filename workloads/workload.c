/* workload.c: a workload file from text to checked settings. */
#include "workloads/workload_internal.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "workloads/ini_lines.h"
#include "workloads/nearest.h"
#include "workloads/utf8.h"

#define LABEL_NBYTES_MAX 64u
#define FILE_NAME_NBYTES_MAX 100u
#define TEXT_SHOWN "%.200s" /* of what the user wrote, in messages */

static_assert(INI_LINE_NBYTES_MAX >= 2 * WORKLOAD_PATH_NBYTES, "a path fits into a line");

/* ---- keys ---- */

static const struct key *section_keys(int section, int *count)
{
	*count = section == 0 ? (int)W_COUNT : (int)E_COUNT;
	return section == 0 ? workload_keys : engine_keys;
}

static int fail_unknown_key(struct parser *p, int section, const char *name, struct origin at)
{
	int count;
	const struct key *keys = section_keys(section, &count);
	struct nearest nearest = nearest_to(name);
	char list[512] = "";
	for (int k = 0; k < count; k++) {
		nearest_try(&nearest, keys[k].name);
		size_t used = strlen(list);
		snprintf(list + used, sizeof list - used, "%s%s", k > 0 ? ", " : "", keys[k].name);
	}
	const char *where = section == 0 ? "[workload]" : "[engine]";
	if (nearest.found != NULL)
		return fail(p, at, "%.100s: no key of %s; did you mean %s?", name, where,
			    nearest.found);
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
		return fail(p, (struct origin){p->lines.line, NULL},
			    "[workload] was already given at line %d", s->line);
	s->line = p->lines.line;
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
	struct origin at = {p->lines.line, NULL};
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
	if (strcmp(label, "workload") == 0)
		return fail(p, at,
			    "[engine \"workload\"]: --set workload.KEY sets a key of [workload]; "
			    "give the engine another label");
	int same = find_engine(w, label);
	if (same >= 0)
		return fail(p, at, "[engine \"%s\"] was already given at line %d", label,
			    w->engines[same].line);
	if (w->engine_count == WORKLOAD_ENGINES_MAX)
		return fail(p, at, "[engine \"%s\"]: at most %u engines", label,
			    WORKLOAD_ENGINES_MAX);
	struct engine_config *engine = &w->engines[w->engine_count++];
	strcpy(engine->label, label);
	engine->line = p->lines.line;
	p->section = (int)w->engine_count;
	p->sections[p->section].line = p->lines.line;
	return 0;
}

/* What ini_lines calls for each [name]. */
static int take_section(void *arg, char *name, struct error *e)
{
	(void)e; /* the parser has it */
	struct parser *p = arg;
	if (strcmp(name, "workload") == 0)
		return open_workload(p);
	if (strncmp(name, "engine", 6) == 0 &&
	    (name[6] == '\0' || strchr(" \t\"", name[6]) != NULL))
		return open_engine(p, ini_trim(name + 6));
	return fail(p, (struct origin){p->lines.line, NULL},
		    "[%.100s]: no such section; there are [workload] and [engine \"LABEL\"]", name);
}

/* And for each name = value. */
static int take_value(void *arg, const char *name, const char *value, struct error *e)
{
	(void)e;
	struct parser *p = arg;
	struct origin here = {p->lines.line, NULL};
	if (p->section < 0)
		return fail(p, here,
			    "%.100s: a key before the first section; put [workload] above it",
			    name);
	int k = find_key(p, p->section, name, here);
	if (k < 0)
		return -EINVAL;
	struct setting *s = &p->sections[p->section].settings[k];
	if (s->text != NULL)
		return fail(p, here, "%s was already given at line %d", name, s->origin.line);
	return put_setting(p, s, value, here);
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
	char *section = ini_trim(assignment), *key = strrchr(section, '.');
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
	return put_setting(p, &p->sections[index].settings[k], ini_trim(value), at);
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
	char base[NAME_MAX + 1];
	snprintf(base, sizeof base, "%.*s", nbytes < sizeof base ? (int)nbytes : NAME_MAX, start);
	utf8_name(w->name, FILE_NAME_NBYTES_MAX + 1, base);
	if (w->name[0] == '\0')
		strcpy(w->name, "workload");
}

static int set_workload(struct parser *p)
{
	const struct section *s = &p->sections[0];
	if (s->line == 0)
		return fail(p, (struct origin){p->lines.line > 0 ? p->lines.line : 1, NULL},
			    "the section [workload] is missing");
	if (p->w->engine_count == 0)
		return fail(p, (struct origin){p->lines.line, NULL},
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
	p.lines = (struct ini_lines){
		.file = w->file, .section = take_section, .value = take_value, .arg = &p};
	memset(w, 0, sizeof *w);
	snprintf(w->file, sizeof w->file, "%s", name);
	if (text_nbytes > INI_FILE_NBYTES_MAX)
		return fail(&p, (struct origin){1, NULL}, "a workload file has at most 1 MiB");
	int err = ini_lines_read(&p.lines, text, text_nbytes, e);
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

int workload_read(struct workload *w, const char *path, const char *const *sets, unsigned set_count,
		  struct error *e)
{
	char *text;
	size_t nbytes;
	int err = ini_file_text(path, "workload file", &text, &nbytes, e);
	if (err)
		return err;
	err = workload_parse(w, path, text, nbytes, sets, set_count, e);
	free(text);
	return err;
}
