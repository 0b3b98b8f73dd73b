/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Makes the data plane have the store's pairs, after an attachment or when events were lost, and learns from
 * it what happened meanwhile. One way for a data plane that is new, and for one that control only lost sight
 * of:
 *
 *   1. dump: what the data plane has; its leg addresses go into the store;
 *   2. pairs in the dump that are not in the store, or have other legs there, are deleted from the data plane;
 *   3. each pair of the store that is not in the dump was there before (its boot_id is this data plane's) and
 *      has expired, or has yet to be put, with the addresses its legs had last. What is refused waits for
 *      room: waiting.h. One with a tunnel leg whose instance is away is put when that is back.
 *
 * Requests keep being served; pairs added after the dump was asked for are left alone. Works in small steps:
 * at most SYNC_IN_FLIGHT requests at a time, at most SYNC_STEP pairs per turn of the loop. Memory: 8 bytes
 * per pair, until it is done.
 */
#include "pair_ends.h"
#include "waiting.h"

struct sync;

#define SYNC_IN_FLIGHT 1024
#define SYNC_STEP      128

struct sync *sync_new(struct services *services, const struct pair_ends *ends,
                      struct waiting *waiting); /* NULL: out of memory */
void sync_free(struct sync *sync);

/* Starts, or starts over as soon as the one under way is done. Nothing happens without a data plane. */
void sync_start(struct sync *sync);

bool sync_running(const struct sync *sync);

/* The data plane is lost, and all requests have ended. */
void sync_stop(struct sync *sync);
