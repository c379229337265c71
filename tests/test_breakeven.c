/*
 * test_breakeven.c: what is said of a result: the verdict in words, and which
 * engines are set against each other.
 */
#include "tests/test.h"

#include <jansson.h>
#include <math.h>

#include "bench/breakeven.h"
#include "bench/breakeven_internal.h"
#include "bench/builtin.h"
#include "bench/energy_json.h"
#include "bench/json_values.h"

static void assert_days(double days, const char *text)
{
	char out[64];
	breakeven_format_days(out, sizeof out, days);
	assert_string_equal(out, text);
}

static void times_are_told_in_handy_units(void **state)
{
	(void)state;
	assert_days(78, "78 days");
	assert_days(1.9, "46 hours");
	assert_days(3.6, "3.6 days");
	assert_days(800, "2.2 years");
	assert_days(0.5 / 86400, "0.50 seconds");
	assert_days(400 / 86400.0, "6.7 minutes");
	assert_days(0, "0 seconds");
	assert_days(INFINITY, "for ever");
}

static void assert_verdict(enum crossing_kind kind, double days, double low, double high,
			   double ratio, const char *text)
{
	char verdict[BREAKEVEN_VERDICT_NBYTES];
	struct break_even b = {
		.nominal = {kind, days * 86400},
		.likely = {low * 86400, high * 86400},
	};
	breakeven_verdict(verdict, &b, ratio, " (modelled)");
	assert_string_equal(verdict, text);
}

static void the_verdict_is_a_sentence(void **state)
{
	(void)state;
	assert_verdict(CROSSING_INTERVAL, 78, 31, 179, 340,
		       "Store what is asked for more often than once every 78 days (31 to 179); "
		       "regenerate the rest. Generation costs 340 x the energy of a read per "
		       "request (modelled).");
	assert_verdict(CROSSING_INTERVAL, 78, 0, INFINITY, NAN,
		       "Store what is asked for more often than once every 78 days (0 or more); "
		       "regenerate the rest.");
	assert_verdict(CROSSING_ALWAYS_MAKE, 0, 0, 0, 0.1,
		       "Always regenerate: it costs no more than reading, and takes no more bytes. "
		       "A read costs 10 x the energy of generation per request (modelled).");
	assert_verdict(CROSSING_ALWAYS_STORE, 0, 0, 0, 2,
		       "Always store: regenerating costs more than reading, and saves no bytes. "
		       "Generation costs 2.0 x the energy of a read per request (modelled).");
}

/* ---- results ---- */

static json_t *percentiles(double ns)
{
	return json_pack("{s:{s:f,s:f}}", "percentile", "50", ns, "99", 2 * ns);
}

static json_t *range_of(double x)
{
	return json_range((struct figure){x, x, x});
}

/* An engine of contents of 4096 bytes. */
static json_t *engine(const char *kind, double cpu_us, double ratio, double shared)
{
	json_t *modelled = json_pack("{s:f,s:f,s:b}", "device_reads_per_request", 1.0,
				     "device_bytes_per_request", 4096.0, "device_assumed", 0);
	json_t *energy =
		json_pack("{s:s,s:s,s:n,s:o,s:o}", "kind", "modelled", "source", "x", "scope",
			  "joules_per_request", range_of(cpu_us * 5.5e-6), "modelled", modelled);
	json_t *bytes = json_pack("{s:f,s:f,s:f,s:f}", "served_per_request", 4096.0,
				  "at_rest_per_content_byte", ratio, "shared_at_rest", shared,
				  "at_rest", 1e6);
	return json_pack("{s:s,s:{s:i},s:o,s:{s:f},s:o,s:o,s:o,s:[]}", "kind", kind, "requests",
			 "completed", 100, "bytes", bytes, "cpu", "us_per_request", cpu_us,
			 "energy", energy, "response_ns", percentiles(1000 * cpu_us), "service_ns",
			 percentiles(1000 * cpu_us), "rounds");
}

static json_t *result_of(json_t *engines)
{
	static struct constants platform;
	struct error e;
	json_t *root = json_object();
	assert_int_equal(platform_read(&platform, "server", &e), 0);
	json_put(root, "platform", constants_json(&platform, &platform_table));
	json_put(root, "engines", engines);
	return root;
}

static json_t *breakeven(json_t *result)
{
	static struct constants prices;
	struct error e;
	json_t *out;
	assert_int_equal(prices_read(&prices, NULL, &e), 0);
	if (breakeven_of(&out, result, NULL, &prices, 0, "r.json", &e) != 0)
		fail_msg("%s", e.text);
	json_decref(result);
	return out;
}

static void the_strongest_of_each_side_decide(void **state)
{
	(void)state;
	json_t *engines = json_object();
	json_put(engines, "plain", engine("retrieve", 100, 1.0, 0));
	json_put(engines, "zstd", engine("retrieve", 100, 0.25, 0));
	json_put(engines, "slow", engine("generate", 9000, 0.15, 0));
	json_put(engines, "fast", engine("generate", 3000, 0.15, 0));
	json_put(engines, "null", engine("null", 1, 0, 0));
	json_t *b = breakeven(result_of(engines));
	assert_string_equal(json_string_value(json_object_get(b, "retrieve")), "zstd");
	assert_string_equal(json_string_value(json_object_get(b, "generate")), "fast");
	assert_int_equal(json_array_size(json_object_get(b, "other_pairs")), 3);
	json_decref(b);
}

static void what_is_better_both_ways_comes_before_what_is_cheaper_to_make_alone(void **state)
{
	(void)state;
	json_t *engines = json_object();
	json_put(engines, "zstd", engine("retrieve", 100, 0.25, 0));
	json_put(engines, "large", engine("generate", 10, 50, 0));
	json_put(engines, "small", engine("generate", 10, 0.1, 0));
	json_t *b = breakeven(result_of(engines));
	assert_string_equal(json_string_value(json_object_get(b, "generate")), "small");
	assert_string_equal(json_string_value(json_member(b, "money.outcome")),
			    "always regenerate");
	json_decref(b);
}

static void one_side_alone_is_no_comparison(void **state)
{
	(void)state;
	json_t *engines = json_object();
	json_put(engines, "zstd", engine("retrieve", 100, 0.25, 0));
	json_t *b = breakeven(result_of(engines));
	assert_non_null(json_string_value(json_object_get(b, "why_unavailable")));
	assert_true(json_is_null(json_object_get(b, "money")));
	json_decref(b);
}

static void what_is_not_known_is_named(void **state)
{
	(void)state;
	json_t *engines = json_object(), *blind = engine("retrieve", 100, 0.25, 0);
	json_put(json_object_get(blind, "cpu"), "us_per_request", NULL);
	json_put(engines, "blind", blind);
	json_put(engines, "fast", engine("generate", 3000, 0.15, 0));
	json_t *b = breakeven(result_of(engines));
	assert_string_equal(json_string_value(json_object_get(b, "why_unavailable")),
			    "blind: its CPU time is not known");
	json_decref(b);
}

static void the_model_pays_from_a_catalogue_on(void **state)
{
	(void)state;
	json_t *engines = json_object();
	json_put(engines, "zstd", engine("retrieve", 100, 0.25, 1e6));
	json_put(engines, "rnn", engine("generate", 3000, 0.15, 4e6));
	json_t *b = breakeven(result_of(engines));
	/* 3 MB more, 0.1 bytes of each saved */
	assert_true(fabs(json_number_at(b, "catalogue.model.content_bytes") - 3e7) < 1e3);
	assert_true(json_is_null(json_member(b, "catalogue.model_and_training")));
	json_decref(b);
}

static void a_damaged_result_names_the_place(void **state)
{
	static struct constants prices;
	struct error e;
	json_t *out, *engines = json_object(), *bad = engine("retrieve", 100, 0.25, 0);
	(void)state;
	json_object_del(json_object_get(bad, "bytes"), "shared_at_rest");
	json_put(engines, "zstd", bad);
	json_t *result = result_of(engines);
	assert_int_equal(prices_read(&prices, NULL, &e), 0);
	assert_int_equal(breakeven_of(&out, result, NULL, &prices, 0, "r.json", &e), -EBADMSG);
	assert_non_null(strstr(e.text, "r.json: engines.zstd.bytes.shared_at_rest: missing; "));
	json_decref(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_told_in_handy_units),
		cmocka_unit_test(the_verdict_is_a_sentence),
		cmocka_unit_test(the_strongest_of_each_side_decide),
		cmocka_unit_test(
			what_is_better_both_ways_comes_before_what_is_cheaper_to_make_alone),
		cmocka_unit_test(one_side_alone_is_no_comparison),
		cmocka_unit_test(what_is_not_known_is_named),
		cmocka_unit_test(the_model_pays_from_a_catalogue_on),
		cmocka_unit_test(a_damaged_result_names_the_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
