/* SPDX-License-Identifier: BSD-3-Clause */
/* What passes through an attachment: messages, doorbells, lost events, garbage. */
#include "link_ends.h"

static struct cv_message result(uint32_t sequence)
{
    return (struct cv_message){.type = CV_MESSAGE_RESULT, .sequence = sequence};
}

static uint64_t lost_now(void)
{
    return cv_control_link_shared(dataplane)->keeper->events_lost;
}

static void messages_pass_and_ring_the_doorbells(void **state)
{
    struct cv_dataplane_link *control = attach();
    struct cv_message message = request(7), taken[4];

    (void)state;
    assert_true(cv_dataplane_link_send(control, &message));
    assert_false(readable(cv_control_link_fd(dataplane)));
    cv_dataplane_link_flush(control);
    assert_true(readable(cv_control_link_fd(dataplane)));
    assert_false(cv_control_link_serve(dataplane));
    assert_int_equal(cv_control_link_receive(dataplane, taken, 4), 1);
    assert_memory_equal(taken, &message, sizeof(message));
    assert_false(readable(cv_control_link_fd(dataplane)));
    cv_dataplane_link_flush(control); /* nothing new: no ring */
    assert_false(readable(cv_control_link_fd(dataplane)));

    message = result(7);
    assert_true(cv_control_link_send(dataplane, &message));
    assert_false(readable(cv_dataplane_link_doorbell(control)));
    cv_control_link_flush(dataplane);
    assert_true(readable(cv_dataplane_link_doorbell(control)));
    assert_int_equal(cv_dataplane_link_receive(control, taken, 4), 1);
    assert_memory_equal(taken, &message, sizeof(message));
    assert_false(readable(cv_dataplane_link_doorbell(control)));
    assert_int_equal(cv_control_link_shared(dataplane)->keeper->ring_messages, 1);
    leave(control);
}

/* One ring for many messages, taken a few at a time: neither side may fall asleep over the rest. */
static void the_doorbell_rings_until_all_are_taken(void **state)
{
    struct cv_dataplane_link *control = attach();
    struct cv_message message, taken[4];
    uint32_t to_dataplane = 0, to_control = 0;

    (void)state;
    for (uint32_t i = 1; i <= 10; i++) {
        message = request(i);
        assert_true(cv_dataplane_link_send(control, &message));
        message = event(i);
        assert_true(cv_control_link_send(dataplane, &message));
    }
    cv_dataplane_link_flush(control);
    cv_control_link_flush(dataplane);
    while (readable(cv_control_link_fd(dataplane))) {
        assert_false(cv_control_link_serve(dataplane));
        to_dataplane += cv_control_link_receive(dataplane, taken, 4);
    }
    while (readable(cv_dataplane_link_doorbell(control)))
        to_control += cv_dataplane_link_receive(control, taken, 4);
    assert_int_equal(to_dataplane, 10);
    assert_int_equal(to_control, 10);
    leave(control);
}

static void lost_events_are_counted_and_told(void **state)
{
    struct cv_dataplane_link *control = attach();
    struct cv_message *taken = calloc(CV_RING_SLOTS, sizeof(*taken));
    struct cv_message message = event(1);

    (void)state;
    assert_non_null(taken);
    for (uint32_t i = 0; i < CV_RING_SLOTS; i++)
        assert_true(cv_control_link_send(dataplane, &message));
    assert_int_equal(cv_control_link_room(dataplane), 0);
    assert_false(cv_control_link_send(dataplane, &message));
    assert_false(cv_control_link_send(dataplane, &message));
    message = result(5);
    assert_false(cv_control_link_send(dataplane, &message)); /* kept by the caller, not lost */
    assert_int_equal(lost_now(), 2);

    assert_int_equal(cv_dataplane_link_receive(control, taken, 1), 1);
    assert_int_equal(cv_control_link_room(dataplane), 0); /* the one slot is for EVENTS_LOST */
    assert_false(cv_control_link_send(dataplane, &message));
    assert_int_equal(cv_dataplane_link_receive(control, taken, CV_RING_SLOTS), CV_RING_SLOTS);
    assert_int_equal(taken[CV_RING_SLOTS - 2].type, CV_MESSAGE_PAIR_IDLE);
    assert_int_equal(taken[CV_RING_SLOTS - 1].type, CV_MESSAGE_EVENTS_LOST);
    assert_int_equal(taken[CV_RING_SLOTS - 1].count, 2);
    assert_true(cv_control_link_send(dataplane, &message));
    assert_int_equal(cv_dataplane_link_receive(control, taken, CV_RING_SLOTS), 1);
    assert_int_equal(taken[0].type, CV_MESSAGE_RESULT);
    free(taken);
    leave(control);
}

/*
 * With nothing more to send, the loss is told by flush; a later control, which asks for everything, is not
 * told.
 */
static void a_loss_is_told_without_further_messages(void **state)
{
    struct cv_dataplane_link *control = attach();
    struct cv_message *taken = calloc(CV_RING_SLOTS, sizeof(*taken));
    struct cv_message message = event(1);

    (void)state;
    assert_non_null(taken);
    while (cv_control_link_send(dataplane, &message))
        ;
    cv_control_link_flush(dataplane);
    assert_int_equal(cv_dataplane_link_receive(control, taken, CV_RING_SLOTS), CV_RING_SLOTS);
    cv_control_link_flush(dataplane);
    assert_true(readable(cv_dataplane_link_doorbell(control)));
    assert_int_equal(cv_dataplane_link_receive(control, taken, CV_RING_SLOTS), 1);
    assert_int_equal(taken[0].type, CV_MESSAGE_EVENTS_LOST);
    assert_int_equal(taken[0].count, 1);

    while (cv_control_link_send(dataplane, &message))
        ;
    leave(control);
    control = attach();
    assert_true(cv_control_link_send(dataplane, &message));
    assert_int_equal(cv_dataplane_link_receive(control, taken, CV_RING_SLOTS), 1);
    assert_int_equal(taken[0].type, CV_MESSAGE_PAIR_IDLE);
    free(taken);
    leave(control);
}

static void nobody_attached_loses_no_events(void **state)
{
    struct cv_message message = event(1);

    (void)state;
    assert_false(cv_control_link_send(dataplane, &message));
    cv_control_link_flush(dataplane);
    assert_int_equal(lost_now(), 0);
}

static void bad_messages_are_left_out_and_counted(void **state)
{
    struct cv_dataplane_link *control = attach();
    struct cv_message message, taken[8];

    (void)state;
    for (uint32_t i = 1; i <= 6; i++) {
        message = request(i);
        if (i % 2 == 0)
            message.pair = 0;
        assert_true(cv_dataplane_link_send(control, &message));
        message = i % 3 == 0 ? request(i) : event(i); /* a request is nothing that the data plane may send */
        assert_true(cv_control_link_send(dataplane, &message));
    }
    assert_int_equal(cv_control_link_receive(dataplane, taken, 8), 3);
    assert_int_equal(taken[2].pair, 5);
    assert_int_equal(cv_control_link_shared(dataplane)->keeper->ring_bad_messages, 3);
    assert_int_equal(cv_dataplane_link_receive(control, taken, 8), 4);
    assert_int_equal(taken[3].pair, 5);
    assert_int_equal(cv_dataplane_link_bad(control), 2);
    leave(control);
}

/* A control gone mad writes into everything it can, while the data plane goes on. */
static void garbage_in_the_memory_is_survived(void **state)
{
    struct cv_dataplane_link *control = attach();
    const struct cv_shared *theirs = cv_dataplane_link_shared(control);
    uint32_t *words = theirs->memory;
    struct cv_message taken[64], message = event(1);
    size_t count = theirs->header.total_bytes / sizeof(*words);
    uint32_t *head = theirs->to_dataplane;

    (void)state;
    srand(2);
    for (size_t i = 0; i < count; i++)
        words[i] = (uint32_t)rand() * 2654435761u;
    for (unsigned round = 0; round < 2000; round++) {
        words[(size_t)rand() % count] = (uint32_t)rand() * 2654435761u;
        *head = *head + (uint32_t)rand() % 200;
        assert_true(cv_control_link_receive(dataplane, taken, 64) <= 64);
        cv_control_link_send(dataplane, &message);
        assert_true(cv_control_link_room(dataplane) <= CV_RING_SLOTS);
        cv_control_link_flush(dataplane);
        assert_false(serve());
    }
    assert_int_not_equal(cv_control_link_shared(dataplane)->keeper->ring_bad_messages, 0);
    assert_int_not_equal(cv_control_link_shared(dataplane)->keeper->ring_bad_positions, 0);
    leave(control);

    /* The next one finds everything in order but the header, which is the data plane's only to write. */
    words = cv_control_link_shared(dataplane)->memory;
    memcpy(words, &cv_control_link_shared(dataplane)->header, sizeof(struct cv_shared_header));
    control = attach();
    message = request(3);
    assert_true(cv_dataplane_link_send(control, &message));
    assert_int_equal(cv_control_link_receive(dataplane, taken, 64), 1);
    leave(control);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(messages_pass_and_ring_the_doorbells), TEST(the_doorbell_rings_until_all_are_taken),
        TEST(lost_events_are_counted_and_told),     TEST(a_loss_is_told_without_further_messages),
        TEST(nobody_attached_loses_no_events),      TEST(bad_messages_are_left_out_and_counted),
        TEST(garbage_in_the_memory_is_survived),
    };

    return cmocka_run_group_tests_name("control_messages", tests, make_directory, remove_directory);
}
