/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* From a line of a client to the method that it calls (methods.h). */
#include "rpc.h"

/* Handles one line, without its newline; any bytes. */
void dispatch_line(struct rpc_connection *connection, const char *line, size_t bytes);
