/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A client by ngtcp2 and OpenSSL that knows of QUIC and nothing of Culvert: it sends and hears what a
 * test wants, without I/O. All of these fail the running cmocka test.
 */
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_ossl.h>
#include <openssl/ssl.h>
#include <stdbool.h>

struct quic_client_options {
    uint32_t version;   /* of QUIC */
    const char *alpn;   /* protocols with commas between; NULL: none */
    const char *name;   /* of the server; NULL: none */
    const char *groups; /* as OpenSSL writes them; NULL: OpenSSL's own choice */
    uint8_t dcid_bytes; /* of the first packets; 0: 18 */
    bool certificate;   /* it has one to show */
};

struct quic_client {
    SSL_CTX *context;
    SSL *ssl;
    ngtcp2_crypto_ossl_ctx *tls;
    ngtcp2_crypto_conn_ref ref;
    ngtcp2_conn *conn;
    ngtcp2_path_storage path;
    int64_t stream; /* -1: not opened */
    uint8_t out[4096];
    size_t out_bytes, out_sent;
    uint64_t rx_stream_bytes;
};

/* From `from` to `to`, addresses as cv_address_parse takes them. */
void quic_client_start(struct quic_client *client, const struct quic_client_options *options,
                       const char *from, const char *to, uint64_t now_ns);
void quic_client_stop(struct quic_client *client);

/* The next packet; 0: there is none. Serves its timers, too. */
size_t quic_client_write(struct quic_client *client, uint8_t *packet, size_t room, uint64_t now_ns);
void quic_client_read(struct quic_client *client, const uint8_t *packet, size_t bytes, uint64_t now_ns);

/* Bytes for its first bidirectional stream, to be written after the handshake. */
void quic_client_say(struct quic_client *client, const void *bytes, size_t count);

/* A DATAGRAM frame of so many bytes in a packet of its own. Returns the packet's bytes. */
size_t quic_client_datagram(struct quic_client *client, size_t bytes, uint8_t *packet, size_t room,
                            uint64_t now_ns);

ngtcp2_conn_info quic_client_info(const struct quic_client *client);
