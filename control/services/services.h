/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What pairs, sessions, peers and the API work with. control.c makes it before them, and ends it after. */
#include "config/config.h"
#include "events.h"
#include "link/dataplane.h"
#include "store/commits.h"

#include <event2/event.h>

struct services {
    const struct cv_config *config;
    struct event_base *loop;
    struct store *store;
    struct commits *commits;
    struct dataplane *dataplane;
    struct events events;
};
