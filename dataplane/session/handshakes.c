/* SPDX-License-Identifier: BSD-3-Clause */
#include "handshakes.h"

#include "leg_initials.h"
#include "quic_invariants.h"
#include "tls.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <rte_jhash.h>
#include <rte_malloc.h>
#include <stdlib.h>
#include <string.h>

/* ---- Life ---- */

int cv_handshakes_create(struct cv_handshakes **out, struct cv_sessions *all, uint32_t pages, char *error,
                         size_t error_bytes)
{
    struct cv_handshakes *handshakes = rte_zmalloc("handshakes", sizeof(*handshakes), 64);
    uint32_t buckets = rte_align32pow2(2 * all->max);
    int result;

    *out = handshakes;
    if (handshakes == NULL)
        return -ENOMEM;
    TAILQ_INIT(&handshakes->waiting);
    handshakes->buckets = rte_zmalloc("handshake-index", buckets * sizeof(void *), 64);
    handshakes->bucket_mask = buckets - 1;
    handshakes->leg_initials = cv_leg_initials_create();
    if (handshakes->buckets == NULL || handshakes->leg_initials == NULL ||
        RAND_bytes((unsigned char *)&handshakes->hash_key, sizeof(handshakes->hash_key)) != 1 ||
        RAND_bytes(handshakes->token_secret, sizeof(handshakes->token_secret)) != 1)
        return -ENOMEM;
    result = cv_shard_create(&handshakes->shard, all, CV_SHARD_HANDSHAKE, CV_SHARD_ID_HANDSHAKE, pages, error,
                             error_bytes);
    for (uint32_t i = 0; result == 0 && i < all->max; i++)
        handshakes->shard->free_slots[handshakes->shard->free_count++] = &all->slots[all->max - 1 - i];
    return result;
}

void cv_handshakes_destroy(struct cv_handshakes *handshakes)
{
    if (handshakes == NULL)
        return;
    cv_shard_destroy(handshakes->shard);
    cv_leg_initials_destroy(handshakes->leg_initials);
    OPENSSL_cleanse(handshakes->token_secret, sizeof(handshakes->token_secret));
    rte_free(handshakes->buckets);
    rte_free(handshakes);
}

/* ---- In progress ---- */

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

struct cv_session *cv_handshakes_find(struct cv_handshakes *handshakes, const uint8_t *dcid, size_t bytes,
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

enum cv_drop cv_handshakes_room(const struct cv_handshakes *handshakes, const struct cv_address *address)
{
    const struct cv_config_session *config = &handshakes->shard->all->config->session;

    if (handshakes->count >= config->handshakes_max)
        return CV_DROP_SESSION_FULL;
    if (handshakes->by_prefix[prefix_of(handshakes, address)] >= config->handshakes_per_prefix)
        return CV_DROP_SESSION_PREFIX;
    return CV_DROP_COUNT;
}

bool cv_handshakes_want_retry(const struct cv_handshakes *handshakes)
{
    const struct cv_config_session *config = &handshakes->shard->all->config->session;

    return config->retry == CV_RETRY_ALWAYS || handshakes->count >= config->retry_over;
}

void cv_handshake_begin(struct cv_handshakes *handshakes, struct cv_session *session, const ngtcp2_cid *dcid,
                        const struct cv_address *address)
{
    struct cv_handshake *handshake = session->handshake;
    struct cv_session **head = bucket(handshakes, dcid->data, dcid->datalen, address);

    handshake->original_dcid = *dcid;
    handshake->address = *address;
    handshake->prefix = prefix_of(handshakes, address);
    handshake->same_hash = *head;
    *head = session;
    handshake->counted = true;
    handshakes->count++;
    handshakes->stats->handshakes_total++;
    handshakes->by_prefix[handshake->prefix]++;
}

void cv_handshake_wait(struct cv_session *session)
{
    struct cv_handshakes *handshakes = session->shard->all->handshakes;

    TAILQ_INSERT_TAIL(&handshakes->waiting, session, waiting_link);
    session->handshake->waiting = true;
}

void cv_handshake_forget(struct cv_session *session)
{
    struct cv_handshakes *handshakes = session->shard->all->handshakes;
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
        TAILQ_REMOVE(&handshakes->waiting, session, waiting_link);
    cv_tls_stop(session);
    free(handshake->chain);
    OPENSSL_cleanse(&handshake->moving, sizeof(handshake->moving));
    free(handshake);
    session->handshake = NULL;
}
