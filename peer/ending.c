/* SPDX-License-Identifier: BSD-3-Clause */
#include "ending.h"

#include "utf8.h"

#include <stdio.h>
#include <string.h>

void ending_begin(struct cv_peer *peer, bool application, uint64_t code, const char *sentence)
{
    if (peer->end.set)
        return;
    peer->end.set = true;
    peer->end.application = application;
    peer->end.code = code;
    snprintf(peer->end.sentence, sizeof(peer->end.sentence), "%s", sentence != NULL ? sentence : "");
    peer->idle = false;
}

static void ended(struct cv_peer *peer, const struct cv_peer_end *end)
{
    if (peer->is_ended)
        return;
    peer->is_ended = true;
    queue_free(&peer->queue);
    peer->config.callbacks->ended(peer->config.user, end);
}

static void ended_by_relay(struct cv_peer *peer)
{
    const ngtcp2_ccerr *error = ngtcp2_conn_get_ccerr(peer->conn);
    char sentence[CV_PEER_SENTENCE_BYTES] = "";
    struct cv_peer_end end = {.by = CV_PEER_ENDED_BY_RELAY, .sentence = sentence};

    if (peer->reset) {
        end.sentence = "the relay does not know this session: stateless reset";
    } else {
        end.application = error->type == NGTCP2_CCERR_TYPE_APPLICATION;
        end.code = error->error_code;
        if (error->reasonlen < sizeof(sentence) &&
            cv_utf8_is_line((const char *)error->reason, error->reasonlen) && error->reasonlen > 0)
            memcpy(sentence, error->reason, error->reasonlen);
    }
    ended(peer, &end);
}

static void ended_by_time(struct cv_peer *peer, const char *sentence)
{
    const struct cv_peer_end end = {.by = CV_PEER_ENDED_BY_TIME, .sentence = sentence};

    ended(peer, &end);
}

void ending_failed(struct cv_peer *peer, int result)
{
    switch (result) {
    case NGTCP2_ERR_DRAINING:
        ended_by_relay(peer);
        break;
    case NGTCP2_ERR_RECV_VERSION_NEGOTIATION: {
        const struct cv_peer_end end = {.by = CV_PEER_ENDED_BY_RELAY,
                                        .sentence = "the relay speaks other versions of QUIC"};
        ended(peer, &end);
        break;
    }
    case NGTCP2_ERR_IDLE_CLOSE:
        ended_by_time(peer, "nothing was heard of the relay for the idle time");
        break;
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
    case NGTCP2_ERR_DROP_CONN:
        ended_by_time(peer, "the handshake with the relay took too long");
        break;
    case NGTCP2_ERR_CRYPTO:
        if (peer->handshake.refusal[0] != '\0')
            ending_begin(peer, false, NGTCP2_CRYPTO_ERROR | SSL_AD_BAD_CERTIFICATE, peer->handshake.refusal);
        ending_begin(peer, false, NGTCP2_CRYPTO_ERROR | ngtcp2_conn_get_tls_alert(peer->conn),
                     "TLS with the relay failed");
        break;
    default:
        ending_begin(peer, false, ngtcp2_err_infer_quic_transport_error_code(result),
                     ngtcp2_strerror(result));
    }
}

ngtcp2_ssize ending_write(struct cv_peer *peer, ngtcp2_path *path, ngtcp2_pkt_info *info, uint8_t *packet,
                          size_t room)
{
    const uint8_t *reason = (const uint8_t *)peer->end.sentence;
    size_t reason_bytes = strlen(peer->end.sentence);
    struct cv_peer_end end = {.by = CV_PEER_ENDED_BY_US,
                              .application = peer->end.application,
                              .code = peer->end.code,
                              .sentence = peer->end.sentence};
    ngtcp2_ccerr error;
    ngtcp2_ssize bytes;

    ngtcp2_ccerr_default(&error);
    if (peer->end.application)
        ngtcp2_ccerr_set_application_error(&error, peer->end.code, reason, reason_bytes);
    else
        ngtcp2_ccerr_set_transport_error(&error, peer->end.code, reason, reason_bytes);
    bytes = ngtcp2_conn_write_connection_close(peer->conn, path, info, packet, room, &error, peer->now_ns);
    ended(peer, &end);
    return bytes > 0 ? bytes : 0;
}
