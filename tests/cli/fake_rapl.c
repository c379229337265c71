/*
 * fake_rapl.c: a machine whose power is known: IDLE watts and PER_CORE more for
 * each processor that gvr keeps busy. Writes it as powercap does
 * into FOLDER/class/powercap/intel-rapl:0, or (FOLDER -) prints it as a wall
 * meter does. Runs until it is killed, or its parent is gone.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static double clock_s(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Is that process a gvr that this one's parent started, or the parent itself? */
static int is_watched(long pid)
{
	char path[64], name[64];
	long parent;

	snprintf(path, sizeof path, "/proc/%ld/stat", pid);
	FILE *f = fopen(path, "r");
	if (f == NULL)
		return 0;
	int fields = fscanf(f, "%*d (%63[^)]) %*c %ld", name, &parent);
	fclose(f);
	return fields == 2 && strcmp(name, "gvr") == 0 && (pid == getppid() || parent == getppid());
}

/* 0: there is none now. */
static long find_watched(void)
{
	DIR *d = opendir("/proc");
	long found = 0;

	for (struct dirent *entry; d != NULL && found == 0 && (entry = readdir(d)) != NULL;) {
		long pid = atol(entry->d_name);
		if (pid > 0 && is_watched(pid))
			found = pid;
	}
	if (d != NULL)
		closedir(d);
	return found;
}

/* The CPU time of those gvr, one after the other: whatever else is busy on the
 * machine does not matter. */
static double busy_s(void)
{
	static long watched;
	static double ended_s, now_s, looked_s;
	clockid_t clock;

	if (watched != 0 && clock_getcpuclockid((pid_t)watched, &clock) == 0) {
		now_s = clock_s(clock);
		return ended_s + now_s;
	}
	ended_s += now_s;
	now_s = 0;
	watched = 0;
	if (clock_s(CLOCK_MONOTONIC) - looked_s > 0.2) {
		looked_s = clock_s(CLOCK_MONOTONIC);
		watched = find_watched();
	}
	return ended_s;
}

/* In one call, as the kernel's files are never half written. Returns the file. */
static int write_file(const char *dir, const char *name, const char *text)
{
	char path[2000];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		exit(1);
	return fd;
}

/* Returns its counter, whose numbers are always as wide: each covers the one before. */
static int make_zone(char *zone, size_t room, const char *folder)
{
	snprintf(zone, room, "%s/class", folder);
	mkdir(folder, 0777);
	mkdir(zone, 0777);
	strcat(zone, "/powercap");
	mkdir(zone, 0777);
	strcat(zone, "/intel-rapl:0");
	mkdir(zone, 0777);
	write_file(zone, "max_energy_range_uj", "262143328850\n");
	int counter = write_file(zone, "energy_uj", "0                   \n");
	write_file(zone, "name", "package-0\n");
	return counter;
}

int main(int argc, char **argv)
{
	char zone[1900], text[64];
	pid_t parent = getppid();

	if (argc != 4 || strlen(argv[1]) > 1000)
		return 2;
	double idle = atof(argv[2]), per_core = atof(argv[3]);
	int wall = strcmp(argv[1], "-") == 0, counter = -1;
	if (!wall)
		counter = make_zone(zone, sizeof zone, argv[1]);
	double begin_s = clock_s(CLOCK_MONOTONIC);
	while (getppid() == parent) {
		double joules = idle * (clock_s(CLOCK_MONOTONIC) - begin_s) + per_core * busy_s();
		if (wall) {
			printf("%.6f %.6f J\n", clock_s(CLOCK_REALTIME), joules);
			fflush(stdout);
		} else {
			snprintf(text, sizeof text, "%-20" PRIu64 "\n", (uint64_t)(joules * 1e6));
			if (pwrite(counter, text, strlen(text), 0) < 0)
				return 1;
		}
		usleep(2000);
	}
	return 0;
}
