/* wall_lines.c: from bytes to the lines of a wall meter; see wall.h. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/meter/wall.h"

#define SECONDS_MAX UINT64_C(9000000000) /* times 1e9, it fits int64_t */
#define VALUE_MAX 1e12			 /* times 1e6, it is exact enough and fits */
#define QUOTED_NBYTES_MAX 80u

/* Exact where a double would be 200 ns off; decimals after the ninth are cut. */
static bool parse_unix_ns(const char *text, uint64_t *unix_ns)
{
	uint64_t seconds = 0, ns = 0, unit_ns = 100000000;

	if (!isdigit((unsigned char)*text))
		return false;
	for (; isdigit((unsigned char)*text); text++) {
		seconds = seconds * 10 + (uint64_t)(*text - '0');
		if (seconds > SECONDS_MAX)
			return false;
	}
	if (*text == '.')
		for (text++; isdigit((unsigned char)*text); text++, unit_ns /= 10)
			ns += unit_ns * (uint64_t)(*text - '0');
	*unix_ns = seconds * 1000000000 + ns;
	return *text == '\0';
}

static bool parse_value(const char *text, uint64_t *value)
{
	char *end;
	double x = strtod(text, &end);

	if (*end != '\0' || !(x >= 0 && x <= VALUE_MAX))
		return false;
	*value = (uint64_t)llround(x * 1e6);
	return true;
}

int wall_line_parse(const char *text, size_t nbytes, struct wall_line *line, const char **why)
{
	static const char *const blanks = " \t\r";
	char copy[WALL_LINE_NBYTES_MAX + 1], *state;

	*why = "it is longer than 200 bytes";
	if (nbytes > WALL_LINE_NBYTES_MAX)
		return -EBADMSG;
	memcpy(copy, text, nbytes);
	copy[nbytes] = '\0';
	*why = "it is not " WALL_LINE_FORM;
	if (strlen(copy) != nbytes)
		return -EBADMSG;
	char *seconds = strtok_r(copy, blanks, &state);
	if (seconds == NULL || seconds[0] == '#')
		return -EAGAIN;
	char *value = strtok_r(NULL, blanks, &state), *unit = strtok_r(NULL, blanks, &state);
	if (unit == NULL || strtok_r(NULL, blanks, &state) != NULL ||
	    !parse_unix_ns(seconds, &line->unix_ns))
		return -EBADMSG;
	*why = "its value is not a number from 0 to 1e12";
	if (!parse_value(value, &line->value))
		return -EBADMSG;
	*why = "its unit is neither W nor J";
	if (strcmp(unit, "W") != 0 && strcmp(unit, "J") != 0)
		return -EBADMSG;
	line->unit = unit[0] == 'W' ? METER_POWER_UW : METER_ENERGY_UJ;
	return 0;
}

char *wall_stream_room(struct wall_stream *s, size_t *capacity)
{
	memmove(s->bytes, s->bytes + s->begin, s->end - s->begin);
	s->end -= s->begin;
	s->begin = 0;
	*capacity = sizeof s->bytes - s->end;
	return s->bytes + s->end;
}

void wall_stream_add(struct wall_stream *s, size_t nbytes)
{
	s->end += nbytes;
}

/* Why the line does not go with the time and the line before it, or NULL. */
static const char *misfit(const struct wall_stream *s, uint64_t earliest_ns, uint64_t latest_ns,
			  const struct wall_line *line)
{
	if (line->unix_ns < earliest_ns || line->unix_ns > latest_ns)
		return "its time is off this machine's clock: set both, and print lines at once";
	if (!s->has_last)
		return NULL;
	if (line->unit != s->last.unit)
		return "its unit is not that of the lines before";
	if (line->unix_ns < s->last.unix_ns)
		return "its time is before that of the line before";
	if (line->unit == METER_ENERGY_UJ && line->value < s->last.value)
		return "its energy is less than that of the line before";
	return NULL;
}

static int refuse(const struct wall_stream *s, const char *text, size_t nbytes, const char *why,
		  struct error *e)
{
	int shown = (int)(nbytes < QUOTED_NBYTES_MAX ? nbytes : QUOTED_NBYTES_MAX);
	return error_set(e, -EBADMSG, "the wall meter's line %llu \"%.*s\": %s",
			 (unsigned long long)s->line_count, shown, text, why);
}

/* Drops the rest of the line that the stream began in. False: it goes on. */
static bool reach_line(struct wall_stream *s)
{
	char *newline = memchr(s->bytes + s->begin, '\n', s->end - s->begin);
	s->in_midline = newline == NULL;
	s->begin = newline != NULL ? (size_t)(newline + 1 - s->bytes) : s->end;
	return !s->in_midline;
}

int wall_stream_next(struct wall_stream *s, uint64_t earliest_ns, uint64_t latest_ns,
		     struct wall_line *line, struct error *e)
{
	const char *why = NULL;

	if (s->in_midline && !reach_line(s))
		return -EAGAIN;
	for (int err = -EAGAIN; err == -EAGAIN;) {
		const char *text = s->bytes + s->begin,
			   *newline = memchr(text, '\n', s->end - s->begin);
		if (newline == NULL && s->end - s->begin <= WALL_LINE_NBYTES_MAX)
			return -EAGAIN;
		size_t nbytes = newline != NULL ? (size_t)(newline - text) : s->end - s->begin;
		s->line_count++;
		s->begin += newline != NULL ? nbytes + 1 : nbytes;
		err = wall_line_parse(text, nbytes, line, &why);
		if (err == 0)
			why = misfit(s, earliest_ns, latest_ns, line);
		if (err != -EAGAIN && why != NULL)
			return refuse(s, text, nbytes, why, e);
	}
	s->last = *line;
	s->has_last = true;
	return 0;
}
