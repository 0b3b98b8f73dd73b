/* SPDX-License-Identifier: BSD-3-Clause */
#include "accept.h"

#include "connection.h"
#include "quic_invariants.h"
#include "routes.h"
#include "tls.h"
#include "trace.h"

#include <errno.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <rte_jhash.h>
#include <rte_malloc.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_TOKEN_LIFE   (10 * NGTCP2_SECONDS)
#define ANSWERS_PER_REFILL 1000 /* to strangers, in REFILL_NS */
#define REFILL_NS          (100 * NGTCP2_MILLISECONDS)
#define INITIAL_BYTES_MIN  1200 /* of a datagram with an Initial packet: RFC 9000 section 14.1 */
#define RESET_BYTES_MIN    43   /* of what is answered with a reset, so that resets don't answer each other */
#define RESET_BYTES_MAX    42

/* ---- Life ---- */

int cv_handshakes_create(struct cv_handshakes **out, struct cv_sessions *all, char *error, size_t error_bytes)
{
    struct cv_handshakes *handshakes = rte_zmalloc("handshakes", sizeof(*handshakes), 64);
    uint32_t buckets = rte_align32pow2(2 * all->max);
    int result;

    *out = handshakes;
    if (handshakes == NULL)
        return -ENOMEM;
    TAILQ_INIT(&handshakes->asking);
    handshakes->buckets = rte_zmalloc("handshake-index", buckets * sizeof(void *), 64);
    handshakes->bucket_mask = buckets - 1;
    if (handshakes->buckets == NULL ||
        RAND_bytes((unsigned char *)&handshakes->hash_key, sizeof(handshakes->hash_key)) != 1 ||
        RAND_bytes(handshakes->token_secret, sizeof(handshakes->token_secret)) != 1)
        return -ENOMEM;
    result = cv_owner_create(&handshakes->owner, all, CV_SESSION_SHARD_HANDSHAKE,
                             cv_handshake_pages(all->config), error, error_bytes);
    for (uint32_t i = 0; result == 0 && i < all->max; i++)
        handshakes->owner->free_slots[handshakes->owner->free_count++] = &all->slots[all->max - 1 - i];
    return result;
}

void cv_handshakes_destroy(struct cv_handshakes *handshakes)
{
    if (handshakes == NULL)
        return;
    cv_owner_destroy(handshakes->owner);
    OPENSSL_cleanse(handshakes->token_secret, sizeof(handshakes->token_secret));
    rte_free(handshakes->buckets);
    rte_free(handshakes);
}

/* ---- Handshakes in progress ---- */

/* rte_jhash reads words, and what is hashed here lies anywhere: up to 20 bytes count, find compares all. */
static uint32_t hash_of(const void *bytes, size_t count, uint32_t key)
{
    _Alignas(uint32_t) uint8_t aligned[CV_QUIC_CID_MAX];

    count = RTE_MIN(count, sizeof(aligned));
    memcpy(aligned, bytes, count);
    return rte_jhash(aligned, (uint32_t)count, key);
}

static struct cv_session **bucket(struct cv_handshakes *handshakes, const uint8_t *dcid, size_t bytes,
                                  const struct cv_address *address)
{
    uint32_t hash = hash_of(dcid, bytes, handshakes->hash_key);

    return &handshakes->buckets[hash_of(address, sizeof(*address), hash) & handshakes->bucket_mask];
}

static struct cv_session *find(struct cv_handshakes *handshakes, const uint8_t *dcid, size_t bytes,
                               const struct cv_address *address)
{
    struct cv_session *session = *bucket(handshakes, dcid, bytes, address);

    while (session != NULL && (session->handshake->original_dcid.datalen != bytes ||
                               memcmp(session->handshake->original_dcid.data, dcid, bytes) != 0 ||
                               !cv_address_equal(&session->handshake->address, address)))
        session = session->handshake->same_hash;
    return session;
}

/* IPv4 /24, IPv6 /48: what one subscriber or network gets. */
static uint16_t prefix_of(const struct cv_handshakes *handshakes, const struct cv_address *address)
{
    return (uint16_t)(hash_of(&address->ip, cv_ip_is_v4(&address->ip) ? 15 : 6, handshakes->hash_key) %
                      CV_HANDSHAKE_PREFIXES);
}

void cv_handshakes_wait(struct cv_session *session)
{
    struct cv_handshakes *handshakes = session->owner->all->handshakes;

    TAILQ_INSERT_TAIL(&handshakes->asking, session, asking_link);
    session->handshake->waiting = true;
}

void cv_handshake_forget(struct cv_session *session)
{
    struct cv_handshakes *handshakes = session->owner->all->handshakes;
    struct cv_handshake *handshake = session->handshake;

    if (handshake->counted) {
        struct cv_session **link = bucket(handshakes, handshake->original_dcid.data,
                                          handshake->original_dcid.datalen, &handshake->address);

        while (*link != session)
            link = &(*link)->handshake->same_hash;
        *link = handshake->same_hash;
        handshakes->count--;
        handshakes->by_prefix[handshake->prefix]--;
    }
    if (handshake->waiting)
        TAILQ_REMOVE(&handshakes->asking, session, asking_link);
    cv_tls_stop(session);
    free(handshake->chain);
    OPENSSL_cleanse(&handshake->moving, sizeof(handshake->moving));
    free(handshake);
    session->handshake = NULL;
}

static struct cv_session *take_slot(struct cv_session_owner *owner)
{
    struct cv_session *session = NULL;

    if (owner->free_count > 0)
        session = owner->free_slots[--owner->free_count];
    else if (rte_ring_sc_dequeue(owner->all->free_slots, (void **)&session) != 0)
        return NULL;
    return session;
}

/* An empty session in a slot of its own; NULL: no memory. */
static struct cv_session *new_session(struct cv_handshakes *handshakes, const struct cv_first_packet *first)
{
    struct cv_session_owner *owner = handshakes->owner;
    struct cv_session *session = take_slot(owner);
    uint32_t slot, generation;

    if (session == NULL)
        return NULL;
    slot = (uint32_t)(session - owner->all->slots);
    generation = cv_session_next_generation(session->generation);
    memset(session, 0, sizeof(*session));
    session->slot = slot;
    session->phase = CV_SESSION_PHASE_END;
    session->local = first->arrival->local;
    session->address = first->arrival->address;
    session->start_ns = owner->now_ns;
    session->shard = first->arrival->shard;
    __atomic_store_n(&session->generation, generation, __ATOMIC_RELEASE);
    cv_arena_init(&session->arena, owner->all->bases + (size_t)slot * CV_ARENA_BASE_BYTES, &owner->pages,
                  CV_HANDSHAKE_PAGES_MAX);
    session->handshake = calloc(1, sizeof(*session->handshake));
    cv_owner_adopt(owner, session);
    atomic_store_explicit(&session->place, CV_PLACE_HANDSHAKE, memory_order_release);
    return session;
}

static void count_in(struct cv_handshakes *handshakes, struct cv_session *session,
                     const struct cv_first_packet *first)
{
    struct cv_handshake *handshake = session->handshake;
    struct cv_session **head;

    handshake->original_dcid = first->header->dcid;
    handshake->address = first->arrival->address;
    handshake->prefix = prefix_of(handshakes, &handshake->address);
    head = bucket(handshakes, handshake->original_dcid.data, handshake->original_dcid.datalen,
                  &handshake->address);
    handshake->same_hash = *head;
    *head = session;
    handshake->counted = true;
    handshakes->count++;
    handshakes->stats->handshakes_total++;
    handshakes->by_prefix[handshake->prefix]++;
}

static enum cv_drop start(struct cv_handshakes *handshakes, const struct cv_first_packet *first)
{
    const struct cv_session_owner *owner = handshakes->owner;
    struct cv_session *session;

    if (handshakes->count >= owner->all->config->session.handshakes_max)
        return CV_DROP_SESSION_FULL;
    if (handshakes->by_prefix[prefix_of(handshakes, &first->arrival->address)] >=
        owner->all->config->session.handshakes_per_prefix)
        return CV_DROP_SESSION_PREFIX;
    session = new_session(handshakes, first);
    if (session == NULL)
        return CV_DROP_SESSION_FULL;
    if (owner->all->traces != NULL)
        cv_traces_begin(owner->all->traces, session);
    if (session->handshake != NULL)
        count_in(handshakes, session, first);
    if (session->handshake == NULL || cv_connection_create(session, first) != 0 ||
        !cv_tls_start(session, owner->all->tls)) {
        cv_owner_end(handshakes->owner, session, CV_SESSION_END_NO_ROOM, NGTCP2_INTERNAL_ERROR, false);
        return CV_DROP_SESSION_FULL;
    }
    cv_routes_learn(session, first->arrival);
    cv_owner_read(handshakes->owner, session, first->arrival);
    return CV_DROP_CONSUMED;
}

/* ---- Answers that keep nothing ---- */

/* Strangers get a bounded number of answers, so that resets and the like cost a bounded share of this thread.
 */
static struct rte_mbuf *answer_buffer(struct cv_handshakes *handshakes)
{
    if (handshakes->owner->now_ns - handshakes->refill_ns >= REFILL_NS) {
        handshakes->refill_ns = handshakes->owner->now_ns;
        handshakes->answers_left = ANSWERS_PER_REFILL;
    }
    if (handshakes->answers_left == 0)
        return NULL;
    handshakes->answers_left--;
    return cv_owner_buffer(handshakes->owner);
}

static void send_answer(struct cv_handshakes *handshakes, const struct cv_arrival *arrival,
                        struct rte_mbuf *mbuf, ngtcp2_ssize bytes)
{
    struct cv_session_route route;

    if (bytes <= 0) {
        handshakes->owner->spare = mbuf;
        return;
    }
    cv_route_learn(&route, arrival);
    rte_pktmbuf_append(mbuf, (uint16_t)bytes);
    cv_owner_send(handshakes->owner, &route, 0, mbuf);
}

static enum cv_drop negotiate_version(struct cv_handshakes *handshakes, const struct cv_arrival *arrival,
                                      const ngtcp2_version_cid *ids)
{
    static const uint32_t versions[] = {NGTCP2_PROTO_VER_V1, NGTCP2_PROTO_VER_V2};
    struct rte_mbuf *mbuf;
    uint8_t random;

    if (arrival->bytes < INITIAL_BYTES_MIN)
        return CV_DROP_SESSION_BAD;
    mbuf = answer_buffer(handshakes);
    if (mbuf == NULL)
        return CV_DROP_SESSION_BUSY;
    handshakes->stats->negotiations_total++;
    cv_cid_random(handshakes->owner->codec, &random, 1);
    send_answer(handshakes, arrival, mbuf,
                ngtcp2_pkt_write_version_negotiation(
                    rte_pktmbuf_mtod(mbuf, uint8_t *), rte_pktmbuf_tailroom(mbuf), random, ids->scid,
                    ids->scidlen, ids->dcid, ids->dcidlen, versions, RTE_DIM(versions)));
    return CV_DROP_CONSUMED;
}

static enum cv_drop reset(struct cv_handshakes *handshakes, const struct cv_arrival *arrival,
                          const ngtcp2_version_cid *ids)
{
    ngtcp2_stateless_reset_token token;
    struct rte_mbuf *mbuf;
    uint8_t random[RESET_BYTES_MAX];
    size_t bytes = RTE_MIN((size_t)arrival->bytes - 1, (size_t)RESET_BYTES_MAX);

    if (arrival->bytes < RESET_BYTES_MIN || ids->dcidlen != CV_ISSUED_CID_BYTES)
        return CV_DROP_SESSION_UNKNOWN;
    mbuf = answer_buffer(handshakes);
    if (mbuf == NULL)
        return CV_DROP_SESSION_BUSY;
    handshakes->stats->resets_total++;
    cv_cid_reset_token(handshakes->owner->codec, ids->dcid, token.data);
    cv_cid_random(handshakes->owner->codec, random, sizeof(random));
    send_answer(handshakes, arrival, mbuf,
                ngtcp2_pkt_write_stateless_reset2(rte_pktmbuf_mtod(mbuf, uint8_t *), bytes, &token, random,
                                                  bytes - CV_RESET_TOKEN_BYTES));
    return CV_DROP_SESSION_UNKNOWN;
}

static enum cv_drop retry(struct cv_handshakes *handshakes, const struct cv_first_packet *first)
{
    const struct cv_session_owner *owner = handshakes->owner;
    const ngtcp2_pkt_hd *header = first->header;
    struct cv_address local = cv_session_local(owner->all, first->arrival->local);
    struct cv_cid fields = {first->arrival->shard, 0, UINT32_MAX, 1}; /* a slot that is nobody's */
    uint8_t token[NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN2];
    ngtcp2_path_storage path;
    struct rte_mbuf *mbuf;
    ngtcp2_cid own = {.datalen = CV_ISSUED_CID_BYTES};
    ngtcp2_ssize token_bytes;

    cv_cid_random(owner->codec, (uint8_t *)&fields.sequence, sizeof(fields.sequence));
    cv_cid_encode(owner->codec, &fields, own.data);
    cv_path_fill(&path, &local, &first->arrival->address);
    token_bytes = ngtcp2_crypto_generate_retry_token2(
        token, handshakes->token_secret, sizeof(handshakes->token_secret), header->version,
        path.path.remote.addr, path.path.remote.addrlen, &own, &header->dcid, owner->now_ns);
    mbuf = token_bytes > 0 ? answer_buffer(handshakes) : NULL;
    if (mbuf == NULL)
        return CV_DROP_SESSION_BUSY;
    handshakes->stats->retries_total++;
    send_answer(handshakes, first->arrival, mbuf,
                ngtcp2_crypto_write_retry(rte_pktmbuf_mtod(mbuf, uint8_t *), rte_pktmbuf_tailroom(mbuf),
                                          header->version, &header->scid, &own, &header->dcid, token,
                                          (size_t)token_bytes));
    return CV_DROP_CONSUMED;
}

/* ---- Which of all these ---- */

bool cv_handshakes_retry(const struct cv_handshakes *handshakes)
{
    const struct cv_config_session *config = &handshakes->owner->all->config->session;

    return config->retry == CV_RETRY_ALWAYS || handshakes->count >= config->retry_over;
}

static bool token_good(struct cv_handshakes *handshakes, struct cv_first_packet *first)
{
    const ngtcp2_pkt_hd *header = first->header;
    struct cv_address local = cv_session_local(handshakes->owner->all, first->arrival->local);
    ngtcp2_path_storage path;

    if (header->tokenlen == 0 || header->token[0] != NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY2)
        return false;
    cv_path_fill(&path, &local, &first->arrival->address);
    first->retried =
        ngtcp2_crypto_verify_retry_token2(&first->original_dcid, header->token, header->tokenlen,
                                          handshakes->token_secret, sizeof(handshakes->token_secret),
                                          header->version, path.path.remote.addr, path.path.remote.addrlen,
                                          &header->dcid, RETRY_TOKEN_LIFE, handshakes->owner->now_ns) == 0;
    return first->retried;
}

static enum cv_drop accept_initial(struct cv_handshakes *handshakes, const struct cv_arrival *arrival)
{
    ngtcp2_pkt_hd header;
    struct cv_first_packet first = {.header = &header, .arrival = arrival};

    if (arrival->bytes < INITIAL_BYTES_MIN || ngtcp2_accept(&header, arrival->payload, arrival->bytes) != 0)
        return CV_DROP_SESSION_BAD;
    first.original_dcid = header.dcid;
    if (!token_good(handshakes, &first) && cv_handshakes_retry(handshakes))
        return retry(handshakes, &first);
    return start(handshakes, &first);
}

static enum cv_drop accept_known(struct cv_handshakes *handshakes, struct cv_session *session,
                                 const struct cv_arrival *arrival)
{
    if (atomic_load_explicit(&session->place, memory_order_acquire) != CV_PLACE_HANDSHAKE) {
        /* A worker's since a moment ago: the packet follows it by the same ring. */
        uintptr_t packet = (uintptr_t)arrival->mbuf | CV_RETURNED_PACKET;

        return rte_ring_sp_enqueue(handshakes->owner->all->rings[session->shard].returned, (void *)packet) ==
                       0
                   ? CV_DROP_COUNT
                   : CV_DROP_SESSION_QUEUE;
    }
    cv_owner_read(handshakes->owner, session, arrival);
    return CV_DROP_CONSUMED;
}

enum cv_drop cv_accept(struct cv_handshakes *handshakes, const struct cv_arrival *arrival)
{
    struct cv_session *session = NULL;
    ngtcp2_version_cid ids;
    struct cv_cid cid;
    int result = ngtcp2_pkt_decode_version_cid(&ids, arrival->payload, arrival->bytes, CV_ISSUED_CID_BYTES);

    if (result == NGTCP2_ERR_VERSION_NEGOTIATION)
        return negotiate_version(handshakes, arrival, &ids);
    if (result != 0)
        return CV_DROP_SESSION_BAD;
    if (cv_cid_decode(handshakes->owner->codec, ids.dcid, ids.dcidlen, &cid))
        session = cv_session_at(handshakes->owner->all, cid.slot, cid.generation);
    if (session == NULL)
        session = find(handshakes, ids.dcid, ids.dcidlen, &arrival->address);
    if (session != NULL)
        return accept_known(handshakes, session, arrival);
    if (ids.version == 0)
        return reset(handshakes, arrival, &ids);
    return accept_initial(handshakes, arrival);
}
