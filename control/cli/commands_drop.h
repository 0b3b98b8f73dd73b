/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Packets that were not forwarded. */
#include "command.h"

enum cli_exit cli_drop_show(struct cli_call *call);
