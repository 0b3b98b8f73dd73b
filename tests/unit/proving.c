/* SPDX-License-Identifier: BSD-3-Clause */
#include "proving.h"

#include <string.h>

static struct cv_proof_sweep sweep;
static uint8_t payload[BIG];

/* What the sweep has told, the latest first. */
static struct {
    enum cv_proof_event event;
    uint32_t leg;
} told[64];
static unsigned told_count;

bool no_room;

int proving_setup(void **state)
{
    memset(&sweep, 0, sizeof(sweep));
    told_count = 0;
    no_room = false;
    return moving_setup(state);
}

static bool on_proof(void *context, enum cv_proof_event what, uint32_t leg)
{
    assert_ptr_equal(context, &told);
    assert_true(told_count < RTE_DIM(told));
    told[told_count].event = what;
    told[told_count++].leg = leg;
    return !no_room;
}

unsigned after_ms(uint32_t ms, enum cv_proof_event what, uint32_t leg)
{
    unsigned count = 0;

    rig_pass(rig, ms);
    told_count = 0;
    sweep.last_ms = rig->now_ms - 1000;
    cv_proof_sweep(&sweep, &rig->table, rig->now_ms, on_proof, &told);
    for (unsigned i = 0; i < told_count; i++)
        count += told[i].event == what && told[i].leg == leg;
    return count;
}

struct cv_leg_config needed(uint8_t fill, const char *vouched)
{
    struct cv_leg_config leg = rig_token(fill);

    leg.proof = CV_PROOF_NEEDED;
    if (vouched != NULL)
        leg.vouched = packets_ip(vouched);
    return leg;
}

uint32_t pair_with(struct cv_leg_config config)
{
    uint32_t slot = rig_pair(rig, 7, RIG_RELAY_PORT, rig_token(1), config);

    rig_bind(rig, 2 * slot, SENDER);
    return 2 * slot + 1;
}

enum cv_move_result bind_by_token(uint32_t leg, const char *address)
{
    struct cv_notice notice = notice_for(CV_NOTICE_TOKEN, leg, address);
    enum cv_move_result result;

    if (address[0] == '[')
        notice.local = RIG_LOCAL_V6;
    result = tell(&notice);
    rig_resolve(rig);
    return result;
}

uint8_t proof_of(uint32_t leg)
{
    struct cv_pair_state seen;

    cv_pair_describe(&rig->table, leg >> 1, rig->now_ms, &seen);
    return seen.legs[leg & 1].proof;
}

uint64_t withheld(uint32_t leg)
{
    struct cv_pair_state seen;

    cv_pair_describe(&rig->table, leg >> 1, rig->now_ms, &seen);
    return seen.legs[leg & 1].withheld_pkts;
}

uint64_t send_some(const char *from, uint16_t bytes, unsigned count)
{
    uint64_t reached = 0;

    for (unsigned i = 0; i < count; i++) {
        struct rte_mbuf *mbuf;

        rig_burst(rig, rig_datagram(from, from[0] == '[' ? "[2001:db8::1]:40000" : RELAY, payload, bytes));
        mbuf = rig_take(rig, RIG_PORT);
        if (mbuf == NULL)
            continue;
        reached += mbuf->data_len - RTE_ETHER_HDR_LEN;
        rte_pktmbuf_free(mbuf);
    }
    return reached;
}

void assert_limited(const char *from, uint64_t most)
{
    uint64_t drops = rig_drops(rig, CV_DROP_UNPROVEN), reached = send_some(from, BIG, MOST);

    assert_in_range(reached, 0, most);
    assert_true(rig_drops(rig, CV_DROP_UNPROVEN) > drops);
}

void assert_free(const char *from)
{
    assert_int_equal(send_some(from, BIG, MOST), MOST * (BIG + CV_HEADERS_V4));
}

void challenge_of(uint32_t leg, uint8_t challenge[CV_CHALLENGE_BYTES])
{
    cv_standing_challenge(&rig->table, leg, challenge);
    cv_standing_challenged(&rig->table, leg, rig->now_ms);
}

int answer(uint32_t leg, const uint8_t challenge[CV_CHALLENGE_BYTES], bool *proven)
{
    return cv_standing_answer(&rig->table, leg, challenge, rig->now_ms, proven);
}

void prove(uint32_t leg)
{
    uint8_t challenge[CV_CHALLENGE_BYTES];
    bool proven;

    challenge_of(leg, challenge);
    assert_int_equal(answer(leg, challenge, &proven), 0);
    assert_true(proven);
}
