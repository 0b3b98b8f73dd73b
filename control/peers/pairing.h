/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Whether two instances can be paired. NONE: they can; else why not, and in words in *why. */
#include "peer.h"

/*
 * Of the kinds that a peer can use for a leg, the one that it gets: the first there is of 1, 4, 2. 0: none. Whether a relay
 * port is free for 1 is found out later, and then asked again without it.
 */
uint8_t pairing_leg_kind(const struct peer *peer, uint64_t legs);

/* Why `pairing_leg_kind` gives none. */
enum cv_session_error pairing_leg_hindrance(const struct peer *peer, uint64_t legs, const char **why);

/* Whether the target lets the asker ask for it. */
bool pairing_is_reachable(const struct peer *target, const struct peer *asker);

/* For an offer of the asker's, who can use these kinds of leg. */
enum cv_session_error pairing_offer_hindrance(const struct peer *asker, uint64_t legs,
                                              const struct peer *target, const char **why);

/* For the pair itself, when the offer is accepted. */
enum cv_session_error pairing_hindrance(const struct peer *asker, uint64_t askers_legs,
                                        const struct peer *answerer, uint64_t answerers_legs,
                                        const char **why);
