#include "bench/device.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define SECTOR_NBYTES 512u

bool device_read_counters(const char *path, struct device_counters *counters)
{
	char stat_path[64];
	struct stat st;
	uint64_t merged, sectors;

	if (stat(path, &st) != 0)
		return false;
	snprintf(stat_path, sizeof stat_path, "/sys/dev/block/%u:%u/stat", major(st.st_dev),
		 minor(st.st_dev));
	FILE *f = fopen(stat_path, "r");
	if (f == NULL)
		return false;
	int fields =
		fscanf(f, "%" SCNu64 " %" SCNu64 " %" SCNu64, &counters->reads, &merged, &sectors);
	fclose(f);
	counters->read_bytes = sectors * SECTOR_NBYTES;
	return fields == 3;
}
