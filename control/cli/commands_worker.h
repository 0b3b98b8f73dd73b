/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* The data plane's polling threads. */
#include "command.h"

enum cli_exit cli_worker_show(struct cli_call *call);
