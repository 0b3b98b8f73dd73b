/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* dataplane.session of the file: peers' own QUIC connections. */
#include "config.h"
#include "config_schema.h"

/* The relay ports are known already. */
void config_session(struct config_source *source, const struct config_raw_dataplane *raw,
                    struct cv_config *config);
