/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Where the traces of sessions are: the data plane writes the files, control says where they are. */
#include "message.h"

#include <stdbool.h>
#include <stddef.h>

#define CV_TRACE_PATH 192

/*
 * DIRECTORY/session-NUMBER-START.sqlog or .keys: the session's number is unique in one run of the data plane,
 * START (Unix seconds) says which. False: longer than `bytes`.
 */
bool cv_trace_path(char *path, size_t bytes, const char *directory, uint64_t session, uint64_t start_unix_ms,
                   enum cv_trace_kind kind);
