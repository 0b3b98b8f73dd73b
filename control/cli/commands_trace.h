/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Sessions: trace, traces, untrace. */
#include "command.h"

enum cli_exit cli_session_trace(struct cli_call *call);
enum cli_exit cli_session_traces(struct cli_call *call);
enum cli_exit cli_session_untrace(struct cli_call *call);
