#include "bench/student.h"

#include <math.h>

/* From here on the quantile is the normal one's within 2e-5. */
#define DOF_MAX 100000u
#define HALVINGS 60u

/* P(|T| <= sqrt(dof) tan(angle)): a finite sum for whole degrees of freedom
 * (Abramowitz and Stegun 26.7.3 and 26.7.4). */
static double probability_within(double angle, unsigned dof)
{
	double cos2 = cos(angle) * cos(angle), sum = 0;
	double term = dof % 2 == 1 ? cos(angle) : 1;

	for (unsigned i = 2 + dof % 2; i <= dof && term > 0; i += 2) {
		sum += term;
		term *= cos2 * (i - 1) / i;
	}
	sum *= sin(angle);
	return dof % 2 == 1 ? M_2_PI * (angle + sum) : sum;
}

double student_t(double confidence, unsigned dof)
{
	double low = 0, high = M_PI_2;

	if (dof == 0)
		return INFINITY;
	if (dof > DOF_MAX)
		dof = DOF_MAX;
	for (unsigned i = 0; i < HALVINGS; i++) {
		double middle = (low + high) / 2;
		if (probability_within(middle, dof) < confidence)
			low = middle;
		else
			high = middle;
	}
	return sqrt(dof) * tan(low);
}
