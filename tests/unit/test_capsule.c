/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The values of capsules: each layout, each limit, in both directions. The reader has
 * test_capsule_reader.c.
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
#include "protocol/capsule_value.h"

static void examples_are_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < capsule_example_count; i++) {
        struct capsule_value value = capsule_value_of(&capsule_examples[i]);

        assert_int_equal(capsule_value_parse(&value), 0);
        assert_non_null(cv_capsule_name(value.type));
    }
}

static void cut_and_overlong_values_are_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < capsule_example_count; i++) {
        struct capsule_value value = capsule_value_of(&capsule_examples[i]);
        size_t whole = value.bytes;

        for (value.bytes = 0; value.bytes < whole; value.bytes++)
            assert_int_equal(capsule_value_parse(&value), -EBADMSG);
        for (value.bytes = whole + 1; value.bytes < whole + 20; value.bytes++)
            assert_int_equal(capsule_value_parse(&value), -EBADMSG);
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

static void kinds_of_leg_from_the_future_are_passed_over(void **state)
{
    static const uint8_t kinds[] = {0x80, 0x01, 0x00, 0x07}; /* 65543 = 65536 + 4 + 2 + 1 */
    struct capsule_value value = capsule_value_of(&capsule_examples[0]);
    struct cv_capsule_frame frame = {.type = CV_CAPSULE_REGISTER, .value = value.data};
    struct cv_capsule capsule = capsule_examples[0];
    uint8_t out[CV_CAPSULE_BYTES_MAX];

    (void)state;
    capsule_value_splice(&value, 1, 1, kinds, sizeof(kinds));
    frame.bytes = (uint32_t)value.bytes;
    assert_int_equal(cv_capsule_parse(&frame, &capsule), 0);
    assert_int_equal(capsule.registration.legs, CV_LEG_KINDS);
    capsule.registration.legs = 4;
    assert_int_equal(cv_capsule_write(&capsule, out, sizeof(out)), -EINVAL);
    capsule.registration.legs = 0;
    assert_true(cv_capsule_write(&capsule, out, sizeof(out)) > 0);
}

static void assert_unwritable(const struct cv_capsule *capsule)
{
    uint8_t out[CV_CAPSULE_BYTES_MAX];

    assert_int_equal(cv_capsule_write(capsule, out, sizeof(out)), -EINVAL);
}

static void addresses_are_unicast_and_have_one_form(void **state)
{
    static const char *const bad[] = {"0.0.0.0", "0.1.2.3", "224.0.0.1", "255.255.255.255",
                                      "::",      "ff02::1", "127.0.0.1", "::1"};
    static const uint8_t mapped[17] = {6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
    static const uint8_t versions[] = {0, 1, 3, 5, 7, 255};
    struct capsule_value value;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct cv_capsule capsule = capsule_example(CV_CAPSULE_OBSERVED_ADDRESS);
        bool v4 = strchr(bad[i], ':') == NULL;

        assert_int_equal(cv_ip_parse(bad[i], &capsule.observed.ip), 0);
        assert_unwritable(&capsule);
        value = capsule_value_of(&capsule_examples[v4 ? 2 : 3]);
        memcpy(value.data + 1, capsule.observed.ip.bytes + (v4 ? 12 : 0), v4 ? 4 : 16);
        assert_int_equal(capsule_value_parse(&value), -EBADMSG);
    }
    value = capsule_value_of(&capsule_examples[3]);
    memcpy(value.data, mapped, sizeof(mapped));
    assert_int_equal(capsule_value_parse(&value), -EBADMSG);
    for (size_t i = 0; i < sizeof(versions); i++) {
        value = capsule_value_of(&capsule_examples[2]);
        value.data[0] = versions[i];
        assert_int_equal(capsule_value_parse(&value), -EBADMSG);
        value = capsule_value_of(&capsule_examples[3]);
        value.data[0] = versions[i];
        assert_int_equal(capsule_value_parse(&value), -EBADMSG);
    }
}

static void ports_are_not_zero(void **state)
{
    struct cv_capsule capsule = capsule_example(CV_CAPSULE_OBSERVED_ADDRESS);
    struct capsule_value value = capsule_value_of(&capsule);

    (void)state;
    value.data[5] = value.data[6] = 0;
    assert_int_equal(capsule_value_parse(&value), -EBADMSG);
    capsule.observed.port_be = 0;
    assert_unwritable(&capsule);
    capsule = capsule_example(CV_CAPSULE_PAIR_MADE);
    value = capsule_value_of(&capsule);
    value.data[4] = value.data[5] = 0;
    assert_int_equal(capsule_value_parse(&value), -EBADMSG);
    capsule.made.udp.relay.port_be = 0;
    assert_unwritable(&capsule);
}

/* PAIR_MADE has one to eight addresses; GO_AWAY may have none, and then no port. */
static void addresses_are_counted(void **state)
{
    (void)state;
    for (unsigned count = 0; count < 12; count++) {
        struct cv_capsule made = capsule_example(CV_CAPSULE_PAIR_MADE),
                          away = capsule_example(CV_CAPSULE_GO_AWAY);
        uint8_t known = (uint8_t)(count < CV_CAPSULE_ADDRESSES_MAX ? count : CV_CAPSULE_ADDRESSES_MAX);
        struct capsule_value value;

        made.made.udp.relay = away.go_away.relay = example_addresses(known);
        made.made.udp.relay.count = away.go_away.relay.count = (uint8_t)count;
        if (count >= 1 && count <= 8) {
            value = capsule_value_of(&made);
            assert_int_equal(capsule_value_parse(&value), 0);
        } else {
            assert_unwritable(&made);
        }
        if (count <= 8) {
            value = capsule_value_of(&away);
            assert_int_equal(capsule_value_parse(&value), 0);
            away.go_away.relay.port_be = count == 0 ? 1 : 0;
        }
        assert_unwritable(&away);
    }
}

static void what_the_wire_counts_must_be_there(void **state)
{
    struct cv_capsule made = capsule_example(CV_CAPSULE_PAIR_MADE);
    struct capsule_value value;

    (void)state;
    made.made.udp.relay = example_addresses(8);
    value = capsule_value_of(&made);
    for (unsigned count = 0; count <= UINT8_MAX; count++) {
        value.data[6] = (uint8_t)count;
        assert_int_equal(capsule_value_parse(&value), count == 8 ? 0 : -EBADMSG);
    }
    value = capsule_value_of(&capsule_examples[10]);
    for (unsigned count = 0; count <= UINT8_MAX; count++) {
        value.data[4] = (uint8_t)count;
        assert_int_equal(capsule_value_parse(&value), count == 28 ? 0 : -EBADMSG);
    }
}

static void kinds_of_leg_are_known_ones(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind <= UINT8_MAX; kind++) {
        struct cv_capsule made = capsule_examples[9];
        struct capsule_value value = capsule_value_of(&made);

        if (kind == CV_LEG_KIND_TUNNEL)
            continue;
        value.data[3] = (uint8_t)kind;
        assert_int_equal(capsule_value_parse(&value), -EBADMSG);
        made.made.leg = (uint8_t)kind;
        assert_unwritable(&made);
    }
}

static void sentences_are_fit_to_be_shown(void **state)
{
    static const char *const bad[] = {"\x1b[2J", "two\nlines", "\xff", "cut \xe2\x82", "\xc2\x85"};
    struct cv_capsule capsule = capsule_example(CV_CAPSULE_REFUSED);
    struct capsule_value value;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        value = capsule_value_of(&capsule_examples[10]);
        memcpy(value.data + value.bytes - strlen(bad[i]), bad[i], strlen(bad[i]));
        assert_int_equal(capsule_value_parse(&value), -EBADMSG);
        capsule.refused.sentence = bad[i];
        capsule.refused.sentence_bytes = (uint8_t)strlen(bad[i]);
        assert_unwritable(&capsule);
    }
    capsule.refused.sentence = NULL;
    capsule.refused.sentence_bytes = 0;
    value = capsule_value_of(&capsule);
    assert_int_equal(capsule_value_parse(&value), 0);
}

static void types_that_are_not_in_the_list_have_no_form(void **state)
{
    static const unsigned types[] = {0, 0x17, CV_CAPSULE_REGISTER - 1, CV_CAPSULE_GO_AWAY + 1, 0x29e201};
    static const uint8_t data[8];

    (void)state;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct cv_capsule capsule = {.type = (enum cv_capsule_type)types[i]};
        struct cv_capsule_frame frame = {.type = capsule.type, .bytes = sizeof(data), .value = data};

        assert_null(cv_capsule_name(types[i]));
        assert_unwritable(&capsule);
        assert_int_equal(cv_capsule_parse(&frame, &capsule), -EBADMSG);
    }
    assert_null(cv_capsule_name(UINT64_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_are_good),
        cmocka_unit_test(cut_and_overlong_values_are_bad),
        cmocka_unit_test(capsules_are_written_whole_or_not),
        cmocka_unit_test(kinds_of_leg_from_the_future_are_passed_over),
        cmocka_unit_test(addresses_are_unicast_and_have_one_form),
        cmocka_unit_test(ports_are_not_zero),
        cmocka_unit_test(addresses_are_counted),
        cmocka_unit_test(what_the_wire_counts_must_be_there),
        cmocka_unit_test(kinds_of_leg_are_known_ones),
        cmocka_unit_test(sentences_are_fit_to_be_shown),
        cmocka_unit_test(types_that_are_not_in_the_list_have_no_form),
    };

    return cmocka_run_group_tests_name("capsule", tests, NULL, NULL);
}
