/* SPDX-License-Identifier: BSD-3-Clause */
#include "capsule.h"

const char *cv_limited_name(uint64_t what)
{
    switch (what) {
#define NAME(id, number, name, meaning) \
    case (number):                      \
        return name;
        CV_LIMITED_LIST(NAME)
#undef NAME
    default:
        return NULL;
    }
}
