/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The messages between control and the data plane: fixed size, host byte order unless a name ends in _be,
 * no pointers. The receiver copies a message out of the ring and calls cv_message_check before using it.
 * X(enumerator, name, sent by, meaning)
 */
#include "address.h"
#include "pair_limits.h"
#include "protocol/probe.h"

#include <stdint.h>

#define CV_MESSAGE_LIST(X)                                                                                   \
    X(PAIR_PUT, "pair_put", CONTROL, "make a pair, or change the one with this number; answered by RESULT")  \
    X(PAIR_DELETE, "pair_delete", CONTROL, "remove a pair; answered by RESULT")                              \
    X(LEG_CHANGE, "leg_change", CONTROL, "give a pair another leg in place of one; answered by RESULT")      \
    X(LEG_TOKEN, "leg_token", CONTROL, "give a leg a new token; answered by RESULT")                         \
    X(LEG_VOUCH, "leg_vouch", CONTROL, "the leg's session has that IP now; answered by RESULT")              \
    X(LEG_PROVE, "leg_prove", CONTROL, "what came back of a leg's challenge; answered by RESULT")            \
    X(PAIR_GET, "pair_get", CONTROL, "answered by PAIR_STATE, or by RESULT with -ENOENT")                    \
    X(PAIR_DUMP, "pair_dump", CONTROL, "answered by one PAIR_STATE per pair and a DUMP_END")                 \
    X(LOG_LEVEL, "log_level", CONTROL, "set the data plane's log level; answered by RESULT")                 \
    X(SESSION_ADMIT, "session_admit", CONTROL, "the peer may have its session; answered by RESULT")          \
    X(SESSION_REFUSE, "session_refuse", CONTROL, "it may not: closes the session; answered by RESULT")       \
    X(SESSION_CLOSE, "session_close", CONTROL, "closes a session; answered by RESULT")                       \
    X(SESSION_GET, "session_get", CONTROL, "answered by SESSION_STATE, or by RESULT with -ENOENT")           \
    X(SESSION_DUMP, "session_dump", CONTROL, "answered by one SESSION_STATE per session and a DUMP_END")     \
    X(SESSION_TRACE, "session_trace", CONTROL, "record the next session from a network; answered by RESULT") \
    X(SESSION_UNTRACE, "session_untrace", CONTROL, "end a trace; answered by RESULT")                        \
    X(SESSION_PING, "session_ping", CONTROL, "measure the round-trip time anew; answered by RESULT")         \
    X(RESULT, "result", DATAPLANE, "outcome of the request with this sequence number")                       \
    X(PAIR_STATE, "pair_state", DATAPLANE, "a pair as the data plane has it")                                \
    X(SESSION_STATE, "session_state", DATAPLANE, "a session as the data plane has it")                       \
    X(DUMP_END, "dump_end", DATAPLANE, "all pairs of a PAIR_DUMP, sessions of a SESSION_DUMP, were sent")    \
    X(LEG_BOUND, "leg_bound", DATAPLANE, "an unbound leg has an address now")                                \
    X(LEG_MOVED, "leg_moved", DATAPLANE, "a leg has another address now")                                    \
    X(LEG_UNBOUND, "leg_unbound", DATAPLANE, "a leg lost its address to a leg whose token came from there")  \
    X(LEG_CHANGED, "leg_changed", DATAPLANE, "the leg of a LEG_CHANGE has taken the other's place")          \
    X(LEG_PROVEN, "leg_proven", DATAPLANE, "a leg's address is proven: it gets all that is sent to it")      \
    X(LEG_UNPROVEN, "leg_unproven", DATAPLANE, "a leg's address is not proven, or no longer: see enum")      \
    X(LEG_LIMITED, "leg_limited", DATAPLANE, "a leg sends, or would get, more than it may; once in a while") \
    X(PAIR_IDLE, "pair_idle", DATAPLANE, "no packet for half the idle time; sent once per quiet spell")      \
    X(PAIR_EXPIRED, "pair_expired", DATAPLANE, "removed: no packet for the idle time")                       \
    X(EVENTS_LOST, "events_lost", DATAPLANE, "the ring was full: dump the pairs to catch up")                \
    X(SESSION_ASK, "session_ask", DATAPLANE, "a peer has proven its key: admit it? Its chain follows")       \
    X(SESSION_DATA, "session_data", DATAPLANE, "bytes of the peer's certificate chain or control stream")    \
    X(SESSION_UP, "session_up", DATAPLANE, "an admitted session is up: the control stream may be used")      \
    X(SESSION_ADDRESS, "session_address", DATAPLANE, "the peer has another address now, and has proven it")  \
    X(SESSION_LIMIT, "session_limit", DATAPLANE, "DATAGRAM frames to the peer may be longer or shorter now") \
    X(SESSION_PROBE, "session_probe", DATAPLANE, "a probe of the peer came from an address")                 \
    X(SESSION_CLOSED, "session_closed", DATAPLANE, "the session is gone; the last message about it")         \
    X(SESSION_SEND, "session_send", CONTROL, "bytes for the control stream; not answered")                   \
    X(SESSION_CREDIT, "session_credit", CONTROL, "control has dealt with bytes of it; not answered")

enum cv_message_type {
    CV_MESSAGE_NONE, /* zeroed memory is never a message */
#define CV_MESSAGE_ENUM(id, name, sender, meaning) CV_MESSAGE_##id,
    CV_MESSAGE_LIST(CV_MESSAGE_ENUM)
#undef CV_MESSAGE_ENUM
        CV_MESSAGE_END
};

enum cv_message_sender { CV_SENDER_CONTROL, CV_SENDER_DATAPLANE };

/* How a UDP leg gets its address, or that a leg is a tunnel leg. Values are part of the store's format. */
enum cv_bind_kind {
    CV_BIND_TOKEN = 1,  /* a datagram holding the token, from anywhere */
    CV_BIND_FIXED = 2,  /* `address`, for good */
    CV_BIND_PREFIX = 3, /* the first datagram from `prefix` that no other leg owns */
    CV_BIND_TUNNEL = 4, /* none: the DATAGRAM frames of `session` that begin with `channel` */
    CV_BIND_KIND_END
};

/*
 * What an address of a UDP leg needs to be sent more than a little (docs/protocol.md, "Proof of an
 * address"). Values are part of the store's format.
 */
enum cv_proof_rule {
    CV_PROOF_NEEDED = 0, /* the IP of its session, or a challenge that came back */
    CV_PROOF_VOUCHED,    /* nothing, while packets come from it: an operator made the pair */
    CV_PROOF_EXEMPT,     /* nothing at all: an operator wrote the address down */
    CV_PROOF_RULE_END
};

/* Fields that `bind` has no use for are not looked at; reserved ones are zero. */
struct cv_leg_config {
    uint64_t session;      /* CV_BIND_TUNNEL: its number */
    uint8_t bind;          /* enum cv_bind_kind */
    uint8_t prefix_length; /* CV_BIND_PREFIX, as in cv_prefix */
    uint16_t channel;      /* CV_BIND_TUNNEL: CV_CHANNEL_MIN to CV_CHANNEL_MAX */
    uint16_t relay_port;   /* host order, one of the relay ports or the listening port; 0: a tunnel leg */
    uint8_t proof;         /* enum cv_proof_rule */
    uint8_t one_use;       /* CV_BIND_TOKEN, 1: the token binds one address; then LEG_TOKEN brings another */
    uint8_t token[CV_TOKEN_BYTES]; /* CV_BIND_TOKEN; never all zero */
    /* CV_BIND_FIXED: the address. CV_BIND_PREFIX: ip is the prefix without host bits. */
    struct cv_address address;
    /* Address that the leg had before the data plane was restarted, or zero: binds it at once. */
    struct cv_address last;
    struct cv_ip
        vouched; /* CV_PROOF_NEEDED: its session's IP, which proves the leg's (IPv6: the /64); or zero */
};

struct cv_pair_config {
    uint64_t pair;   /* the pair's number, never zero, chosen by control */
    uint32_t idle_s; /* 0: never expires */
    uint32_t reserved;
    uint64_t rate_bytes_per_second; /* UDP payload, each direction; 0: no limit */
    struct cv_leg_config legs[2];
};

/*
 * LEG_CHANGE. The pair keeps its number, and its other leg. A tunnel leg takes the place of the old one at
 * once, a UDP leg when it is bound: the other side's packets go to the old one till then. What comes by the
 * old one passes for CV_LEG_FORMER_MS more. A second change before that ends the first.
 */
#define CV_LEG_FORMER_MS 10000

struct cv_leg_change {
    uint64_t pair;
    uint8_t leg; /* 0: a, 1: b */
    uint8_t reserved[7];
    struct cv_leg_config to;
};

/*
 * LEG_TOKEN, LEG_VOUCH, LEG_PROVE. What RESULT says of the last: 0: proven; -EKEYREJECTED: not this leg's
 * challenge, or one of an address that it has no more.
 */
struct cv_leg_order {
    uint64_t pair;
    uint8_t leg; /* 0: a, 1: b */
    uint8_t reserved[7];
    uint8_t token[CV_TOKEN_BYTES];         /* LEG_TOKEN: never all zero */
    struct cv_ip vouched;                  /* LEG_VOUCH: zero: the session has ended */
    uint8_t challenge[CV_CHALLENGE_BYTES]; /* LEG_PROVE: as it came back */
};

/* How it stands with the address of a UDP leg. */
enum cv_leg_proof {
    CV_LEG_PROOF_NONE, /* no address, or none that needs any: tunnel legs, CV_PROOF_EXEMPT */
    CV_LEG_PROOF_PROVEN,
    CV_LEG_PROOF_UNPROVEN, /* it has a budget */
    CV_LEG_PROOF_SILENT,   /* likewise: nothing came from it for 30 s */
    CV_LEG_PROOF_END
};

struct cv_leg_state {
    uint64_t session;          /* CV_BIND_TUNNEL, as in cv_leg_config */
    struct cv_address address; /* zero: unbound, or a tunnel leg */
    uint8_t bind;              /* enum cv_bind_kind */
    uint8_t proof;             /* enum cv_leg_proof */
    uint16_t channel;
    uint16_t relay_port; /* as in cv_leg_config */
    uint8_t changing;    /* 1: a LEG_CHANGE waits for its leg to be bound */
    uint8_t reserved;
    uint32_t moves;
    uint32_t seen_ms_ago;          /* since the last datagram from this leg; UINT32_MAX: never */
    uint64_t pkts;                 /* forwarded from this leg to the other */
    uint64_t bytes;                /* of their UDP payload */
    uint64_t withheld_pkts;        /* not sent to this leg, because its address is not proven */
    uint8_t token[CV_TOKEN_BYTES]; /* CV_BIND_TOKEN: tells legs apart that had the same port */
};

struct cv_pair_state {
    uint64_t pair;
    uint32_t idle_s;
    uint32_t reserved;
    uint64_t rate_bytes_per_second;
    struct cv_leg_state legs[2];
};

enum cv_move_cause {
    CV_MOVE_TOKEN,
    CV_MOVE_CONNECTION_ID,
    CV_MOVE_RETURN,
    CV_MOVE_PREFIX,
    CV_MOVE_CHANGE, /* a LEG_CHANGE */
    CV_MOVE_CAUSE_END
};

/* For so long a budget is; then there is another one. */
#define CV_LEG_BUDGET_MS 60000

struct cv_leg_event {
    uint64_t pair;
    uint8_t leg;                /* 0: a, 1: b */
    uint8_t cause;              /* enum cv_move_cause, in LEG_BOUND and LEG_MOVED */
    uint8_t proof;              /* enum cv_leg_proof, of `address` */
    uint8_t bind;               /* enum cv_bind_kind, in LEG_CHANGED: of the leg that is there now */
    uint16_t relay_port;        /* as in cv_leg_config */
    struct cv_address address;  /* LEG_CHANGED: zero when it is a tunnel leg */
    struct cv_address previous; /* in LEG_MOVED */
    /* LEG_CHANGED, CV_BIND_TOKEN: as in the LEG_CHANGE that this ends; another may have come since. */
    uint8_t token[CV_TOKEN_BYTES];
    /* LEG_LIMITED: what was for it was over its budget, and the next is in so long; 0: it sends more than the rate. */
    uint32_t budget_ms;
};

/*
 * Sessions. A session's number is never 0 and names it for as long as the data plane runs: it is not used
 * again. Numbers of another run are unlikely to be the same, and name nothing.
 *
 *      SESSION_ASK, SESSION_DATA ...      <-   the peer's certificate chain, leaf first
 *      SESSION_ADMIT or SESSION_REFUSE    ->   in time (dataplane.session.admit_within), or that is the end
 *      SESSION_UP                         <-   the control stream may be used:
 *          SESSION_DATA                   <-       what came from the peer
 *          SESSION_CREDIT                 ->       so much of it is dealt with
 *          SESSION_SEND                   ->       what the peer is to get
 *      SESSION_CLOSED                     <-   at any time after SESSION_ASK; once
 *
 * where <- is to control and -> to the data plane.
 *
 * These events are never lost while control is attached: what finds no room waits. A control that has just
 * attached sends SESSION_DUMP. Besides the SESSION_STATEs it then gets SESSION_ASK and the chain again for
 * each session that waits to be admitted, and SESSION_DATA again for all that came on a control stream and
 * has no credit yet. So a control that gives credit by whole capsules loses none when it is killed.
 */

#define CV_SESSION_DATA_BYTES  160   /* in one message */
#define CV_SESSION_CHAIN_BYTES 16384 /* of a certificate chain; a peer with a longer one is refused */
#define CV_SESSION_TAG_BYTES   32

/* Of the control stream from the peer, without credit: at most. */
#define CV_SESSION_WINDOW_BYTES 8192

/* Of the control stream towards the peer, not acknowledged: at most. A session of which more is sent is ended. */
#define CV_SESSION_WAITING_BYTES 65536

enum cv_session_data_kind {
    CV_SESSION_CHAIN,  /* certificates as in RFC 8446 section 4.4.2: each its length (3 bytes) and its DER */
    CV_SESSION_STREAM, /* the control stream */
};

struct cv_session_ask {
    uint64_t session;
    struct cv_address address; /* the peer's */
    struct cv_address local;   /* ours that it has sent to */
    uint32_t quic_version;     /* as on the wire: 1, 0x6b3343cf */
    uint32_t chain_bytes;      /* that follow: 4 to CV_SESSION_CHAIN_BYTES */
};

/* SESSION_DATA and SESSION_SEND. */
struct cv_session_data {
    uint64_t session;
    uint64_t offset; /* of the first byte, in the chain or in that direction of the control stream */
    uint8_t kind;    /* enum cv_session_data_kind; in SESSION_SEND always CV_SESSION_STREAM */
    /*
     * In SESSION_SEND, 1: the capsule goes on in the next SESSION_SEND. The peer gets nothing of it before
     * it is complete; when control leaves before that, it is forgotten, and `sent` in SESSION_STATE says
     * from where to go on.
     */
    uint8_t more;
    uint8_t bytes; /* 1 to CV_SESSION_DATA_BYTES */
    uint8_t reserved;
    uint8_t data[CV_SESSION_DATA_BYTES];
};

/* SESSION_ADMIT, _REFUSE, _CLOSE, _CREDIT, _GET: zero where the type has no use for it. */
struct cv_session_order {
    uint64_t session;
    /*
     * SESSION_REFUSE, SESSION_CLOSE: the application error code that the peer gets, below 2^62.
     * SESSION_CREDIT: bytes of the control stream that control has dealt with, counted from its start.
     */
    uint64_t value;
    uint8_t
        tag[CV_SESSION_TAG_BYTES]; /* SESSION_ADMIT: control's own, such as the peer ID; for SESSION_STATE */
};

/* Why a session has ended. X(enumerator, name, meaning) */
#define CV_SESSION_END_LIST(X)                                                                      \
    X(PEER, "peer", "the peer closed it")                                                           \
    X(CONTROL, "control", "control closed it")                                                      \
    X(REFUSED, "refused", "control did not admit the peer")                                         \
    X(NOT_ADMITTED, "not_admitted", "control did not answer in time")                               \
    X(IDLE, "idle", "nothing came from the peer for the idle time")                                 \
    X(HANDSHAKE, "handshake", "the handshake did not end in time")                                  \
    X(PROTOCOL, "protocol", "the peer broke QUIC's or TLS's rules")                                 \
    X(STREAM, "stream", "the control stream was finished, reset or stopped")                        \
    X(SLOW_PEER, "slow_peer", "the peer did not read its control stream, and too much was waiting") \
    X(CHAIN_TOO_LONG, "chain_too_long", "the certificate chain is over 16,384 bytes")               \
    X(NO_ROOM, "no_room", "the worker had no room for it")                                          \
    X(STOP, "stop", "the data plane stops")

enum cv_session_end {
#define CV_SESSION_END_ENUM(id, name, meaning) CV_SESSION_END_##id,
    CV_SESSION_END_LIST(CV_SESSION_END_ENUM)
#undef CV_SESSION_END_ENUM
        CV_SESSION_END_COUNT
};

/* SESSION_UP, SESSION_ADDRESS, SESSION_LIMIT, SESSION_CLOSED. */
struct cv_session_event {
    uint64_t session;
    uint64_t code;              /* SESSION_CLOSED: the error code that was sent, or that came from the peer */
    struct cv_address address;  /* the peer's */
    struct cv_address previous; /* SESSION_ADDRESS */
    uint8_t end;                /* SESSION_CLOSED: enum cv_session_end */
    uint8_t application; /* SESSION_CLOSED: 1: `code` is one of the session protocol's, 0: one of QUIC's */
    /* SESSION_UP, SESSION_LIMIT: largest DATAGRAM frame payload for the path; 0: the peer takes none. */
    uint16_t payload_bytes;
    uint8_t ticket[CV_TICKET_BYTES]; /* SESSION_UP */
    struct cv_address local;         /* SESSION_UP, SESSION_ADDRESS: ours that the peer sends to */
};

/* SESSION_PROBE. Lost when the ring to control is full: the peer sends another. */
struct cv_session_probe {
    uint64_t session;
    uint32_t number;           /* the peer's, 24 bits */
    struct cv_address address; /* that it came from */
    struct cv_address local;   /* ours that it came to: the listening port, or a relay port */
};

/* What a trace records, a set. */
enum cv_trace_kind { CV_TRACE_QLOG = 1, CV_TRACE_KEYS = 2, CV_TRACE_ALL = 3 };

#define CV_TRACE_MAX_S 86400

/* SESSION_TRACE, SESSION_UNTRACE. Traces are shown in the shared memory: struct cv_trace_stats. */
struct cv_session_trace {
    uint64_t trace; /* its number, never zero, chosen by control; higher with each one */
    /* Zero in SESSION_UNTRACE. */
    struct cv_ip network;
    uint8_t network_bits; /* as in cv_prefix */
    uint8_t kinds;        /* set of enum cv_trace_kind, not empty */
    uint16_t reserved;
    uint32_t for_s; /* 1 to CV_TRACE_MAX_S: from now on */
};

enum cv_session_phase {
    CV_SESSION_ASKING, /* for admission */
    CV_SESSION_OPEN,
    CV_SESSION_PHASE_END
};

struct cv_session_state {
    uint64_t session;
    struct cv_address address;
    struct cv_address local;
    uint8_t phase;          /* enum cv_session_phase */
    uint8_t suite;          /* the second byte of the cipher suite's TLS number: 1, 2, 3 */
    uint16_t worker;        /* that owns it; UINT16_MAX: the handshake thread */
    uint16_t payload_bytes; /* as in SESSION_LIMIT */
    uint16_t reserved;
    uint32_t quic_version;
    uint32_t age_ms; /* since its first packet; saturates, as the next one does */
    uint32_t seen_ms_ago;
    uint32_t round_trip_us;     /* the latest sample; 0: none */
    uint32_t round_trip_ms_ago; /* when that was taken, as near as acknowledgements tell; saturates */
    uint8_t ticket[CV_TICKET_BYTES];
    uint64_t rx_pkts, tx_pkts;
    uint64_t received;                 /* bytes of the control stream that came */
    uint64_t credited;                 /* of these, SESSION_CREDIT */
    uint64_t sent;                     /* bytes taken from SESSION_SEND, whole capsules only */
    uint64_t acknowledged;             /* of these, by the peer: the rest waits in the data plane */
    uint8_t tag[CV_SESSION_TAG_BYTES]; /* of SESSION_ADMIT */
};

struct cv_message {
    uint16_t type; /* enum cv_message_type */
    uint16_t reserved;
    uint32_t
        sequence; /* of a request (never 0), and of what answers it; else 0: events, SESSION_SEND, _CREDIT */
    union {
        struct cv_pair_config put;
        uint64_t pair; /* PAIR_DELETE, PAIR_GET, PAIR_IDLE, PAIR_EXPIRED */
        struct cv_pair_state state;
        struct cv_leg_change change;   /* LEG_CHANGE */
        struct cv_leg_order leg_order; /* LEG_TOKEN, LEG_VOUCH, LEG_PROVE */
        struct cv_leg_event
            leg; /* LEG_BOUND, LEG_MOVED, LEG_UNBOUND, LEG_CHANGED, LEG_PROVEN, LEG_UNPROVEN, LEG_LIMITED */
        uint32_t log_level; /* 1 emergency ... 8 debug, as rte_log counts */
        struct {
            uint64_t pair; /* or session */
            int32_t error; /* 0, or a negative errno: see cv_result_text */
        } result;
        uint64_t count; /* DUMP_END: pairs or sessions sent; EVENTS_LOST: events lost so far */
        struct cv_session_ask ask;
        struct cv_session_data data;     /* SESSION_DATA, SESSION_SEND */
        struct cv_session_order order;   /* SESSION_ADMIT, _REFUSE, _CLOSE, _GET, _CREDIT, _PING */
        struct cv_session_trace trace;   /* SESSION_TRACE, _UNTRACE */
        struct cv_session_event session; /* SESSION_UP, _ADDRESS, _LIMIT, _CLOSED */
        struct cv_session_probe probe;   /* SESSION_PROBE */
        struct cv_session_state session_state;
        uint8_t bytes[248];
    };
};

_Static_assert(sizeof(struct cv_message) == 256, "ring slots are 256 bytes");

const char *cv_message_name(uint16_t type);    /* NULL: no such type */
const char *cv_session_end_name(unsigned end); /* NULL: no such reason */
const char *cv_leg_proof_name(unsigned proof); /* NULL: none is needed, or no such proof */

/*
 * Whether a message taken from a ring can be believed as far as its form goes: known type, from the side
 * that may send it, every field within its range. 0, or -EBADMSG.
 */
int cv_message_check(const struct cv_message *message, enum cv_message_sender sender);

/*
 * A sentence for the errors that the data plane gives in RESULT, such as -ENOSPC: "the pair table is full".
 */
const char *cv_result_text(int error);
