/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The capsules of the session protocol (docs/protocol.md), framed as in RFC 9297 section 3.2:
 *
 *      | type (varint) | length of the value (varint) | fields | parameters |
 *
 * What they hold is here; which there are is in capsule_type.h, and what their parameters are in
 * capsule_parameter.h. Three things can be done with them, each of use alone: capsule_reader.h cuts a stream
 * into frames, capsule_value.h turns the value of a frame into a struct and back, capsule_order.h says what may
 * come when. No I/O, no allocation.
 */
#include "address.h"
#include "capsule_parameter.h"
#include "capsule_type.h"
#include "datagram.h"
#include "pair_limits.h"
#include "peer_id.h"
#include "probe.h"
#include "session_error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CV_PROTOCOL_ALPN          "culvert/1"
#define CV_PROTOCOL_MINOR         0
#define CV_CAPSULE_VALUE_MAX      4096 /* that any capsule of this protocol will ever have */
#define CV_CAPSULE_BYTES_MAX      4104 /* of one as we write it, type and length included */
#define CV_CAPSULE_ADDRESSES_MAX  8
#define CV_CAPSULE_SENTENCE_MAX   255
#define CV_CAPSULE_PAIRS_MAX      65535
#define CV_CAPSULE_OPEN_MAX       64 /* requests, and offers, that are not decided yet */
#define CV_CAPSULE_ANSWER_MAX_S   600
#define CV_CAPSULE_GO_AWAY_MAX_S  86400
#define CV_CAPSULE_PAYLOAD_MAX    65527 /* of UDP */
#define CV_CAPSULE_FRAME_MAX      65535 /* of a DATAGRAM frame's payload */
#define CV_CAPSULE_IDS_MAX        8     /* of one peer: the certificates of a chain that count */
#define CV_CAPSULE_LISTED_MAX     120   /* peers that a peer names as those who may ask for it */
#define CV_CAPSULE_MESSAGE_MAX    1024
#define CV_CAPSULE_NAME_MAX       63
#define CV_CAPSULE_CODE_MAX       64
#define CV_CAPSULE_ENROL_MAX      3500 /* of a certificate request (PKCS #10, DER) */
#define CV_CAPSULE_CHAIN_MAX      4000 /* of what comes back */
#define CV_CAPSULE_LATER_MAX_S    604800
#define CV_CAPSULE_LIMITED_MAX_MS 3600000

#define CV_INSTANCE_BYTES 16
#define CV_PAIR_ID_BYTES  16

/* Kinds of leg; a set of them is their sum. */
enum cv_leg_kind {
    CV_LEG_KIND_UDP = 1,    /* on a relay port */
    CV_LEG_KIND_TUNNEL = 2, /* in the session's DATAGRAM frames */
    CV_LEG_KIND_LISTEN = 4, /* UDP, on the port that the session itself is on */
    CV_LEG_KINDS = 7
};

static inline bool cv_leg_kind_is_known(uint64_t kind)
{
    return kind == CV_LEG_KIND_UDP || kind == CV_LEG_KIND_TUNNEL || kind == CV_LEG_KIND_LISTEN;
}

/* What a number in PAIR_MADE and REFUSED counts. */
enum cv_pair_origin {
    CV_ORIGIN_REQUEST = 1, /* the peer's requests */
    CV_ORIGIN_OFFER = 2,   /* the relay's offers */
    CV_ORIGIN_RESUMED = 3, /* nothing: the pair is one of the session that was resumed. PAIR_MADE only */
};

enum cv_pair_role { CV_ROLE_DIALS = 1, CV_ROLE_LISTENS = 2 };

enum cv_reachable_by { CV_REACHABLE_BY_ANYONE = 0, CV_REACHABLE_BY_LISTED = 1, CV_REACHABLE_BY_NOBODY = 2 };

/* What LIMITED says the peer is limited in. X(enumerator, number, name, meaning) */
#define CV_LIMITED_LIST(X)                                                                           \
    X(REQUESTS, 1, "requests", "it makes requests faster than it may: they are REFUSED as too_many") \
    X(MESSAGES, 2, "messages", "it sends messages faster than it may: they are REFUSED as too_many") \
    X(PROBES, 3, "probes", "it sends probes faster than they are told")                              \
    X(RATE, 4, "rate", "what it sends by the pair is over the pair's rate: packets are dropped")     \
    X(PROOF, 5, "proof", "its leg's address is not proven: what is sent to it is held to the budget")

enum cv_limited {
#define CV_LIMITED_ENUM(id, number, name, meaning) CV_LIMITED_##id = (number),
    CV_LIMITED_LIST(CV_LIMITED_ENUM)
#undef CV_LIMITED_ENUM
};

/* Unicast addresses of either family, and the port that holds for all of them; 0 when there are none. */
struct cv_relay_addresses {
    uint16_t port_be;
    uint8_t count;
    struct cv_ip ips[CV_CAPSULE_ADDRESSES_MAX];
};

/* IDs in a row. Parsed: within the parsed value. */
struct cv_peer_ids {
    const struct cv_peer_id *list;
    uint8_t count;
};

/* One side's leg of a pair: `kind` says which of the two follows. */
struct cv_capsule_leg {
    uint64_t kind; /* enum cv_leg_kind; one that we do not know: nothing else is set */
    struct {
        struct cv_relay_addresses relay; /* at least one */
        uint8_t token[CV_TOKEN_BYTES];
    } udp;            /* CV_LEG_KIND_UDP, CV_LEG_KIND_LISTEN */
    uint64_t channel; /* CV_LEG_KIND_TUNNEL: CV_CHANNEL_MIN to CV_CHANNEL_MAX */
};

/* Who may ask for an instance. */
struct cv_reachable {
    uint64_t by;              /* enum cv_reachable_by */
    struct cv_peer_ids peers; /* CV_REACHABLE_BY_LISTED: at most CV_CAPSULE_LISTED_MAX; else none */
};

/* The other peer, as it is told. */
struct cv_other_peer {
    struct cv_peer_id asked;             /* the ID that one of the two asked for */
    uint8_t instance[CV_INSTANCE_BYTES]; /* the other's */
    struct cv_peer_ids ids;              /* all of the other's chain that counted, its leaf's first: 1 to 8 */
};

/* Numbers of requests, offers and pairs are never 0. Codes may be ones that session_error.h does not know. */
struct cv_capsule {
    enum cv_capsule_type type;
    uint64_t number; /* of the request or offer that it begins with, or ends; 0: none */
    union {
        struct {
            uint64_t minor;
            uint64_t legs; /* set of enum cv_leg_kind, may be empty; kinds that we do not know are left out */
            uint8_t instance[CV_INSTANCE_BYTES];
            struct cv_reachable reachable;
        } registration; /* REGISTER */
        struct {
            uint64_t minor;
            struct cv_peer_id own;
            uint64_t pairs;  /* the most at a time, up to CV_CAPSULE_PAIRS_MAX */
            uint64_t idle_s; /* after which a pair without packets ends, up to CV_PAIR_IDLE_MAX_S; 0: never */
            struct cv_relay_addresses relay;                  /* where it listens: at least one address */
            uint16_t relay_port_first_be, relay_port_last_be; /* where relay ports are; not 0 */
        } registered;
        struct {
            uint64_t probe; /* its number; 0: the session's own packets */
            struct cv_address peer;
            struct cv_address relay; /* that they came to */
        } observed;                  /* OBSERVED_ADDRESS */
        struct {
            struct cv_peer_id peer;
            uint64_t legs; /* set of enum cv_leg_kind; kinds that we do not know are left out */
        } request;         /* PAIR_REQUEST */
        struct {
            uint64_t answer_s; /* 1 to CV_CAPSULE_ANSWER_MAX_S */
            struct cv_other_peer other;
        } offer; /* PAIR_OFFER */
        struct {
            uint64_t legs; /* as in request */
        } accept;          /* PAIR_ACCEPT */
        struct {
            uint64_t code; /* CV_IN_REFUSE */
        } refuse;          /* PAIR_REFUSE */
        struct {
            uint8_t origin; /* enum cv_pair_origin; `number` is the request's or the offer's */
            uint64_t pair;
            uint8_t id[CV_PAIR_ID_BYTES];
            uint64_t role; /* enum cv_pair_role */
            struct cv_other_peer other;
            struct cv_capsule_leg leg;
        } made; /* PAIR_MADE */
        struct {
            uint8_t origin; /* enum cv_pair_origin */
            uint64_t code;  /* CV_IN_REFUSED */
            /* UTF-8 without control characters, no NUL at its end. Parsed: within the parsed value. */
            const char *sentence;
            uint8_t sentence_bytes;
        } refused;
        struct {
            uint64_t pair;
        } close; /* PAIR_CLOSE */
        struct {
            uint64_t pair;
            uint64_t code; /* CV_IN_CLOSED */
        } closed;          /* PAIR_CLOSED */
        struct {
            uint64_t frame_bytes; /* of a DATAGRAM frame's payload, at most; 0: none fits */
        } tunnel_limit;
        struct {
            uint64_t seconds;                /* until the relay ends the session */
            struct cv_relay_addresses relay; /* where to go instead; none: to the same addresses again */
        } go_away;
        struct {
            uint64_t pair;
            uint64_t legs; /* as in request */
        } leg_request;
        struct {
            uint64_t pair;
            struct cv_capsule_leg leg;
        } leg_made;
        struct {
            uint64_t pair;
            uint8_t token[CV_TOKEN_BYTES];
        } leg_token;
        struct {
            uint64_t pair;
            uint64_t kind; /* enum cv_leg_kind, or one that we do not know */
            /* The largest UDP payload that reaches the other peer by it, as far as known. */
            uint64_t payload_bytes;
        } other_leg;
        uint8_t challenge[CV_CHALLENGE_BYTES]; /* CHALLENGE_ANSWER */
        struct cv_reachable reachable;
        struct {
            struct cv_peer_id peer;
            struct cv_span text; /* 1 to CV_CAPSULE_MESSAGE_MAX bytes, whatever they are */
        } message;
        struct {
            struct cv_other_peer other;
            struct cv_span text;
        } message_from;
        struct {
            uint64_t what;   /* enum cv_limited, or one that we do not know */
            uint64_t pair;   /* 0: it is not about one */
            uint64_t for_ms; /* from now on, up to CV_CAPSULE_LIMITED_MAX_MS; 0: no longer */
        } limited;

        /* Later. */
        struct {
            uint64_t probe; /* the number of a probe that was told: where to */
            uint64_t from;  /* 1: another port, 2: another address */
        } filter_test;
        struct {
            struct cv_span name; /* 1 to CV_CAPSULE_NAME_MAX bytes of UTF-8 */
            uint64_t seconds;    /* for so long, up to CV_CAPSULE_LATER_MAX_S; 0 in NAME_RELEASE */
        } name;                  /* NAME_CLAIM, NAME_RELEASE, NAME_CLAIMED */
        struct {
            struct cv_span code;    /* 1 to CV_CAPSULE_CODE_MAX */
            struct cv_span request; /* 1 to CV_CAPSULE_ENROL_MAX */
        } enrol;
        struct {
            struct cv_span chain; /* 1 to CV_CAPSULE_CHAIN_MAX */
        } certificate;
        struct {
            uint64_t rendezvous; /* its number in this session, from 1 */
            uint64_t guest;      /* who joined, from 1; 0: who opened it, or all */
            uint64_t seconds;    /* CODE_OPEN: for so long, up to CV_CAPSULE_LATER_MAX_S */
            uint64_t code;       /* CODE_CLOSED: CV_IN_CLOSED */
            /* The code, 1 to CV_CAPSULE_CODE_MAX; a message, 1 to CV_CAPSULE_MESSAGE_MAX. */
            struct cv_span text;
        } rendezvous; /* CODE_... */
    };
    struct cv_parameters parameters;
};

/* "rate" ...; NULL when it is not in the list. */
const char *cv_limited_name(uint64_t what);

/* A known capsule as it came; whose memory `value` is says who gave it. */
struct cv_capsule_frame {
    enum cv_capsule_type type;
    uint32_t bytes;
    const uint8_t *value;
};
