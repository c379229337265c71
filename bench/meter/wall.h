/*
 * wall.h: what a wall meter prints, line by line: `SECONDS VALUE UNIT`, such
 * as `1764100000.25 57.3 W`. SECONDS is Unix time with decimals; UNIT is W
 * (power) or J (energy, which only grows). Blank lines and lines that start
 * with # (or blanks and #) say nothing. Nothing here reads files: bytes in, lines out.
 */
#ifndef GVR_METER_WALL_H
#define GVR_METER_WALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/meter/meter.h"
#include "workloads/error.h"

#define WALL_LINE_NBYTES_MAX 200u /* without the newline */
#define WALL_LINE_FORM "SECONDS VALUE UNIT, such as 1764100000.25 57.3 W"

struct wall_line {
	uint64_t unix_ns; /* at most INT64_MAX */
	uint64_t value;	  /* in unit */
	enum meter_unit unit;
};

/* Parses a line of nbytes without its newline. 0; -EAGAIN: it says nothing;
 * -EBADMSG: it is no such line, *why says why (static text). */
int wall_line_parse(const char *text, size_t nbytes, struct wall_line *line, const char **why);

/* Bytes that have come, cut into lines that fit each other. Zeroed to begin. */
struct wall_stream {
	char bytes[4096];
	size_t begin, end; /* what has not become lines yet */
	bool in_midline;   /* it began inside a line, which is not one of ours */
	uint64_t line_count;
	bool has_last;
	struct wall_line last;
};

/* Where the next bytes go: room for *capacity of them, at least 1 after
 * wall_stream_next said -EAGAIN. wall_stream_add says how many came. */
char *wall_stream_room(struct wall_stream *s, size_t *capacity);
void wall_stream_add(struct wall_stream *s, size_t nbytes);

/* The next line, whose time must be from earliest to latest_ns (Unix time),
 * not before that of the line before; its unit is the same, its energy not
 * less. 0; -EAGAIN: more bytes are needed; -EBADMSG: e names the line, and
 * the stream is of no use any more. */
int wall_stream_next(struct wall_stream *s, uint64_t earliest_ns, uint64_t latest_ns,
		     struct wall_line *line, struct error *e);

#endif
