/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The first datagrams of a QUIC client, as quic_client.h makes them, or out of frames of one's own. Fails the
 * running cmocka test.
 */
#include "crypto/crypto.h"
#include "quic_client.h"

#include <stdint.h>

#define FIRST_FLIGHT_DATAGRAMS 4
#define FIRST_FLIGHT_BYTES     1200

struct first_flight {
    uint8_t datagrams[FIRST_FLIGHT_DATAGRAMS][FIRST_FLIGHT_BYTES];
    unsigned count; /* each of FIRST_FLIGHT_BYTES */
};

void first_flight_make(struct first_flight *flight, const struct quic_client_options *client);

/*
 * An Initial of a client with these frames, in `out` (FIRST_FLIGHT_BYTES of it), padded to `bytes`, or
 * with as many as it takes if that is 0. Returns its bytes.
 */
size_t first_flight_seal(struct cv_crypto *crypto, uint32_t version, const uint8_t dcid[8], uint16_t number,
                         const uint8_t *frames, size_t frames_bytes, size_t bytes, uint8_t *out);
