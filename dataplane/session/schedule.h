/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * When which session gets its turn. In one turn a session reads all its packets before it writes, so that it
 * acknowledges once; and when it has nothing else to send, its acknowledgement waits a while for something to go with.
 * Sessions with something to write, or with events for control, are in a list of their shard each; those in none cost
 * nothing.
 */
#include "rx_packet.h"
#include "shard.h"

/* It has something to send: to be written at the end of the turn. */
void cv_schedule_write(struct cv_shard *shard, struct cv_session *session);

/* A packet was read: written at once, or when its acknowledgement has waited long enough. */
void cv_schedule_after_read(struct cv_shard *shard, struct cv_session *session,
                            const struct cv_rx_packet *rx);

/* Events for control: a set of enum cv_event. */
void cv_schedule_event(struct cv_shard *shard, struct cv_session *session, uint8_t events);

/* Acknowledgements that have waited long enough are to be written. */
void cv_schedule_late_acks(struct cv_shard *shard);

/* Takes the first of those that are to be written out of the list. There is one. */
struct cv_session *cv_schedule_take(struct cv_shard *shard);

/* Takes a session out of all lists. */
void cv_schedule_forget(struct cv_shard *shard, struct cv_session *session);
