#include "bench/format.h"

#include <stdint.h>
#include <stdio.h>

static void format_scaled(char *out, size_t capacity, double value, const char *const *units,
			  double step, unsigned unit_count)
{
	unsigned u = 0;
	while (u + 1 < unit_count && value >= 999.5 * step / 1000) {
		value /= step;
		u++;
	}
	int digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
	if (value == (double)(uint64_t)value && u == 0)
		digits = 0;
	snprintf(out, capacity, "%.*f%s%s", digits, value, units[u][0] != '\0' ? " " : "",
		 units[u]);
}

void format_ns(char *out, size_t capacity, double ns)
{
	static const char *const units[] = {"ns", "us", "ms", "s"};
	format_scaled(out, capacity, ns, units, 1000, 4);
}

void format_bytes(char *out, size_t capacity, double bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	format_scaled(out, capacity, bytes, units, 1024, 5);
}

void format_throughput(char *out, size_t capacity, double bytes_per_s)
{
	static const char *const units[] = {"B/s", "KiB/s", "MiB/s", "GiB/s", "TiB/s"};
	format_scaled(out, capacity, bytes_per_s, units, 1024, 5);
}

void format_rate(char *out, size_t capacity, double per_s)
{
	snprintf(out, capacity, "%.*f /s", per_s < 9.995 ? 2 : per_s < 999.5 ? 1 : 0, per_s);
}
