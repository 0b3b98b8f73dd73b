/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* A growing list of pair numbers that can be sorted and searched. Zeroed memory is an empty one. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct numbers {
    uint64_t *values;
    size_t count;
    size_t room;
    bool failed; /* memory was short: numbers are missing */
};

void numbers_add(struct numbers *numbers, uint64_t number);
uint64_t numbers_pop(struct numbers *numbers); /* the last one; there must be one */
void numbers_sort(struct numbers *numbers);
bool numbers_has(const struct numbers *numbers, uint64_t number); /* after numbers_sort */
void numbers_free(struct numbers *numbers);                       /* leaves an empty list */
