/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
#include <stddef.h>

/*
 * A listening, non-blocking Unix stream socket at `path`, mode 0660. Makes the directory it is in (0755; not
 * its parents), and replaces a socket file on which nobody answers. The descriptor, or a negative errno with
 * what to do in `error`; -EADDRINUSE: somebody answers.
 */
int listen_at(const char *path, char *error, size_t error_bytes);
