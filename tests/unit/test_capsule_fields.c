/* SPDX-License-Identifier: BSD-3-Clause */
/* Each field of each capsule: its limits, in both directions, and the sizes that come of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "capsule_examples.h"
#include "protocol/varint.h"

enum form {
    NUMBER, /* a varint with limits */
    BYTE,   /* one byte with limits */
    KINDS,  /* a set: what is above CV_LEG_KINDS is read and left out, and never written */
    COUNT,  /* a varint that is no member: the length or the count of what follows */
};

/* A field, where it stands in the value and in the struct, and its limits. */
struct field {
    enum cv_capsule_type type;
    size_t nth; /* example of that type */
    enum form form;
    size_t wire_at; /* within the value */
    size_t member;  /* within struct cv_capsule */
    uint64_t least, most;
    size_t within; /* where the byte is that holds the length of what the field is in; 0: in nothing */
};

#define NUMBER(type, nth, at, member, least, most) \
    {CV_CAPSULE_##type, nth, NUMBER, at, offsetof(struct cv_capsule, member), least, most, 0}
#define NUMBER_IN_LEG(type, nth, at, member, least, most) \
    {CV_CAPSULE_##type, nth, NUMBER, at, offsetof(struct cv_capsule, member), least, most, (at) - 1}
#define BYTE(type, nth, at, member, least, most) \
    {CV_CAPSULE_##type, nth, BYTE, at, offsetof(struct cv_capsule, member), least, most, 0}
#define KINDS(type, nth, at, member) \
    {CV_CAPSULE_##type, nth, KINDS, at, offsetof(struct cv_capsule, member), 0, CV_LEG_KINDS, 0}
#define COUNT(type, nth, at) {CV_CAPSULE_##type, nth, COUNT, at, 0, 0, 0, 0}

#define ANY CV_VARINT_MAX

/* In the order in which the fields stand in each example. */
static const struct field fields[] = {
    NUMBER(REGISTER, 0, 0, registration.minor, 0, ANY),
    KINDS(REGISTER, 0, 1, registration.legs),
    NUMBER(REGISTER, 0, 18, registration.reachable.by, 0, 2),
    COUNT(REGISTER, 0, 19),
    NUMBER(REGISTERED, 0, 0, registered.minor, 0, ANY),
    NUMBER(REGISTERED, 0, 33, registered.pairs, 0, CV_CAPSULE_PAIRS_MAX),
    NUMBER(REGISTERED, 0, 35, registered.idle_s, 0, CV_PAIR_IDLE_MAX_S),
    NUMBER(OBSERVED_ADDRESS, 0, 0, observed.probe, 0, CV_PROBE_NUMBER_MAX),
    NUMBER(OBSERVED_ADDRESS, 1, 0, observed.probe, 0, CV_PROBE_NUMBER_MAX),
    NUMBER(PAIR_REQUEST, 0, 0, number, 1, ANY),
    KINDS(PAIR_REQUEST, 0, 33, request.legs),
    NUMBER(PAIR_OFFER, 0, 0, number, 1, ANY),
    NUMBER(PAIR_OFFER, 0, 1, offer.answer_s, 1, CV_CAPSULE_ANSWER_MAX_S),
    COUNT(PAIR_OFFER, 0, 50),
    NUMBER(PAIR_ACCEPT, 0, 0, number, 1, ANY),
    KINDS(PAIR_ACCEPT, 0, 1, accept.legs),
    NUMBER(PAIR_REFUSE, 0, 0, number, 1, ANY),
    NUMBER(PAIR_REFUSE, 0, 1, refuse.code, 0, ANY),
    BYTE(PAIR_MADE, 0, 0, made.origin, 1, 2),
    NUMBER(PAIR_MADE, 0, 1, number, 1, ANY),
    NUMBER(PAIR_MADE, 0, 2, made.pair, 1, ANY),
    NUMBER(PAIR_MADE, 0, 19, made.role, 1, 2),
    COUNT(PAIR_MADE, 0, 68),
    COUNT(PAIR_MADE, 0, 101),
    COUNT(PAIR_MADE, 0, 102),
    BYTE(PAIR_MADE, 1, 0, made.origin, 1, 2),
    NUMBER(PAIR_MADE, 1, 1, number, 1, ANY),
    NUMBER(PAIR_MADE, 1, 2, made.pair, 1, ANY),
    NUMBER(PAIR_MADE, 1, 19, made.role, 1, 2),
    COUNT(PAIR_MADE, 1, 68),
    COUNT(PAIR_MADE, 1, 133),
    COUNT(PAIR_MADE, 1, 134),
    NUMBER_IN_LEG(PAIR_MADE, 1, 135, made.leg.channel, CV_CHANNEL_MIN, CV_CHANNEL_MAX),
    BYTE(PAIR_MADE, 3, 0, made.origin, 3, 3),
    NUMBER(PAIR_MADE, 3, 1, number, 0, 0),
    NUMBER(PAIR_MADE, 3, 2, made.pair, 1, ANY),
    BYTE(REFUSED, 0, 0, refused.origin, 1, 2),
    NUMBER(REFUSED, 0, 1, number, 1, ANY),
    NUMBER(REFUSED, 0, 2, refused.code, 0, ANY),
    NUMBER(PAIR_CLOSE, 0, 0, close.pair, 1, ANY),
    NUMBER(PAIR_CLOSED, 0, 0, closed.pair, 1, ANY),
    NUMBER(PAIR_CLOSED, 0, 1, closed.code, 0, ANY),
    NUMBER(TUNNEL_LIMIT, 0, 0, tunnel_limit.frame_bytes, 0, CV_CAPSULE_FRAME_MAX),
    NUMBER(GO_AWAY, 0, 0, go_away.seconds, 0, CV_CAPSULE_GO_AWAY_MAX_S),
    NUMBER(GO_AWAY, 1, 0, go_away.seconds, 0, CV_CAPSULE_GO_AWAY_MAX_S),
    NUMBER(DONE, 0, 0, number, 1, ANY),
    NUMBER(LEG_REQUEST, 0, 0, number, 1, ANY),
    NUMBER(LEG_REQUEST, 0, 1, leg_request.pair, 1, ANY),
    KINDS(LEG_REQUEST, 0, 2, leg_request.legs),
    NUMBER(LEG_MADE, 0, 0, number, 1, ANY),
    NUMBER(LEG_MADE, 0, 1, leg_made.pair, 1, ANY),
    COUNT(LEG_MADE, 0, 2),
    COUNT(LEG_MADE, 0, 3),
    NUMBER_IN_LEG(LEG_MADE, 0, 4, leg_made.leg.channel, CV_CHANNEL_MIN, CV_CHANNEL_MAX),
    NUMBER(LEG_TOKEN, 0, 0, leg_token.pair, 1, ANY),
    NUMBER(OTHER_LEG, 0, 0, other_leg.pair, 1, ANY),
    NUMBER(OTHER_LEG, 0, 1, other_leg.kind, 1, ANY),
    NUMBER(OTHER_LEG, 0, 2, other_leg.payload_bytes, 0, CV_CAPSULE_PAYLOAD_MAX),
    NUMBER(REACHABLE, 0, 0, number, 1, ANY),
    NUMBER(REACHABLE, 0, 1, reachable.by, 0, 2),
    COUNT(REACHABLE, 0, 2),
    NUMBER(MESSAGE, 0, 0, number, 1, ANY),
    COUNT(MESSAGE, 0, 33),
    COUNT(MESSAGE_FROM, 0, 48),
    COUNT(MESSAGE_FROM, 0, 113),
    NUMBER(LIMITED, 0, 0, limited.what, 0, ANY),
    NUMBER(LIMITED, 0, 1, limited.pair, 0, ANY),
    NUMBER(LIMITED, 0, 2, limited.for_ms, 0, CV_CAPSULE_LIMITED_MAX_MS),
    NUMBER(FILTER_TEST, 0, 0, number, 1, ANY),
    NUMBER(FILTER_TEST, 0, 1, filter_test.probe, 1, CV_PROBE_NUMBER_MAX),
    NUMBER(FILTER_TEST, 0, 2, filter_test.from, 1, 2),
    NUMBER(NAME_CLAIM, 0, 0, number, 1, ANY),
    COUNT(NAME_CLAIM, 0, 1),
    NUMBER(NAME_CLAIM, 0, 7, name.seconds, 1, CV_CAPSULE_LATER_MAX_S),
    NUMBER(NAME_RELEASE, 0, 0, number, 1, ANY),
    COUNT(NAME_RELEASE, 0, 1),
    NUMBER(NAME_CLAIMED, 0, 0, number, 1, ANY),
    COUNT(NAME_CLAIMED, 0, 1),
    NUMBER(NAME_CLAIMED, 0, 7, name.seconds, 1, CV_CAPSULE_LATER_MAX_S),
    NUMBER(ENROL, 0, 0, number, 1, ANY),
    COUNT(ENROL, 0, 1),
    COUNT(ENROL, 0, 14),
    NUMBER(CERTIFICATE, 0, 0, number, 1, ANY),
    COUNT(CERTIFICATE, 0, 1),
    NUMBER(CODE_OPEN, 0, 0, number, 1, ANY),
    NUMBER(CODE_OPEN, 0, 1, rendezvous.seconds, 1, CV_CAPSULE_LATER_MAX_S),
    NUMBER(CODE_OPENED, 0, 0, number, 1, ANY),
    NUMBER(CODE_OPENED, 0, 1, rendezvous.rendezvous, 1, ANY),
    COUNT(CODE_OPENED, 0, 2),
    NUMBER(CODE_JOIN, 0, 0, number, 1, ANY),
    COUNT(CODE_JOIN, 0, 1),
    NUMBER(CODE_JOINED, 0, 0, number, 0, ANY),
    NUMBER(CODE_JOINED, 0, 1, rendezvous.rendezvous, 1, ANY),
    NUMBER(CODE_JOINED, 0, 2, rendezvous.guest, 0, ANY),
    NUMBER(CODE_MESSAGE, 0, 0, number, 1, ANY),
    NUMBER(CODE_MESSAGE, 0, 1, rendezvous.rendezvous, 1, ANY),
    NUMBER(CODE_MESSAGE, 0, 2, rendezvous.guest, 0, ANY),
    COUNT(CODE_MESSAGE, 0, 3),
    NUMBER(CODE_MESSAGE_FROM, 0, 0, rendezvous.rendezvous, 1, ANY),
    NUMBER(CODE_MESSAGE_FROM, 0, 1, rendezvous.guest, 0, ANY),
    COUNT(CODE_MESSAGE_FROM, 0, 2),
    NUMBER(CODE_CLOSE, 0, 0, number, 1, ANY),
    NUMBER(CODE_CLOSE, 0, 1, rendezvous.rendezvous, 1, ANY),
    NUMBER(CODE_CLOSED, 0, 0, rendezvous.rendezvous, 1, ANY),
    NUMBER(CODE_CLOSED, 0, 1, rendezvous.guest, 0, ANY),
    NUMBER(CODE_CLOSED, 0, 2, rendezvous.code, 0, ANY),
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* ---- Numbers ---- */

/* What a field holds in the value, and how many bytes that takes. */
static uint64_t wire_number(const struct field *field, const struct capsule_value *value, size_t *bytes)
{
    uint64_t number = value->data[field->wire_at];

    *bytes = 1;
    if (field->form != BYTE)
        *bytes = cv_varint_read(value->data + field->wire_at, value->bytes - field->wire_at, &number);
    return number;
}

static void set_wire(struct capsule_value *value, const struct field *field, const uint8_t *encoded,
                     size_t bytes)
{
    size_t old;

    wire_number(field, value, &old);
    if (field->within != 0)
        value->data[field->within] = (uint8_t)(value->data[field->within] + bytes - old);
    capsule_value_splice(value, field->wire_at, old, encoded, bytes);
}

static void set_member(struct cv_capsule *capsule, const struct field *field, uint64_t number)
{
    uint8_t byte = (uint8_t)number;

    if (field->form == BYTE)
        memcpy((uint8_t *)capsule + field->member, &byte, 1);
    else
        memcpy((uint8_t *)capsule + field->member, &number, sizeof(number));
}

static enum cv_capsule_parsed wrong_in(const struct field *field, const struct capsule_value *value)
{
    return field->wire_at == 0 ? CV_CAPSULE_UNREADABLE : capsule_value_bad(value);
}

static void check_read(const struct field *field, struct capsule_value *value, uint64_t number,
                       enum cv_capsule_parsed expected)
{
    uint8_t encoded[CV_VARINT_BYTES] = {(uint8_t)number};
    size_t bytes = field->form == BYTE ? 1 : cv_varint_write(encoded, sizeof(encoded), number);

    set_wire(value, field, encoded, bytes);
    assert_int_equal(capsule_value_parse(value), expected);
}

static void check_field(const struct field *field, uint64_t number, bool good)
{
    struct cv_capsule capsule = *capsule_example_at(field->type, field->nth);
    struct capsule_value value = capsule_value_of(&capsule);
    bool can_be_encoded = number <= (field->form == BYTE ? UINT8_MAX : CV_VARINT_MAX);
    uint8_t out[CV_CAPSULE_BYTES_MAX];

    if (can_be_encoded)
        check_read(field, &value, number, good ? CV_CAPSULE_GOOD : wrong_in(field, &value));
    set_member(&capsule, field, number);
    if (good)
        assert_true(cv_capsule_write(&capsule, out, sizeof(out)) > 0);
    else
        assert_unwritable(&capsule);
    if (good) {
        struct capsule_value written = capsule_value_of(&capsule);

        assert_int_equal(written.bytes, value.bytes);
        assert_memory_equal(written.data, value.data, value.bytes);
    }
}

static void each_number_keeps_to_its_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < FIELDS; i++) {
        if (fields[i].form != NUMBER && fields[i].form != BYTE)
            continue;
        check_field(&fields[i], fields[i].least, true);
        check_field(&fields[i], fields[i].most, true);
        check_field(&fields[i], fields[i].most + 1, false);
        if (fields[i].least > 0)
            check_field(&fields[i], fields[i].least - 1, false);
        if (fields[i].form == NUMBER)
            check_field(&fields[i], UINT64_MAX, false);
    }
}

/* Sets of kinds are read whatever is in them; only what we know comes out, and may be written. */
static void kinds_of_leg_from_the_future_are_passed_over(void **state)
{
    static const uint64_t sets[] = {0, 1, 7, 8, 9, 65536 + 7, CV_VARINT_MAX};

    (void)state;
    for (size_t i = 0; i < FIELDS; i++) {
        for (size_t set = 0; set < sizeof(sets) / sizeof(sets[0]) && fields[i].form == KINDS; set++) {
            struct cv_capsule capsule = *capsule_example_at(fields[i].type, fields[i].nth), parsed;
            struct capsule_value value = capsule_value_of(&capsule);
            struct cv_capsule_frame frame = {.type = value.type, .value = value.data};
            uint8_t out[CV_CAPSULE_BYTES_MAX];
            uint64_t legs;

            check_read(&fields[i], &value, sets[set], CV_CAPSULE_GOOD);
            frame.bytes = (uint32_t)value.bytes;
            assert_int_equal(cv_capsule_parse(&frame, &parsed), CV_CAPSULE_GOOD);
            memcpy(&legs, (uint8_t *)&parsed + fields[i].member, sizeof(legs));
            assert_int_equal(legs, sets[set] & CV_LEG_KINDS);
            set_member(&capsule, &fields[i], sets[set]);
            if (sets[set] <= CV_LEG_KINDS)
                assert_true(cv_capsule_write(&capsule, out, sizeof(out)) > 0);
            else
                assert_unwritable(&capsule);
        }
    }
}

/* Varints in their longest form, which the writer never takes: the same capsule, in more bytes. */
static void any_length_of_varint_is_read(void **state)
{
    (void)state;
    for (size_t i = FIELDS, start = FIELDS; i > 0; i = start) {
        const struct cv_capsule *example = capsule_example_at(fields[i - 1].type, fields[i - 1].nth);
        struct capsule_value original = capsule_value_of(example), value = original, written;
        struct cv_capsule_frame frame = {.type = value.type, .value = value.data};
        struct cv_capsule capsule;

        for (; start > 0 && capsule_example_at(fields[start - 1].type, fields[start - 1].nth) == example;
             start--) {
            const struct field *field = &fields[start - 1];
            uint8_t longest[CV_VARINT_BYTES] = {0xc0};
            size_t old;
            uint64_t number = wire_number(field, &value, &old);

            for (unsigned at = 0; at < 7; at++)
                longest[7 - at] = (uint8_t)(number >> 8 * at);
            if (field->form != BYTE)
                set_wire(&value, field, longest, sizeof(longest));
        }
        frame.bytes = (uint32_t)value.bytes;
        assert_int_equal(cv_capsule_parse(&frame, &capsule), CV_CAPSULE_GOOD);
        written = capsule_value_of(&capsule);
        assert_int_equal(written.bytes, original.bytes);
        assert_memory_equal(written.data, original.data, original.bytes);
    }
}

/* ---- Rows of bytes and of IDs ---- */

/* A row, where its count stands in the value and the row in the struct, and how many there may be. */
struct row {
    enum cv_capsule_type type;
    size_t nth;
    bool ids; /* struct cv_peer_ids, or else struct cv_span */
    size_t wire_at;
    size_t member;
    unsigned least, most;
};

#define BYTES_OF(type, nth, at, member, least, most) \
    {CV_CAPSULE_##type, nth, false, at, offsetof(struct cv_capsule, member), least, most}
#define IDS_OF(type, nth, at, member, least, most) \
    {CV_CAPSULE_##type, nth, true, at, offsetof(struct cv_capsule, member), least, most}

static const struct row rows[] = {
    IDS_OF(REGISTER, 0, 19, registration.reachable.peers, 0, 0),
    IDS_OF(REGISTER, 1, 19, registration.reachable.peers, 0, CV_CAPSULE_LISTED_MAX),
    IDS_OF(PAIR_OFFER, 0, 50, offer.other.ids, 1, CV_CAPSULE_IDS_MAX),
    IDS_OF(PAIR_MADE, 0, 68, made.other.ids, 1, CV_CAPSULE_IDS_MAX),
    IDS_OF(PAIR_MADE, 1, 68, made.other.ids, 1, CV_CAPSULE_IDS_MAX),
    IDS_OF(REACHABLE, 0, 2, reachable.peers, 0, 0),
    IDS_OF(REACHABLE, 1, 2, reachable.peers, 0, CV_CAPSULE_LISTED_MAX),
    IDS_OF(MESSAGE_FROM, 0, 48, message_from.other.ids, 1, CV_CAPSULE_IDS_MAX),
    BYTES_OF(MESSAGE, 0, 33, message.text, 1, CV_CAPSULE_MESSAGE_MAX),
    BYTES_OF(MESSAGE_FROM, 0, 113, message_from.text, 1, CV_CAPSULE_MESSAGE_MAX),
    BYTES_OF(NAME_CLAIM, 0, 1, name.name, 1, CV_CAPSULE_NAME_MAX),
    BYTES_OF(NAME_RELEASE, 0, 1, name.name, 1, CV_CAPSULE_NAME_MAX),
    BYTES_OF(NAME_CLAIMED, 0, 1, name.name, 1, CV_CAPSULE_NAME_MAX),
    BYTES_OF(ENROL, 0, 1, enrol.code, 1, CV_CAPSULE_CODE_MAX),
    BYTES_OF(ENROL, 0, 14, enrol.request, 1, CV_CAPSULE_ENROL_MAX),
    BYTES_OF(CERTIFICATE, 0, 1, certificate.chain, 1, CV_CAPSULE_CHAIN_MAX),
    BYTES_OF(CODE_OPENED, 0, 2, rendezvous.text, 1, CV_CAPSULE_CODE_MAX),
    BYTES_OF(CODE_JOIN, 0, 1, rendezvous.text, 1, CV_CAPSULE_CODE_MAX),
    BYTES_OF(CODE_MESSAGE, 0, 3, rendezvous.text, 1, CV_CAPSULE_MESSAGE_MAX),
    BYTES_OF(CODE_MESSAGE_FROM, 0, 2, rendezvous.text, 1, CV_CAPSULE_MESSAGE_MAX),
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static uint8_t filling[CV_CAPSULE_VALUE_MAX];

static void set_row(struct cv_capsule *capsule, const struct row *row, unsigned count)
{
    const struct cv_peer_ids ids = {(const struct cv_peer_id *)filling, (uint8_t)count};
    const struct cv_span span = {filling, (uint16_t)count};

    if (row->ids)
        memcpy((uint8_t *)capsule + row->member, &ids, sizeof(ids));
    else
        memcpy((uint8_t *)capsule + row->member, &span, sizeof(span));
}

/* Replaces the row within the value. */
static void set_wire_row(struct capsule_value *value, const struct row *row, unsigned count)
{
    size_t size = row->ids ? sizeof(struct cv_peer_id) : 1;
    uint8_t encoded[CV_VARINT_BYTES];
    size_t bytes = cv_varint_write(encoded, sizeof(encoded), count);
    uint64_t old;
    size_t old_bytes = cv_varint_read(value->data + row->wire_at, value->bytes - row->wire_at, &old);

    capsule_value_splice(value, row->wire_at, old_bytes + old * size, encoded, bytes);
    capsule_value_splice(value, row->wire_at + bytes, 0, filling, count * size);
}

static void check_row(const struct row *row, unsigned count, bool good)
{
    struct cv_capsule capsule = *capsule_example_at(row->type, row->nth);
    struct capsule_value value = capsule_value_of(&capsule);

    set_wire_row(&value, row, count);
    assert_capsule_value(&value, good);
    set_row(&capsule, row, count);
    if (good) {
        struct capsule_value written = capsule_value_of(&capsule);

        assert_int_equal(written.bytes, value.bytes);
        assert_memory_equal(written.data, value.data, value.bytes);
    } else {
        assert_unwritable(&capsule);
    }
}

static void each_row_keeps_to_its_limits(void **state)
{
    (void)state;
    memset(filling, 'x', sizeof(filling));
    for (size_t i = 0; i < ROWS; i++) {
        check_row(&rows[i], rows[i].least, true);
        check_row(&rows[i], rows[i].most, true);
        check_row(&rows[i], rows[i].most + 1, false);
        if (rows[i].least > 0)
            check_row(&rows[i], rows[i].least - 1, false);
    }
}

/* ---- Sizes ---- */

/* The smallest of its kind. */
static struct cv_capsule shrunk(size_t example)
{
    struct cv_capsule capsule = capsule_examples[example];

    memset(&capsule.parameters, 0, sizeof(capsule.parameters));
    for (size_t i = 0; i < FIELDS; i++)
        if (capsule_example_at(fields[i].type, fields[i].nth) == &capsule_examples[example] &&
            fields[i].form != COUNT)
            set_member(&capsule, &fields[i], fields[i].least);
    for (size_t i = 0; i < ROWS; i++)
        if (capsule_example_at(rows[i].type, rows[i].nth) == &capsule_examples[example])
            set_row(&capsule, &rows[i], rows[i].least);
    if (capsule.type == CV_CAPSULE_REFUSED)
        capsule.refused.sentence_bytes = 0;
    if (capsule.type == CV_CAPSULE_GO_AWAY)
        capsule.go_away.relay = example_addresses(0);
    return capsule;
}

/* No shorter value passes for possible, and none that is possible is turned away. */
static void the_sizes_in_the_list_are_reached(void **state)
{
    static const struct {
        enum cv_capsule_type type;
        size_t least;
    } sizes[] = {
#define SIZE(id, number, sender, begins, least, meaning) {CV_CAPSULE_##id, least},
        CV_CAPSULE_LIST(SIZE)
#undef SIZE
    };

    (void)state;
    memset(filling, 'x', sizeof(filling));
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        bool leg = sizes[i].type == CV_CAPSULE_PAIR_MADE || sizes[i].type == CV_CAPSULE_LEG_MADE;
        size_t least = SIZE_MAX;

        for (size_t example = 0; example < capsule_example_count; example++) {
            struct cv_capsule small = shrunk(example);

            if (small.type == sizes[i].type && capsule_value_of(&small).bytes < least)
                least = capsule_value_of(&small).bytes;
        }
        /* A leg of a kind that we do not know may have no fields: one byte less than a tunnel leg. */
        assert_int_equal(least - leg, sizes[i].least);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_number_keeps_to_its_limits),
        cmocka_unit_test(kinds_of_leg_from_the_future_are_passed_over),
        cmocka_unit_test(any_length_of_varint_is_read),
        cmocka_unit_test(each_row_keeps_to_its_limits),
        cmocka_unit_test(the_sizes_in_the_list_are_reached),
    };

    return cmocka_run_group_tests_name("capsule_fields", tests, NULL, NULL);
}
