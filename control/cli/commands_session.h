/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Sessions of peers: list, show, close, drain, resume. */
#include "command.h"

enum cli_exit cli_session_list(struct cli_call *call);
enum cli_exit cli_session_show(struct cli_call *call);
enum cli_exit cli_session_close(struct cli_call *call);
enum cli_exit cli_session_drain(struct cli_call *call);
enum cli_exit cli_session_resume(struct cli_call *call);
