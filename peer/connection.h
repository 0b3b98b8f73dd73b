/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* The ngtcp2 connection: how it is set up, and what ngtcp2 calls back. */
#include "state.h"

/* Makes peer->conn. 0 or one of ngtcp2's errors. */
int connection_create(struct cv_peer *peer);
