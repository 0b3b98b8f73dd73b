/* SPDX-License-Identifier: BSD-3-Clause */
#include "rig.h"

#include <rte_cycles.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTICE_SLOTS 1024

static void add_local(struct rig *rig, uint16_t port_id, const char *prefix, const char *gateway,
                      uint16_t vlan)
{
    struct cv_local *local = &rig->locals.list[rig->locals.count++];
    struct cv_prefix parsed;

    assert_int_equal(cv_prefix_parse(prefix, &parsed), 0);
    *local = (struct cv_local){
        .ip = parsed.ip,
        .prefix_length = parsed.length,
        .is_v6 = !cv_ip_is_v4(&parsed.ip),
        .link_local = parsed.ip.bytes[0] == 0xfe,
        .port_id = port_id,
        .mtu = 1500,
        .vlan = vlan,
        .mac = {{2, 0xaa, 0, 0, 0, (uint8_t)port_id}},
    };
    if (gateway != NULL)
        local->gateway = packets_ip(gateway);
}

static void fill_worker(struct rig *rig, unsigned id)
{
    struct cv_worker *worker = &rig->workers[id];

    worker->relay.table = &rig->table;
    worker->relay.hops = &rig->hops;
    worker->relay.locals = &rig->locals;
    worker->relay.context.notices = rig->notices;
    worker->relay.context.stats = &rig->stats[id];
    worker->id = id;
    worker->start_tsc = rte_rdtsc();
    worker->cycles_per_ms = rte_get_tsc_hz() / 1000;
    worker->relay.context.tx[RIG_PORT] = (struct cv_tx){.queue = (uint16_t)id, .present = true};
    worker->relay.context.tx[RIG_VLAN_PORT] = (struct cv_tx){.queue = (uint16_t)id, .present = true};
}

static void *filled(size_t bytes, int with)
{
    void *memory = aligned_alloc(64, (bytes + 63) & ~(size_t)63);

    assert_non_null(memory);
    return memset(memory, with, bytes);
}

struct rig *rig_start(uint32_t pairs)
{
    struct cv_pair_table_limits limits = {.pairs = pairs,
                                          .workers = RIG_WORKERS,
                                          .relay_port_first = RIG_RELAY_PORT,
                                          .relay_port_last = RIG_RELAY_PORT + 63,
                                          .listen_port = RIG_LISTEN_PORT};
    static unsigned started;
    struct rig *rig = filled(sizeof(*rig), 0);
    char name[32];

    snprintf(name, sizeof(name), "rig-%u", started++);
    add_local(rig, RIG_PORT, "192.0.2.1/24", "192.0.2.254", 0);
    add_local(rig, RIG_PORT, "2001:db8::1/64", "2001:db8::fe", 0);
    add_local(rig, RIG_VLAN_PORT, "198.51.100.1/24", NULL, 7);
    add_local(rig, RIG_PORT, "fe80::aa/64", NULL, 0);
    assert_int_equal(cv_next_hops_create(&rig->hops, &rig->locals, 1024), 0);
    assert_int_equal(cv_pair_table_create(&rig->table, &limits, filled(cv_pair_table_bytes(&limits), 0xaa),
                                          &rig->hops, &rig->locals),
                     0);
    rig->notices =
        rte_ring_create_elem(name, sizeof(struct cv_notice), NOTICE_SLOTS, SOCKET_ID_ANY, RING_F_SC_DEQ);
    assert_non_null(rig->notices);
    for (unsigned id = 0; id < RIG_WORKERS; id++)
        fill_worker(rig, id);
    rig_pass(rig, 100000);
    return rig;
}

void rig_stop(struct rig *rig)
{
    for (unsigned id = 0; id < RIG_WORKERS; id++)
        for (unsigned port_id = 0; port_id < CV_MAX_PORTS; port_id++)
            rte_pktmbuf_free_bulk(rig->workers[id].relay.context.tx[port_id].mbufs,
                                  rig->workers[id].relay.context.tx[port_id].count);
    rte_ring_free(rig->notices);
    cv_next_hops_destroy(&rig->hops);
    free(rig->table.memory);
    free(rig);
}

void rig_pass(struct rig *rig, uint32_t ms)
{
    rig->now_ms += ms;
    for (unsigned id = 0; id < RIG_WORKERS; id++) {
        rig->workers[id].relay.context.now_ms = rig->now_ms;
        rig->workers[id].relay.claims_left = 100;
        rig->workers[id].relay.listens_left = 100;
        rig->workers[id].relay.learns_left = 100;
    }
}

struct cv_leg_config rig_token(uint8_t fill)
{
    struct cv_leg_config leg = {.bind = CV_BIND_TOKEN, .proof = CV_PROOF_VOUCHED};

    memset(leg.token, fill, sizeof(leg.token));
    return leg;
}

struct cv_leg_config rig_fixed(const char *address)
{
    return (struct cv_leg_config){
        .bind = CV_BIND_FIXED, .proof = CV_PROOF_EXEMPT, .address = packets_address(address)};
}

struct cv_leg_config rig_prefix(const char *text)
{
    struct cv_prefix prefix;

    assert_int_equal(cv_prefix_parse(text, &prefix), 0);
    return (struct cv_leg_config){.bind = CV_BIND_PREFIX,
                                  .proof = CV_PROOF_VOUCHED,
                                  .prefix_length = prefix.length,
                                  .address = {.ip = prefix.ip}};
}

struct cv_pair_config rig_config(uint64_t number, uint16_t relay_port, struct cv_leg_config a,
                                 struct cv_leg_config b)
{
    if (a.bind != CV_BIND_TUNNEL)
        a.relay_port = relay_port;
    if (b.bind != CV_BIND_TUNNEL)
        b.relay_port = relay_port;
    return (struct cv_pair_config){.pair = number, .idle_s = 120, .legs = {a, b}};
}

uint32_t rig_pair(struct rig *rig, uint64_t number, uint16_t relay_port, struct cv_leg_config a,
                  struct cv_leg_config b)
{
    struct cv_pair_config config = rig_config(number, relay_port, a, b);
    uint32_t slot;

    assert_int_equal(cv_pair_put(&rig->table, &config, rig->now_ms, &slot), 0);
    rig_resolve(rig);
    return slot;
}

void rig_resolve(struct rig *rig)
{
    for (uint16_t i = 0; i < rig->hops.count; i++) {
        const struct cv_next_hop *hop = &rig->hops.list[i];
        struct rte_ether_addr mac = {{2, 0xcc}};

        memcpy(mac.addr_bytes + 2, hop->ip.bytes + 12, 4);
        if (hop->references != 0 && !hop->usable)
            cv_next_hop_learn(&rig->hops, hop->port_id, &hop->ip, &mac);
    }
}

/* Our address that a peer with that address would send to. */
static uint8_t local_of(const struct cv_ip *ip)
{
    if (!cv_ip_is_v4(ip))
        return RIG_LOCAL_V6;
    return ip->bytes[12] == 198 && ip->bytes[13] == 51 ? RIG_LOCAL_VLAN : RIG_LOCAL_V4;
}

void rig_bind(struct rig *rig, uint32_t leg, const char *text)
{
    struct cv_address address = packets_address(text);

    assert_int_equal(cv_leg_bind(&rig->table, leg, &address, local_of(&address.ip), rig->now_ms), 0);
    rig_resolve(rig);
}

void rig_burst_on(struct rig *rig, unsigned worker, struct rte_mbuf **mbufs, uint16_t count)
{
    struct cv_rx rx = {.port_id = mbufs[0]->port};

    cv_worker_burst(&rig->workers[worker], &rx, mbufs, count);
}

void rig_burst(struct rig *rig, struct rte_mbuf *mbuf)
{
    rig_burst_on(rig, 0, &mbuf, 1);
}

struct rte_mbuf *rig_take(struct rig *rig, uint16_t port_id)
{
    for (unsigned id = 0; id < RIG_WORKERS; id++) {
        struct cv_tx *tx = &rig->workers[id].relay.context.tx[port_id];
        struct rte_mbuf *mbuf = tx->mbufs[0];

        if (tx->count == 0)
            continue;
        tx->count--;
        memmove(tx->mbufs, tx->mbufs + 1, tx->count * sizeof(tx->mbufs[0]));
        return mbuf;
    }
    return NULL;
}

struct cv_notice rig_notice(struct rig *rig)
{
    struct cv_notice notice;

    if (rte_ring_sc_dequeue_elem(rig->notices, &notice, sizeof(notice)) != 0)
        notice = (struct cv_notice){.type = CV_NOTICE_NONE};
    return notice;
}

struct rte_mbuf *rig_datagram(const char *from, const char *to, const void *payload, uint16_t bytes)
{
    struct packet_spec spec = packets_spec(from, to, payload, bytes);

    if (local_of(&spec.destination.ip) == RIG_LOCAL_VLAN) {
        spec.port_id = RIG_VLAN_PORT;
        spec.vlan = 7;
    }
    return packets_udp(&spec);
}

uint64_t rig_drops(const struct rig *rig, enum cv_drop reason)
{
    uint64_t drops = 0;

    for (unsigned id = 0; id < RIG_WORKERS; id++)
        drops += rig->stats[id].drops[reason];
    return drops;
}
