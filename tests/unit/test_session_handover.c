/* SPDX-License-Identifier: BSD-3-Clause */
/* What a session brings with it from the handshake thread to a worker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "packets.h"
#include "session/handover.h"
#include "session/handshake.h"
#include "session/schedule.h"

static struct cv_sessions all;
static struct cv_session_rings rings[2];
static struct cv_shard shard;
static struct cv_session *session;
static uint8_t *base;

static int start(void **state)
{
    (void)state;
    packets_start("test_session_handover", NULL);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    memset(&all, 0, sizeof(all));
    memset(&shard, 0, sizeof(shard));
    all.rings = rings;
    all.workers = 1;
    all.max = 1;
    all.slots = session = aligned_alloc(64, sizeof(*session));
    memset(session, 0, sizeof(*session));
    rings[0].handed = rte_ring_create_elem("test-handed", sizeof(struct cv_handed), 8, SOCKET_ID_ANY,
                                           RING_F_SP_ENQ | RING_F_SC_DEQ);
    shard.all = &all;
    shard.kind = CV_SHARD_HANDSHAKE;
    shard.rings = &rings[1];
    TAILQ_INIT(&shard.writing);
    TAILQ_INIT(&shard.events);
    base = cv_arena_bases_create(1);
    cv_arena_init(&session->arena, base, &shard.pages, 0);
    session->shard = &shard;
    session->generation = 1;
    session->slot_state = CV_SLOT_HANDSHAKE;
    session->phase = CV_SESSION_ASKING;
    session->announced = true;
    session->handshake = calloc(1, sizeof(*session->handshake));
    shard.sessions = 1;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rte_ring_free(rings[0].handed);
    cv_arena_bases_destroy(base, 1);
    free(session->handshake);
    free(session);
    return 0;
}

/* The ring to control was full when half of it was told; or control, just attached, is asked again. */
static void an_answer_before_the_end_of_the_question(void **state)
{
    const struct cv_session_order order = {.session = cv_session_number(session)};
    struct cv_handed handed;

    (void)state;
    cv_schedule_event(&shard, session, CV_EVENT_ASK | CV_EVENT_ADDRESS);
    assert_int_equal(cv_handover_give(session, &order), 0);
    assert_int_equal(cv_take_handed(rings[0].handed, &handed, 1), 1);
    assert_int_equal(handed.kind, CV_HANDED_SESSION);
    assert_ptr_equal(handed.session, session);
    assert_int_equal(session->slot_state, CV_SLOT_MOVING);
    assert_null(session->handshake);
    assert_int_equal(session->events, CV_EVENT_ADDRESS); /* the worker has no handshake to tell of */
    assert_int_equal(shard.sessions, 0);
}

static void numbers_are_exact_in_json(void **state)
{
    (void)state;
    assert_int_equal(cv_session_next_generation(0), 1);
    assert_int_equal(cv_session_next_generation(1), 2);
    session->generation = cv_session_next_generation(CV_SESSION_GENERATION_MAX - 1);
    session->shard_id = CV_CONFIG_WORKERS - 1;
    session->slot = (1u << CV_SESSION_SLOT_BITS) - 1;
    assert_true(cv_session_number(session) < UINT64_C(1) << 53);
    assert_int_equal(cv_session_next_generation(session->generation), 1);
}

static void a_slot_of_another_generation(void **state)
{
    (void)state;
    assert_ptr_equal(cv_session_at(&all, 0, 1), session);
    assert_null(cv_session_at(&all, 0, 2));
    assert_null(cv_session_at(&all, 1, 1));
    session->slot_state = CV_SLOT_FREE;
    assert_null(cv_session_at(&all, 0, 1));
}

/* A number names a session from its first packet on; a tunnel leg can be made on one that has been let in. */
static void admitted_is_who_has_a_worker(void **state)
{
    static const struct {
        enum cv_slot_state slot;
        bool admitted;
    } cases[] = {
        {CV_SLOT_FREE, false}, {CV_SLOT_HANDSHAKE, false}, {CV_SLOT_MOVING, false}, {CV_SLOT_WORKER, true}};
    const uint64_t number = cv_session_number(session);

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        session->slot_state = (unsigned char)cases[i].slot;
        assert_int_equal(cv_session_is_admitted(&all, number), cases[i].admitted);
        assert_false(cv_session_is_admitted(&all, number + (UINT64_C(1) << 32)));
    }
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        EACH(an_answer_before_the_end_of_the_question),
        EACH(numbers_are_exact_in_json),
        EACH(a_slot_of_another_generation),
        EACH(admitted_is_who_has_a_worker),
    };

    return cmocka_run_group_tests_name("session_handover", tests, start, NULL);
}
