/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Initial packets from addresses that have a leg on the listening port: do they begin a session, or are they the leg's?
 * That stands in their ClientHello (hello.h): it offers the relay's protocol or it does not. A ClientHello may take some
 * packets, so those that came are kept until its protocols are known, CV_LEG_INITIAL_MS at most; then they are the leg's.
 *
 * Bounded: CV_LEG_FLIGHTS flights of CV_LEG_FLIGHT_MAX packets; when one more comes, the oldest is the leg's. Handshake
 * thread only; the packets that are kept belong to this, and are given back in a flight.
 */
#include "crypto/crypto.h"
#include "rx_packet.h"

#define CV_LEG_FLIGHTS    64
#define CV_LEG_FLIGHT_MAX 4
#define CV_LEG_INITIAL_MS 100

struct cv_leg_initials;

/* Packets that are decided on. */
struct cv_leg_flight {
    bool is_session;
    uint32_t count;
    struct rte_mbuf *mbufs[CV_LEG_FLIGHT_MAX]; /* as they came; a session's: that with the beginning first */
};

struct cv_leg_initials *cv_leg_initials_create(void); /* NULL: no memory */
void cv_leg_initials_destroy(struct cv_leg_initials *initials);

/* What one takes. */
size_t cv_leg_initials_bytes(void);

/*
 * Reads a packet, which is this one's then. False: it is kept; else it is decided on, in `flight` with all that was kept
 * of its own. There has to be room: see cv_leg_initials_late.
 */
bool cv_leg_initials_read(struct cv_leg_initials *initials, struct cv_crypto *crypto,
                          const struct cv_rx_packet *rx, uint64_t now_ns, struct cv_leg_flight *flight);

/* A flight that has waited for too long, or one for which `room` is needed; they are the leg's. False: there is none. */
bool cv_leg_initials_late(struct cv_leg_initials *initials, uint64_t now_ns, bool room,
                          struct cv_leg_flight *flight);
