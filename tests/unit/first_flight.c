/* SPDX-License-Identifier: BSD-3-Clause */
#include "first_flight.h"

#include "protocol/varint.h"
#include "quic_invariants.h"
#include "quic_path.h"
#include "session/expand.h"

#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_ossl.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

/* cmocka.h wants these first. */
#include <cmocka.h>

#define SECOND NGTCP2_SECONDS

struct client {
    SSL_CTX *context;
    SSL *ssl;
    ngtcp2_crypto_ossl_ctx *tls;
    ngtcp2_crypto_conn_ref ref;
    ngtcp2_conn *conn;
};

static void on_random(uint8_t *out, size_t bytes, const ngtcp2_rand_ctx *context)
{
    (void)context;
    assert_int_equal(RAND_bytes(out, (int)bytes), 1);
}

static int on_new_cid(ngtcp2_conn *conn, ngtcp2_cid *cid, ngtcp2_stateless_reset_token *token, size_t bytes,
                      void *user)
{
    (void)conn;
    (void)user;
    cid->datalen = bytes;
    on_random(cid->data, bytes, NULL);
    on_random(token->data, sizeof(token->data), NULL);
    return 0;
}

static const ngtcp2_callbacks callbacks = {
    .client_initial = ngtcp2_crypto_client_initial_cb,
    .recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,
    .encrypt = ngtcp2_crypto_encrypt_cb,
    .decrypt = ngtcp2_crypto_decrypt_cb,
    .hp_mask = ngtcp2_crypto_hp_mask_cb,
    .recv_retry = ngtcp2_crypto_recv_retry_cb,
    .rand = on_random,
    .get_new_connection_id2 = on_new_cid,
    .update_key = ngtcp2_crypto_update_key_cb,
    .delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
    .delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
    .version_negotiation = ngtcp2_crypto_version_negotiation_cb,
    .get_path_challenge_data2 = ngtcp2_crypto_get_path_challenge_data2_cb,
};

static ngtcp2_conn *conn_of(ngtcp2_crypto_conn_ref *ref)
{
    return ((struct client *)ref->user_data)->conn;
}

/* RFC 7301 section 3.1. */
static void offer(SSL *ssl, const char *protocols)
{
    uint8_t list[256];
    size_t bytes = 0;

    while (protocols != NULL && *protocols != '\0') {
        size_t length = strcspn(protocols, ",");

        assert_true(length > 0 && length < 256 && bytes + 1 + length <= sizeof(list));
        list[bytes++] = (uint8_t)length;
        memcpy(list + bytes, protocols, length);
        bytes += length;
        protocols += length + (protocols[length] == ',');
    }
    assert_int_equal(SSL_set_alpn_protos(ssl, list, (unsigned)bytes), 0);
}

static void start_tls(struct client *client, const struct first_flight_client *options)
{
    client->context = SSL_CTX_new(TLS_client_method());
    assert_non_null(client->context);
    client->ssl = SSL_new(client->context);
    assert_non_null(client->ssl);
    assert_int_equal(ngtcp2_crypto_ossl_ctx_new(&client->tls, client->ssl), 0);
    assert_int_equal(ngtcp2_crypto_ossl_configure_client_session(client->ssl), 0);
    offer(client->ssl, options->alpn);
    if (options->name != NULL)
        assert_int_equal(SSL_set_tlsext_host_name(client->ssl, options->name), 1);
    if (options->groups != NULL)
        assert_int_equal(SSL_set1_groups_list(client->ssl, options->groups), 1);
    client->ref = (ngtcp2_crypto_conn_ref){conn_of, client};
    SSL_set_app_data(client->ssl, &client->ref);
    SSL_set_connect_state(client->ssl);
}

static void start_quic(struct client *client, const struct first_flight_client *options, ngtcp2_path *path)
{
    ngtcp2_cid own = {.datalen = 8}, first = {.datalen = options->dcid_bytes > 0 ? options->dcid_bytes : 18};
    ngtcp2_transport_params parameters;
    ngtcp2_settings settings;

    on_random(own.data, own.datalen, NULL);
    on_random(first.data, first.datalen, NULL);
    ngtcp2_settings_default(&settings);
    settings.initial_ts = SECOND;
    ngtcp2_transport_params_default(&parameters);
    assert_int_equal(ngtcp2_conn_client_new(&client->conn, &first, &own, path, options->version, &callbacks,
                                            &settings, &parameters, NULL, client),
                     0);
    ngtcp2_conn_set_tls_native_handle(client->conn, client->tls);
}

static void stop(struct client *client)
{
    ngtcp2_conn_set_tls_native_handle(client->conn, NULL);
    ngtcp2_crypto_ossl_ctx_del(client->tls);
    SSL_set_app_data(client->ssl, NULL);
    SSL_free(client->ssl);
    SSL_CTX_free(client->context);
    ngtcp2_conn_del(client->conn);
}

void first_flight_make(struct first_flight *flight, const struct first_flight_client *options)
{
    struct cv_address local, remote;
    struct client client = {0};
    ngtcp2_path_storage path;
    ngtcp2_pkt_info info;
    ngtcp2_ssize bytes;

    assert_int_equal(cv_address_parse("203.0.113.1:1000", &local), 0);
    assert_int_equal(cv_address_parse("192.0.2.1:443", &remote), 0);
    cv_path_fill(&path, &local, &remote);
    start_tls(&client, options);
    start_quic(&client, options, &path.path);
    flight->count = 0;
    while ((bytes = ngtcp2_conn_write_pkt(client.conn, NULL, &info, flight->datagrams[flight->count],
                                          FIRST_FLIGHT_BYTES, SECOND)) > 0) {
        assert_int_equal(bytes, FIRST_FLIGHT_BYTES);
        assert_true(++flight->count < FIRST_FLIGHT_DATAGRAMS);
    }
    assert_int_equal(bytes, 0);
    stop(&client);
}

/* ---- Packets of one's own ---- */

#define NUMBER_BYTES 2

struct keys {
    struct cv_aead_key aead;
    struct cv_header_key header;
    uint8_t iv[CV_AEAD_NONCE_BYTES];
};

static void make_keys(struct keys *keys, struct cv_crypto *crypto, uint32_t version, const uint8_t dcid[8])
{
    uint8_t secret[CV_TRAFFIC_SECRET_BYTES_MAX], raw[16];

    cv_expand_initial(version, dcid, 8, secret);
    cv_expand_label(CV_SUITE_AES_128_GCM, version, secret, CV_LABEL_KEY, raw, sizeof(raw));
    cv_aead_key_init(crypto, &keys->aead, CV_SUITE_AES_128_GCM, raw);
    cv_expand_label(CV_SUITE_AES_128_GCM, version, secret, CV_LABEL_HEADER_KEY, raw, sizeof(raw));
    cv_header_key_init(crypto, &keys->header, CV_SUITE_AES_128_GCM, raw);
    cv_expand_label(CV_SUITE_AES_128_GCM, version, secret, CV_LABEL_IV, keys->iv, sizeof(keys->iv));
}

/* RFC 9000 section 17.2.2, RFC 9369 section 3.2. */
static size_t write_header(uint8_t *out, uint32_t version, const uint8_t dcid[8], uint16_t number,
                           size_t length)
{
    uint8_t *at = out;

    *at++ = (uint8_t)((version == CV_QUIC_VERSION_2 ? 0xd0 : 0xc0) | (NUMBER_BYTES - 1));
    for (int shift = 24; shift >= 0; shift -= 8)
        *at++ = (uint8_t)(version >> shift);
    *at++ = 8;
    memcpy(at, dcid, 8);
    at += 8;
    *at++ = 0; /* no ID of our own */
    *at++ = 0; /* no token */
    *at++ = (uint8_t)(0x40 | length >> 8);
    *at++ = (uint8_t)length;
    *at++ = (uint8_t)(number >> 8);
    *at++ = (uint8_t)number;
    return (size_t)(at - out);
}

size_t first_flight_seal(struct cv_crypto *crypto, uint32_t version, const uint8_t dcid[8], uint16_t number,
                         const uint8_t *frames, size_t frames_bytes, size_t bytes, uint8_t *out)
{
    size_t head = write_header(out, version, dcid, number, 0), number_at = head - NUMBER_BYTES;
    uint8_t mask[CV_HEADER_MASK_BYTES], nonce[CV_AEAD_NONCE_BYTES];
    struct keys keys;

    if (bytes == 0)
        bytes = head + frames_bytes + CV_AEAD_TAG_BYTES;
    assert_true(bytes <= FIRST_FLIGHT_BYTES && bytes >= head + frames_bytes + CV_AEAD_TAG_BYTES);
    write_header(out, version, dcid, number, bytes - number_at);
    memset(out + head, 0, bytes - head); /* PADDING */
    memcpy(out + head, frames, frames_bytes);
    make_keys(&keys, crypto, version, dcid);
    memcpy(nonce, keys.iv, sizeof(nonce));
    nonce[10] ^= (uint8_t)(number >> 8);
    nonce[11] ^= (uint8_t)number;
    assert_true(
        cv_aead_seal(&keys.aead, out + head, out + head, bytes - head - CV_AEAD_TAG_BYTES, nonce, out, head));
    assert_true(cv_header_mask(&keys.header, mask, out + number_at + 4));
    out[0] ^= mask[0] & 0x0f;
    for (unsigned i = 0; i < NUMBER_BYTES; i++)
        out[number_at + i] ^= mask[1 + i];
    cv_aead_key_wipe(&keys.aead);
    cv_header_key_wipe(&keys.header);
    return bytes;
}
