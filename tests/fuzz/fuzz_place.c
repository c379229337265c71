/* Any bytes as the place of a value in a segment; what parses reads back from
 * what it is written as. */
#include <stdlib.h>
#include <string.h>

#include "engines/store/segments.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t nbytes)
{
	uint8_t bytes[SEGMENT_PLACE_NBYTES_MAX];
	struct segment_place p, again;
	if (segment_place_read(&p, data, nbytes) != 0)
		return 0;
	size_t written = segment_place_write(&p, bytes);
	if (written > sizeof bytes || segment_place_read(&again, bytes, written) != 0)
		abort();
	if (again.segment != p.segment || again.offset != p.offset || again.nbytes != p.nbytes ||
	    again.digest != p.digest || again.head_nbytes != p.head_nbytes ||
	    memcmp(again.head, p.head, p.head_nbytes) != 0)
		abort();
	return 0;
}
