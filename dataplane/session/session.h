/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A session: a peer's QUIC connection, terminated by ngtcp2, and what it is made of. Sessions live in one array of
 * slots, taken at start. At any time one thread owns a session: its shard is that thread's (shard.h), and no other
 * thread touches more of it than `slot_state`, by which it knows that:
 *
 *      FREE ---> HANDSHAKE ---> MOVING ---> WORKER ---> FREE
 *                the handshake  in a ring   the worker that
 *                thread's                   its connection
 *                                           IDs name
 */
#include "arena.h"
#include "cid.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "path_probe.h"
#include "shared/message.h"
#include "timer_heap.h"

#include <ngtcp2/ngtcp2.h>
#include <rte_mbuf.h>
#include <stdatomic.h>
#include <sys/queue.h>

#define CV_SESSION_ROUTES    3
#define CV_SESSION_AEAD_KEYS 6 /* 3 to receive (last, current, next), 2 to send, 1 while one is replaced */

enum cv_slot_state {
    CV_SLOT_FREE,
    CV_SLOT_HANDSHAKE, /* the handshake thread's */
    CV_SLOT_MOVING,    /* in the ring to its worker: nobody's, for a moment */
    CV_SLOT_WORKER,
};

/* How packets reach an address of the peer: the way its last packet came. */
struct cv_session_route {
    struct cv_address address; /* the peer's; port 0: this entry is free */
    uint8_t local;             /* index of our address */
    uint8_t frame_header_bytes;
    uint16_t port_id;
    uint8_t frame_header[18];
    uint64_t used; /* packet count of the session when it was learnt */
};

/* The protection keys of 1-RTT packets, in the crypto engine of its shard. */
struct cv_session_keys {
    struct cv_aead_key aead[CV_SESSION_AEAD_KEYS];
    struct cv_header_key header[2];
    uint8_t aead_used;   /* one bit each */
    uint8_t header_used; /* one bit each */
    bool ahead; /* ngtcp2 has asked for the next keys: it does so at once, and after each key update */
};

struct cv_stream_chunk {
    struct cv_stream_chunk *next;
    uint64_t offset;
    uint32_t bytes;
    uint8_t data[];
};

/* The control stream: the peer's first bidirectional stream. */
struct cv_control_stream {
    /* From the peer: what has no credit yet stays here, to be told again to another control. */
    uint8_t *in;
    uint32_t in_bytes, in_room;
    uint64_t credited; /* offset of in[0] */
    uint64_t passed;   /* up to here, to control */
    /* To the peer: what is not acknowledged yet. */
    struct cv_stream_chunk *out_first, *out_last, *out_unsent;
    uint32_t out_unsent_from; /* within that chunk */
    uint32_t out_bytes;
    uint64_t taken;                                 /* from control, whole capsules */
    struct cv_stream_chunk *part_first, *part_last; /* of a capsule whose rest has not come */
    uint64_t part_end;                              /* offset after it */
    bool open;
    bool blocked; /* no more can be sent before the peer extends its window */
};

/* What control is to hear of a session, as soon as the ring to it has room: a set. */
enum cv_event {
    CV_EVENT_ASK = 1 << 0, /* whether the peer is admitted; and its chain */
    CV_EVENT_UP = 1 << 1,
    CV_EVENT_ADDRESS = 1 << 2,
    CV_EVENT_DATA = 1 << 3,
    CV_EVENT_CLOSED = 1 << 4, /* and free the slot */
    CV_EVENT_LIMIT = 1 << 5,
};

/* In which of its shard's lists a session is, by when it has to write. */
enum cv_session_due {
    CV_DUE_NOTHING,
    CV_DUE_WRITE, /* it has something to send */
    /* At most an acknowledgement, which waits for something to go with: */
    CV_DUE_ACK_SOON, /* for several packets */
    CV_DUE_ACK_LATE, /* for one */
};

struct cv_shard; /* shard.h */
struct cv_trace;
struct cv_tunnel_queue;
struct cv_handshake;
struct cv_moving_keys;

struct cv_session {
    _Alignas(64) struct cv_timer timer; /* first: the heap's timers are sessions */
    ngtcp2_conn *conn;
    struct cv_shard *shard; /* of the thread that owns it */
    uint32_t slot;
    uint32_t generation;
    atomic_uchar slot_state; /* enum cv_slot_state; written by the owner, read by all */
    uint8_t phase;           /* enum cv_session_phase */
    uint8_t suite;           /* enum cv_suite */
    uint8_t events;          /* set of enum cv_event */
    uint8_t due;             /* enum cv_session_due */
    uint8_t unanswered;      /* packets read since the last write; saturates */
    bool in_events;          /* in the shard's list of sessions with events */
    bool announced;          /* control knows of it */
    bool ending;
    bool ping;            /* control wants a new round-trip time: round_trip.h */
    bool path_validated;  /* a path has been validated since the last packet */
    bool path_validating; /* the current path is being validated */
    uint16_t shard_id;    /* that its connection IDs name: of the worker that has it after the handshake */
    uint16_t next_cid;
    uint32_t quic_version;
    TAILQ_ENTRY(cv_session) due_link, events_link, waiting_link;
    struct cv_handshake *handshake;  /* NULL once it is done */
    struct cv_trace *trace;          /* that records it; NULL: none */
    struct cv_moving_keys *moving;   /* while it is handed over */
    struct cv_tunnel_queue *tunnels; /* the last of those in which datagrams wait; NULL: none */
    uint16_t datagram_bytes;         /* largest DATAGRAM frame payload that fits the path; 0: none does */
    uint16_t path_bytes;             /* largest UDP payload, when that was computed */
    struct cv_path_probe probe;
    struct cv_control_stream stream;
    struct cv_session_route routes[CV_SESSION_ROUTES];
    struct cv_address address;  /* the peer's, proven */
    struct cv_address previous; /* for SESSION_ADDRESS */
    uint8_t local;
    uint8_t end; /* enum cv_session_end */
    uint8_t end_application;
    uint64_t end_code;
    uint64_t start_ns, seen_ns;
    uint64_t ack_ns;    /* CV_DUE_ACK_*: since when */
    uint64_t handed_ns; /* the handshake thread's time at the handover: ngtcp2 takes no earlier one */
    uint64_t rx_pkts, tx_pkts;
    uint64_t keys_tx_pkts;                      /* tx_pkts when new keys were last begun */
    uint64_t round_trip_ns, round_trip_seen_ns; /* the latest sample, 0: none; and when it was first seen */
    uint64_t probes_ns;                         /* how far its probes are ahead of their rate: peer_probe.c */
    uint8_t tag[CV_SESSION_TAG_BYTES];
    struct cv_arena arena;
    ngtcp2_mem memory;
    struct cv_session_keys keys;
};

TAILQ_HEAD(cv_session_list, cv_session);

_Static_assert(CV_CONFIG_WORKERS <= 255, "a shard has 8 bits in a session's number");

#define CV_SESSION_SLOT_BITS 24

static inline uint16_t cv_session_number_shard(uint64_t number)
{
    return (uint8_t)(number >> CV_SESSION_SLOT_BITS);
}

/* A session's number has 53 bits, so that programs whose numbers are doubles read it from JSON as it is. */
#define CV_SESSION_GENERATION_MAX ((UINT32_C(1) << 21) - 1)

/* Never 0. */
static inline uint32_t cv_session_next_generation(uint32_t generation)
{
    return generation < CV_SESSION_GENERATION_MAX ? generation + 1 : 1;
}

/* Says in which shard it is, so that whoever has only the number need not look at the session. */
static inline uint64_t cv_session_number(const struct cv_session *session)
{
    return (uint64_t)session->generation << 32 | (uint64_t)session->shard_id << CV_SESSION_SLOT_BITS |
           session->slot;
}
