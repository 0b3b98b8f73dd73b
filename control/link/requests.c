/* SPDX-License-Identifier: BSD-3-Clause */
#include "requests.h"

#include <errno.h>
#include <stdlib.h>

TAILQ_HEAD(request_queue, request);

struct requests {
    struct request_queue waiting;
    struct request *slots[REQUESTS_IN_FLIGHT];
    uint32_t uses[REQUESTS_IN_FLIGHT];
    uint16_t unused[REQUESTS_IN_FLIGHT]; /* a stack of free slots */
    uint32_t unused_count;
};

_Static_assert(REQUESTS_IN_FLIGHT <= UINT16_MAX && UINT32_MAX % REQUESTS_IN_FLIGHT == REQUESTS_IN_FLIGHT - 1,
               "a sequence number is split into slot and use");

/* Uses start at 1, so that no sequence number is 0. */
static uint32_t sequence_of(const struct requests *requests, uint32_t slot)
{
    return requests->uses[slot] * REQUESTS_IN_FLIGHT + slot;
}

struct requests *requests_new(void)
{
    struct requests *requests = calloc(1, sizeof(*requests));

    if (requests == NULL)
        return NULL;
    TAILQ_INIT(&requests->waiting);
    for (uint32_t slot = REQUESTS_IN_FLIGHT; slot-- > 0;)
        requests->unused[requests->unused_count++] = (uint16_t)slot;
    return requests;
}

void requests_free(struct requests *requests)
{
    free(requests);
}

void requests_add(struct requests *requests, struct request *request)
{
    TAILQ_INSERT_TAIL(&requests->waiting, request, entry);
}

void requests_pump(struct requests *requests, bool (*send)(void *context, const struct cv_message *message),
                   void *context)
{
    struct request *request;

    while (requests->unused_count > 0 && (request = TAILQ_FIRST(&requests->waiting)) != NULL) {
        uint32_t slot = requests->unused[requests->unused_count - 1];

        requests->uses[slot]++;
        if (requests->uses[slot] > UINT32_MAX / REQUESTS_IN_FLIGHT)
            requests->uses[slot] = 1;
        request->message.reserved = 0;
        request->message.sequence = sequence_of(requests, slot);
        if (!send(context, &request->message))
            return;
        TAILQ_REMOVE(&requests->waiting, request, entry);
        requests->slots[slot] = request;
        requests->unused_count--;
    }
}

static void end(struct requests *requests, uint32_t slot, int error, const struct cv_pair_state *state)
{
    struct request *request = requests->slots[slot];

    requests->slots[slot] = NULL;
    requests->unused[requests->unused_count++] = (uint16_t)slot;
    request->done(request, error, state);
}

/* Success of these is a state, not a RESULT. */
static bool asks_for_state(const struct request *request)
{
    return request->message.type == CV_MESSAGE_PAIR_GET || request->message.type == CV_MESSAGE_SESSION_GET;
}

static bool answer_session(struct requests *requests, uint32_t slot, const struct cv_session_state *state)
{
    struct request *request = requests->slots[slot];

    if (request->session == NULL)
        return false;
    if (request->message.type != CV_MESSAGE_SESSION_GET) {
        request->session(request, state);
        return true;
    }
    if (state->session != request->message.order.session) {
        end(requests, slot, -EBADMSG, NULL);
        return true;
    }
    request->session(request, state);
    end(requests, slot, 0, NULL);
    return true;
}

bool requests_answer(struct requests *requests, const struct cv_message *answer)
{
    uint32_t slot = answer->sequence % REQUESTS_IN_FLIGHT;
    struct request *request = requests->slots[slot];

    if (request == NULL || answer->sequence != sequence_of(requests, slot))
        return false;
    switch (answer->type) {
    case CV_MESSAGE_RESULT:
        if (asks_for_state(request) && answer->result.error == 0)
            end(requests, slot, -EBADMSG, NULL); /* success, and no state */
        else
            end(requests, slot, answer->result.error, NULL);
        return true;
    case CV_MESSAGE_PAIR_STATE:
        if (request->state != NULL)
            request->state(request, &answer->state);
        else if (request->message.type != CV_MESSAGE_PAIR_GET)
            return false;
        else if (answer->state.pair != request->message.pair)
            end(requests, slot, -EBADMSG, NULL);
        else
            end(requests, slot, 0, &answer->state);
        return true;
    case CV_MESSAGE_SESSION_STATE:
        return answer_session(requests, slot, &answer->session_state);
    case CV_MESSAGE_DUMP_END:
        if (request->message.type != CV_MESSAGE_PAIR_DUMP && request->message.type != CV_MESSAGE_SESSION_DUMP)
            return false;
        end(requests, slot, 0, NULL);
        return true;
    default:
        return false;
    }
}

void requests_fail(struct requests *requests, int error)
{
    struct request_queue waiting = TAILQ_HEAD_INITIALIZER(waiting);
    struct request *request;

    TAILQ_CONCAT(&waiting, &requests->waiting, entry);
    for (uint32_t slot = 0; slot < REQUESTS_IN_FLIGHT; slot++) {
        if (requests->slots[slot] != NULL)
            end(requests, slot, error, NULL);
    }
    while ((request = TAILQ_FIRST(&waiting)) != NULL) {
        TAILQ_REMOVE(&waiting, request, entry);
        request->done(request, error, NULL);
    }
}

uint32_t requests_in_flight(const struct requests *requests)
{
    return REQUESTS_IN_FLIGHT - requests->unused_count;
}
