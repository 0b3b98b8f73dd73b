/* SPDX-License-Identifier: BSD-3-Clause */
/* Neighbour discovery (RFC 4861): validity as in section 7.1, answers as in section 7.2.4. */
#include "answer_nd.h"

#include "nd.h"
#include "packet/headers.h"
#include "reply.h"

#include <string.h>

static const struct cv_ip all_nodes = {{0xff, 0x02, [15] = 1}};
static const struct rte_ether_addr all_nodes_mac = {{0x33, 0x33, 0, 0, 0, 1}};

static bool is_multicast(const uint8_t ip[16])
{
    return ip[0] == 0xff;
}

/*
 * Walks the options after the message of `bytes` bytes. Returns whether they are well formed (no length of
 * zero, none over the end); `*mac` points to the last link-layer address of this `type`, or is NULL.
 */
static bool find_mac(const struct cv_nd_message *message, uint16_t bytes, uint8_t type,
                     const struct rte_ether_addr **mac)
{
    const uint8_t *option = (const uint8_t *)(message + 1);
    const uint8_t *end = (const uint8_t *)message + bytes;

    *mac = NULL;
    while (option < end) {
        size_t left = (size_t)(end - option);

        if (left < 8 || option[1] == 0 || left < 8u * option[1])
            return false;
        if (option[0] == type && option[1] == 1)
            *mac = &((const struct cv_nd_mac_option *)option)->mac;
        option += 8u * option[1];
    }
    return true;
}

/* What both kinds must fulfil; sets the drop reason. */
static bool is_valid(struct cv_packet *packet, const struct cv_nd_message *message, uint8_t mac_type,
                     const struct rte_ether_addr **mac)
{
    const struct rte_ipv6_hdr *ip = cv_packet_l3(packet);

    if (cv_packet_l4_bytes(packet) < sizeof(*message))
        return cv_no_answer(packet, CV_DROP_TOO_SHORT);
    if (ip->hop_limits != CV_ND_HOP_LIMIT || message->code != 0 || is_multicast(packet->source.bytes) ||
        is_multicast(message->target))
        return cv_no_answer(packet, CV_DROP_BAD_ADDRESS);
    if (!find_mac(message, cv_packet_l4_bytes(packet), mac_type, mac))
        return cv_no_answer(packet, CV_DROP_BAD_LENGTH);
    return true;
}

/* ff02::1:ffXX:XXXX with the low 24 bits of the target (RFC 4291 section 2.7.1). */
static bool is_solicited_node(const uint8_t destination[16], const uint8_t target[16])
{
    static const uint8_t prefix[13] = {0xff, 0x02, [11] = 1, [12] = 0xff};

    return memcmp(destination, prefix, sizeof(prefix)) == 0 && memcmp(destination + 13, target + 13, 3) == 0;
}

static bool advertise(struct cv_packet *packet, const struct cv_local *local,
                      const struct rte_ether_addr *mac)
{
    struct rte_ipv6_hdr *ip = cv_packet_l3(packet);
    struct cv_nd_message *message = cv_packet_l4(packet);
    struct cv_nd_mac_option *option = (struct cv_nd_mac_option *)(message + 1);
    bool asks_for_duplicates = cv_ip_is_zero(&packet->source);

    if (!cv_turn_round(packet, local, CV_ND_HOP_LIMIT, sizeof(*message) + sizeof(*option)))
        return false;
    if (asks_for_duplicates) { /* RFC 4862: the asker has no address yet, so all are told */
        memcpy(&ip->dst_addr, &all_nodes, sizeof(all_nodes));
        cv_packet_ether(packet)->dst_addr = all_nodes_mac;
    } else if (mac != NULL) {
        cv_packet_ether(packet)->dst_addr = *mac;
    }
    memcpy(&ip->src_addr, &local->ip, sizeof(local->ip));
    message->type = CV_ND_ADVERTISEMENT;
    memset(message->flags, 0, sizeof(message->flags));
    message->flags[0] = CV_ND_OVERRIDE | (asks_for_duplicates ? 0 : CV_ND_SOLICITED);
    option->type = CV_ND_OPTION_TARGET_MAC;
    option->length = 1;
    option->mac = local->mac;
    memset(message->checksum, 0, sizeof(message->checksum));
    uint16_t checksum = rte_ipv6_udptcp_cksum(ip, message);
    memcpy(message->checksum, &checksum, sizeof(checksum));
    return true;
}

static bool answer_solicitation(struct cv_packet *packet, const struct cv_locals *locals,
                                struct cv_notice *notice)
{
    const struct rte_ipv6_hdr *ip = cv_packet_l3(packet);
    const struct cv_nd_message *message = cv_packet_l4(packet);
    const struct rte_ether_addr *mac;
    struct rte_ether_addr from;
    struct cv_ip target;
    uint8_t local;

    if (!is_valid(packet, message, CV_ND_OPTION_SOURCE_MAC, &mac))
        return false;
    memcpy(&target, message->target, sizeof(target));
    local = cv_local_find(locals, packet->mbuf->port, &target);
    if (local == CV_NO_LOCAL ||
        (packet->local == CV_NO_LOCAL && !is_solicited_node(ip->dst_addr.a, message->target)))
        return cv_no_answer(packet, CV_DROP_NOT_FOR_US);
    if (cv_local_find(locals, packet->mbuf->port, &packet->source) != CV_NO_LOCAL)
        return cv_no_answer(packet, CV_DROP_BAD_ADDRESS);
    if (cv_ip_is_zero(&packet->source)) {
        if (mac != NULL || packet->local != CV_NO_LOCAL)
            return cv_no_answer(packet, CV_DROP_BAD_ADDRESS);
        return advertise(packet, &locals->list[local], NULL);
    }
    if (mac == NULL)
        return advertise(packet, &locals->list[local], NULL);
    cv_tell_neighbour(notice, packet->mbuf->port, &packet->source, mac);
    if (notice->type == CV_NOTICE_NONE) /* a MAC that nobody can have */
        return cv_no_answer(packet, CV_DROP_BAD_ADDRESS);
    from = *mac; /* the option makes place for ours */
    return advertise(packet, &locals->list[local], &from);
}

static bool take_advertisement(struct cv_packet *packet, const struct cv_locals *locals,
                               struct cv_notice *notice)
{
    const struct rte_ipv6_hdr *ip = cv_packet_l3(packet);
    const struct cv_nd_message *message = cv_packet_l4(packet);
    const struct rte_ether_addr *mac;
    struct cv_ip target;

    if (!is_valid(packet, message, CV_ND_OPTION_TARGET_MAC, &mac))
        return false;
    memcpy(&target, message->target, sizeof(target));
    if (packet->local == CV_NO_LOCAL && !is_multicast(ip->dst_addr.a))
        return cv_no_answer(packet, CV_DROP_NOT_FOR_US);
    if (cv_ip_is_zero(&packet->source) || cv_local_find(locals, packet->mbuf->port, &target) != CV_NO_LOCAL ||
        (is_multicast(ip->dst_addr.a) && (message->flags[0] & CV_ND_SOLICITED)))
        return cv_no_answer(packet, CV_DROP_BAD_ADDRESS);
    /* An answer to a unicast solicitation may leave the option out. */
    if (mac == NULL && (message->flags[0] & CV_ND_SOLICITED))
        mac = &cv_packet_ether(packet)->src_addr;
    if (mac != NULL)
        cv_tell_neighbour(notice, packet->mbuf->port, &target, mac);
    return cv_no_answer(packet, CV_DROP_CONSUMED);
}

bool cv_answer_nd(struct cv_packet *packet, const struct cv_locals *locals, struct cv_notice *notice)
{
    const struct cv_nd_message *message = cv_packet_l4(packet);

    if (message->type == CV_ND_SOLICITATION)
        return answer_solicitation(packet, locals, notice);
    return take_advertisement(packet, locals, notice);
}
