/* SPDX-License-Identifier: BSD-3-Clause */
/* Parameters: the limits of each, where it has a meaning, and what must be understood. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "capsule_examples.h"
#include "protocol/varint.h"

enum form { NUMBER, BYTES, LINE };

#define VARINT CV_VARINT_MAX

static const struct {
    uint64_t type;
    enum form form;
    uint64_t least, most;
} kinds[] = {
#define KIND(id, type, form, least, most, meaning) {type, form, least, most},
    CV_PARAMETER_LIST(KIND)
#undef KIND
};

#define IN(id) (UINT64_C(1) << CV_PARAMETER_##id)

/* The capsules in which there are any, as docs/protocol.md says. */
static const struct {
    enum cv_capsule_type capsule;
    uint64_t parameters;
} meanings[] = {
    {CV_CAPSULE_REGISTER, IN(SERVICE) | IN(RESUME)},
    {CV_CAPSULE_REGISTERED, IN(RESUMPTION_TOKEN) | IN(RESUMPTION_TIME) | IN(RESUMED) | IN(TICKET) |
                                IN(KINDS) | IN(INSTANCES) | IN(TUNNEL_LEGS) | IN(RATE_BYTES) |
                                IN(RATE_PACKETS) | IN(MESSAGES) | IN(MESSAGE_BYTES) | IN(REQUESTS)},
    {CV_CAPSULE_PAIR_REQUEST, IN(SERVICE) | IN(INSTANCE) | IN(DATA)},
    {CV_CAPSULE_PAIR_OFFER, IN(SERVICE) | IN(DATA)},
    {CV_CAPSULE_PAIR_ACCEPT, IN(DATA)},
    {CV_CAPSULE_PAIR_REFUSE, IN(DATA)},
    {CV_CAPSULE_PAIR_MADE, IN(SERVICE) | IN(DATA)},
    {CV_CAPSULE_REFUSED, IN(DATA) | IN(PARAMETER)},
    {CV_CAPSULE_GO_AWAY, IN(RELAY_ID)},
    {CV_CAPSULE_MESSAGE, IN(SERVICE) | IN(INSTANCE)},
    {CV_CAPSULE_MESSAGE_FROM, IN(SERVICE)},
};

static const enum cv_capsule_type all[] = {
#define TYPE(id, number, sender, begins, least, meaning) CV_CAPSULE_##id,
    CV_CAPSULE_LIST(TYPE)
#undef TYPE
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint8_t filling[CV_CAPSULE_VALUE_MAX];

static int fill(void **state)
{
    (void)state;
    memset(filling, 'x', sizeof(filling));
    return 0;
}

static bool has_meaning(enum cv_parameter parameter, enum cv_capsule_type capsule)
{
    for (size_t i = 0; i < COUNT(meanings); i++)
        if (meanings[i].capsule == capsule)
            return (meanings[i].parameters >> parameter & 1) != 0;
    return false;
}

static struct cv_capsule plain(enum cv_capsule_type type)
{
    struct cv_capsule capsule = capsule_example(type);

    memset(&capsule.parameters, 0, sizeof(capsule.parameters));
    return capsule;
}

static struct capsule_value plain_value(enum cv_capsule_type type)
{
    struct cv_capsule capsule = plain(type);

    return capsule_value_of(&capsule);
}

/* Adds a parameter to the wire whose number, or length, this is. */
static void add(struct capsule_value *value, unsigned parameter, uint64_t size)
{
    uint8_t encoded[CV_VARINT_BYTES];

    if (kinds[parameter].form == NUMBER)
        capsule_value_parameter(value, kinds[parameter].type, encoded,
                                cv_varint_write(encoded, sizeof(encoded), size));
    else
        capsule_value_parameter(value, kinds[parameter].type, filling, size);
}

static void set(struct cv_capsule *capsule, unsigned parameter, uint64_t size)
{
    if (kinds[parameter].form == NUMBER)
        cv_parameter_number(&capsule->parameters, (enum cv_parameter)parameter, size);
    else
        cv_parameter_span(&capsule->parameters, (enum cv_parameter)parameter, filling, size);
}

static void check_size(enum cv_capsule_type type, unsigned parameter, uint64_t size, bool good)
{
    struct cv_capsule capsule = plain(type);
    struct capsule_value value = capsule_value_of(&capsule), written;

    set(&capsule, parameter, size);
    if (!good)
        assert_unwritable(&capsule);
    if (size > CV_VARINT_MAX)
        return;
    add(&value, parameter, size);
    assert_capsule_value(&value, good);
    if (good) {
        written = capsule_value_of(&capsule);
        assert_int_equal(written.bytes, value.bytes);
        assert_memory_equal(written.data, value.data, value.bytes);
    }
}

static void each_keeps_to_its_limits(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COUNT(all) * CV_PARAMETER_COUNT; i++) {
        enum cv_capsule_type type = all[i / CV_PARAMETER_COUNT];
        unsigned parameter = i % CV_PARAMETER_COUNT;

        if (!has_meaning((enum cv_parameter)parameter, type))
            continue;
        check_size(type, parameter, kinds[parameter].least, true);
        check_size(type, parameter, kinds[parameter].most, true);
        check_size(type, parameter, kinds[parameter].most + 1, false);
        if (kinds[parameter].least > 0)
            check_size(type, parameter, kinds[parameter].least - 1, false);
    }
}

static struct cv_capsule parsed(const struct capsule_value *value)
{
    struct cv_capsule_frame frame = {
        .type = value->type, .bytes = (uint32_t)value->bytes, .value = value->data};
    struct cv_capsule capsule;

    assert_int_not_equal(cv_capsule_parse(&frame, &capsule), CV_CAPSULE_UNREADABLE);
    return capsule;
}

static void what_was_parsed_is_there(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COUNT(meanings) * CV_PARAMETER_COUNT; i++) {
        struct capsule_value value = plain_value(meanings[i / CV_PARAMETER_COUNT].capsule);
        unsigned parameter = i % CV_PARAMETER_COUNT;
        struct cv_capsule capsule;

        if (!has_meaning((enum cv_parameter)parameter, value.type))
            continue;
        add(&value, parameter, kinds[parameter].least);
        capsule = parsed(&value);
        assert_int_equal(capsule.parameters.present, UINT64_C(1) << parameter);
        assert_true(cv_parameter_is_set(&capsule.parameters, (enum cv_parameter)parameter));
        if (kinds[parameter].form == NUMBER) {
            assert_int_equal(capsule.parameters.numbers[parameter], kinds[parameter].least);
        } else {
            assert_int_equal(capsule.parameters.spans[parameter].bytes, kinds[parameter].least);
            assert_ptr_equal(capsule.parameters.spans[parameter].at,
                             value.data + value.bytes - kinds[parameter].least);
        }
        assert_int_equal(capsule.parameters.service_count, parameter == CV_PARAMETER_SERVICE);
    }
}

/* Where it has none it is passed over, whatever is in it, and may come twice; to write it is a mistake. */
static void elsewhere_it_has_no_meaning(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COUNT(all) * CV_PARAMETER_COUNT; i++) {
        enum cv_capsule_type type = all[i / CV_PARAMETER_COUNT];
        struct capsule_value value = plain_value(type);
        struct cv_capsule capsule = plain(type);
        unsigned parameter = i % CV_PARAMETER_COUNT;

        if (has_meaning((enum cv_parameter)parameter, type))
            continue;
        add(&value, parameter, kinds[parameter].least);
        capsule_value_parameter(&value, kinds[parameter].type, "\xff\xff", 2);
        assert_capsule_value(&value, true);
        assert_int_equal(parsed(&value).parameters.present, 0);
        set(&capsule, parameter, kinds[parameter].least);
        assert_unwritable(&capsule);
    }
}

static void each_comes_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COUNT(meanings) * CV_PARAMETER_COUNT; i++) {
        struct capsule_value value = plain_value(meanings[i / CV_PARAMETER_COUNT].capsule);
        unsigned parameter = i % CV_PARAMETER_COUNT;
        bool services = parameter == CV_PARAMETER_SERVICE && value.type == CV_CAPSULE_REGISTER;

        if (!has_meaning((enum cv_parameter)parameter, value.type))
            continue;
        add(&value, parameter, kinds[parameter].least);
        capsule_value_parameter(&value, 0x6a, "between", 7);
        add(&value, parameter, kinds[parameter].least);
        assert_capsule_value(&value, services);
    }
}

static void an_instance_has_so_many_services_and_no_more(void **state)
{
    struct capsule_value value = plain_value(CV_CAPSULE_REGISTER);
    struct cv_capsule capsule = plain(CV_CAPSULE_REGISTER);

    (void)state;
    for (unsigned count = 1; count <= CV_SERVICES_MAX + 1; count++) {
        const uint8_t name[] = {'s', (uint8_t)('a' + count)};

        capsule_value_parameter(&value, 0x02, name, sizeof(name));
        assert_capsule_value(&value, count <= CV_SERVICES_MAX);
        if (count > CV_SERVICES_MAX)
            continue;
        capsule = parsed(&value);
        assert_int_equal(capsule.parameters.service_count, count);
        assert_memory_equal(capsule.parameters.services[count - 1].at, name, sizeof(name));
        assert_memory_equal(capsule.parameters.spans[CV_PARAMETER_SERVICE].at, "sb", 2);
    }
}

/* Numbers fill their parameter, in any of the four lengths; so do types and lengths. */
static void any_length_of_varint_is_read(void **state)
{
    static const uint8_t longest[] = {0xc0, 0, 0, 0, 0,    0, 0, 0x1c, 0xc0, 0, 0, 0,
                                      0,    0, 0, 8, 0xc0, 0, 0, 0,    0,    0, 0, 16};
    static const uint8_t bad[][3] = {{0x1c, 0, 0}, {0x1c, 1, 0x40}, {0x1c, 2, 1}};
    struct capsule_value value = plain_value(CV_CAPSULE_REGISTERED);

    (void)state;
    capsule_value_splice(&value, value.bytes, 0, longest, sizeof(longest));
    assert_capsule_value(&value, true);
    assert_int_equal(parsed(&value).parameters.numbers[CV_PARAMETER_TUNNEL_LEGS], 16);
    for (size_t i = 0; i < COUNT(bad); i++) {
        value = plain_value(CV_CAPSULE_REGISTERED);
        capsule_value_splice(&value, value.bytes, 0, bad[i], i == 0 ? 2 : 3);
        assert_capsule_value(&value, false);
    }
    value = plain_value(CV_CAPSULE_REGISTERED);
    capsule_value_parameter(&value, 0x1c, "\x01\x00", 2); /* a number, and something behind it */
    assert_capsule_value(&value, false);
}

static void services_are_fit_to_be_shown(void **state)
{
    static const char *const bad[] = {"\x1b[2J", "two\nlines", "\xff", "cut \xe2\x82", "\xc2\x85"};

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct capsule_value value = plain_value(CV_CAPSULE_PAIR_REQUEST);
        struct cv_capsule capsule = plain(CV_CAPSULE_PAIR_REQUEST);

        capsule_value_parameter(&value, 0x02, bad[i], strlen(bad[i]));
        assert_capsule_value(&value, false);
        cv_parameter_span(&capsule.parameters, CV_PARAMETER_SERVICE, bad[i], strlen(bad[i]));
        assert_unwritable(&capsule);
        value = plain_value(CV_CAPSULE_PAIR_REQUEST);
        capsule_value_parameter(&value, 0x08, bad[i], strlen(bad[i])); /* DATA is anything */
        assert_capsule_value(&value, true);
    }
}

static void unknown_even_types_are_passed_over(void **state)
{
    static const uint64_t types[] = {0, 0x0e, 0x28, 0x6a, 0x6a + 0x52 * 1000, CV_VARINT_MAX - 1};

    (void)state;
    for (size_t i = 0; i < COUNT(all) * COUNT(types); i++) {
        struct capsule_value value = plain_value(all[i / COUNT(types)]);

        capsule_value_parameter(&value, types[i % COUNT(types)], filling, i % 300);
        capsule_value_parameter(&value, types[i % COUNT(types)], filling, 0);
        assert_capsule_value(&value, true);
        assert_int_equal(parsed(&value).parameters.present, 0);
    }
}

/* All else of the capsule is good, the parameters after it also. */
static void unknown_odd_types_must_be_understood(void **state)
{
    static const uint64_t types[] = {1, 0x03, 0x29, 0x41, CV_VARINT_MAX};

    (void)state;
    for (size_t i = 0; i < COUNT(all) * COUNT(types); i++) {
        struct cv_capsule example = plain(all[i / COUNT(types)]), capsule;
        struct capsule_value value = capsule_value_of(&example);

        capsule_value_parameter(&value, types[i % COUNT(types)], filling, i % 300);
        capsule_value_parameter(&value, 0x2b, filling, 3);
        if (has_meaning(CV_PARAMETER_DATA, value.type))
            capsule_value_parameter(&value, 0x08, "data", 4);
        assert_int_equal(capsule_value_parse(&value), CV_CAPSULE_NOT_UNDERSTOOD);
        capsule = parsed(&value);
        assert_int_equal(capsule.parameters.not_understood, types[i % COUNT(types)]); /* the first */
        assert_int_equal(capsule.number, example.number);
        if (has_meaning(CV_PARAMETER_DATA, value.type))
            assert_int_equal(capsule.parameters.spans[CV_PARAMETER_DATA].bytes, 4);
    }
}

/* What is cut short or out of its limits is that first, whatever else would not be understood. */
static void bad_is_worse_than_not_understood(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(all); i++) {
        struct capsule_value value = plain_value(all[i]);

        capsule_value_parameter(&value, 0x2b, filling, 3);
        value.bytes--;
        assert_capsule_value(&value, false);
        value.bytes++;
        if (has_meaning(CV_PARAMETER_SERVICE, value.type)) {
            capsule_value_parameter(&value, 0x02, filling, 0);
            assert_capsule_value(&value, false);
        }
    }
}

static void cut_parameters_are_bad(void **state)
{
    struct capsule_value whole = plain_value(CV_CAPSULE_REGISTERED);
    size_t fields = whole.bytes;

    (void)state;
    capsule_value_parameter(&whole, 0x10, filling, 32);
    for (size_t bytes = fields; bytes <= whole.bytes; bytes++) {
        struct capsule_value value = whole;

        value.bytes = bytes;
        assert_capsule_value(&value, bytes == fields || bytes == whole.bytes);
    }
    whole.data[fields + 1] = 0x3f; /* longer than what is there */
    assert_capsule_value(&whole, false);
}

static void their_order_makes_no_difference(void **state)
{
    struct capsule_value forward = plain_value(CV_CAPSULE_REGISTERED), backward = forward, a, b;
    struct cv_capsule capsule;

    (void)state;
    for (unsigned i = 0; i < CV_PARAMETER_COUNT; i++) {
        if (has_meaning((enum cv_parameter)i, CV_CAPSULE_REGISTERED))
            add(&forward, i, kinds[i].least);
        if (has_meaning((enum cv_parameter)(CV_PARAMETER_COUNT - 1 - i), CV_CAPSULE_REGISTERED))
            add(&backward, CV_PARAMETER_COUNT - 1 - i, kinds[CV_PARAMETER_COUNT - 1 - i].least);
    }
    capsule = parsed(&forward);
    a = capsule_value_of(&capsule);
    capsule = parsed(&backward);
    b = capsule_value_of(&capsule);
    assert_int_equal(a.bytes, forward.bytes);
    assert_memory_equal(a.data, forward.data, forward.bytes);
    assert_int_equal(b.bytes, a.bytes);
    assert_memory_equal(b.data, a.data, a.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_keeps_to_its_limits),
        cmocka_unit_test(what_was_parsed_is_there),
        cmocka_unit_test(elsewhere_it_has_no_meaning),
        cmocka_unit_test(each_comes_once),
        cmocka_unit_test(an_instance_has_so_many_services_and_no_more),
        cmocka_unit_test(any_length_of_varint_is_read),
        cmocka_unit_test(services_are_fit_to_be_shown),
        cmocka_unit_test(unknown_even_types_are_passed_over),
        cmocka_unit_test(unknown_odd_types_must_be_understood),
        cmocka_unit_test(bad_is_worse_than_not_understood),
        cmocka_unit_test(cut_parameters_are_bad),
        cmocka_unit_test(their_order_makes_no_difference),
    };

    return cmocka_run_group_tests_name("capsule_parameter", tests, fill, NULL);
}
