/* SPDX-License-Identifier: BSD-3-Clause */
#include "capsule_type.h"

#include <stddef.h>

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

/* RFC 9297 section 5.4: capsules that everybody skips. */
#define MEANS_SOMETHING(id, number, from, with, least, meaning) \
    _Static_assert(((number) - 0x17) % 0x29 != 0, #id " has a type that means nothing on purpose");
CV_CAPSULE_LIST(MEANS_SOMETHING)
#undef MEANS_SOMETHING

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
