/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What protects the sessions' packets. */
#include "command.h"

enum cli_exit cli_crypto_show(struct cli_call *call);
