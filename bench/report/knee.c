#include "bench/report/knee.h"

size_t knee_of(const double *throughput, const double *latency, size_t count)
{
	size_t knee = count;
	double most = 0;

	for (size_t i = 0; i < count; i++) {
		double power = throughput[i] / latency[i];
		if (!(latency[i] > 0) || !(power > 0))
			continue;
		if (knee == count || power > most ||
		    (power == most && throughput[i] > throughput[knee])) {
			knee = i;
			most = power;
		}
	}
	return knee;
}
