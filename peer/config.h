/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What a session is told when it is created, and how it speaks to who created it. */
#include "address.h"
#include "protocol/capsule.h"
#include "protocol/peer_id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cv_peer_tls;

enum cv_peer_ender {
    CV_PEER_ENDED_BY_US,    /* cv_peer_close, or an offence of the relay's against the protocol */
    CV_PEER_ENDED_BY_RELAY, /* its CONNECTION_CLOSE, or a stateless reset */
    CV_PEER_ENDED_BY_TIME,  /* nothing heard within the idle time, or the handshake took too long */
};

struct cv_peer_end {
    enum cv_peer_ender by;
    bool application; /* whether `code` is one of session_error.h (or newer); else one of QUIC's */
    uint64_t code;
    const char *sentence; /* one line for people, never NULL, maybe empty; valid during the call */
};

/*
 * Called from within the functions of session.h. They may call cv_peer_send, cv_peer_close and what is in
 * requests.h of the same session, and nothing else of it.
 */
struct cv_peer_callbacks {
    /*
     * What the relay said, in the order in which it said it. Checked for layout and order before. Valid during
     * the call. The session itself refuses an offer that it cannot read or understand (the user hears only of
     * its end, by REFUSED), and closes a pair again whose PAIR_MADE or LEG_MADE has a leg of a kind, or a
     * parameter that must be understood, that it does not know: the leg's kind is 0 then, and PAIR_CLOSED
     * follows.
     */
    void (*capsule)(void *user, const struct cv_capsule *capsule);

    /*
     * A UDP payload came in by a tunnel leg; `ecn`: the mark of the packet that brought it. Nothing is
     * queued: what is not taken during the call is gone. May be NULL.
     */
    void (*datagram)(void *user, uint64_t channel, const uint8_t *payload, size_t bytes, uint8_t ecn);

    void (*ended)(void *user, const struct cv_peer_end *end);
};

#define CV_PEER_PAYLOAD_MIN    1200 /* of the packets that QUIC sends, in UDP payload */
#define CV_PEER_PAYLOAD_MAX    1472
#define CV_PEER_SENTENCE_BYTES 256

/* Start from cv_peer_config_default. */
struct cv_peer_config {
    const struct cv_peer_tls *tls;
    const struct cv_peer_id *relay_id; /* of the key that the relay has to show; NULL: any key will do */
    struct cv_address local;           /* the same as in cv_peer_receive, with a port */
    struct cv_address relay;
    const struct cv_peer_callbacks *callbacks; /* stay where they are as long as the session lives */
    void *user;
    uint8_t legs;         /* set of enum cv_leg_kind, for REGISTER; default all */
    uint8_t quic_version; /* 1 (default) or 2 */
    /*
     * For REGISTER; what is pointed to stays where it is as long as the session lives. The instance should be
     * kept over sessions; all zero (default): random bytes for this one. Services: names of those that it takes
     * requests for (1 to CV_SERVICE_BYTES_MAX bytes each). All together have to fit into one capsule.
     */
    uint8_t instance[CV_INSTANCE_BYTES];
    const char *const *services;
    uint8_t service_count;         /* up to CV_SERVICES_MAX */
    struct cv_reachable reachable; /* who may ask for it; default anyone */
    const uint8_t *resume;         /* RESUMPTION_TOKEN of the session before; NULL: a new session */
    /* In clear in the first bytes of each connection ID that the relay sends to: see cv_peer_packet_tag. */
    uint32_t tag;
    uint64_t handshake_ns;         /* default 10 s */
    uint64_t idle_ns;              /* default 60 s; 0: as the relay has it */
    uint64_t keep_alive_ns;        /* after so much silence a PING; default 25 s; 0: never */
    uint64_t key_update_pkts;      /* new keys after so many packets sent, as soon as QUIC allows; 0: never */
    uint32_t control_window_bytes; /* what the relay may send ahead of our reading; default 16,384 */
    uint32_t queue_bytes;          /* of datagrams that wait for the congestion window; default 131,072 */
    uint64_t queue_ns;             /* what has waited longer is dropped; default 50 ms; 0: nothing is */
    uint16_t payload_bytes;        /* of the largest packet, CV_PEER_PAYLOAD_MIN to _MAX (default) */
    bool no_probing;               /* packets of 1,200 bytes, whatever the path may carry */
    bool no_bundling;              /* one datagram per packet, also where more would fit */
};

void cv_peer_config_default(struct cv_peer_config *config);

/* Whether every value is there and within its limits. */
bool cv_peer_config_is_sound(const struct cv_peer_config *config);
