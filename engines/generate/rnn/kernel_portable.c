#include "engines/generate/rnn/kernel_tile.h"

static void block(int32_t *out, const int8_t *w, const uint8_t *in, unsigned cols)
{
	int32_t sum[KERNEL_BLOCK] = {0};
	for (unsigned k = 0; k < cols; k += KERNEL_GROUP)
		for (unsigned r = 0; r < KERNEL_BLOCK; r++)
			for (unsigned c = 0; c < KERNEL_GROUP; c++)
				sum[r] += *w++ * in[k + c];
	memcpy(out, sum, sizeof sum);
}

void kernel_portable_matmul(int32_t *out, const int8_t *w, const uint8_t *in, unsigned rows,
			    unsigned cols, unsigned batch)
{
	for (unsigned row = 0; row < rows; row += KERNEL_BLOCK)
		for (unsigned b = 0; b < batch; b++)
			block(out + (size_t)b * rows + row, w + (size_t)row * cols,
			      in + (size_t)b * cols, cols);
}
