/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Which capsule may come when: the rules that need nothing but the sequence of capsules (docs/protocol.md,
 * "Order"). Either side of a session keeps one of these and shows it every capsule, those it receives and
 * those it sends, in the order in which it handles them. The rules hold however capsules of the two
 * directions cross on their way.
 *
 * Few of them bind the peer: what is wrong with one request, or names what is not there, is refused or
 * ignored, and that is left to who answers. No I/O, no allocation; one thread at a time. Zeroed memory is a
 * fresh one.
 */
#include "capsule.h"

struct cv_capsule_order {
    uint64_t last_request; /* numbers only grow */
    uint64_t last_offer;
    uint64_t pairs_max; /* REGISTERED */
    uint64_t pairs;     /* open, as far as the relay has said */
    uint64_t resumed;   /* PAIR_MADEs of the session before that are still to come */
    uint64_t accepted;  /* PAIR_ACCEPTs without PAIR_MADE */
    uint32_t requests;  /* without the capsule that ends them */
    uint32_t offers;    /* without PAIR_MADE or REFUSED: up to CV_CAPSULE_OPEN_MAX */
    uint8_t legs;       /* REGISTER */
    bool registering;
    bool registered;
    bool going_away;
};

/*
 * Takes the next capsule. NULL when it may come here; else why not, in words fit for the reason phrase of a
 * CONNECTION_CLOSE with CV_SESSION_ERROR_OUT_OF_ORDER, and nothing changes. What begins with a number and is
 * CV_CAPSULE_BAD or CV_CAPSULE_NOT_UNDERSTOOD goes to cv_capsule_order_refuse instead; a PAIR_MADE that is not
 * understood comes here, for the pair is there until it is closed.
 */
const char *cv_capsule_order_next(struct cv_capsule_order *order, const struct cv_capsule *capsule);

/* The same for one that begins with a number and will be refused: only its type and number are looked at. */
const char *cv_capsule_order_refuse(struct cv_capsule_order *order, const struct cv_capsule *capsule);
