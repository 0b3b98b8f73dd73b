/* SPDX-License-Identifier: BSD-3-Clause */
#include "quic_client.h"

#include "certificates.h"
#include "quic_path.h"

#include <openssl/rand.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

/* cmocka.h wants these first. */
#include <cmocka.h>

/* ---- Callbacks ---- */

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

static int on_stream_data(ngtcp2_conn *conn, uint32_t flags, int64_t stream, uint64_t offset,
                          const uint8_t *data, size_t bytes, void *user, void *stream_user)
{
    (void)conn;
    (void)flags;
    (void)stream;
    (void)offset;
    (void)data;
    (void)stream_user;
    ((struct quic_client *)user)->rx_stream_bytes += bytes;
    return 0;
}

static const ngtcp2_callbacks callbacks = {
    .client_initial = ngtcp2_crypto_client_initial_cb,
    .recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,
    .encrypt = ngtcp2_crypto_encrypt_cb,
    .decrypt = ngtcp2_crypto_decrypt_cb,
    .hp_mask = ngtcp2_crypto_hp_mask_cb,
    .recv_stream_data = on_stream_data,
    .recv_retry = ngtcp2_crypto_recv_retry_cb,
    .rand = on_random,
    .get_new_connection_id2 = on_new_cid,
    .update_key = ngtcp2_crypto_update_key_cb,
    .delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
    .delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
    .version_negotiation = ngtcp2_crypto_version_negotiation_cb,
    .get_path_challenge_data2 = ngtcp2_crypto_get_path_challenge_data2_cb,
};

/* ---- Set-up ---- */

static ngtcp2_conn *conn_of(ngtcp2_crypto_conn_ref *ref)
{
    return ((struct quic_client *)ref->user_data)->conn;
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

static void show_certificate(SSL *ssl)
{
    static struct test_chain chain;
    EVP_PKEY *key = test_key("P-256");
    const uint8_t *der = chain.bytes + 3;
    X509 *certificate;

    chain.count = 0;
    test_chain_add(&chain, key, key);
    certificate = d2i_X509(NULL, &der, (long)(chain.count - 3));
    assert_non_null(certificate);
    assert_int_equal(SSL_use_certificate(ssl, certificate), 1);
    assert_int_equal(SSL_use_PrivateKey(ssl, key), 1);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static void start_tls(struct quic_client *client, const struct quic_client_options *options)
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
    if (options->certificate)
        show_certificate(client->ssl);
    client->ref = (ngtcp2_crypto_conn_ref){conn_of, client};
    SSL_set_app_data(client->ssl, &client->ref);
    SSL_set_connect_state(client->ssl);
}

static void start_quic(struct quic_client *client, const struct quic_client_options *options, uint64_t now_ns)
{
    ngtcp2_cid own = {.datalen = 8}, first = {.datalen = options->dcid_bytes > 0 ? options->dcid_bytes : 18};
    ngtcp2_transport_params parameters;
    ngtcp2_settings settings;

    on_random(own.data, own.datalen, NULL);
    on_random(first.data, first.datalen, NULL);
    ngtcp2_settings_default(&settings);
    settings.initial_ts = now_ns;
    settings.no_pmtud = 1;
    ngtcp2_transport_params_default(&parameters);
    parameters.initial_max_stream_data_bidi_local = parameters.initial_max_data = 1 << 16;
    parameters.max_datagram_frame_size = 65535;
    assert_int_equal(ngtcp2_conn_client_new(&client->conn, &first, &own, &client->path.path, options->version,
                                            &callbacks, &settings, &parameters, NULL, client),
                     0);
    ngtcp2_conn_set_tls_native_handle(client->conn, client->tls);
}

void quic_client_start(struct quic_client *client, const struct quic_client_options *options,
                       const char *from, const char *to, uint64_t now_ns)
{
    struct cv_address local, remote;

    memset(client, 0, sizeof(*client));
    client->stream = -1;
    assert_int_equal(cv_address_parse(from, &local), 0);
    assert_int_equal(cv_address_parse(to, &remote), 0);
    cv_path_fill(&client->path, &local, &remote);
    start_tls(client, options);
    start_quic(client, options, now_ns);
}

void quic_client_stop(struct quic_client *client)
{
    ngtcp2_conn_set_tls_native_handle(client->conn, NULL);
    ngtcp2_crypto_ossl_ctx_del(client->tls);
    SSL_set_app_data(client->ssl, NULL);
    SSL_free(client->ssl);
    SSL_CTX_free(client->context);
    ngtcp2_conn_del(client->conn);
}

/* ---- Packets ---- */

size_t quic_client_write(struct quic_client *client, uint8_t *packet, size_t room, uint64_t now_ns)
{
    ngtcp2_vec data = {client->out + client->out_sent, client->out_bytes - client->out_sent};
    ngtcp2_ssize bytes, taken = -1;
    ngtcp2_pkt_info info;

    if (ngtcp2_conn_get_expiry(client->conn) <= now_ns)
        assert_int_equal(ngtcp2_conn_handle_expiry(client->conn, now_ns), 0);
    if (data.len > 0 && client->stream < 0 && ngtcp2_conn_get_streams_bidi_left(client->conn) > 0)
        assert_int_equal(ngtcp2_conn_open_bidi_stream(client->conn, &client->stream, NULL), 0);
    bytes = ngtcp2_conn_writev_stream(client->conn, NULL, &info, packet, room, &taken,
                                      NGTCP2_WRITE_STREAM_FLAG_NONE, data.len > 0 ? client->stream : -1,
                                      &data, data.len > 0, now_ns);
    assert_true(bytes >= 0);
    if (taken > 0)
        client->out_sent += (size_t)taken;
    return (size_t)bytes;
}

void quic_client_read(struct quic_client *client, const uint8_t *packet, size_t bytes, uint64_t now_ns)
{
    ngtcp2_pkt_info info = {0};

    assert_int_equal(ngtcp2_conn_read_pkt(client->conn, &client->path.path, &info, packet, bytes, now_ns), 0);
}

void quic_client_say(struct quic_client *client, const void *bytes, size_t count)
{
    assert_true(client->out_bytes + count <= sizeof(client->out));
    memcpy(client->out + client->out_bytes, bytes, count);
    client->out_bytes += count;
}

size_t quic_client_datagram(struct quic_client *client, size_t bytes, uint8_t *packet, size_t room,
                            uint64_t now_ns)
{
    static uint8_t zeros[1200];
    ngtcp2_vec data = {zeros, bytes};
    ngtcp2_pkt_info info;
    ngtcp2_ssize written;
    int accepted = 0;

    assert_true(bytes <= sizeof(zeros));
    written = ngtcp2_conn_writev_datagram(client->conn, NULL, &info, packet, room, &accepted,
                                          NGTCP2_WRITE_DATAGRAM_FLAG_NONE, 0, &data, 1, now_ns);
    assert_true(written > 0 && accepted);
    return (size_t)written;
}

ngtcp2_conn_info quic_client_info(const struct quic_client *client)
{
    ngtcp2_conn_info info;

    ngtcp2_conn_get_conn_info(client->conn, &info);
    return info;
}
