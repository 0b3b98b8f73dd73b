/* SPDX-License-Identifier: BSD-3-Clause */
#include "crypto_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* cmocka.h wants these first. */
#include <cmocka.h>

void crypto_rig_start(struct crypto_rig *rig, const char *engine, uint32_t schedules)
{
    const struct cv_crypto_engine *selected;

    memset(rig, 0, sizeof(*rig));
    rig->name = engine;
    selected = cv_crypto_select(engine, rig->why, sizeof(rig->why));
    if (selected == NULL)
        return;
    rig->memory_bytes = cv_crypto_bytes(selected, schedules);
    rig->memory = aligned_alloc(64, (rig->memory_bytes + 63) / 64 * 64);
    assert_non_null(rig->memory);
    rig->crypto = cv_crypto_create(selected, rig->memory, schedules, rig->why, sizeof(rig->why));
    if (rig->crypto == NULL)
        fail_msg("%s: %s", engine, rig->why);
}

void crypto_rig_stop(struct crypto_rig *rig)
{
    if (rig->crypto != NULL)
        cv_crypto_destroy(rig->crypto);
    free(rig->memory);
}

void crypto_rig_need(const struct crypto_rig *rig)
{
    if (rig->crypto != NULL)
        return;
    print_message("# skipped: %s\n", rig->why);
    skip();
}

size_t from_hex(uint8_t *bytes, size_t max, const char *text)
{
    size_t count = strlen(text) / 2;

    assert_true(count <= max);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(sscanf(text + 2 * i, "%2hhx", &bytes[i]), 1);
    return count;
}

bool all_zeros(const void *memory, size_t bytes)
{
    const uint8_t *byte = memory;

    for (size_t i = 0; i < bytes; i++) {
        if (byte[i] != 0)
            return false;
    }
    return true;
}
