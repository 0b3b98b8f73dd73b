/* SPDX-License-Identifier: BSD-3-Clause */
/* Tokens of peers' legs, which are used once, and what proves the addresses. */
#include "session_test.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

/* It wants some of the above first. */
#include <cmocka.h>

#define UDP    CV_LEG_KIND_UDP
#define TUNNEL CV_LEG_KIND_TUNNEL
#define LISTEN CV_LEG_KIND_LISTEN
#define ANY    CV_LEG_KINDS

#define AWAY "203.0.113.5:6000" /* an address that is not the session's */

static struct test_peer alice, bob;

/* Sessions 1 and 2. */
static int set_up(void **state)
{
    if (session_set_up(state) != 0)
        return -1;
    peer_start(&alice, *state, 1, ANY);
    peer_start(&bob, *state, 2, ANY);
    return 0;
}

static int tear_down(void **state)
{
    peer_free(&alice);
    peer_free(&bob);
    return bench_tear_down(state);
}

static struct fake_pair *find(struct bench *bench, uint64_t pair)
{
    struct fake_pair *found = fake_find(&bench->dataplane, pair);

    assert_non_null(found);
    return found;
}

static void hear_token(struct test_peer *peer, uint64_t pair, unsigned leg)
{
    const struct cv_capsule *capsule = peer_hear(peer, CV_CAPSULE_LEG_TOKEN);

    assert_int_equal(capsule->leg_token.pair, pair);
    assert_memory_equal(capsule->leg_token.token, find(peer->bench, pair)->config.legs[leg].token,
                        CV_TOKEN_BYTES);
    assert_false(find(peer->bench, pair)->used[leg]);
}

/* One that has bound the leg is followed by another one, each time. */
static void a_used_token_is_replaced(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_make(&alice, 1, UDP, &bob, LISTEN).pair;

    fake_bind(&bench->dataplane, pair, 0, "198.51.100.1:7000");
    hear_token(&alice, pair, 0);
    fake_bind(&bench->dataplane, pair, 1, "198.51.100.2:7000");
    hear_token(&bob, pair, 1);
    fake_bind(&bench->dataplane, pair, 0, AWAY); /* LEG_MOVED by the token */
    hear_token(&alice, pair, 0);
    assert_int_equal(bench->dataplane.tokens, 3);
    /* By the connection ID, or back again: the token is not used. */
    assert_true(fake_tell_leg(&bench->dataplane, CV_MESSAGE_LEG_MOVED, pair, 0, "198.51.100.1:7001", AWAY));
    peer_quiet(&alice);
    assert_int_equal(bench->dataplane.tokens, 3);
    peer_quiet(&bob);
}

/* What the data plane refuses nobody is told. */
static void a_token_that_the_data_plane_does_not_take(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_make(&alice, 1, UDP, &bob, UDP).pair;

    bench->dataplane.token_error = -EADDRINUSE;
    fake_bind(&bench->dataplane, pair, 0, "198.51.100.1:7000");
    peer_quiet(&alice);
    assert_int_equal(bench->dataplane.tokens, 1);
}

static void an_operators_tokens_stay(void **state)
{
    struct bench *bench = *state;
    struct test_client client;
    uint64_t pair;

    client_open(&client, bench);
    pair = client_add(&client, "carol", "dave");
    client_close(&client);
    assert_int_equal(find(bench, pair)->config.legs[0].one_use, 0);
    assert_int_equal(find(bench, pair)->config.legs[0].proof, CV_PROOF_VOUCHED);
    fake_bind(&bench->dataplane, pair, 0, "198.51.100.1:7000");
    fake_bind(&bench->dataplane, pair, 0, AWAY);
    session_settle(bench);
    assert_int_equal(bench->dataplane.tokens, 0);
}

static void answer(struct test_peer *peer, uint64_t pair, uint8_t fill)
{
    struct cv_capsule capsule = {.type = CV_CAPSULE_CHALLENGE_ANSWER};

    memset(capsule.challenge, fill, CV_CHALLENGE_BYTES);
    capsule.challenge[0] = 0x05;
    for (unsigned i = 0; i < 8; i++)
        capsule.challenge[1 + i] = (uint8_t)(pair >> (56 - 8 * i));
    peer_say(peer, &capsule);
}

static bool has_three_proofs(void *context)
{
    const struct bench *bench = context;

    return bench->dataplane.proves == 3;
}

/* What comes back goes to the data plane, for the leg of who sent it; of others' pairs it does not. */
static void challenges(void **state)
{
    struct bench *bench = *state;
    struct test_peer carol;
    uint64_t pair = peer_make(&alice, 1, UDP, &bob, UDP).pair;

    peer_start(&carol, bench, 3, UDP);
    (void)peer_pair(&carol, 1, &bob);
    answer(&carol, pair, 1); /* not its pair */
    answer(&carol, 99, 1);
    answer(&carol, 0, 1);
    answer(&alice, pair, 2);
    answer(&bob, pair, 3);
    bench->dataplane.prove_error = -EKEYREJECTED; /* it has no answer, whatever comes of it */
    answer(&alice, pair, 4);
    bench_wait(bench, has_three_proofs, bench, "three LEG_PROVE");
    session_settle(bench);
    assert_int_equal(bench->dataplane.proves, 3);
    assert_int_equal(find(bench, pair)->proven[0].challenge[19], 4);
    assert_int_equal(find(bench, pair)->proven[1].challenge[19], 3);
    peer_quiet(&alice);
    peer_quiet(&bob);
    peer_quiet(&carol);
    peer_free(&carol);
}

static void hear_limited(struct test_peer *peer, uint64_t pair, bool over)
{
    const struct cv_capsule *capsule = peer_hear(peer, CV_CAPSULE_LIMITED);

    assert_int_equal(capsule->limited.what, CV_LIMITED_PROOF);
    assert_int_equal(capsule->limited.pair, pair);
    assert_int_equal(capsule->limited.for_ms == 0, over);
}

static void unproven_legs_are_told(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_make(&alice, 1, UDP, &bob, UDP).pair;

    fake_bind(&bench->dataplane, pair, 0, AWAY);
    hear_token(&alice, pair, 0);
    fake_tell_proof(&bench->dataplane, pair, 0, CV_LEG_PROOF_UNPROVEN);
    hear_limited(&alice, pair, false);
    fake_tell_proof(&bench->dataplane, pair, 0, CV_LEG_PROOF_PROVEN);
    hear_limited(&alice, pair, true);
    fake_bind(&bench->dataplane, pair, 1, "198.51.100.2:7000");
    hear_token(&bob, pair, 1);
    fake_tell_proof(&bench->dataplane, pair, 1, CV_LEG_PROOF_SILENT);
    hear_limited(&bob, pair, false);
    peer_quiet(&alice);
    peer_quiet(&bob);
}

/* An address that changes again and again is told once a second, and at the end as it is. */
static void a_leg_that_flaps_is_told_once_a_second(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_make(&alice, 1, UDP, &bob, UDP).pair;

    fake_bind(&bench->dataplane, pair, 0, AWAY);
    hear_token(&alice, pair, 0);
    for (unsigned i = 0; i < 5; i++)
        fake_tell_proof(&bench->dataplane, pair, 0, CV_LEG_PROOF_UNPROVEN);
    hear_limited(&alice, pair, false);
    peer_quiet(&alice);
    for (unsigned i = 0; i < 5; i++) {
        fake_tell_proof(&bench->dataplane, pair, 0, CV_LEG_PROOF_PROVEN);
        fake_tell_proof(&bench->dataplane, pair, 0, CV_LEG_PROOF_UNPROVEN);
    }
    hear_limited(&alice, pair, true);
    peer_quiet(&alice);
    hear_limited(&alice, pair, false);
    peer_quiet(&alice);
}

/* Only who sends too much is told, also by a tunnel leg, which has no address. */
static void legs_over_their_rate_are_told(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_make(&alice, 1, UDP, &bob, TUNNEL).pair;

    for (unsigned side = 0; side < 2; side++) {
        struct test_peer *peer = side == 0 ? &alice : &bob;
        const struct cv_capsule *capsule;

        fake_tell_limited(&bench->dataplane, pair, (uint8_t)side, 0);
        capsule = peer_hear(peer, CV_CAPSULE_LIMITED);
        assert_int_equal(capsule->limited.what, CV_LIMITED_RATE);
        assert_int_equal(capsule->limited.pair, pair);
        assert_in_range(capsule->limited.for_ms, 1, 10000);
        peer_quiet(&alice);
        peer_quiet(&bob);
    }
    fake_tell_limited(&bench->dataplane, pair + 1, 0, 0);
    peer_quiet(&alice);
}

/* And who did not get something, until when that is so. */
static void legs_over_their_budget_are_told(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_make(&alice, 1, UDP, &bob, UDP).pair;
    const struct cv_capsule *capsule;

    fake_tell_limited(&bench->dataplane, pair, 1, 41000);
    capsule = peer_hear(&bob, CV_CAPSULE_LIMITED);
    assert_int_equal(capsule->limited.what, CV_LIMITED_PROOF);
    assert_int_equal(capsule->limited.pair, pair);
    assert_int_equal(capsule->limited.for_ms, 41000);
    peer_quiet(&alice);
    peer_quiet(&bob);
}

static bool is_vouched(void *context)
{
    const struct fake_pair *pair = context;

    return memcmp(&pair->config.legs[0].vouched, &alice.session->state.address.ip, sizeof(struct cv_ip)) == 0;
}

/* The session's address proves its legs' addresses, wherever it goes; a tunnel leg needs none. */
static void a_session_that_moves(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_make(&alice, 1, UDP, &bob, TUNNEL).pair;
    struct pair_record record;

    fake_session_move(&bench->dataplane, alice.session, "203.0.113.9:1000");
    (void)peer_hear(&alice, CV_CAPSULE_OBSERVED_ADDRESS);
    bench_wait(bench, is_vouched, find(bench, pair), "LEG_VOUCH");
    assert_int_equal(store_get_pair(bench->control->services.store, pair, &record), 0);
    assert_memory_equal(&record.legs[0].vouched, &alice.session->state.address.ip, sizeof(struct cv_ip));
    fake_session_move(&bench->dataplane, bob.session, "203.0.113.10:1000");
    (void)peer_hear(&bob, CV_CAPSULE_OBSERVED_ADDRESS);
    session_settle(bench);
    assert_int_equal(bench->dataplane.vouches, 1);
}

static void move(struct test_peer *peer, const char *address)
{
    fake_session_move(&peer->bench->dataplane, peer->session, address);
    (void)peer_hear(peer, CV_CAPSULE_OBSERVED_ADDRESS);
    session_settle(peer->bench);
}

static void is_where_the_session_is(const struct test_peer *peer, const struct cv_ip *vouched)
{
    assert_memory_equal(vouched, &peer->session->state.address.ip, sizeof(*vouched));
}

/* A UDP leg that is coming goes where the session goes, whatever is in use until then. */
static void a_session_that_moves_before_its_leg_comes(void **state)
{
    static const uint8_t kinds[] = {TUNNEL, UDP};
    struct bench *bench = *state;

    for (unsigned i = 0; i < sizeof(kinds); i++) {
        uint64_t pair = peer_make(&alice, 10 * i + 1, kinds[i], &bob, TUNNEL).pair;
        struct pair_record record;

        peer_request_leg(&alice, 10 * i + 2, pair, UDP);
        (void)peer_hear(&alice, CV_CAPSULE_LEG_MADE);
        session_settle(bench);
        move(&alice, i == 0 ? "203.0.113.9:1000" : "203.0.113.11:1000");
        is_where_the_session_is(&alice, &find(bench, pair)->next[0].vouched);
        fake_bind(&bench->dataplane, pair, 0, "203.0.113.9:2000");
        (void)peer_hear(&alice, CV_CAPSULE_LEG_TOKEN);
        if (kinds[i] != UDP)
            peer_hear_other_leg(&bob, pair, UDP, 0);
        session_settle(bench);
        is_where_the_session_is(&alice, &find(bench, pair)->config.legs[0].vouched);
        assert_int_equal(store_get_pair(bench->control->services.store, pair, &record), 0);
        is_where_the_session_is(&alice, &record.legs[0].vouched);
    }
}

/* It moves when the leg is on its way to the data plane, which does not have it yet. */
static void a_session_that_moves_while_a_leg_is_made(void **state)
{
    struct bench *bench = *state;
    struct pair_record record;
    uint64_t pair, offer;

    peer_request(&alice, 1, &bob, UDP);
    offer = peer_hear_offer(&bob);
    peer_accept(&bob, offer, TUNNEL);
    move(&alice, "203.0.113.9:1000");
    pair = peer_hear_made(&alice, CV_ORIGIN_REQUEST, 1).made.pair;
    (void)peer_hear_made(&bob, CV_ORIGIN_OFFER, offer);
    is_where_the_session_is(&alice, &find(bench, pair)->config.legs[0].vouched);
    assert_int_equal(store_get_pair(bench->control->services.store, pair, &record), 0);
    is_where_the_session_is(&alice, &record.legs[0].vouched);
    peer_request_leg(&alice, 2, pair, UDP);
    move(&alice, "203.0.113.10:1000");
    (void)peer_hear(&alice, CV_CAPSULE_LEG_MADE);
    is_where_the_session_is(&alice, &find(bench, pair)->next[0].vouched);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_used_token_is_replaced),
        TEST(a_token_that_the_data_plane_does_not_take),
        TEST(an_operators_tokens_stay),
        TEST(challenges),
        TEST(unproven_legs_are_told),
        TEST(legs_over_their_rate_are_told),
        TEST(legs_over_their_budget_are_told),
        TEST(a_session_that_moves),
        TEST(a_session_that_moves_before_its_leg_comes),
        TEST(a_session_that_moves_while_a_leg_is_made),
        TEST(a_leg_that_flaps_is_told_once_a_second),
    };

    return cmocka_run_group_tests_name("peer_proof", tests, NULL, NULL);
}
