#include "bench/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workloads/file.h"
#include "workloads/nearest.h"

static const struct option long_options[] = {
	{"set", required_argument, NULL, 's'},
	{"store", required_argument, NULL, 'd'},
	{"over", required_argument, NULL, 'v'},
	{"out", required_argument, NULL, 'o'},
	{"generator", required_argument, NULL, 'g'},
	{"threshold", required_argument, NULL, 't'},
	{"minutes", required_argument, NULL, 'm'},
	{"steps", required_argument, NULL, 'n'},
	{"threads", required_argument, NULL, 'j'},
	{"wall-meter", required_argument, NULL, 'w'},
	{"prices", required_argument, NULL, 'p'},
	{"training-kwh", required_argument, NULL, 'k'},
	{"platform", required_argument, NULL, 'l'},
	{"calibrate", no_argument, NULL, 'c'},
	{"format", required_argument, NULL, 'f'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

/* gvr's folder in the user's cache directory. */
static bool default_store(char *out, size_t capacity)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	int n;

	if (cache != NULL && cache[0] == '/')
		n = snprintf(out, capacity, "%s/gvr", cache);
	else if (home != NULL && home[0] == '/')
		n = snprintf(out, capacity, "%s/.cache/gvr", home);
	else
		return false;
	return n > 0 && (size_t)n < capacity;
}

static bool bad(const char *verb, const char *what, const char *which)
{
	struct error line; /* which may hold anything */

	error_set(&line, 0, "%s%.300s", what, which);
	fprintf(stderr, "gvr %s: %s; see gvr %s --help\n", verb, line.text, verb);
	return false;
}

/* --out=~/x would make a folder that is called "~". */
static bool is_tilde(const char *verb, const char *option, const char *path)
{
	struct error why;

	return file_has_tilde(path, &why) && !bad(verb, option, why.text);
}

static bool take(struct options *o, const char *verb, int letter, const char *value)
{
	switch (letter) {
	case 's':
		if (o->set_count == OPTIONS_SETS_MAX)
			return bad(verb, "too many --set", "");
		o->sets[o->set_count++] = value;
		return true;
	case 'v':
		if (o->over_count == OPTIONS_OVERS_MAX)
			return bad(verb, "too many --over", "");
		o->overs[o->over_count++] = value;
		return true;
	case 'd':
		if (strlen(value) == 0 || strlen(value) >= sizeof o->store / 2)
			return bad(verb, "--store: empty or too long", "");
		snprintf(o->store, sizeof o->store, "%s", value);
		return !is_tilde(verb, "--store ", value);
	case 'o':
		if (strlen(value) == 0 || strlen(value) >= WORKLOAD_PATH_NBYTES / 2)
			return bad(verb, "--out: empty or too long", "");
		o->out = value;
		return !is_tilde(verb, "--out ", value);
	case 't':
		o->threshold = value;
		return true;
	case 'm':
		o->minutes = value;
		return true;
	case 'n':
		o->steps = value;
		return true;
	case 'j':
		o->threads = value;
		return true;
	case 'w':
		if ((strncmp(value, "file:", 5) != 0 || value[5] == '\0') &&
		    (strncmp(value, "command:", 8) != 0 || value[8] == '\0'))
			return bad(verb, "--wall-meter: file:PATH or command:LINE, not ", value);
		o->wall_meter = value;
		return true;
	case 'l':
		o->platform = value;
		return true;
	case 'p':
		o->prices = value;
		return true;
	case 'k':
		o->training_kwh = value;
		return true;
	case 'c':
		o->calibrate = true;
		return true;
	case 'f':
		o->json = strcmp(value, "json") == 0;
		return o->json || strcmp(value, "normal") == 0 ||
		       bad(verb, "--format: normal or json, not ", value);
	default:
		o->generator = value;
		return true;
	}
}

/* The option that getopt stumbled over, or that this verb does not know, as
 * the user wrote it. */
static const char *unknown_option(char **argv, int letter, int long_index)
{
	static char text[32];

	if (long_index >= 0)
		snprintf(text, sizeof text, "--%s", long_options[long_index].name);
	else if (letter != '?' && letter != ':')
		snprintf(text, sizeof text, "-%c", letter);
	else if (optopt == 0 || strncmp(argv[optind - 1], "--", 2) == 0)
		return argv[optind - 1];
	else
		snprintf(text, sizeof text, "-%c", optopt);
	return text;
}

/* One that this verb knows and that may have been meant. */
static bool bad_option(const char *verb, const char *which, const char *accepted)
{
	char name[64];
	struct nearest nearest;
	struct error line;

	snprintf(name, sizeof name, "%.*s", (int)strcspn(which, "="), which);
	nearest = nearest_to(name + strspn(name, "-"));
	for (size_t i = 0; long_options[i].name != NULL; i++)
		if (strchr(accepted, long_options[i].val) != NULL)
			nearest_try(&nearest, long_options[i].name);
	if (nearest.found == NULL || strncmp(which, "--", 2) != 0)
		return bad(verb, "unknown option ", which);
	error_set(&line, 0, "unknown option %.300s", which);
	fprintf(stderr, "gvr %s: %s; did you mean --%s?\n", verb, line.text, nearest.found);
	return false;
}

static bool take_operands(struct options *o, int argc, char **argv, int wanted)
{
	int given = argc - optind;

	if (given < (wanted == OPTIONS_SOME ? 1 : wanted))
		return bad(argv[0], "an operand is missing", "");
	if (given > wanted && wanted == 0)
		return bad(argv[0], "no operand, such as ", argv[optind]);
	if (given > wanted && wanted != OPTIONS_SOME)
		return bad(argv[0],
			   wanted == 1 ? "one operand only, not also " : "an operand too many: ",
			   argv[optind + wanted]);
	o->operands = (const char *const *)argv + optind;
	o->operand = o->operands[0];
	o->operand_count = (unsigned)given;
	return true;
}

enum options_outcome options_parse(struct options *o, int argc, char **argv, const char *accepted,
				   int operand_count)
{
	const char *verb = argv[0];
	int letter, long_index = -1;

	memset(o, 0, sizeof *o);
	opterr = 0;
	while ((letter = getopt_long(argc, argv, ":s:o:g:h", long_options, &long_index)) != -1) {
		if (letter == 'h')
			return OPTIONS_HELP;
		if (letter == ':') {
			bad(verb, "missing value of ", unknown_option(argv, letter, long_index));
			return OPTIONS_BAD;
		}
		if (letter == '?' || strchr(accepted, letter) == NULL) {
			bad_option(verb, unknown_option(argv, letter, long_index), accepted);
			return OPTIONS_BAD;
		}
		if (!take(o, verb, letter, optarg))
			return OPTIONS_BAD;
		long_index = -1;
	}
	if (!take_operands(o, argc, argv, operand_count))
		return OPTIONS_BAD;
	if (strchr(accepted, 'd') != NULL && o->store[0] == '\0' &&
	    !default_store(o->store, sizeof o->store)) {
		bad(verb, "no home folder to keep stores in: give --store DIR", "");
		return OPTIONS_BAD;
	}
	return OPTIONS_OK;
}
