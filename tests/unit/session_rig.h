/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A relay on the bench that takes sessions on 192.0.2.1:443 and the rig's other addresses: the workers of
 * a rig that config.worker_count says, one if nothing else is said, and a handshake thread whose turns
 * the caller takes. There is no keeper, and so no control: a test reads the rings of `sessions` itself.
 * Time is real, and whatever session_rig_pass adds.
 */
#include "port/port.h"
#include "rig.h"
#include "session/handshakes.h"
#include "session/table.h"
#include "shared/stats.h"

#define SESSION_RIG_PORT  RIG_LISTEN_PORT
#define SESSION_RIG_PAIRS 16

struct session_rig {
    struct rig *rig;
    struct cv_config config;
    struct cv_sessions *sessions;
    struct cv_ports ports;
    struct cv_session_stats stats;
    struct cv_shard_stats shards[RIG_WORKERS + 1];
};

/* A configuration for so many sessions, with a certificate in memory. For as long as the process lives. */
void session_rig_config(struct cv_config *config, uint32_t sessions);

/* `config` is filled. Calls packets_start. */
void session_rig_start(struct session_rig *rig, const char *program);
void session_rig_stop(struct session_rig *rig);

/* One turn of the handshake thread, one of each worker. */
void session_rig_turn(struct session_rig *rig);

/*
 * The part of control that lets everybody in: answers what the handshake thread asks. And the next
 * message of that type that a worker has for control, others passed over; type CV_MESSAGE_NONE: none.
 */
void session_rig_admit(struct session_rig *rig);
struct cv_message session_rig_told(struct session_rig *rig, unsigned worker, enum cv_message_type type);

/* An order of control's for a session of that worker, which follows it in its next turn. */
void session_rig_order(struct session_rig *rig, unsigned worker, const struct cv_message *order);

void session_rig_pass(struct session_rig *rig, uint32_t ms);
