/* SPDX-License-Identifier: BSD-3-Clause */
#include "coder.h"

#include "utf8.h"
#include "varint.h"

#include <string.h>

static void pass(struct coder *coder, size_t bytes)
{
    if (coder_writes(coder))
        coder->out += bytes;
    else
        coder->in += bytes;
    coder->left -= bytes;
}

void code_bytes(struct coder *coder, void *bytes, size_t count)
{
    if (coder->failed || count > coder->left) {
        coder->failed = true;
        return;
    }
    if (coder_writes(coder))
        memcpy(coder->out, bytes, count);
    else
        memcpy(bytes, coder->in, count);
    pass(coder, count);
}

void code_number(struct coder *coder, uint64_t *number, uint64_t least, uint64_t most)
{
    size_t bytes = 0;

    if (!coder->failed && coder_writes(coder))
        bytes = cv_varint_write(coder->out, coder->left, *number);
    else if (!coder->failed)
        bytes = cv_varint_read(coder->in, coder->left, number);
    if (bytes == 0 || *number < least || *number > most)
        coder->failed = true;
    else
        pass(coder, bytes);
}

void code_id(struct coder *coder, uint64_t *number)
{
    code_number(coder, number, 1, CV_VARINT_MAX);
}

void code_error(struct coder *coder, uint64_t *code)
{
    code_number(coder, code, 0, CV_VARINT_MAX);
}

void code_kinds(struct coder *coder, uint64_t *legs)
{
    code_number(coder, legs, 0, coder_writes(coder) ? CV_LEG_KINDS : CV_VARINT_MAX);
    *legs &= CV_LEG_KINDS;
}

void code_byte(struct coder *coder, uint8_t *byte, uint8_t least, uint8_t most)
{
    code_bytes(coder, byte, 1);
    if (*byte < least || *byte > most)
        coder->failed = true;
}

void code_span(struct coder *coder, struct cv_span *span, uint16_t least, uint16_t most)
{
    uint64_t bytes = span->bytes;

    code_number(coder, &bytes, least, most);
    if (coder->failed || bytes > coder->left) {
        coder->failed = true;
        return;
    }
    if (coder_writes(coder))
        memcpy(coder->out, span->at, bytes);
    else
        *span = (struct cv_span){.at = coder->in, .bytes = (uint16_t)bytes};
    pass(coder, bytes);
}

void code_sentence(struct coder *coder, const char **sentence, uint8_t *bytes)
{
    code_bytes(coder, bytes, 1);
    if (coder->failed || *bytes > coder->left) {
        coder->failed = true;
        return;
    }
    if (!coder_writes(coder))
        *sentence = (const char *)coder->in;
    if (!cv_utf8_is_line(*sentence, *bytes))
        coder->failed = true;
    else if (coder_writes(coder) && *bytes > 0)
        memcpy(coder->out, *sentence, *bytes);
    pass(coder, *bytes);
}

void code_peer_id(struct coder *coder, struct cv_peer_id *id)
{
    code_bytes(coder, id->bytes, sizeof(id->bytes));
}

/* Their count and the IDs. */
static void code_peer_ids(struct coder *coder, struct cv_peer_ids *ids, uint8_t least, uint8_t most)
{
    uint64_t count = ids->count;
    size_t bytes;

    code_number(coder, &count, least, most);
    bytes = (size_t)count * sizeof(struct cv_peer_id);
    if (coder->failed || bytes > coder->left) {
        coder->failed = true;
        return;
    }
    if (!coder_writes(coder))
        *ids = (struct cv_peer_ids){.list = (const struct cv_peer_id *)coder->in, .count = (uint8_t)count};
    else if (bytes > 0)
        memcpy(coder->out, ids->list, bytes);
    pass(coder, bytes);
}

_Static_assert(sizeof(struct cv_peer_id) == CV_PEER_ID_BYTES && _Alignof(struct cv_peer_id) == 1,
               "IDs can be looked at where they lie");

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

static void code_port(struct coder *coder, uint16_t *port_be)
{
    code_bytes(coder, port_be, sizeof(*port_be));
}

void code_address(struct coder *coder, struct cv_address *address)
{
    code_ip(coder, &address->ip);
    code_port(coder, &address->port_be);
    if (address->port_be == 0)
        coder->failed = true;
}

void code_relay(struct coder *coder, struct cv_relay_addresses *relay, uint8_t least)
{
    code_port(coder, &relay->port_be);
    code_byte(coder, &relay->count, least, CV_CAPSULE_ADDRESSES_MAX);
    for (unsigned i = 0; i < relay->count && !coder->failed; i++)
        code_ip(coder, &relay->ips[i]);
    if ((relay->port_be == 0) != (relay->count == 0))
        coder->failed = true;
}

void code_reachable(struct coder *coder, struct cv_reachable *reachable)
{
    bool listed;

    code_number(coder, &reachable->by, CV_REACHABLE_BY_ANYONE, CV_REACHABLE_BY_NOBODY);
    listed = reachable->by == CV_REACHABLE_BY_LISTED;
    code_peer_ids(coder, &reachable->peers, 0, listed ? CV_CAPSULE_LISTED_MAX : 0);
}

void code_other_peer(struct coder *coder, struct cv_other_peer *other)
{
    code_peer_id(coder, &other->asked);
    code_bytes(coder, other->instance, sizeof(other->instance));
    code_peer_ids(coder, &other->ids, 1, CV_CAPSULE_IDS_MAX);
}

static void code_leg_fields(struct coder *coder, struct cv_capsule_leg *leg)
{
    if (leg->kind == CV_LEG_KIND_TUNNEL) {
        code_number(coder, &leg->channel, CV_CHANNEL_MIN, CV_CHANNEL_MAX);
        return;
    }
    code_relay(coder, &leg->udp.relay, 1);
    code_bytes(coder, leg->udp.token, sizeof(leg->udp.token));
}

#define LEG_BYTES_MAX (3 + CV_CAPSULE_ADDRESSES_MAX * 17 + CV_TOKEN_BYTES)

static void write_leg(struct coder *coder, struct cv_capsule_leg *leg)
{
    uint8_t fields[LEG_BYTES_MAX];
    struct coder inner = {.out = fields, .left = sizeof(fields)};
    struct cv_span span = {.at = fields};

    if (!cv_leg_kind_is_known(leg->kind)) {
        coder->failed = true;
        return;
    }
    code_number(coder, &leg->kind, 0, CV_VARINT_MAX);
    code_leg_fields(&inner, leg);
    coder->failed |= inner.failed;
    span.bytes = (uint16_t)(sizeof(fields) - inner.left);
    code_span(coder, &span, 0, LEG_BYTES_MAX);
}

void code_leg(struct coder *coder, struct cv_capsule_leg *leg)
{
    struct cv_span span = {0};
    struct coder inner;

    if (coder_writes(coder)) {
        write_leg(coder, leg);
        return;
    }
    code_number(coder, &leg->kind, 0, CV_VARINT_MAX);
    code_span(coder, &span, 0, CV_CAPSULE_VALUE_MAX);
    if (coder->failed || !cv_leg_kind_is_known(leg->kind))
        return;
    inner = (struct coder){.in = span.at, .left = span.bytes};
    code_leg_fields(&inner, leg);
    coder->failed = inner.failed || inner.left != 0;
}
