/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Reading the configuration file. Loading checks everything that can be known without touching the machine,
 * so that `--check` means something; each error names file, line where known, field, what was found and
 * what is expected.
 */
#include "config.h"

#include <stddef.h>

/*
 * Reads `path`. 0, or -EINVAL / -errno with one or more lines in `error` (never longer than error_bytes,
 * always terminated). Sections that a process does not need are checked all the same.
 */
int cv_config_load(const char *path, struct cv_config *config, char *error, size_t error_bytes);
