/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Whether two peers can be paired. NONE: they can; else why not, and in words in *why. */
#include "peer.h"

/* Of the kinds that a peer names for a pair, the one that its leg gets. */
uint8_t pairing_leg_kind(uint8_t legs);

/* For an offer of the asker's, whose leg would be of this kind. `target` NULL: nobody was found. */
enum cv_session_error pairing_offer_hindrance(const struct peer *asker, const struct peer *target,
                                              uint8_t kind, const char **why);

/* For the pair itself, when the offer is accepted. */
enum cv_session_error pairing_hindrance(const struct peer *asker, uint8_t askers_kind,
                                        const struct peer *answerer, uint8_t answerers_kind,
                                        const char **why);
