/* busy.h: a load of known size, to see what a meter says of it. */
#ifndef GVR_METER_BUSY_H
#define GVR_METER_BUSY_H

struct busy;

/* Keeps so many CPUs busy with arithmetic, a thread each, until busy_stop.
 * 0, or -errno: fewer could be started, none is left running. */
int busy_start(struct busy **out, unsigned threads);
/* Stops and frees; returns the CPU time they used, in seconds. */
double busy_stop(struct busy *b);

#endif
