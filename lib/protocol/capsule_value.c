/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each layout is described once, by a function that names its fields in order with their limits; the same
 * function reads and writes, so that both directions agree.
 */
#include "capsule_value.h"

#include "coder.h"
#include "utf8.h"
#include "varint.h"

#include <errno.h>
#include <string.h>

static void code_register(struct coder *coder, struct cv_capsule *capsule)
{
    code_number(coder, &capsule->registration.minor, 0, CV_VARINT_MAX);
    code_kinds(coder, &capsule->registration.legs);
    code_bytes(coder, capsule->registration.instance, CV_INSTANCE_BYTES);
    code_reachable(coder, &capsule->registration.reachable);
}

static void code_registered(struct coder *coder, struct cv_capsule *capsule)
{
    code_number(coder, &capsule->registered.minor, 0, CV_VARINT_MAX);
    code_peer_id(coder, &capsule->registered.own);
    code_number(coder, &capsule->registered.pairs, 0, CV_CAPSULE_PAIRS_MAX);
    code_number(coder, &capsule->registered.idle_s, 0, CV_PAIR_IDLE_MAX_S);
    code_relay(coder, &capsule->registered.relay, 1);
    code_bytes(coder, &capsule->registered.relay_port_first_be, sizeof(uint16_t));
    code_bytes(coder, &capsule->registered.relay_port_last_be, sizeof(uint16_t));
    if (capsule->registered.relay_port_first_be == 0 || capsule->registered.relay_port_last_be == 0)
        coder->failed = true;
}

static void code_observed(struct coder *coder, struct cv_capsule *capsule)
{
    code_number(coder, &capsule->observed.probe, 0, CV_PROBE_NUMBER_MAX);
    code_address(coder, &capsule->observed.peer);
    code_address(coder, &capsule->observed.relay);
}

static void code_made(struct coder *coder, struct cv_capsule *capsule)
{
    code_byte(coder, &capsule->made.origin, CV_ORIGIN_REQUEST, CV_ORIGIN_RESUMED);
    code_number(coder, &capsule->number, 0, CV_VARINT_MAX);
    if ((capsule->made.origin == CV_ORIGIN_RESUMED) != (capsule->number == 0))
        coder->failed = true;
    code_id(coder, &capsule->made.pair);
    code_bytes(coder, capsule->made.id, CV_PAIR_ID_BYTES);
    code_number(coder, &capsule->made.role, CV_ROLE_DIALS, CV_ROLE_LISTENS);
    code_other_peer(coder, &capsule->made.other);
    code_leg(coder, &capsule->made.leg);
}

static void code_refused(struct coder *coder, struct cv_capsule *capsule)
{
    code_byte(coder, &capsule->refused.origin, CV_ORIGIN_REQUEST, CV_ORIGIN_OFFER);
    code_id(coder, &capsule->number);
    code_error(coder, &capsule->refused.code);
    code_sentence(coder, &capsule->refused.sentence, &capsule->refused.sentence_bytes);
}

static void code_name(struct coder *coder, struct cv_capsule *capsule, uint64_t most_s)
{
    code_span(coder, &capsule->name.name, 1, CV_CAPSULE_NAME_MAX);
    if (!coder->failed && !cv_utf8_is_line((const char *)capsule->name.name.at, capsule->name.name.bytes))
        coder->failed = true;
    if (most_s > 0)
        code_number(coder, &capsule->name.seconds, 1, most_s);
}

static void code_rendezvous(struct coder *coder, struct cv_capsule *capsule)
{
    code_id(coder, &capsule->rendezvous.rendezvous);
    code_number(coder, &capsule->rendezvous.guest, 0, CV_VARINT_MAX);
}

/* What only later issues of the relay do. */
static void code_later(struct coder *coder, struct cv_capsule *capsule)
{
    switch (capsule->type) {
    case CV_CAPSULE_FILTER_TEST:
        code_number(coder, &capsule->filter_test.probe, 1, CV_PROBE_NUMBER_MAX);
        code_number(coder, &capsule->filter_test.from, 1, 2);
        break;
    case CV_CAPSULE_NAME_CLAIM:
    case CV_CAPSULE_NAME_CLAIMED:
        code_name(coder, capsule, CV_CAPSULE_LATER_MAX_S);
        break;
    case CV_CAPSULE_NAME_RELEASE:
        code_name(coder, capsule, 0);
        break;
    case CV_CAPSULE_ENROL:
        code_span(coder, &capsule->enrol.code, 1, CV_CAPSULE_CODE_MAX);
        code_span(coder, &capsule->enrol.request, 1, CV_CAPSULE_ENROL_MAX);
        break;
    case CV_CAPSULE_CERTIFICATE:
        code_span(coder, &capsule->certificate.chain, 1, CV_CAPSULE_CHAIN_MAX);
        break;
    case CV_CAPSULE_CODE_OPEN:
        code_number(coder, &capsule->rendezvous.seconds, 1, CV_CAPSULE_LATER_MAX_S);
        break;
    case CV_CAPSULE_CODE_OPENED:
        code_id(coder, &capsule->rendezvous.rendezvous);
        code_span(coder, &capsule->rendezvous.text, 1, CV_CAPSULE_CODE_MAX);
        break;
    case CV_CAPSULE_CODE_JOIN:
        code_span(coder, &capsule->rendezvous.text, 1, CV_CAPSULE_CODE_MAX);
        break;
    case CV_CAPSULE_CODE_JOINED:
        code_rendezvous(coder, capsule);
        break;
    case CV_CAPSULE_CODE_MESSAGE:
    case CV_CAPSULE_CODE_MESSAGE_FROM:
        code_rendezvous(coder, capsule);
        code_span(coder, &capsule->rendezvous.text, 1, CV_CAPSULE_MESSAGE_MAX);
        break;
    case CV_CAPSULE_CODE_CLOSE:
        code_id(coder, &capsule->rendezvous.rendezvous);
        break;
    case CV_CAPSULE_CODE_CLOSED:
        code_rendezvous(coder, capsule);
        code_error(coder, &capsule->rendezvous.code);
        break;
    default:
        break;
    }
}

/* What is about a pair that is there. */
static void code_of_pair(struct coder *coder, struct cv_capsule *capsule)
{
    switch (capsule->type) {
    case CV_CAPSULE_PAIR_CLOSE:
        code_id(coder, &capsule->close.pair);
        break;
    case CV_CAPSULE_PAIR_CLOSED:
        code_id(coder, &capsule->closed.pair);
        code_error(coder, &capsule->closed.code);
        break;
    case CV_CAPSULE_LEG_REQUEST:
        code_id(coder, &capsule->leg_request.pair);
        code_kinds(coder, &capsule->leg_request.legs);
        break;
    case CV_CAPSULE_LEG_MADE:
        code_id(coder, &capsule->leg_made.pair);
        code_leg(coder, &capsule->leg_made.leg);
        break;
    case CV_CAPSULE_LEG_TOKEN:
        code_id(coder, &capsule->leg_token.pair);
        code_bytes(coder, capsule->leg_token.token, CV_TOKEN_BYTES);
        break;
    case CV_CAPSULE_OTHER_LEG:
        code_id(coder, &capsule->other_leg.pair);
        code_number(coder, &capsule->other_leg.kind, 1, CV_VARINT_MAX);
        code_number(coder, &capsule->other_leg.payload_bytes, 0, CV_CAPSULE_PAYLOAD_MAX);
        break;
    case CV_CAPSULE_LIMITED:
        code_number(coder, &capsule->limited.what, 0, CV_VARINT_MAX);
        code_number(coder, &capsule->limited.pair, 0, CV_VARINT_MAX);
        code_number(coder, &capsule->limited.for_ms, 0, CV_CAPSULE_LIMITED_MAX_MS);
        break;
    default:
        code_later(coder, capsule);
        break;
    }
}

/* The fields, without the number that some begin with. The type is in the list. */
static void code_fields(struct coder *coder, struct cv_capsule *capsule)
{
    switch (capsule->type) {
    case CV_CAPSULE_REGISTER:
        code_register(coder, capsule);
        break;
    case CV_CAPSULE_REGISTERED:
        code_registered(coder, capsule);
        break;
    case CV_CAPSULE_OBSERVED_ADDRESS:
        code_observed(coder, capsule);
        break;
    case CV_CAPSULE_PAIR_REQUEST:
        code_peer_id(coder, &capsule->request.peer);
        code_kinds(coder, &capsule->request.legs);
        break;
    case CV_CAPSULE_PAIR_OFFER:
        code_number(coder, &capsule->offer.answer_s, 1, CV_CAPSULE_ANSWER_MAX_S);
        code_other_peer(coder, &capsule->offer.other);
        break;
    case CV_CAPSULE_PAIR_ACCEPT:
        code_kinds(coder, &capsule->accept.legs);
        break;
    case CV_CAPSULE_PAIR_REFUSE:
        code_error(coder, &capsule->refuse.code);
        break;
    case CV_CAPSULE_PAIR_MADE:
        code_made(coder, capsule);
        break;
    case CV_CAPSULE_REFUSED:
        code_refused(coder, capsule);
        break;
    case CV_CAPSULE_TUNNEL_LIMIT:
        code_number(coder, &capsule->tunnel_limit.frame_bytes, 0, CV_CAPSULE_FRAME_MAX);
        break;
    case CV_CAPSULE_GO_AWAY:
        code_number(coder, &capsule->go_away.seconds, 0, CV_CAPSULE_GO_AWAY_MAX_S);
        code_relay(coder, &capsule->go_away.relay, 0);
        break;
    case CV_CAPSULE_DONE:
        code_id(coder, &capsule->number);
        break;
    case CV_CAPSULE_CHALLENGE_ANSWER:
        code_bytes(coder, capsule->challenge, CV_CHALLENGE_BYTES);
        break;
    case CV_CAPSULE_REACHABLE:
        code_reachable(coder, &capsule->reachable);
        break;
    case CV_CAPSULE_MESSAGE:
        code_peer_id(coder, &capsule->message.peer);
        code_span(coder, &capsule->message.text, 1, CV_CAPSULE_MESSAGE_MAX);
        break;
    case CV_CAPSULE_MESSAGE_FROM:
        code_other_peer(coder, &capsule->message_from.other);
        code_span(coder, &capsule->message_from.text, 1, CV_CAPSULE_MESSAGE_MAX);
        break;
    default:
        code_of_pair(coder, capsule);
        break;
    }
}

/* The relay's answers that begin with the number of the request that they end. */
static bool ends_request(enum cv_capsule_type type)
{
    return type == CV_CAPSULE_LEG_MADE || type == CV_CAPSULE_NAME_CLAIMED || type == CV_CAPSULE_CERTIFICATE ||
           type == CV_CAPSULE_CODE_OPENED;
}

static void code_first(struct coder *coder, struct cv_capsule *capsule)
{
    if (cv_capsule_begins(capsule->type) != CV_BEGINS_WITH_NOTHING)
        code_id(coder, &capsule->number);
    else if (capsule->type == CV_CAPSULE_CODE_JOINED) /* 0 to who opened the rendezvous, and asked nothing */
        code_number(coder, &capsule->number, 0, CV_VARINT_MAX);
    else if (ends_request(capsule->type))
        code_id(coder, &capsule->number);
}

enum cv_capsule_parsed cv_capsule_parse(const struct cv_capsule_frame *frame, struct cv_capsule *capsule)
{
    struct coder coder = {.in = frame->value, .left = frame->bytes};
    enum cv_capsule_parsed bad = CV_CAPSULE_UNREADABLE;

    if (cv_capsule_name(frame->type) == NULL)
        return CV_CAPSULE_UNREADABLE;
    memset(capsule, 0, sizeof(*capsule));
    capsule->type = frame->type;
    code_first(&coder, capsule);
    if (!coder.failed && cv_capsule_begins(frame->type) != CV_BEGINS_WITH_NOTHING)
        bad = CV_CAPSULE_BAD;
    if (!coder.failed)
        code_fields(&coder, capsule);
    if (coder.failed)
        return bad;
    switch (cv_parameters_read(&capsule->parameters, capsule->type, coder.in, coder.left)) {
    case CV_PARAMETERS_MALFORMED:
        return bad;
    case CV_PARAMETERS_NOT_UNDERSTOOD:
        return CV_CAPSULE_NOT_UNDERSTOOD;
    case CV_PARAMETERS_GOOD:
        break;
    }
    return CV_CAPSULE_GOOD;
}

int cv_capsule_write(const struct cv_capsule *capsule, uint8_t *out, size_t room)
{
    uint8_t value[CV_CAPSULE_VALUE_MAX];
    struct coder coder = {.out = value, .left = sizeof(value)};
    struct cv_capsule copy = *capsule; /* a coder takes what it could write to */
    size_t type_bytes, length_bytes, bytes;
    int parameter_bytes;

    if (cv_capsule_name(capsule->type) == NULL)
        return -EINVAL;
    code_first(&coder, &copy);
    code_fields(&coder, &copy);
    if (coder.failed)
        return -EINVAL;
    parameter_bytes = cv_parameters_write(&capsule->parameters, capsule->type, coder.out, coder.left);
    if (parameter_bytes < 0)
        return -EINVAL;
    bytes = sizeof(value) - coder.left + (size_t)parameter_bytes;
    type_bytes = cv_varint_size(capsule->type);
    length_bytes = cv_varint_size(bytes);
    if (type_bytes + length_bytes + bytes > room)
        return -ENOBUFS;
    cv_varint_write(out, type_bytes, capsule->type);
    cv_varint_write(out + type_bytes, length_bytes, bytes);
    memcpy(out + type_bytes + length_bytes, value, bytes);
    return (int)(type_bytes + length_bytes + bytes);
}
