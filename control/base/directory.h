/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
#include <sys/types.h>

/* Makes the directory that `path` is in unless it is there. 0 or a negative errno. */
int directory_make_parent(const char *path, mode_t mode);
