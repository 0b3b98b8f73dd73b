/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each layout is described once, by a function that names its fields in order with their limits; the same
 * function reads and writes, so that both directions agree.
 */
#include "capsule_value.h"

#include "datagram.h"
#include "utf8.h"
#include "varint.h"

#include <errno.h>
#include <string.h>

/* Reads from `in`, or writes to `out`: the other one is NULL. */
struct coder {
    const uint8_t *in;
    uint8_t *out;
    size_t left;
    bool failed;
};

static void pass(struct coder *coder, size_t bytes)
{
    if (coder->out != NULL)
        coder->out += bytes;
    else
        coder->in += bytes;
    coder->left -= bytes;
}

static void code_bytes(struct coder *coder, void *bytes, size_t count)
{
    if (coder->failed || count > coder->left) {
        coder->failed = true;
        return;
    }
    if (coder->out != NULL)
        memcpy(coder->out, bytes, count);
    else
        memcpy(bytes, coder->in, count);
    pass(coder, count);
}

static void code_number(struct coder *coder, uint64_t *number, uint64_t least, uint64_t most)
{
    size_t bytes = 0;

    if (!coder->failed && coder->out != NULL)
        bytes = cv_varint_write(coder->out, coder->left, *number);
    else if (!coder->failed)
        bytes = cv_varint_read(coder->in, coder->left, number);
    if (bytes == 0 || *number < least || *number > most)
        coder->failed = true;
    else
        pass(coder, bytes);
}

/* A number of a request, an offer or a pair. */
static void code_id(struct coder *coder, uint64_t *number)
{
    code_number(coder, number, 1, CV_VARINT_MAX);
}

static void code_error(struct coder *coder, uint64_t *code)
{
    code_number(coder, code, 0, CV_VARINT_MAX);
}

static void code_byte(struct coder *coder, uint8_t *byte, uint8_t least, uint8_t most)
{
    code_bytes(coder, byte, 1);
    if (*byte < least || *byte > most)
        coder->failed = true;
}

static void code_peer_id(struct coder *coder, struct cv_peer_id *id)
{
    code_bytes(coder, id->bytes, sizeof(id->bytes));
}

/* A version, 4 or 6, and as many bytes as its addresses have. */
static void code_ip(struct coder *coder, struct cv_ip *ip)
{
    bool v4 = cv_ip_is_v4(ip);
    uint8_t version = v4 ? 4 : 6;

    code_byte(coder, &version, 4, 6);
    if (version == 4) {
        *ip = cv_ip_from_v4(ip->bytes + 12);
        code_bytes(coder, ip->bytes + 12, 4);
    } else {
        code_bytes(coder, ip->bytes, sizeof(ip->bytes));
    }
    /* One form for each address: IPv4 never as version 6. */
    if (version == 5 || cv_ip_is_v4(ip) != (version == 4) || !cv_ip_may_be_peer(ip))
        coder->failed = true;
}

static void code_relay(struct coder *coder, struct cv_relay_addresses *relay, uint8_t least)
{
    code_bytes(coder, &relay->port_be, sizeof(relay->port_be));
    code_byte(coder, &relay->count, least, CV_CAPSULE_ADDRESSES_MAX);
    for (unsigned i = 0; i < relay->count && !coder->failed; i++)
        code_ip(coder, &relay->ips[i]);
    if ((relay->port_be == 0) != (relay->count == 0))
        coder->failed = true;
}

static void code_tunnel(struct coder *coder, uint64_t *channel, uint64_t *payload_bytes)
{
    code_number(coder, channel, CV_CHANNEL_MIN, CV_CHANNEL_MAX);
    code_number(coder, payload_bytes, 0, CV_CAPSULE_PAYLOAD_MAX);
}

/* Kinds from a later minor version are passed over, since the peer registers before it knows ours. */
static void code_register(struct coder *coder, struct cv_capsule *capsule)
{
    uint64_t legs = capsule->registration.legs;

    code_number(coder, &capsule->registration.minor, 0, CV_VARINT_MAX);
    code_number(coder, &legs, 0, coder->out != NULL ? CV_LEG_KINDS : CV_VARINT_MAX);
    capsule->registration.legs = legs & CV_LEG_KINDS;
}

static void code_registered(struct coder *coder, struct cv_capsule *capsule)
{
    code_number(coder, &capsule->registered.minor, 0, CV_VARINT_MAX);
    code_peer_id(coder, &capsule->registered.own);
    code_number(coder, &capsule->registered.pairs, 0, CV_CAPSULE_PAIRS_MAX);
    code_number(coder, &capsule->registered.idle_s, 0, CV_PAIR_IDLE_MAX_S);
}

static void code_observed(struct coder *coder, struct cv_address *observed)
{
    code_ip(coder, &observed->ip);
    code_bytes(coder, &observed->port_be, sizeof(observed->port_be));
    if (observed->port_be == 0)
        coder->failed = true;
}

static void code_request(struct coder *coder, struct cv_capsule *capsule)
{
    code_id(coder, &capsule->request.request);
    code_peer_id(coder, &capsule->request.peer);
    code_byte(coder, &capsule->request.legs, 1, CV_LEG_KINDS);
}

static void code_offer(struct coder *coder, struct cv_capsule *capsule)
{
    code_id(coder, &capsule->offer.offer);
    code_peer_id(coder, &capsule->offer.peer);
    code_number(coder, &capsule->offer.answer_s, 1, CV_CAPSULE_ANSWER_MAX_S);
}

static void code_made(struct coder *coder, struct cv_capsule *capsule)
{
    code_byte(coder, &capsule->made.origin, CV_ORIGIN_REQUEST, CV_ORIGIN_OFFER);
    code_id(coder, &capsule->made.number);
    code_id(coder, &capsule->made.pair);
    code_byte(coder, &capsule->made.leg, CV_LEG_KIND_UDP, CV_LEG_KIND_TUNNEL);
    if (capsule->made.leg == CV_LEG_KIND_UDP) {
        code_relay(coder, &capsule->made.udp.relay, 1);
        code_bytes(coder, capsule->made.udp.token, sizeof(capsule->made.udp.token));
    } else {
        code_tunnel(coder, &capsule->made.tunnel.channel, &capsule->made.tunnel.payload_bytes);
    }
}

static void code_sentence(struct coder *coder, const char **sentence, uint8_t *bytes)
{
    code_bytes(coder, bytes, 1);
    if (coder->failed || *bytes > coder->left) {
        coder->failed = true;
        return;
    }
    if (coder->out == NULL)
        *sentence = (const char *)coder->in;
    if (!cv_utf8_is_line(*sentence, *bytes))
        coder->failed = true;
    else if (coder->out != NULL && *bytes > 0)
        memcpy(coder->out, *sentence, *bytes);
    pass(coder, *bytes);
}

static void code_refused(struct coder *coder, struct cv_capsule *capsule)
{
    code_byte(coder, &capsule->refused.origin, CV_ORIGIN_REQUEST, CV_ORIGIN_OFFER);
    code_id(coder, &capsule->refused.number);
    code_error(coder, &capsule->refused.code);
    code_sentence(coder, &capsule->refused.sentence, &capsule->refused.sentence_bytes);
}

/* The type is in the list. */
static void code_value(struct coder *coder, struct cv_capsule *capsule)
{
    switch (capsule->type) {
    case CV_CAPSULE_REGISTER:
        code_register(coder, capsule);
        break;
    case CV_CAPSULE_REGISTERED:
        code_registered(coder, capsule);
        break;
    case CV_CAPSULE_OBSERVED_ADDRESS:
        code_observed(coder, &capsule->observed);
        break;
    case CV_CAPSULE_PAIR_REQUEST:
        code_request(coder, capsule);
        break;
    case CV_CAPSULE_PAIR_OFFER:
        code_offer(coder, capsule);
        break;
    case CV_CAPSULE_PAIR_ACCEPT:
        code_id(coder, &capsule->accept.offer);
        code_byte(coder, &capsule->accept.leg, CV_LEG_KIND_UDP, CV_LEG_KIND_TUNNEL);
        break;
    case CV_CAPSULE_PAIR_REFUSE:
        code_id(coder, &capsule->refuse.offer);
        code_error(coder, &capsule->refuse.code);
        break;
    case CV_CAPSULE_PAIR_MADE:
        code_made(coder, capsule);
        break;
    case CV_CAPSULE_REFUSED:
        code_refused(coder, capsule);
        break;
    case CV_CAPSULE_PAIR_CLOSE:
        code_id(coder, &capsule->close);
        break;
    case CV_CAPSULE_PAIR_CLOSED:
        code_id(coder, &capsule->closed.pair);
        code_error(coder, &capsule->closed.code);
        break;
    case CV_CAPSULE_TUNNEL_LIMIT:
        code_tunnel(coder, &capsule->tunnel_limit.channel, &capsule->tunnel_limit.payload_bytes);
        break;
    case CV_CAPSULE_GO_AWAY:
        code_number(coder, &capsule->go_away.seconds, 0, CV_CAPSULE_GO_AWAY_MAX_S);
        code_relay(coder, &capsule->go_away.relay, 0);
        break;
    }
}

int cv_capsule_parse(const struct cv_capsule_frame *frame, struct cv_capsule *capsule)
{
    struct coder coder = {.in = frame->value, .left = frame->bytes};

    if (cv_capsule_name(frame->type) == NULL)
        return -EBADMSG;
    memset(capsule, 0, sizeof(*capsule));
    capsule->type = frame->type;
    code_value(&coder, capsule);
    return coder.failed || coder.left != 0 ? -EBADMSG : 0;
}

int cv_capsule_write(const struct cv_capsule *capsule, uint8_t *out, size_t room)
{
    uint8_t value[CV_CAPSULE_BUFFER_BYTES];
    struct coder coder = {.out = value, .left = sizeof(value)};
    struct cv_capsule copy = *capsule; /* a coder takes what it could write to */
    size_t type_bytes, length_bytes, bytes;

    if (cv_capsule_name(capsule->type) == NULL)
        return -EINVAL;
    code_value(&coder, &copy);
    if (coder.failed)
        return -EINVAL;
    bytes = sizeof(value) - coder.left;
    type_bytes = cv_varint_size(capsule->type);
    length_bytes = cv_varint_size(bytes);
    if (type_bytes + length_bytes + bytes > room)
        return -ENOBUFS;
    cv_varint_write(out, type_bytes, capsule->type);
    cv_varint_write(out + type_bytes, length_bytes, bytes);
    memcpy(out + type_bytes + length_bytes, value, bytes);
    return (int)(type_bytes + length_bytes + bytes);
}
