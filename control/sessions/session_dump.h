/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Learning the sessions again: from the store when control starts, and from the data plane (SESSION_DUMP) at
 * each attachment. What only one of the two knows has ended, or is closed; so do pairs without their
 * sessions.
 */
#include "session.h"

/* 0, or a negative errno: the store cannot be read, or memory is short. */
int session_dump_load(struct sessions *all);
