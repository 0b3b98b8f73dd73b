/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* culvertctl itself: completion, man, help. */
#include "command.h"

enum cli_exit cli_completion_bash(struct cli_call *call);
enum cli_exit cli_completion_candidates(struct cli_call *call);
enum cli_exit cli_man(struct cli_call *call);
enum cli_exit cli_help(struct cli_call *call);
