#if defined(__x86_64__)
#define KERNEL_STEPS kernel_steps_avx512
#include "engines/generate/rnn/kernel_steps_loops.h"
#endif
