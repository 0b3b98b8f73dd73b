/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The capsules on a session's control stream (docs/protocol.md), framed as in RFC 9297 section 3.2:
 *
 *      | type (varint) | length of the value (varint) | value |
 *
 * What they are is here; three things can be done with them, each of use alone: capsule_reader.h cuts a
 * stream into frames, capsule_value.h turns the value of a frame into a struct and back, capsule_order.h
 * says what may come when. No I/O, no allocation.
 *
 * X(enumerator, number, sent by, least and most bytes of value, meaning)
 */
#include "address.h"
#include "pair_limits.h"
#include "peer_id.h"
#include "session_error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CV_CAPSULE_LIST(X)                                                                                   \
    X(REGISTER, 0x29e1f0, PEER, 2, 16, "first capsule: the version and the kinds of leg the peer can use")   \
    X(REGISTERED, 0x29e1f1, RELAY, 35, 56, "the peer is admitted: its ID as the relay sees it, its limits")  \
    X(OBSERVED_ADDRESS, 0x29e1f2, RELAY, 7, 19, "where the relay sees the peer; again at each change")       \
    X(PAIR_REQUEST, 0x29e1f3, PEER, 34, 41, "asks for a pair with another peer")                             \
    X(PAIR_OFFER, 0x29e1f4, RELAY, 34, 48, "another peer asks for a pair")                                   \
    X(PAIR_ACCEPT, 0x29e1f5, PEER, 2, 9, "takes an offer")                                                   \
    X(PAIR_REFUSE, 0x29e1f6, PEER, 2, 16, "does not take an offer")                                          \
    X(PAIR_MADE, 0x29e1f7, RELAY, 6, 189, "ends a request or an offer: the pair, and this peer's leg of it") \
    X(REFUSED, 0x29e1f8, RELAY, 4, 273, "ends a request or an offer: there will be no pair, and why")        \
    X(PAIR_CLOSE, 0x29e1f9, PEER, 1, 8, "wants a pair to end")                                               \
    X(PAIR_CLOSED, 0x29e1fa, RELAY, 2, 16, "a pair has ended, and why")                                      \
    X(TUNNEL_LIMIT, 0x29e1fb, RELAY, 2, 16, "what fits into a tunnel leg from now on")                       \
    X(GO_AWAY, 0x29e1fc, RELAY, 4, 147, "the session will end soon: where to go, and until when")

/*
 * Numbers that are kept for what comes next. Until then they are unknown capsules. X(name, number, meaning)
 */
#define CV_CAPSULE_RESERVED_LIST(X)                                                     \
    X(PEER_LOOKUP, 0x29e1fd, "asks where another peer is")                              \
    X(PEER_FOUND, 0x29e1fe, "answers it")                                               \
    X(CANDIDATES, 0x29e1ff, "addresses at which a peer may be reached without a relay") \
    X(PUNCH_PLAN, 0x29e200, "when, how often and to which addresses to punch")          \
    X(PUNCH_OUTCOME, 0x29e201, "what came of it")

enum cv_capsule_type {
#define CV_CAPSULE_ENUM(id, number, sender, least, most, meaning) CV_CAPSULE_##id = (number),
    CV_CAPSULE_LIST(CV_CAPSULE_ENUM)
#undef CV_CAPSULE_ENUM
};

enum cv_capsule_sender { CV_FROM_PEER, CV_FROM_RELAY };

#define CV_PROTOCOL_ALPN         "culvert/1"
#define CV_PROTOCOL_MINOR        0
#define CV_CAPSULE_VALUE_MAX     4096 /* that any capsule of this protocol will ever have */
#define CV_CAPSULE_BUFFER_BYTES  273  /* what a reader needs: the largest value in the list */
#define CV_CAPSULE_BYTES_MAX     279  /* of one as we write it, type and length included */
#define CV_CAPSULE_ADDRESSES_MAX 8
#define CV_CAPSULE_SENTENCE_MAX  255
#define CV_CAPSULE_PAIRS_MAX     65535
#define CV_CAPSULE_OPEN_MAX      64 /* requests, and offers, that are not decided yet */
#define CV_CAPSULE_ANSWER_MAX_S  600
#define CV_CAPSULE_GO_AWAY_MAX_S 86400
#define CV_CAPSULE_PAYLOAD_MAX   65527 /* of UDP */

/* Kinds of leg; a set of them is their sum. */
enum cv_leg_kind { CV_LEG_KIND_UDP = 1, CV_LEG_KIND_TUNNEL = 2, CV_LEG_KINDS = 3 };

/* What a number in PAIR_MADE and REFUSED counts: the peer's requests, or the relay's offers. */
enum cv_pair_origin { CV_ORIGIN_REQUEST = 1, CV_ORIGIN_OFFER = 2 };

/* Unicast addresses of either family, and the port that holds for all of them; 0 when there are none. */
struct cv_relay_addresses {
    uint16_t port_be;
    uint8_t count;
    struct cv_ip ips[CV_CAPSULE_ADDRESSES_MAX];
};

/* Numbers of requests, offers and pairs are never 0. Codes may be ones that session_error.h does not know. */
struct cv_capsule {
    enum cv_capsule_type type;
    union {
        struct {
            uint64_t minor;
            uint8_t legs; /* set of enum cv_leg_kind, may be empty; kinds that we do not know are left out */
        } registration;   /* REGISTER */
        struct {
            uint64_t minor;
            struct cv_peer_id own;
            uint64_t pairs;  /* the most at a time, up to CV_CAPSULE_PAIRS_MAX */
            uint64_t idle_s; /* after which a pair without packets ends, up to CV_PAIR_IDLE_MAX_S; 0: never */
        } registered;
        struct cv_address observed;
        struct {
            uint64_t request;
            struct cv_peer_id peer;
            uint8_t legs; /* set of enum cv_leg_kind, not empty */
        } request;        /* PAIR_REQUEST */
        struct {
            uint64_t offer;
            struct cv_peer_id peer;
            uint64_t answer_s; /* 1 to CV_CAPSULE_ANSWER_MAX_S */
        } offer;               /* PAIR_OFFER */
        struct {
            uint64_t offer;
            uint8_t leg; /* enum cv_leg_kind */
        } accept;        /* PAIR_ACCEPT */
        struct {
            uint64_t offer;
            uint64_t code; /* CV_IN_REFUSE */
        } refuse;          /* PAIR_REFUSE */
        struct {
            uint8_t origin;  /* enum cv_pair_origin */
            uint64_t number; /* of the request or offer */
            uint64_t pair;
            uint8_t leg; /* enum cv_leg_kind: says which of the two follows */
            struct {
                struct cv_relay_addresses relay; /* at least one */
                uint8_t token[CV_TOKEN_BYTES];
            } udp;
            struct {
                uint64_t channel;       /* CV_CHANNEL_MIN to CV_CHANNEL_MAX */
                uint64_t payload_bytes; /* the largest UDP payload that fits now */
            } tunnel;
        } made; /* PAIR_MADE */
        struct {
            uint8_t origin; /* enum cv_pair_origin */
            uint64_t number;
            uint64_t code; /* CV_IN_REFUSED */
            /* UTF-8 without control characters, no NUL at its end. Parsed: within the parsed value. */
            const char *sentence;
            uint8_t sentence_bytes;
        } refused;
        uint64_t close; /* PAIR_CLOSE: the pair */
        struct {
            uint64_t pair;
            uint64_t code; /* CV_IN_CLOSED */
        } closed;          /* PAIR_CLOSED */
        struct {
            uint64_t channel;
            uint64_t payload_bytes;
        } tunnel_limit;
        struct {
            uint64_t seconds;                /* until the relay ends the session */
            struct cv_relay_addresses relay; /* where to go instead; none: to the same addresses again */
        } go_away;
    };
};

/* "PAIR_MADE" ...; NULL when the type is not in the list. */
const char *cv_capsule_name(uint64_t type);

/* A known capsule as it came; whose memory `value` is says who gave it. */
struct cv_capsule_frame {
    enum cv_capsule_type type;
    uint32_t bytes;
    const uint8_t *value;
};
