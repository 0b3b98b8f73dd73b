/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What a command line says in place of the file: read by the same schema and the same checks. */
#include "config.h"

#include <stddef.h>

/*
 * Ports from a command line in place of the configured ones: each text is what stands below `- ` in
 * dataplane.ports, in YAML's flow style without the outer braces: "name: lan, driver: tap, device: cv0". No
 * texts: nothing changes. Returns as cv_config_load does.
 */
int cv_config_replace_ports(struct cv_config *config, const char *const *texts, uint32_t count, char *error,
                            size_t error_bytes);
