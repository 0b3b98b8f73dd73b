/* SPDX-License-Identifier: BSD-3-Clause */
#include "claim.h"

#include "find.h"
#include "port/answer_stun.h"
#include "quic_invariants.h"

#include <string.h>

/* For so long packets behind a token pass without their leg being bound: many turns of the keeper. */
#define FRESH_TOKEN_MS 50

static void notify_leg(struct cv_relay *relay, enum cv_notice_type type, const struct cv_packet *packet,
                       uint32_t leg)
{
    struct cv_notice notice = {
        .type = (uint8_t)type,
        .local = packet->local,
        .leg = leg,
        .generation = cv_pair_of(relay->table, leg)->generation,
        .address = {.ip = packet->source, .port_be = packet->source_port_be},
    };

    cv_notify(&relay->context, &notice);
}

/* Sources that nothing can be sent to. */
static bool unusable(const struct cv_relay *relay, const struct cv_packet *packet)
{
    return packet->source_port_be == 0 || !cv_ip_may_be_peer(&packet->source) ||
           cv_local_find_any(relay->locals, &packet->source) != CV_NO_LOCAL;
}

static bool has_bound_another(const struct cv_relay *relay, const struct cv_packet *packet, uint32_t leg)
{
    const struct cv_address source = {.ip = packet->source, .port_be = packet->source_port_be};

    for (unsigned i = 0; i < CV_FRESH_TOKENS; i++)
        if (relay->fresh_tokens[i].seen_ms != 0 && relay->fresh_tokens[i].leg == leg &&
            relay->fresh_tokens[i].generation == cv_pair_of(relay->table, leg)->generation &&
            cv_ms_since(relay->context.now_ms, relay->fresh_tokens[i].seen_ms) <= FRESH_TOKEN_MS &&
            !cv_address_equal(&relay->fresh_tokens[i].address, &source))
            return true;
    return false;
}

/*
 * Whether the leg may be bound by its present token: a token of one use has not been used, as far as is
 * known here.
 */
static bool may_bind(const struct cv_relay *relay, const struct cv_packet *packet, uint32_t leg)
{
    const struct cv_standing *standing = cv_standing_at(relay->table, leg);

    return !standing->one_use || (!standing->used && !has_bound_another(relay, packet, leg));
}

static void notify_token(struct cv_relay *relay, const struct cv_packet *packet, uint32_t leg)
{
    struct cv_notice notice = {
        .type = CV_NOTICE_TOKEN,
        .local = packet->local,
        .leg = leg,
        .generation = cv_pair_of(relay->table, leg)->generation,
        .address = {.ip = packet->source, .port_be = packet->source_port_be},
        .cid_bytes = CV_CID_KEY_BYTES,
    };

    memcpy(notice.cid, cv_packet_payload(packet), CV_CID_KEY_BYTES);
    cv_notify(&relay->context, &notice);
}

static void remember_token(struct cv_relay *relay, const struct cv_packet *packet, uint32_t leg)
{
    relay->fresh_tokens[relay->fresh_next++ % CV_FRESH_TOKENS] = (struct cv_fresh_token){
        .address = {.ip = packet->source, .port_be = packet->source_port_be},
        .relay_port_be = packet->relay_port_be,
        .leg = leg,
        .generation = cv_pair_of(relay->table, leg)->generation,
        .seen_ms = relay->context.now_ms,
    };
}

/* Packets that follow a token more closely than the keeper binds its leg. */
static bool claim_by_fresh_token(const struct cv_relay *relay, struct cv_packet *packet)
{
    const struct cv_address source = {.ip = packet->source, .port_be = packet->source_port_be};
    const struct cv_fresh_token *newest =
        &relay->fresh_tokens[(relay->fresh_next + CV_FRESH_TOKENS - 1) % CV_FRESH_TOKENS];

    if (newest->seen_ms == 0 || cv_ms_since(relay->context.now_ms, newest->seen_ms) > FRESH_TOKEN_MS)
        return false;
    for (unsigned i = 0; i < CV_FRESH_TOKENS; i++) {
        const struct cv_fresh_token *fresh = &relay->fresh_tokens[i];

        if (fresh->seen_ms == 0 || cv_ms_since(relay->context.now_ms, fresh->seen_ms) > FRESH_TOKEN_MS ||
            fresh->relay_port_be != packet->relay_port_be || !cv_address_equal(&fresh->address, &source) ||
            fresh->generation != cv_pair_of(relay->table, fresh->leg)->generation)
            continue;
        packet->leg = fresh->leg;
        return true;
    }
    return false;
}

bool cv_claim_by_token(struct cv_relay *relay, const struct cv_packet *packet)
{
    bool former;
    uint32_t leg = cv_find_any_token(relay->table, cv_packet_payload(packet), packet->relay_port_be, &former);

    if (likely(leg == CV_NO_LEG))
        return false;
    relay->context.stats->token_pkts++;
    if (leg == packet->leg) {
        cv_leg_at(relay->table, leg)->seen_ms = relay->context.now_ms; /* a sign of life */
    } else if (!former && !unusable(relay, packet) && may_bind(relay, packet, leg)) {
        remember_token(relay, packet, leg);
        notify_token(relay, packet, leg);
    }
    return true;
}

static bool claim_by_prefix(struct cv_relay *relay, struct cv_packet *packet)
{
    uint32_t leg =
        cv_find_prefix(relay->table, &packet->source, packet->relay_port_be, relay->context.now_ms);

    if (leg == CV_NO_LEG)
        return false;
    packet->leg = leg;
    notify_leg(relay, CV_NOTICE_PREFIX, packet, leg);
    return true;
}

/* Whether the leg may ever have this address: a connection ID does not stand in for the right to bind. */
static bool may_have(const struct cv_leg *leg, const struct cv_ip *source)
{
    return leg->bind_kind == CV_BIND_TOKEN ||
           (leg->bind_kind == CV_BIND_PREFIX && cv_prefix_contains(&leg->bind.prefix, source));
}

/* Returns whether the payload names a leg by its connection ID; the verdict says whether it may pass. */
static bool claim_by_cid(struct cv_relay *relay, struct cv_packet *packet)
{
    uint32_t leg;

    if (relay->claims_left == 0) {
        packet->verdict = CV_VERDICT_DROP;
        packet->drop = CV_DROP_MOVE_RATE;
        return true;
    }
    relay->claims_left--;
    leg = cv_find_cid(relay->table, cv_packet_payload(packet), packet->payload_bytes, packet->relay_port_be);
    if (leg == CV_NO_LEG || !may_have(cv_leg_at(relay->table, leg), &packet->source))
        return false;
    relay->context.stats->cid_pkts++;
    packet->leg = leg;
    notify_leg(relay, CV_NOTICE_CID_HIT, packet, leg);
    return true;
}

void cv_claim(struct cv_relay *relay, struct cv_packet *packet)
{
    if (unusable(relay, packet)) {
        packet->verdict = CV_VERDICT_DROP;
        packet->drop = CV_DROP_BAD_ADDRESS;
        return;
    }
    if (cv_is_stun_request(cv_packet_payload(packet), packet->payload_bytes)) {
        packet->verdict = CV_VERDICT_ANSWER;
        return;
    }
    if (claim_by_fresh_token(relay, packet) || claim_by_prefix(relay, packet) || claim_by_cid(relay, packet))
        return;
    packet->verdict = CV_VERDICT_DROP;
    packet->drop = CV_DROP_UNKNOWN_SOURCE;
}

static void tell_cid(struct cv_relay *relay, uint32_t leg, const uint8_t *cid, uint8_t bytes)
{
    struct cv_notice notice = {
        .type = CV_NOTICE_CID_LEARN,
        .leg = leg,
        .generation = cv_pair_of(relay->table, leg)->generation,
        .cid_bytes = bytes,
    };

    memcpy(notice.cid, cid, bytes);
    cv_notify(&relay->context, &notice);
}

void cv_claim_learn(struct cv_relay *relay, const struct cv_packet *packet)
{
    const struct cv_leg *leg = cv_leg_at(relay->table, packet->leg);
    uint8_t bytes = leg->cid_bytes;
    struct cv_quic_header header;

    if (cv_quic_header_parse(cv_packet_payload(packet), packet->payload_bytes, &header) != 0)
        return;
    if (header.is_long) {
        if (header.version != CV_QUIC_VERSION_1 && header.version != CV_QUIC_VERSION_2)
            return;
        bytes = header.dcid_bytes;
    } else if (bytes == 0 || header.dcid_bytes < bytes) {
        return; /* only a handshake tells the length */
    }
    if (bytes < CV_CID_MIN_BYTES || relay->learns_left == 0 ||
        cv_leg_has_cid(relay->table, packet->leg, header.dcid, bytes))
        return;
    relay->learns_left--;
    tell_cid(relay, packet->leg, header.dcid, bytes);
}
