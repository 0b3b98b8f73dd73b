/* SPDX-License-Identifier: BSD-3-Clause */
#include "owner.h"

#include "connection.h"
#include "handshake.h"
#include "prefetch.h"
#include "protocol/session_error.h"
#include "routes.h"
#include "stream.h"
#include "tell.h"
#include "trace.h"
#include "tunnel.h"

#include <errno.h>
#include <rte_malloc.h>
#include <string.h>

#define WRITES_PER_TURN   16  /* packets of one session */
#define PACKETS_PER_TURN  128 /* of all: so long the next burst may have to wait */
#define TIMERS_PER_TURN   256
#define SESSIONS_PER_TURN 256 /* of each list */
#define VECTORS           8

/*
 * An acknowledgement waits for a datagram to go with: two peers that talk to each other then cost a write
 * each, not two. All within the 25 ms of max_ack_delay (RFC 9000 sections 13.2.1 and 18.2).
 */
#define ACK_AT_PKTS 8
#define ACK_SOON_NS 2000000
#define ACK_LATE_NS 20000000

/*
 * A session with nothing to send is not looked at sooner for its timers: ngtcp2 would acknowledge each packet
 * after an eighth of the round trip, from 1 ms on, by a packet of its own, and the next datagram can carry
 * that.
 */
#define TIMER_FLOOR_NS 10000000

/* ---- Life ---- */

int cv_owner_create(struct cv_session_owner **out, struct cv_sessions *all, uint16_t shard, uint32_t pages,
                    char *error, size_t error_bytes)
{
    struct cv_session_owner *owner = rte_zmalloc("session-owner", sizeof(*owner), 64);
    bool handshake = shard == CV_SESSION_SHARD_HANDSHAKE;
    char name[RTE_RING_NAMESIZE];

    *out = owner;
    if (owner == NULL)
        return -ENOMEM;
    owner->all = all;
    owner->shard = shard;
    owner->rings = &all->rings[handshake ? all->workers : shard];
    owner->mbufs = handshake ? all->handshake_mbufs : all->mbufs;
    TAILQ_INIT(&owner->writers);
    TAILQ_INIT(&owner->ackers_soon);
    TAILQ_INIT(&owner->ackers_late);
    TAILQ_INIT(&owner->telling);
    snprintf(name, sizeof(name), "pages%u", shard);
    owner->codec = cv_cid_codec_create(&all->secret);
    owner->timer_memory = rte_malloc("session-timers", (all->max + 1) * sizeof(void *), 64);
    owner->free_slots = rte_malloc("session-slots", all->max * sizeof(void *), 64);
    owner->crypto_memory =
        rte_malloc("session-crypto", cv_crypto_bytes(all->engine, CV_SESSION_SCHEDULES), 64);
    if (!handshake)
        owner->tunnel_memory =
            rte_malloc("session-tunnels", cv_tunnels_bytes(all->max + CV_TUNNEL_QUEUES), 64);
    if (owner->codec == NULL || (owner->tunnel_memory == NULL && !handshake) || owner->timer_memory == NULL ||
        owner->free_slots == NULL || owner->crypto_memory == NULL ||
        cv_page_pool_create(&owner->pages, name, pages) != 0) {
        snprintf(error, error_bytes, "no memory for %u sessions: lower limits.sessions", all->max);
        return -ENOMEM;
    }
    owner->crypto =
        cv_crypto_create(all->engine, owner->crypto_memory, CV_SESSION_SCHEDULES, error, error_bytes);
    if (owner->crypto == NULL)
        return -ENOMEM;
    if (!handshake)
        cv_tunnels_init(&owner->tunnels, owner->tunnel_memory, all->max + CV_TUNNEL_QUEUES,
                        all->config->mbufs / 4);
    cv_timers_init(&owner->timers, owner->timer_memory, all->max);
    return 0;
}

void cv_owner_destroy(struct cv_session_owner *owner)
{
    if (owner == NULL)
        return;
    rte_pktmbuf_free(owner->spare);
    if (owner->crypto != NULL)
        cv_crypto_destroy(owner->crypto);
    cv_page_pool_destroy(&owner->pages);
    cv_cid_codec_destroy(owner->codec);
    rte_free(owner->crypto_memory);
    rte_free(owner->free_slots);
    rte_free(owner->timer_memory);
    rte_free(owner->tunnel_memory);
    rte_free(owner);
}

static void leave_due(struct cv_session_owner *owner, struct cv_session *session)
{
    if (session->due == CV_DUE_WRITE)
        TAILQ_REMOVE(&owner->writers, session, due_link);
    else if (session->due == CV_DUE_ACK_SOON)
        TAILQ_REMOVE(&owner->ackers_soon, session, due_link);
    else if (session->due == CV_DUE_ACK_LATE)
        TAILQ_REMOVE(&owner->ackers_late, session, due_link);
    session->due = CV_DUE_NOTHING;
}

void cv_owner_mark_writing(struct cv_session_owner *owner, struct cv_session *session)
{
    if (session->due == CV_DUE_WRITE)
        return;
    leave_due(owner, session);
    session->due = CV_DUE_WRITE;
    TAILQ_INSERT_TAIL(&owner->writers, session, due_link);
}

static void mark_acking(struct cv_session_owner *owner, struct cv_session *session, enum cv_session_due due)
{
    if (session->due == CV_DUE_WRITE || session->due == due)
        return;
    leave_due(owner, session);
    session->due = (uint8_t)due;
    session->ack_ns = owner->now_ns;
    TAILQ_INSERT_TAIL(due == CV_DUE_ACK_SOON ? &owner->ackers_soon : &owner->ackers_late, session, due_link);
}

/* When to write after a packet was read. */
static void mark_read(struct cv_session_owner *owner, struct cv_session *session,
                      const struct cv_arrival *arrival)
{
    session->unanswered = (uint8_t)RTE_MIN(session->unanswered + 1, ACK_AT_PKTS);
    if (owner->relay == NULL || session->tunnels != NULL || session->stream.out_unsent != NULL ||
        session->tell != 0 || session->unanswered == ACK_AT_PKTS ||
        !cv_address_equal(&arrival->address, &session->address))
        cv_owner_mark_writing(owner, session);
    else
        mark_acking(owner, session, session->unanswered > 1 ? CV_DUE_ACK_SOON : CV_DUE_ACK_LATE);
}

void cv_owner_mark_telling(struct cv_session_owner *owner, struct cv_session *session, uint8_t what)
{
    session->tell |= what;
    if (session->telling)
        return;
    session->telling = true;
    TAILQ_INSERT_TAIL(&owner->telling, session, tell_link);
}

void cv_owner_adopt(struct cv_session_owner *owner, struct cv_session *session)
{
    session->owner = owner;
    cv_arena_adopt(&session->arena, &owner->pages,
                   owner->relay != NULL ? CV_ARENA_PAGES_MAX : CV_HANDSHAKE_PAGES_MAX);
    owner->sessions++;
    cv_owner_mark_writing(owner, session);
}

void cv_owner_let_go(struct cv_session_owner *owner, struct cv_session *session)
{
    cv_timers_set(&owner->timers, &session->timer, CV_TIMER_NEVER);
    leave_due(owner, session);
    if (session->telling)
        TAILQ_REMOVE(&owner->telling, session, tell_link);
    session->telling = false;
    owner->sessions--;
    if (owner->relay != NULL)
        owner->suites[session->suite]--;
}

void cv_owner_release(struct cv_session_owner *owner, struct cv_session *session)
{
    cv_owner_let_go(owner, session);
    atomic_store_explicit(&session->place, CV_PLACE_FREE, memory_order_release);
    if (owner->relay == NULL)
        owner->free_slots[owner->free_count++] = session;
    else
        rte_ring_mp_enqueue(owner->all->free_slots, session);
}

/* ---- Packets out ---- */

struct rte_mbuf *cv_owner_buffer(struct cv_session_owner *owner)
{
    struct rte_mbuf *mbuf = owner->spare != NULL ? owner->spare : rte_pktmbuf_alloc(owner->mbufs);

    owner->spare = NULL;
    return mbuf;
}

void cv_owner_send(struct cv_session_owner *owner, const struct cv_session_route *route, uint8_t ecn,
                   struct rte_mbuf *mbuf)
{
    cv_route_wrap(route, owner->all->locals, owner->all->listen_port_be, ecn, mbuf);
    if (owner->relay != NULL) {
        owner->relay->context.stats->session_tx_pkts++;
        cv_transmit(&owner->relay->context, mbuf->port, mbuf);
    } else if (rte_ring_sp_enqueue(owner->all->rings[0].returned,
                                   (void *)((uintptr_t)mbuf | CV_RETURNED_SEND)) != 0) {
        rte_pktmbuf_free(mbuf); /* the worker stands still */
    }
}

static uint16_t path_bytes(const struct cv_session *session)
{
    return (uint16_t)ngtcp2_conn_get_path_max_tx_udp_payload_size(session->conn);
}

size_t cv_owner_room(const struct cv_session_owner *owner, const struct cv_session *session,
                     const struct rte_mbuf *mbuf)
{
    size_t room = rte_pktmbuf_tailroom(mbuf), path = path_bytes(session);

    if (cv_path_probe_due(&session->probe, (uint16_t)path, session->rx_pkts, owner->now_ns))
        return room;
    return RTE_MIN(room, path);
}

/* Writes one packet into `mbuf`: its bytes, 0 when there is nothing to send, or an error. */
static ngtcp2_ssize write_one(struct cv_session_owner *owner, struct cv_session *session,
                              ngtcp2_path_storage *path, ngtcp2_pkt_info *info, struct rte_mbuf *mbuf)
{
    struct cv_control_stream *stream = &session->stream;
    ngtcp2_vec vectors[VECTORS];
    bool blocked = stream->blocked || ngtcp2_conn_get_max_data_left(session->conn) == 0;
    size_t count = blocked ? 0 : cv_stream_unsent(session, vectors, VECTORS);
    ngtcp2_ssize bytes, taken = -1;

    if (count == 0 && session->tunnels != NULL) {
        bytes = cv_tunnel_write(owner, session, &path->path, info, mbuf);
        if (bytes != 0 && bytes != NGTCP2_ERR_WRITE_MORE)
            return bytes;
    }
    bytes =
        ngtcp2_conn_writev_stream(session->conn, &path->path, info, rte_pktmbuf_mtod(mbuf, uint8_t *),
                                  cv_owner_room(owner, session, mbuf), &taken, NGTCP2_WRITE_STREAM_FLAG_NONE,
                                  count > 0 ? 0 : -1, vectors, count, owner->now_ns);
    if (taken > 0)
        cv_stream_sent(session, (size_t)taken);
    if (bytes == NGTCP2_ERR_STREAM_DATA_BLOCKED || bytes == NGTCP2_ERR_STREAM_NOT_FOUND ||
        bytes == NGTCP2_ERR_STREAM_SHUT_WR) {
        stream->blocked = true;
        return write_one(owner, session, path, info, mbuf);
    }
    return bytes;
}

static void send_written(struct cv_session_owner *owner, struct cv_session *session, const ngtcp2_path *path,
                         uint8_t ecn, struct rte_mbuf *mbuf, uint16_t bytes)
{
    struct cv_session_route *route = cv_routes_find(owner->all->locals, session, path);

    if (route == NULL) { /* a path that was forgotten for newer ones */
        owner->spare = mbuf;
        return;
    }
    rte_pktmbuf_append(mbuf, bytes);
    session->tx_pkts++;
    cv_owner_send(owner, route, ecn, mbuf);
}

/* The path's size has changed: it was probed, or it is another path. */
static void notice_size(struct cv_session_owner *owner, struct cv_session *session)
{
    if (likely(path_bytes(session) == session->path_bytes || session->phase != CV_SESSION_OPEN))
        return;
    cv_session_measure(session);
    cv_owner_mark_telling(owner, session, CV_TELL_LIMIT);
}

static void fail(struct cv_session_owner *owner, struct cv_session *session, int result);

/* As the configuration wants it; ngtcp2 minds what QUIC demands. Tried again when it is too early. */
static void change_keys(struct cv_session_owner *owner, struct cv_session *session)
{
    uint32_t every = owner->all->config->session.key_update_pkts;

    if (likely(every == 0) || session->tx_pkts - session->keys_tx_pkts < every || owner->relay == NULL)
        return;
    if (ngtcp2_conn_initiate_key_update(session->conn, owner->now_ns) == 0)
        session->keys_tx_pkts = session->tx_pkts;
}

/* When to look at the session again, if nothing comes before. */
static uint64_t next_due_ns(const struct cv_session_owner *owner, const struct cv_session *session)
{
    uint64_t expiry_ns = ngtcp2_conn_get_expiry(session->conn);

    if (owner->relay == NULL || session->tunnels != NULL)
        return RTE_MIN(expiry_ns, cv_tunnel_due_ns(session));
    return RTE_MAX(expiry_ns, owner->now_ns + TIMER_FLOOR_NS);
}

/* Writes what there is to write, up to a bound; the rest in the next turn. Returns how many packets. */
static unsigned write_session(struct cv_session_owner *owner, struct cv_session *session)
{
    ngtcp2_path_storage path;
    ngtcp2_pkt_info info;
    ngtcp2_ssize bytes = 0;
    unsigned count = 0;

    session->unanswered = 0;
    notice_size(owner, session);
    if (session->tunnels != NULL)
        cv_tunnel_expire(owner, session);
    for (; count < WRITES_PER_TURN; count++) {
        struct rte_mbuf *mbuf = cv_owner_buffer(owner);
        uint16_t carried = path_bytes(session);

        if (mbuf == NULL) {
            bytes = 1; /* to be tried again in the next turn */
            break;
        }
        ngtcp2_path_storage_zero(&path);
        bytes = write_one(owner, session, &path, &info, mbuf);
        if (bytes <= 0) {
            owner->spare = mbuf;
            break;
        }
        if (unlikely(bytes > carried))
            cv_path_probe_sent(&session->probe, carried, session->rx_pkts, owner->now_ns);
        send_written(owner, session, &path.path, info.ecn, mbuf, (uint16_t)bytes);
    }
    if (bytes < 0) {
        fail(owner, session, (int)bytes);
        return count;
    }
    change_keys(owner, session);
    cv_timers_set(&owner->timers, &session->timer, next_due_ns(owner, session));
    if (bytes > 0)
        cv_owner_mark_writing(owner, session);
    return count;
}

/* ---- The end ---- */

void cv_session_mark_end(struct cv_session *session, enum cv_session_end end, uint64_t code, bool application)
{
    if (session->ending)
        return;
    session->ending = true;
    session->end = (uint8_t)end;
    session->end_code = code;
    session->end_application = application;
}

static void send_close(struct cv_session_owner *owner, struct cv_session *session)
{
    struct rte_mbuf *mbuf = cv_owner_buffer(owner);
    ngtcp2_path_storage path;
    ngtcp2_pkt_info info;
    ngtcp2_ccerr error;
    ngtcp2_ssize bytes;

    if (mbuf == NULL)
        return;
    ngtcp2_ccerr_default(&error);
    if (session->end_application)
        ngtcp2_ccerr_set_application_error(&error, session->end_code, NULL, 0);
    else
        ngtcp2_ccerr_set_transport_error(&error, session->end_code, NULL, 0);
    ngtcp2_path_storage_zero(&path);
    bytes = ngtcp2_conn_write_connection_close(session->conn, &path.path, &info,
                                               rte_pktmbuf_mtod(mbuf, uint8_t *), rte_pktmbuf_tailroom(mbuf),
                                               &error, owner->now_ns);
    if (bytes > 0)
        send_written(owner, session, &path.path, 0, mbuf, (uint16_t)bytes);
    else
        owner->spare = mbuf;
}

void cv_owner_end(struct cv_session_owner *owner, struct cv_session *session, enum cv_session_end end,
                  uint64_t code, bool application)
{
    cv_session_mark_end(session, end, code, application);
    if (session->conn != NULL) {
        if (session->end != CV_SESSION_END_PEER && session->end != CV_SESSION_END_IDLE)
            send_close(owner, session);
        ngtcp2_conn_del(session->conn);
        session->conn = NULL;
    }
    if (session->trace != NULL)
        cv_trace_leave(session);
    if (session->handshake != NULL)
        cv_handshake_forget(session);
    cv_tunnel_forget(owner, session);
    cv_arena_destroy(&session->arena, &owner->pages);
    session->stream = (struct cv_control_stream){0};
    cv_timers_set(&owner->timers, &session->timer, CV_TIMER_NEVER);
    if (session->asked) {
        session->tell = 0;
        cv_owner_mark_telling(owner, session, CV_TELL_CLOSED);
    } else {
        cv_owner_release(owner, session);
    }
}

/* After a call into ngtcp2 that failed. */
static void fail(struct cv_session_owner *owner, struct cv_session *session, int result)
{
    const ngtcp2_ccerr *error;

    switch (result) {
    case NGTCP2_ERR_DRAINING:
        error = ngtcp2_conn_get_ccerr(session->conn);
        cv_owner_end(owner, session, CV_SESSION_END_PEER, error->error_code,
                     error->type == NGTCP2_CCERR_TYPE_APPLICATION);
        break;
    case NGTCP2_ERR_IDLE_CLOSE:
    case NGTCP2_ERR_DROP_CONN:
        cv_owner_end(owner, session, CV_SESSION_END_IDLE, 0, false);
        break;
    case NGTCP2_ERR_NOMEM:
        cv_owner_end(owner, session, CV_SESSION_END_NO_ROOM, CV_SESSION_ERROR_RELAY_FULL, true);
        break;
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
        cv_owner_end(owner, session, CV_SESSION_END_HANDSHAKE, NGTCP2_NO_ERROR, false);
        break;
    case NGTCP2_ERR_CRYPTO:
        cv_owner_end(owner, session, CV_SESSION_END_PROTOCOL,
                     NGTCP2_CRYPTO_ERROR | ngtcp2_conn_get_tls_alert(session->conn), false);
        break;
    default:
        cv_owner_end(owner, session, CV_SESSION_END_PROTOCOL,
                     ngtcp2_err_infer_quic_transport_error_code(result), false);
    }
}

/* ---- Packets in, timers ---- */

/* The current path was validated, now or when the peer was there before: it may have another address. */
static void notice_address(struct cv_session_owner *owner, struct cv_session *session)
{
    const ngtcp2_path *path = ngtcp2_conn_get_path(session->conn);
    const struct cv_session_route *route = cv_routes_find(owner->all->locals, session, path);
    struct cv_address remote;

    session->path_proven = false;
    if (route != NULL)
        session->local = route->local;
    if (!cv_path_remote(path, &remote) || cv_address_equal(&remote, &session->address))
        return;
    if ((session->tell & CV_TELL_ADDRESS) == 0)
        session->previous = session->address;
    session->address = remote;
    if (session->asked)
        cv_owner_mark_telling(owner, session, CV_TELL_ADDRESS);
}

void cv_owner_read(struct cv_session_owner *owner, struct cv_session *session,
                   const struct cv_arrival *arrival)
{
    struct cv_address local = cv_session_local(owner->all, arrival->local);
    const ngtcp2_pkt_info info = {.ecn = arrival->ecn};
    struct cv_routes_look look;
    ngtcp2_path_storage path;
    int result;

    if (session->conn == NULL)
        return;
    session->rx_pkts++;
    look = cv_routes_look(session, arrival);
    session->seen_ns = owner->now_ns;
    owner->arrival_ecn = arrival->ecn;
    cv_path_fill(&path, &local, &arrival->address);
    result = ngtcp2_conn_read_pkt(session->conn, &path.path, &info, arrival->payload, arrival->bytes,
                                  owner->now_ns);
    cv_routes_learn_accepted(session, arrival, &look);
    if (session->ending)
        cv_owner_end(owner, session, session->end, session->end_code, session->end_application);
    else if (result != 0)
        fail(owner, session, result);
    else {
        if (session->path_proven ||
            (!session->path_unproven && !cv_address_equal(&arrival->address, &session->address)))
            notice_address(owner, session);
        mark_read(owner, session, arrival);
    }
}

static uint32_t serve_timers(struct cv_session_owner *owner)
{
    struct cv_timer *timer;
    uint32_t count = 0;

    while (count < TIMERS_PER_TURN && (timer = cv_timers_pop(&owner->timers, owner->now_ns)) != NULL) {
        struct cv_session *session = (struct cv_session *)timer;
        int result = ngtcp2_conn_handle_expiry(session->conn, owner->now_ns);

        count++;
        if (result != 0)
            fail(owner, session, result);
        else
            cv_owner_mark_writing(owner, session);
    }
    return count;
}

/* Acknowledgements that have waited long enough for something to go with. */
static void end_waits(struct cv_session_owner *owner, struct cv_session_list *list, uint64_t wait_ns)
{
    for (unsigned i = 0; i < SESSIONS_PER_TURN; i++) {
        struct cv_session *session = TAILQ_FIRST(list);

        if (session == NULL || owner->now_ns - session->ack_ns < wait_ns)
            return;
        cv_owner_mark_writing(owner, session);
    }
}

uint32_t cv_owner_turn(struct cv_session_owner *owner)
{
    uint32_t done = serve_timers(owner);
    struct cv_session *session, *last;
    unsigned packets = 0;

    end_waits(owner, &owner->ackers_soon, ACK_SOON_NS);
    end_waits(owner, &owner->ackers_late, ACK_LATE_NS);
    session = NULL;
    last = TAILQ_LAST(&owner->writers, cv_session_list);
    for (unsigned i = 0; i < SESSIONS_PER_TURN && packets < PACKETS_PER_TURN && session != last; i++) {
        session = TAILQ_FIRST(&owner->writers);
        leave_due(owner, session);
        done++;
        if (session != last)
            cv_session_prefetch(TAILQ_FIRST(&owner->writers));
        if (session->conn != NULL)
            packets += write_session(owner, session);
        if (session->conn != NULL && session->ending)
            cv_owner_end(owner, session, session->end, session->end_code, session->end_application);
    }
    return done;
}
