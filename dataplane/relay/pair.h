/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Pairs and their legs as the packet path sees them.
 *
 *      pair i = { legs[2], shared }          320 bytes
 *      leg 2i = pair i's leg a, leg 2i + 1 = leg b; the other leg of n is n ^ 1
 *      standing n = how it stands with leg n's address and token, 128 bytes, in an array of their own
 *
 * Who writes what: the keeper writes everything, but for the fields marked "worker". Those have, at any
 * time, the one worker as writer to which the NIC sends this flow; when a flow changes its queue in
 * mid-burst, a count may be lost, never more. A worker may find a leg through the index while the keeper
 * changes it: `sequence` is odd during a change, and a reader that saw it odd or changed starts over
 * (cv_route_read in route.h).
 */
#include "address.h"
#include "index.h"
#include "packet/notice.h"
#include "shared/message.h"

#include <rte_meter.h>
#include <stdint.h>

#define CV_CID_MIN_BYTES 4 /* shorter QUIC connection IDs do not name a leg */
#define CV_CID_KEY_BYTES 8

enum cv_leg_flag {
    CV_LEG_BOUND = 1 << 0,      /* source is set */
    CV_LEG_READY = 1 << 1,      /* destination is set: the other leg is bound */
    CV_LEG_V6_OUT = 1 << 2,     /* the other leg's peer is reached by IPv6 */
    CV_LEG_METERED = 1 << 3,    /* ask before it passes: the pair has a rate, or the other leg an account */
    CV_LEG_CID = 1 << 4,        /* the connection ID it sends to is known */
    CV_LEG_TUNNEL_OUT = 1 << 5, /* the other leg is a tunnel leg: tunnel_out in place of destination */
    CV_LEG_OTHER_PORT =
        1 << 6,             /* the other leg is on another port of ours: what leaves, leaves from that one */
    CV_LEG_SHARED = 1 << 7, /* on the listening port: others have, or had, its source, too: see claim.h */
};

/* Of legs on the listening port that may have one source address and port. On a relay port it is one. */
#define CV_LEGS_AT_MAX 8

/* What a tunnel leg is: DATAGRAM frames of a session that begin with a channel. */
struct cv_tunnel {
    uint64_t session; /* its number */
    uint16_t channel;
};

struct cv_leg {
    /* One cache line, all that forwarding a packet needs. */
    _Alignas(64) struct cv_ip source;
    union {
        struct cv_ip destination; /* the other leg's source */
        struct cv_tunnel tunnel_out;
    };
    uint16_t source_port_be;
    uint16_t relay_port_be; /* where its packets come in; 0: a tunnel leg */
    uint16_t destination_port_be;
    uint16_t next_hop; /* towards destination */
    uint8_t flags;     /* enum cv_leg_flag */
    uint8_t sequence;
    uint8_t local;     /* our address that the peer sends to */
    uint8_t local_out; /* our address that the other peer sends to: the source of what leaves */
    uint32_t seen_ms;  /* worker: when a packet last came, cv_now_ms; 0 never */
    uint64_t pkts;     /* worker */
    uint64_t bytes;    /* worker: UDP payload */

    /* One more: for binding, moving and metering. */
    _Alignas(64) union {
        uint8_t token[CV_TOKEN_BYTES];
        struct cv_prefix prefix;
        struct cv_tunnel tunnel;
    } bind;
    struct rte_meter_srtcm meter; /* workers: what this leg sent, and its spare (spares.h); see route.c */
    uint8_t bind_kind : 3;        /* enum cv_bind_kind */
    uint8_t cid_bytes : 5;        /* length of the QUIC connection ID this leg sends to; 0: not known */
    uint8_t cid_tag;              /* hash of all of it; cv_pair.cid_keys has its first 8 bytes */
    uint16_t moves;
    uint32_t moved_ms; /* when it was last bound or moved, or made */
};

struct cv_pair {
    struct cv_leg legs[2];
    _Alignas(64) uint64_t number; /* control's; 0: the slot is free */
    struct rte_meter_srtcm_profile rate;
    uint8_t cid_keys[2][8]; /* first bytes of the connection ID that each leg sends to, zero-padded */
    union {
        uint32_t idle_s;    /* 0: never expires */
        uint32_t next_free; /* of a free slot */
    };
    uint32_t generation; /* grows when the slot is freed */
};

/*
 * What the packet path looks at only for packets to an address that has a budget, for tokens, and for
 * packets that come from another address than the leg's. Fields marked "workers" are theirs by atomic
 * operations, whichever has the packet. What counts bytes here counts IP and UDP headers, too.
 */
struct cv_standing {
    _Alignas(64) uint64_t elsewhere_bytes; /* workers: what passed as the leg's, but not from its address */
    uint64_t spent_bytes;                  /* workers: what was sent to it on this account */
    uint32_t withheld_pkts;                /* workers: what was not */
    uint16_t over_rate;   /* workers: 1: it sent more than the pair's rate; looked at, it is 0 again */
    uint16_t over_budget; /* workers: 1: likewise, something was withheld */
    uint64_t came_bytes;  /* what had come from it when the account was opened */
    uint64_t carried_pkts, carried_bytes; /* of legs that were in its place, or it in theirs */
    uint32_t allowance_bytes;             /* of the account, besides three times what comes */
    uint32_t opened_ms;                   /* the account's minute began; 0: never */
    uint32_t challenged_ms;               /* the latest challenge was sent */
    uint32_t left_ms;                     /* it left `proven` */
    /* One more line. */
    struct cv_ip vouched;      /* an IP that is proven; zero: none */
    uint64_t former_hash;      /* of the token that the leg's took the place of; 0: none */
    uint32_t former_tag;       /* likewise, of its second half */
    uint32_t spare;            /* slot of what LEG_CHANGE made of this leg (spares.h); 0: none */
    struct cv_address proven;  /* the last proven address that it has left */
    uint8_t challenge[11];     /* random, of `source` */
    uint8_t challenges;        /* sent to that address; saturates */
    uint8_t state : 2;         /* enum cv_leg_proof */
    uint8_t rule : 2;          /* enum cv_proof_rule */
    uint8_t one_use : 1;       /* its token binds one address */
    uint8_t used : 1;          /* and has done so */
    uint8_t comes_back : 1;    /* silent: a packet from it is proof enough */
    uint8_t withheld_told : 1; /* that something was, on this account */
    uint8_t order; /* of those with its address: the higher, the later was it bound, or came its token */
};

_Static_assert(sizeof(struct cv_standing) == 128, "two cache lines");
_Static_assert(sizeof(struct cv_leg) == 128, "two cache lines");
_Static_assert(sizeof(struct cv_pair) == 320, "five cache lines");
