/* cmd_breakeven.c: gvr breakeven: what a stored result means, under any prices. */
#include "bench/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/breakeven.h"
#include "bench/builtin.h"
#include "bench/format.h"
#include "bench/json_values.h"
#include "bench/options.h"
#include "bench/result_read.h"

#define TRAINING_KWH_MAX 1e12

static const char help[] =
	"usage: gvr breakeven RESULT [--prices FILE] [--platform PLATFORM]\n"
	"                     [--training-kwh KWH] [--format FORMAT]\n"
	"\n"
	"Tells from a result of gvr run (result.json or the folder that holds it) how\n"
	"often a content must be asked for to be worth storing: by time, money, energy\n"
	"and emissions, each with its range; which input moves the answer most; from how\n"
	"much content on the model's own bytes pay; and what each layer of the machine\n"
	"had to do. Runs nothing.\n"
	"\n"
	"  --prices FILE       prices of your own, over the built-in ones\n"
	"  --platform PLATFORM server, desktop, laptop or a file: other watts than the\n"
	"                      run's, where its energy is modelled\n"
	"  --training-kwh KWH  also tells from how much content on the model repays the\n"
	"                      energy of its training\n"
	"  --format FORMAT     normal, or json: all of it, on standard output\n"
	"\n"
	"Exit: 0 ok, 1 damaged result, 2 bad arguments, 3 file missing, 4 permission,\n"
	"5 bad price or platform file, 6 the result is INVALID.\n"
	"\n"
	"Example: gvr breakeven out/manpages --prices mine.ini\n"
	"\n"
	"where mine.ini replaces as few of the built-in prices as it likes:\n"
	"\n"
	"  [about]\n"
	"  name = our data centre\n"
	"  date = 2026-11-25\n"
	"  [replicas]\n"
	"  nominal = 3\n"
	"  source = we keep three copies\n"
	"  [electricity_usd_per_kwh]\n"
	"  low = 0.15\n"
	"  nominal = 0.18\n"
	"  high = 0.21\n"
	"  source = contract of 2026\n"
	"\n"
	"The built-in prices (with their sources in bench/prices.ini and every result):\n"
	"\n";

static void print_help(void)
{
	static struct constants prices;
	struct error e;

	fputs(help, stdout);
	if (prices_read(&prices, NULL, &e) == 0)
		constants_print(stdout, &prices, &price_table);
}

/* A number of at least 0, or -1. */
static double parse_kwh(const char *text)
{
	char *end;
	double v = strtod(text, &end);

	if (strpbrk(text, "xXnN") != NULL) /* hexadecimal, nan, infinity */
		return -1;
	return end != text && *end == '\0' && v >= 0 && v <= TRAINING_KWH_MAX ? v : -1;
}

static void print_invalid(const struct result_file *result)
{
	json_t *reasons = json_deep_copy(json_object_get(result->json, "why_invalid")), *reason;
	size_t i;

	json_clean(reasons);
	printf("Result is: INVALID, and so is what follows:\n");
	json_array_foreach(reasons, i, reason) if (json_is_string(reason))
		format_wrapped(stdout, "  * ", json_string_value(reason));
	json_decref(reasons);
	putchar('\n');
}

static void print_normal(const struct result_file *result, json_t *breakeven)
{
	if (!result->valid)
		print_invalid(result);
	breakeven_print(stdout, breakeven);
	json_decref(breakeven);
}

/* The members of result.json that it is about, under their names there. */
static int print_json(const struct result_file *result, json_t *breakeven, int code)
{
	json_t *root = json_object();

	json_put(root, "file", json_text(result->path));
	json_put(root, "result", json_string(result->valid ? "VALID" : "INVALID"));
	json_put(root, "why_invalid", json_deep_copy(json_object_get(result->json, "why_invalid")));
	json_put(root, "breakeven", breakeven);
	return command_print_json(root, code);
}

static int tell(const struct result_file *result, const struct constants *platform,
		const struct constants *prices, double kwh, bool json)
{
	int code = result->valid ? EXIT_OK : EXIT_INVALID;
	json_t *breakeven;
	struct error e;

	int err = breakeven_of(&breakeven, result->json, platform, prices, kwh, result->path, &e);
	if (err != 0)
		return command_failed(err, &e);
	if (json)
		return print_json(result, breakeven, code);
	print_normal(result, breakeven);
	return code;
}

int cmd_breakeven(int argc, char **argv)
{
	static struct options o;
	static struct constants prices, platform;
	struct result_file *result;
	struct error e;
	double kwh = 0;

	int code = command_options(&o, argc, argv, "pklf", 1, print_help);
	if (code >= 0)
		return code;
	if (o.training_kwh != NULL && (kwh = parse_kwh(o.training_kwh)) < 0) {
		fprintf(stderr, "gvr breakeven: --training-kwh %.40s: a number of at least 0\n",
			o.training_kwh);
		return EXIT_USAGE;
	}
	int err = prices_read(&prices, o.prices, &e);
	if (err == 0 && o.platform != NULL)
		err = platform_read(&platform, o.platform, &e);
	if (err != 0)
		return command_bad_file(err, &e);
	err = result_read(&result, o.operand, &e);
	if (err != 0)
		return command_failed(err, &e);
	code = tell(result, o.platform != NULL ? &platform : NULL, &prices, kwh, o.json);
	result_close(result);
	return code;
}
