/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The data plane as the rest of control sees it: there or not, asked by requests, heard by events. Attaches
 * by itself, again and again (each 200 ms), and says so once in the log. A data plane that leaves requests
 * unanswered for 5 s counts as lost.
 */
#include "requests.h"
#include "shared/shared.h"

#include <event2/event.h>

struct dataplane;

struct dataplane_handlers {
    void (*attached)(void *context, uint64_t boot_id);
    /* All requests have ended with -ECONNRESET before. */
    void (*lost)(void *context);
    /* What is neither a request nor an answer, LEG_BOUND and so on; form checked. */
    void (*event)(void *context, const struct cv_message *message);
};

/* Begins to attach to the data plane at `path`, which must outlive this. -ENOMEM. */
int dataplane_open(struct dataplane **dataplane, struct event_base *base, const char *path,
                   const struct dataplane_handlers *handlers, void *context);

/* Ends all requests, detaches for good; the data plane keeps its pairs. Calls no handler. */
void dataplane_stop(struct dataplane *dataplane);

/* Stops, and frees. NULL is allowed. */
void dataplane_close(struct dataplane *dataplane);

bool dataplane_attached(const struct dataplane *dataplane);

/* The data plane's statistics, read only and volatile: see lib/shared/stats.h. NULL when not attached. */
const struct cv_shared *dataplane_shared(const struct dataplane *dataplane);

/* One field of them, as lib/shared/stats.h asks for it: that memory changes while it is read. */
#define SHARED_LOAD(field) __atomic_load_n(&(field), __ATOMIC_RELAXED)

/* 0 when not attached. */
uint64_t dataplane_boot_id(const struct dataplane *dataplane);

/* Asks; `request->done` is called later, once, never from within this call. -ENOTCONN: not attached. */
int dataplane_request(struct dataplane *dataplane, struct request *request);

/*
 * Sends what is not answered (SESSION_SEND, SESSION_CREDIT). False: not attached, or no room in the ring now.
 */
bool dataplane_tell(struct dataplane *dataplane, const struct cv_message *message);

uint32_t dataplane_in_flight(const struct dataplane *dataplane);

/* Messages that were refused since the attachment: bad form, or no request that they answer. */
uint64_t dataplane_bad_messages(const struct dataplane *dataplane);
