/*
 * exact.h: exp and log whose results are the same bits everywhere. libm's may
 * differ in the last place between machines and versions (glibc alone has
 * several, chosen by processor), and a request stream must not. Made of IEEE
 * +, -, *, / only, with -ffp-contract=off. Relative error below 6e-16.
 */
#ifndef GVR_EXACT_H
#define GVR_EXACT_H

double exact_log(double x);   /* x > 0, normal, finite */
double exact_log1p(double x); /* x > -1 */
double exact_exp(double x);   /* 0 below -700, infinite above 709 */
double exact_expm1(double x);

#endif
