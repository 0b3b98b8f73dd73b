/* SPDX-License-Identifier: BSD-3-Clause */
/* Each field of each capsule: its limits, in both directions, and the sizes that come of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "capsule_examples.h"
#include "protocol/capsule_value.h"
#include "protocol/datagram.h"
#include "protocol/varint.h"

/* A field, where it stands in the value and in the struct, and its limits. */
struct field {
    size_t example;      /* in capsule_examples */
    size_t wire_at;      /* within the value */
    size_t wire_bytes;   /* of a fixed size; 0: a varint */
    size_t member;       /* within struct cv_capsule */
    size_t member_bytes; /* 1 or 8 */
    uint64_t least, most;
};

#define NUMBER(example, at, member, least, most) \
    {example, at, 0, offsetof(struct cv_capsule, member), 8, least, most}
#define BYTE(example, at, member, least, most) \
    {example, at, 1, offsetof(struct cv_capsule, member), 1, least, most}

/* In the order in which the fields stand in each example. */
static const struct field fields[] = {
    NUMBER(0, 0, registration.minor, 0, CV_VARINT_MAX),
    NUMBER(1, 0, registered.minor, 0, CV_VARINT_MAX),
    NUMBER(1, 33, registered.pairs, 0, CV_CAPSULE_PAIRS_MAX),
    NUMBER(1, 35, registered.idle_s, 0, CV_PAIR_IDLE_MAX_S),
    NUMBER(4, 0, request.request, 1, CV_VARINT_MAX),
    BYTE(4, 33, request.legs, 1, 3),
    NUMBER(5, 0, offer.offer, 1, CV_VARINT_MAX),
    NUMBER(5, 33, offer.answer_s, 1, CV_CAPSULE_ANSWER_MAX_S),
    NUMBER(6, 0, accept.offer, 1, CV_VARINT_MAX),
    BYTE(6, 1, accept.leg, 1, 2),
    NUMBER(7, 0, refuse.offer, 1, CV_VARINT_MAX),
    NUMBER(7, 1, refuse.code, 0, CV_VARINT_MAX),
    BYTE(8, 0, made.origin, 1, 2),
    NUMBER(8, 1, made.number, 1, CV_VARINT_MAX),
    NUMBER(8, 2, made.pair, 1, CV_VARINT_MAX),
    BYTE(9, 0, made.origin, 1, 2),
    NUMBER(9, 1, made.number, 1, CV_VARINT_MAX),
    NUMBER(9, 2, made.pair, 1, CV_VARINT_MAX),
    NUMBER(9, 4, made.tunnel.channel, 1, CV_CHANNEL_MAX),
    NUMBER(9, 5, made.tunnel.payload_bytes, 0, CV_CAPSULE_PAYLOAD_MAX),
    BYTE(10, 0, refused.origin, 1, 2),
    NUMBER(10, 1, refused.number, 1, CV_VARINT_MAX),
    NUMBER(10, 2, refused.code, 0, CV_VARINT_MAX),
    NUMBER(11, 0, close, 1, CV_VARINT_MAX),
    NUMBER(12, 0, closed.pair, 1, CV_VARINT_MAX),
    NUMBER(12, 1, closed.code, 0, CV_VARINT_MAX),
    NUMBER(13, 0, tunnel_limit.channel, 1, CV_CHANNEL_MAX),
    NUMBER(13, 1, tunnel_limit.payload_bytes, 0, CV_CAPSULE_PAYLOAD_MAX),
    NUMBER(14, 0, go_away.seconds, 0, CV_CAPSULE_GO_AWAY_MAX_S),
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* What a field holds in the value, and how many bytes that takes. */
static uint64_t wire_number(const struct field *field, const struct capsule_value *value, size_t *bytes)
{
    uint64_t number = value->data[field->wire_at];

    *bytes = field->wire_bytes;
    if (*bytes == 0)
        *bytes = cv_varint_read(value->data + field->wire_at, value->bytes - field->wire_at, &number);
    return number;
}

static void set_member(struct cv_capsule *capsule, const struct field *field, uint64_t number)
{
    uint8_t byte = (uint8_t)number;

    memcpy((uint8_t *)capsule + field->member,
           field->member_bytes == 1 ? (const void *)&byte : (const void *)&number, field->member_bytes);
}

static void check_field(const struct field *field, uint64_t number, bool good)
{
    struct cv_capsule capsule = capsule_examples[field->example];
    struct capsule_value value = capsule_value_of(&capsule);
    uint8_t encoded[CV_VARINT_BYTES] = {(uint8_t)number}, out[CV_CAPSULE_BYTES_MAX];
    size_t old, bytes = 1;
    bool can_be_encoded = field->wire_bytes == 1 ? number <= UINT8_MAX : number <= CV_VARINT_MAX;

    wire_number(field, &value, &old);
    if (field->wire_bytes == 0)
        bytes = cv_varint_write(encoded, sizeof(encoded), number);
    if (can_be_encoded) {
        capsule_value_splice(&value, field->wire_at, old, encoded, bytes);
        assert_int_equal(capsule_value_parse(&value), good ? 0 : -EBADMSG);
    }
    set_member(&capsule, field, number);
    if (good)
        assert_true(cv_capsule_write(&capsule, out, sizeof(out)) > 0);
    else
        assert_int_equal(cv_capsule_write(&capsule, out, sizeof(out)), -EINVAL);
    if (good && can_be_encoded) {
        struct capsule_value written = capsule_value_of(&capsule);

        assert_int_equal(written.bytes, value.bytes);
        assert_memory_equal(written.data, value.data, value.bytes);
    }
}

static void each_field_keeps_to_its_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < FIELDS; i++) {
        check_field(&fields[i], fields[i].least, true);
        check_field(&fields[i], fields[i].most, true);
        check_field(&fields[i], fields[i].most + 1, false);
        if (fields[i].least > 0)
            check_field(&fields[i], fields[i].least - 1, false);
        if (fields[i].member_bytes == 8)
            check_field(&fields[i], UINT64_MAX, false);
    }
}

/* Varints in their longest form, which the writer never takes: the same capsule, in more bytes. */
static struct capsule_value inflated(const struct cv_capsule *capsule, size_t example)
{
    struct capsule_value value = capsule_value_of(capsule);

    for (size_t i = FIELDS; i-- > 0;) {
        uint8_t longest[CV_VARINT_BYTES] = {0xc0};
        uint64_t number;
        size_t old;

        if (fields[i].example != example || fields[i].wire_bytes != 0)
            continue;
        number = wire_number(&fields[i], &value, &old);
        for (unsigned at = 0; at < 7; at++)
            longest[7 - at] = (uint8_t)(number >> 8 * at);
        capsule_value_splice(&value, fields[i].wire_at, old, longest, sizeof(longest));
    }
    return value;
}

static void any_length_of_varint_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < capsule_example_count; i++) {
        struct capsule_value value = inflated(&capsule_examples[i], i);
        struct capsule_value original = capsule_value_of(&capsule_examples[i]), written;
        struct cv_capsule_frame frame = {
            .type = value.type, .bytes = (uint32_t)value.bytes, .value = value.data};
        struct cv_capsule capsule;

        assert_int_equal(cv_capsule_parse(&frame, &capsule), 0);
        written = capsule_value_of(&capsule);
        assert_int_equal(written.bytes, original.bytes);
        assert_memory_equal(written.data, original.data, original.bytes);
    }
}

/* The largest capsule of an example's kind. */
static struct cv_capsule enlarged(size_t example)
{
    static char sentence[CV_CAPSULE_SENTENCE_MAX];
    struct cv_capsule capsule = capsule_examples[example];

    memset(sentence, 'x', sizeof(sentence));
    if (capsule.type == CV_CAPSULE_REFUSED) {
        capsule.refused.sentence = sentence;
        capsule.refused.sentence_bytes = sizeof(sentence);
    } else if (capsule.type == CV_CAPSULE_PAIR_MADE && capsule.made.leg == CV_LEG_KIND_UDP) {
        capsule.made.udp.relay = example_addresses(CV_CAPSULE_ADDRESSES_MAX);
    } else if (capsule.type == CV_CAPSULE_GO_AWAY) {
        capsule.go_away.relay = example_addresses(CV_CAPSULE_ADDRESSES_MAX);
    }
    return capsule;
}

/* The smallest of its kind. */
static struct cv_capsule shrunk(size_t example)
{
    struct cv_capsule capsule = capsule_examples[example];

    for (size_t i = 0; i < FIELDS; i++)
        if (fields[i].example == example)
            set_member(&capsule, &fields[i], fields[i].least);
    if (capsule.type == CV_CAPSULE_REFUSED)
        capsule.refused.sentence_bytes = 0;
    if (capsule.type == CV_CAPSULE_GO_AWAY)
        capsule.go_away.relay = example_addresses(0);
    return capsule;
}

/*
 * The list's sizes are those that occur: no longer value is let in, and no shorter one passes for possible.
 */
static void the_sizes_in_the_list_are_reached(void **state)
{
    static const struct {
        enum cv_capsule_type type;
        size_t least, most;
    } sizes[] = {
#define SIZE(id, number, sender, least, most, meaning) {CV_CAPSULE_##id, least, most},
        CV_CAPSULE_LIST(SIZE)
#undef SIZE
    };

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t least = SIZE_MAX, most = 0;

        for (size_t example = 0; example < capsule_example_count; example++) {
            struct cv_capsule large = enlarged(example), small = shrunk(example);

            if (large.type != sizes[i].type)
                continue;
            if (inflated(&large, example).bytes > most)
                most = inflated(&large, example).bytes;
            if (capsule_value_of(&small).bytes < least)
                least = capsule_value_of(&small).bytes;
        }
        if (sizes[i].type == CV_CAPSULE_REGISTER)
            most += CV_VARINT_BYTES - 1; /* its kinds are a varint that no field above has */
        assert_int_equal(least, sizes[i].least);
        assert_int_equal(most, sizes[i].most);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_field_keeps_to_its_limits),
        cmocka_unit_test(any_length_of_varint_is_read),
        cmocka_unit_test(the_sizes_in_the_list_are_reached),
    };

    return cmocka_run_group_tests_name("capsule_fields", tests, NULL, NULL);
}
