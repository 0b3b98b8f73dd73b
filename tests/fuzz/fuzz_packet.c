/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any frames at all through a worker and the keeper's answer to its notices, over a table with one of each
 * kind of leg (make_table). The input is a sequence of steps of 4 bytes, most with content after them:
 *
 *      what (8) | how (8) | bytes of content, or milliseconds (16)
 *
 *      FRAME    content arrives by port 0, or 1 with BY_PORT_1
 *      BURST    what has arrived so far goes through the worker
 *      KEEPER   that much time passes, the keeper acts on all notices, sweeps and reclaims
 *      ORDER    control's order for a leg, see order(); the number says which leg and what
 *
 * Little endian. A burst and a keeper's turn end each input. corpus/make_packet.py writes the seeds.
 */
#include "relay/challenge.h"
#include "relay/change.h"
#include "relay/claims.h"
#include "relay/prove.h"
#include "relay/spares.h"
#include "rig.h"
#include "session/peer_probe.h"

#include <netinet/in.h>
#include <rte_random.h>
#include <stdlib.h>
#include <string.h>

#define PAIRS    7
#define HEADROOM 128
#define SLACK    64 /* room behind a frame, so that an answer may be longer than its request */

enum step { FRAME, BURST, KEEPER, ORDER, STEPS };

enum how {
    BY_PORT_1 = 1 << 0,
    FIX_HEADER = 1 << 1, /* right IPv4 header checksum and lengths, for a fuzzer can't compute them */
    EXACT =
        1 << 2, /* no byte behind the frame: the sanitizer sees a read too many, but answers find no room */
    STRIPPED = 1 << 3,      /* the NIC took a tag of VLAN 7 away */
    CHECKSUM_GOOD = 1 << 4, /* the NIC says so, whether it is or not */
    NO_HEADROOM = 1 << 5,
};

static struct rig *rig;
static struct cv_moves *moves;
static struct cv_expiry expiry;
static struct cv_proof_sweep proofs;
static struct cv_spare_sweep spares;
static struct rte_mbuf *arrived[CV_BURST];
static uint16_t arrived_count;
static uint16_t arrived_port;
static bool tunnels; /* some leg has been one */

static void require(int condition)
{
    if (!condition)
        abort();
}

/* ---- The relay ---- */

static void make_table(void)
{
    static const uint8_t cids[][CV_QUIC_CID_MAX] = {"8 bytes of it and 12", "four bytes only.... "};
    uint32_t bound = 2 * rig_pair(rig, 1, 40000, rig_token('a'), rig_fixed("203.0.113.2:2000"));
    uint32_t half = 2 * rig_pair(rig, 2, 40000, rig_token('b'), rig_token('c'));
    uint32_t prefix = 2 * rig_pair(rig, 3, 40001, rig_prefix("203.0.0.0/16"), rig_prefix("2001:db8:5::/48"));
    struct cv_pair_config metered =
        rig_config(4, 40002, rig_fixed("203.0.113.4:4000"), rig_fixed("[2001:db8:4::4]:4000"));
    struct cv_leg_config strict;
    uint32_t slot;

    rig_bind(rig, bound, "203.0.113.1:1000");
    rig_bind(rig, half, "[2001:db8:9::9]:9000");
    rig_bind(rig, prefix + 1, "[2001:db8:5::5]:5000");
    cv_leg_learn_cid(&rig->table, bound, cids[0], CV_QUIC_CID_MAX);
    cv_leg_learn_cid(&rig->table, half, cids[1], CV_CID_MIN_BYTES);
    cv_leg_learn_cid(&rig->table, prefix + 1, cids[0], CV_CID_KEY_BYTES);
    metered.rate_bytes_per_second = 1;
    require(cv_pair_put(&rig->table, &metered, rig->now_ms, &slot) == 0);
    rig_resolve(rig);
    /* Behind a neighbour that has not answered, and on the other port. */
    metered = rig_config(5, 40003, rig_fixed("192.0.2.55:5555"), rig_fixed("203.0.113.5:5000"));
    require(cv_pair_put(&rig->table, &metered, rig->now_ms, &slot) == 0);
    rig_pair(rig, 6, 40004, rig_token('d'), rig_fixed("198.51.100.6:6000"));
    /* One whose address has to be proven, and whose token is good for one. */
    strict = rig_token('e');
    strict.proof = CV_PROOF_NEEDED;
    strict.one_use = 1;
    rig_pair(rig, 7, 40005, strict, rig_token('f'));
}

static void begin(void)
{
    packets_start("fuzz_packet", NULL);
    rte_srand(1); /* the table's secrets */
    rig = rig_start(8);
    moves = cv_moves_create();
    require(moves != NULL && cv_expiry_create(&expiry, 8) == 0);
    make_table();
    arrived_count = 0;
    tunnels = false;
    memset(&proofs, 0, sizeof(proofs));
    memset(&spares, 0, sizeof(spares));
}

static void end(void)
{
    cv_moves_destroy(moves);
    cv_expiry_destroy(&expiry);
    rig_stop(rig);
    require(packets_in_use() == 0);
}

/* ---- Frames ---- */

static void free_buffer(void *address, void *block)
{
    (void)address;
    free(block);
}

/* An mbuf whose data lies in a block of malloc's that ends where the frame may grow to. */
static struct rte_mbuf *guarded(const uint8_t *content, uint16_t bytes, uint8_t how)
{
    struct rte_mbuf *mbuf = rte_pktmbuf_alloc(packets_pool());
    uint16_t headroom = how & NO_HEADROOM ? 0 : HEADROOM;
    /* The count of references comes first, in front of what the mbuf is told of. */
    size_t before = RTE_CACHE_LINE_SIZE;
    uint16_t room = (uint16_t)(headroom + bytes + (how & EXACT ? 0 : SLACK));
    uint8_t *block = malloc(before + room);
    struct rte_mbuf_ext_shared_info *shared = (void *)block;

    require(mbuf != NULL && block != NULL);
    shared->free_cb = free_buffer;
    shared->fcb_opaque = block;
    rte_mbuf_ext_refcnt_set(shared, 1);
    rte_pktmbuf_attach_extbuf(mbuf, block + before, 0, room, shared);
    mbuf->data_off = headroom;
    if (bytes != 0)
        memcpy(rte_pktmbuf_append(mbuf, bytes), content, bytes);
    return mbuf;
}

static void put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void fix_header(struct rte_mbuf *mbuf)
{
    uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);
    uint16_t l3_offset = mbuf->data_len > 18 && frame[12] == 0x81 && frame[13] == 0 ? 18 : 14;
    uint8_t *l3 = frame + l3_offset;
    uint16_t bytes = (uint16_t)(mbuf->data_len - l3_offset);
    uint16_t checksum;

    if (mbuf->data_len < l3_offset + 28)
        return;
    if (l3[0] == 0x45) {
        put16(l3 + 2, bytes);
        put16(l3 + 10, 0);
        checksum = packets_checksum(l3, 20, 0);
        memcpy(l3 + 10, &checksum, 2);
        if (l3[9] == 17)
            put16(l3 + 24, (uint16_t)(bytes - 20));
    } else if (l3[0] >> 4 == 6 && bytes >= 48) {
        put16(l3 + 4, (uint16_t)(bytes - 40));
        if (l3[6] == 17)
            put16(l3 + 44, (uint16_t)(bytes - 40));
    }
}

/* ---- What comes out ---- */

/*
 * What leaves is a right frame, but for checksums that were wrong when it came: those the relay does not
 * look at (UDP between peers) it may not repair.
 */
static void take_sent(uint16_t port_id)
{
    struct rte_mbuf *mbuf;

    while ((mbuf = rig_take(rig, port_id)) != NULL) {
        struct packet_view view;
        const char *wrong = packets_wrong(mbuf, &view);

        if (wrong != NULL && strcmp(wrong, "UDP checksum") != 0) {
            fprintf(stderr, "sent by port %u: %s\n", port_id, wrong);
            rte_pktmbuf_dump(stderr, mbuf, mbuf->data_len);
            abort();
        }
        require(view.vlan == (port_id == RIG_VLAN_PORT ? 7 : 0));
        /* Whoever sent it, a probe goes no further. */
        require(view.protocol != IPPROTO_UDP || view.payload_bytes == 0 ||
                !cv_is_peer_probe(view.payload_bytes, view.payload[0]));
        rte_pktmbuf_free(mbuf);
    }
}

static void burst(void)
{
    const struct cv_worker_stats *stats = &rig->stats[0];
    struct cv_rx rx = {.port_id = arrived_port, .ip_checksum_known = true};
    uint64_t drops = 0;

    if (arrived_count == 0)
        return;
    cv_worker_burst(&rig->workers[0], &rx, arrived, arrived_count);
    arrived_count = 0;
    take_sent(RIG_PORT);
    take_sent(RIG_VLAN_PORT);
    require(packets_in_use() == 0);
    for (unsigned i = 0; i < CV_DROP_COUNT; i++)
        drops += stats->drops[i];
    /* Without sessions, what was forwarded into a tunnel ends there. */
    drops += stats->forwarded_pkts + stats->answered_pkts;
    require(stats->rx_pkts <= drops &&
            drops - stats->rx_pkts <= (tunnels ? stats->drops[CV_DROP_UNBOUND_LEG] : 0));
}

static void on_expiry(void *context, enum cv_expiry_event event, uint64_t pair)
{
    (void)context;
    require((event == CV_EXPIRY_IDLE || event == CV_EXPIRY_EXPIRED) && pair >= 1 && pair <= PAIRS);
}

static bool on_proof(void *context, enum cv_proof_event event, uint32_t leg)
{
    struct rte_mbuf *mbuf;

    (void)context;
    require(leg < 2 * rig->table.max && (cv_leg_at(&rig->table, leg)->flags & CV_LEG_BOUND));
    if (event != CV_PROOF_EVENT_CHALLENGE ||
        (mbuf = cv_challenge_make(&rig->table, leg, packets_pool())) == NULL)
        return true;
    require(packets_wrong(mbuf, &(struct packet_view){0}) == NULL);
    rte_pktmbuf_free(mbuf);
    cv_standing_challenged(&rig->table, leg, rig->now_ms);
    return true;
}

static void keep(uint16_t ms)
{
    struct cv_leg_event event, unbound;
    struct cv_notice notice;

    rig_pass(rig, ms);
    while ((notice = rig_notice(rig)).type != CV_NOTICE_NONE) {
        require(notice.type == CV_NOTICE_NEIGHBOUR ||
                notice.leg < 2 * (rig->table.max + rig->table.next_unused_spare));
        if (notice.type == CV_NOTICE_NEIGHBOUR)
            cv_next_hop_learn(&rig->hops, notice.port_id, &notice.address.ip, &notice.mac);
        else if (cv_moves_notice(moves, &rig->table, &notice, rig->now_ms, &event, &unbound) == CV_MOVE_MOVED)
            require(event.pair != 0 && event.leg < 2 && !cv_ip_is_zero(&event.previous.ip));
    }
    cv_expiry_sweep(&expiry, &rig->table, rig->now_ms, on_expiry, NULL);
    cv_proof_sweep(&proofs, &rig->table, rig->now_ms, on_proof, NULL);
    cv_spares_age(&spares, &rig->table, rig->now_ms);
    cv_pair_table_reclaim(&rig->table);
    require(rig->table.by_address.entries == rig->table.bound_legs);
    require(rig->table.unproven_legs <= rig->table.bound_legs);
}

enum order { CHANGE_TOKEN, CHANGE_TUNNEL, CHANGE_PREFIX, TOKEN, VOUCH, ANSWER, REMOVE, ORDERS };

static void change(uint64_t pair, uint8_t side, struct cv_leg_config to, uint16_t relay_port)
{
    struct cv_leg_change wanted = {.pair = pair, .leg = side, .to = to};
    struct cv_leg_event event;
    bool changed;
    int error;

    wanted.to.relay_port = to.bind == CV_BIND_TUNNEL ? 0 : relay_port;
    error = cv_leg_change(&rig->table, &wanted, rig->now_ms, &changed, &event);
    require(error == 0 || !changed);
    require(!changed || (event.pair == pair && event.leg == side && event.bind == to.bind));
}

/* Pair (3 bits), side (1), what (3), a relay port (3), a token or channel (6). */
static void order(uint16_t number)
{
    const struct cv_leg_config tunnel = {
        .bind = CV_BIND_TUNNEL, .session = 5, .channel = (uint16_t)(1 + (number >> 10))};
    uint32_t slot = cv_find_pair(&rig->table, number % 8), leg = 2 * slot + (number >> 3 & 1);
    uint16_t relay_port = (uint16_t)(40000 + (number >> 7 & 7));
    struct cv_leg_config token = rig_token((uint8_t)('a' + (number >> 10) % 16));
    uint8_t challenge[CV_CHALLENGE_BYTES];
    bool proven;

    if (slot == CV_NO_SLOT)
        return;
    token.one_use = number >> 15 & 1;
    token.proof = number >> 14 & 1 ? CV_PROOF_NEEDED : CV_PROOF_VOUCHED;
    switch ((enum order)((number >> 4 & 7) % ORDERS)) {
    case CHANGE_TOKEN:
        change(number % 8, leg & 1, token, relay_port);
        break;
    case CHANGE_TUNNEL:
        tunnels = true;
        change(number % 8, leg & 1, tunnel, 0);
        break;
    case CHANGE_PREFIX:
        change(number % 8, leg & 1, rig_prefix("203.0.0.0/16"), relay_port);
        break;
    case TOKEN:
        (void)cv_claims_change_token(&rig->table, leg, token.token, CV_NO_LEG);
        break;
    case VOUCH:
        (void)cv_standing_vouch(&rig->table, leg, &cv_leg_at(&rig->table, leg)->source, rig->now_ms);
        break;
    case ANSWER:
        cv_standing_challenge(&rig->table, leg, challenge);
        (void)cv_standing_answer(&rig->table, leg, challenge, rig->now_ms, &proven);
        break;
    case REMOVE:
        cv_pair_remove(&rig->table, slot);
        break;
    case ORDERS:
        break;
    }
}

static void arrive(uint8_t how, const uint8_t *content, uint16_t bytes)
{
    uint16_t port_id = how & BY_PORT_1 ? RIG_VLAN_PORT : RIG_PORT;
    struct rte_mbuf *mbuf;

    if (arrived_count == CV_BURST || port_id != arrived_port)
        burst();
    mbuf = guarded(content, bytes, how);
    arrived_port = mbuf->port = port_id;
    if (how & FIX_HEADER)
        fix_header(mbuf);
    if (how & STRIPPED) {
        mbuf->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
        mbuf->vlan_tci = 7;
    }
    if (how & CHECKSUM_GOOD)
        mbuf->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_GOOD;
    arrived[arrived_count++] = mbuf;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    begin();
    while (bytes >= 4) {
        uint16_t number = (uint16_t)(data[2] | data[3] << 8);
        uint8_t what = data[0] % STEPS, how = data[1];

        data += 4;
        bytes -= 4;
        if (what == BURST) {
            burst();
        } else if (what == KEEPER) {
            keep(number);
        } else if (what == ORDER) {
            order(number);
        } else {
            uint16_t taken = (uint16_t)RTE_MIN(RTE_MIN(number, bytes), (size_t)1600);

            arrive(how, data, taken);
            data += taken;
            bytes -= taken;
        }
    }
    burst();
    keep(2);
    end();
    return 0;
}
