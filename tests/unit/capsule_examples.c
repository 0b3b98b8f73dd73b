/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capsule_examples.h"
#include "protocol/capsule_value.h"
#include "protocol/varint.h"

/* Sixteen bytes in a row. */
#define ROW(first)                                                                                      \
    (first), (first) + 1, (first) + 2, (first) + 3, (first) + 4, (first) + 5, (first) + 6, (first) + 7, \
        (first) + 8, (first) + 9, (first) + 10, (first) + 11, (first) + 12, (first) + 13, (first) + 14, \
        (first) + 15

#define PEER_A                                                                                        \
    {{0xa1, 0xe9, 0x15, 0x60, 0x54, 0xe0, 0x4f, 0xac, 0x89, 0x9a, 0xe9, 0xf2, 0x75, 0x13, 0x2c, 0xdc, \
      0x07, 0xa5, 0xdb, 0xc4, 0xea, 0x2c, 0x2a, 0xd3, 0xa1, 0xff, 0xc6, 0xe0, 0xd2, 0x53, 0x68, 0x1f}}
#define PEER_B                                                                                        \
    {{0x06, 0xe3, 0xfd, 0x8f, 0xda, 0x29, 0xbb, 0x60, 0xab, 0x59, 0x55, 0x7d, 0xe6, 0x1e, 0xdb, 0x0a, \
      0xec, 0xdb, 0x23, 0x11, 0x34, 0xbe, 0x30, 0xe7, 0x5b, 0x45, 0x5f, 0x8e, 0x1b, 0x79, 0x2f, 0xa9}}
#define OLD_KEY_OF_A             \
    {                            \
        {                        \
            ROW(0x20), ROW(0x30) \
        }                        \
    }
#define INSTANCE_A {ROW(0x40)}
#define INSTANCE_B {ROW(0x50)}
#define PAIR_ID    {ROW(0xc0)}
#define TOKEN      {ROW(0x80), ROW(0x90)}
#define NEXT_TOKEN {ROW(0xa0), ROW(0xb0)}
#define V4(a, b, c, d)                                           \
    {                                                            \
        {                                                        \
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d \
        }                                                        \
    }
#define V6(last)                                  \
    {                                             \
        {                                         \
            0x20, 0x01, 0x0d, 0xb8, [15] = (last) \
        }                                         \
    }
#define PORT(port) __builtin_bswap16(port)

const struct cv_peer_id example_peer_a = PEER_A;
const struct cv_peer_id example_peer_b = PEER_B;

static const struct cv_peer_id chain_of_a[] = {PEER_A, OLD_KEY_OF_A};
static const struct cv_peer_id chain_of_b[] = {PEER_B};
static const uint8_t instance_b[] = INSTANCE_B;
static const uint8_t resumption_token[] = {ROW(0xd0), ROW(0xe0)};
static const uint8_t next_resumption_token[] = {ROW(0x00), ROW(0x10)};
static const uint8_t ticket[] = {ROW(0x70)};
static const struct cv_peer_id relay_id = {{ROW(0x60), ROW(0xf0)}};
static const uint8_t certificate_request[] = {0x30, 0x03, 0x02, 0x01, 0x00};
static const uint8_t certificate[] = {0x00, 0x00, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02};

#define SPAN(bytes)        {(const uint8_t *)(bytes), sizeof(bytes)}
#define TEXT(text)         {(const uint8_t *)(text), sizeof(text) - 1}
#define IS_SET(id)         UINT64_C(1) << CV_PARAMETER_##id
#define SPAN_OF(id, bytes) [CV_PARAMETER_##id] = SPAN(bytes)
#define TEXT_OF(id, text)  [CV_PARAMETER_##id] = TEXT(text)
#define CHAIN(ids)         {(ids), sizeof(ids) / sizeof((ids)[0])}

/* As A asked for B. */
#define OTHER_IS_B {.asked = PEER_B, .instance = INSTANCE_B, .ids = CHAIN(chain_of_b)}
#define OTHER_IS_A {.asked = PEER_B, .instance = INSTANCE_A, .ids = CHAIN(chain_of_a)}

#define UDP_LEG(leg_kind, port, token_bytes)                                                \
    {                                                                                       \
        .kind = (leg_kind), .udp = {                                                        \
            .relay = {.port_be = PORT(port), .count = 2, .ips = {V4(192, 0, 2, 1), V6(1)}}, \
            .token = token_bytes                                                            \
        }                                                                                   \
    }
#define TUNNEL_LEG(number) {.kind = CV_LEG_KIND_TUNNEL, .channel = (number)}

const struct cv_capsule capsule_examples[] = {
    {.type = CV_CAPSULE_REGISTER,
     .registration = {.legs = CV_LEG_KINDS,
                      .instance = INSTANCE_A,
                      .reachable = {.by = CV_REACHABLE_BY_ANYONE}}},
    {.type = CV_CAPSULE_REGISTER,
     .registration = {.legs = CV_LEG_KIND_UDP | CV_LEG_KIND_TUNNEL,
                      .instance = INSTANCE_A,
                      .reachable = {.by = CV_REACHABLE_BY_LISTED, .peers = CHAIN(chain_of_b)}},
     .parameters = {.present = IS_SET(SERVICE) | IS_SET(RESUME),
                    .spans = {TEXT_OF(SERVICE, "chat"), SPAN_OF(RESUME, resumption_token)},
                    .services = {TEXT("chat"), TEXT("files")},
                    .service_count = 2}},
    {.type = CV_CAPSULE_REGISTERED,
     .registered = {.own = PEER_A,
                    .pairs = 64,
                    .idle_s = 120,
                    .relay = {.port_be = PORT(443), .count = 1, .ips = {V4(192, 0, 2, 1)}},
                    .relay_port_first_be = PORT(40000),
                    .relay_port_last_be = PORT(40999)}},
    {.type = CV_CAPSULE_REGISTERED,
     .registered = {.own = PEER_A,
                    .pairs = 64,
                    .idle_s = 120,
                    .relay = {.port_be = PORT(443), .count = 2, .ips = {V4(192, 0, 2, 1), V6(1)}},
                    .relay_port_first_be = PORT(40000),
                    .relay_port_last_be = PORT(40999)},
     .parameters = {.present = IS_SET(RESUMPTION_TOKEN) | IS_SET(RESUMPTION_TIME) | IS_SET(RESUMED) |
                               IS_SET(TICKET) | IS_SET(KINDS) | IS_SET(INSTANCES) | IS_SET(TUNNEL_LEGS) |
                               IS_SET(RATE_BYTES) | IS_SET(RATE_PACKETS) | IS_SET(MESSAGES) |
                               IS_SET(MESSAGE_BYTES) | IS_SET(REQUESTS),
                    .spans = {SPAN_OF(RESUMPTION_TOKEN, next_resumption_token), SPAN_OF(TICKET, ticket)},
                    .numbers = {[CV_PARAMETER_RESUMPTION_TIME] = 60,
                                [CV_PARAMETER_RESUMED] = 1,
                                [CV_PARAMETER_KINDS] = CV_LEG_KINDS,
                                [CV_PARAMETER_INSTANCES] = 8,
                                [CV_PARAMETER_TUNNEL_LEGS] = 16,
                                [CV_PARAMETER_RATE_BYTES] = 12500000,
                                [CV_PARAMETER_RATE_PACKETS] = 0,
                                [CV_PARAMETER_MESSAGES] = 60,
                                [CV_PARAMETER_MESSAGE_BYTES] = 1024,
                                [CV_PARAMETER_REQUESTS] = 120}}},
    {.type = CV_CAPSULE_OBSERVED_ADDRESS,
     .observed = {.peer = {.ip = V4(203, 0, 113, 7), .port_be = PORT(54321)},
                  .relay = {.ip = V4(192, 0, 2, 1), .port_be = PORT(443)}}},
    {.type = CV_CAPSULE_OBSERVED_ADDRESS,
     .observed = {.probe = 42,
                  .peer = {.ip = V6(7), .port_be = PORT(54321)},
                  .relay = {.ip = V6(1), .port_be = PORT(40000)}}},
    {.type = CV_CAPSULE_PAIR_REQUEST, .number = 7, .request = {.peer = PEER_B, .legs = CV_LEG_KINDS}},
    {.type = CV_CAPSULE_PAIR_REQUEST,
     .number = 7,
     .request = {.peer = PEER_B, .legs = CV_LEG_KIND_UDP},
     .parameters = {.present = IS_SET(SERVICE) | IS_SET(INSTANCE) | IS_SET(DATA),
                    .spans = {TEXT_OF(SERVICE, "chat"), SPAN_OF(INSTANCE, instance_b),
                              TEXT_OF(DATA, "room 12")}}},
    {.type = CV_CAPSULE_PAIR_OFFER, .number = 5, .offer = {.answer_s = 30, .other = OTHER_IS_A}},
    {.type = CV_CAPSULE_PAIR_OFFER,
     .number = 5,
     .offer = {.answer_s = 30, .other = OTHER_IS_A},
     .parameters = {.present = IS_SET(SERVICE) | IS_SET(DATA),
                    .spans = {TEXT_OF(SERVICE, "chat"), TEXT_OF(DATA, "room 12")}}},
    {.type = CV_CAPSULE_PAIR_ACCEPT, .number = 5, .accept = {.legs = CV_LEG_KIND_TUNNEL}},
    {.type = CV_CAPSULE_PAIR_ACCEPT,
     .number = 5,
     .accept = {.legs = CV_LEG_KINDS},
     .parameters = {.present = IS_SET(DATA), .spans = {TEXT_OF(DATA, "seat 3")}}},
    {.type = CV_CAPSULE_PAIR_REFUSE, .number = 5, .refuse = {.code = CV_SESSION_ERROR_BUSY}},
    {.type = CV_CAPSULE_PAIR_REFUSE,
     .number = 5,
     .refuse = {.code = CV_SESSION_ERROR_NOT_WANTED},
     .parameters = {.present = IS_SET(DATA), .spans = {TEXT_OF(DATA, "locked")}}},
    {.type = CV_CAPSULE_PAIR_MADE,
     .number = 7,
     .made = {.origin = CV_ORIGIN_REQUEST,
              .pair = 17,
              .id = PAIR_ID,
              .role = CV_ROLE_DIALS,
              .other = OTHER_IS_B,
              .leg = UDP_LEG(CV_LEG_KIND_UDP, 40000, TOKEN)}},
    {.type = CV_CAPSULE_PAIR_MADE,
     .number = 5,
     .made = {.origin = CV_ORIGIN_OFFER,
              .pair = 17,
              .id = PAIR_ID,
              .role = CV_ROLE_LISTENS,
              .other = OTHER_IS_A,
              .leg = TUNNEL_LEG(3)}},
    {.type = CV_CAPSULE_PAIR_MADE,
     .number = 7,
     .made = {.origin = CV_ORIGIN_REQUEST,
              .pair = 17,
              .id = PAIR_ID,
              .role = CV_ROLE_DIALS,
              .other = OTHER_IS_B,
              .leg = UDP_LEG(CV_LEG_KIND_LISTEN, 443, TOKEN)},
     .parameters = {.present = IS_SET(SERVICE) | IS_SET(DATA),
                    .spans = {TEXT_OF(SERVICE, "chat"), TEXT_OF(DATA, "seat 3")}}},
    {.type = CV_CAPSULE_PAIR_MADE,
     .made = {.origin = CV_ORIGIN_RESUMED,
              .pair = 17,
              .id = PAIR_ID,
              .role = CV_ROLE_DIALS,
              .other = OTHER_IS_B,
              .leg = UDP_LEG(CV_LEG_KIND_UDP, 40000, NEXT_TOKEN)}},
    {.type = CV_CAPSULE_REFUSED,
     .number = 7,
     .refused = {.origin = CV_ORIGIN_REQUEST,
                 .code = CV_SESSION_ERROR_NO_SUCH_PEER,
                 .sentence = "no session of this peer here",
                 .sentence_bytes = 28}},
    {.type = CV_CAPSULE_REFUSED,
     .number = 8,
     .refused = {.origin = CV_ORIGIN_REQUEST, .code = CV_SESSION_ERROR_NOT_UNDERSTOOD},
     .parameters = {.present = IS_SET(PARAMETER), .numbers = {[CV_PARAMETER_PARAMETER] = 0x2b}}},
    {.type = CV_CAPSULE_REFUSED,
     .number = 9,
     .refused = {.origin = CV_ORIGIN_REQUEST, .code = CV_SESSION_ERROR_NOT_WANTED},
     .parameters = {.present = IS_SET(DATA), .spans = {TEXT_OF(DATA, "locked")}}},
    {.type = CV_CAPSULE_PAIR_CLOSE, .close = {.pair = 17}},
    {.type = CV_CAPSULE_PAIR_CLOSED, .closed = {.pair = 17, .code = CV_SESSION_ERROR_PEER_CLOSED}},
    {.type = CV_CAPSULE_TUNNEL_LIMIT, .tunnel_limit = {.frame_bytes = 1402}},
    {.type = CV_CAPSULE_GO_AWAY,
     .go_away = {.seconds = 30, .relay = {.port_be = PORT(443), .count = 1, .ips = {V4(192, 0, 2, 2)}}},
     .parameters = {.present = IS_SET(RELAY_ID), .spans = {SPAN_OF(RELAY_ID, relay_id.bytes)}}},
    {.type = CV_CAPSULE_GO_AWAY, .go_away = {.seconds = 30}},
    {.type = CV_CAPSULE_STAY},
    {.type = CV_CAPSULE_DONE, .number = 11},
    {.type = CV_CAPSULE_LEG_REQUEST, .number = 10, .leg_request = {.pair = 17, .legs = CV_LEG_KIND_TUNNEL}},
    {.type = CV_CAPSULE_LEG_MADE, .number = 10, .leg_made = {.pair = 17, .leg = TUNNEL_LEG(4)}},
    {.type = CV_CAPSULE_LEG_MADE,
     .number = 10,
     .leg_made = {.pair = 17, .leg = UDP_LEG(CV_LEG_KIND_UDP, 40001, NEXT_TOKEN)}},
    {.type = CV_CAPSULE_LEG_TOKEN, .leg_token = {.pair = 17, .token = NEXT_TOKEN}},
    {.type = CV_CAPSULE_OTHER_LEG,
     .other_leg = {.pair = 17, .kind = CV_LEG_KIND_TUNNEL, .payload_bytes = 1400}},
    {.type = CV_CAPSULE_OTHER_LEG,
     .other_leg = {.pair = 17, .kind = CV_LEG_KIND_UDP, .payload_bytes = CV_CAPSULE_PAYLOAD_MAX}},
    {.type = CV_CAPSULE_CHALLENGE_ANSWER,
     .challenge = {CV_DATAGRAM_CHALLENGE, [8] = 17, 0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8,
                   0xf9, 0xfa}},
    {.type = CV_CAPSULE_REACHABLE, .number = 11, .reachable = {.by = CV_REACHABLE_BY_ANYONE}},
    {.type = CV_CAPSULE_REACHABLE,
     .number = 12,
     .reachable = {.by = CV_REACHABLE_BY_LISTED, .peers = CHAIN(chain_of_b)}},
    {.type = CV_CAPSULE_MESSAGE, .number = 13, .message = {.peer = PEER_B, .text = TEXT("ready")}},
    {.type = CV_CAPSULE_MESSAGE,
     .number = 13,
     .message = {.peer = PEER_B, .text = TEXT("ready")},
     .parameters = {.present = IS_SET(SERVICE) | IS_SET(INSTANCE),
                    .spans = {TEXT_OF(SERVICE, "chat"), SPAN_OF(INSTANCE, instance_b)}}},
    {.type = CV_CAPSULE_MESSAGE_FROM,
     .message_from = {.other = OTHER_IS_A, .text = TEXT("ready")},
     .parameters = {.present = IS_SET(SERVICE), .spans = {TEXT_OF(SERVICE, "chat")}}},
    {.type = CV_CAPSULE_LIMITED, .limited = {.what = CV_LIMITED_RATE, .pair = 17, .for_ms = 250}},
    {.type = CV_CAPSULE_LIMITED, .limited = {.what = CV_LIMITED_PROBES}},
    {.type = CV_CAPSULE_FILTER_TEST, .number = 14, .filter_test = {.probe = 42, .from = 2}},
    {.type = CV_CAPSULE_NAME_CLAIM, .number = 15, .name = {.name = TEXT("alice"), .seconds = 86400}},
    {.type = CV_CAPSULE_NAME_RELEASE, .number = 16, .name = {.name = TEXT("alice")}},
    {.type = CV_CAPSULE_NAME_CLAIMED, .number = 15, .name = {.name = TEXT("alice"), .seconds = 3600}},
    {.type = CV_CAPSULE_ENROL,
     .number = 17,
     .enrol = {.code = TEXT("7-otter-lamp"), .request = SPAN(certificate_request)}},
    {.type = CV_CAPSULE_CERTIFICATE, .number = 17, .certificate = {.chain = SPAN(certificate)}},
    {.type = CV_CAPSULE_CODE_OPEN, .number = 18, .rendezvous = {.seconds = 600}},
    {.type = CV_CAPSULE_CODE_OPENED,
     .number = 18,
     .rendezvous = {.rendezvous = 2, .text = TEXT("3-green-owl")}},
    {.type = CV_CAPSULE_CODE_JOIN, .number = 1, .rendezvous = {.text = TEXT("3-green-owl")}},
    {.type = CV_CAPSULE_CODE_JOINED, .number = 1, .rendezvous = {.rendezvous = 1, .guest = 4}},
    {.type = CV_CAPSULE_CODE_MESSAGE, .number = 2, .rendezvous = {.rendezvous = 1, .text = TEXT("hello")}},
    {.type = CV_CAPSULE_CODE_MESSAGE_FROM,
     .rendezvous = {.rendezvous = 2, .guest = 4, .text = TEXT("hello")}},
    {.type = CV_CAPSULE_CODE_CLOSE, .number = 19, .rendezvous = {.rendezvous = 2}},
    {.type = CV_CAPSULE_CODE_CLOSED, .rendezvous = {.rendezvous = 1, .code = CV_SESSION_ERROR_NONE}},
};

const size_t capsule_example_count = sizeof(capsule_examples) / sizeof(capsule_examples[0]);

const struct cv_capsule *capsule_example_at(enum cv_capsule_type type, size_t nth)
{
    for (size_t i = 0; i < capsule_example_count; i++)
        if (capsule_examples[i].type == type && nth-- == 0)
            return &capsule_examples[i];
    abort();
}

struct cv_capsule capsule_example(enum cv_capsule_type type)
{
    return *capsule_example_at(type, 0);
}

struct cv_relay_addresses example_addresses(uint8_t count)
{
    struct cv_relay_addresses relay = {.port_be = count > 0 ? 1 : 0, .count = count};

    for (unsigned i = 0; i < CV_CAPSULE_ADDRESSES_MAX; i++)
        cv_ip_parse("2001:db8::1", &relay.ips[i]);
    return relay;
}

struct capsule_value capsule_value_of(const struct cv_capsule *capsule)
{
    uint8_t written[CV_CAPSULE_BYTES_MAX];
    int bytes = cv_capsule_write(capsule, written, sizeof(written));
    struct capsule_value value = {.type = capsule->type};
    uint64_t type, length;
    size_t header;

    assert_true(bytes > 0);
    header = cv_varint_read(written, (size_t)bytes, &type);
    header += cv_varint_read(written + header, (size_t)bytes - header, &length);
    assert_int_equal(type, capsule->type);
    assert_int_equal(header + length, bytes);
    value.bytes = length;
    memcpy(value.data, written + header, length);
    return value;
}

void capsule_value_splice(struct capsule_value *value, size_t at, size_t old, const void *new, size_t bytes)
{
    assert_true(at + old <= value->bytes && value->bytes + bytes <= CAPSULE_VALUE_ROOM);
    memmove(value->data + at + bytes, value->data + at + old, value->bytes - at - old);
    if (bytes > 0)
        memcpy(value->data + at, new, bytes);
    value->bytes += bytes - old;
}

void capsule_value_parameter(struct capsule_value *value, uint64_t type, const void *bytes, size_t count)
{
    uint8_t header[2 * CV_VARINT_BYTES];
    size_t length = cv_varint_write(header, sizeof(header), type);

    length += cv_varint_write(header + length, sizeof(header) - length, count);
    capsule_value_splice(value, value->bytes, 0, header, length);
    capsule_value_splice(value, value->bytes, 0, bytes, count);
}

/* What was parsed can be written, and comes back the same. */
static void assert_comes_back(const struct cv_capsule *capsule)
{
    struct capsule_value written = capsule_value_of(capsule), second;
    struct cv_capsule_frame frame = {
        .type = written.type, .bytes = (uint32_t)written.bytes, .value = written.data};
    struct cv_capsule again;

    assert_int_equal(cv_capsule_parse(&frame, &again), CV_CAPSULE_GOOD);
    second = capsule_value_of(&again);
    assert_int_equal(second.bytes, written.bytes);
    assert_memory_equal(second.data, written.data, second.bytes);
}

enum cv_capsule_parsed capsule_value_bad(const struct capsule_value *value)
{
    return cv_capsule_begins(value->type) == CV_BEGINS_WITH_NOTHING ? CV_CAPSULE_UNREADABLE : CV_CAPSULE_BAD;
}

enum cv_capsule_parsed capsule_value_parse(const struct capsule_value *value)
{
    uint8_t *exact = malloc(value->bytes != 0 ? value->bytes : 1);
    struct cv_capsule_frame frame = {.type = value->type, .bytes = (uint32_t)value->bytes, .value = exact};
    enum cv_capsule_parsed parsed;
    struct cv_capsule capsule;
    uint64_t number = 0;

    assert_non_null(exact);
    memcpy(exact, value->data, value->bytes);
    parsed = cv_capsule_parse(&frame, &capsule);
    if (parsed == CV_CAPSULE_BAD) {
        assert_int_not_equal(cv_capsule_begins(value->type), CV_BEGINS_WITH_NOTHING);
        assert_true(cv_varint_read(value->data, value->bytes, &number) > 0);
        assert_int_equal(capsule.type, value->type);
        assert_int_equal(capsule.number, number);
    } else if (parsed != CV_CAPSULE_UNREADABLE) {
        assert_int_equal(parsed == CV_CAPSULE_NOT_UNDERSTOOD, capsule.parameters.not_understood != 0);
        assert_comes_back(&capsule);
    }
    free(exact);
    return parsed;
}

void assert_capsule_value(const struct capsule_value *value, bool good)
{
    assert_int_equal(capsule_value_parse(value), good ? CV_CAPSULE_GOOD : capsule_value_bad(value));
}

void assert_unwritable(const struct cv_capsule *capsule)
{
    uint8_t out[CV_CAPSULE_BYTES_MAX];

    assert_int_equal(cv_capsule_write(capsule, out, sizeof(out)), -EINVAL);
}
