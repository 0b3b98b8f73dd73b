/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* dataplane.ports of the file: what each port says about itself, and checks among them. */
#include "config.h"
#include "config_schema.h"

void config_ports(struct config_source *source, const struct config_raw_dataplane *raw,
                  struct cv_config *config);
