/* SPDX-License-Identifier: BSD-3-Clause */
/* Tokens of one use, and those that another has taken the place of: through the worker and the keeper. */
#include "moving.h"
#include "relay/claims.h"

#include <errno.h>
#include <string.h>

#define RELAY "192.0.2.1:40000"
#define HOME  "203.0.113.1:1000"
#define AWAY  "203.0.113.2:1000"
#define OTHER "203.0.113.9:9000"

static uint32_t leg; /* one use, token of ones; its other leg is bound to OTHER */
static uint8_t token[CV_TOKEN_BYTES];

static int start(void **state)
{
    (void)state;
    packets_start("test_token", NULL);
    return 0;
}

static int setup(void **state)
{
    struct cv_leg_config config = rig_token(1);

    moving_setup(state);
    config.one_use = 1;
    leg = 2 * rig_pair(rig, 7, RIG_RELAY_PORT, config, rig_token(2));
    rig_bind(rig, leg + 1, OTHER);
    return 0;
}

/* The token of such bytes comes from an address, and the keeper hears what the worker has to tell. */
static enum cv_move_result comes(uint8_t fill, const char *from)
{
    uint64_t consumed = rig_drops(rig, CV_DROP_CONSUMED);
    struct cv_notice notice;

    memset(token, fill, sizeof(token));
    rig_burst(rig, rig_datagram(from, RELAY, token, sizeof(token)));
    assert_int_equal(rig_drops(rig, CV_DROP_CONSUMED), consumed + 1); /* never forwarded */
    assert_null(rig_take(rig, RIG_PORT));
    notice = rig_notice(rig);
    if (notice.type == CV_NOTICE_NONE)
        return CV_MOVE_NOTHING;
    assert_int_equal(notice.type, CV_NOTICE_TOKEN);
    return tell(&notice);
}

static int change(uint8_t fill)
{
    memset(token, fill, sizeof(token));
    return cv_claims_change_token(&rig->table, leg, token, CV_NO_LEG);
}

/* Whether a packet from there passes as the leg's. */
static bool passes(const char *from)
{
    struct rte_mbuf *mbuf;

    rig_burst(rig, rig_datagram(from, RELAY, "hello", 5));
    mbuf = rig_take(rig, RIG_PORT);
    rte_pktmbuf_free(mbuf);
    return mbuf != NULL;
}

static void binds_once(void **state)
{
    (void)state;
    assert_int_equal(comes(1, HOME), CV_MOVE_BOUND);
    rig_pass(rig, 1000);
    assert_int_equal(comes(1, AWAY), CV_MOVE_NOTHING);
    assert_false(passes(AWAY));
    assert_at(leg, HOME);
    assert_true(passes(HOME));
    rig_pass(rig, 40000);
    assert_int_equal(comes(1, AWAY), CV_MOVE_NOTHING); /* however long it is silent */
    assert_int_equal(change(3), 0);
    assert_int_equal(comes(3, AWAY), CV_MOVE_MOVED);
    assert_at(leg, AWAY);
    assert_int_equal(comes(3, HOME), CV_MOVE_NOTHING);
}

/*
 * Both come before the keeper has looked: the first one it is, and the second gives nothing, not even for
 * a moment.
 */
static void two_at_once(void **state)
{
    struct cv_notice notice;

    (void)state;
    memset(token, 1, sizeof(token));
    rig_burst(rig, rig_datagram(HOME, RELAY, token, sizeof(token)));
    rig_burst(rig, rig_datagram(AWAY, RELAY, token, sizeof(token)));
    assert_false(passes(AWAY));
    assert_true(passes(HOME));
    notice = rig_notice(rig);
    assert_int_equal(tell(&notice), CV_MOVE_BOUND);
    assert_at(leg, HOME);
    while ((notice = rig_notice(rig)).type != CV_NOTICE_NONE)
        assert_int_equal(tell(&notice), CV_MOVE_NOTHING);
    /* Another worker's notice of the same token. */
    assert_int_equal(token_from(leg, AWAY), CV_MOVE_NOTHING);
}

static void sign_of_life(void **state)
{
    (void)state;
    assert_int_equal(comes(1, HOME), CV_MOVE_BOUND);
    rig_pass(rig, 20000);
    assert_int_equal(comes(1, HOME), CV_MOVE_NOTHING);
    assert_int_equal(cv_leg_at(&rig->table, leg)->seen_ms, rig->now_ms);
    assert_int_equal(cv_leg_at(&rig->table, leg)->pkts, 0);
}

/* The former token is known, does nothing, and is forgotten with the next but one. */
static void former_tokens(void **state)
{
    (void)state;
    assert_int_equal(comes(1, HOME), CV_MOVE_BOUND);
    assert_int_equal(change(3), 0);
    rig_pass(rig, 1000);
    assert_int_equal(comes(1, AWAY), CV_MOVE_NOTHING);
    assert_int_equal(comes(1, HOME), CV_MOVE_NOTHING);
    assert_false(passes(AWAY));
    assert_at(leg, HOME);
    assert_int_equal(change(4), 0);
    assert_int_equal(comes(3, AWAY), CV_MOVE_NOTHING);
    memset(token, 1, sizeof(token));
    rig_burst(rig, rig_datagram(HOME, RELAY, token, sizeof(token))); /* 32 bytes as any others by now */
    rte_pktmbuf_free(rig_take(rig, RIG_PORT));
    assert_int_equal(cv_leg_at(&rig->table, leg)->pkts, 1);
    assert_int_equal(comes(4, AWAY), CV_MOVE_MOVED);
    assert_int_equal(rig->table.by_claim.entries, 3);
    cv_pair_remove(&rig->table, leg >> 1);
    assert_int_equal(rig->table.by_claim.entries, 0);
}

/* The old token was on its way to the keeper when the new one came. */
static void notice_of_the_former(void **state)
{
    struct cv_notice notice;

    (void)state;
    memset(token, 1, sizeof(token));
    rig_burst(rig, rig_datagram(HOME, RELAY, token, sizeof(token)));
    notice = rig_notice(rig);
    assert_int_equal(notice.type, CV_NOTICE_TOKEN);
    assert_int_equal(change(3), 0);
    assert_int_equal(tell(&notice), CV_MOVE_NOTHING);
    assert_int_equal(comes(3, AWAY), CV_MOVE_NOTHING); /* the worker still waits for the first */
    rig_pass(rig, 51);
    assert_int_equal(comes(3, AWAY), CV_MOVE_BOUND);
}

/* A leg without `one_use` moves by its token as often as it comes, but by no former one. */
static void many_uses(void **state)
{
    uint32_t other = leg + 1;

    (void)state;
    rig_pass(rig, 1000);
    assert_int_equal(comes(2, HOME), CV_MOVE_MOVED);
    rig_pass(rig, 1000);
    assert_int_equal(comes(2, OTHER), CV_MOVE_MOVED);
    memset(token, 5, sizeof(token));
    assert_int_equal(cv_claims_change_token(&rig->table, other, token, CV_NO_LEG), 0);
    rig_pass(rig, 1000);
    assert_int_equal(comes(2, HOME), CV_MOVE_NOTHING);
    assert_int_equal(comes(5, HOME), CV_MOVE_MOVED);
}

static void refusals(void **state)
{
    uint32_t fixed = 2 * rig_pair(rig, 8, RIG_RELAY_PORT, rig_fixed("192.0.2.9:9"), rig_token(6));
    struct cv_pair_config config = rig_config(9, RIG_RELAY_PORT, rig_token(1), rig_token(7));
    uint32_t slot;

    (void)state;
    assert_int_equal(change(1), 0); /* it has that one, and may still be bound by it */
    assert_int_equal(change(2), -EADDRINUSE);
    assert_int_equal(change(6), -EADDRINUSE);
    memset(token, 9, sizeof(token));
    assert_int_equal(cv_claims_change_token(&rig->table, fixed, token, CV_NO_LEG), -EINVAL);
    assert_int_equal(comes(1, HOME), CV_MOVE_BOUND);
    assert_int_equal(change(1), 0);
    rig_pass(rig, 1000);
    assert_int_equal(comes(1, AWAY), CV_MOVE_NOTHING); /* which does not make it new */
    assert_int_equal(change(3), 0);
    assert_int_equal(change(1), -EADDRINUSE);
    assert_int_equal(cv_pair_put(&rig->table, &config, rig->now_ms, &slot), -EADDRINUSE);
    assert_int_equal(change(4), 0);
    assert_int_equal(cv_pair_put(&rig->table, &config, rig->now_ms, &slot), 0);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, moving_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(binds_once),           EACH(two_at_once), EACH(sign_of_life), EACH(former_tokens),
        EACH(notice_of_the_former), EACH(many_uses),   EACH(refusals),
    };

    return cmocka_run_group_tests_name("token", tests, start, NULL);
}
