/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A peer's session with a relay whose QUIC is the data plane's (session_rig.h) and whose control is the test: it
 * sees the capsules of the peer, and writes whatever it wants onto the control stream. One session at a time.
 */
#include "session_rig.h"

#include "peer/session.h"
#include "protocol/capsule_reader.h"

#define PEER_RIG_LOCAL     "203.0.113.1:1000"
#define PEER_RIG_TICKET    "0123456789abcdef"
#define PEER_RIG_HEARD_MAX 8

/* A capsule, and the memory that what it points to lies in. */
struct peer_rig_heard {
    struct cv_capsule capsule;
    uint8_t value[CV_CAPSULE_VALUE_MAX];
};

struct peer_rig {
    struct session_rig relay;
    struct cv_peer_tls *tls;
    struct cv_peer *peer;
    uint64_t session, sent; /* to the relay's session, bytes of the control stream */
    struct cv_capsule_reader reader;
    uint8_t reader_buffer[CV_CAPSULE_VALUE_MAX];
    struct peer_rig_heard by_relay[PEER_RIG_HEARD_MAX]; /* since peer_rig_forget */
    unsigned by_relay_count;
    struct cv_capsule by_user[PEER_RIG_HEARD_MAX];
    unsigned by_user_count;
    unsigned ends;
    struct cv_peer_end end;
};

extern struct peer_rig peer_rig;

/* For a group of tests. */
int peer_rig_start(void **state);
int peer_rig_stop(void **state);

/* A configuration for peer_rig_open. */
struct cv_peer_config peer_rig_config(void);
uint64_t peer_rig_now(void);

/* Until REGISTER has come; or until REGISTERED, with PEER_RIG_TICKET, is told, and nothing is left of either. */
const struct cv_capsule *peer_rig_open(const struct cv_peer_config *config);
void peer_rig_register(void);
void peer_rig_close(void);

/* A REGISTERED without parameters. */
struct cv_capsule peer_rig_registered(void);

/* Until the relay, or the user, was told something; it is the only thing since peer_rig_forget. */
const struct cv_capsule *peer_rig_wait_relay(enum cv_capsule_type type);
const struct cv_capsule *peer_rig_wait_user(enum cv_capsule_type type);
void peer_rig_forget(void);

/* Until the peer has closed the session with this code. */
void peer_rig_wait_end(uint64_t code);

/* From the relay. A capsule without parameters can have an empty one of type `parameter` put behind it (0: none). */
void peer_rig_say(const struct cv_capsule *capsule, uint64_t parameter);
void peer_rig_say_bytes(const uint8_t *bytes, size_t count);

/* Such a capsule as it is sent: its bytes. `out` has room for CV_CAPSULE_BYTES_MAX. */
size_t peer_rig_write(const struct cv_capsule *capsule, uint64_t parameter, uint8_t *out);
