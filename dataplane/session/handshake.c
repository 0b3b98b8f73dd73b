/* SPDX-License-Identifier: BSD-3-Clause */
#include "handshake.h"

#include "accept.h"
#include "protocol/session_error.h"
#include "publish.h"
#include "tell.h"
#include "tls.h"
#include "trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PACKETS_PER_TURN 64
#define NAP_BUSY_US      100
#define NAP_IDLE_US      1000
#define BUSY_TURNS       1000 /* without anything to do, before naps get longer */

/* ---- From handshake to session ---- */

int cv_handshake_completed(ngtcp2_conn *conn, void *user)
{
    struct cv_session *session = user;
    struct cv_handshake *handshake = session->handshake;
    int bytes = cv_tls_chain(session, &handshake->chain);

    (void)conn;
    if (bytes < 0) {
        cv_session_mark_end(session, CV_SESSION_END_CHAIN_TOO_LONG, CV_SESSION_ERROR_NOT_ADMITTED, true);
        return 0;
    }
    handshake->chain_bytes = (uint32_t)bytes;
    handshake->deadline_ns = session->owner->now_ns +
                             (uint64_t)session->owner->all->config->session.admit_within_s * NGTCP2_SECONDS;
    session->phase = CV_SESSION_ASKING;
    session->asked = true;
    cv_handshakes_wait(session);
    cv_owner_mark_telling(session->owner, session, CV_TELL_ASK);
    return 0;
}

bool cv_handshake_ask(struct cv_session *session)
{
    struct cv_handshake *handshake = session->handshake;
    struct cv_message message = {.type = CV_MESSAGE_SESSION_ASK};

    cv_tls_stop(session); /* all that it was for is done, and control may take its time */
    if (!handshake->ask_told) {
        message.ask.session = cv_session_number(session);
        message.ask.address = session->address;
        message.ask.local.ip = session->owner->all->locals->list[session->local].ip;
        message.ask.local.port_be = session->owner->all->listen_port_be;
        message.ask.quic_version = session->quic_version;
        message.ask.chain_bytes = handshake->chain_bytes;
        if (!cv_owner_say(session->owner, &message))
            return false;
        handshake->ask_told = true;
    }
    while (handshake->chain_told < handshake->chain_bytes) {
        message = (struct cv_message){.type = CV_MESSAGE_SESSION_DATA};
        message.data.session = cv_session_number(session);
        message.data.offset = handshake->chain_told;
        message.data.kind = CV_SESSION_CHAIN;
        message.data.bytes =
            (uint8_t)RTE_MIN(handshake->chain_bytes - handshake->chain_told, (uint32_t)CV_SESSION_DATA_BYTES);
        memcpy(message.data.data, handshake->chain + handshake->chain_told, message.data.bytes);
        if (!cv_owner_say(session->owner, &message))
            return false;
        handshake->chain_told += message.data.bytes;
    }
    return true;
}

int cv_handshake_admit(struct cv_session *session, const struct cv_session_order *order)
{
    struct cv_session_owner *owner = session->owner;
    struct rte_ring *ring = owner->all->rings[session->shard].returned;
    struct cv_moving_keys *moving;

    if (rte_ring_full(ring))
        return -EAGAIN;
    moving = cv_arena_alloc(&session->arena, sizeof(*moving));
    if (moving == NULL)
        return -ENOMEM;
    memcpy(session->tag, order->tag, sizeof(session->tag));
    memcpy(moving, &session->handshake->moving, sizeof(*moving));
    cv_keys_give(session, moving);
    cv_handshake_forget(session);
    session->tell &= (uint8_t)~CV_TELL_ASK; /* a question that is answered before all of it was told */
    session->moving = moving;
    session->given_ns = owner->now_ns;
    cv_owner_let_go(owner, session);
    atomic_store_explicit(&session->place, CV_PLACE_MOVING, memory_order_release);
    rte_ring_sp_enqueue(ring, (void *)((uintptr_t)session | CV_RETURNED_SESSION));
    return 0;
}

/* ---- The thread ---- */

static void give_back(struct cv_session_owner *owner, struct rte_mbuf *mbuf, uint8_t reason)
{
    mbuf->hash.usr = reason;
    /* A worker that stands still may leave no room; then nothing can be done with the buffer before the end.
     */
    rte_ring_sp_enqueue(owner->all->rings[0].returned, (void *)((uintptr_t)mbuf | CV_RETURNED_FREE));
}

static void take_packets(struct cv_handshakes *handshakes, uint32_t count)
{
    struct cv_session_owner *owner = handshakes->owner;

    for (uint32_t i = 0; i < count; i++) {
        struct cv_arrival arrival;
        struct rte_mbuf *mbuf;
        enum cv_drop reason;

        if (rte_ring_sc_dequeue(owner->rings->packets, (void **)&mbuf) != 0)
            break;
        cv_arrival_read(mbuf, &arrival);
        reason = cv_accept(handshakes, &arrival);
        if (reason != CV_DROP_COUNT)
            give_back(owner, mbuf, (uint8_t)reason);
    }
}

static void expire_waiting(struct cv_handshakes *handshakes)
{
    struct cv_session *session;

    while ((session = TAILQ_FIRST(&handshakes->asking)) != NULL &&
           session->handshake->deadline_ns <= handshakes->owner->now_ns)
        cv_owner_end(handshakes->owner, session, CV_SESSION_END_NOT_ADMITTED, CV_SESSION_ERROR_TOO_LATE,
                     true);
}

uint32_t cv_handshakes_turn(struct cv_handshakes *handshakes)
{
    struct cv_session_owner *owner = handshakes->owner;
    /* Each packet is given back to a worker, and may be answered. */
    uint32_t packets = RTE_MIN(RTE_MIN(rte_ring_count(owner->rings->packets), (uint32_t)PACKETS_PER_TURN),
                               rte_ring_free_count(owner->all->rings[0].returned) / 4);
    uint32_t done = packets;

    cv_owner_look_at_clock(owner);
    take_packets(handshakes, packets);
    done += cv_owner_take_orders(owner);
    expire_waiting(handshakes);
    done += cv_owner_turn(owner);
    done += cv_owner_tell(owner);
    if (owner->dump.active)
        cv_owner_go_on_with_dump(owner);
    if (owner->all->traces != NULL)
        done += cv_traces_turn(owner->all->traces);
    cv_handshakes_publish(handshakes);
    return done;
}

uint32_t cv_handshakes_run(void *argument)
{
    struct cv_handshakes *handshakes = argument;
    uint32_t idle = 0;

    while (!atomic_load_explicit(&handshakes->stop, memory_order_relaxed)) {
        idle = cv_handshakes_turn(handshakes) > 0 ? 0 : idle + 1;
        if (idle > 0)
            usleep(idle < BUSY_TURNS ? NAP_BUSY_US : NAP_IDLE_US);
    }
    return 0;
}

void cv_handshakes_halt(struct cv_handshakes *handshakes)
{
    atomic_store(&handshakes->stop, true);
}
