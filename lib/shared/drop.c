/* SPDX-License-Identifier: BSD-3-Clause */
#include "drop.h"

#include <stddef.h>

static const struct {
    const char *name;
    const char *meaning;
} reasons[CV_DROP_COUNT] = {
#define REASON(id, reason_name, reason_meaning) [CV_DROP_##id] = {reason_name, reason_meaning},
    CV_DROP_LIST(REASON)
#undef REASON
};

const char *cv_drop_name(enum cv_drop reason)
{
    return (unsigned)reason < CV_DROP_COUNT ? reasons[reason].name : NULL;
}

const char *cv_drop_meaning(enum cv_drop reason)
{
    return (unsigned)reason < CV_DROP_COUNT ? reasons[reason].meaning : NULL;
}
