/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What the running relay knows, for TAB. */
#include "completion.h"

/* A cli_lookup. */
void cli_lookup_relay(enum cli_kind kind, const char *socket, struct cli_candidates *candidates);
