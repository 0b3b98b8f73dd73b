/* SPDX-License-Identifier: BSD-3-Clause */
#include "capsule.h"

#define FIRST CV_CAPSULE_REGISTER

static const char *const names[] = {
#define NAME(id, number, from, least_bytes, most_bytes, meaning) [(number) - FIRST] = #id,
    CV_CAPSULE_LIST(NAME)
#undef NAME
};

#define COUNT (sizeof(names) / sizeof(names[0]))

const char *cv_capsule_name(uint64_t type)
{
    return type >= FIRST && type - FIRST < COUNT ? names[type - FIRST] : NULL;
}
