/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "shared/ring.h"

#define SLOTS 8

/* Both ends of a ring in memory of exactly its size; the shared positions where ring.h draws them. */
struct ends {
    void *memory;
    uint32_t *head;
    uint32_t *tail;
    struct cv_ring producer;
    struct cv_ring consumer;
};

static void join(struct ends *ends, uint32_t slots, uint32_t position)
{
    size_t bytes = cv_ring_footprint(slots);

    ends->memory = aligned_alloc(64, bytes);
    assert_non_null(ends->memory);
    memset(ends->memory, 0xaa, bytes);
    cv_ring_format(ends->memory);
    ends->head = ends->memory;
    ends->tail = (uint32_t *)((uint8_t *)ends->memory + 64);
    assert_int_equal(*ends->head, 0);
    assert_int_equal(*ends->tail, 0);
    *ends->head = *ends->tail = position;
    assert_int_equal(cv_ring_join(&ends->producer, ends->memory, slots, CV_RING_PRODUCER), 0);
    assert_int_equal(cv_ring_join(&ends->consumer, ends->memory, slots, CV_RING_CONSUMER), 0);
}

static struct cv_message numbered(uint32_t number)
{
    struct cv_message message;

    memset(&message, (int)(number & 0xff), sizeof(message));
    message.sequence = number;
    return message;
}

static uint32_t push(struct ends *ends, uint32_t first, uint32_t count)
{
    struct cv_message messages[2 * SLOTS];

    for (uint32_t i = 0; i < count; i++)
        messages[i] = numbered(first + i);
    return cv_ring_push(&ends->producer, messages, count);
}

static void pop(struct ends *ends, uint32_t count, uint32_t first, uint32_t expected)
{
    struct cv_message messages[2 * SLOTS];

    assert_int_equal(cv_ring_pop(&ends->consumer, messages, count), expected);
    for (uint32_t i = 0; i < expected; i++) {
        struct cv_message wanted = numbered(first + i);

        assert_memory_equal(&messages[i], &wanted, sizeof(wanted));
    }
}

static void fills_and_empties(void **state)
{
    struct ends ends;

    (void)state;
    join(&ends, SLOTS, 0);
    pop(&ends, SLOTS, 0, 0);
    assert_int_equal(cv_ring_room(&ends.producer), SLOTS);
    assert_int_equal(push(&ends, 0, 5), 5);
    assert_int_equal(cv_ring_room(&ends.producer), SLOTS - 5);
    assert_int_equal(push(&ends, 5, 5), 3);
    assert_int_equal(cv_ring_room(&ends.producer), 0);
    assert_int_equal(push(&ends, 8, 1), 0);
    pop(&ends, 3, 0, 3);
    assert_int_equal(push(&ends, 8, 2 * SLOTS), 3);
    pop(&ends, 2 * SLOTS, 3, SLOTS);
    pop(&ends, 1, 0, 0);
    assert_int_equal(ends.producer.bad_positions + ends.consumer.bad_positions, 0);
    free(ends.memory);
}

/* Past 2^32, from each offset within the slots and with each number of messages at a time. */
static void positions_wrap_around(void **state)
{
    (void)state;
    for (uint32_t before = 0; before <= SLOTS; before++) {
        for (uint32_t step = 1; step <= SLOTS; step++) {
            struct ends ends;
            uint32_t sent = 0, taken = 0;

            join(&ends, SLOTS, 0u - before);
            while (taken < 4 * SLOTS) {
                sent += push(&ends, sent, step);
                pop(&ends, step, taken, step);
                taken += step;
            }
            assert_int_equal(sent, taken);
            assert_int_equal(*ends.head, taken - before);
            assert_int_equal(push(&ends, 0, SLOTS), SLOTS);
            assert_int_equal(push(&ends, 0, 1), 0);
            free(ends.memory);
        }
    }
}

static void one_slot_is_a_ring(void **state)
{
    struct ends ends;

    (void)state;
    join(&ends, 1, UINT32_MAX);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(push(&ends, i, 2), 1);
        pop(&ends, 2, i, 1);
    }
    free(ends.memory);
}

static void join_refuses_what_is_no_ring(void **state)
{
    static const uint32_t slots[] = {0, 3, 12, (1u << 20) + 1, 1u << 21, UINT32_MAX};
    struct cv_ring ring;
    struct ends ends;

    (void)state;
    join(&ends, SLOTS, 0);
    for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++)
        assert_int_equal(cv_ring_join(&ring, ends.memory, slots[i], CV_RING_CONSUMER), -EINVAL);
    assert_int_equal(cv_ring_join(&ring, (uint8_t *)ends.memory + 8, 1, CV_RING_CONSUMER), -EINVAL);
    assert_int_equal(cv_ring_footprint(1u << 20) % 64, 0);
    free(ends.memory);
}

static void an_end_continues_where_it_was(void **state)
{
    struct ends ends;

    (void)state;
    join(&ends, SLOTS, 77);
    push(&ends, 0, 6);
    pop(&ends, 2, 0, 2);
    assert_int_equal(cv_ring_join(&ends.consumer, ends.memory, SLOTS, CV_RING_CONSUMER), 0);
    assert_int_equal(cv_ring_join(&ends.producer, ends.memory, SLOTS, CV_RING_PRODUCER), 0);
    assert_int_equal(push(&ends, 6, 9), 4);
    pop(&ends, SLOTS, 2, SLOTS);
    free(ends.memory);
}

static void impossible_head_empties_the_ring(void **state)
{
    static const uint32_t ahead[] = {SLOTS + 1, 1000, UINT32_MAX / 2, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof(ahead) / sizeof(ahead[0]); i++) {
        struct ends ends;

        join(&ends, SLOTS, 5);
        push(&ends, 0, 3);
        *ends.head = 5 + ahead[i];
        pop(&ends, SLOTS, 0, 0);
        assert_int_equal(ends.consumer.bad_positions, 1);
        assert_int_equal(*ends.tail, *ends.head);
        /* A producer that starts over there is understood again. */
        assert_int_equal(cv_ring_join(&ends.producer, ends.memory, SLOTS, CV_RING_PRODUCER), 0);
        assert_int_equal(push(&ends, 40, 2), 2);
        pop(&ends, SLOTS, 40, 2);
        assert_int_equal(ends.consumer.bad_positions, 1);
        free(ends.memory);
    }
}

static void impossible_tail_leaves_no_room(void **state)
{
    struct ends ends;
    uint8_t before[SLOTS * sizeof(struct cv_message)];
    uint8_t *slots;

    (void)state;
    join(&ends, SLOTS, 5);
    slots = (uint8_t *)ends.memory + cv_ring_footprint(SLOTS) - sizeof(before);
    memcpy(before, slots, sizeof(before));
    for (uint32_t tail = 6; tail < 40; tail++) {
        *ends.tail = tail; /* ahead of what was ever pushed */
        assert_int_equal(push(&ends, 0, 1), 0);
    }
    *ends.tail = 5u - SLOTS - 1; /* behind by more than the ring holds */
    assert_int_equal(push(&ends, 0, 1), 0);
    assert_int_equal(cv_ring_room(&ends.producer), 0);
    assert_int_equal(ends.producer.bad_positions, 36);
    assert_memory_equal(before, slots, sizeof(before));
    *ends.tail = 5;
    assert_int_equal(push(&ends, 0, SLOTS), SLOTS);
    pop(&ends, SLOTS, 0, SLOTS);
    free(ends.memory);
}

/* The other side may write its own position and ours, and all slots, at any time. */
static void garbage_never_leads_outside(void **state)
{
    struct cv_message messages[2 * SLOTS];
    struct ends ends;
    uint32_t *words;

    (void)state;
    join(&ends, SLOTS, 0);
    words = ends.memory;
    srand(1);
    for (unsigned round = 0; round < 20000; round++) {
        uint32_t count = (uint32_t)rand() % (2 * SLOTS + 1);

        words[(size_t)rand() % (cv_ring_footprint(SLOTS) / sizeof(*words))] = (uint32_t)rand() * 2654435761u;
        if (round % 3 == 0)
            *ends.head = ends.consumer.position + (uint32_t)rand() % (2 * SLOTS);
        if (round % 5 == 0)
            *ends.tail = ends.producer.position - (uint32_t)rand() % (2 * SLOTS);
        assert_true(cv_ring_pop(&ends.consumer, messages, count) <= (count < SLOTS ? count : SLOTS));
        assert_true(cv_ring_push(&ends.producer, messages, count) <= (count < SLOTS ? count : SLOTS));
        assert_true(cv_ring_room(&ends.producer) <= SLOTS);
    }
    assert_true(ends.consumer.bad_positions > 0 && ends.producer.bad_positions > 0);
    free(ends.memory);
}

#define THREAD_MESSAGES 1000000u
#define THREAD_SLOTS    256u

static void *produce(void *argument)
{
    struct ends *ends = argument;
    struct cv_message burst[32];
    uint32_t sent = 0;

    while (sent < THREAD_MESSAGES) {
        uint32_t count = 1 + sent % 32, pushed;

        if (count > THREAD_MESSAGES - sent)
            count = THREAD_MESSAGES - sent;
        for (uint32_t i = 0; i < count; i++) {
            burst[i].sequence = sent + i;
            burst[i].pair = ~(uint64_t)(sent + i);
            memset(burst[i].bytes + 176, (int)((sent + i) & 0xff), 8);
        }
        pushed = cv_ring_push(&ends->producer, burst, count);
        sent += pushed;
        if (pushed == 0)
            sched_yield();
    }
    return NULL;
}

static void a_million_messages_pass_between_threads(void **state)
{
    struct cv_message burst[48];
    struct ends ends;
    pthread_t thread;
    uint32_t taken = 0, wrong = 0;

    (void)state;
    join(&ends, THREAD_SLOTS, 0u - 1000);
    assert_int_equal(pthread_create(&thread, NULL, produce, &ends), 0);
    while (taken < THREAD_MESSAGES) {
        uint32_t count = cv_ring_pop(&ends.consumer, burst, 48);

        for (uint32_t i = 0; i < count; i++)
            wrong += burst[i].sequence != taken + i || burst[i].pair != ~(uint64_t)(taken + i) ||
                     burst[i].bytes[183] != ((taken + i) & 0xff);
        taken += count;
        if (count == 0)
            sched_yield();
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(wrong, 0);
    assert_int_equal(taken, THREAD_MESSAGES);
    assert_int_equal(ends.producer.bad_positions + ends.consumer.bad_positions, 0);
    free(ends.memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_and_empties),
        cmocka_unit_test(positions_wrap_around),
        cmocka_unit_test(one_slot_is_a_ring),
        cmocka_unit_test(join_refuses_what_is_no_ring),
        cmocka_unit_test(an_end_continues_where_it_was),
        cmocka_unit_test(impossible_head_empties_the_ring),
        cmocka_unit_test(impossible_tail_leaves_no_room),
        cmocka_unit_test(garbage_never_leads_outside),
        cmocka_unit_test(a_million_messages_pass_between_threads),
    };

    return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
