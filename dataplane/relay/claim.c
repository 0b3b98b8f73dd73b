/* SPDX-License-Identifier: BSD-3-Clause */
#include "claim.h"

#include "find.h"
#include "port/answer_stun.h"
#include "quic_invariants.h"
#include "standing.h"

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

/* Packets that follow a token more closely than the keeper binds its leg; of several it is the newest. */
static bool claim_by_fresh_token(const struct cv_relay *relay, struct cv_packet *packet)
{
    const struct cv_address source = {.ip = packet->source, .port_be = packet->source_port_be};

    for (unsigned i = 1; i <= CV_FRESH_TOKENS; i++) {
        const struct cv_fresh_token *fresh =
            &relay->fresh_tokens[(relay->fresh_next + CV_FRESH_TOKENS - i) % CV_FRESH_TOKENS];

        if (fresh->seen_ms == 0 || cv_ms_since(relay->context.now_ms, fresh->seen_ms) > FRESH_TOKEN_MS)
            return false; /* nor are those before it */
        if (fresh->relay_port_be != packet->relay_port_be || !cv_address_equal(&fresh->address, &source) ||
            fresh->generation != cv_pair_of(relay->table, fresh->leg)->generation)
            continue;
        packet->leg = fresh->leg;
        return true;
    }
    return false;
}

static uint32_t legs_at_source(const struct cv_relay *relay, const struct cv_packet *packet,
                               uint32_t legs[CV_LEGS_AT_MAX])
{
    const struct cv_address source = {.ip = packet->source, .port_be = packet->source_port_be};

    return cv_find_legs_at(relay->table, &source, packet->relay_port_be, legs);
}

static bool is_among(uint32_t leg, const uint32_t *legs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (legs[i] == leg)
            return true;
    return false;
}

/* Whether nothing is left to give up for one more, whose claim the keeper then judges. */
static bool crowded(const struct cv_relay *relay, const uint32_t *legs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct cv_leg *leg = cv_leg_at(relay->table, legs[i]);

        if (leg->bind_kind != CV_BIND_FIXED &&
            (cv_leg_is_vacant(leg, relay->context.now_ms) || cv_spare_of(relay->table, legs[i]) != NULL ||
             cv_standing_at(relay->table, legs[i])->state == CV_LEG_PROOF_UNPROVEN))
            return false;
    }
    return count == CV_LEGS_AT_MAX;
}

enum cv_drop cv_claim_by_token(struct cv_relay *relay, const struct cv_packet *packet)
{
    bool former;
    uint32_t leg = cv_find_token(relay->table, cv_packet_payload(packet), packet->relay_port_be, &former);
    uint32_t legs[CV_LEGS_AT_MAX];
    uint32_t count;

    if (likely(leg == CV_NO_LEG))
        return CV_DROP_COUNT;
    relay->context.stats->token_pkts++;
    if (unusable(relay, packet))
        return CV_DROP_CONSUMED;
    count = legs_at_source(relay, packet, legs);
    if (is_among(leg, legs, count)) {
        cv_leg_at(relay->table, leg)->seen_ms = relay->context.now_ms; /* a sign of life */
        if (cv_default_leg(relay->table, legs, count) == leg)
            return CV_DROP_CONSUMED;
    } else if (former || !may_bind(relay, packet, leg)) {
        return CV_DROP_CONSUMED;
    } else if (crowded(relay, legs, count)) {
        return CV_DROP_CROWDED_ADDRESS;
    }
    remember_token(relay, packet, leg);
    notify_token(relay, packet, leg);
    return CV_DROP_CONSUMED;
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

static bool on_listening_port(const struct cv_relay *relay, const struct cv_leg *leg)
{
    return relay->table->listen_port != 0 &&
           leg->relay_port_be == rte_cpu_to_be_16(relay->table->listen_port);
}

/* The leg that sends to the packet's connection ID, wherever it is. */
static uint32_t named_leg(const struct cv_relay *relay, const struct cv_packet *packet)
{
    return cv_find_cid(relay->table, cv_packet_payload(packet), packet->payload_bytes, packet->relay_port_be);
}

/*
 * Takes the packet for that leg, which is elsewhere: the keeper hears of it, or the verdict is DROP when it has heard of so
 * many, for whatever else the packet could be taken for would be wrong. False: it may not be here.
 */
static bool claim_for(struct cv_relay *relay, struct cv_packet *packet, uint32_t leg)
{
    if (leg == CV_NO_LEG || !may_have(cv_leg_at(relay->table, leg), &packet->source))
        return false;
    if (relay->listens_left == 0) {
        packet->verdict = CV_VERDICT_DROP;
        packet->drop = CV_DROP_MOVE_RATE;
        return true;
    }
    relay->listens_left--;
    relay->context.stats->cid_pkts++;
    packet->leg = leg;
    notify_leg(relay, CV_NOTICE_CID_HIT, packet, leg);
    return true;
}

/*
 * A token came from there a moment ago: whether its leg may have what names none, which would else be `owner`'s. Somebody
 * else may have sent the token, so none whose address is not proven takes anything from one whose address is.
 */
static bool goes_first(const struct cv_relay *relay, const struct cv_packet *packet, uint32_t newcomer,
                       uint32_t owner)
{
    const struct cv_address source = {.ip = packet->source, .port_be = packet->source_port_be};
    const struct cv_standing *standing = cv_standing_at(relay->table, newcomer);
    bool is_there = cv_leg_is_at(cv_leg_at(relay->table, newcomer), &source);
    enum cv_leg_proof state = is_there ? (enum cv_leg_proof)standing->state
                                       : cv_standing_judge(standing, &source, relay->context.now_ms);

    return state != CV_LEG_PROOF_UNPROVEN ||
           cv_standing_at(relay->table, owner)->state == CV_LEG_PROOF_UNPROVEN;
}

static enum cv_claimed claim_shared(struct cv_relay *relay, struct cv_packet *packet, const uint32_t *legs,
                                    uint32_t count)
{
    uint32_t named = named_leg(relay, packet), owner = cv_default_leg(relay->table, legs, count);

    if (is_among(named, legs, count)) {
        packet->leg = named;
        return CV_CLAIMED_OWN;
    }
    if (claim_for(relay, packet, named))
        return packet->verdict == CV_VERDICT_DROP ? CV_CLAIMED_NOT : CV_CLAIMED_FOREIGN;
    if (!claim_by_fresh_token(relay, packet) || !goes_first(relay, packet, packet->leg, owner))
        packet->leg = owner;
    return is_among(packet->leg, legs, count) ? CV_CLAIMED_OWN : CV_CLAIMED_FOREIGN;
}

/* Its leg has the address to itself; but another's token may have come from there a moment ago. */
static enum cv_claimed claim_own(struct cv_relay *relay, struct cv_packet *packet)
{
    uint32_t own = packet->leg;

    if (likely(!claim_by_fresh_token(relay, packet)))
        return CV_CLAIMED_OWN;
    if (packet->leg != own && goes_first(relay, packet, packet->leg, own) && named_leg(relay, packet) != own)
        return CV_CLAIMED_FOREIGN;
    packet->leg = own;
    return CV_CLAIMED_OWN;
}

enum cv_claimed cv_claim_listening(struct cv_relay *relay, struct cv_packet *packet)
{
    uint32_t legs[CV_LEGS_AT_MAX];
    uint32_t count;

    if (packet->leg != CV_NO_LEG)
        return claim_own(relay, packet);
    if (unusable(relay, packet)) {
        packet->verdict = CV_VERDICT_DROP;
        packet->drop = CV_DROP_BAD_ADDRESS;
        return CV_CLAIMED_NOT;
    }
    count = legs_at_source(relay, packet, legs);
    if (count > 0)
        return claim_shared(relay, packet, legs, count);
    if (claim_by_fresh_token(relay, packet) || claim_by_prefix(relay, packet) ||
        claim_for(relay, packet, named_leg(relay, packet)))
        return packet->verdict == CV_VERDICT_DROP ? CV_CLAIMED_NOT : CV_CLAIMED_FOREIGN;
    return CV_CLAIMED_NOT;
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

static void learn(struct cv_relay *relay, uint32_t leg, const uint8_t *cid, uint8_t bytes)
{
    if (bytes < CV_CID_MIN_BYTES || relay->learns_left == 0 || cv_leg_has_cid(relay->table, leg, cid, bytes))
        return;
    relay->learns_left--;
    tell_cid(relay, leg, cid, bytes);
}

/* By the other side's word: what it calls itself is what this leg is about to send to. */
static void learn_from_other(struct cv_relay *relay, uint32_t leg, const struct cv_quic_header *header)
{
    if (on_listening_port(relay, cv_leg_at(relay->table, leg)))
        learn(relay, leg, header->scid, header->scid_bytes);
}

/*
 * On the listening port what an Initial is sent to is a beginning, and worth less than what is known already: the client
 * may send it again after the other side has said what it calls itself.
 */
static bool may_teach(const struct cv_relay *relay, const struct cv_leg *leg,
                      const struct cv_quic_header *header, uint8_t first_byte)
{
    if (cv_quic_is_initial(header, first_byte) && on_listening_port(relay, leg))
        return leg->cid_bytes == 0;
    return !(leg->flags & CV_LEG_SHARED);
}

void cv_claim_learn(struct cv_relay *relay, const struct cv_packet *packet)
{
    const struct cv_leg *leg = cv_leg_at(relay->table, packet->leg);
    bool shared = leg->flags & CV_LEG_SHARED;
    struct cv_quic_header header;

    if (cv_quic_header_parse(cv_packet_payload(packet), packet->payload_bytes, &header) != 0)
        return;
    if (!header.is_long) {
        /* Only a handshake tells the length. */
        if (leg->cid_bytes != 0 && header.dcid_bytes >= leg->cid_bytes && !shared)
            learn(relay, packet->leg, header.dcid, leg->cid_bytes);
        return;
    }
    if (header.version != CV_QUIC_VERSION_1 && header.version != CV_QUIC_VERSION_2)
        return;
    if (may_teach(relay, leg, &header, packet->first_byte))
        learn(relay, packet->leg, header.dcid, header.dcid_bytes);
    learn_from_other(relay, cv_leg_target(relay->table, packet->leg), &header);
}

void cv_claim_learn_tunnelled(struct cv_relay *relay, uint32_t leg, const uint8_t *payload, uint16_t bytes)
{
    struct cv_quic_header header;

    if (cv_quic_header_parse(payload, bytes, &header) == 0 && header.is_long &&
        (header.version == CV_QUIC_VERSION_1 || header.version == CV_QUIC_VERSION_2))
        learn_from_other(relay, cv_leg_target(relay->table, leg), &header);
}
