/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any datagrams at all to the listening port, on which sessions and UDP legs live together: through a worker, the handshake
 * thread and the keeper's answer to notices. The input is a sequence of steps of 4 bytes, those with packets with content
 * after them:
 *
 *      what (8) | how (8) | bytes of content, or milliseconds (16)
 *
 *      PACKET   content is the payload of a datagram from the source that `how` says
 *      TOKEN    a datagram with the token of the leg that the number says, from that source; no content
 *      TURN     one of the handshake thread and one of the worker, after that much time
 *      KEEP     the keeper acts on all notices, and that much time passes
 *
 * Little endian. corpus/make_listen.py writes the seeds. Each packet is forwarded, answered, a session's or dropped, and
 * none is left at the end.
 */
#include "session_rig.h"

#include "session/leg_initials.h"

#include <stdlib.h>
#include <string.h>

#define SESSIONS     8
#define SOURCES      4
#define PAIRS        10 /* more than may have one address */
#define DATAGRAM_MAX 1472
#define MINUTE_MS    60000
#define TURNS_MAX    200

enum step { PACKET, TOKEN, TURN, KEEP, STEPS };

enum how {
    SOURCE = SOURCES - 1,
    PAD = 1 << 3, /* zeros up to the least that an Initial's datagram has */
};

static const char *const sources[SOURCES] = {"203.0.113.1:1000", "203.0.113.2:2000", "203.0.113.1:1001",
                                             "198.18.7.7:7"};

static struct session_rig relay;
static struct cv_moves *moves;
static uint64_t sent;

static void require(int condition)
{
    if (!condition)
        abort();
}

static void begin(void)
{
    if (relay.config.sessions_max == 0)
        session_rig_config(&relay.config, SESSIONS);
    session_rig_start(&relay, "fuzz_listen");
    moves = cv_moves_create();
    require(moves != NULL);
    for (uint8_t i = 0; i < PAIRS; i++)
        rig_pair(relay.rig, i + 1u, RIG_LISTEN_PORT, rig_token((uint8_t)(2 * i + 1)),
                 rig_token((uint8_t)(2 * i + 2)));
    sent = 0;
}

static void take_sent(void)
{
    struct rte_mbuf *mbuf;

    while ((mbuf = rig_take(relay.rig, RIG_PORT)) != NULL) {
        struct packet_view view;

        require(packets_wrong(mbuf, &view) == NULL);
        require(view.source.port_be == rte_cpu_to_be_16(RIG_LISTEN_PORT));
        rte_pktmbuf_free(mbuf);
    }
    require(rig_take(relay.rig, RIG_VLAN_PORT) == NULL);
}

static void check_legs(void)
{
    const struct cv_pair_table *table = &relay.rig->table;

    require(table->by_address.entries == table->bound_legs);
    for (uint32_t i = 0; i < SOURCES; i++) {
        struct cv_address address = packets_address(sources[i]);
        uint32_t legs[CV_LEGS_AT_MAX];
        uint32_t count = cv_find_legs_at(table, &address, rte_cpu_to_be_16(RIG_LISTEN_PORT), legs);

        for (uint32_t j = 0; j < count; j++)
            require(count == 1 || (cv_leg_at(table, legs[j])->flags & CV_LEG_SHARED));
    }
}

static void turn(void)
{
    session_rig_turn(&relay);
    take_sent();
}

static void keep(uint16_t ms)
{
    struct cv_leg_event event, unbound;
    struct cv_notice notice;

    while ((notice = rig_notice(relay.rig)).type != CV_NOTICE_NONE) {
        require(notice.leg < 2 * relay.rig->table.max);
        cv_moves_notice(moves, &relay.rig->table, &notice, relay.rig->now_ms, &event, &unbound);
    }
    rig_resolve(relay.rig);
    rig_pass(relay.rig, ms);
    check_legs();
}

static void arrive(uint8_t how, const uint8_t *content, size_t bytes)
{
    uint8_t packet[DATAGRAM_MAX] = {0};

    if (bytes > 0)
        memcpy(packet, content, bytes);
    if (how & PAD)
        bytes = RTE_MAX(bytes, (size_t)1200);
    rig_burst(relay.rig, rig_datagram(sources[how & SOURCE], "192.0.2.1:443", packet, (uint16_t)bytes));
    sent++;
    take_sent();
}

static void send_token(uint8_t how, uint16_t number)
{
    struct cv_leg_config leg = rig_token((uint8_t)(number % (2 * PAIRS) + 1));

    arrive(how & SOURCE, leg.token, sizeof(leg.token));
}

static void end(void)
{
    const struct cv_shard *shard = relay.sessions->handshakes->shard;
    const struct rte_mempool *handshake_mbufs = relay.sessions->handshake_mbufs;

    turn();
    session_rig_pass(&relay, CV_LEG_INITIAL_MS);
    turn();
    for (unsigned i = 0; i < TURNS_MAX && shard->sessions > 0; i++) {
        session_rig_pass(&relay, MINUTE_MS);
        turn();
    }
    require(shard->sessions == 0 && packets_in_use() == 0);
    require(relay.rig->stats[0].rx_pkts == sent);
    cv_moves_destroy(moves);
    session_rig_stop(&relay);
    require(rte_mempool_in_use_count(handshake_mbufs) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    begin();
    while (bytes >= 4) {
        uint16_t number = (uint16_t)(data[2] | data[3] << 8);
        uint8_t what = data[0] % STEPS, how = data[1];
        size_t taken = 0;

        if (what == PACKET) {
            taken = RTE_MIN(RTE_MIN((size_t)number, bytes - 4), (size_t)DATAGRAM_MAX);
            arrive(how, data + 4, taken);
        } else if (what == TOKEN) {
            send_token(how, number);
        } else if (what == TURN) {
            session_rig_pass(&relay, number);
            turn();
        } else {
            keep(number);
        }
        data += 4 + taken;
        bytes -= 4 + taken;
    }
    end();
    return 0;
}
