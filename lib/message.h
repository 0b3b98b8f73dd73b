/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The messages between control and the data plane: fixed size, host byte order unless a name ends in _be,
 * no pointers. The receiver copies a message out of the ring and calls cv_message_check before using it.
 * X(enumerator, name, sent by, meaning)
 */
#include "address.h"

#include <stdint.h>

#define CV_MESSAGE_LIST(X)                                                                                  \
    X(PAIR_PUT, "pair_put", CONTROL, "make a pair, or change the one with this number; answered by RESULT") \
    X(PAIR_DELETE, "pair_delete", CONTROL, "remove a pair; answered by RESULT")                             \
    X(PAIR_GET, "pair_get", CONTROL, "answered by PAIR_STATE, or by RESULT with -ENOENT")                   \
    X(PAIR_DUMP, "pair_dump", CONTROL, "answered by one PAIR_STATE per pair and a DUMP_END")                \
    X(LOG_LEVEL, "log_level", CONTROL, "set the data plane's log level; answered by RESULT")                \
    X(RESULT, "result", DATAPLANE, "outcome of the request with this sequence number")                      \
    X(PAIR_STATE, "pair_state", DATAPLANE, "a pair as the data plane has it")                               \
    X(DUMP_END, "dump_end", DATAPLANE, "all pairs of a PAIR_DUMP have been sent")                           \
    X(LEG_BOUND, "leg_bound", DATAPLANE, "an unbound leg has an address now")                               \
    X(LEG_MOVED, "leg_moved", DATAPLANE, "a leg has another address now")                                   \
    X(LEG_UNBOUND, "leg_unbound", DATAPLANE, "a leg lost its address to a leg whose token came from there") \
    X(PAIR_IDLE, "pair_idle", DATAPLANE, "no packet for half the idle time; sent once per quiet spell")     \
    X(PAIR_EXPIRED, "pair_expired", DATAPLANE, "removed: no packet for the idle time")                      \
    X(EVENTS_LOST, "events_lost", DATAPLANE, "the ring was full: dump the pairs to catch up")

enum cv_message_type {
    CV_MESSAGE_NONE, /* zeroed memory is never a message */
#define CV_MESSAGE_ENUM(id, name, sender, meaning) CV_MESSAGE_##id,
    CV_MESSAGE_LIST(CV_MESSAGE_ENUM)
#undef CV_MESSAGE_ENUM
        CV_MESSAGE_END
};

enum cv_message_sender { CV_SENDER_CONTROL, CV_SENDER_DATAPLANE };

#define CV_TOKEN_BYTES 32

/* Bounds of a pair's settings: idle time is counted in 32-bit milliseconds, rates up to 1 Tbit/s. */
#define CV_PAIR_IDLE_MAX_S                604800
#define CV_PAIR_RATE_MAX_BYTES_PER_SECOND UINT64_C(125000000000)

/* How a UDP leg gets its address. Values are part of the store's format. */
enum cv_bind_kind {
    CV_BIND_TOKEN = 1,  /* a datagram holding the token, from anywhere */
    CV_BIND_FIXED = 2,  /* `address`, for good */
    CV_BIND_PREFIX = 3, /* the first datagram from `prefix` that no other leg owns */
    CV_BIND_KIND_END
};

/* Fields that `bind` has no use for are not looked at; reserved ones are zero. */
struct cv_leg_config {
    uint8_t bind;          /* enum cv_bind_kind */
    uint8_t prefix_length; /* CV_BIND_PREFIX, as in cv_prefix */
    uint16_t reserved;
    uint8_t token[CV_TOKEN_BYTES]; /* CV_BIND_TOKEN; never all zero */
    /*
     * CV_BIND_FIXED: the address. CV_BIND_PREFIX: ip is the prefix without host bits.
     */
    struct cv_address address;
    /* Address that the leg had before the data plane was restarted, or zero: binds it at once. */
    struct cv_address last;
};

struct cv_pair_config {
    uint64_t pair;       /* the pair's number, never zero, chosen by control */
    uint16_t relay_port; /* host order; one port for both legs */
    uint16_t reserved;
    uint32_t idle_s;                /* 0: never expires */
    uint64_t rate_bytes_per_second; /* UDP payload, each direction; 0: no limit */
    struct cv_leg_config legs[2];
};

struct cv_leg_state {
    struct cv_address address; /* zero: unbound */
    uint8_t bind;              /* enum cv_bind_kind */
    uint8_t reserved;
    uint32_t moves;
    uint32_t seen_ms_ago; /* since the last datagram from this leg; UINT32_MAX: never */
    uint64_t pkts;        /* forwarded from this leg to the other */
    uint64_t bytes;       /* of their UDP payload */
};

struct cv_pair_state {
    uint64_t pair;
    uint16_t relay_port; /* host order */
    uint16_t reserved;
    uint32_t idle_s;
    uint64_t rate_bytes_per_second;
    struct cv_leg_state legs[2];
};

enum cv_move_cause { CV_MOVE_TOKEN, CV_MOVE_CONNECTION_ID, CV_MOVE_RETURN };

struct cv_leg_event {
    uint64_t pair;
    uint8_t leg;   /* 0: a, 1: b */
    uint8_t cause; /* enum cv_move_cause, in LEG_MOVED */
    struct cv_address address;
    struct cv_address previous; /* in LEG_MOVED */
};

struct cv_message {
    uint16_t type; /* enum cv_message_type */
    uint16_t reserved;
    uint32_t sequence; /* of a request (never 0), and of what answers it; 0 in events */
    union {
        struct cv_pair_config put;
        uint64_t pair; /* PAIR_DELETE, PAIR_GET, PAIR_IDLE, PAIR_EXPIRED */
        struct cv_pair_state state;
        struct cv_leg_event leg; /* LEG_BOUND, LEG_MOVED, LEG_UNBOUND */
        uint32_t log_level;      /* 1 emergency ... 8 debug, as rte_log counts */
        struct {
            uint64_t pair;
            int32_t error; /* 0, or a negative errno: see cv_result_text */
        } result;
        uint64_t count; /* DUMP_END: pairs sent; EVENTS_LOST: events lost so far */
        uint8_t bytes[184];
    };
};

_Static_assert(sizeof(struct cv_message) == 192, "ring slots are 192 bytes");

const char *cv_message_name(uint16_t type); /* NULL: no such type */

/*
 * Whether a message taken from a ring can be believed as far as its form goes: known type, from the side
 * that may send it, every field within its range. 0, or -EBADMSG.
 */
int cv_message_check(const struct cv_message *message, enum cv_message_sender sender);

/* A sentence for the errors that the data plane gives in RESULT, such as -ENOSPC: "the pair table is full".
 */
const char *cv_result_text(int error);
