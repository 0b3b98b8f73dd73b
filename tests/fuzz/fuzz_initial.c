/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Anything at all to the listening port, from peers of both families and behind a VLAN, through a worker, the
 * handshake thread and back: connection IDs, version negotiation, Retry and its tokens, stateless reset, the
 * limits of handshakes, and what ngtcp2 does with the first packets of strangers. The first byte chooses the
 * configuration; then come steps of 4 bytes, those with packets with content after them:
 *
 *      what (8) | how (8) | bytes of content, or milliseconds (16)
 *
 *      PACKET   content is the payload of a datagram
 *      PASS     that much time passes
 *
 * Little endian. corpus/make_initial.py writes the seeds. Whatever came, afterwards a minute passes, and with
 * it every handshake: nothing may be left.
 */
#include "session/peer_probe.h"
#include "session_rig.h"

#include <stdlib.h>
#include <string.h>

#define SESSIONS          16
#define SOURCES           8
#define SHORT_CID_AT      1
#define INITIAL_BYTES_MIN 1200
#define DATAGRAM_MAX      1472
#define TURNS_MAX         200
#define MINUTE_MS         60000

enum step { PACKET, PASS, STEPS };

enum how {
    SOURCE = SOURCES - 1,
    PAD = 1 << 3,   /* zeros up to the least that an Initial's datagram has */
    REPLY = 1 << 4, /* to the connection ID that the relay chose last for this source */
    TOKEN =
        1 << 5, /* an Initial with the Retry token that this source got; content goes on after the version */
    TICKET =
        1 << 6, /* behind the first 4 bytes the ticket of the session in the first slot, if there is one */
};

struct source {
    const char *from, *to;
    size_t bytes_in, bytes_out; /* of payload, as the relay counts them */
    bool proven;                /* it has shown a token */
    uint8_t cid[20], own[20], token[256];
    uint8_t cid_bytes, own_bytes;
    uint16_t token_bytes;
};

static const struct source places[SOURCES] = {
    {.from = "203.0.113.1:1000", .to = "192.0.2.1:443"},
    {.from = "203.0.113.1:1001", .to = "192.0.2.1:443"},
    {.from = "203.0.113.2:1000", .to = "192.0.2.1:443"},
    {.from = "198.18.7.7:7", .to = "192.0.2.1:443"},
    {.from = "198.51.100.9:9", .to = "198.51.100.1:443"},
    {.from = "[2001:db8:9::9]:9000", .to = "[2001:db8::1]:443"},
    {.from = "[2001:db8:9:1::9]:9000", .to = "[2001:db8::1]:443"},
    {.from = "[2001:db8:a::9]:9000", .to = "[2001:db8::1]:443"},
};

static struct session_rig relay;
static struct source sources[SOURCES];
static bool token_shown;

static void require(int condition)
{
    if (!condition)
        abort();
}

/* ---- The relay ---- */

static void begin(uint8_t choice)
{
    struct cv_config_session *config = &relay.config.session;

    if (relay.config.sessions_max == 0)
        session_rig_config(&relay.config, SESSIONS);
    config->retry = choice & 1 ? CV_RETRY_ALWAYS : CV_RETRY_LOADED;
    config->retry_over = choice & 2 ? 2 : 100;
    config->handshakes_per_prefix = choice & 4 ? 2 : 100;
    session_rig_start(&relay, "fuzz_initial");
    memcpy(sources, places, sizeof(sources));
    token_shown = false;
}

/* ---- What comes out ---- */

static struct source *source_of(const struct cv_address *address)
{
    for (unsigned i = 0; i < SOURCES; i++) {
        struct cv_address from = packets_address(sources[i].from);

        if (cv_address_equal(&from, address))
            return &sources[i];
    }
    abort();
}

static bool is_retry(const uint8_t *payload)
{
    static const uint8_t versions[][4] = {{0, 0, 0, 1}, {0x6b, 0x33, 0x43, 0xcf}};

    return ((payload[0] & 0xf0) == 0xf0 && memcmp(payload + 1, versions[0], 4) == 0) ||
           ((payload[0] & 0xf0) == 0xc0 && memcmp(payload + 1, versions[1], 4) == 0);
}

/*
 * The connection IDs of a long header (RFC 8999), and a Retry's token with its integrity tag behind it.
 * Version negotiation gives back IDs of any length, and none to answer to.
 */
static void learn(struct source *source, const uint8_t *payload, uint16_t bytes)
{
    static const uint8_t negotiation[4];
    const uint8_t *dcid = payload + 6, *scid = dcid + payload[5] + 1;
    uint16_t head = (uint16_t)(7 + payload[5] + scid[-1]);

    if (memcmp(payload + 1, negotiation, sizeof(negotiation)) == 0)
        return;
    require(payload[5] <= 20 && scid[-1] <= 20 && head <= bytes);
    source->own_bytes = payload[5];
    memcpy(source->own, dcid, source->own_bytes);
    source->cid_bytes = scid[-1];
    memcpy(source->cid, scid, source->cid_bytes);
    if (is_retry(payload)) {
        source->token_bytes = (uint16_t)(bytes - head - 16);
        require(bytes > head + 16 && source->token_bytes <= sizeof(source->token));
        memcpy(source->token, payload + head, source->token_bytes);
    }
}

/* Takes what was sent by a port; returns how many packets. */
static unsigned take_sent(uint16_t port_id)
{
    struct rte_mbuf *mbuf;
    unsigned count = 0;

    while ((mbuf = rig_take(relay.rig, port_id)) != NULL) {
        struct packet_view view;
        struct source *source;

        require(packets_wrong(mbuf, &view) == NULL && view.payload_bytes > 0);
        require(view.vlan == (port_id == RIG_VLAN_PORT ? 7 : 0));
        source = source_of(&view.destination);
        source->bytes_out += view.payload_bytes;
        /* RFC 9000 section 8.1: until the address is proven. */
        require(source->proven || source->bytes_out <= 3 * source->bytes_in);
        if (view.payload[0] & 0x80)
            learn(source, view.payload, view.payload_bytes);
        rte_pktmbuf_free(mbuf);
        count++;
    }
    return count;
}

static void check_counts(void)
{
    const struct cv_handshakes *handshakes = relay.sessions->handshakes;
    uint32_t count = 0;

    for (unsigned i = 0; i < CV_HANDSHAKE_PREFIXES; i++)
        count += handshakes->by_prefix[i];
    require(count == handshakes->count && count <= relay.config.session.handshakes_max);
    /* RFC 9000 section 8.1.2: nothing is kept for who has not shown a token. */
    require(relay.config.session.retry != CV_RETRY_ALWAYS || token_shown || handshakes->shard->sessions == 0);
}

static unsigned turn(void)
{
    session_rig_turn(&relay);
    check_counts();
    return take_sent(RIG_PORT) + take_sent(RIG_VLAN_PORT);
}

/* ---- What goes in ---- */

#define BEFORE_IDS 5 /* first byte and version */

static uint8_t *put(uint8_t *at, const void *from, size_t bytes)
{
    if (bytes > 0)
        memcpy(at, from, bytes);
    return at + bytes;
}

/* An Initial that answers a Retry, in `out`; what follows the token is content's, too. Returns its bytes. */
static size_t with_token(const struct source *source, const uint8_t *content, size_t bytes, uint8_t *out)
{
    size_t before = RTE_MIN(bytes, (size_t)BEFORE_IDS);
    uint8_t *at = put(out, content, before);

    *at++ = source->cid_bytes;
    at = put(at, source->cid, source->cid_bytes);
    *at++ = source->own_bytes;
    at = put(at, source->own, source->own_bytes);
    *at++ = (uint8_t)(0x40 | source->token_bytes >> 8);
    *at++ = (uint8_t)source->token_bytes;
    at = put(at, source->token, source->token_bytes);
    at = put(at, content + before, RTE_MIN(bytes - before, (size_t)(out + DATAGRAM_MAX - at)));
    return (size_t)(at - out);
}

static void reply(const struct source *source, uint8_t *packet, size_t bytes)
{
    size_t at = bytes > 0 && packet[0] & 0x80 ? BEFORE_IDS + 1 : SHORT_CID_AT;

    if (bytes < at + source->cid_bytes)
        return;
    if (at > SHORT_CID_AT)
        packet[BEFORE_IDS] = source->cid_bytes;
    put(packet + at, source->cid, source->cid_bytes);
}

/* A probe, if the rest is one. No session here is a worker's yet, so it is nobody's all the same. */
static void name_session(uint8_t *packet, size_t bytes)
{
    const struct cv_session *session = &relay.sessions->slots[0];

    if (bytes >= CV_PROBE_BYTES && session->conn != NULL)
        cv_peer_probe_ticket(session, packet + CV_PROBE_BYTES - CV_TICKET_BYTES);
}

static void arrive(uint8_t how, const uint8_t *content, size_t bytes)
{
    struct source *source = &sources[how & SOURCE];
    uint8_t packet[DATAGRAM_MAX] = {0};
    unsigned answers;

    if (how & TOKEN && source->token_bytes > 0) {
        bytes = with_token(source, content, bytes, packet);
        source->proven = token_shown = true;
    } else {
        put(packet, content, bytes);
    }
    if (how & REPLY)
        reply(source, packet, bytes);
    if (how & TICKET)
        name_session(packet, bytes);
    if (how & PAD)
        bytes = RTE_MAX(bytes, (size_t)INITIAL_BYTES_MIN);
    source->bytes_in += bytes;
    rig_burst(relay.rig, rig_datagram(source->from, source->to, packet, (uint16_t)bytes));
    answers = turn();
    require(answers == 0 || !cv_is_peer_probe((uint16_t)bytes, packet[0]));
    /* Whatever is answered without being a session's, it is answered once. */
    require(answers <= 1 || relay.sessions->handshakes->shard->sessions > 0);
}

static void end(void)
{
    const struct cv_shard *shard = relay.sessions->handshakes->shard;
    const struct rte_mempool *handshake_mbufs;

    for (unsigned i = 0; i < TURNS_MAX && shard->sessions > 0; i++) {
        session_rig_pass(&relay, MINUTE_MS);
        (void)turn();
    }
    require(shard->sessions == 0 && relay.sessions->handshakes->count == 0);
    require(cv_page_pool_free_pages(&shard->pages) == shard->pages.total);
    require(packets_in_use() == 0);
    handshake_mbufs = relay.sessions->handshake_mbufs;
    session_rig_stop(&relay);
    require(rte_mempool_in_use_count(handshake_mbufs) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    if (bytes == 0)
        return 0;
    begin(data[0]);
    data++;
    bytes--;
    while (bytes >= 4) {
        uint16_t number = (uint16_t)(data[2] | data[3] << 8);
        uint8_t what = data[0] % STEPS, how = data[1];
        size_t taken = RTE_MIN(RTE_MIN((size_t)number, bytes - 4), (size_t)DATAGRAM_MAX);

        if (what == PASS) {
            session_rig_pass(&relay, number);
            (void)turn();
            taken = 0;
        } else {
            arrive(how, data + 4, taken);
        }
        data += 4 + taken;
        bytes -= 4 + taken;
    }
    end();
    return 0;
}
