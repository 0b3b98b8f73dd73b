/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What a running culvert-peer is told: a line each, from a FIFO or from stdin. `culvert-peer --help` lists
 * them. Each is reported as "asked" or "not_asked"; what comes of it the relay says.
 */
#include "program.h"

struct commands;

/* "-" is stdin. NULL, with a sentence on stderr: it cannot be read. */
struct commands *commands_open(struct program *program, const char *path);
void commands_close(struct commands *commands); /* NULL is allowed */
