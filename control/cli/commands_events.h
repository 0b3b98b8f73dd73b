/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What happens, as it happens. */
#include "command.h"

enum cli_exit cli_events(struct cli_call *call);
