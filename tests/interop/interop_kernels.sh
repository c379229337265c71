#!/bin/sh
# The matrix kernels give one digest: gcc and clang, -O0 and -O3, on this CPU and,
# cross-compiled, on an emulated ARM one, with and without the dot product.
# shellcheck disable=SC2034
set -u
folder=build/kernels
sources="workloads/error.c tests/interop/kernel_digest.c"
options=
libraries=
. tests/interop/digests.sh
