/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A thread that owns sessions: a worker, or the handshake thread. What both do with a session is here:
 * packets in, timers, packets out, words with control. Each call is made by that thread alone.
 *
 * In one turn a session reads all its packets before it writes, so that it acknowledges once; and when it has
 * nothing else to send, its acknowledgement waits a while for something to go with. Sessions
 * with something to write, or to tell to control, are in a list each; those in none cost nothing.
 */
#include "arrival.h"
#include "sessions.h"

/* What waits for the tunnel legs of an owner's sessions. */
struct cv_tunnels {
    struct cv_tunnel_queue *free;
    uint32_t free_count;
    uint32_t waiting; /* datagrams */
    uint32_t room;
};

struct cv_session_owner {
    struct cv_sessions *all;
    struct cv_relay *relay; /* of its worker; NULL: this is the handshake thread */
    uint16_t shard;         /* CV_SESSION_SHARD_HANDSHAKE */
    struct cv_session_rings *rings;
    struct cv_cid_codec *codec;
    struct cv_crypto *crypto;
    void *crypto_memory;
    struct cv_page_pool pages;
    struct cv_timers timers;
    void *timer_memory;
    struct rte_mempool *mbufs;
    struct rte_mbuf *spare;                          /* what the last write had no use for */
    struct cv_session_list writers;                  /* CV_DUE_WRITE */
    struct cv_session_list ackers_soon, ackers_late; /* CV_DUE_ACK_*, the oldest first */
    struct cv_session_list telling;
    struct cv_tunnels tunnels;
    void *tunnel_memory;
    uint8_t arrival_ecn; /* of the packet that is being read */
    uint64_t now_ns;
    uint32_t sessions;               /* that it owns */
    uint32_t suites[CV_SUITE_COUNT]; /* a worker's sessions that use each */
    struct cv_shard_stats *stats;    /* set before the thread starts */
    uint64_t published_ns;
    struct {
        bool active;
        uint32_t sequence;
        uint32_t next_slot;
        uint64_t sent;
    } dump; /* a SESSION_DUMP that goes on as the ring has room */
    /* For the handshake thread: slots that it has freed itself. */
    struct cv_session **free_slots;
    uint32_t free_count;
};

/* 0, or -ENOMEM with a sentence in `error`. */
int cv_owner_create(struct cv_session_owner **owner, struct cv_sessions *all, uint16_t shard, uint32_t pages,
                    char *error, size_t error_bytes);
void cv_owner_destroy(struct cv_session_owner *owner);

/* The time of a turn; it never goes back, also where the cores' clocks differ a little. */
static inline void cv_owner_look_at_clock(struct cv_session_owner *owner)
{
    owner->now_ns = RTE_MAX(owner->now_ns, cv_sessions_now(owner->all));
}

/* One packet of a session. The mbuf stays the caller's; the session may be gone afterwards. */
void cv_owner_read(struct cv_session_owner *owner, struct cv_session *session,
                   const struct cv_arrival *arrival);

/* What is due, what is to be sent, what control is to hear. At the end of each turn. Returns what was done.
 */
uint32_t cv_owner_turn(struct cv_session_owner *owner);

void cv_owner_mark_writing(struct cv_session_owner *owner, struct cv_session *session);
void cv_owner_mark_telling(struct cv_session_owner *owner, struct cv_session *session, uint8_t what);

/* Makes a session this thread's: puts it under its timers and lists. */
void cv_owner_adopt(struct cv_session_owner *owner, struct cv_session *session);

/* Takes it out of all lists, for another owner. */
void cv_owner_let_go(struct cv_session_owner *owner, struct cv_session *session);

/*
 * Within ngtcp2's callbacks: the session is to end when the call returns. Outside of them: cv_owner_end,
 * which sends a CONNECTION_CLOSE with that code (but for CV_SESSION_END_PEER and _IDLE), frees all memory and
 * tells control.
 */
void cv_session_mark_end(struct cv_session *session, enum cv_session_end end, uint64_t code,
                         bool application);
void cv_owner_end(struct cv_session_owner *owner, struct cv_session *session, enum cv_session_end end,
                  uint64_t code, bool application);

/* A message from control about a session of this owner (NULL: there is none), or SESSION_DUMP. */
void cv_owner_order(struct cv_session_owner *owner, struct cv_session *session,
                    const struct cv_message *message);

/* To the keeper; false: no room. */
bool cv_owner_say(struct cv_session_owner *owner, const struct cv_message *message);
void cv_owner_result(struct cv_session_owner *owner, const struct cv_message *request, int error);

/* A buffer to write a packet into, with headroom; NULL: none left. cv_owner_send takes it, with its payload
 * set. */
struct rte_mbuf *cv_owner_buffer(struct cv_session_owner *owner);

/* How much of it ngtcp2 gets: what the session's path carries, or all when it may probe for more. The same in
 * all calls for one packet. */
size_t cv_owner_room(const struct cv_session_owner *owner, const struct cv_session *session,
                     const struct rte_mbuf *mbuf);
void cv_owner_send(struct cv_session_owner *owner, const struct cv_session_route *route, uint8_t ecn,
                   struct rte_mbuf *mbuf);
