/* version.c: the one file that is built anew with each commit. */
#include "bench/version.h"

const char gvr_version[] = GVR_VERSION;
const char gvr_commit[] = GVR_COMMIT;
