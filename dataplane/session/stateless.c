/* SPDX-License-Identifier: BSD-3-Clause */
#include "stateless.h"

#include "quic_path.h"
#include "sending.h"

#include <ngtcp2/ngtcp2_crypto.h>

#define RETRY_TOKEN_LIFE   (10 * NGTCP2_SECONDS)
#define ANSWERS_PER_REFILL 1000 /* to strangers, in REFILL_NS */
#define REFILL_NS          (100 * NGTCP2_MILLISECONDS)
#define RESET_BYTES_MIN \
    21 /* RFC 9000 section 10.3; each is a byte shorter than what it answers, so that resets end */
#define RESET_BYTES_MAX 42

/* Strangers get a bounded number of answers, so that resets and the like cost a bounded share of this thread. */
static struct rte_mbuf *answer_buffer(struct cv_handshakes *handshakes)
{
    if (handshakes->shard->now_ns - handshakes->refill_ns >= REFILL_NS) {
        handshakes->refill_ns = handshakes->shard->now_ns;
        handshakes->answers_left = ANSWERS_PER_REFILL;
    }
    if (handshakes->answers_left == 0)
        return NULL;
    handshakes->answers_left--;
    return cv_send_buffer(handshakes->shard);
}

static void send_answer(struct cv_handshakes *handshakes, const struct cv_rx_packet *rx,
                        struct rte_mbuf *mbuf, ngtcp2_ssize bytes)
{
    struct cv_session_route route;

    if (bytes <= 0) {
        cv_send_keep(handshakes->shard, mbuf);
        return;
    }
    cv_session_route_learn(&route, rx);
    rte_pktmbuf_append(mbuf, (uint16_t)bytes);
    cv_send(handshakes->shard, &route, 0, mbuf);
}

enum cv_drop cv_stateless_version(struct cv_handshakes *handshakes, const struct cv_rx_packet *rx,
                                  const ngtcp2_version_cid *ids)
{
    static const uint32_t versions[] = {NGTCP2_PROTO_VER_V1, NGTCP2_PROTO_VER_V2};
    struct rte_mbuf *mbuf;
    uint8_t random;

    if (rx->bytes < CV_INITIAL_BYTES_MIN)
        return CV_DROP_SESSION_BAD;
    mbuf = answer_buffer(handshakes);
    if (mbuf == NULL)
        return CV_DROP_SESSION_BUSY;
    handshakes->stats->negotiations_total++;
    cv_cid_random(handshakes->shard->codec, &random, 1);
    send_answer(handshakes, rx, mbuf,
                ngtcp2_pkt_write_version_negotiation(
                    rte_pktmbuf_mtod(mbuf, uint8_t *), rte_pktmbuf_tailroom(mbuf), random, ids->scid,
                    ids->scidlen, ids->dcid, ids->dcidlen, versions, RTE_DIM(versions)));
    return CV_DROP_CONSUMED;
}

enum cv_drop cv_stateless_reset(struct cv_handshakes *handshakes, const struct cv_rx_packet *rx,
                                const ngtcp2_version_cid *ids)
{
    ngtcp2_stateless_reset_token token;
    struct rte_mbuf *mbuf;
    uint8_t random[RESET_BYTES_MAX];
    size_t bytes = RTE_MIN((size_t)rx->bytes - 1, (size_t)RESET_BYTES_MAX);

    if (rx->bytes <= RESET_BYTES_MIN || ids->dcidlen != CV_ISSUED_CID_BYTES)
        return CV_DROP_SESSION_UNKNOWN;
    mbuf = answer_buffer(handshakes);
    if (mbuf == NULL)
        return CV_DROP_SESSION_BUSY;
    handshakes->stats->resets_total++;
    cv_cid_reset_token(handshakes->shard->codec, ids->dcid, token.data);
    cv_cid_random(handshakes->shard->codec, random, sizeof(random));
    send_answer(handshakes, rx, mbuf,
                ngtcp2_pkt_write_stateless_reset2(rte_pktmbuf_mtod(mbuf, uint8_t *), bytes, &token, random,
                                                  bytes - CV_RESET_TOKEN_BYTES));
    return CV_DROP_SESSION_UNKNOWN;
}

enum cv_drop cv_stateless_retry(struct cv_handshakes *handshakes, const struct cv_initial *initial)
{
    const struct cv_shard *shard = handshakes->shard;
    const ngtcp2_pkt_hd *header = initial->header;
    struct cv_address local = cv_session_local(shard->all, initial->rx->local);
    struct cv_cid fields = {initial->rx->shard_id, 0, CV_CID_SLOT_RETRY, 1};
    uint8_t token[NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN2];
    ngtcp2_path_storage path;
    struct rte_mbuf *mbuf;
    ngtcp2_cid own = {.datalen = CV_ISSUED_CID_BYTES};
    ngtcp2_ssize token_bytes;

    cv_cid_random(shard->codec, (uint8_t *)&fields.sequence, sizeof(fields.sequence));
    cv_cid_encode(shard->codec, &fields, own.data);
    cv_path_fill(&path, &local, &initial->rx->address);
    token_bytes = ngtcp2_crypto_generate_retry_token2(
        token, handshakes->token_secret, sizeof(handshakes->token_secret), header->version,
        path.path.remote.addr, path.path.remote.addrlen, &own, &header->dcid, shard->now_ns);
    mbuf = token_bytes > 0 ? answer_buffer(handshakes) : NULL;
    if (mbuf == NULL)
        return CV_DROP_SESSION_BUSY;
    handshakes->stats->retries_total++;
    send_answer(handshakes, initial->rx, mbuf,
                ngtcp2_crypto_write_retry(rte_pktmbuf_mtod(mbuf, uint8_t *), rte_pktmbuf_tailroom(mbuf),
                                          header->version, &header->scid, &own, &header->dcid, token,
                                          (size_t)token_bytes));
    return CV_DROP_CONSUMED;
}

bool cv_retry_token_good(struct cv_handshakes *handshakes, struct cv_initial *initial)
{
    const ngtcp2_pkt_hd *header = initial->header;
    struct cv_address local = cv_session_local(handshakes->shard->all, initial->rx->local);
    ngtcp2_path_storage path;

    if (header->tokenlen == 0 || header->token[0] != NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY2)
        return false;
    cv_path_fill(&path, &local, &initial->rx->address);
    initial->retried =
        ngtcp2_crypto_verify_retry_token2(&initial->original_dcid, header->token, header->tokenlen,
                                          handshakes->token_secret, sizeof(handshakes->token_secret),
                                          header->version, path.path.remote.addr, path.path.remote.addrlen,
                                          &header->dcid, RETRY_TOKEN_LIFE, handshakes->shard->now_ns) == 0;
    return initial->retried;
}
