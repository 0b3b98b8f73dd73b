/* SPDX-License-Identifier: BSD-3-Clause */
#include "next_hop.h"

#include "probe.h"

#include <errno.h>
#include <rte_common.h>
#include <rte_jhash.h>
#include <rte_malloc.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_AT    512 /* entries in one call of cv_next_hops_probe */
#define RETRY_MS   1000
#define RECHECK_MS 20000
#define GIVE_UP    3 /* unanswered probes of a resolved neighbour */

enum hop_state {
    HOP_FREE,
    HOP_UNRESOLVED, /* not usable; asked for by multicast */
    HOP_RESOLVED,   /* usable; asked again by unicast when RECHECK_MS have passed */
    HOP_FIXED,      /* on a port where nobody answers: usable, never asked for */
};

static uint16_t *bucket_of(const struct cv_next_hops *hops, uint16_t port_id, const struct cv_ip *ip)
{
    uint32_t words[4];

    memcpy(words, ip, sizeof(words));
    return &hops->buckets[rte_jhash_32b(words, 4, port_id) & (hops->bucket_count - 1)];
}

static uint16_t find(const struct cv_next_hops *hops, uint16_t port_id, const struct cv_ip *ip)
{
    uint16_t index = *bucket_of(hops, port_id, ip);

    while (index != CV_NO_NEXT_HOP) {
        const struct cv_next_hop *hop = &hops->list[index];

        if (hop->port_id == port_id && cv_ip_equal(&hop->ip, ip))
            break;
        index = hop->chain;
    }
    return index;
}

static bool on_network(const struct cv_local *local, const struct cv_ip *ip)
{
    struct cv_prefix network = {.ip = local->ip, .length = local->prefix_length};

    return cv_prefix_contains(&network, ip);
}

/* The lowest and highest address of an IPv4 network are nobody's (but in a /31, RFC 3021, and a /32). */
static bool is_broadcast(const struct cv_local *local, const struct cv_ip *ip)
{
    uint32_t address, host_bits;

    if (local->is_v6 || local->prefix_length > 126)
        return false;
    memcpy(&address, ip->bytes + 12, sizeof(address));
    host_bits = UINT32_MAX >> (local->prefix_length - 96);
    return (rte_be_to_cpu_32(address) & host_bits) == 0 ||
           (rte_be_to_cpu_32(address) & host_bits) == host_bits;
}

/*
 * Our address on the network of `ip` at that port: the source of our ARP requests and solicitations.
 * CV_NO_LOCAL: not on any.
 */
static uint8_t local_on_network(const struct cv_locals *locals, uint16_t port_id, const struct cv_ip *ip)
{
    for (uint8_t i = 0; i < locals->count; i++)
        if (locals->list[i].port_id == port_id && on_network(&locals->list[i], ip))
            return i;
    return CV_NO_LOCAL;
}

static void write_frame_header(struct cv_next_hop *hop, const struct cv_local *local,
                               const struct rte_ether_addr *mac)
{
    uint8_t *byte = hop->frame_header;
    uint16_t type = local->is_v6 ? RTE_ETHER_TYPE_IPV6 : RTE_ETHER_TYPE_IPV4;

    memcpy(byte, mac, RTE_ETHER_ADDR_LEN);
    memcpy(byte + RTE_ETHER_ADDR_LEN, &local->mac, RTE_ETHER_ADDR_LEN);
    byte += 2 * RTE_ETHER_ADDR_LEN;
    if (local->vlan != 0) {
        *byte++ = RTE_ETHER_TYPE_VLAN >> 8;
        *byte++ = RTE_ETHER_TYPE_VLAN & 0xff;
        *byte++ = (uint8_t)(local->vlan >> 8);
        *byte++ = (uint8_t)local->vlan;
    }
    *byte++ = (uint8_t)(type >> 8);
    *byte++ = (uint8_t)type;
    hop->frame_header_bytes = (uint8_t)(byte - hop->frame_header);
}

static void set_usable(struct cv_next_hop *hop, bool usable)
{
    __atomic_store_n(&hop->usable, usable, __ATOMIC_RELEASE);
}

static void resolve(struct cv_next_hops *hops, struct cv_next_hop *hop, const struct rte_ether_addr *mac)
{
    if (!hop->usable || memcmp(hop->frame_header, mac, RTE_ETHER_ADDR_LEN) != 0) {
        set_usable(hop, false);
        write_frame_header(hop, &hops->locals->list[hop->local], mac);
        set_usable(hop, true);
    }
    hop->state = HOP_RESOLVED;
    hop->probes = 0;
    hop->next_probe_ms = hops->now_ms + RECHECK_MS;
}

static uint16_t take_free(struct cv_next_hops *hops)
{
    uint16_t index = hops->free;

    if (index != CV_NO_NEXT_HOP)
        hops->free = hops->list[index].chain;
    else if (hops->count < hops->max)
        index = hops->count++;
    return index;
}

/* An entry for a neighbour that the table does not have, asked for at the next opportunity. */
static uint16_t add(struct cv_next_hops *hops, uint8_t local_index, const struct cv_ip *ip)
{
    static const struct rte_ether_addr nobody = {{2, 0, 0, 0, 0, 0}};
    const struct cv_local *local = &hops->locals->list[local_index];
    uint16_t *bucket = bucket_of(hops, local->port_id, ip);
    uint16_t index = take_free(hops);
    struct cv_next_hop *hop;

    if (index == CV_NO_NEXT_HOP)
        return index;
    hop = &hops->list[index];
    memset(hop, 0, sizeof(*hop));
    hop->local = local_index;
    hop->port_id = local->port_id;
    hop->mtu = local->mtu;
    hop->ip = *ip;
    hop->state = HOP_UNRESOLVED;
    hop->next_probe_ms = hops->now_ms;
    hop->chain = *bucket;
    *bucket = index;
    if (local->silent) {
        resolve(hops, hop, &nobody);
        hop->state = HOP_FIXED;
    }
    return index;
}

static uint16_t take(struct cv_next_hops *hops, uint8_t local, const struct cv_ip *ip)
{
    uint16_t index = find(hops, hops->locals->list[local].port_id, ip);

    if (index == CV_NO_NEXT_HOP)
        index = add(hops, local, ip);
    if (index != CV_NO_NEXT_HOP)
        hops->list[index].references++;
    return index;
}

static uint16_t take_gateway(struct cv_next_hops *hops, uint8_t index)
{
    const struct cv_local *local = &hops->locals->list[index];
    uint8_t near = local_on_network(hops->locals, local->port_id, &local->gateway);

    return take(hops, near != CV_NO_LOCAL ? near : index, &local->gateway);
}

int cv_next_hops_create(struct cv_next_hops *hops, const struct cv_locals *locals, uint16_t max)
{
    memset(hops, 0, sizeof(*hops));
    if (max == 0 || max == CV_NO_NEXT_HOP)
        return -EINVAL;
    hops->max = max;
    hops->locals = locals;
    hops->free = CV_NO_NEXT_HOP;
    hops->bucket_count = rte_align32pow2(max);
    hops->list = rte_zmalloc("next_hops", max * sizeof(*hops->list), alignof(struct cv_next_hop));
    hops->buckets = malloc(hops->bucket_count * sizeof(*hops->buckets));
    if (hops->list == NULL || hops->buckets == NULL) {
        cv_next_hops_destroy(hops);
        return -ENOMEM;
    }
    memset(hops->buckets, 0xff, hops->bucket_count * sizeof(*hops->buckets)); /* CV_NO_NEXT_HOP */
    for (uint8_t i = 0; i < locals->count; i++) {
        if (cv_ip_is_zero(&locals->list[i].gateway) || take_gateway(hops, i) != CV_NO_NEXT_HOP)
            continue;
        cv_next_hops_destroy(hops);
        return -ENOSPC;
    }
    return 0;
}

void cv_next_hops_destroy(struct cv_next_hops *hops)
{
    rte_free(hops->list);
    free(hops->buckets);
    memset(hops, 0, sizeof(*hops));
}

uint16_t cv_next_hop_take(struct cv_next_hops *hops, uint8_t local, const struct cv_ip *destination)
{
    const struct cv_local *list = hops->locals->list;
    uint8_t near;

    if (local >= hops->locals->count || cv_ip_is_v4(destination) == (list[local].is_v6 != 0) ||
        cv_local_find(hops->locals, list[local].port_id, destination) != CV_NO_LOCAL)
        return CV_NO_NEXT_HOP;
    near = local_on_network(hops->locals, list[local].port_id, destination);
    if (near != CV_NO_LOCAL)
        return is_broadcast(&list[near], destination) ? CV_NO_NEXT_HOP : take(hops, near, destination);
    if (cv_ip_is_zero(&list[local].gateway))
        return CV_NO_NEXT_HOP;
    return take_gateway(hops, local);
}

void cv_next_hop_release(struct cv_next_hops *hops, uint16_t index)
{
    struct cv_next_hop *hop;
    uint16_t *link;

    if (index >= hops->count || hops->list[index].references == 0)
        return;
    hop = &hops->list[index];
    if (--hop->references != 0)
        return;
    set_usable(hop, false);
    hop->state = HOP_FREE;
    for (link = bucket_of(hops, hop->port_id, &hop->ip); *link != index; link = &hops->list[*link].chain)
        ;
    *link = hop->chain;
    hop->chain = hops->free;
    hops->free = index;
}

void cv_next_hop_learn(struct cv_next_hops *hops, uint16_t port_id, const struct cv_ip *ip,
                       const struct rte_ether_addr *mac)
{
    uint16_t index = find(hops, port_id, ip);

    if (index != CV_NO_NEXT_HOP && hops->list[index].state != HOP_FIXED)
        resolve(hops, &hops->list[index], mac);
}

static bool is_due(const struct cv_next_hop *hop, uint32_t now_ms)
{
    return (hop->state == HOP_UNRESOLVED || hop->state == HOP_RESOLVED) &&
           (int32_t)(now_ms - hop->next_probe_ms) >= 0;
}

/* The request for an entry that is due; NULL when the pool is empty: tried again at the next call. */
static struct rte_mbuf *probe(struct cv_next_hop *hop, const struct cv_local *local, uint32_t now_ms,
                              struct rte_mempool *pool)
{
    struct rte_ether_addr known;
    struct rte_mbuf *request;

    if (hop->state == HOP_RESOLVED && hop->probes == GIVE_UP) {
        set_usable(hop, false);
        hop->state = HOP_UNRESOLVED;
    }
    memcpy(&known, hop->frame_header, sizeof(known));
    request = cv_probe_make(pool, local, &hop->ip, hop->state == HOP_RESOLVED ? &known : NULL);
    if (request == NULL)
        return NULL;
    hop->probes = (uint16_t)RTE_MIN(hop->probes + 1, UINT16_MAX);
    hop->next_probe_ms = now_ms + RETRY_MS;
    return request;
}

uint16_t cv_next_hops_probe(struct cv_next_hops *hops, uint32_t now_ms, struct rte_mempool *pool,
                            struct rte_mbuf **requests, uint16_t max)
{
    uint16_t looks = (uint16_t)RTE_MIN(hops->count, LOOK_AT);
    uint16_t made = 0;

    hops->now_ms = now_ms;
    for (uint16_t i = 0; i < looks && made < max; i++) {
        struct cv_next_hop *hop = &hops->list[hops->cursor];

        if (is_due(hop, now_ms)) {
            requests[made] = probe(hop, &hops->locals->list[hop->local], now_ms, pool);
            if (requests[made] == NULL)
                break;
            made++;
        }
        hops->cursor = (uint16_t)((hops->cursor + 1) % hops->count);
    }
    return made;
}
