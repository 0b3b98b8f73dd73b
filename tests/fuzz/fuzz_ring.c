/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A ring whose other side writes what it likes. The input is the ring's whole shared memory, then steps of 8
 * bytes:
 *
 *      operation (8) | count (8) | offset in the memory, in words (16) | value (32)
 *
 * Little endian; the memory of a short input ends in zeros. corpus/make_ring.py writes the seeds.
 */
#include "shared/ring.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS 4
#define MOST  (2 * SLOTS)

enum operation { POP, PUSH, ROOM, SCRIBBLE, JOIN, OPERATIONS };

struct step {
    uint8_t operation;
    uint8_t count;
    uint16_t word;
    uint32_t value;
};

static void require(int condition)
{
    if (!condition)
        abort();
}

/* What passes the check must be fit to be used: names exist, texts fit, indexes are within their arrays. */
static void use(const struct cv_message *message)
{
    char text[CV_ADDRESS_TEXT];

    require(message->sequence == 0 || message->type < CV_MESSAGE_LEG_BOUND);
    require(cv_message_name(message->type) != NULL);
    switch (message->type) {
    case CV_MESSAGE_PAIR_PUT:
        for (unsigned i = 0; i < 2; i++) {
            require(message->put.legs[i].bind < CV_BIND_KIND_END);
            require((message->put.legs[i].relay_port == 0) == (message->put.legs[i].bind == CV_BIND_TUNNEL));
            require(strlen(cv_address_print(&message->put.legs[i].address, text)) < sizeof(text));
        }
        require(message->put.pair != 0);
        break;
    case CV_MESSAGE_LEG_BOUND:
    case CV_MESSAGE_LEG_MOVED:
    case CV_MESSAGE_LEG_UNBOUND:
    case CV_MESSAGE_LEG_CHANGED:
    case CV_MESSAGE_LEG_PROVEN:
    case CV_MESSAGE_LEG_UNPROVEN:
        require(message->leg.proof < CV_LEG_PROOF_END);
        require(message->leg.leg < 2 && message->leg.cause < CV_MOVE_CAUSE_END);
        break;
    case CV_MESSAGE_LEG_CHANGE:
        require(message->change.pair != 0 && message->change.leg < 2 &&
                message->change.to.bind < CV_BIND_KIND_END);
        break;
    case CV_MESSAGE_LEG_TOKEN:
    case CV_MESSAGE_LEG_VOUCH:
    case CV_MESSAGE_LEG_PROVE:
        require(message->leg_order.pair != 0 && message->leg_order.leg < 2);
        break;
    case CV_MESSAGE_SESSION_PROBE:
        require(message->probe.session != 0 && message->probe.number <= CV_PROBE_NUMBER_MAX);
        break;
    case CV_MESSAGE_RESULT:
        require(message->result.error <= 0 && strlen(cv_result_text(message->result.error)) > 0);
        break;
    default:
        break;
    }
}

static void take(struct cv_ring *ring, uint32_t count)
{
    struct cv_message messages[MOST];
    uint32_t taken = cv_ring_pop(ring, messages, count);

    require(taken <= count && taken <= SLOTS);
    for (uint32_t i = 0; i < taken; i++) {
        int from_control = cv_message_check(&messages[i], CV_SENDER_CONTROL);
        int from_dataplane = cv_message_check(&messages[i], CV_SENDER_DATAPLANE);

        require(from_control != 0 || from_dataplane != 0);
        if (from_control == 0 || from_dataplane == 0)
            use(&messages[i]);
    }
}

static void give(struct cv_ring *ring, uint32_t count)
{
    struct cv_message messages[MOST];
    uint32_t room = cv_ring_room(ring), given;

    memset(messages, 0x5a, sizeof(messages));
    given = cv_ring_push(ring, messages, count);
    require(room <= SLOTS && given == (count < room ? count : room));
}

static void run(uint8_t *memory, struct cv_ring *producer, struct cv_ring *consumer, const struct step *step)
{
    uint32_t count = step->count % (MOST + 1);
    size_t words = cv_ring_footprint(SLOTS) / sizeof(uint32_t);

    switch (step->operation % OPERATIONS) {
    case POP:
        take(consumer, count);
        break;
    case PUSH:
        give(producer, count);
        break;
    case ROOM:
        require(cv_ring_room(producer) <= SLOTS);
        break;
    case SCRIBBLE:
        memcpy(memory + step->word % words * sizeof(uint32_t), &step->value, sizeof(uint32_t));
        break;
    case JOIN:
        require(cv_ring_join(producer, memory, SLOTS, CV_RING_PRODUCER) == 0);
        require(cv_ring_join(consumer, memory, SLOTS, CV_RING_CONSUMER) == 0);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    size_t footprint = cv_ring_footprint(SLOTS);
    size_t filled = bytes < footprint ? bytes : footprint;
    uint8_t *memory = aligned_alloc(64, footprint);
    struct cv_ring producer, consumer;
    struct step step;

    require(memory != NULL);
    memset(memory, 0, footprint);
    memcpy(memory, data, filled);
    require(cv_ring_join(&producer, memory, SLOTS, CV_RING_PRODUCER) == 0);
    require(cv_ring_join(&consumer, memory, SLOTS, CV_RING_CONSUMER) == 0);
    take(&consumer, MOST);
    for (size_t at = filled; bytes - at >= sizeof(step); at += sizeof(step)) {
        memcpy(&step, data + at, sizeof(step));
        run(memory, &producer, &consumer, &step);
    }
    free(memory);
    return 0;
}
