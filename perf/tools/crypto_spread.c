/* SPDX-License-Identifier: BSD-3-Clause */
#include "crypto_spread.h"

#include "crypto_packets.h"
#include "crypto_turns.h"
#include "legs.h"
#include "relay_setup.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define KEYS_MAX 32000
#define PACKETS  4096 /* in a turn, at least */
#define FEW      4

enum rings { KEPT, EXPANDED, RINGS };

struct ring {
    struct cv_crypto *crypto;
    struct cv_aead_key *keys;
    size_t payload_bytes;
};

struct order {
    uint32_t count;
    uint32_t list[KEYS_MAX];
};

static struct crypto_packets *packets;

static void make_ring(struct ring *ring, uint32_t schedules, uint32_t keys)
{
    char why[160];
    const struct cv_crypto_engine *engine = cv_crypto_select("auto", why, sizeof(why));
    uint8_t secret[CV_SECRET_BYTES_MAX] = {0};

    ring->crypto = cv_crypto_create(engine, crypto_memory(cv_crypto_bytes(engine, schedules)), schedules, why,
                                    sizeof(why));
    if (ring->crypto == NULL)
        bench_fail("%s", why);
    ring->keys = crypto_memory(keys * sizeof(ring->keys[0]));
    for (uint32_t i = 0; i < keys; i++) {
        secret[0] = (uint8_t)i;
        secret[1] = (uint8_t)(i >> 8);
        cv_aead_key_init(ring->crypto, &ring->keys[i], CV_SUITE_AES_128_GCM, secret);
    }
}

static void free_ring(struct ring *ring)
{
    cv_crypto_destroy(ring->crypto);
    free(ring->crypto);
    free(ring->keys);
}

/* Every key once, or more often if they are few. */
static void seal_all(void *context, void *argument)
{
    struct ring *ring = context;
    const struct order *order = argument;

    for (uint32_t done = 0; done < PACKETS; done += order->count) {
        for (uint32_t i = 0; i < order->count; i++) {
            unsigned slot = i % CRYPTO_BURST;

            cv_aead_seal(&ring->keys[order->list[i]], packets->list[slot].sealed, packets->list[slot].plain,
                         ring->payload_bytes, packets->list[slot].nonce, packets->list[slot].header,
                         CRYPTO_HEADER_BYTES);
        }
    }
}

static void shuffle(struct order *order, uint32_t count)
{
    uint64_t random = 1;

    order->count = count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t j = bench_random_below(&random, i + 1);

        order->list[i] = order->list[j];
        order->list[j] = i;
    }
}

static void measure(uint32_t keys, size_t payload_bytes, unsigned rounds)
{
    static struct order order;
    struct ring rings[RINGS];
    struct crypto_turn turns[RINGS];

    shuffle(&order, keys);
    for (int i = 0; i < RINGS; i++) {
        make_ring(&rings[i], i == KEPT ? keys : FEW, keys);
        rings[i].payload_bytes = payload_bytes;
        turns[i] = (struct crypto_turn){
            .run = seal_all,
            .context = &rings[i],
            .argument = &order,
            .packets = (PACKETS + keys - 1) / keys * keys,
        };
    }
    crypto_measure(turns, RINGS, rounds);
    printf("{\"table\": \"keys\", \"keys\": %" PRIu32
           ", \"bytes\": %zu, \"kept_ns\": %.1f, \"expanded_ns\": %.1f}\n",
           keys, payload_bytes, turns[KEPT].ns, turns[EXPANDED].ns);
    for (int i = 0; i < RINGS; i++)
        free_ring(&rings[i]);
}

void crypto_spread(unsigned rounds)
{
    static const uint32_t keys[] = {64, 1000, 8000, KEYS_MAX};
    static const size_t bytes[] = {64, 1200};

    packets = crypto_memory(sizeof(*packets));
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        for (size_t j = 0; j < sizeof(bytes) / sizeof(bytes[0]); j++)
            measure(keys[i], bytes[j], rounds);
    }
    free(packets);
}
