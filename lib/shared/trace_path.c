/* SPDX-License-Identifier: BSD-3-Clause */
#include "trace_path.h"

#include <inttypes.h>
#include <stdio.h>

bool cv_trace_path(char *path, size_t bytes, const char *directory, uint64_t session, uint64_t start_unix_ms,
                   enum cv_trace_kind kind)
{
    int length = snprintf(path, bytes, "%s/session-%" PRIu64 "-%" PRIu64 ".%s", directory, session,
                          start_unix_ms / 1000, kind == CV_TRACE_KEYS ? "keys" : "sqlog");

    return length > 0 && (size_t)length < bytes;
}
