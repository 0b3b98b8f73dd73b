/* SPDX-License-Identifier: BSD-3-Clause */
#include "listening.h"

#include <string.h>

#define CID_BYTES 8

struct session_rig relay;
struct rig *rig;
static struct cv_moves *moves;

int listening_setup(void **state)
{
    (void)state;
    if (relay.config.sessions_max == 0)
        session_rig_config(&relay.config, 4);
    session_rig_start(&relay, "test_listen");
    rig = relay.rig;
    moves = cv_moves_create();
    assert_non_null(moves);
    session_rig_turn(&relay);
    return 0;
}

int listening_teardown(void **state)
{
    (void)state;
    session_rig_turn(&relay);
    cv_moves_destroy(moves);
    session_rig_stop(&relay);
    assert_int_equal(packets_in_use(), 0);
    return 0;
}

uint32_t listening_pair(uint64_t number, uint8_t fill)
{
    return 2 * rig_pair(rig, number, RIG_LISTEN_PORT, rig_token(fill), rig_token((uint8_t)(fill + 1)));
}

void keep(void)
{
    struct cv_leg_event event, unbound;
    struct cv_notice notice;

    while ((notice = rig_notice(rig)).type != CV_NOTICE_NONE)
        cv_moves_notice(moves, &rig->table, &notice, rig->now_ms, &event, &unbound);
    rig_resolve(rig);
}

void send_from(const char *from, const void *payload, uint16_t bytes)
{
    rig_burst(rig, rig_datagram(from, LISTENING, payload, bytes));
}

void send_token(const char *from, uint8_t fill)
{
    struct cv_leg_config leg = rig_token(fill);

    send_from(from, leg.token, sizeof(leg.token));
}

void assert_got(const char *peer, const void *payload, uint16_t bytes)
{
    struct rte_mbuf *mbuf = rig_take(rig, RIG_PORT);
    struct cv_address address = packets_address(peer), from = packets_address(LISTENING);
    struct packet_view view;

    assert_non_null(mbuf);
    view = packets_read(mbuf);
    assert_true(cv_address_equal(&view.destination, &address));
    assert_true(cv_address_equal(&view.source, &from));
    if (payload != NULL) {
        assert_int_equal(view.payload_bytes, bytes);
        assert_memory_equal(view.payload, payload, bytes);
    }
    rte_pktmbuf_free(mbuf);
}

void assert_got_nothing(void)
{
    assert_null(rig_take(rig, RIG_PORT));
}

unsigned discard_sent(void)
{
    struct rte_mbuf *mbuf;
    unsigned count = 0;

    for (; (mbuf = rig_take(rig, RIG_PORT)) != NULL; count++)
        rte_pktmbuf_free(mbuf);
    return count;
}

const uint8_t *long_packet(uint8_t first_byte, uint8_t dcid, uint8_t scid)
{
    static uint8_t packet[PACKET_BYTES];
    const uint8_t head[] = {first_byte, 0, 0, 0, CV_QUIC_VERSION_1};
    uint8_t *at = packet + sizeof(head);

    memset(packet, 0x55, sizeof(packet));
    memcpy(packet, head, sizeof(head));
    *at++ = dcid != 0 ? CID_BYTES : 0;
    memset(at, dcid, dcid != 0 ? CID_BYTES : 0);
    at += dcid != 0 ? CID_BYTES : 0;
    *at++ = scid != 0 ? CID_BYTES : 0;
    memset(at, scid, scid != 0 ? CID_BYTES : 0);
    return packet;
}

const uint8_t *short_packet(uint8_t dcid)
{
    static uint8_t packet[PACKET_BYTES];

    memset(packet, 0x55, sizeof(packet));
    packet[0] = 0x40;
    memset(packet + 1, dcid, CID_BYTES);
    return packet;
}
