#!/bin/sh
# What the generator rnn makes has one digest: gcc and clang, -O0 and -O3, on this
# CPU and, cross-compiled, on an emulated ARM one, with every kernel.
# shellcheck disable=SC2034
set -u
folder=build/rnn-interop
generate=engines/generate
rnn=$generate/rnn
sources="$rnn/rnn.c $rnn/forward.c $rnn/greedy.c $rnn/match.c $rnn/model.c $rnn/model_header.c $rnn/model_write.c
	$rnn/sampling.c $rnn/tensors.c $rnn/vocabulary.c $generate/generator.c $generate/novel.c
	$generate/range_coder.c $generate/spec.c workloads/error.c workloads/file.c
	tests/interop/rnn_digest.c"
# zstd.h and xxhash.h are this machine's, for ARM as well: behind its own headers
options="-idirafter /usr/include -DXXH_INLINE_ALL -ffp-contract=off -fno-strict-aliasing"
libraries=-lm
. tests/interop/digests.sh
