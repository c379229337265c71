#include "bench/format.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define WIDTH 80u

/* So many that it has three digits, or two below 1. */
static int decimals_of(double value)
{
	return value < 9.995 && value > 0 ? 2 : value < 99.95 && value > 0 ? 1 : 0;
}

static void format_scaled(char *out, size_t capacity, double value, const char *const *units,
			  double step, unsigned unit_count)
{
	unsigned u = 0;
	if (!(value >= 0)) { /* not known */
		snprintf(out, capacity, "-");
		return;
	}
	while (u + 1 < unit_count && value >= 999.5 * step / 1000) {
		value /= step;
		u++;
	}
	int digits = decimals_of(value);
	if (u == 0 && value < 1e9 && value == (double)(uint64_t)value)
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

/* Which of J, mJ, uJ, nJ, pJ makes it at least 1; its size in *scale. */
static const char *joule_unit(double joules, double *scale)
{
	static const char *const units[] = {"J", "mJ", "uJ", "nJ", "pJ"};
	unsigned u = 0;

	*scale = 1;
	if (joules >= 999.5) {
		*scale = 1e-3;
		return "kJ";
	}
	for (; u < 4 && joules * *scale < 0.9995 && joules > 0; u++)
		*scale *= 1000;
	return units[u];
}

void format_joules(char *out, size_t capacity, double joules)
{
	double scale;
	const char *unit = joule_unit(joules, &scale);

	snprintf(out, capacity, "%.*f %s", decimals_of(joules * scale), joules * scale, unit);
}

void format_joules_range(char *out, size_t capacity, double low, double high)
{
	double scale;
	const char *unit = joule_unit(high, &scale);

	snprintf(out, capacity, "%.*f-%.*f %s", decimals_of(low * scale), low * scale,
		 decimals_of(high * scale), high * scale, unit);
}

static void wrap(FILE *f, size_t column, size_t indent, const char *text)
{
	bool first = true;

	for (; *text != '\0'; text += strspn(text, " ")) {
		size_t word = strcspn(text, " ");
		bool breaks = !first && column + 1 + word > WIDTH;
		if (breaks) {
			fprintf(f, "\n%*s", (int)indent, "");
			column = indent;
		}
		column += (size_t)fprintf(f, "%s%.*s", first || breaks ? "" : " ", (int)word, text);
		first = false;
		text += word;
	}
	fputc('\n', f);
}

void format_wrapped(FILE *f, const char *prefix, const char *text)
{
	size_t column = (size_t)fprintf(f, "%s", prefix);
	wrap(f, column, column, text);
}

void format_wrapped_from(FILE *f, size_t column, const char *text)
{
	wrap(f, column, 0, text);
}
