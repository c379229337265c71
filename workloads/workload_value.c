#include "workloads/workload_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit byte_units[] = {
	{"GiB", UINT64_C(1) << 30},
	{"MiB", UINT64_C(1) << 20},
	{"KiB", UINT64_C(1) << 10},
	{"GB", 1000000000},
	{"MB", 1000000},
	{"KB", 1000},
	{"", 1},
	{NULL, 0},
};

/* finest last, as formatting takes the first that divides */
static const struct unit time_units[] = {
	{"h", UINT64_C(3600000000000)},
	{"m", UINT64_C(60000000000)},
	{"", 1000000000},
	{"s", 1000000000},
	{"ms", 1000000},
	{"us", 1000},
	{"ns", 1},
	{NULL, 0},
};

static uint64_t unit_factor(const struct unit *u, const char *name)
{
	while (u->name != NULL && strcmp(u->name, name) != 0)
		u++;
	return u->factor;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Moves *text past a run of digits, which may be empty. */
static int digits(const char **text, uint64_t *v)
{
	*v = 0;
	for (; is_digit(**text); (*text)++)
		if (__builtin_mul_overflow(*v, UINT64_C(10), v) ||
		    __builtin_add_overflow(*v, (uint64_t)(**text - '0'), v))
			return -EINVAL;
	return 0;
}

static int in_range(uint64_t v, uint64_t least, uint64_t greatest)
{
	return v >= least && v <= greatest ? 0 : -EINVAL;
}

int value_count(const char *text, uint64_t least, uint64_t greatest, uint64_t *v)
{
	if (!is_digit(*text) || digits(&text, v) != 0 || *text != '\0')
		return -EINVAL;
	return in_range(*v, least, greatest);
}

int value_bytes(const char *text, uint64_t least, uint64_t greatest, uint64_t *v)
{
	if (!is_digit(*text) || digits(&text, v) != 0)
		return -EINVAL;
	uint64_t factor = unit_factor(byte_units, text);
	if (factor == 0 || __builtin_mul_overflow(*v, factor, v))
		return -EINVAL;
	return in_range(*v, least, greatest);
}

/* In integers, so that every whole number of ns reads back as itself. */
int value_time(const char *text, uint64_t least_ns, uint64_t greatest_ns, uint64_t *v)
{
	const char *start = text;
	uint64_t fraction = 0, scale = 1;
	if (digits(&text, v) != 0)
		return -EINVAL;
	bool any = text > start;
	if (*text == '.')
		for (text++; is_digit(*text); text++) {
			any = true;
			if (scale < UINT64_C(1000000000000000000)) {
				fraction = fraction * 10 + (uint64_t)(*text - '0');
				scale *= 10;
			}
		}
	uint64_t factor = unit_factor(time_units, text);
	if (!any || factor == 0 || __builtin_mul_overflow(*v, factor, v))
		return -EINVAL;
	uint64_t part = (uint64_t)((unsigned __int128)fraction * factor / scale);
	if (__builtin_add_overflow(*v, part, v))
		return -EINVAL;
	return in_range(*v, least_ns, greatest_ns);
}

int workload_time(const char *text, uint64_t *ns)
{
	return value_time(text, 0, UINT64_MAX, ns);
}

/* Stricter than strtod: no sign, blank, hexadecimal, infinity or NaN. */
int value_number(const char *text, double *v)
{
	const char *c = text;
	bool any = false;
	for (; is_digit(*c); c++)
		any = true;
	if (*c == '.')
		for (c++; is_digit(*c); c++)
			any = true;
	if (any && (*c == 'e' || *c == 'E')) {
		c += c[1] == '-' || c[1] == '+' ? 2 : 1;
		for (any = false; is_digit(*c); c++)
			any = true;
	}
	if (!any || *c != '\0')
		return -EINVAL;
	*v = strtod(text, NULL);
	return isfinite(*v) ? 0 : -EINVAL;
}

static bool is_comment(const char *text, size_t at)
{
	return text[at] == ';' && (at == 0 || text[at - 1] == ' ');
}

int value_text(const char *text, char *out, size_t capacity)
{
	text += strspn(text, " ");
	size_t nbytes = strlen(text);
	while (nbytes > 0 && text[nbytes - 1] == ' ')
		nbytes--;
	if (nbytes == 0 || nbytes >= capacity)
		return -EINVAL;
	for (size_t i = 0; i < nbytes; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f || is_comment(text, i))
			return -EINVAL;
	memcpy(out, text, nbytes);
	out[nbytes] = '\0';
	return 0;
}

void value_format_bytes(char *out, size_t capacity, uint64_t v)
{
	const struct unit *u = byte_units;
	while (strlen(u->name) == 2 || v % u->factor != 0 || (v == 0 && u->factor != 1))
		u++;
	snprintf(out, capacity, "%" PRIu64 "%s", v / u->factor, u->name);
}

void value_format_time(char *out, size_t capacity, uint64_t v)
{
	const struct unit *u = time_units + 3; /* s, ms, us, ns */
	while (v % u->factor != 0)
		u++;
	snprintf(out, capacity, "%" PRIu64 "%s", v / u->factor, u->name);
}

void value_format_number(char *out, size_t capacity, double v)
{
	for (int precision = 6; precision <= 17; precision++) {
		snprintf(out, capacity, "%.*g", precision, v);
		if (strtod(out, NULL) == v)
			return;
	}
}
