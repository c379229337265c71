#include "bench/host.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "bench/allowed.h"

static json_t *cpu_model(void)
{
	char line[512];
	json_t *model = NULL;
	FILE *f = fopen("/proc/cpuinfo", "r");

	if (f == NULL)
		return json_null();
	while (model == NULL && fgets(line, sizeof line, f) != NULL) {
		char *colon = strchr(line, ':');
		if (strncmp(line, "model name", 10) != 0 || colon == NULL)
			continue;
		char *begin = colon + 1;
		while (isspace((unsigned char)*begin))
			begin++;
		begin[strcspn(begin, "\n")] = '\0';
		model = json_string(begin);
	}
	fclose(f);
	return model != NULL ? model : json_null();
}

static json_t *file_system(const char *dir)
{
	static const struct {
		long magic;
		const char *name;
	} known[] = {
		{0xef53, "ext2/3/4"},  {0x58465342, "xfs"},	{0x9123683e, "btrfs"},
		{0x01021994, "tmpfs"}, {0x794c7630, "overlay"}, {0x6969, "nfs"},
		{0x2fc12fc1, "zfs"},   {0xf2f52010, "f2fs"},
	};
	struct statfs fs;
	char name[32];

	if (statfs(dir, &fs) != 0)
		return json_null();
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if ((long)fs.f_type == known[i].magic)
			return json_string(known[i].name);
	snprintf(name, sizeof name, "0x%lx", (unsigned long)fs.f_type);
	return json_string(name);
}

bool host_read_steal(uint64_t *all_ticks, uint64_t *stolen_ticks)
{
	unsigned long long t[8] = {0};
	FILE *f = fopen("/proc/stat", "r");

	if (f == NULL)
		return false;
	int fields = fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2],
			    &t[3], &t[4], &t[5], &t[6], &t[7]);
	fclose(f);
	*all_ticks = 0;
	for (unsigned i = 0; i < 8; i++)
		*all_ticks += t[i];
	*stolen_ticks = t[7];
	return fields == 8;
}

json_t *host_describe(const char *store_dir)
{
	struct utsname u;
	json_t *host = json_object();
	long pages = sysconf(_SC_PHYS_PAGES), page_nbytes = sysconf(_SC_PAGESIZE);

	if (uname(&u) == 0) {
		json_object_set_new(host, "hostname", json_string(u.nodename));
		json_object_set_new(host, "kernel", json_sprintf("%s %s", u.sysname, u.release));
		json_object_set_new(host, "machine", json_string(u.machine));
	}
	json_object_set_new(host, "cpu", cpu_model());
	json_object_set_new(host, "cores", json_integer(allowed_cores(&allowed_here)));
	json_object_set_new(host, "cores_machine", json_integer(allowed_cores_of_machine()));
	json_object_set_new(host, "memory_bytes",
			    json_integer((json_int_t)pages * (json_int_t)page_nbytes));
	json_object_set_new(host, "store_file_system", file_system(store_dir));
	json_object_set_new(host, "compiler", json_string(__VERSION__));
	return host;
}
