/* SPDX-License-Identifier: BSD-3-Clause */
#include "peer_probe.h"

#include "rx_packet.h"
#include "shard.h"

#include <string.h>

#define NUMBER_AT 1
#define TICKET_AT 4

#define APART_NS (UINT64_C(1000000000) / CV_PROBES_PER_S)

void cv_peer_probe_ticket(const struct cv_session *session, uint8_t ticket[CV_TICKET_BYTES])
{
    const struct cv_cid named = {
        .shard = session->shard_id, .slot = session->slot, .generation = session->generation};

    cv_cid_ticket(session->shard->codec, &named, ticket);
}

/* Sources that cannot be a peer's. */
static bool unusable(const struct cv_packet *packet, const struct cv_locals *locals)
{
    return packet->source_port_be == 0 || !cv_ip_may_be_peer(&packet->source) ||
           cv_local_find_any(locals, &packet->source) != CV_NO_LOCAL;
}

void cv_peer_probe_receive(struct cv_shard *shard, struct cv_context *context, const struct cv_packet *packet,
                           const struct cv_locals *locals)
{
    struct cv_rx_packet rx;
    struct cv_cid named;

    if (unusable(packet, locals)) {
        cv_drop(context, packet->mbuf, CV_DROP_BAD_ADDRESS);
        return;
    }
    if (shard == NULL || !cv_cid_ticket_read(shard->codec, cv_packet_payload(packet) + TICKET_AT, &named) ||
        named.shard >= shard->all->workers) {
        cv_drop(context, packet->mbuf, CV_DROP_PROBE_UNKNOWN);
        return;
    }
    cv_rx_packet_mark(packet, shard->id, false);
    if (named.shard == shard->id) {
        cv_rx_packet_read(packet->mbuf, &rx);
        cv_peer_probe_take(shard, &rx);
    } else if (rte_ring_mp_enqueue(shard->all->rings[named.shard].packets, packet->mbuf) != 0) {
        cv_drop(context, packet->mbuf, CV_DROP_SESSION_QUEUE);
    }
}

/* The session that a ticket names, if it is this shard's, and control has been told of the ticket. */
static struct cv_session *find_session(const struct cv_shard *shard, const uint8_t *ticket)
{
    struct cv_session *session;
    struct cv_cid named;

    if (!cv_cid_ticket_read(shard->codec, ticket, &named) || named.shard != shard->id)
        return NULL;
    session = cv_session_at(shard->all, named.slot, named.generation);
    if (session == NULL ||
        atomic_load_explicit(&session->slot_state, memory_order_acquire) != CV_SLOT_WORKER ||
        session->shard != shard || session->conn == NULL || session->ending)
        return NULL;
    return session;
}

/* `probes_ns` is when a session that had sent its probes evenly would send the next one. */
static bool over_rate(struct cv_session *session, uint64_t now_ns)
{
    uint64_t next_ns = RTE_MAX(session->probes_ns, now_ns);

    if (next_ns - now_ns > (CV_PROBES_BURST - 1) * APART_NS)
        return true;
    session->probes_ns = next_ns + APART_NS;
    return false;
}

static bool tell(struct cv_shard *shard, const struct cv_session *session, const struct cv_rx_packet *rx)
{
    const uint8_t *number = rx->payload + NUMBER_AT;
    struct cv_message message = {.type = CV_MESSAGE_SESSION_PROBE};

    /* The other half is left to what must not be lost. */
    if (rte_ring_free_count(shard->rings->events) <= rte_ring_get_capacity(shard->rings->events) / 2)
        return false;
    message.probe.session = cv_session_number(session);
    message.probe.number = (uint32_t)number[0] << 16 | (uint32_t)number[1] << 8 | number[2];
    message.probe.address = rx->address;
    message.probe.local = cv_session_local(shard->all, rx->local);
    message.probe.local.port_be = rx->local_port_be;
    return cv_shard_tell_control(shard, &message);
}

void cv_peer_probe_take(struct cv_shard *shard, const struct cv_rx_packet *rx)
{
    struct cv_session *session = find_session(shard, rx->payload + TICKET_AT);
    uint8_t reason = CV_DROP_CONSUMED;

    if (session == NULL)
        reason = CV_DROP_PROBE_UNKNOWN;
    else if (over_rate(session, shard->now_ns))
        reason = CV_DROP_PROBE_RATE;
    else if (!tell(shard, session, rx))
        reason = CV_DROP_PROBE_QUEUE;
    else
        shard->relay->context.stats->probe_pkts++;
    cv_drop(&shard->relay->context, rx->mbuf, reason);
}
