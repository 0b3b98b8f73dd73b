/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The values of capsules: each layout, in both directions, and what is made of a wrong one. The limits of each
 * field have test_capsule_fields.c, addresses test_capsule_address.c, parameters test_capsule_parameter.c, the reader test_capsule_reader.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capsule_examples.h"
#include "protocol/varint.h"

static void examples_are_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < capsule_example_count; i++) {
        struct capsule_value value = capsule_value_of(&capsule_examples[i]);

        assert_int_equal(capsule_value_parse(&value), CV_CAPSULE_GOOD);
        assert_non_null(cv_capsule_name(value.type));
    }
}

/* Bytes of the fields of an example, without its parameters. */
static size_t bytes_of_fields(const struct cv_capsule *example)
{
    struct cv_capsule plain = *example;

    memset(&plain.parameters, 0, sizeof(plain.parameters));
    return capsule_value_of(&plain).bytes;
}

/* Whether the value could end here: with its fields, or with one of its parameters. */
static bool is_end(const struct capsule_value *value, size_t fields, size_t end)
{
    size_t at = fields;

    while (at < end) {
        uint64_t type, length;

        at += cv_varint_read(value->data + at, value->bytes - at, &type);
        at += cv_varint_read(value->data + at, value->bytes - at, &length);
        at += length;
    }
    return at == end;
}

/* Of what begins with a number nothing but that number has to be there. */
static void cut_values_are_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < capsule_example_count; i++) {
        struct capsule_value value = capsule_value_of(&capsule_examples[i]), cut = value;
        size_t fields = bytes_of_fields(&capsule_examples[i]);

        for (cut.bytes = 0; cut.bytes < value.bytes; cut.bytes++) {
            enum cv_capsule_parsed expected = capsule_value_bad(&value);

            if (cut.bytes == 0 && value.bytes > 0)
                expected = CV_CAPSULE_UNREADABLE;
            if (is_end(&value, fields, cut.bytes))
                expected = CV_CAPSULE_GOOD;
            assert_int_equal(capsule_value_parse(&cut), expected);
        }
    }
}

static void what_follows_must_be_parameters(void **state)
{
    (void)state;
    for (size_t i = 0; i < capsule_example_count; i++) {
        struct capsule_value value = capsule_value_of(&capsule_examples[i]);
        size_t whole = value.bytes;

        memset(value.data + whole, 0xff, 40);
        for (value.bytes = whole + 1; value.bytes < whole + 40; value.bytes++)
            assert_int_equal(capsule_value_parse(&value), capsule_value_bad(&value));
        memset(value.data + whole, 0, 40); /* unknown and even, of no bytes, each */
        for (value.bytes = whole + 1; value.bytes < whole + 40; value.bytes++)
            assert_int_equal(capsule_value_parse(&value),
                             (value.bytes - whole) % 2 == 0 ? CV_CAPSULE_GOOD : capsule_value_bad(&value));
    }
}

/*
 * Whatever follows the number that a capsule begins with, that number comes out; a number that is 0, or cut
 * short, says nothing.
 */
static void a_bad_rest_keeps_type_and_number(void **state)
{
    static const uint8_t numbers[][8] = {{1}, {0x3f}, {0x7f, 0xff}, {0xc0, 0, 0, 0, 0, 0, 0, 9}};
    static const size_t lengths[] = {1, 1, 2, 8};

    (void)state;
    for (size_t i = 0; i < capsule_example_count; i++) {
        enum cv_capsule_type type = capsule_examples[i].type;

        for (size_t number = 0; number < 4 && cv_capsule_begins(type) != CV_BEGINS_WITH_NOTHING; number++) {
            struct capsule_value value = {.type = type, .bytes = lengths[number]};

            memcpy(value.data, numbers[number], lengths[number]);
            assert_int_equal(capsule_value_parse(&value), CV_CAPSULE_BAD);
            memset(value.data + value.bytes, 0xff, 9);
            value.bytes += 9;
            assert_int_equal(capsule_value_parse(&value), CV_CAPSULE_BAD);
            value.bytes = lengths[number] - 1;
            assert_int_equal(capsule_value_parse(&value), CV_CAPSULE_UNREADABLE);
            value = capsule_value_of(&capsule_examples[i]);
            value.data[0] = 0;
            assert_int_equal(capsule_value_parse(&value), CV_CAPSULE_UNREADABLE);
        }
    }
}

static void capsules_are_written_whole_or_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < capsule_example_count; i++) {
        uint8_t out[CV_CAPSULE_BYTES_MAX];
        int bytes = cv_capsule_write(&capsule_examples[i], out, sizeof(out));

        for (int room = 0; room <= bytes; room++) {
            uint8_t *exact = malloc(room != 0 ? (size_t)room : 1);

            assert_non_null(exact);
            exact[0] = 0xaa;
            assert_int_equal(cv_capsule_write(&capsule_examples[i], exact, (size_t)room),
                             room == bytes ? bytes : -ENOBUFS);
            assert_int_equal(exact[0], room == bytes ? out[0] : 0xaa);
            free(exact);
        }
    }
}

/* All that a capsule can have is more than one may be: a peer lists its peers, or names its services. */
static void values_have_an_end(void **state)
{
    static struct cv_peer_id peers[CV_CAPSULE_LISTED_MAX];
    static const char name[CV_SERVICE_BYTES_MAX + 1] =
        "a service with the longest name that there can be: 64 bytes long";
    struct cv_capsule capsule = capsule_example(CV_CAPSULE_REGISTER);
    uint8_t out[CV_CAPSULE_BYTES_MAX];

    (void)state;
    capsule.registration.reachable = (struct cv_reachable){
        .by = CV_REACHABLE_BY_LISTED, .peers = {.list = peers, .count = CV_CAPSULE_LISTED_MAX}};
    assert_true(cv_capsule_write(&capsule, out, sizeof(out)) > 0);
    for (unsigned i = 0; i < CV_SERVICES_MAX; i++)
        cv_parameter_span(&capsule.parameters, CV_PARAMETER_SERVICE, name, CV_SERVICE_BYTES_MAX);
    assert_unwritable(&capsule);
    capsule.registration.reachable.peers.count = 94;
    assert_unwritable(&capsule);
    capsule.registration.reachable.peers.count = 93;
    assert_true(cv_capsule_write(&capsule, out, sizeof(out)) > 0);
}

/* ---- Counts ---- */

/* Any other count, at this place, makes the value bad. */
static void check_count_byte(const struct cv_capsule *capsule, size_t at)
{
    struct capsule_value value = capsule_value_of(capsule);
    uint8_t good = value.data[at];

    for (unsigned count = 0; count <= UINT8_MAX; count++) {
        value.data[at] = (uint8_t)count;
        assert_capsule_value(&value, count == good);
    }
}

static void what_the_wire_counts_must_be_there(void **state)
{
    struct cv_capsule made = capsule_example(CV_CAPSULE_PAIR_MADE);
    struct cv_capsule refused = capsule_example(CV_CAPSULE_REFUSED);

    (void)state;
    made.made.leg.udp.relay = example_addresses(8);
    /* The kind of the leg is at 101; its length, 171, takes two bytes. */
    check_count_byte(&made, 106);
    check_count_byte(&made, 68);
    check_count_byte(&refused, 4);
    check_count_byte(capsule_example_at(CV_CAPSULE_LEG_MADE, 1), 3);
}

/* ---- Legs ---- */

/* PAIR_MADE with a leg of this kind, which has these bytes. */
static struct capsule_value with_leg(uint64_t kind, const uint8_t *leg, size_t bytes)
{
    const struct cv_capsule *made = capsule_example_at(CV_CAPSULE_PAIR_MADE, 0);
    struct capsule_value value = capsule_value_of(made);
    uint8_t header[2 * CV_VARINT_BYTES];
    size_t header_bytes = cv_varint_write(header, sizeof(header), kind);

    header_bytes += cv_varint_write(header + header_bytes, sizeof(header) - header_bytes, bytes);
    capsule_value_splice(&value, 101, value.bytes - 101, header, header_bytes);
    capsule_value_splice(&value, value.bytes, 0, leg, bytes);
    return value;
}

/* Skipped by its length: all else of the capsule is good, so that the pair can be closed again. */
static void legs_of_unknown_kinds_are_skipped(void **state)
{
    static const uint64_t kinds[] = {0, 3, 5, 6, 7, 8, 1000, CV_VARINT_MAX};
    static const uint8_t fields[300] = {0xff, 0xff, 0xff};
    static const size_t lengths[] = {0, 1, 17, 300};
    static const struct cv_capsule_leg nothing;

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) * 4; i++) {
        struct capsule_value value = with_leg(kinds[i / 4], fields, lengths[i % 4]);
        struct cv_capsule_frame frame = {.type = value.type, .value = value.data};
        struct cv_capsule made;

        capsule_value_parameter(&value, 0x02, "chat", 4);
        frame.bytes = (uint32_t)value.bytes;
        assert_int_equal(cv_capsule_parse(&frame, &made), CV_CAPSULE_GOOD);
        assert_int_equal(made.made.pair, 17);
        assert_int_equal(made.made.leg.kind, kinds[i / 4]);
        assert_int_equal(made.parameters.spans[CV_PARAMETER_SERVICE].bytes, 4);
        assert_unwritable(&made);
        made.made.leg.kind = 0;
        assert_memory_equal(&made.made.leg, &nothing, sizeof(nothing));
    }
}

static void legs_have_no_more_than_their_fields(void **state)
{
    static const uint8_t channel[] = {0x40, 0x03, 0};
    struct capsule_value good = capsule_value_of(capsule_example_at(CV_CAPSULE_PAIR_MADE, 0)), value;
    uint8_t udp[60] = {0};

    (void)state;
    memcpy(udp, good.data + 103, 57);
    for (size_t bytes = 0; bytes <= sizeof(udp); bytes++) {
        value = with_leg(CV_LEG_KIND_UDP, udp, bytes);
        assert_capsule_value(&value, bytes == 57);
        value = with_leg(CV_LEG_KIND_LISTEN, udp, bytes);
        assert_capsule_value(&value, bytes == 57);
    }
    for (size_t bytes = 0; bytes <= sizeof(channel); bytes++) {
        value = with_leg(CV_LEG_KIND_TUNNEL, channel, bytes);
        assert_capsule_value(&value, bytes == 2);
    }
    value.bytes--; /* of the leg's last byte */
    assert_capsule_value(&value, false);
}

/* ---- What else has a rule ---- */

/* A number belongs to a request or an offer; a pair that was resumed has none. */
static void only_resumed_pairs_have_no_number(void **state)
{
    (void)state;
    for (unsigned origin = 0; origin <= 4; origin++) {
        for (unsigned number = 0; number <= 1; number++) {
            struct cv_capsule made = capsule_example(CV_CAPSULE_PAIR_MADE);
            struct capsule_value value = capsule_value_of(&made);
            bool good = origin >= 1 && origin <= 3 && (origin == 3) == (number == 0);

            value.data[0] = (uint8_t)origin;
            value.data[1] = (uint8_t)number;
            assert_capsule_value(&value, good);
            made.made.origin = (uint8_t)origin;
            made.number = number;
            if (!good)
                assert_unwritable(&made);
        }
    }
}

static void only_a_list_has_peers(void **state)
{
    (void)state;
    for (unsigned by = 0; by <= 3; by++) {
        struct cv_capsule reachable = *capsule_example_at(CV_CAPSULE_REACHABLE, 1);
        struct cv_capsule registration = *capsule_example_at(CV_CAPSULE_REGISTER, 1);
        struct capsule_value value = capsule_value_of(&reachable);

        value.data[1] = (uint8_t)by;
        assert_capsule_value(&value, by == CV_REACHABLE_BY_LISTED);
        value = capsule_value_of(&registration);
        value.data[18] = (uint8_t)by;
        assert_capsule_value(&value, by == CV_REACHABLE_BY_LISTED);
        reachable.reachable.by = registration.registration.reachable.by = by;
        if (by != CV_REACHABLE_BY_LISTED) {
            assert_unwritable(&reachable);
            assert_unwritable(&registration);
        }
    }
}

static const char *const unfit[] = {"\x1b[2J", "two\nlines", "\xff", "cut \xe2\x82", "\xc2\x85"};

static void sentences_are_fit_to_be_shown(void **state)
{
    struct cv_capsule capsule = capsule_example(CV_CAPSULE_REFUSED);
    struct capsule_value value;

    (void)state;
    for (size_t i = 0; i < sizeof(unfit) / sizeof(unfit[0]); i++) {
        value = capsule_value_of(capsule_example_at(CV_CAPSULE_REFUSED, 0));
        memcpy(value.data + value.bytes - strlen(unfit[i]), unfit[i], strlen(unfit[i]));
        assert_capsule_value(&value, false);
        capsule.refused.sentence = unfit[i];
        capsule.refused.sentence_bytes = (uint8_t)strlen(unfit[i]);
        assert_unwritable(&capsule);
    }
    capsule.refused.sentence = NULL;
    capsule.refused.sentence_bytes = 0;
    value = capsule_value_of(&capsule);
    assert_capsule_value(&value, true);
}

static void names_are_fit_to_be_shown(void **state)
{
    static const enum cv_capsule_type types[] = {CV_CAPSULE_NAME_CLAIM, CV_CAPSULE_NAME_RELEASE,
                                                 CV_CAPSULE_NAME_CLAIMED};

    (void)state;
    for (size_t i = 0; i < sizeof(unfit) / sizeof(unfit[0]) * 3; i++) {
        struct cv_capsule capsule = capsule_example(types[i % 3]);
        struct capsule_value value = capsule_value_of(&capsule);
        uint8_t length = (uint8_t)strlen(unfit[i / 3]);

        assert_int_equal(value.data[1], 5);
        capsule_value_splice(&value, 1, 6, &length, 1);
        capsule_value_splice(&value, 2, 0, unfit[i / 3], length);
        assert_capsule_value(&value, false);
        capsule.name.name = (struct cv_span){(const uint8_t *)unfit[i / 3], length};
        assert_unwritable(&capsule);
    }
}

/* What the wire does not have is nothing, whatever was in memory before; IDs and bytes lie where they came. */
static void parsed_capsules_hold_what_came_and_nothing_else(void **state)
{
    struct capsule_value value = capsule_value_of(capsule_example_at(CV_CAPSULE_MESSAGE_FROM, 0));
    struct cv_capsule_frame frame = {.type = value.type, .bytes = (uint32_t)value.bytes, .value = value.data};
    struct cv_capsule parsed;

    (void)state;
    memset(&parsed, 0xee, sizeof(parsed));
    assert_int_equal(cv_capsule_parse(&frame, &parsed), CV_CAPSULE_GOOD);
    assert_int_equal(parsed.number, 0);
    assert_ptr_equal(parsed.message_from.other.ids.list, value.data + 49);
    assert_int_equal(parsed.message_from.other.ids.count, 2);
    assert_ptr_equal(parsed.message_from.text.at, value.data + 114);
    assert_int_equal(parsed.parameters.present, UINT64_C(1) << CV_PARAMETER_SERVICE);
    assert_ptr_equal(parsed.parameters.spans[CV_PARAMETER_SERVICE].at, value.data + 121);
    assert_int_equal(parsed.parameters.service_count, 1);
    assert_int_equal(parsed.parameters.not_understood, 0);
    assert_null(parsed.parameters.spans[CV_PARAMETER_DATA].at);
}

static void types_that_are_not_in_the_list_have_no_form(void **state)
{
    static const unsigned types[] = {
        0, 0x17, CV_CAPSULE_REGISTER - 1, CV_CAPSULE_CODE_CLOSED + 1, 0x29e212, 0x29e220, 0x29e224};
    static const uint8_t data[8];

    (void)state;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct cv_capsule capsule = {.type = (enum cv_capsule_type)types[i]};
        struct cv_capsule_frame frame = {.type = capsule.type, .bytes = sizeof(data), .value = data};

        assert_null(cv_capsule_name(types[i]));
        assert_unwritable(&capsule);
        assert_int_equal(cv_capsule_parse(&frame, &capsule), CV_CAPSULE_UNREADABLE);
    }
    assert_null(cv_capsule_name(UINT64_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_are_good),
        cmocka_unit_test(cut_values_are_bad),
        cmocka_unit_test(what_follows_must_be_parameters),
        cmocka_unit_test(a_bad_rest_keeps_type_and_number),
        cmocka_unit_test(capsules_are_written_whole_or_not),
        cmocka_unit_test(values_have_an_end),
        cmocka_unit_test(what_the_wire_counts_must_be_there),
        cmocka_unit_test(legs_of_unknown_kinds_are_skipped),
        cmocka_unit_test(legs_have_no_more_than_their_fields),
        cmocka_unit_test(only_resumed_pairs_have_no_number),
        cmocka_unit_test(only_a_list_has_peers),
        cmocka_unit_test(sentences_are_fit_to_be_shown),
        cmocka_unit_test(names_are_fit_to_be_shown),
        cmocka_unit_test(parsed_capsules_hold_what_came_and_nothing_else),
        cmocka_unit_test(types_that_are_not_in_the_list_have_no_form),
    };

    return cmocka_run_group_tests_name("capsule", tests, NULL, NULL);
}
