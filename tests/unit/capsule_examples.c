/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "capsule_examples.h"
#include "protocol/capsule_value.h"
#include "protocol/varint.h"

#define PEER_A                                                                                        \
    {{0xa1, 0xe9, 0x15, 0x60, 0x54, 0xe0, 0x4f, 0xac, 0x89, 0x9a, 0xe9, 0xf2, 0x75, 0x13, 0x2c, 0xdc, \
      0x07, 0xa5, 0xdb, 0xc4, 0xea, 0x2c, 0x2a, 0xd3, 0xa1, 0xff, 0xc6, 0xe0, 0xd2, 0x53, 0x68, 0x1f}}
#define PEER_B                                                                                        \
    {{0x06, 0xe3, 0xfd, 0x8f, 0xda, 0x29, 0xbb, 0x60, 0xab, 0x59, 0x55, 0x7d, 0xe6, 0x1e, 0xdb, 0x0a, \
      0xec, 0xdb, 0x23, 0x11, 0x34, 0xbe, 0x30, 0xe7, 0x5b, 0x45, 0x5f, 0x8e, 0x1b, 0x79, 0x2f, 0xa9}}
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
#define TOKEN                                                                                        \
    {0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f, \
     0x90, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f}

const struct cv_peer_id example_peer_a = PEER_A;
const struct cv_peer_id example_peer_b = PEER_B;

const struct cv_capsule capsule_examples[] = {
    {.type = CV_CAPSULE_REGISTER, .registration = {.minor = 0, .legs = CV_LEG_KINDS}},
    {.type = CV_CAPSULE_REGISTERED, .registered = {.own = PEER_A, .pairs = 64, .idle_s = 120}},
    {.type = CV_CAPSULE_OBSERVED_ADDRESS,
     .observed = {.ip = V4(203, 0, 113, 7), .port_be = __builtin_bswap16(54321)}},
    {.type = CV_CAPSULE_OBSERVED_ADDRESS, .observed = {.ip = V6(7), .port_be = __builtin_bswap16(54321)}},
    {.type = CV_CAPSULE_PAIR_REQUEST, .request = {.request = 7, .peer = PEER_B, .legs = CV_LEG_KINDS}},
    {.type = CV_CAPSULE_PAIR_OFFER, .offer = {.offer = 5, .peer = PEER_A, .answer_s = 30}},
    {.type = CV_CAPSULE_PAIR_ACCEPT, .accept = {.offer = 5, .leg = CV_LEG_KIND_TUNNEL}},
    {.type = CV_CAPSULE_PAIR_REFUSE, .refuse = {.offer = 5, .code = CV_SESSION_ERROR_BUSY}},
    {.type = CV_CAPSULE_PAIR_MADE,
     .made = {.origin = CV_ORIGIN_REQUEST,
              .number = 7,
              .pair = 17,
              .leg = CV_LEG_KIND_UDP,
              .udp = {.relay = {.port_be = __builtin_bswap16(40000),
                                .count = 2,
                                .ips = {V4(192, 0, 2, 1), V6(1)}},
                      .token = TOKEN}}},
    {.type = CV_CAPSULE_PAIR_MADE,
     .made = {.origin = CV_ORIGIN_OFFER,
              .number = 5,
              .pair = 17,
              .leg = CV_LEG_KIND_TUNNEL,
              .tunnel = {.channel = 3, .payload_bytes = 1162}}},
    {.type = CV_CAPSULE_REFUSED,
     .refused = {.origin = CV_ORIGIN_REQUEST,
                 .number = 7,
                 .code = CV_SESSION_ERROR_NO_SUCH_PEER,
                 .sentence = "no session of this peer here",
                 .sentence_bytes = 28}},
    {.type = CV_CAPSULE_PAIR_CLOSE, .close = 17},
    {.type = CV_CAPSULE_PAIR_CLOSED, .closed = {.pair = 17, .code = CV_SESSION_ERROR_PEER_CLOSED}},
    {.type = CV_CAPSULE_TUNNEL_LIMIT, .tunnel_limit = {.channel = 3, .payload_bytes = 1400}},
    {.type = CV_CAPSULE_GO_AWAY,
     .go_away = {.seconds = 30,
                 .relay = {.port_be = __builtin_bswap16(443), .count = 1, .ips = {V4(192, 0, 2, 2)}}}},
    {.type = CV_CAPSULE_GO_AWAY, .go_away = {.seconds = 30}},
};

const size_t capsule_example_count = sizeof(capsule_examples) / sizeof(capsule_examples[0]);

enum cv_capsule_sender capsule_sender(enum cv_capsule_type type)
{
    switch (type) {
#define SENDER(id, number, sender, least, most, meaning) \
    case CV_CAPSULE_##id:                                \
        return CV_FROM_##sender;
        CV_CAPSULE_LIST(SENDER)
#undef SENDER
    }
    abort();
}

struct cv_capsule capsule_example(enum cv_capsule_type type)
{
    for (size_t i = 0; i < capsule_example_count; i++)
        if (capsule_examples[i].type == type)
            return capsule_examples[i];
    abort();
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

void capsule_value_splice(struct capsule_value *value, size_t at, size_t old, const uint8_t *new,
                          size_t bytes)
{
    assert_true(at + old <= value->bytes && value->bytes + bytes <= CAPSULE_VALUE_ROOM);
    memmove(value->data + at + bytes, value->data + at + old, value->bytes - at - old);
    memcpy(value->data + at, new, bytes);
    value->bytes += bytes - old;
}

int capsule_value_parse(const struct capsule_value *value)
{
    uint8_t *exact = malloc(value->bytes != 0 ? value->bytes : 1);
    struct cv_capsule_frame frame = {.type = value->type, .bytes = (uint32_t)value->bytes, .value = exact};
    struct cv_capsule capsule, again;
    int error;

    assert_non_null(exact);
    memcpy(exact, value->data, value->bytes);
    error = cv_capsule_parse(&frame, &capsule);
    if (error == 0) {
        struct capsule_value written = capsule_value_of(&capsule), second;

        frame.value = written.data;
        frame.bytes = (uint32_t)written.bytes;
        assert_int_equal(cv_capsule_parse(&frame, &again), 0);
        second = capsule_value_of(&again);
        assert_int_equal(second.bytes, written.bytes);
        assert_memory_equal(second.data, written.data, second.bytes);
    }
    free(exact);
    return error;
}
