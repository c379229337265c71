/*
 * test_allowed.c: what of a machine gvr may use, on folders that imitate /proc and
 * control groups; and whether a run fits into it.
 */
#include "tests/test.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/memory.h"
#include "tests/sanitized.h"
#include "tests/scratch.h"

#define MIB (UINT64_C(1) << 20)

static char root[64], proc[80], cgroup[80];
static struct allowed_roots roots = {proc, cgroup};
static unsigned notices;

static int make_root(void **state)
{
	(void)state;
	snprintf(root, sizeof root, "/tmp/gvr-allowed.XXXXXX");
	if (mkdtemp(root) == NULL)
		return -1;
	snprintf(proc, sizeof proc, "%s/proc", root);
	snprintf(cgroup, sizeof cgroup, "%s/cgroup", root);
	notices = 0;
	return 0;
}

static int remove_root(void **state)
{
	(void)state;
	return scratch_remove(root);
}

static void put(const char *path, const char *text)
{
	assert_int_equal(scratch_put(root, path, text), 0);
}

static void put_machine(const char *groups)
{
	put("proc/meminfo", "MemTotal:       8192 kB\nMemAvailable:   4096 kB");
	put("proc/self/cgroup", groups);
}

/* ---- memory ---- */

static void assert_available(uint64_t bytes)
{
	assert_int_equal(allowed_memory(&roots).bytes, bytes);
}

static void a_machine_without_groups_has_what_is_available(void **state)
{
	(void)state;
	assert_available(UINT64_MAX); /* nothing is known */
	put("proc/meminfo", "MemAvailable:   4096 kB");
	assert_available(4 * MIB);
	put("proc/self/cgroup", "0::/");
	assert_available(4 * MIB);
}

static void the_tightest_group_above_limits_memory(void **state)
{
	(void)state;
	put_machine("0::/user/job");
	put("cgroup/user/job/memory.max", "max");
	put("cgroup/user/job/memory.current", "5000");
	assert_available(4 * MIB);
	put("cgroup/user/memory.max", "3145728");
	put("cgroup/user/memory.current", "1048576");
	assert_available(2 * MIB);
	put("cgroup/memory.max", "2097152"); /* a container sees its own as the root */
	put("cgroup/memory.current", "1048576");
	assert_available(1 * MIB);
	assert_string_equal(allowed_memory(&roots).source, "as its control group limits it");
}

static void the_page_cache_of_a_group_gives_way(void **state)
{
	(void)state;
	put_machine("0::/job");
	put("cgroup/job/memory.max", "3145728");
	put("cgroup/job/memory.current", "3145728");
	assert_available(0);
	put("cgroup/job/memory.stat", "anon 100\nfile 2097152\ninactive_file 1048576\n"
				      "active_file 524288\ninactive_file_more 7");
	assert_available(MIB + MIB / 2);
}

static void groups_of_version_1_limit_memory(void **state)
{
	(void)state;
	put_machine("12:pids:/x\n5:memory:/docker/a\n0::/other");
	put("cgroup/memory/memory.limit_in_bytes", "9223372036854771712"); /* no limit */
	put("cgroup/memory/memory.usage_in_bytes", "1048576");
	assert_available(4 * MIB);
	put("cgroup/memory/docker/a/memory.limit_in_bytes", "2097152");
	put("cgroup/memory/docker/a/memory.usage_in_bytes", "1048576");
	assert_available(1 * MIB);
	put("cgroup/memory/docker/a/memory.stat", "total_inactive_file 524288");
	assert_available(MIB + MIB / 2);
}

/* ---- processors ---- */

static void quotas_are_rounded_up_and_limit_cores(void **state)
{
	(void)state;
	cpu_set_t set;
	assert_int_equal(sched_getaffinity(0, sizeof set, &set), 0);
	unsigned all = (unsigned)CPU_COUNT(&set);
	assert_int_equal(allowed_cores(&roots), all);
	assert_true(allowed_cores_of_machine() >= all);
	put_machine("4:cpu,cpuacct:/a\n0::/job");
	put("cgroup/job/cpu.max", "max 100000");
	assert_int_equal(allowed_cores(&roots), all);
	put("cgroup/job/cpu.max", "50000 100000");
	assert_int_equal(allowed_cores(&roots), 1);
	put("cgroup/job/cpu.max", "150000 100000");
	assert_int_equal(allowed_cores(&roots), all < 2 ? all : 2);
	put("cgroup/cpu/a/cpu.cfs_quota_us", "-1");
	put("cgroup/cpu/a/cpu.cfs_period_us", "100000");
	assert_int_equal(allowed_cores(&roots), all < 2 ? all : 2);
	put("cgroup/cpu/a/cpu.cfs_quota_us", "100000");
	assert_int_equal(allowed_cores(&roots), 1);
}

static void affinity_limits_cores(void **state)
{
	(void)state;
	cpu_set_t set, one;
	int cpu = 0;
	assert_int_equal(sched_getaffinity(0, sizeof set, &set), 0);
	while (!CPU_ISSET(cpu, &set))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
	assert_int_equal(allowed_cores(&roots), 1);
	assert_int_equal(sched_setaffinity(0, sizeof set, &set), 0);
}

/* ---- does a run fit? ---- */

static void count_notice(const char *line)
{
	assert_non_null(strstr(line, "lower iodepth or numjobs"));
	notices++;
}

/* The answer to a workload of contents of 1 MiB on a machine with so much memory. */
static int check(const char *scenario, unsigned depth, unsigned available_mib, struct error *e)
{
	static struct workload w;
	struct contents c = {.workload = &w, .count = 1000, .items = 1000, .notice = count_notice};
	char text[1024], meminfo[64];
	snprintf(text, sizeof text,
		 "[workload]\nname = m\ncontents = noise:1000\nsize = fixed:1MiB\n%s\n"
		 "[engine \"little\"]\nkind = generate\niodepth = 1\n"
		 "[engine \"much\"]\nkind = retrieve\ncompression_type = none\n"
		 "numjobs = 2\niodepth = %u\n",
		 scenario, depth);
	snprintf(meminfo, sizeof meminfo, "MemAvailable: %u kB", available_mib * 1024);
	put("proc/meminfo", meminfo);
	int err = workload_parse(&w, "m", text, strlen(text), NULL, 0, e);
	if (err != 0)
		fail_msg("%s", e->text);
	c.nbytes_max = workload_content_nbytes_max(&w);
	notices = 0;
	return memory_check(&c, w.number_ios, &roots, e);
}

static void what_cannot_be_is_refused(void **state)
{
	(void)state;
	struct error e;
	assert_int_equal(check("scenario = offline", 32, 50, &e), -ENOMEM);
	assert_non_null(strstr(e.text, "65.0 MiB, of that 64.0 MiB engine \"much\" (numjobs = 2, "
				       "iodepth = 32); 50.0 MiB are available on this machine; "
				       "lower iodepth or numjobs"));
	assert_int_equal(notices, 0);
	assert_int_equal(check("scenario = offline", 8, 50, &e), 0);
	/* at a given rate there may never be more than one at a time; or of so few requests */
	assert_int_equal(check("scenario = server\nrate_iops = 5", 32, 50, &e), 0);
	assert_int_equal(check("scenario = offline\nnumber_ios = 20", 32, 50, &e), 0);
}

static void what_may_be_too_much_is_told(void **state)
{
	(void)state;
	struct error e;
	assert_int_equal(check("scenario = server\nrate_iops = 5", 32, 50, &e), 0);
	assert_int_equal(notices, 1);
	assert_int_equal(check("scenario = offline", 32, 100, &e), 0);
	assert_int_equal(notices, 1);
	assert_int_equal(check("scenario = offline", 32, 1000, &e), 0);
	assert_int_equal(notices, 0);
}

static void address_space_is_counted_as_mapped(void **state)
{
	(void)state;
	struct error e;
	struct rlimit old, limit;
	if (SANITIZED)
		skip();
	assert_int_equal(getrlimit(RLIMIT_AS, &old), 0);
	limit = old;
	put("proc/self/status", "VmPeak:\t  9999 kB\nVmSize:\t  1024 kB");
	limit.rlim_cur = (rlim_t)1 << 40;
	assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
	assert_int_equal(allowed_memory(&roots).address_bytes, ((uint64_t)1 << 40) - MIB);
	limit.rlim_cur = (rlim_t)(60 * MIB);
	int err = setrlimit(RLIMIT_AS, &limit) == 0
			  ? check("scenario = server\nrate_iops = 5", 32, 1000, &e)
			  : 0;
	assert_int_equal(setrlimit(RLIMIT_AS, &old), 0);
	assert_int_equal(err, -ENOMEM);
	assert_non_null(strstr(e.text, "(ulimit -v)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)
		TEST(a_machine_without_groups_has_what_is_available),
		TEST(the_tightest_group_above_limits_memory),
		TEST(the_page_cache_of_a_group_gives_way),
		TEST(groups_of_version_1_limit_memory),
		TEST(quotas_are_rounded_up_and_limit_cores),
		TEST(affinity_limits_cores),
		TEST(what_cannot_be_is_refused),
		TEST(what_may_be_too_much_is_told),
		TEST(address_space_is_counted_as_mapped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
