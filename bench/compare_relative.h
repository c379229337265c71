/*
 * compare_relative.h: is it the engine that changed, or the machine? Engines
 * of a run take turns, so what the machine does to one it does to the others:
 * two runs of an engine are told apart by what it did relative to each other
 * engine in the same round.
 */
#ifndef GVR_COMPARE_RELATIVE_H
#define GVR_COMPARE_RELATIVE_H

#include "bench/compare.h"

/*
 * After compare_figures, with the same threshold. A change that would not be
 * one, by the same rules, of the figure divided round by round by that of each
 * other engine, becomes COMPARE_UNCLEAR. Engines without that figure or with
 * other rounds, and figures that only one engine has, are left out. What
 * changed all engines alike is not found. -ENOMEM.
 *
 * Measured: 30 to 40 runs of 10 rounds of 0.1 s of the same program, on 2 CPUs
 * with compilers and tests running beside; pairs of runs of which one or more
 * figures were found worse by more than 5 %: without this 33 to 59 %, with it
 * 1 to 2 %, and in a mix of engines that use CPU and device differently 10 %
 * (0 % of runs that followed each other). One engine made worse by 25 % is
 * found in 33 to 96 % of pairs, by 50 % in 69 to 100 %.
 */
int compare_relative(struct compare_figure *figures, unsigned count, double threshold);

#endif
