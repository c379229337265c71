#include "bench/report/method.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "bench/json_values.h"

struct words {
	const char *value, *text;
};

static const struct words scenarios[] = {
	{"server", "Open loop: each request has a planned time, fixed before the run. Response "
		   "time counts from it, so that a stall is in the response of every request that "
		   "it delayed; service time counts from when the engine got the request; slip is "
		   "how late the harness itself was."},
	{"offline", "Closed loop: as many requests in flight as iodepth allows, the next goes when "
		    "one is answered. It tells what an engine can serve at most; its response "
		    "times are those of a full queue, not what a user would see."},
	{"single_stream", "Closed loop: one request after the other, the next goes when one is "
			  "answered."},
	{NULL, NULL},
};

static const struct words checks[] = {
	{"all",
	 "Every reply was compared with the right bytes; the CPU time of that is not counted."},
	{"none", "Replies were not compared with the right bytes (verify = none)."},
	{NULL, "A sample of the replies was compared with the right bytes (key verify)."},
};

static const struct words splits[] = {
	{"held-out", "Contents are of the held-out split: neither the dictionary nor a model that "
		     "gvr trained saw them."},
	{"training", "Contents are of the training split: dictionary and model were TRAINED on "
		     "them."},
	{"all", "Contents are of both splits: dictionary and model were TRAINED on most of them."},
	{NULL, NULL},
};

static const char *text_of(const struct words *words, const char *value)
{
	while (words->value != NULL && strcmp(words->value, value) != 0)
		words++;
	return words->text;
}

static void say_contents(const json_t *workload, void (*say)(void *arg, const char *text),
			 void *arg)
{
	const char *split = json_string_value(json_object_get(workload, "split"));

	if (split != NULL && text_of(splits, split) != NULL)
		say(arg, text_of(splits, split));
	if (split != NULL && strcmp(split, "held-out") == 0 &&
	    json_is_true(json_object_get(workload, "model_may_have_seen_contents")))
		say(arg, "The model that was given MAY have been trained on these contents.");
}

/* The energy of the engines, if it is the same kind for all. */
static void say_energy(const struct report *r, void (*say)(void *arg, const char *text), void *arg)
{
	bool measured = false, modelled = false;

	for (unsigned i = 0; i < r->engine_count; i++) {
		measured |= strcmp(r->engines[i].energy_kind, "measured") == 0;
		modelled |= strcmp(r->engines[i].energy_kind, "modelled") == 0;
	}
	if (measured)
		say(arg, "Energy of an engine is measured by the meters of the machine, less what "
			 "it takes at rest.");
	if (modelled)
		say(arg, "Energy that is modelled is CPU time and device reads times the constants "
			 "of the platform, with their ranges: it was not measured here.");
}

void method_say(const struct report *r, struct json_reader *reader,
		void (*say)(void *arg, const char *text), void *arg)
{
	const json_t *workload = json_object_get(r->result, "workload");
	const char *scenario = json_reader_text(reader, r->result, "workload.scenario");
	const char *verify = json_reader_text(reader, r->result, "workload.verify");

	if (text_of(scenarios, scenario) != NULL)
		say(arg, text_of(scenarios, scenario));
	if (json_is_object(json_object_get(r->result, "request_stream")))
		say(arg, "Every engine was asked the same requests in the same order.");
	say(arg, "Engines took turns, round by round, so that what changes in the machine meets "
		 "all of them; ratios are of the figures of the same round.");
	say(arg, text_of(checks, verify));
	say_contents(workload, say, arg);
	say_energy(r, say, arg);
	say(arg, "A result is VALID only if the rules of the README hold: all requests completed "
		 "with the right bytes, the rate delivered, enough requests, a steady state, a "
		 "harness that was on time.");
}
