/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What DPDK is told of a virtual device. Keeper only. */
#include "config/config.h"

#include <stddef.h>

/*
 * The device arguments, the user's own last and instead of ours where both name a key. 0; -EINVAL: `device`
 * has a comma, which can't be passed on; -ENOSPC: longer than `bytes`.
 */
int cv_device_arguments(const struct cv_config_port *config, enum cv_driver kind, uint32_t workers,
                        char *text, size_t bytes);
