/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Requests to the data plane that have not been answered yet. At most REQUESTS_IN_FLIGHT are in the ring, so
 * that their answers always find room in the ring back (8,192 slots); the others wait here, in order.
 * A sequence number names the request's slot and how often that slot was used, so that a stale or invented
 * answer matches nothing.
 */
#include "shared/message.h"

#include <stdbool.h>
#include <sys/queue.h>

#define REQUESTS_IN_FLIGHT 4096

struct requests;

/* The caller's, from dataplane_request until `done`. */
struct request {
    TAILQ_ENTRY(request) entry;
    struct cv_message message; /* the caller fills in all but `sequence` */
    /* PAIR_DUMP: called for each PAIR_STATE. NULL for all others. */
    void (*state)(struct request *request, const struct cv_pair_state *state);
    /* SESSION_DUMP: called for each SESSION_STATE. SESSION_GET: called once, before `done`. NULL for all
     * others. */
    void (*session)(struct request *request, const struct cv_session_state *state);
    /*
     * The end of the request: 0; the data plane's negative errno; -ECONNRESET when the data plane went away,
     * so that nobody knows what became of it. `state` is the answer to a PAIR_GET, otherwise NULL.
     */
    void (*done)(struct request *request, int error, const struct cv_pair_state *state);
};

struct requests *requests_new(void); /* NULL: out of memory */
void requests_free(struct requests *requests);

void requests_add(struct requests *requests, struct request *request);

/* Sends what waits through `send` until that or the room in flight says no. */
void requests_pump(struct requests *requests, bool (*send)(void *context, const struct cv_message *message),
                   void *context);

/*
 * Takes an answer (RESULT, PAIR_STATE, SESSION_STATE, DUMP_END). False when it answers nothing that was asked.
 */
bool requests_answer(struct requests *requests, const struct cv_message *answer);

/* Ends every request, sent or waiting, with `error`. */
void requests_fail(struct requests *requests, int error);

uint32_t requests_in_flight(const struct requests *requests);
