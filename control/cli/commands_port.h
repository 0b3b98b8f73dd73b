/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What the data plane receives on and sends by. */
#include "command.h"

enum cli_exit cli_port_show(struct cli_call *call);
