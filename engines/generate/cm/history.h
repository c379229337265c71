/*
 * history.h: a bit history in one byte: roughly how often a 0 and a 1 came in
 * some context, the recent past counting more. States are numbers of a table
 * that is built here by rule. State 0: nothing seen.
 */
#ifndef GVR_CM_HISTORY_H
#define GVR_CM_HISTORY_H

#include <stdint.h>

#define HISTORY_STATES 256u

struct history_table {
	struct {
		uint8_t next; /* after one more 0 or 1 */
		uint8_t mask; /* taken only if a random number has none of these bits */
	} step[HISTORY_STATES][2];
	uint8_t total[HISTORY_STATES]; /* what the state is worth keeping */
	uint16_t n[HISTORY_STATES][2]; /* how many 0s and 1s it stands for */
};

void history_table_init(struct history_table *t);

#endif
