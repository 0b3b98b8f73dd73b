/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Learning offers and peers' pairs again from the store, when control starts and its sessions are loaded.
 * Pairs without their sessions go.
 */
#include "peer.h"

/* 0, or a negative errno: the store cannot be read, or memory is short. */
int peers_load(struct peers *peers);
