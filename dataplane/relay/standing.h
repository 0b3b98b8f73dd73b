/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * How it stands with a leg's address: a pair is no weapon, so what is sent to an address that its owner
 * has not said yes to is little (docs/protocol.md, "Proof of an address").
 *
 *   proven      by the leg's rule, by the IP of its session (IPv6: its /64), by a challenge that came
 *               back, or because the leg was proven there less than 30 s ago. All that is sent to it passes.
 *   unproven    it has an account: three times the bytes that came from it since it got the address, and
 *               4 KB. An account is for a minute; a leg that moves takes what is left of it along.
 *   silent      proven once, but nothing came from it for 30 s: an account as well.
 *
 * All bytes count IP and UDP headers. Part of the 4 KB is kept for challenges, so that data never use it
 * up. A leg that sends to one with an account is CV_LEG_METERED.
 */
#include "pair_table.h"

#define CV_ACCOUNT_BYTES 4096
#define CV_ACCOUNT_MS    CV_LEG_BUDGET_MS

/* Headers that come with a payload. */
#define CV_HEADERS_V4 28
#define CV_HEADERS_V6 48

/*
 * Worker. Takes a payload of so many bytes, which goes to leg `number` by IPv6 or not, from the leg's
 * account if it has one. False: it is to be dropped.
 */
bool cv_standing_spend(const struct cv_pair_table *table, uint32_t number, bool v6, uint16_t payload_bytes,
                       uint32_t now_ms);

/* Worker. A packet may pass as the leg's though it came from elsewhere: its address earns nothing by it. */
static inline void cv_standing_elsewhere(const struct cv_pair_table *table, uint32_t leg,
                                         uint16_t payload_bytes)
{
    __atomic_fetch_add(&cv_standing_at(table, leg)->elsewhere_bytes, payload_bytes + CV_HEADERS_V6,
                       __ATOMIC_RELAXED);
}

/*
 * How a leg would stand at an address if it came there now. Any thread; a worker's answer may be of a moment ago.
 */
enum cv_leg_proof cv_standing_judge(const struct cv_standing *standing, const struct cv_address *address,
                                    uint32_t now_ms);

/* Whether it has an account. Any thread. */
static inline bool cv_standing_is_restricted(const struct cv_standing *standing)
{
    return standing->state == CV_LEG_PROOF_UNPROVEN || standing->state == CV_LEG_PROOF_SILENT;
}

/* ---- Keeper only, from here on ---- */

/* The rule that a leg is made with. */
void cv_standing_init(struct cv_standing *standing, const struct cv_leg_config *config);

/*
 * The leg is about to get this address, or to move there: to be called while it still has the old one,
 * and before anything is sent to the new one. Returns how it will stand; cv_standing_settle is called
 * when it is there.
 */
enum cv_leg_proof cv_standing_prepare(struct cv_pair_table *table, uint32_t leg,
                                      const struct cv_address *address, uint32_t now_ms);
void cv_standing_settle(struct cv_pair_table *table, uint32_t leg, enum cv_leg_proof state);

/* It has lost its address, and nothing is sent there any more. */
void cv_standing_leave(struct cv_pair_table *table, uint32_t leg);

/*
 * What both directions of a pair may carry, each with what comes by a leg that is coming or going (spares.h);
 * 0: no limit.
 */
void cv_pair_set_rate(struct cv_pair_table *table, uint32_t slot, uint64_t bytes_per_second);

/* Whether what a leg sends is to be asked for: its pair has a rate, or who it sends to an account. */
bool cv_leg_is_metered(const struct cv_pair_table *table, uint32_t leg);

/* Its session has that IP now, or none. What is proven stays so. True: it has become proven. */
bool cv_standing_vouch(struct cv_pair_table *table, uint32_t leg, const struct cv_ip *vouched,
                       uint32_t now_ms);

/* A leg of another rule is in the place of the old one, at the same address. */
void cv_standing_change_rule(struct cv_pair_table *table, uint32_t leg, const struct cv_standing *to,
                             uint32_t now_ms);

/* Its challenge has come back. 0; -EKEYREJECTED: that was not it. *proven: it has become so. */
int cv_standing_answer(struct cv_pair_table *table, uint32_t leg, const uint8_t challenge[CV_CHALLENGE_BYTES],
                       uint32_t now_ms, bool *proven);

/* The challenge of the leg's address, which has one. */
void cv_standing_challenge(const struct cv_pair_table *table, uint32_t leg,
                           uint8_t challenge[CV_CHALLENGE_BYTES]);

/* Whether a challenge should be sent now; and that it was. */
bool cv_standing_wants_challenge(const struct cv_pair_table *table, uint32_t leg, uint32_t now_ms);
void cv_standing_challenged(struct cv_pair_table *table, uint32_t leg, uint32_t now_ms);

/* How much of the account's minute is left, at least 1 ms: of a leg that has one. */
uint32_t cv_standing_account_left_ms(const struct cv_pair_table *table, uint32_t leg, uint32_t now_ms);

enum cv_standing_change {
    CV_STANDING_SAME,
    CV_STANDING_PROVEN,   /* a packet came from a silent leg, and that was proof enough */
    CV_STANDING_SILENT,   /* nothing came for 30 s */
    CV_STANDING_UNPROVEN, /* a packet came from a silent leg, which has to be proven again */
};

/*
 * What time has done to a leg; opens a new account when the old one's minute is over. About once a
 * second.
 */
enum cv_standing_change cv_standing_age(struct cv_pair_table *table, uint32_t leg, uint32_t now_ms);
