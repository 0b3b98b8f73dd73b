/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* control.sessions of the file: whom control gives sessions, and what such a peer may have. */
#include "config.h"
#include "config_schema.h"

/* `raw`: NULL for all defaults. */
void config_sessions(struct config_source *source, const struct config_raw_sessions *raw,
                     struct cv_config *config);
