/* SPDX-License-Identifier: BSD-3-Clause */
#include "methods.h"

#include "api_drain.h"
#include "api_events.h"
#include "api_log.h"
#include "api_pair_change.h"
#include "api_pair_read.h"
#include "api_port.h"
#include "api_session.h"
#include "api_shard.h"
#include "api_stats.h"
#include "api_trace.h"
#include "api_worker.h"

#include <string.h>

static const struct method methods[] = {
#define METHOD_ROW(name, run, meaning) {name, run},
    METHOD_LIST(METHOD_ROW)
#undef METHOD_ROW
};

const struct method *method_find(const char *name, size_t bytes)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strlen(methods[i].name) == bytes && memcmp(methods[i].name, name, bytes) == 0)
            return &methods[i];
    }
    return NULL;
}
