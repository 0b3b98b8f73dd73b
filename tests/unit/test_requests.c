/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests in flight: which answer ends which request, and how many are out at a time. */
#include "link/requests.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* It wants some of the above first. */
#include <cmocka.h>

#define MANY (REQUESTS_IN_FLIGHT + 10)

struct asked {
    struct request request; /* first */
    int ends;
    int error;
    uint64_t pair; /* of the state it ended with */
    int states;
};

/* The ring: it keeps what was sent, and has room for `room` more. */
struct ring {
    struct cv_message messages[2 * MANY];
    uint32_t count;
    uint32_t room;
};

static struct ring ring;
static struct requests *requests;

static int set_up(void **state)
{
    (void)state;
    memset(&ring, 0, sizeof(ring));
    ring.room = UINT32_MAX;
    requests = requests_new();
    return requests == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    requests_free(requests);
    return 0;
}

static bool send_message(void *context, const struct cv_message *message)
{
    (void)context;
    if (ring.room == 0)
        return false;
    ring.room--;
    ring.messages[ring.count++] = *message;
    return true;
}

static void on_done(struct request *request, int error, const struct cv_pair_state *state)
{
    struct asked *asked = (struct asked *)(void *)request;

    asked->ends++;
    asked->error = error;
    asked->pair = state == NULL ? 0 : state->pair;
}

static void on_state(struct request *request, const struct cv_pair_state *state)
{
    (void)state;
    ((struct asked *)(void *)request)->states++;
}

static struct asked ask(enum cv_message_type type, uint64_t pair)
{
    struct asked asked = {.request = {.message = {.type = (uint16_t)type, .pair = pair}, .done = on_done}};

    if (type == CV_MESSAGE_PAIR_DUMP)
        asked.request.state = on_state;
    return asked;
}

static void pump(void)
{
    requests_pump(requests, send_message, NULL);
}

static bool answer(uint32_t sequence, enum cv_message_type type, int error, uint64_t pair)
{
    struct cv_message message = {.type = (uint16_t)type, .sequence = sequence};

    if (type == CV_MESSAGE_RESULT)
        message.result.error = error;
    else
        message.state.pair = pair;
    return requests_answer(requests, &message);
}

static void each_answer_finds_its_request(void **state)
{
    struct asked delete = ask(CV_MESSAGE_PAIR_DELETE, 1);
    struct asked get = ask(CV_MESSAGE_PAIR_GET, 2);

    (void)state;
    requests_add(requests, &delete.request);
    requests_add(requests, &get.request);
    pump();
    assert_int_equal(ring.count, 2);
    assert_int_equal(ring.messages[0].pair, 1);
    assert_int_not_equal(ring.messages[0].sequence, 0);
    assert_int_not_equal(ring.messages[0].sequence, ring.messages[1].sequence);
    assert_true(answer(ring.messages[1].sequence, CV_MESSAGE_PAIR_STATE, 0, 2));
    assert_int_equal(get.ends, 1);
    assert_int_equal(get.pair, 2);
    assert_true(answer(ring.messages[0].sequence, CV_MESSAGE_RESULT, -ENOENT, 0));
    assert_int_equal(delete.ends, 1);
    assert_int_equal(delete.error, -ENOENT);
    assert_int_equal(requests_in_flight(requests), 0);
}

static void answers_to_nothing_are_told(void **state)
{
    struct asked delete = ask(CV_MESSAGE_PAIR_DELETE, 1);
    uint32_t sequence;

    (void)state;
    assert_false(answer(1, CV_MESSAGE_RESULT, 0, 0));
    assert_false(answer(UINT32_MAX, CV_MESSAGE_DUMP_END, 0, 0));
    requests_add(requests, &delete.request);
    pump();
    sequence = ring.messages[0].sequence;
    assert_false(answer(sequence + REQUESTS_IN_FLIGHT, CV_MESSAGE_RESULT, 0, 0));
    assert_false(answer(sequence + 1, CV_MESSAGE_RESULT, 0, 0));
    assert_false(answer(sequence, CV_MESSAGE_PAIR_STATE, 0, 1));
    assert_false(answer(sequence, CV_MESSAGE_DUMP_END, 0, 0));
    assert_int_equal(delete.ends, 0);
    assert_true(answer(sequence, CV_MESSAGE_RESULT, 0, 0));
    assert_false(answer(sequence, CV_MESSAGE_RESULT, 0, 0)); /* twice */
    assert_int_equal(delete.ends, 1);
}

static void a_get_ends_in_its_own_state_only(void **state)
{
    struct asked wrong = ask(CV_MESSAGE_PAIR_GET, 1);
    struct asked none = ask(CV_MESSAGE_PAIR_GET, 1);

    (void)state;
    requests_add(requests, &wrong.request);
    requests_add(requests, &none.request);
    pump();
    assert_true(answer(ring.messages[0].sequence, CV_MESSAGE_PAIR_STATE, 0, 2));
    assert_int_equal(wrong.error, -EBADMSG);
    assert_true(answer(ring.messages[1].sequence, CV_MESSAGE_RESULT, 0, 0));
    assert_int_equal(none.error, -EBADMSG);
}

static void a_dump_goes_on_to_its_end(void **state)
{
    struct asked dump = ask(CV_MESSAGE_PAIR_DUMP, 0);

    (void)state;
    requests_add(requests, &dump.request);
    pump();
    for (uint64_t pair = 1; pair <= 3; pair++)
        assert_true(answer(ring.messages[0].sequence, CV_MESSAGE_PAIR_STATE, 0, pair));
    assert_int_equal(dump.states, 3);
    assert_int_equal(dump.ends, 0);
    assert_true(answer(ring.messages[0].sequence, CV_MESSAGE_DUMP_END, 0, 0));
    assert_int_equal(dump.ends, 1);
}

static void what_does_not_fit_waits_in_order(void **state)
{
    struct asked *asked = calloc(MANY, sizeof(*asked));

    (void)state;
    assert_non_null(asked);
    for (uint64_t i = 0; i < MANY; i++) {
        asked[i] = ask(CV_MESSAGE_PAIR_DELETE, i + 1);
        requests_add(requests, &asked[i].request);
    }
    ring.room = 3;
    pump();
    assert_int_equal(ring.count, 3);
    ring.room = UINT32_MAX;
    pump();
    assert_int_equal(ring.count, REQUESTS_IN_FLIGHT);
    assert_int_equal(requests_in_flight(requests), REQUESTS_IN_FLIGHT);
    for (uint32_t i = 0; i < REQUESTS_IN_FLIGHT; i += 100) {
        assert_true(answer(ring.messages[i].sequence, CV_MESSAGE_RESULT, 0, 0));
        pump();
    }
    assert_int_equal(ring.count, MANY);
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(ring.messages[i].pair, i + 1);
    requests_fail(requests, -ECONNRESET);
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(asked[i].ends, 1);
    assert_int_equal(asked[0].error, 0);
    assert_int_equal(asked[MANY - 1].error, -ECONNRESET);
    assert_int_equal(requests_in_flight(requests), 0);
    free(asked);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_answer_finds_its_request),    TEST(answers_to_nothing_are_told),
        TEST(a_get_ends_in_its_own_state_only), TEST(a_dump_goes_on_to_its_end),
        TEST(what_does_not_fit_waits_in_order),
    };

    return cmocka_run_group_tests_name("requests", tests, NULL, NULL);
}
