/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* The median of repeated measurements: what else ran for a moment on the machine does not count. */
#include <stdlib.h>

static inline int bench_compare(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Sorts `values`, of which there is one at least; of an even number, the mean of the middle two. */
static inline double bench_median(double *values, size_t count)
{
    qsort(values, count, sizeof(values[0]), bench_compare);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}
