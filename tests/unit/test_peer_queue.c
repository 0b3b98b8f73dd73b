/* SPDX-License-Identifier: BSD-3-Clause */
/* The queue of datagrams in a peer's session, against a plain list. */
#include "peer/queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* It wants some of the above first. */
#include <cmocka.h>

#define ROOM  4096
#define TURNS 20000
#define MOST  1024

static const uint8_t channel[] = {0x40, 0x07};

static void push(struct datagram_queue *queue, uint32_t number, size_t bytes, bool expected)
{
    uint8_t payload[1500];

    memset(payload, (int)(number & 0xff), sizeof(payload));
    assert_int_equal(queue_push(queue, channel, sizeof(channel), payload, bytes, number), expected);
}

static void check_first(const struct datagram_queue *queue, uint32_t number, size_t bytes)
{
    const struct queued_datagram *first = queue_first(queue);

    assert_non_null(first);
    assert_int_equal(first->since_ns, number);
    assert_int_equal(first->bytes, bytes + sizeof(channel));
    assert_memory_equal(first->data, channel, sizeof(channel));
    for (size_t i = 0; i < bytes; i++)
        assert_int_equal(first->data[sizeof(channel) + i], number & 0xff);
}

static void first_in_first_out(void **state)
{
    struct datagram_queue queue = {.room = ROOM};
    size_t sizes[MOST];
    uint32_t first = 0, next = 0;

    (void)state;
    srand(7);
    for (unsigned turn = 0; turn < TURNS; turn++) {
        size_t bytes = (size_t)rand() % 700;

        /* Runs of either kind, so that the queue is often full and often empty. */
        if (next - first < MOST && turn / 16 % 2 == 0 &&
            queue_push(&queue, channel, sizeof(channel), memset((uint8_t[700]){0}, (int)(next & 0xff), 700),
                       bytes, next))
            sizes[next++ % MOST] = bytes;
        if (turn / 16 % 2 == 1 && first < next) {
            check_first(&queue, first, sizes[first % MOST]);
            queue_pop(&queue);
            first++;
        }
        assert_int_equal(queue.count, next - first);
    }
    assert_true(next > TURNS / 8);
    queue_free(&queue);
}

static void full_and_empty(void **state)
{
    struct datagram_queue queue = {.room = ROOM};

    (void)state;
    assert_null(queue_first(&queue));
    push(&queue, 1, ROOM, false); /* as large as all of it, but for what goes before */
    push(&queue, 1, 1400, true);
    push(&queue, 2, 1400, true);
    push(&queue, 3, 1400, false);
    check_first(&queue, 1, 1400);
    queue_pop(&queue);
    push(&queue, 3, 1400, true); /* behind the end, at the beginning again */
    push(&queue, 4, 0, false);
    queue_pop(&queue);
    check_first(&queue, 3, 1400);
    queue_pop(&queue);
    assert_null(queue_first(&queue));
    push(&queue, 4, 0, true);
    check_first(&queue, 4, 0);
    queue_free(&queue);
    assert_null(queue_first(&queue));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_in_first_out),
        cmocka_unit_test(full_and_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
