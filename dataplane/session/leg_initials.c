/* SPDX-License-Identifier: BSD-3-Clause */
#include "leg_initials.h"

#include "hello.h"
#include "protocol/capsule.h"

#include <rte_malloc.h>
#include <string.h>

#define LATE_NS (CV_LEG_INITIAL_MS * UINT64_C(1000000))

struct waiting {
    struct cv_address address;
    uint64_t began_ns;
    uint32_t count; /* of packets; 0: free */
    uint32_t first; /* the packet with the hello's beginning */
    struct rte_mbuf *mbufs[CV_LEG_FLIGHT_MAX];
    struct cv_hello hello;
};

struct cv_leg_initials {
    uint32_t count;
    struct waiting list[CV_LEG_FLIGHTS];
    struct cv_hello hello; /* of what is not kept yet */
};

size_t cv_leg_initials_bytes(void)
{
    return sizeof(struct cv_leg_initials);
}

struct cv_leg_initials *cv_leg_initials_create(void)
{
    return rte_zmalloc("leg-initials", sizeof(struct cv_leg_initials), 64);
}

void cv_leg_initials_destroy(struct cv_leg_initials *initials)
{
    if (initials == NULL)
        return;
    for (uint32_t i = 0; i < CV_LEG_FLIGHTS; i++)
        rte_pktmbuf_free_bulk(initials->list[i].mbufs, initials->list[i].count);
    rte_free(initials);
}

/* That of a flight whose packets came from there with this connection ID, or NULL. */
static struct waiting *find(struct cv_leg_initials *initials, const struct cv_rx_packet *rx)
{
    struct cv_quic_header header;

    if (initials->count == 0 || cv_quic_header_parse(rx->payload, rx->bytes, &header) != 0)
        return NULL;
    for (uint32_t i = 0; i < CV_LEG_FLIGHTS; i++) {
        struct waiting *waiting = &initials->list[i];

        if (waiting->count > 0 && waiting->hello.dcid_bytes == header.dcid_bytes &&
            memcmp(waiting->hello.dcid, header.dcid, header.dcid_bytes) == 0 &&
            cv_address_equal(&waiting->address, &rx->address))
            return waiting;
    }
    return NULL;
}

static struct waiting *find_free(struct cv_leg_initials *initials)
{
    for (uint32_t i = 0; i < CV_LEG_FLIGHTS; i++)
        if (initials->list[i].count == 0)
            return &initials->list[i];
    return NULL;
}

static void give_up(struct cv_leg_initials *initials, struct waiting *waiting, struct cv_leg_flight *flight)
{
    flight->is_session = false;
    flight->count = waiting->count;
    memcpy(flight->mbufs, waiting->mbufs, waiting->count * sizeof(waiting->mbufs[0]));
    waiting->count = 0;
    initials->count--;
}

/* Of a flight that is complete: the packet with which a session can begin comes first. */
static void begin_session(struct cv_leg_flight *flight, uint32_t first)
{
    struct rte_mbuf *mbuf = flight->mbufs[first];

    memmove(&flight->mbufs[1], &flight->mbufs[0], first * sizeof(mbuf));
    flight->mbufs[0] = mbuf;
    flight->is_session = true;
}

static bool offers_session(const struct cv_hello *hello)
{
    return cv_hello_offers(hello, CV_PROTOCOL_ALPN);
}

static bool decide(struct cv_leg_flight *flight, struct rte_mbuf *mbuf, bool is_session)
{
    flight->is_session = is_session;
    flight->count = 1;
    flight->mbufs[0] = mbuf;
    return true;
}

/* The first packet of a flight: most need no other. */
static bool read_first(struct cv_leg_initials *initials, struct cv_crypto *crypto,
                       const struct cv_rx_packet *rx, uint64_t now_ns, struct cv_leg_flight *flight)
{
    struct cv_hello *hello = &initials->hello;
    enum cv_hello_state state;
    struct waiting *waiting;

    cv_hello_begin(hello);
    state = cv_hello_read(hello, crypto, rx->payload, rx->bytes);
    if (offers_session(hello) || state != CV_HELLO_PART)
        return decide(flight, rx->mbuf, offers_session(hello));
    waiting = find_free(initials);
    if (waiting == NULL)
        return decide(flight, rx->mbuf, false);
    waiting->hello = *hello;
    waiting->address = rx->address;
    waiting->began_ns = now_ns;
    waiting->first = 0;
    waiting->count = 1;
    waiting->mbufs[0] = rx->mbuf;
    initials->count++;
    return false;
}

static bool read_next(struct cv_leg_initials *initials, struct waiting *waiting, struct cv_crypto *crypto,
                      const struct cv_rx_packet *rx, struct cv_leg_flight *flight)
{
    bool had_beginning = waiting->hello.known > 0;
    enum cv_hello_state state = cv_hello_read(&waiting->hello, crypto, rx->payload, rx->bytes);

    if (state != CV_HELLO_PART && state != CV_HELLO_COMPLETE && state != CV_HELLO_BAD)
        return decide(flight, rx->mbuf, false); /* somebody else's with the same connection ID */
    if (!had_beginning && waiting->hello.known > 0)
        waiting->first = waiting->count;
    waiting->mbufs[waiting->count++] = rx->mbuf;
    if (state == CV_HELLO_PART && !offers_session(&waiting->hello) && waiting->count < CV_LEG_FLIGHT_MAX)
        return false;
    give_up(initials, waiting, flight);
    if (offers_session(&waiting->hello))
        begin_session(flight, waiting->first);
    return true;
}

bool cv_leg_initials_read(struct cv_leg_initials *initials, struct cv_crypto *crypto,
                          const struct cv_rx_packet *rx, uint64_t now_ns, struct cv_leg_flight *flight)
{
    struct waiting *waiting = find(initials, rx);

    return waiting != NULL ? read_next(initials, waiting, crypto, rx, flight)
                           : read_first(initials, crypto, rx, now_ns, flight);
}

bool cv_leg_initials_late(struct cv_leg_initials *initials, uint64_t now_ns, bool room,
                          struct cv_leg_flight *flight)
{
    struct waiting *oldest = NULL;

    if (initials->count == 0)
        return false;
    for (uint32_t i = 0; i < CV_LEG_FLIGHTS; i++) {
        struct waiting *waiting = &initials->list[i];

        if (waiting->count > 0 && (oldest == NULL || waiting->began_ns < oldest->began_ns))
            oldest = waiting;
    }
    if (now_ns - oldest->began_ns < LATE_NS && !(room && initials->count == CV_LEG_FLIGHTS))
        return false;
    give_up(initials, oldest, flight);
    return true;
}
