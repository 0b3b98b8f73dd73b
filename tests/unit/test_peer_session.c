/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A peer's session where no relay answers: what it needs to be told, its first packets, and how it gives up.
 * Sessions with a relay are in tests/netns/test_session_peer*.sh.
 */
#include "certificates.h"
#include "peer/session.h"
#include "protocol/session_error.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* It wants some of the above first. */
#include <cmocka.h>

#define SECOND UINT64_C(1000000000)
#define TAG    0x01020304u

static struct {
    char certificate[64], key[64], other_key[64];
    struct cv_peer_id id;
    struct cv_peer_tls *tls;
    unsigned ends;
    struct cv_peer_end end;
    char sentence[CV_PEER_SENTENCE_BYTES];
} rig;

/* ---- Files ---- */

static FILE *temporary(char path[64])
{
    int fd;

    strcpy(path, "/tmp/peer-session-XXXXXX");
    fd = mkstemp(path);
    assert_true(fd >= 0);
    return fdopen(fd, "w");
}

static void write_key(char path[64], EVP_PKEY *key)
{
    FILE *file = temporary(path);

    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(file);
}

static void write_certificate(char path[64], EVP_PKEY *key)
{
    static struct test_chain chain;
    const uint8_t *der = chain.bytes + 3;
    FILE *file = temporary(path);
    X509 *certificate;

    test_chain_add(&chain, key, key);
    certificate = d2i_X509(NULL, &der, (long)chain.count - 3);
    assert_non_null(certificate);
    assert_int_equal(PEM_write_X509(file, certificate), 1);
    fclose(file);
    X509_free(certificate);
}

static int set_up(void **state)
{
    EVP_PKEY *key = test_key("ED25519"), *other = test_key("P-256");
    struct cv_peer_tls_config config = {rig.certificate, rig.key, NULL};
    char error[256];

    (void)state;
    write_key(rig.key, key);
    write_key(rig.other_key, other);
    write_certificate(rig.certificate, key);
    rig.id = test_id(key);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
    return cv_peer_tls_create(&rig.tls, &config, error, sizeof(error));
}

static int tear_down(void **state)
{
    (void)state;
    cv_peer_tls_destroy(rig.tls);
    unlink(rig.key);
    unlink(rig.other_key);
    unlink(rig.certificate);
    return 0;
}

/* ---- A session ---- */

static void on_capsule(void *user, const struct cv_capsule *capsule)
{
    (void)user;
    (void)capsule;
    fail();
}

static void on_ended(void *user, const struct cv_peer_end *end)
{
    assert_ptr_equal(user, &rig);
    rig.ends++;
    rig.end = *end;
    strcpy(rig.sentence, end->sentence);
}

static const struct cv_peer_callbacks callbacks = {on_capsule, NULL, on_ended};

static struct cv_peer_config sound_config(void)
{
    struct cv_peer_config config;

    cv_peer_config_default(&config);
    config.tls = rig.tls;
    config.callbacks = &callbacks;
    config.user = &rig;
    config.tag = TAG;
    assert_int_equal(cv_address_parse("192.0.2.7:4000", &config.local), 0);
    assert_int_equal(cv_address_parse("192.0.2.1:443", &config.relay), 0);
    rig.ends = 0;
    return config;
}

static struct cv_peer *open_session(const struct cv_peer_config *config)
{
    struct cv_peer *peer;

    assert_int_equal(cv_peer_create(&peer, config, SECOND), 0);
    return peer;
}

static size_t write_one(struct cv_peer *peer, uint8_t packet[CV_PEER_PAYLOAD_MAX], uint64_t now_ns)
{
    struct cv_peer_way way;
    size_t bytes = cv_peer_write(peer, &way, packet, CV_PEER_PAYLOAD_MAX, now_ns);

    if (bytes > 0) {
        assert_int_equal(way.local.port_be, htons(4000));
        assert_int_equal(way.remote.port_be, htons(443));
    }
    return bytes;
}

/* All that there is to write at one time; how many packets. */
static unsigned write_all(struct cv_peer *peer, uint64_t now_ns)
{
    uint8_t packet[CV_PEER_PAYLOAD_MAX];
    unsigned count = 0;

    while (write_one(peer, packet, now_ns) > 0 && count < 100)
        count++;
    assert_true(count < 100);
    return count;
}

/* ---- Tests ---- */

static void tls_says_what_is_wrong(void **state)
{
    const struct {
        struct cv_peer_tls_config config;
        const char *named;
    } cases[] = {
        {{"/nowhere.pem", rig.key, NULL}, "/nowhere.pem"},
        {{rig.certificate, "/nowhere.key", NULL}, "/nowhere.key"},
        {{rig.certificate, rig.other_key, NULL}, rig.other_key},
        {{rig.key, rig.key, NULL}, rig.key},
        {{rig.certificate, rig.key, "TLS_NO_SUCH_SUITE"}, "TLS_NO_SUCH_SUITE"},
    };
    char error[256];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cv_peer_tls *tls;

        error[0] = '\0';
        assert_int_equal(cv_peer_tls_create(&tls, &cases[i].config, error, sizeof(error)), -EINVAL);
        assert_null(tls);
        assert_non_null(strstr(error, cases[i].named));
    }
    assert_true(cv_peer_id_equal(cv_peer_tls_id(rig.tls), &rig.id));
}

static void refuses_what_cannot_work(void **state)
{
    struct cv_peer_config config[] = {
        sound_config(), sound_config(), sound_config(), sound_config(),
        sound_config(), sound_config(), sound_config(),
    };
    struct cv_peer *peer;

    (void)state;
    config[0].quic_version = 3;
    config[1].payload_bytes = CV_PEER_PAYLOAD_MIN - 1;
    config[2].payload_bytes = CV_PEER_PAYLOAD_MAX + 1;
    config[3].relay.port_be = 0;
    config[4].legs = CV_LEG_KINDS + 1;
    config[5].tls = NULL;
    assert_int_equal(cv_address_parse("[2001:db8::7]:4000", &config[6].local), 0); /* the relay's is IPv4 */
    for (size_t i = 0; i < sizeof(config) / sizeof(config[0]); i++) {
        assert_int_equal(cv_peer_create(&peer, &config[i], SECOND), -EINVAL);
        assert_null(peer);
    }
}

/* RFC 9000 section 14.1: datagrams with Initial packets have at least 1,200 bytes. */
static void first_packet(void **state)
{
    const struct {
        uint8_t version;
        uint8_t bytes[4];
    } cases[] = {{1, {0, 0, 0, 1}}, {2, {0x6b, 0x33, 0x43, 0xcf}}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct cv_peer_config config = sound_config();
        uint8_t packet[CV_PEER_PAYLOAD_MAX];
        struct cv_peer *peer;
        size_t dcid_bytes;

        config.quic_version = cases[i].version;
        peer = open_session(&config);
        assert_true(write_one(peer, packet, SECOND) >= 1200);
        assert_memory_equal(packet + 1, cases[i].bytes, 4);
        dcid_bytes = packet[5];
        assert_true(dcid_bytes >= 8);
        assert_int_equal(packet[6 + dcid_bytes], CV_PEER_OWN_CID_BYTES);
        assert_memory_equal(packet + 7 + dcid_bytes, ((uint8_t[]){1, 2, 3, 4}), 4); /* the tag */
        cv_peer_destroy(peer);
    }
}

static void tag_of_a_packet(void **state)
{
    uint8_t packet[32] = {0x40, 1, 2, 3, 4, 9, 9, 9, 9};
    uint32_t tag = 0;

    (void)state;
    assert_true(cv_peer_packet_tag(packet, 9, &tag));
    assert_int_equal(tag, TAG);
    assert_false(cv_peer_packet_tag(packet, 8, &tag));
    memcpy(packet, (uint8_t[]){0xc0, 0, 0, 0, 1, CV_PEER_OWN_CID_BYTES, 4, 3, 2, 1}, 10);
    assert_true(cv_peer_packet_tag(packet, 14, &tag));
    assert_int_equal(tag, 0x04030201);
    assert_false(cv_peer_packet_tag(packet, 13, &tag));
    packet[5] = CV_PEER_OWN_CID_BYTES + 1;
    assert_false(cv_peer_packet_tag(packet, 32, &tag));
}

static void gives_up(void **state)
{
    struct cv_peer_config config = sound_config();
    struct cv_peer *peer = open_session(&config);
    uint64_t now_ns = SECOND;
    unsigned packets = write_all(peer, now_ns), turns = 0;

    (void)state;
    while (rig.ends == 0 && turns++ < 1000) {
        assert_true(cv_peer_deadline_ns(peer) > now_ns);
        now_ns = cv_peer_deadline_ns(peer);
        cv_peer_expire(peer, now_ns);
        packets += write_all(peer, now_ns);
    }
    assert_int_equal(rig.ends, 1);
    assert_int_equal(rig.end.by, CV_PEER_ENDED_BY_TIME);
    assert_true(now_ns >= 11 * SECOND && now_ns < 12 * SECOND);
    assert_true(packets >= 5); /* it tried again */
    assert_true(cv_peer_deadline_ns(peer) == UINT64_MAX);
    assert_int_equal(write_all(peer, now_ns), 0);
    cv_peer_destroy(peer);
}

static void closes_before_the_handshake(void **state)
{
    struct cv_peer_config config = sound_config();
    struct cv_peer *peer = open_session(&config);

    (void)state;
    write_all(peer, SECOND);
    cv_peer_close(peer, CV_SESSION_ERROR_NONE, "enough");
    cv_peer_close(peer, CV_SESSION_ERROR_INTERNAL, "too late");
    assert_int_equal(rig.ends, 0);
    write_all(peer, SECOND);
    assert_int_equal(rig.ends, 1);
    assert_int_equal(rig.end.by, CV_PEER_ENDED_BY_US);
    assert_int_equal(rig.end.code, CV_SESSION_ERROR_NONE);
    assert_string_equal(rig.sentence, "enough");
    cv_peer_destroy(peer);
}

static void nothing_before_registered(void **state)
{
    struct cv_peer_config config = sound_config();
    struct cv_peer *peer = open_session(&config);
    struct cv_address elsewhere;
    struct cv_peer_stats stats;
    uint64_t request;

    (void)state;
    assert_int_equal(cv_peer_request(peer, &rig.id, CV_LEG_KIND_UDP, NULL, &request), -ENOTCONN);
    assert_int_equal(cv_peer_accept(peer, 1, CV_LEG_KIND_UDP, NULL), -ENOTCONN);
    assert_int_equal(cv_peer_close_pair(peer, 1), -ENOTCONN);
    assert_int_equal(cv_peer_send(peer, 1, (const uint8_t *)"x", 1, SECOND), -ENOTCONN);
    assert_int_equal(cv_peer_room_bytes(peer, 1), 0);
    assert_int_equal(cv_address_parse("192.0.2.8:4000", &elsewhere), 0);
    assert_int_equal(cv_peer_move(peer, &elsewhere, SECOND), -EAGAIN);
    cv_peer_stats(peer, &stats);
    assert_false(stats.handshake_done);
    assert_int_equal(stats.payload_bytes, 1200);
    cv_peer_destroy(peer);
}

/* Anything may come to a socket. */
static void garbage(void **state)
{
    struct cv_peer_config config = sound_config();
    struct cv_peer *peer = open_session(&config);
    uint8_t packet[CV_PEER_PAYLOAD_MAX];

    (void)state;
    srand(3);
    for (unsigned i = 0; i < 1010; i++) {
        size_t bytes = i < 1000 ? (size_t)rand() % sizeof(packet) : write_one(peer, packet, SECOND);

        for (size_t j = 0; i < 1000 && j < bytes; j++)
            packet[j] = (uint8_t)rand();
        cv_peer_receive(peer, &config.local, &config.relay, 0, packet, bytes, SECOND);
    }
    write_all(peer, SECOND);
    assert_int_equal(rig.ends, 0);
    cv_peer_destroy(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls_says_what_is_wrong),
        cmocka_unit_test(refuses_what_cannot_work),
        cmocka_unit_test(first_packet),
        cmocka_unit_test(tag_of_a_packet),
        cmocka_unit_test(gives_up),
        cmocka_unit_test(closes_before_the_handshake),
        cmocka_unit_test(nothing_before_registered),
        cmocka_unit_test(garbage),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
