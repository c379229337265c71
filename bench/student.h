/* student.h: quantiles of Student's t distribution. */
#ifndef GVR_STUDENT_H
#define GVR_STUDENT_H

/* The t such that a variable of dof degrees of freedom lies within [-t, t]
 * with probability confidence (0.95, 0.99, ... in (0, 1)), to 4 significant
 * digits. dof 0: infinity. */
double student_t(double confidence, unsigned dof);

#endif
