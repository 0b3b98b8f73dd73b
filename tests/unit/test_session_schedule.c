/* SPDX-License-Identifier: BSD-3-Clause */
/* When a session that has only read gets its turn to write: its acknowledgement waits, but not for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "session/schedule.h"
#include "session/writing.h"

#define MS UINT64_C(1000000)

static struct cv_shard shard;
static struct cv_session *session;
static struct cv_rx_packet rx;

static int setup(void **state)
{
    (void)state;
    memset(&shard, 0, sizeof(shard));
    shard.kind = CV_SHARD_WORKER;
    shard.now_ns = 1000 * MS;
    TAILQ_INIT(&shard.writing);
    TAILQ_INIT(&shard.acking_soon);
    TAILQ_INIT(&shard.acking_late);
    TAILQ_INIT(&shard.events);
    session = aligned_alloc(64, sizeof(*session));
    assert_non_null(session);
    memset(session, 0, sizeof(*session)); /* without a connection, so that its turn is all that happens */
    session->address.port_be = 1;
    memset(&rx, 0, sizeof(rx));
    rx.address = session->address;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(session);
    return 0;
}

static void read_packets(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        cv_schedule_after_read(&shard, session, &rx);
}

/* Whether the session gets its turn when so much time has passed since the last question. */
static bool writes_after(uint64_t ns)
{
    shard.now_ns += ns;
    return cv_sessions_write(&shard) == 1;
}

static void one_packet(void **state)
{
    (void)state;
    read_packets(1);
    assert_false(writes_after(0));
    assert_false(writes_after(20 * MS - 1));
    assert_true(writes_after(1));
    assert_false(writes_after(100 * MS)); /* once */
}

static void several_packets(void **state)
{
    (void)state;
    read_packets(2);
    assert_false(writes_after(2 * MS - 1));
    assert_true(writes_after(1));
}

/* The second packet shortens the wait, from its own time on. */
static void one_and_another(void **state)
{
    (void)state;
    read_packets(1);
    assert_false(writes_after(10 * MS));
    read_packets(1);
    assert_false(writes_after(2 * MS - 1));
    assert_true(writes_after(1));
}

static void many_packets(void **state)
{
    (void)state;
    read_packets(7);
    assert_false(writes_after(0));
    read_packets(1);
    assert_true(writes_after(0));
}

static void what_does_not_wait(void **state)
{
    struct cv_stream_chunk chunk = {.bytes = 0};

    (void)state;
    rx.address.port_be = 2; /* another path: it has to be validated */
    read_packets(1);
    assert_true(writes_after(0));
    rx.address = session->address;
    session->events = CV_EVENT_UP;
    read_packets(1);
    assert_true(writes_after(0));
    session->events = CV_EVENT_DATA; /* of the control stream */
    read_packets(1);
    assert_true(writes_after(0));
    session->events = 0;
    session->unanswered = 0;
    session->stream.out_first = &chunk; /* the peer has not acknowledged all of it */
    read_packets(1);
    assert_true(writes_after(0));
    session->stream.out_first = NULL;
    session->unanswered = 0;
    shard.kind = CV_SHARD_HANDSHAKE;
    read_packets(1);
    assert_true(writes_after(0));
}

/* Something to send takes the acknowledgement along. */
static void something_to_send(void **state)
{
    (void)state;
    read_packets(1);
    cv_schedule_write(&shard, session);
    assert_true(writes_after(0));
    assert_false(writes_after(100 * MS));
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(one_packet),   EACH(several_packets),    EACH(one_and_another),
        EACH(many_packets), EACH(what_does_not_wait), EACH(something_to_send),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
