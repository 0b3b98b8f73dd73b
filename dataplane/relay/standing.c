/* SPDX-License-Identifier: BSD-3-Clause */
#include "standing.h"

#include <errno.h>
#include <rte_byteorder.h>
#include <string.h>
#include <sys/random.h>

#define CHALLENGE_TYPE 5 /* its first byte: neither QUIC's nor STUN's (RFC 9443) */

/* Of an account, for the challenges that a minute may see. */
#define CHALLENGES_PER_ACCOUNT 6
#define CHALLENGE_IP_BYTES     (CV_CHALLENGE_BYTES + CV_HEADERS_V6)
#define ALLOWANCE_BYTES        (CV_ACCOUNT_BYTES - CHALLENGES_PER_ACCOUNT * CHALLENGE_IP_BYTES)

/* After the first and the second challenge; after later ones, as long as packets come. */
static const uint32_t challenge_again_ms[] = {1000, 2000};

#define CHALLENGE_LATER_MS 20000

static int64_t headers(bool v6)
{
    return v6 ? CV_HEADERS_V6 : CV_HEADERS_V4;
}

/*
 * What came from the leg's address, never more than that: each of its packets counts as one of that
 * family.
 */
static int64_t came(const struct cv_leg *leg, const struct cv_standing *standing, bool v6)
{
    uint64_t pkts = __atomic_load_n(&leg->pkts, __ATOMIC_RELAXED);
    uint64_t bytes = __atomic_load_n(&leg->bytes, __ATOMIC_RELAXED);

    return (int64_t)bytes + (int64_t)pkts * headers(v6) -
           (int64_t)__atomic_load_n(&standing->elsewhere_bytes, __ATOMIC_RELAXED);
}

static int64_t earned(const struct cv_leg *leg, const struct cv_standing *standing, bool v6)
{
    int64_t since =
        came(leg, standing, v6) - (int64_t)__atomic_load_n(&standing->came_bytes, __ATOMIC_RELAXED);

    return since > 0 ? 3 * since : 0;
}

/*
 * Whether a packet has come from a silent leg that the keeper has not noticed yet. It notices within seconds; a worker's
 * clock may be behind its own by as long as the worker was not run.
 */
static bool has_come_back(const struct cv_leg *leg, const struct cv_standing *standing, uint32_t now_ms)
{
    uint32_t seen_ms = __atomic_load_n(&leg->seen_ms, __ATOMIC_RELAXED);

    return standing->comes_back && seen_ms != 0 && cv_ms_since(now_ms, seen_ms) < CV_VACANT_MS / 2;
}

bool cv_standing_spend(const struct cv_pair_table *table, uint32_t number, bool v6, uint16_t payload_bytes,
                       uint32_t now_ms)
{
    const struct cv_leg *leg = cv_leg_at(table, number);
    struct cv_standing *standing = cv_standing_at(table, number);
    uint64_t spent = __atomic_load_n(&standing->spent_bytes, __ATOMIC_ACQUIRE), more;

    if (!cv_standing_is_restricted(standing) || has_come_back(leg, standing, now_ms))
        return true;
    do {
        more = spent + payload_bytes + (uint64_t)headers(v6);
        if ((int64_t)more >
            __atomic_load_n(&standing->allowance_bytes, __ATOMIC_RELAXED) + earned(leg, standing, v6)) {
            __atomic_fetch_add(&standing->withheld_pkts, 1, __ATOMIC_RELAXED);
            __atomic_store_n(&standing->over_budget, 1, __ATOMIC_RELAXED);
            return false;
        }
    } while (!__atomic_compare_exchange_n(&standing->spent_bytes, &spent, more, false, __ATOMIC_ACQ_REL,
                                          __ATOMIC_ACQUIRE));
    return true;
}

/* ---- Keeper ---- */

void cv_standing_init(struct cv_standing *standing, const struct cv_leg_config *config)
{
    standing->rule = config->proof & 3u;
    standing->one_use = config->one_use & 1u;
    standing->vouched = config->vouched;
}

static bool is_vouched_for(const struct cv_standing *standing, const struct cv_ip *ip)
{
    if (cv_ip_is_zero(&standing->vouched))
        return false;
    if (cv_ip_is_v4(ip) || cv_ip_is_v4(&standing->vouched))
        return cv_ip_equal(ip, &standing->vouched);
    return memcmp(ip, &standing->vouched, 8) == 0;
}

enum cv_leg_proof cv_standing_judge(const struct cv_standing *standing, const struct cv_address *address,
                                    uint32_t now_ms)
{
    if (standing->rule == CV_PROOF_EXEMPT)
        return CV_LEG_PROOF_NONE;
    if (standing->rule == CV_PROOF_VOUCHED || is_vouched_for(standing, &address->ip) ||
        (cv_address_equal(&standing->proven, address) &&
         cv_ms_since(now_ms, standing->left_ms) < CV_VACANT_MS))
        return CV_LEG_PROOF_PROVEN;
    return CV_LEG_PROOF_UNPROVEN;
}

bool cv_leg_is_metered(const struct cv_pair_table *table, uint32_t leg)
{
    uint32_t target = cv_leg_target(table, leg);

    return cv_pair_of(table, target)->rate.ebs != 0 ||
           cv_standing_is_restricted(cv_standing_at(table, target));
}

static void set_metered(struct cv_pair_table *table, uint32_t number)
{
    uint8_t *flags = &cv_leg_at(table, number)->flags;

    if (cv_leg_is_metered(table, number))
        __atomic_fetch_or(flags, CV_LEG_METERED, __ATOMIC_RELEASE);
    else
        __atomic_fetch_and(flags, (uint8_t)~CV_LEG_METERED, __ATOMIC_RELEASE);
}

/* Of all that send to a leg. */
static void set_senders_metered(struct cv_pair_table *table, uint32_t leg)
{
    uint32_t spare = cv_standing_at(table, leg ^ 1)->spare;

    set_metered(table, leg ^ 1);
    if (spare != 0)
        set_metered(table, 2 * spare + ((leg & 1) ^ 1));
}

void cv_pair_set_rate(struct cv_pair_table *table, uint32_t slot, uint64_t bytes_per_second)
{
    struct rte_meter_srtcm_params params = {.cir = bytes_per_second};
    struct cv_pair *pair = &table->pairs[slot];
    struct rte_meter_srtcm_profile rate;

    /* A tenth of a second's worth may come at once, but never less than a few full packets. */
    params.cbs = RTE_MAX(bytes_per_second / 10, UINT64_C(15000));
    /*
     * Only green passes, so the second bucket decides nothing: it keeps the rate as it was given, to be
     * shown, and says that there is one. Workers look at it first.
     */
    params.ebs = bytes_per_second;
    if (bytes_per_second == 0 || rte_meter_srtcm_profile_config(&rate, &params) != 0) {
        __atomic_store_n(&pair->rate.ebs, 0, __ATOMIC_RELEASE);
    } else {
        for (unsigned side = 0; side < 2; side++)
            rte_meter_srtcm_config(&pair->legs[side].meter, &rate);
        pair->rate.cir_period = rate.cir_period;
        pair->rate.cir_bytes_per_period = rate.cir_bytes_per_period;
        pair->rate.cbs = rate.cbs;
        __atomic_store_n(&pair->rate.ebs, rate.ebs, __ATOMIC_RELEASE);
    }
    for (unsigned side = 0; side < 2; side++)
        set_senders_metered(table, 2 * slot + side);
}

/* Those that send to it ask, or ask no more. */
static void set_state(struct cv_pair_table *table, uint32_t leg, enum cv_leg_proof state)
{
    struct cv_standing *standing = cv_standing_at(table, leg);

    table->unproven_legs -= cv_standing_is_restricted(standing);
    standing->state = state & 3u;
    table->unproven_legs += cv_standing_is_restricted(standing);
    standing->withheld_told = 0;
    __atomic_store_n(&standing->over_budget, 0, __ATOMIC_RELAXED);
    if (cv_spare_of(table, leg) == NULL) /* to one in a spare nothing is sent */
        set_senders_metered(table, leg);
}

/*
 * A new account in a new minute, else what is left of this one's allowance, from which nothing is spent
 * yet. What is written first only makes it smaller: a worker may be reading.
 */
static void renew_account(struct cv_pair_table *table, uint32_t number, const struct cv_ip *ip,
                          uint32_t now_ms)
{
    const struct cv_leg *leg = cv_leg_at(table, number);
    struct cv_standing *standing = cv_standing_at(table, number);
    int64_t used = (int64_t)__atomic_load_n(&standing->spent_bytes, __ATOMIC_RELAXED) -
                   earned(leg, standing, !cv_ip_is_v4(&leg->source));
    uint32_t allowance = ALLOWANCE_BYTES;

    __atomic_store_n(&standing->came_bytes, (uint64_t)came(leg, standing, !cv_ip_is_v4(ip)),
                     __ATOMIC_RELAXED);
    if (standing->opened_ms == 0 || cv_ms_since(now_ms, standing->opened_ms) >= CV_ACCOUNT_MS) {
        standing->opened_ms = now_ms != 0 ? now_ms : 1;
        standing->withheld_told = 0;
    } else {
        allowance = used <= 0 ? standing->allowance_bytes
                              : standing->allowance_bytes -
                                    (uint32_t)RTE_MIN(used, (int64_t)standing->allowance_bytes);
    }
    __atomic_store_n(&standing->allowance_bytes, allowance, __ATOMIC_RELAXED);
    __atomic_store_n(&standing->spent_bytes, 0, __ATOMIC_RELEASE);
}

/* A new challenge of an address that has none yet. */
static void draw_challenge(struct cv_standing *standing)
{
    standing->challenges = 0;
    if (getrandom(standing->challenge, sizeof(standing->challenge), 0) !=
        (ssize_t)sizeof(standing->challenge))
        standing->challenges =
            UINT8_MAX; /* a kernel older than the call: none is ever sent, none comes back */
}

static void restrict_leg(struct cv_pair_table *table, uint32_t leg, enum cv_leg_proof state,
                         const struct cv_ip *ip, uint32_t now_ms)
{
    renew_account(table, leg, ip, now_ms);
    draw_challenge(cv_standing_at(table, leg));
    set_state(table, leg, state);
}

/* The address that it leaves may be its again soon. */
static void remember(struct cv_pair_table *table, uint32_t number, uint32_t now_ms)
{
    const struct cv_leg *leg = cv_leg_at(table, number);
    struct cv_standing *standing = cv_standing_at(table, number);

    if (standing->state != CV_LEG_PROOF_PROVEN)
        return;
    standing->proven = (struct cv_address){.ip = leg->source, .port_be = leg->source_port_be};
    standing->left_ms = now_ms;
}

enum cv_leg_proof cv_standing_prepare(struct cv_pair_table *table, uint32_t leg,
                                      const struct cv_address *address, uint32_t now_ms)
{
    enum cv_leg_proof state = cv_standing_judge(cv_standing_at(table, leg), address, now_ms);

    remember(table, leg, now_ms);
    if (state == CV_LEG_PROOF_UNPROVEN) {
        cv_standing_at(table, leg)->comes_back = 0;
        restrict_leg(table, leg, state, &address->ip, now_ms);
    }
    return state;
}

void cv_standing_settle(struct cv_pair_table *table, uint32_t leg, enum cv_leg_proof state)
{
    if (state != CV_LEG_PROOF_UNPROVEN) /* or that is done */
        set_state(table, leg, state);
}

void cv_standing_leave(struct cv_pair_table *table, uint32_t leg)
{
    set_state(table, leg, CV_LEG_PROOF_NONE);
}

/* One that is silent waits for its next packet, which will do. */
static bool prove_unless_silent(struct cv_pair_table *table, uint32_t leg, uint32_t now_ms)
{
    if (cv_leg_is_vacant(cv_leg_at(table, leg), now_ms))
        return false;
    set_state(table, leg, CV_LEG_PROOF_PROVEN);
    return true;
}

bool cv_standing_vouch(struct cv_pair_table *table, uint32_t number, const struct cv_ip *vouched,
                       uint32_t now_ms)
{
    const struct cv_leg *leg = cv_leg_at(table, number);
    struct cv_standing *standing = cv_standing_at(table, number);

    standing->vouched = *vouched;
    if (!cv_standing_is_restricted(standing) || !is_vouched_for(standing, &leg->source))
        return false;
    standing->comes_back = 1;
    return prove_unless_silent(table, number, now_ms);
}

void cv_standing_change_rule(struct cv_pair_table *table, uint32_t number, const struct cv_standing *to,
                             uint32_t now_ms)
{
    struct cv_leg *leg = cv_leg_at(table, number);
    struct cv_standing *standing = cv_standing_at(table, number);
    struct cv_address address = {.ip = leg->source, .port_be = leg->source_port_be};

    remember(table, number, now_ms);
    standing->rule = to->rule;
    standing->vouched = to->vouched;
    cv_standing_settle(table, number, cv_standing_prepare(table, number, &address, now_ms));
}

void cv_standing_challenge(const struct cv_pair_table *table, uint32_t leg,
                           uint8_t challenge[CV_CHALLENGE_BYTES])
{
    uint64_t number_be = rte_cpu_to_be_64(cv_pair_of(table, leg)->number);

    challenge[0] = CHALLENGE_TYPE;
    memcpy(challenge + 1, &number_be, sizeof(number_be));
    memcpy(challenge + 1 + sizeof(number_be), cv_standing_at(table, leg)->challenge,
           sizeof(cv_standing_at(table, leg)->challenge));
}

_Static_assert(1 + sizeof(uint64_t) + sizeof(((struct cv_standing *)0)->challenge) == CV_CHALLENGE_BYTES,
               "type, pair, random");

int cv_standing_answer(struct cv_pair_table *table, uint32_t leg, const uint8_t challenge[CV_CHALLENGE_BYTES],
                       uint32_t now_ms, bool *proven)
{
    struct cv_standing *standing = cv_standing_at(table, leg);
    uint8_t wanted[CV_CHALLENGE_BYTES], difference = 0;

    *proven = false;
    cv_standing_challenge(table, leg, wanted);
    for (unsigned i = 0; i < CV_CHALLENGE_BYTES; i++)
        difference |= (uint8_t)(wanted[i] ^ challenge[i]);
    if (difference != 0 || standing->challenges == 0 || standing->challenges == UINT8_MAX ||
        !(cv_leg_at(table, leg)->flags & CV_LEG_BOUND))
        return -EKEYREJECTED;
    if (cv_standing_is_restricted(standing)) {
        standing->comes_back = 1;
        *proven = prove_unless_silent(table, leg, now_ms);
    }
    return 0;
}

bool cv_standing_wants_challenge(const struct cv_pair_table *table, uint32_t number, uint32_t now_ms)
{
    const struct cv_standing *standing = cv_standing_at(table, number);
    uint32_t sent_for = cv_ms_since(now_ms, standing->challenged_ms);
    uint32_t seen_ms = __atomic_load_n(&cv_leg_at(table, number)->seen_ms, __ATOMIC_RELAXED);

    if (standing->state != CV_LEG_PROOF_UNPROVEN || standing->challenges == UINT8_MAX)
        return false;
    if (standing->challenges == 0)
        return true;
    if (standing->challenges <= RTE_DIM(challenge_again_ms))
        return sent_for >= challenge_again_ms[standing->challenges - 1];
    return sent_for >= CHALLENGE_LATER_MS && seen_ms != 0 && cv_ms_since(now_ms, seen_ms) < sent_for;
}

void cv_standing_challenged(struct cv_pair_table *table, uint32_t leg, uint32_t now_ms)
{
    struct cv_standing *standing = cv_standing_at(table, leg);

    standing->challenged_ms = now_ms;
    standing->challenges = (uint8_t)RTE_MIN(standing->challenges + 1, UINT8_MAX - 1);
}

uint32_t cv_standing_account_left_ms(const struct cv_pair_table *table, uint32_t leg, uint32_t now_ms)
{
    uint32_t open_ms = cv_ms_since(now_ms, cv_standing_at(table, leg)->opened_ms);

    return open_ms < CV_ACCOUNT_MS ? CV_ACCOUNT_MS - open_ms : 1;
}

enum cv_standing_change cv_standing_age(struct cv_pair_table *table, uint32_t number, uint32_t now_ms)
{
    const struct cv_leg *leg = cv_leg_at(table, number);
    struct cv_standing *standing = cv_standing_at(table, number);
    bool vacant = cv_leg_is_vacant(leg, now_ms);

    if (standing->state == CV_LEG_PROOF_PROVEN && vacant) {
        standing->comes_back = standing->rule == CV_PROOF_VOUCHED || is_vouched_for(standing, &leg->source);
        restrict_leg(table, number, CV_LEG_PROOF_SILENT, &leg->source, now_ms);
        return CV_STANDING_SILENT;
    }
    if (cv_standing_is_restricted(standing) && standing->comes_back && !vacant) {
        set_state(table, number, CV_LEG_PROOF_PROVEN);
        return CV_STANDING_PROVEN;
    }
    if (standing->state == CV_LEG_PROOF_SILENT && !vacant) {
        set_state(table, number, CV_LEG_PROOF_UNPROVEN);
        return CV_STANDING_UNPROVEN;
    }
    if (cv_standing_is_restricted(standing) && cv_ms_since(now_ms, standing->opened_ms) >= CV_ACCOUNT_MS)
        renew_account(table, number, &leg->source, now_ms);
    return CV_STANDING_SAME;
}
