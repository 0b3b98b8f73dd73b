/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * docs/protocol.md says what the code does: its tables have the lists' rows, its examples in hex are the
 * capsules and datagrams.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capsule_examples.h"
#include "protocol/capsule_order.h"
#include "protocol/capsule_reader.h"
#include "protocol/capsule_value.h"
#include "protocol/datagram.h"
#include "protocol/probe.h"
#include "protocol/varint.h"

#define EXAMPLE_BYTES 512

static char *document;

static int read_document(void **state)
{
    FILE *file = fopen(CULVERT_PROTOCOL, "rb");
    size_t bytes = 0;

    (void)state;
    document = calloc(1, 1 << 20);
    if (file != NULL && document != NULL)
        bytes = fread(document, 1, (1 << 20) - 1, file);
    if (file != NULL)
        fclose(file);
    return bytes > 0 ? 0 : -1;
}

static int free_document(void **state)
{
    (void)state;
    free(document);
    return 0;
}

static void assert_has_row(const char *row)
{
    if (strstr(document, row) == NULL)
        fail_msg("docs/protocol.md has no row: %s", row);
}

static unsigned rows_starting(const char *start)
{
    unsigned count = 0;

    for (const char *at = document; (at = strstr(at, start)) != NULL; at++)
        count++;
    return count;
}

/* "604800" as the document writes it: "604,800". */
static const char *with_commas(uint64_t value, char text[32])
{
    if (value >= 1000000)
        snprintf(text, 32, "%lu,%03lu,%03lu", value / 1000000, value / 1000 % 1000, value % 1000);
    else if (value >= 1000)
        snprintf(text, 32, "%lu,%03lu", value / 1000, value % 1000);
    else
        snprintf(text, 32, "%lu", value);
    return text;
}

/* Where a capsule is described: what comes later has one section for all. */
static void anchor_of(const char *name, const char *meaning, char anchor[64])
{
    snprintf(anchor, 64, "%s", strncmp(meaning, "later: ", 7) == 0 ? "LATER" : name);
    for (char *at = anchor; *at != '\0'; at++)
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at + 32) : *at;
}

static const char *begins_with(uint64_t type)
{
    switch (cv_capsule_begins((enum cv_capsule_type)type)) {
    case CV_BEGINS_WITH_REQUEST:
        return "request ";
    case CV_BEGINS_WITH_OFFER:
        return "offer ";
    case CV_BEGINS_WITH_NOTHING:
        break;
    }
    return "";
}

static void check_capsule(const char *name, uint64_t type, unsigned least, const char *meaning)
{
    char row[256], anchor[64];
    bool later = strncmp(meaning, "later: ", 7) == 0;

    anchor_of(name, meaning, anchor);
    snprintf(row, sizeof(row), "\n| `0x%lx` | [%s](#%s) | %s | %s| %u or more | %s |\n", type, name, anchor,
             cv_capsule_sender((enum cv_capsule_type)type) == CV_FROM_PEER ? "peer" : "relay",
             begins_with(type), least, meaning);
    assert_has_row(row);
    snprintf(row, sizeof(row), later ? "\n| %s | " : "\n### %s\n", name);
    assert_has_row(row);
}

static void each_capsule_has_its_row(void **state)
{
    unsigned count = 0;
    char row[256];

    (void)state;
#define ROW(id, number, sender, begins, least, meaning) \
    check_capsule(#id, number, least, meaning);         \
    count++;
    CV_CAPSULE_LIST(ROW)
#undef ROW
#define ROW(id, number, meaning)                                                \
    snprintf(row, sizeof(row), "| `0x%x` | %s | %s |\n", number, #id, meaning); \
    assert_has_row(row);                                                        \
    assert_null(cv_capsule_name(number));                                       \
    count++;
    CV_CAPSULE_RESERVED_LIST(ROW)
#undef ROW
    assert_int_equal(rows_starting("\n| `0x29e"), count);
}

#define VARINT CV_VARINT_MAX

enum form { NUMBER, BYTES, LINE };

static const struct parameter {
    const char *name;
    uint64_t type;
    enum form form;
    uint64_t least, most;
    const char *meaning;
} parameters[] = {
#define PARAMETER(id, type, form, least, most, meaning) {#id, type, form, least, most, meaning},
    CV_PARAMETER_LIST(PARAMETER)
#undef PARAMETER
};

/* In which capsules it can be written: those in which it has a meaning. */
static void add_capsules(char *in, enum cv_parameter parameter)
{
    static const char bytes[] = "0123456789abcdef0123456789abcdef";
    struct cv_parameters one = {0};
    uint8_t out[CV_DATA_BYTES_MAX];

    if (parameters[parameter].form == NUMBER)
        cv_parameter_number(&one, parameter, parameters[parameter].least);
    else
        cv_parameter_span(&one, parameter, bytes, parameters[parameter].least);
#define ADD(id, number, sender, begins, least, meaning)           \
    if (cv_parameters_write(&one, number, out, sizeof(out)) >= 0) \
        sprintf(in + strlen(in), "%s%s", *in != '\0' ? ", " : "", #id);
    CV_CAPSULE_LIST(ADD)
#undef ADD
}

/* As the column "value" has it. */
static void add_value(char *value, const struct parameter *parameter)
{
    char least[32], most[32];

    with_commas(parameter->least, least);
    with_commas(parameter->most, most);
    if (parameter->form != NUMBER && parameter->least == parameter->most)
        sprintf(value, "%s bytes", least);
    else if (parameter->form != NUMBER)
        sprintf(value, "%s to %s bytes%s", least, most,
                parameter->form == LINE ? " of UTF-8, as in a sentence" : "");
    else if (parameter->most != VARINT)
        sprintf(value, "number, %s to %s", least, most);
    else
        sprintf(value, parameter->least > 0 ? "number, from %s" : "number", least);
}

static void each_parameter_has_its_row(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CV_PARAMETER_COUNT; i++) {
        char row[512], in[256] = "", value[128];

        add_capsules(in, (enum cv_parameter)i);
        add_value(value, &parameters[i]);
        assert_string_equal(cv_parameter_name((enum cv_parameter)i), parameters[i].name);
        snprintf(row, sizeof(row), "\n| `0x%02lx` | %s | %s | %s | %s |\n", parameters[i].type,
                 parameters[i].name, in, value, parameters[i].meaning);
        assert_has_row(row);
    }
    assert_int_equal(rows_starting("\n| `0x0") + rows_starting("\n| `0x1") + rows_starting("\n| `0x2") -
                         rows_starting("\n| `0x29e"),
                     CV_PARAMETER_COUNT);
}

/* Types that mean nothing on purpose, 0x52 * N + 0x6a, are even and nobody's. */
static void no_parameter_has_a_type_that_means_nothing(void **state)
{
    (void)state;
    assert_has_row("Types 0x52 * N + 0x6a mean nothing on purpose.");
    for (unsigned i = 0; i < CV_PARAMETER_COUNT; i++)
        assert_true(parameters[i].type < 0x6a || (parameters[i].type - 0x6a) % 0x52 != 0);
}

static void each_thing_limited_has_its_row(void **state)
{
    char row[256];
    unsigned count = 0;

    (void)state;
#define LIMITED(id, number, name, meaning)                                     \
    snprintf(row, sizeof(row), "\n| %d | %s | %s |\n", number, name, meaning); \
    assert_has_row(row);                                                       \
    assert_string_equal(cv_limited_name(number), name);                        \
    count++;
    CV_LIMITED_LIST(LIMITED)
#undef LIMITED
    assert_null(cv_limited_name(0));
    assert_null(cv_limited_name(count + 1));
    assert_null(cv_limited_name(UINT64_MAX));
    snprintf(row, sizeof(row), "\n| %u | ", count + 1);
    assert_null(strstr(document, row));
}

static void add_place(char *places, unsigned where, unsigned place, const char *name)
{
    if (where & place)
        sprintf(places + strlen(places), "%s%s", *places != '\0' ? ", " : "", name);
}

static void each_error_code_has_its_row(void **state)
{
    static const uint64_t codes[] = {
#define CODE(id, number, name, where, meaning) number,
        CV_SESSION_ERROR_LIST(CODE)
#undef CODE
    };

    (void)state;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        unsigned where = cv_session_error_where(codes[i]);
        char row[256], places[64] = "";

        add_place(places, where, CV_IN_SESSION, "session");
        add_place(places, where, CV_IN_REFUSED, "refused");
        add_place(places, where, CV_IN_CLOSED, "closed");
        add_place(places, where, CV_IN_REFUSE, "refuse");
        snprintf(row, sizeof(row), "| `0x%lx` | %s | %s | %s |\n", codes[i], cv_session_error_name(codes[i]),
                 places, cv_session_error_meaning(codes[i]));
        assert_has_row(row);
        assert_int_equal(codes[i], 0xc00 + i); /* each once, none left out */
    }
    assert_int_equal(rows_starting("\n| `0xc"), sizeof(codes) / sizeof(codes[0]));
    assert_null(cv_session_error_name(0));
    assert_null(cv_session_error_meaning(0xbff));
    assert_int_equal(cv_session_error_where(UINT64_MAX), 0);
}

static void each_limit_has_its_row(void **state)
{
    static const struct {
        const char *name;
        uint64_t value;
    } limits[] = {
        {"bytes of a capsule's value", CV_CAPSULE_VALUE_MAX},
        {"requests that wait", CV_CAPSULE_OPEN_MAX},
        {"offers that wait", CV_CAPSULE_OPEN_MAX},
        {"pairs of an instance", CV_CAPSULE_PAIRS_MAX},
        {"idle time of a pair, seconds", CV_PAIR_IDLE_MAX_S},
        {"time to answer an offer, seconds", CV_CAPSULE_ANSWER_MAX_S},
        {"time after GO_AWAY, seconds", CV_CAPSULE_GO_AWAY_MAX_S},
        {"addresses of a relay", CV_CAPSULE_ADDRESSES_MAX},
        {"bytes of a sentence", CV_CAPSULE_SENTENCE_MAX},
        {"bytes of a token", CV_TOKEN_BYTES},
        {"highest channel", CV_CHANNEL_MAX},
        {"largest UDP payload, bytes", CV_CAPSULE_PAYLOAD_MAX},
        {"largest DATAGRAM frame's payload, bytes", CV_CAPSULE_FRAME_MAX},
        {"services of an instance", CV_SERVICES_MAX},
        {"bytes of a service's name", CV_SERVICE_BYTES_MAX},
        {"bytes of an application's data", CV_DATA_BYTES_MAX},
        {"bytes of a message", CV_CAPSULE_MESSAGE_MAX},
        {"IDs of a peer", CV_CAPSULE_IDS_MAX},
        {"peers that a peer lists as those who may ask", CV_CAPSULE_LISTED_MAX},
        {"highest number of a probe", CV_PROBE_NUMBER_MAX},
    };
    const char *section = strstr(document, "\n## Limits\n");
    char row[128], number[32];
    unsigned rows = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        snprintf(row, sizeof(row), "\n| %s | %s |\n", limits[i].name, with_commas(limits[i].value, number));
        assert_has_row(row);
    }
    assert_non_null(section);
    for (const char *at = section; (at = strstr(at, "\n| ")) != NULL; at++)
        rows++;
    assert_int_equal(rows, 1 + sizeof(limits) / sizeof(limits[0])); /* its head has no words */
    assert_has_row("ALPN | `" CV_PROTOCOL_ALPN "` |");
}

/* Two hex digits, or -1. */
static int hex_byte(const char *text)
{
    char digits[3] = {text[0], text[0] != '\0' ? text[1] : '\0'};
    char *end;
    long value = strtol(digits, &end, 16);

    return end == digits + 2 && digits[0] != ' ' ? (int)value : -1;
}

/* Bytes of a block, "80 29 e1 # comment" line by line, to its end or to a line that starts with '='. */
static size_t read_hex(const char **text, uint8_t bytes[EXAMPLE_BYTES])
{
    size_t count = 0;

    for (; strncmp(*text, "```", 3) != 0 && **text != '='; *text = strchr(*text, '\n') + 1) {
        for (const char *at = *text; *at != '#' && *at != '\n'; at++) {
            if (*at == ' ')
                continue;
            assert_int_not_equal(hex_byte(at), -1);
            assert_true(count < EXAMPLE_BYTES);
            bytes[count++] = (uint8_t)hex_byte(at++);
        }
    }
    return count;
}

static const char *find_block(const char *from, const char *fence)
{
    const char *found = strstr(from, fence);

    return found != NULL ? found + strlen(fence) : NULL;
}

static void check_example(const struct cv_capsule *expected, const uint8_t *bytes, size_t count)
{
    uint8_t written[CV_CAPSULE_BYTES_MAX], again[CV_CAPSULE_BYTES_MAX], buffer[CV_CAPSULE_VALUE_MAX];
    struct cv_capsule_reader reader;
    struct cv_capsule_frame frame;
    struct cv_capsule parsed;
    const uint8_t *data = bytes;
    size_t left = count;

    assert_int_equal(cv_capsule_write(expected, written, sizeof(written)), count);
    assert_memory_equal(written, bytes, count);
    cv_capsule_reader_init(&reader, cv_capsule_sender(expected->type), buffer);
    assert_int_equal(cv_capsule_next(&reader, &data, &left, &frame), CV_CAPSULE_READY);
    assert_int_equal(left, 0);
    assert_int_equal(cv_capsule_parse(&frame, &parsed), CV_CAPSULE_GOOD);
    assert_int_equal(cv_capsule_write(&parsed, again, sizeof(again)), count);
    assert_memory_equal(again, bytes, count);
}

static void assert_begins_with_line(const char *text, const char *line)
{
    assert_memory_equal(text, line, strlen(line));
    assert_int_equal(text[strlen(line)], '\n');
}

static void the_examples_are_the_capsules(void **state)
{
    const char *at = document;
    size_t checked = 0;

    (void)state;
    while ((at = find_block(at, "\n```capsule ")) != NULL) {
        const char *name = at;
        uint8_t bytes[EXAMPLE_BYTES];
        size_t count;

        assert_true(checked < capsule_example_count);
        at = strchr(at, '\n') + 1;
        count = read_hex(&at, bytes);
        assert_begins_with_line(name, cv_capsule_name(capsule_examples[checked].type));
        check_example(&capsule_examples[checked++], bytes, count);
    }
    assert_int_equal(checked, capsule_example_count);
}

static void each_capsule_has_an_example(void **state)
{
    (void)state;
#define EXAMPLE(id, number, sender, begins, least, meaning)      \
    assert_non_null(strstr(document, "\n```capsule " #id "\n")); \
    assert_int_equal(capsule_example(CV_CAPSULE_##id).type, CV_CAPSULE_##id);
    CV_CAPSULE_LIST(EXAMPLE)
#undef EXAMPLE
}

static void the_peer_id_is_that_of_the_key(void **state)
{
    const char *at = find_block(document, "\n```peer-id\n");
    uint8_t spki[EXAMPLE_BYTES], hash[EXAMPLE_BYTES];
    char text[CV_PEER_ID_TEXT];
    struct cv_peer_id id;
    size_t bytes;

    (void)state;
    assert_non_null(at);
    bytes = read_hex(&at, spki);
    assert_int_equal(cv_peer_id_from_spki(spki, bytes, &id), 0);
    at += strlen("=");
    assert_int_equal(read_hex(&at, hash), sizeof(id.bytes));
    assert_memory_equal(hash, id.bytes, sizeof(id.bytes));
    at += strlen("= ");
    assert_memory_equal(at, cv_peer_id_print(&id, text), strlen(text));
    assert_true(cv_peer_id_equal(&id, &example_peer_a));
}

static void the_datagram_is_one(void **state)
{
    const char *at = find_block(document, "\n```datagram\n");
    struct cv_datagram datagram;
    uint8_t bytes[EXAMPLE_BYTES], header[CV_CHANNEL_BYTES];
    size_t count;

    (void)state;
    assert_non_null(at);
    count = read_hex(&at, bytes);
    assert_int_equal(cv_datagram_parse(bytes, count, &datagram), 0);
    assert_int_equal(datagram.channel, 3);
    assert_int_equal(datagram.payload_bytes, 8);
    assert_int_equal(cv_datagram_header(header, 3), 1);
    assert_int_equal(header[0], bytes[0]);
}

/* Its ticket is the one in the example of REGISTERED. */
static void the_probe_is_one(void **state)
{
    const struct cv_capsule *registered = capsule_example_at(CV_CAPSULE_REGISTERED, 1);
    const struct cv_span *ticket = &registered->parameters.spans[CV_PARAMETER_TICKET];
    const char *at = find_block(document, "\n```probe\n");
    uint8_t bytes[EXAMPLE_BYTES];

    (void)state;
    assert_non_null(at);
    assert_int_equal(read_hex(&at, bytes), CV_PROBE_BYTES);
    assert_int_equal(bytes[0], CV_DATAGRAM_PROBE);
    assert_int_equal(bytes[1] << 16 | bytes[2] << 8 | bytes[3], 42);
    assert_int_equal(ticket->bytes, CV_TICKET_BYTES);
    assert_memory_equal(bytes + 4, ticket->at, CV_TICKET_BYTES);
    assert_int_equal(capsule_example_at(CV_CAPSULE_OBSERVED_ADDRESS, 1)->observed.probe, 42);
}

static void the_challenge_is_one(void **state)
{
    const struct cv_capsule *answer = capsule_example_at(CV_CAPSULE_CHALLENGE_ANSWER, 0);

    (void)state;
    assert_int_equal(answer->challenge[0], CV_DATAGRAM_CHALLENGE);
    assert_int_equal(cv_challenge_pair(answer->challenge), 17);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_capsule_has_its_row),
        cmocka_unit_test(each_parameter_has_its_row),
        cmocka_unit_test(no_parameter_has_a_type_that_means_nothing),
        cmocka_unit_test(each_thing_limited_has_its_row),
        cmocka_unit_test(each_error_code_has_its_row),
        cmocka_unit_test(each_limit_has_its_row),
        cmocka_unit_test(the_examples_are_the_capsules),
        cmocka_unit_test(each_capsule_has_an_example),
        cmocka_unit_test(the_peer_id_is_that_of_the_key),
        cmocka_unit_test(the_datagram_is_one),
        cmocka_unit_test(the_probe_is_one),
        cmocka_unit_test(the_challenge_is_one),
    };

    return cmocka_run_group_tests_name("protocol_doc", tests, read_document, free_document);
}
