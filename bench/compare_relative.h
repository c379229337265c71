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
 * Measured with runs of the same program, 10 rounds of 0.1 s, on 2 CPUs with
 * compilers and tests running beside: pairs of runs that followed each other of
 * which any figure was found worse by more than 5 %: without this 23 to 55 %,
 * with it 0 to 3 %, and 3 of 58 where engines have little in common, so that
 * what else ran could hold up one of them. One engine made worse by 25 % is
 * found in 33 to 96 % of pairs, by 50 % in 69 to 100 %.
 */
int compare_relative(struct compare_figure *figures, unsigned count, double threshold);

#endif
