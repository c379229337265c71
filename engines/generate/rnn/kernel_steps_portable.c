#define KERNEL_STEPS kernel_steps_portable
#include "engines/generate/rnn/kernel_steps_loops.h"
