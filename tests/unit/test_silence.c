/* SPDX-License-Identifier: BSD-3-Clause */
/* Legs that nothing comes from: what they are sent, and what it takes to get all again. */
#include "proving.h"

#include <errno.h>
#include <string.h>

static int start(void **state)
{
    (void)state;
    packets_start("test_silence", NULL);
    return 0;
}

static void silence(void **state)
{
    uint32_t leg = pair_with(rig_token(2));

    (void)state;
    bind_by_token(leg, VICTIM);
    assert_int_equal(event.proof, CV_LEG_PROOF_PROVEN);
    assert_int_equal(after_ms(29999, CV_PROOF_EVENT_SILENT, leg), 0);
    assert_free(SENDER);
    assert_int_equal(after_ms(1, CV_PROOF_EVENT_SILENT, leg), 1);
    assert_int_equal(proof_of(leg), CV_LEG_PROOF_SILENT);
    assert_limited(SENDER, CV_ACCOUNT_BYTES);
    assert_int_equal(after_ms(1000, CV_PROOF_EVENT_CHALLENGE, leg), 0);
    assert_int_equal(send_some(VICTIM, 10, 1), 38);
    assert_free(SENDER); /* at once, before the keeper has looked */
    assert_int_equal(after_ms(1000, CV_PROOF_EVENT_PROVEN, leg), 1);
    assert_int_equal(proof_of(leg), CV_LEG_PROOF_PROVEN);
    assert_int_equal(after_ms(1000, CV_PROOF_EVENT_PROVEN, leg), 0);
    assert_free(SENDER);
}

/* The keeper has said that it is silent: that counts, also for a worker whose clock is behind. */
static void a_clock_that_is_behind(void **state)
{
    uint32_t leg = pair_with(rig_token(2));
    unsigned passed = 0;

    (void)state;
    bind_by_token(leg, VICTIM);
    send_some(VICTIM, 10, 1);
    assert_int_equal(after_ms(30000, CV_PROOF_EVENT_SILENT, leg), 1);
    for (unsigned i = 0; i < 10; i++)
        passed += cv_standing_spend(&rig->table, leg, false, 1200, rig->now_ms - 50);
    assert_int_equal(passed, 3);
}

/* A token from the leg's address is a sign of life as a packet is. */
static void a_token_breaks_the_silence(void **state)
{
    uint8_t token[CV_TOKEN_BYTES];
    uint32_t leg = pair_with(rig_token(2));

    (void)state;
    memset(token, 2, sizeof(token));
    bind_by_token(leg, VICTIM);
    after_ms(20000, CV_PROOF_EVENT_SILENT, leg);
    rig_burst(rig, rig_datagram(VICTIM, RELAY, token, sizeof(token)));
    assert_int_equal(rig_drops(rig, CV_DROP_CONSUMED), 1);
    assert_int_equal(after_ms(29999, CV_PROOF_EVENT_SILENT, leg), 0);
    assert_int_equal(after_ms(1, CV_PROOF_EVENT_SILENT, leg), 1);
}

/* Where its session's word does not reach, a leg that was silent has to be proven again. */
static void silent_and_challenged(void **state)
{
    uint8_t first[CV_CHALLENGE_BYTES];
    uint32_t leg = pair_with(needed(2, NULL));
    bool proven;

    (void)state;
    bind_by_token(leg, VICTIM);
    challenge_of(leg, first);
    assert_int_equal(answer(leg, first, &proven), 0);
    assert_int_equal(after_ms(30000, CV_PROOF_EVENT_SILENT, leg), 1);
    assert_int_equal(after_ms(1000, CV_PROOF_EVENT_CHALLENGE, leg), 0);
    send_some(VICTIM, 10, 1);
    assert_limited(SENDER, CV_ACCOUNT_BYTES + 3 * 38);
    assert_int_equal(after_ms(1000, CV_PROOF_EVENT_UNPROVEN, leg), 1);
    assert_int_equal(after_ms(0, CV_PROOF_EVENT_CHALLENGE, leg), 1);
    assert_int_equal(answer(leg, first, &proven), -EKEYREJECTED);
    prove(leg);
    assert_free(SENDER);
}

static void silent_at_its_sessions_ip(void **state)
{
    uint32_t leg = pair_with(needed(2, "203.0.113.77"));

    (void)state;
    bind_by_token(leg, VICTIM);
    assert_int_equal(after_ms(30000, CV_PROOF_EVENT_SILENT, leg), 1);
    assert_limited(SENDER, CV_ACCOUNT_BYTES);
    send_some(VICTIM, 10, 1);
    assert_free(SENDER);
    assert_int_equal(after_ms(0, CV_PROOF_EVENT_PROVEN, leg), 1);
}

/* An address that an operator wrote down needs nothing at all. */
static void exempt(void **state)
{
    uint32_t leg = pair_with(rig_fixed(VICTIM));

    (void)state;
    rig_resolve(rig);
    assert_int_equal(proof_of(leg), CV_LEG_PROOF_NONE);
    assert_int_equal(after_ms(100000, CV_PROOF_EVENT_SILENT, leg), 0);
    assert_free(SENDER);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, proving_setup, moving_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(silence),
        EACH(a_clock_that_is_behind),
        EACH(a_token_breaks_the_silence),
        EACH(silent_and_challenged),
        EACH(silent_at_its_sessions_ip),
        EACH(exempt),
    };

    return cmocka_run_group_tests_name("silence", tests, start, NULL);
}
