/* SPDX-License-Identifier: BSD-3-Clause */
#include "capsule.h"

struct kind {
    const char *name;
    enum cv_capsule_sender sender;
    enum cv_capsule_begins begins;
};

static const struct kind kinds[] = {
#define KIND(id, number, from, with, least, meaning) \
    [(number) - CV_CAPSULE_FIRST] = {#id, CV_FROM_##from, CV_BEGINS_WITH_##with},
    CV_CAPSULE_LIST(KIND)
#undef KIND
};

#define COUNT (sizeof(kinds) / sizeof(kinds[0]))

#define ONE(id, number, from, with, least, meaning) +1
_Static_assert(COUNT == 0 CV_CAPSULE_LIST(ONE), "numbers without a gap");
#undef ONE

const char *cv_capsule_name(uint64_t type)
{
    return type >= CV_CAPSULE_FIRST && type - CV_CAPSULE_FIRST < COUNT ? kinds[type - CV_CAPSULE_FIRST].name
                                                                       : NULL;
}

enum cv_capsule_sender cv_capsule_sender(enum cv_capsule_type type)
{
    return kinds[type - CV_CAPSULE_FIRST].sender;
}

enum cv_capsule_begins cv_capsule_begins(enum cv_capsule_type type)
{
    return kinds[type - CV_CAPSULE_FIRST].begins;
}

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
