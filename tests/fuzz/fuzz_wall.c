/*
 * fuzz_wall.c: any bytes as what a wall meter prints; the first byte says in
 * pieces of what size they come. The lines are the same as those of single
 * bytes, and go with each other.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/meter/wall.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes);

#define EARLIEST_NS UINT64_C(1700000000000000000)
#define LATEST_NS UINT64_C(1800000000000000000)

struct outcome {
	uint64_t lines, sum; /* of times and values, any overflow wraps */
	int err;	     /* of the last call */
	char text[sizeof((struct error *)NULL)->text];
};

static void take(struct outcome *o, const struct wall_line *line, struct wall_line *last)
{
	if (line->unix_ns < EARLIEST_NS || line->unix_ns > LATEST_NS)
		abort();
	if (o->lines > 0 && (line->unit != last->unit || line->unix_ns < last->unix_ns ||
			     (line->unit == METER_ENERGY_UJ && line->value < last->value)))
		abort();
	o->lines++;
	o->sum = o->sum * 31 + line->unix_ns + line->value;
	*last = *line;
}

static void cut(struct outcome *o, const uint8_t *data, size_t nbytes, size_t piece,
		bool in_midline)
{
	struct wall_stream s = {.in_midline = in_midline};
	struct wall_line line, last = {0};
	struct error e = {""};

	memset(o, 0, sizeof *o);
	o->err = -EAGAIN;
	for (size_t at = 0; at < nbytes && o->err == -EAGAIN;) {
		size_t capacity;
		char *room = wall_stream_room(&s, &capacity);
		size_t n = piece < capacity ? piece : capacity;
		n = n < nbytes - at ? n : nbytes - at;
		if (n == 0)
			abort();
		memcpy(room, data + at, n);
		wall_stream_add(&s, n);
		at += n;
		while ((o->err = wall_stream_next(&s, EARLIEST_NS, LATEST_NS, &line, &e)) == 0)
			take(o, &line, &last);
	}
	memcpy(o->text, e.text, sizeof o->text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes)
{
	struct outcome one, other;
	if (nbytes == 0)
		return 0;
	size_t piece = 2 + (size_t)(data[0] >> 1) * 40;
	bool in_midline = data[0] & 1;
	cut(&one, data + 1, nbytes - 1, 1, in_midline);
	cut(&other, data + 1, nbytes - 1, piece, in_midline);
	if (one.lines != other.lines || one.sum != other.sum || one.err != other.err ||
	    strcmp(one.text, other.text) != 0)
		abort();
	return 0;
}
