/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Learning the sessions again: from the store when control starts, and from the data plane (SESSION_DUMP) at
 * each attachment. What only one of the two knows has ended, or is closed.
 */
#include "session.h"

/* 0, or a negative errno: the store cannot be read, or memory is short. */
int dump_load(struct sessions *all);

/* Attached; `restarted`: to another run of the data plane, so that all sessions have ended. */
void dump_start(struct sessions *all, bool restarted);

/* The data plane is lost: nobody says which sessions there are. */
void dump_forget(struct sessions *all);
