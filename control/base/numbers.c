/* SPDX-License-Identifier: BSD-3-Clause */
#include "numbers.h"

#include <stdlib.h>
#include <string.h>

void numbers_add(struct numbers *numbers, uint64_t number)
{
    if (numbers->count == numbers->room) {
        size_t room = numbers->room == 0 ? 64 : numbers->room * 2;
        uint64_t *values = reallocarray(numbers->values, room, sizeof(*values));

        if (values == NULL) {
            numbers->failed = true;
            return;
        }
        numbers->values = values;
        numbers->room = room;
    }
    numbers->values[numbers->count++] = number;
}

uint64_t numbers_pop(struct numbers *numbers)
{
    return numbers->values[--numbers->count];
}

static int compare(const void *a, const void *b)
{
    uint64_t first = *(const uint64_t *)a;
    uint64_t second = *(const uint64_t *)b;

    return (first > second) - (first < second);
}

void numbers_sort(struct numbers *numbers)
{
    if (numbers->count > 0)
        qsort(numbers->values, numbers->count, sizeof(*numbers->values), compare);
}

bool numbers_has(const struct numbers *numbers, uint64_t number)
{
    return numbers->count > 0 &&
           bsearch(&number, numbers->values, numbers->count, sizeof(number), compare) != NULL;
}

void numbers_free(struct numbers *numbers)
{
    free(numbers->values);
    memset(numbers, 0, sizeof(*numbers));
}
