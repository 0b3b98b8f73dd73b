/* SPDX-License-Identifier: BSD-3-Clause */
#include "pair_ends.h"

#include "base/log.h"
#include "record.h"

#include <inttypes.h>

static void end_pair(const struct pair_ends *ends, const struct pair_record *record,
                     enum cv_session_error code, enum event_kind kind)
{
    (void)store_remove_pair(ends->services->store, record->pair);
    ends->handlers->gone(ends->context, record->pair, code);
    events_pair(&ends->services->events, kind, record);
}

void pair_ends_expired(const struct pair_ends *ends, const struct pair_record *record)
{
    log_info("pair %" PRIu64 " expired", record->pair);
    end_pair(ends, record, CV_SESSION_ERROR_IDLE, EVENT_PAIR_EXPIRED);
}

void pair_ends_sessionless(const struct pair_ends *ends, uint64_t pair)
{
    struct pair_record record;

    if (ends->handlers->waits(ends->context, pair))
        (void)store_set_boot_id(ends->services->store, pair, 0);
    else if (pair_record_find(ends->services->store, pair, &record))
        end_pair(ends, &record, CV_SESSION_ERROR_PEER_GONE, EVENT_PAIR_REMOVED);
}
