/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Which capsule may come when: the rules that need nothing but the sequence of capsules (docs/protocol.md,
 * "Order"). Either side of a session keeps one of these and shows it every capsule, those it receives and
 * those it sends, in the order in which it handles them. The rules hold however capsules of the two
 * directions cross on their way.
 *
 * What is left to others: whether an offer or a pair with that number is still open (late answers are to be
 * ignored), and everything that is policy. No I/O, no allocation; one thread at a time. Zeroed memory is a
 * fresh one.
 */
#include "capsule.h"

struct cv_capsule_order {
    uint64_t last_request; /* numbers only grow */
    uint64_t last_offer;
    uint64_t pairs_max;    /* REGISTERED */
    uint64_t pairs;        /* open, as far as the relay has said */
    uint64_t closes_left;  /* PAIR_MADEs without a PAIR_CLOSE */
    uint64_t answers_left; /* PAIR_OFFERs without PAIR_ACCEPT or PAIR_REFUSE */
    uint64_t accepted;     /* PAIR_ACCEPTs without PAIR_MADE */
    uint32_t requests;     /* without PAIR_MADE or REFUSED: up to CV_CAPSULE_OPEN_MAX */
    uint32_t offers;       /* likewise */
    uint8_t legs;          /* REGISTER */
    bool registering;
    bool registered;
    bool has_tunnel;
    bool going_away;
};

/*
 * Takes the next capsule. NULL when it may come here; else why not, in words fit for the reason phrase of a
 * CONNECTION_CLOSE with CV_SESSION_ERROR_OUT_OF_ORDER, and nothing changes.
 */
const char *cv_capsule_order_next(struct cv_capsule_order *order, const struct cv_capsule *capsule);
