/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* culvertctl apart from its commands: options of all of them, exit status, environment. */
#include "command.h"

/* Accepted by every command, before or after its noun; in the order of enum cli_global. */
extern const struct cli_item cli_globals[];
enum cli_global { CLI_GLOBAL_SOCKET, CLI_GLOBAL_JSON, CLI_GLOBAL_HELP, CLI_GLOBAL_VERSION, CLI_GLOBALS };

extern const struct cli_example cli_program_examples[];
extern const struct cli_term cli_exit_terms[];        /* exit status and meaning */
extern const struct cli_term cli_environment_terms[]; /* environment variable and meaning */

#define CLI_SOCKET_VARIABLE "CULVERT_SOCKET"

/* The path of control's socket: as `named` by --socket, unless that is NULL. */
const char *cli_socket_path(const char *named);
