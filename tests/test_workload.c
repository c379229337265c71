/* Workload files: what is accepted, with which values, and what each mistake says. */
#include "tests/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workloads/workload.h"

#define NOISE "[workload]\ncontents = noise:1000\n"
#define NULL_ENGINE "[engine \"n\"]\nkind = null\n"
#define ARCHIVE "[workload]\ncontents = archive:docs\n"
#define NOVEL "[workload]\ncontents = novel:5\n"
#define G "[engine g]\nkind = generate\n"
#define R "[engine r]\nkind = retrieve\n"

static int parse_sets(struct workload *w, const char *text, const char *const *sets,
		      unsigned set_count, struct error *e)
{
	/* a copy of exact size, so that a sanitizer sees a read past the end */
	size_t nbytes = strlen(text);
	char *exact = malloc(nbytes > 0 ? nbytes : 1);
	assert_non_null(exact);
	memcpy(exact, text, nbytes);
	int err = workload_parse(w, "dir/t.ini", exact, nbytes, sets, set_count, e);
	free(exact);
	return err;
}

static struct workload parse(const char *text)
{
	struct workload w;
	struct error e;
	if (parse_sets(&w, text, NULL, 0, &e) != 0)
		fail_msg("%s", e.text);
	return w;
}

/* The message must start with `start` and contain `part`. */
static void assert_refused(const char *text, const char *start, const char *part)
{
	struct workload w;
	struct error e = {""};
	assert_int_equal(parse_sets(&w, text, NULL, 0, &e), -EINVAL);
	if (strncmp(e.text, start, strlen(start)) != 0 || strstr(e.text, part) == NULL)
		fail_msg("\"%s\" is not \"%s...%s\"", e.text, start, part);
	assert_null(strchr(e.text, '\n'));
}

/* ---- what is accepted ---- */

static void example_of_the_manual_is_read(void **state)
{
	(void)state;
	struct workload w = parse("[workload]\n"
				  "name = manpages\n"
				  "contents = archive:build/corpus/manpages   ; or novel:100000\n"
				  "contexts = 1\n"
				  "popularity = zipf:0.99\n"
				  "scenario = server                          ; open loop\n"
				  "rate_iops = 2000\n"
				  "rate_process = linear\n"
				  "runtime = 30s\n"
				  "ramp_time = 5s\n"
				  "rounds = 7\n"
				  "randseed = 18446744073709551615\n"
				  "verify = sample:10\n"
				  "[engine \"retrieve\"]\n"
				  "kind = retrieve\n"
				  "numjobs = 2                                ; workers\n"
				  "layout = sst\n"
				  "compression_type = zstd\n"
				  "compression_level = 3\n"
				  "compression_max_dict_bytes = 2MiB\n"
				  "direct = 0\n"
				  "io = pread\n"
				  "iodepth = 64\n"
				  "[engine generate]\n"
				  "kind = generate\n"
				  "generator = cm\n");
	assert_string_equal(w.name, "manpages");
	assert_int_equal(w.contents_kind, CONTENTS_ARCHIVE);
	assert_string_equal(w.contents_dir, "build/corpus/manpages");
	assert_int_equal(w.popularity, POPULARITY_ZIPF);
	assert_true(w.zipf_theta == 0.99 && w.rate_count == 1 && w.rate_iops[0] == 2000);
	assert_int_equal(w.rate_process, RATE_LINEAR);
	assert_int_equal(w.runtime_ns, UINT64_C(30000000000));
	assert_int_equal(w.ramp_time_ns, UINT64_C(5000000000));
	assert_int_equal(w.rounds, 7);
	assert_true(w.randseed == UINT64_MAX);
	assert_true(w.verify == VERIFY_SAMPLE && w.verify_sample == 10);
	assert_int_equal(w.engine_count, 2);
	const struct engine_config *r = &w.engines[0], *g = &w.engines[1];
	assert_string_equal(r->label, "retrieve");
	assert_int_equal(r->line, 14);
	assert_int_equal(r->numjobs, 2);
	assert_int_equal(r->compression_level, 3);
	assert_int_equal(r->compression_max_dict_bytes, 2 << 20);
	assert_false(r->direct);
	assert_int_equal(r->io, STORE_IO_PREAD);
	assert_int_equal(r->iodepth, 64);
	assert_string_equal(g->label, "generate");
	assert_string_equal(g->generator, "cm");
	assert_int_equal(g->iodepth, 24);
}

static void defaults_are_those_of_the_manual(void **state)
{
	(void)state;
	struct workload w = parse(ARCHIVE NULL_ENGINE "[engine r]\nkind=retrieve\n"
						      "[engine g]\nkind=generate\n");
	assert_string_equal(w.name, "t"); /* of dir/t.ini */
	assert_int_equal(w.split, SPLIT_HELD_OUT);
	assert_int_equal(w.chunk_bytes, 0);
	assert_int_equal(w.contexts, 1);
	assert_int_equal(w.popularity, POPULARITY_UNIFORM);
	assert_int_equal(w.scenario, SCENARIO_SERVER);
	assert_true(w.rate_count == 1 && w.rate_iops[0] == 1000);
	assert_int_equal(w.rate_process, RATE_POISSON);
	assert_int_equal(w.runtime_ns, UINT64_C(30000000000));
	assert_int_equal(w.ramp_time_ns, UINT64_C(2000000000));
	assert_int_equal(w.number_ios, 0);
	assert_int_equal(w.rounds, 5);
	assert_int_equal(w.randseed, 1);
	assert_int_equal(w.verify, VERIFY_ALL);
	assert_int_equal(w.engines[0].iodepth, 32);
	const struct engine_config *r = &w.engines[1];
	assert_int_equal(r->numjobs, 1);
	assert_int_equal(r->iodepth, 32);
	assert_true(r->direct);
	assert_int_equal(r->io, STORE_IO_URING);
	assert_string_equal(r->layout, "sst");
	assert_int_equal(r->compression_type, COMPRESSION_ZSTD);
	assert_int_equal(r->compression_level, 19);
	assert_int_equal(r->compression_max_dict_bytes, 1 << 20);
	assert_int_equal(r->compression_unit, COMPRESSION_PER_VALUE);
	assert_int_equal(r->block_size_bytes, 4096);
	assert_int_equal(r->cache_size_bytes, 0);
	assert_false(r->sqthread_poll || r->fixedbufs);
	assert_true(r->hugepages);
	assert_int_equal(w.engines[2].iodepth, 24);
	assert_true(w.engines[2].direct);
}

static void defaults_follow_the_contents(void **state)
{
	(void)state;
	static const char engines[] = "[engine r]\nkind=retrieve\n[engine g]\nkind=generate\n"
				      "[engine p]\nkind=retrieve\ncompression_type=none\n";
	char text[512];
	snprintf(text, sizeof text, NOISE "%s", engines);
	struct workload w = parse(text);
	assert_int_equal(w.engines[0].compression_max_dict_bytes, 0);
	assert_string_equal(w.engines[1].generator, "noise");
	assert_int_equal(w.size.kind, SIZE_LOGNORMAL);
	assert_int_equal(w.size.low_bytes, 4096);
	assert_true(w.size.sigma == 0.6);
	snprintf(text, sizeof text, "[workload]\ncontents=novel:5\nmodel=m\n%s", engines);
	w = parse(text);
	assert_int_equal(w.engines[0].compression_max_dict_bytes, 0);
	assert_string_equal(w.engines[1].generator, "cm");
	snprintf(text, sizeof text, "[workload]\ncontents=novel:5\ncorpus=c\n%s", engines);
	w = parse(text);
	assert_int_equal(w.engines[0].compression_max_dict_bytes, 1 << 20);
	assert_int_equal(w.engines[2].compression_max_dict_bytes, 0);
	snprintf(text, sizeof text, NOISE "scenario=single_stream\n%s", engines);
	w = parse(text);
	assert_int_equal(w.engines[0].iodepth, 1);
	assert_int_equal(w.engines[1].iodepth, 1);
}

static void sizes_and_times_have_units(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t bytes;
	} sizes[] = {{"4096", 4096},   {"4KiB", 4096}, {"1MiB", 1 << 20},  {"4KB", 4000},
		     {"3MB", 3000000}, {"16", 16},     {"64MiB", 64 << 20}};
	static const struct {
		const char *text;
		uint64_t ns;
	} times[] = {{"30s", UINT64_C(30000000000)},
		     {"500ms", 500000000},
		     {"10us", 10000},
		     {"2m", UINT64_C(120000000000)},
		     {"1h", UINT64_C(3600000000000)},
		     {"2", 2000000000},
		     {"0.5", 500000000},
		     {"1.5ms", 1500000},
		     {"7ns", 7},
		     {".1s", 100000000},
		     {"1.0000000000000000000000s", 1000000000},
		     {"8760h", UINT64_C(31536000000000000)},
		     {"0.1h", UINT64_C(360000000000)}};
	char text[256];
	for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		snprintf(text, sizeof text, ARCHIVE "chunk = %s\n" NULL_ENGINE, sizes[i].text);
		assert_int_equal(parse(text).chunk_bytes, sizes[i].bytes);
	}
	for (unsigned i = 0; i < sizeof times / sizeof times[0]; i++) {
		snprintf(text, sizeof text, NOISE "runtime = %s\n" NULL_ENGINE, times[i].text);
		assert_int_equal(parse(text).runtime_ns, times[i].ns);
	}
}

static void windows_files_and_odd_spacing_are_fine(void **state)
{
	(void)state;
	struct workload w = parse("\xef\xbb\xbf\r\n# comment\r\n; another\r\n  [workload]  ; c\r\n"
				  "\tcontents=noise:5\r\n\r\n   name =  a b \r\n"
				  "[ engine   \"x.y-z_1\" ]\r\n  kind = null");
	assert_string_equal(w.name, "a b");
	assert_int_equal(w.contents_count, 5);
	assert_string_equal(w.engines[0].label, "x.y-z_1");
	assert_int_equal(w.engines[0].line, 8);
}

static void long_lines_are_read_whole_or_refused(void **state)
{
	(void)state;
	static char text[20000], dir[4096];
	memset(dir, 'd', 4095);
	snprintf(text, sizeof text, "[workload]\ncontents = archive:%s\n" NULL_ENGINE, dir);
	assert_string_equal(parse(text).contents_dir, dir);
	snprintf(text, sizeof text, "[workload]\ncontents = archive:%sd\n" NULL_ENGINE, dir);
	assert_refused(text, "dir/t.ini:2: contents = archive:ddd", "archive:DIR");
	snprintf(text, sizeof text, "[workload]\n\ncontents = archive:%s%s\n" NULL_ENGINE, dir,
		 dir);
	assert_refused(text, "dir/t.ini:3: ", "a line of more than");
	/* so is a comment: inih would take its end for a line */
	snprintf(text, sizeof text, "[workload]\n;%s%s\nx = 1\n", dir, dir);
	assert_refused(text, "dir/t.ini:2: ", "a line of more than");
}

static void long_labels_are_not_cut(void **state)
{
	(void)state;
	char text[512], label[66];
	memset(label, 'a', 65);
	label[65] = '\0';
	snprintf(text, sizeof text, NOISE "[engine \"%s\"]\nkind = null\n", label + 1);
	assert_string_equal(parse(text).engines[0].label, label + 1);
	snprintf(text, sizeof text, NOISE "[engine \"%s\"]\nkind = null\n", label);
	assert_refused(text, "dir/t.ini:3: [engine \"aaa", "a label is 1 to 64");
}

/* ---- what is refused ---- */

static void sections_must_be_known_and_single(void **state)
{
	(void)state;
	assert_refused("", "dir/t.ini:1: ", "[workload] is missing");
	assert_refused(NULL_ENGINE, "dir/t.ini:2: ", "[workload] is missing");
	assert_refused(NOISE, "dir/t.ini:2: ", "there is no engine");
	assert_refused("[workload]\n" NULL_ENGINE, "dir/t.ini:1: ", "contents is missing");
	assert_refused(NOISE "[engine \"n\"]\n", "dir/t.ini:3: ", "kind is missing");
	assert_refused(NOISE NULL_ENGINE "[workload]\n",
		       "dir/t.ini:5: ", "already given at line 1");
	assert_refused(NOISE NULL_ENGINE NULL_ENGINE, "dir/t.ini:5: ", "already given at line 3");
	assert_refused(NOISE "[jobs]\n", "dir/t.ini:3: [jobs]", "no such section");
	assert_refused(NOISE "[engines \"n\"]\n", "dir/t.ini:3: ", "no such section");
	assert_refused(NOISE "[engine]\n", "dir/t.ini:3: ", "a label is");
	assert_refused(NOISE "[engine \"\"]\n", "dir/t.ini:3: ", "a label is");
	assert_refused(NOISE "[engine \"a b\"]\n", "dir/t.ini:3: ", "a label is");
	assert_refused(NOISE "[engine \"a\n", "dir/t.ini:3: ", "closing ]");
	assert_refused(NOISE "[engine a] kind = null\n", "dir/t.ini:3: ", "only a comment");
	assert_refused("name = x\n" NOISE, "dir/t.ini:1: name", "before the first section");
}

static void at_most_sixteen_engines(void **state)
{
	(void)state;
	char text[2048] = NOISE;
	for (unsigned i = 0; i < 16; i++)
		snprintf(text + strlen(text), 64, "[engine e%u]\nkind = null\n", i);
	assert_int_equal(parse(text).engine_count, 16);
	strcat(text, "[engine more]\nkind = null\n");
	assert_refused(text, "dir/t.ini:35: ", "at most 16 engines");
}

static void keys_must_be_known_and_single(void **state)
{
	(void)state;
	assert_refused(NOISE "rate_iop = 5\n", "dir/t.ini:3: rate_iop:", "did you mean rate_iops?");
	assert_refused(NOISE "xyzzyxyzzy = 5\n", "dir/t.ini:3: xyzzyxyzzy:", "compress_percentage");
	assert_refused(NOISE "iodepth = 5\n", "dir/t.ini:3: iodepth:", "[workload]");
	assert_refused(NOISE NULL_ENGINE "iodept = 5\n", "dir/t.ini:5: ", "did you mean iodepth?");
	assert_refused(NOISE "rounds = 5\nrounds = 5\n", "dir/t.ini:4: rounds", "given at line 3");
	assert_refused(NOISE "rounds = 5\n  rounds = 5\n", "dir/t.ini:4: rounds",
		       "given at line 3");
	assert_refused(NOISE "rounds\n" NULL_ENGINE, "dir/t.ini:3: ", "neither");
	assert_refused(NOISE "rounds\nxyzzy = 1\n", "dir/t.ini:3: ", "neither");
	assert_refused(NOISE "= 5\n", "dir/t.ini:3: ", "no key of [workload]");
}

static void values_must_be_allowed(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"contexts = 0",
		"contexts = -1",
		"contexts = 4294967296",
		"contexts = 1x",
		"contexts =",
		"contexts = 99999999999999999999",
		"contexts = 0x10",
		"contexts = +1",
		"size = fixed:0",
		"size = fixed:-1",
		"size = fixed:65MiB",
		"size = fixed",
		"size = fixed:4Kib",
		"size = fixed:99999999999999999999KiB",
		"size = uniform:2KiB-1KiB",
		"size = fixed:18014398509481985KiB",
		"size = uniform:5",
		"size = lognormal:4KiB",
		"size = lognormal:4KiB,",
		"size = lognormal:4KiB,-1",
		"size = lognormal:4KiB,nan",
		"size = lognormal:4KiB,11",
		"size = lognormal:0,1",
		"size = big",
		"size = 4 KiB",
		"compress_percentage = 101",
		"popularity = zipf",
		"popularity = zipf:",
		"popularity = zipf:-1",
		"popularity = zipf:inf",
		"popularity = zipf:nan",
		"popularity = zipf:0.9x",
		"popularity = zipf:1e999",
		"popularity = zipf:101",
		"popularity = zipf:0x1p0",
		"popularity = hotspot:0.1",
		"popularity = hotspot:0,0.5",
		"popularity = hotspot:1.1,0.5",
		"popularity = hotspot:0.1,1.1",
		"popularity = latest",
		"scenario = Server",
		"rate_iops = 0",
		"rate_iops = x",
		"rate_iops = 1e10",
		"rate_iops = -5",
		"rate_iops = 1e",
		"rate_iops = .",
		"rate_process = waves",
		"rate_iops = 5,",
		"rate_iops = ,5",
		"rate_iops = 5,,6",
		"rate_iops = 5,x",
		"rate_iops = 5,0",
		"rate_iops = 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17",
		"rate_iops = peaks",
		"burst_agents = 0",
		"burst_agents = 65537",
		"burst_chain = 0",
		"target_latency = 0",
		"target_latency = 2h",
		"target_latency_percentile = 0",
		"target_latency_percentile = 100",
		"target_latency_percentile = 99.9999",
		"target_latency_percentile = p99",
		"min_duration = -1s",
		"min_query_count = 0",
		"ss = slope",
		"ss = slope:",
		"ss = slope:%",
		"ss = slope:5",
		"ss = mean:x%",
		"ss = iops:5%",
		"ss = slope:1000000%",
		"cache_state = hot",
		"runtime = 0",
		"runtime = 1d",
		"runtime = -1s",
		"runtime = s",
		"runtime = .s",
		"runtime = 8761h",
		"runtime = 99999999999999999999s",
		"runtime = 1e3s",
		"runtime = 1 s",
		"runtime = 6000000000h",
		"runtime = 0.1ns",
		"rounds = 0",
		"rounds = 1001",
		"randseed = 18446744073709551616",
		"verify = sample:0",
		"verify = sample:",
		"verify = some",
		"verify = sample:18446744073709551616",
		"name = \x01",
	};
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char text[512], start[64];
		snprintf(text, sizeof text, NOISE "%s\n" NULL_ENGINE, bad[i]);
		snprintf(start, sizeof start, "dir/t.ini:3: %.*s =", (int)strcspn(bad[i], " "),
			 bad[i]);
		assert_refused(text, start, ": ");
	}
	assert_refused(NOISE "rate_iops = x\n" NULL_ENGINE,
		       "dir/t.ini:3: rate_iops = x: a number > 0", "");
}

static void contents_must_be_allowed(void **state)
{
	(void)state;
	static const char *const bad[] = {"archive:",
					  "archive:  ; x",
					  "novel:",
					  "novel:0",
					  "noise:-1",
					  "noise:1.5",
					  "noise:9223372036854775808",
					  "docs",
					  ""};
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char text[256];
		snprintf(text, sizeof text, "[workload]\ncontents = %s\n" NULL_ENGINE, bad[i]);
		assert_refused(text, "dir/t.ini:2: contents = ", "archive:DIR | novel:N | noise:N");
	}
}

static void engine_values_must_be_allowed(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"numjobs = 0",
		"numjobs = 257",
		"iodepth = 0",
		"iodepth = 4097",
		"direct = 2",
		"direct = yes",
		"io = aio",
		"layout = blob",
		"sqthread_poll = 2",
		"fixedbufs = yes",
		"compression_unit = table",
		"block_size = 511",
		"block_size = 2MiB",
		"cache_size = 2TiB",
		"compression_type = lz4",
		"compression_level = 0",
		"compression_level = 23",
		"compression_max_dict_bytes = 65MiB",
		"cpus_allowed = a",
		"cpus_allowed = 3-1",
		"cpus_allowed = 1,",
		"cpus_allowed = 0-256",
		"cpus_allowed = -1",
		"cpus_allowed = 65536",
	};
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char text[256], start[64];
		snprintf(text, sizeof text, ARCHIVE "[engine r]\nkind = retrieve\n%s\n", bad[i]);
		snprintf(start, sizeof start, "dir/t.ini:5: %.*s =", (int)strcspn(bad[i], " "),
			 bad[i]);
		assert_refused(text, start, ": ");
	}
	assert_refused(ARCHIVE "[engine r]\nkind = store\n", "dir/t.ini:4: kind = store",
		       "null | delay | raw | retrieve | generate");
	static const char *const bad_delay[] = {
		"service_time = 1ms",
		"service_time = fixed:",
		"service_time = fixed:61s",
		"service_time = normal:1ms",
		"stall = 1s",
		"stall = 1s,0",
		"stall = 1s,61s",
		"stall = ,1s",
	};
	for (unsigned i = 0; i < sizeof bad_delay / sizeof bad_delay[0]; i++) {
		char text[256], start[64];
		snprintf(text, sizeof text, NOISE "[engine d]\nkind = delay\n%s\n", bad_delay[i]);
		snprintf(start, sizeof start,
			 "dir/t.ini:5: %.*s =", (int)strcspn(bad_delay[i], " "), bad_delay[i]);
		assert_refused(text, start, ": ");
	}
}

static void loads_of_many_shapes_are_read(void **state)
{
	(void)state;
	struct workload w = parse(NOISE "rate_iops = 500,1000,2e3\nrate_process = bursts\n"
					"burst_agents = 3\nburst_chain = 5\n"
					"target_latency = 10ms\n"
					"target_latency_percentile = 99.9\n"
					"min_duration = 60s\nss = mean:12.5%\n"
					"cache_state = warm\n"
					"[engine d]\nkind = delay\nservice_time = exponential:2ms\n"
					"stall = 4s,2s\ncpus_allowed = 0-2,7\n");
	assert_int_equal(w.rate_count, 3);
	assert_true(w.rate_iops[2] == 2000 && workload_rate_mean(&w) * 3 == 3500);
	assert_int_equal(w.rate_process, RATE_BURSTS);
	assert_int_equal(w.burst_agents, 3);
	assert_int_equal(w.burst_chain, 5);
	assert_int_equal(w.target_latency_ns, 10000000);
	assert_true(w.target_latency_percentile == 99.9);
	assert_int_equal(w.min_query_count, 10000); /* ten beyond p99.9 */
	assert_int_equal(w.min_duration_ns, 60000000000);
	assert_true(w.ss_kind == SS_MEAN && w.ss_limit == 0.125);
	assert_int_equal(w.cache_state, CACHE_WARM);
	const struct engine_config *d = &w.engines[0];
	assert_true(d->service_kind == SERVICE_EXPONENTIAL && d->service_time_ns == 2000000);
	assert_true(d->stall_at_ns == 4000000000 && d->stall_ns == 2000000000);
	assert_int_equal(d->cpu_count, 4);
	assert_int_equal(d->cpus[3], 7);
	w = parse(NOISE "rate_iops = peak\ntarget_latency = 1ms\n" NULL_ENGINE);
	assert_int_equal(w.rate_count, 0);
}

static void minimum_counts_follow_the_scenario(void **state)
{
	(void)state;
	struct workload w = parse(NOISE NULL_ENGINE);
	assert_int_equal(w.min_query_count, 1000);
	w = parse(NOISE "scenario = offline\n" NULL_ENGINE);
	assert_int_equal(w.min_query_count, 1);
	w = parse(NOISE "scenario = single_stream\n" NULL_ENGINE);
	assert_true(w.target_latency_percentile == 90 && w.min_query_count == 100);
	w = parse(NOISE "min_query_count = 7\n" NULL_ENGINE);
	assert_int_equal(w.min_query_count, 7);
}

#define CM "[engine c]\nkind = generate\ngenerator = cm\n"
#define RNN "[engine r]\nkind = generate\ngenerator = rnn\n"
#define DEFAULT "[engine d]\nkind = generate\n"

static void generators_must_go_together(void **state)
{
	(void)state;
	static const char same[] = "name the same in all";
	assert_refused(NOVEL "model = m\n" CM RNN, "dir/t.ini:9: generator = rnn", same);
	assert_refused(NOVEL "model = m\n" RNN CM, "dir/t.ini:9: generator = cm", same);
	/* the line that is written, where the other is the default */
	assert_refused(NOVEL "model = m\n" DEFAULT RNN, "dir/t.ini:8: generator = rnn", same);
	assert_refused(NOVEL "model = m\n" RNN DEFAULT, "dir/t.ini:6: generator = cm", same);
	parse(NOVEL "model = m\n" CM DEFAULT);
	parse("[workload]\ncontents = archive:d\n" CM RNN);
}

static void only_rnn_is_told_how_to_sample(void **state)
{
	(void)state;
	static const char remedy[] = "set generator = rnn there";
	assert_refused(NOVEL "model = m\ntemperature_percentage = 80\n" CM,
		       "dir/t.ini:4: temperature_percentage: [engine \"c\"]", remedy);
	assert_refused(NOVEL "model = m\ntop_p_percentage = 90\n" DEFAULT,
		       "dir/t.ini:4: top_p_percentage: [engine \"d\"]", remedy);
	struct workload w = parse(NOVEL "model = m\ntemperature_percentage = 80\n"
					"top_p_percentage = 90\n" RNN);
	assert_int_equal(w.temperature_percentage, 80);
	assert_int_equal(w.top_p_percentage, 90);
	parse(NOVEL "model = m\ntemperature_percentage = 100\n" CM);
	assert_refused(NOVEL "model = m\ntemperature_percentage = 0\n" RNN, "dir/t.ini:4: ", "");
	assert_refused(NOVEL "model = m\ntop_p_percentage = 101\n" RNN, "dir/t.ini:4: ", "");
}

static void keys_must_go_together(void **state)
{
	(void)state;
	assert_refused(ARCHIVE "contexts = 2\n" R, "dir/t.ini:3: contexts", "novel:N or noise:N");
	assert_refused(NOISE "chunk = 4KiB\n" R, "dir/t.ini:3: chunk", "archive:DIR");
	assert_refused(NOISE "split = all\n" R, "dir/t.ini:3: split", "archive:DIR");
	assert_refused(ARCHIVE "size = fixed:1\n" R, "dir/t.ini:3: size", "novel:N or noise:N");
	assert_refused(ARCHIVE "compress_percentage = 0\n" R, "dir/t.ini:3: compress", "noise:N");
	assert_refused(ARCHIVE "corpus = d\n" R, "dir/t.ini:3: corpus", "novel:N");
	assert_refused(NOISE "model = d\n" R, "dir/t.ini:3: model", "archive:DIR or novel:N");
	assert_refused(NOISE "scenario = offline\nrate_iops = 5\n" R, "dir/t.ini:4: rate_iops",
		       "server");
	assert_refused(NOISE "rate_process = linear\nscenario = offline\n" R,
		       "dir/t.ini:3: rate_process", "server");
	assert_refused(NOISE "number_ios = 5\n" R, "dir/t.ini:3: number_ios", "offline");
	assert_refused(NOISE "rate_iops = peak\n" R, "dir/t.ini:3: rate_iops",
		       "set target_latency");
	assert_refused(NOISE "burst_chain = 2\n" R, "dir/t.ini:3: burst_chain",
		       "rate_process = bursts");
	assert_refused(NOISE "scenario = offline\ntarget_latency = 1s\n" R,
		       "dir/t.ini:4: target_latency", "server");
	assert_refused(NOISE R "service_time = fixed:1s\n", "dir/t.ini:5: service_time",
		       "kind = delay");
	assert_refused(NOISE "[engine d]\nkind = delay\ndirect = 0\n", "dir/t.ini:5: direct",
		       "raw, retrieve or generate");
	assert_refused(NOVEL R, "dir/t.ini:2: contents", "set corpus = DIR");
	assert_refused(NOVEL "corpus = d\n" G "generator = noise\n", "dir/t.ini:6: generator",
		       "noise:N");
	assert_refused(NOISE G "generator = cm\n", "dir/t.ini:5: generator", "noise:N");
	assert_refused("[workload]\ncontents = noise:9223372036854775807\ncontexts = 2\n" R,
		       "dir/t.ini:2: contents", "2^63");
	assert_refused(NOISE "scenario = single_stream\n" R "iodepth = 2\n", "dir/t.ini:6: iodepth",
		       "single_stream");
	assert_refused(NOISE NULL_ENGINE "direct = 1\n", "dir/t.ini:5: direct",
		       "retrieve or generate");
	assert_refused(NOISE NULL_ENGINE "io = pread\n", "dir/t.ini:5: io", "retrieve or generate");
	assert_refused(NOISE G "layout = sst\n", "dir/t.ini:5: layout", "kind = retrieve");
	assert_refused(NOISE G "compression_level = 1\n", "dir/t.ini:5: compression_level",
		       "retrieve");
	assert_refused(NOISE R "generator = noise\n", "dir/t.ini:5: generator", "kind = generate");
	assert_refused(ARCHIVE R "compression_level = 1\ncompression_type = none\n",
		       "dir/t.ini:5: compression_level", "zstd");
	assert_refused(ARCHIVE R "compression_type = none\ncompression_max_dict_bytes = 1MiB\n",
		       "dir/t.ini:6: compression_max_dict_bytes", "zstd");
	assert_refused(NOISE R "compression_max_dict_bytes = 1KiB\n",
		       "dir/t.ini:5: compression_max_dict_bytes = 1KiB", "set it to 0");
	assert_refused(NOVEL "model = m\n" R "compression_max_dict_bytes = 1\n",
		       "dir/t.ini:6: compression_max_dict_bytes", "workload.corpus");
	assert_refused(NOISE R "layout = segments\nblock_size = 4KiB\n", "dir/t.ini:6: block_size",
		       "layout = sst");
	assert_refused(NOISE R "layout = segments\ncache_size = 1MiB\n", "dir/t.ini:6: cache_size",
		       "layout = sst");
	assert_refused(NOISE R "layout = segments\ncompression_unit = block\n",
		       "dir/t.ini:6: compression_unit", "layout = sst");
	assert_refused(NOISE R "compression_type = none\ncompression_unit = block\n",
		       "dir/t.ini:6: compression_unit", "zstd");
	assert_refused(NOISE R "io = pread\nsqthread_poll = 1\n", "dir/t.ini:6: sqthread_poll",
		       "io = io_uring");
	assert_refused(NOISE R "io = pread\nfixedbufs = 1\n", "dir/t.ini:6: fixedbufs",
		       "io = io_uring");
	assert_refused(NOISE G "sqthread_poll = 1\n", "dir/t.ini:5: sqthread_poll",
		       "raw or retrieve");
	parse(NOISE R "compression_max_dict_bytes = 0\n");
	parse(NOISE R "compression_unit = block\ncompression_max_dict_bytes = 16KiB\n");
	parse(NOISE R "layout = segments\ncompression_type = none\nfixedbufs = 1\n");
	parse("[workload]\ncontents = noise:9223372036854775807\n" R);
	parse(NOISE "scenario = single_stream\nnumber_ios = 1\n" R "iodepth = 1\n");
}

static void bytes_that_are_no_text_are_refused(void **state)
{
	(void)state;
	struct workload w;
	struct error e;
	static const char nul[] = "[workload]\ncontents = noise:5\0\n";
	assert_int_equal(workload_parse(&w, "n", nul, sizeof nul - 1, NULL, 0, &e), -EINVAL);
	assert_non_null(strstr(e.text, "n:2: a NUL byte"));
	char *big = calloc(1, (1 << 20) + 1);
	assert_non_null(big);
	memset(big, '\n', (1 << 20) + 1);
	assert_int_equal(workload_parse(&w, "n", big, (1 << 20) + 1, NULL, 0, &e), -EINVAL);
	assert_non_null(strstr(e.text, "at most 1 MiB"));
	free(big);
	/* what the user wrote is shown, but not its control characters */
	assert_refused("[workload]\n\x1b[31m = 1\n", "dir/t.ini:2: ?[31m", "");
}

/* ---- --set ---- */

static int set_one(struct workload *w, const char *set, struct error *e)
{
	return parse_sets(w, NOISE "rounds = 3\n" NULL_ENGINE "[engine \"a.b\"]\nkind = retrieve\n",
			  &set, 1, e);
}

static void sets_replace_and_add(void **state)
{
	(void)state;
	struct workload w;
	struct error e;
	assert_int_equal(set_one(&w, "workload.rounds=9", &e), 0);
	assert_int_equal(w.rounds, 9);
	assert_int_equal(set_one(&w, "workload.rate_iops = 5000", &e), 0);
	assert_true(w.rate_iops[0] == 5000);
	assert_int_equal(set_one(&w, "engine.a.b.iodepth=7", &e), 0);
	assert_int_equal(w.engines[1].iodepth, 7);
	assert_int_equal(set_one(&w, "a.b.iodepth=8", &e), 0);
	assert_int_equal(w.engines[1].iodepth, 8);
	assert_int_equal(set_one(&w, "workload.name=a=b", &e), 0);
	assert_string_equal(w.name, "a=b");
	static const char *const twice[] = {"n.numjobs=2", "n.numjobs=3"};
	assert_int_equal(parse_sets(&w, NOISE NULL_ENGINE, twice, 2, &e), 0);
	assert_int_equal(w.engines[0].numjobs, 3);
	/* what is replaced need not be right */
	static const char *const mend[] = {"workload.rounds=2"};
	assert_int_equal(parse_sets(&w, NOISE "rounds = x\n" NULL_ENGINE, mend, 1, &e), 0);
}

static void wrong_sets_say_so(void **state)
{
	(void)state;
	static const struct {
		const char *set, *part;
	} bad[] = {
		{"workload.rounds=x", ": rounds = x: a whole number from 1 to 1000"},
		{"workload.round=1", "did you mean rounds?"},
		{"nobody.rounds=1", "nobody: neither workload nor the label"},
		{"engine.nobody.iodepth=1", "engine.nobody: neither"},
		{"rounds=1", "section.key=value"},
		{"workload.rounds", "section.key=value"},
		{"=", "section.key=value"},
		{"", "section.key=value"},
		{".=", "neither workload"},
		{"n.direct=1", "retrieve or generate"},
		{"workload.contents=novel:5", "set corpus = DIR"},
		{"workload.name=a ;b", "name = a ;b"},
	};
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct workload w;
		struct error e;
		char start[128];
		assert_int_equal(set_one(&w, bad[i].set, &e), -EINVAL);
		snprintf(start, sizeof start, "--set %s: ", bad[i].set);
		if (strncmp(e.text, start, strlen(start)) != 0 ||
		    strstr(e.text, bad[i].part) == NULL)
			fail_msg("\"%s\" is not \"%s...%s\"", e.text, start, bad[i].part);
	}
}

/* ---- values back to text ---- */

struct text {
	char bytes[16384], label[128];
	unsigned count;
};

static void append(void *arg, const char *label, const char *key, const char *value)
{
	struct text *t = arg;
	size_t used = strlen(t->bytes);
	if (t->count++ == 0)
		used += (size_t)sprintf(t->bytes, "[workload]\n");
	if (label != NULL && strcmp(label, t->label) != 0) {
		used += (size_t)sprintf(t->bytes + used, "[engine \"%s\"]\n", label);
		strcpy(t->label, label);
	}
	snprintf(t->bytes + used, sizeof t->bytes - used, "%s = %s\n", key, value);
}

static void assert_reads_back(const char *text)
{
	static struct workload a, b;
	struct text written = {"", "", 0};
	a = parse(text);
	workload_each_value(&a, append, &written);
	b = parse(written.bytes);
	for (unsigned i = 0; i < a.engine_count; i++)
		b.engines[i].line = a.engines[i].line;
	assert_memory_equal(&a, &b, sizeof a);
}

static void effective_values_read_back(void **state)
{
	(void)state;
	assert_reads_back(
		ARCHIVE
		"chunk = 1000\nsplit = training\nmodel = /m\nruntime = 1.5s\n" R G NULL_ENGINE);
	assert_reads_back(NOISE
			  "size = uniform:1KiB-1500\npopularity = hotspot:0.1,0.333333333333\n"
			  "rate_iops = 0.1\nruntime = 7ns\nverify = sample:3\n"
			  "compress_percentage = 100\nname = a b\n" R G);
	assert_reads_back(NOISE "size = fixed:3MB\npopularity = sequential\nscenario = offline\n"
				"number_ios = 12\nverify = none\nramp_time = 0\n" R
				"compression_type = none\ndirect = 0\nio = pread\n");
	assert_reads_back(NOVEL
			  "corpus = c\nmodel = m\ncontexts = 4294967295\npopularity = zipf:1e-7\n"
			  "extrapolate_contexts = 4294967296\nplatform = my.ini\n"
			  "scenario = single_stream\nramp_time = 3601001ns\n" R G);
}

static void values_are_readable(void **state)
{
	(void)state;
	struct text written = {"", "", 0};
	struct workload w = parse(ARCHIVE "popularity = zipf:0.99\n" R);
	workload_each_value(&w, append, &written);
	assert_non_null(strstr(written.bytes, "\nruntime = 30s\n"));
	assert_non_null(strstr(written.bytes, "\npopularity = zipf:0.99\n"));
	assert_non_null(strstr(written.bytes, "\ncompression_max_dict_bytes = 1MiB\n"));
	assert_null(strstr(written.bytes, "generator"));
	assert_null(strstr(written.bytes, "chunk"));
	assert_null(strstr(written.bytes, "\nsize"));
}

static void help_fits_the_terminal_and_names_every_key(void **state)
{
	(void)state;
	char *help = NULL;
	size_t nbytes;
	FILE *out = open_memstream(&help, &nbytes);
	assert_non_null(out);
	workload_print_keys(out);
	fclose(out);
	unsigned keys = 0;
	for (char *line = strtok(help, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		if (strlen(line) > 80)
			fail_msg("%s", line);
		keys += strncmp(line, "  ", 2) == 0 && line[2] != ' ';
	}
	free(help);
	assert_int_equal(keys, 50);
}

/* ---- the file itself ---- */

static void files_are_read_or_refused(void **state)
{
	(void)state;
	char dir[] = "/tmp/gvr-test-XXXXXX", path[64];
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/w.ini", dir);
	struct workload w;
	struct error e;
	assert_int_equal(workload_read(&w, path, NULL, 0, &e), -ENOENT);
	assert_non_null(strstr(e.text, path));
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(NOISE NULL_ENGINE, f);
	fclose(f);
	assert_int_equal(workload_read(&w, path, NULL, 0, &e), 0);
	assert_string_equal(w.name, "w");
	assert_string_equal(w.file, path);
	if (geteuid() != 0) { /* root may read anything */
		assert_int_equal(chmod(path, 0), 0);
		assert_int_equal(workload_read(&w, path, NULL, 0, &e), -EACCES);
		assert_int_equal(chmod(path, 0600), 0);
	}
	assert_int_equal(truncate(path, (1 << 20) + 1), 0);
	assert_int_equal(workload_read(&w, path, NULL, 0, &e), -EINVAL);
	assert_int_equal(workload_read(&w, dir, NULL, 0, &e), -EINVAL);
	assert_non_null(strstr(e.text, "a directory"));
	unlink(path);
	rmdir(dir);
}

/* ---- sizes of contents ---- */

static void sizes_follow_their_law(void **state)
{
	(void)state;
	enum { N = 100000 };
	struct workload w = parse(NOISE "size = uniform:10-19\n" NULL_ENGINE);
	unsigned count[10] = {0};
	for (uint64_t i = 0; i < N; i++) {
		uint64_t nbytes = workload_content_nbytes(&w, i);
		assert_in_range(nbytes, 10, 19);
		count[nbytes - 10]++;
	}
	for (unsigned i = 0; i < 10; i++)
		assert_in_range(count[i], N / 10 - 400, N / 10 + 400); /* 4 x 95 */
	assert_int_equal(workload_content_nbytes_max(&w), 19);

	w = parse(NOISE "size = lognormal:4KiB,0.6\n" NULL_ENGINE);
	/* of a normal law: 0.5 below the median, 0.8413 below + 1 sigma, 0.02275 below - 2 */
	unsigned below = 0, one = 0, minus_two = 0;
	for (uint64_t i = 0; i < N; i++) {
		uint64_t nbytes = workload_content_nbytes(&w, i);
		assert_in_range(nbytes, 371, 45151); /* 4096 exp(-+2.4) */
		below += nbytes < 4096;
		one += nbytes < 7463;
		minus_two += nbytes < 1234;
	}
	assert_in_range(below, N * 0.5 - 640, N * 0.5 + 640);
	assert_in_range(one, N * 0.8413 - 470, N * 0.8413 + 470);
	assert_in_range(minus_two, N * 0.02275 - 190, N * 0.02275 + 190);
	assert_in_range(workload_content_nbytes_max(&w), 45151, 45152);
}

static void sizes_stay_within_their_bounds(void **state)
{
	(void)state;
	struct workload w = parse(NOISE "size = lognormal:1,10\n" NULL_ENGINE);
	uint64_t greatest = 0, least = UINT64_MAX;
	for (uint64_t i = 0; i < 10000; i++) {
		uint64_t nbytes = workload_content_nbytes(&w, i);
		greatest = nbytes > greatest ? nbytes : greatest;
		least = nbytes < least ? nbytes : least;
	}
	assert_int_equal(least, 1);
	assert_int_equal(greatest, CONTENT_NBYTES_MAX);
	assert_int_equal(workload_content_nbytes_max(&w), CONTENT_NBYTES_MAX);
	w = parse(NOISE "size = lognormal:777,0\n" NULL_ENGINE);
	assert_int_equal(workload_content_nbytes(&w, 5), 777);
	w = parse(NOISE "size = fixed:4KiB\n" NULL_ENGINE);
	assert_int_equal(workload_content_nbytes(&w, UINT64_MAX), 4096);
	w = parse(NOISE "size = uniform:1-64MiB\n" NULL_ENGINE);
	assert_in_range(workload_content_nbytes(&w, UINT64_MAX), 1, CONTENT_NBYTES_MAX);
}

static void a_label_is_not_the_workloads(void **state)
{
	(void)state;
	assert_refused(NOISE "[engine \"workload\"]\nkind = null\n",
		       "dir/t.ini:3: [engine \"workload\"]: ", "give the engine another label");
}

static void tildes_are_told(void **state)
{
	(void)state;
	const char *sets[] = {"workload.contents=archive:~/docs"};
	struct workload w;
	struct error e;
	char *home = getenv("HOME") != NULL ? strdup(getenv("HOME")) : NULL;

	setenv("HOME", "/home/me", 1);
	assert_refused("[workload]\ncontents = archive:~/docs\n" NULL_ENGINE,
		       "dir/t.ini:2: contents = ~/docs: ~ is the shell's", "write /home/me/docs");
	assert_refused("[workload]\ncontents = archive:~\n" NULL_ENGINE,
		       "dir/t.ini:2: ", "write /home/me");
	assert_refused("[workload]\ncontents = novel:1\ncorpus = ~/docs\n" NULL_ENGINE,
		       "dir/t.ini:3: corpus = ~/docs: ", "write /home/me/docs");
	assert_refused("[workload]\ncontents = novel:1\nmodel = ~/m.gvrm\n" NULL_ENGINE,
		       "dir/t.ini:3: model = ~/m.gvrm: ", "write /home/me/m.gvrm");
	assert_refused(NOISE "platform = ~/here.ini\n" NULL_ENGINE,
		       "dir/t.ini:3: platform = ~/here.ini: ", "write /home/me/here.ini");
	assert_int_equal(parse_sets(&w, NOISE NULL_ENGINE, sets, 1, &e), -EINVAL);
	assert_non_null(strstr(e.text, "--set workload.contents=archive:~/docs: contents = "));
	unsetenv("HOME");
	assert_refused(NOISE "platform = ~/here.ini\n" NULL_ENGINE,
		       "dir/t.ini:3: platform = ~/here.ini: ", "write /home/.../here.ini");
	parse("[workload]\ncontents = archive:./~/docs\n" NULL_ENGINE);
	parse("[workload]\ncontents = archive:~docs\n" NULL_ENGINE);
	if (home != NULL)
		setenv("HOME", home, 1);
	free(home);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_label_is_not_the_workloads),
		cmocka_unit_test(tildes_are_told),
		cmocka_unit_test(example_of_the_manual_is_read),
		cmocka_unit_test(defaults_are_those_of_the_manual),
		cmocka_unit_test(defaults_follow_the_contents),
		cmocka_unit_test(sizes_and_times_have_units),
		cmocka_unit_test(windows_files_and_odd_spacing_are_fine),
		cmocka_unit_test(long_lines_are_read_whole_or_refused),
		cmocka_unit_test(long_labels_are_not_cut),
		cmocka_unit_test(sections_must_be_known_and_single),
		cmocka_unit_test(at_most_sixteen_engines),
		cmocka_unit_test(keys_must_be_known_and_single),
		cmocka_unit_test(values_must_be_allowed),
		cmocka_unit_test(contents_must_be_allowed),
		cmocka_unit_test(engine_values_must_be_allowed),
		cmocka_unit_test(loads_of_many_shapes_are_read),
		cmocka_unit_test(minimum_counts_follow_the_scenario),
		cmocka_unit_test(generators_must_go_together),
		cmocka_unit_test(only_rnn_is_told_how_to_sample),
		cmocka_unit_test(keys_must_go_together),
		cmocka_unit_test(bytes_that_are_no_text_are_refused),
		cmocka_unit_test(sets_replace_and_add),
		cmocka_unit_test(wrong_sets_say_so),
		cmocka_unit_test(effective_values_read_back),
		cmocka_unit_test(values_are_readable),
		cmocka_unit_test(help_fits_the_terminal_and_names_every_key),
		cmocka_unit_test(files_are_read_or_refused),
		cmocka_unit_test(sizes_follow_their_law),
		cmocka_unit_test(sizes_stay_within_their_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
