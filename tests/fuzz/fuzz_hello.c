/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * First flights off the wire: datagrams as they came, and frames that the right keys protect, so that
 * what is inside gets its share. Steps of 3 bytes, each with content after them:
 *
 *      what (8) | bytes of content (16)
 *
 *      DATAGRAM   content is a datagram, with zeros up to 1,200 bytes
 *      FRAMES     content are the frames of an Initial
 *
 * Little endian. corpus/make_hello.py writes the seeds.
 */
#include "first_flight.h"
#include "session/hello.h"

#include <stdlib.h>
#include <string.h>

#define FRAMES_MAX (FIRST_FLIGHT_BYTES - 64)

enum step { DATAGRAM, FRAMES, STEPS };

static struct cv_crypto *crypto;
static const uint8_t dcid[8] = {1, 2, 3, 4, 5, 6, 7, 8};

static void require(int condition)
{
    if (!condition)
        abort();
}

static void start(void)
{
    char error[160];
    const struct cv_crypto_engine *engine = cv_crypto_select("evp", error, sizeof(error));
    void *memory;

    require(engine != NULL);
    memory = aligned_alloc(64, (cv_crypto_bytes(engine, 4) + 63) / 64 * 64);
    require(memory != NULL);
    crypto = cv_crypto_create(engine, memory, 4, error, sizeof(error));
    require(crypto != NULL);
}

static void check_span(const struct cv_hello *hello, struct cv_hello_span span)
{
    require(span.bytes == 0 || (span.at > 0 && span.at + span.bytes <= hello->known));
    require(span.bytes == 0 || hello->state == CV_HELLO_PART || hello->state == CV_HELLO_COMPLETE);
}

/* What there is to know comes by reading, not by reading again. */
static void read_datagram(struct cv_hello *hello, const uint8_t *datagram, size_t bytes)
{
    enum cv_hello_state state = cv_hello_read(hello, crypto, datagram, bytes);
    struct cv_hello before = *hello;

    require(state == hello->state || state < CV_HELLO_BAD);
    require(hello->known <= CV_HELLO_BYTES_MAX && hello->name.bytes <= 255);
    check_span(hello, hello->protocols);
    check_span(hello, hello->name);
    (void)cv_hello_offers(hello, "culvert/1");
    require(cv_hello_read(hello, crypto, datagram, bytes) == state);
    require(memcmp(&before, hello, sizeof(before)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct cv_hello hello;
    uint16_t number = 0;

    if (crypto == NULL)
        start();
    memset(&hello, 0, sizeof(hello));
    cv_hello_begin(&hello);
    while (bytes >= 3) {
        size_t taken = (size_t)(data[1] | data[2] << 8);
        uint8_t what = data[0] % STEPS, datagram[FIRST_FLIGHT_BYTES] = {0};

        data += 3;
        bytes -= 3;
        taken = taken < bytes ? taken : bytes;
        if (what == FRAMES) {
            taken = taken < FRAMES_MAX ? taken : FRAMES_MAX;
            first_flight_seal(crypto, CV_QUIC_VERSION_1, dcid, number++, data, taken, sizeof(datagram),
                              datagram);
        } else {
            memcpy(datagram, data, taken < sizeof(datagram) ? taken : sizeof(datagram));
        }
        read_datagram(&hello, datagram, sizeof(datagram));
        data += taken;
        bytes -= taken;
    }
    return 0;
}
