/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Sessions of the fake data plane, and their peers: what control sends is checked for order, offsets and
 * credit, kept, and given to the test as capsules, which must be such as a peer expects (cv_capsule_order).
 */
#include "fake_link.h"
#include "protocol/capsule_order.h"
#include "protocol/capsule_reader.h"

#define FAKE_STREAM_BYTES  524288
#define FAKE_PAYLOAD_BYTES 1200 /* of a DATAGRAM frame, of a new session */

struct fake_session {
    struct cv_session_state state;
    bool admitted; /* by SESSION_ADMIT */
    bool refused;  /* by SESSION_REFUSE */
    bool closed;   /* by SESSION_CLOSE */
    uint64_t code; /* of the last two */
    uint8_t chain[CV_SESSION_CHAIN_BYTES];
    uint32_t chain_bytes;
    uint8_t in[FAKE_STREAM_BYTES]; /* from the peer: state.received bytes */
    uint8_t out[FAKE_STREAM_BYTES];
    uint64_t held; /* taken of a capsule that goes on, behind state.sent */
    uint64_t read; /* by the test */
    struct cv_capsule_reader reader;
    uint8_t buffer[CV_CAPSULE_VALUE_MAX];
    struct cv_capsule_order order;
    struct cv_capsule capsule; /* the last one read */
    bool unchecked;            /* the peer breaks the rules: what it says is not shown to `order` */
};

/* A peer at 198.51.100.NUMBER:4433 has proven the key of this chain. */
struct fake_session *fake_session_ask(struct fake_dataplane *fake, uint64_t number, const uint8_t *chain,
                                      uint32_t bytes);

/* The peer sends; without control there it is for the next dump. */
void fake_session_bytes(struct fake_dataplane *fake, struct fake_session *session, const void *bytes,
                        size_t count);
void fake_session_say(struct fake_dataplane *fake, struct fake_session *session,
                      const struct cv_capsule *capsule);

/* The next capsule for the peer, in session->capsule; false: none yet. */
bool fake_session_hear(struct fake_session *session);

/* DATAGRAM frames to the peer may hold so much from now on. */
void fake_session_limit(struct fake_dataplane *fake, struct fake_session *session, uint16_t payload_bytes);

/* Whether a tunnel leg may be made on it. */
bool fake_session_is_open(struct fake_dataplane *fake, uint64_t number);

/* The peer moves. */
void fake_session_move(struct fake_dataplane *fake, struct fake_session *session, const char *address);

/* A probe of the peer's, from an address to one of ours. */
void fake_session_probe(struct fake_dataplane *fake, const struct fake_session *session, uint32_t number,
                        const char *address, const char *local);

/* The peer closes the session; it is lost, for this reason. `session` is no longer valid then. */
void fake_session_go(struct fake_dataplane *fake, struct fake_session *session);
void fake_session_lose(struct fake_dataplane *fake, struct fake_session *session, enum cv_session_end end);

/* For fake_dataplane.c: false when it is no message about sessions. */
bool fake_session_handle(struct fake_dataplane *fake, const struct cv_message *message);

/*
 * Answers SESSION_DUMP, as the keeper does: after the requests that came with it, for those it answers
 * itself; and what one shard gives again may come before another has told of all its sessions.
 */
void fake_session_dump(struct fake_dataplane *fake);
void fake_sessions_free(struct fake_dataplane *fake);
