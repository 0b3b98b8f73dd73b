/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Pairs: add, del, show. */
#include "command.h"

enum cli_exit cli_pair_add(struct cli_call *call);
enum cli_exit cli_pair_del(struct cli_call *call);
enum cli_exit cli_pair_show(struct cli_call *call);
