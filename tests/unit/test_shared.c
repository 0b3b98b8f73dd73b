/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/shared.h"

struct area {
    uint64_t offset;
    uint64_t bytes;
};

static void check_layout(uint32_t workers, uint32_t ports)
{
    struct cv_shared_header header;
    struct area areas[8];

    assert_int_equal(cv_shared_layout(&header, workers, ports), 0);
    areas[0] = (struct area){0, sizeof(header)};
    areas[1] = (struct area){header.to_control_offset, cv_ring_footprint(CV_RING_SLOTS)};
    areas[2] = (struct area){header.to_dataplane_offset, cv_ring_footprint(CV_RING_SLOTS)};
    areas[3] = (struct area){header.keeper_offset, sizeof(struct cv_keeper_stats)};
    areas[4] = (struct area){header.workers_offset, workers * sizeof(struct cv_worker_stats)};
    areas[5] = (struct area){header.ports_offset, ports * sizeof(struct cv_port_stats)};
    areas[6] = (struct area){header.sessions_offset, sizeof(struct cv_session_stats)};
    areas[7] = (struct area){header.shards_offset, (workers + 1) * sizeof(struct cv_shard_stats)};
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(areas[i].offset % 64, 0);
        assert_true(areas[i].offset + areas[i].bytes <= (i < 7 ? areas[i + 1].offset : header.total_bytes));
    }
}

static void areas_do_not_overlap(void **state)
{
    struct cv_shared_header header;

    (void)state;
    check_layout(0, 0);
    check_layout(1, 1);
    check_layout(3, 2);
    check_layout(CV_SHARED_WORKERS, CV_SHARED_PORTS);
    assert_int_equal(cv_shared_layout(&header, CV_SHARED_WORKERS + 1, 1), -EINVAL);
    assert_int_equal(cv_shared_layout(&header, 1, CV_SHARED_PORTS + 1), -EINVAL);
    assert_int_equal(cv_shared_layout(&header, UINT32_MAX, UINT32_MAX), -EINVAL);
}

static void *format(struct cv_shared *shared)
{
    struct cv_shared_header header;
    void *memory;

    assert_int_equal(cv_shared_layout(&header, 2, 1), 0);
    header.boot_id = 0x1122334455667788;
    memory = aligned_alloc(4096, header.total_bytes);
    assert_non_null(memory);
    memset(memory, 0, header.total_bytes);
    cv_shared_format(shared, memory, &header);
    return memory;
}

static void both_sides_see_the_same(void **state)
{
    struct cv_shared dataplane, control;
    struct cv_ring ring;
    void *memory = format(&dataplane);

    (void)state;
    assert_memory_equal(memory, "culvert1", 8);
    assert_int_equal(cv_shared_open(&control, memory, dataplane.header.total_bytes), 0);
    assert_memory_equal(&control, &dataplane, sizeof(control));
    assert_int_equal(control.header.boot_id, 0x1122334455667788);
    assert_int_equal(cv_ring_join(&ring, control.to_dataplane, control.header.ring_slots, CV_RING_PRODUCER),
                     0);
    assert_int_equal(cv_ring_room(&ring), CV_RING_SLOTS);
    memset(&dataplane.workers[1], 1, sizeof(dataplane.workers[1]));
    memset(&dataplane.ports[0], 1, sizeof(dataplane.ports[0]));
    free(memory);
}

static void scribbling_after_opening_changes_nothing(void **state)
{
    struct cv_shared dataplane, control, before;
    void *memory = format(&dataplane);

    (void)state;
    assert_int_equal(cv_shared_open(&control, memory, dataplane.header.total_bytes), 0);
    before = dataplane;
    memset(memory, 0xff, sizeof(struct cv_shared_header));
    assert_memory_equal(&control, &before, sizeof(control));
    assert_memory_equal(&dataplane, &before, sizeof(dataplane));
    free(memory);
}

static int open_with_word_changed(const struct cv_shared *shared, size_t offset)
{
    uint32_t *word = (uint32_t *)((uint8_t *)shared->memory + offset);
    struct cv_shared control;
    int error;

    (*word)++;
    error = cv_shared_open(&control, shared->memory, shared->header.total_bytes);
    (*word)--;
    return error;
}

#define FIELD(name) offsetof(struct cv_shared_header, name)

static void every_word_of_the_header_is_checked(void **state)
{
    static const size_t version[] = {FIELD(magic), FIELD(magic) + 4, FIELD(version), FIELD(message_bytes),
                                     FIELD(drop_count)};
    static const size_t layout[] = {FIELD(total_bytes),
                                    FIELD(total_bytes) + 4,
                                    FIELD(ring_slots),
                                    FIELD(to_control_offset),
                                    FIELD(to_control_offset) + 4,
                                    FIELD(to_dataplane_offset),
                                    FIELD(to_dataplane_offset) + 4,
                                    FIELD(keeper_offset),
                                    FIELD(keeper_offset) + 4,
                                    FIELD(workers_offset),
                                    FIELD(workers_offset) + 4,
                                    FIELD(ports_offset),
                                    FIELD(ports_offset) + 4};
    struct cv_shared shared, control;
    struct cv_shared_header *header;

    (void)state;
    format(&shared);
    header = shared.memory;
    for (size_t i = 0; i < sizeof(version) / sizeof(version[0]); i++)
        assert_int_equal(open_with_word_changed(&shared, version[i]), -EPROTO);
    for (size_t i = 0; i < sizeof(layout) / sizeof(layout[0]); i++)
        assert_int_equal(open_with_word_changed(&shared, layout[i]), -EBADMSG);
    assert_int_equal(open_with_word_changed(&shared, FIELD(boot_id)), 0);
    header->worker_count = CV_SHARED_WORKERS; /* their counters would need more memory than there is */
    assert_int_equal(cv_shared_open(&control, shared.memory, shared.header.total_bytes), -EBADMSG);
    header->worker_count = UINT32_MAX;
    assert_int_equal(cv_shared_open(&control, shared.memory, shared.header.total_bytes), -EBADMSG);
    header->worker_count = 2;
    header->port_count = CV_SHARED_PORTS + 1;
    assert_int_equal(cv_shared_open(&control, shared.memory, shared.header.total_bytes), -EBADMSG);
    free(shared.memory);
}

static void memory_that_is_too_small_is_refused(void **state)
{
    struct cv_shared dataplane, control;
    void *memory = format(&dataplane);

    (void)state;
    assert_int_equal(cv_shared_open(&control, memory, 0), -EBADMSG);
    assert_int_equal(cv_shared_open(&control, memory, sizeof(struct cv_shared_header) - 1), -EBADMSG);
    assert_int_equal(cv_shared_open(&control, memory, sizeof(struct cv_shared_header)), -EBADMSG);
    assert_int_equal(cv_shared_open(&control, memory, dataplane.header.total_bytes - 1), -EBADMSG);
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(areas_do_not_overlap),
        cmocka_unit_test(both_sides_see_the_same),
        cmocka_unit_test(scribbling_after_opening_changes_nothing),
        cmocka_unit_test(every_word_of_the_header_is_checked),
        cmocka_unit_test(memory_that_is_too_small_is_refused),
    };

    return cmocka_run_group_tests_name("shared", tests, NULL, NULL);
}
