/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * docs/protocol.md says what the code does: its tables have the lists' rows, its examples in hex are the
 * capsules.
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

/* "4096" as the document writes it: "4,096". */
static const char *with_commas(uint64_t value, char text[32])
{
    if (value >= 1000)
        snprintf(text, 32, "%lu,%03lu", value / 1000, value % 1000);
    else
        snprintf(text, 32, "%lu", value);
    return text;
}

static void each_capsule_has_its_row(void **state)
{
    unsigned count = 0;
    char row[256], anchor[64];

    (void)state;
#define ROW(id, number, sender, least, most, meaning)                                                \
    snprintf(anchor, sizeof(anchor), "%s", #id);                                                     \
    for (char *at = anchor; *at != '\0'; at++)                                                       \
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at + 32) : *at;                                     \
    snprintf(row, sizeof(row), "| `0x%x` | [%s](#%s) | %s | %d to %d | %s |\n", number, #id, anchor, \
             CV_FROM_##sender == CV_FROM_PEER ? "peer" : "relay", least, most, meaning);             \
    assert_has_row(row);                                                                             \
    snprintf(row, sizeof(row), "\n### %s\n", #id);                                                   \
    assert_has_row(row);                                                                             \
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
        {"pairs of a peer", CV_CAPSULE_PAIRS_MAX},
        {"idle time of a pair, seconds", CV_PAIR_IDLE_MAX_S},
        {"time to answer an offer, seconds", CV_CAPSULE_ANSWER_MAX_S},
        {"time after GO_AWAY, seconds", CV_CAPSULE_GO_AWAY_MAX_S},
        {"addresses of a relay", CV_CAPSULE_ADDRESSES_MAX},
        {"bytes of a sentence", CV_CAPSULE_SENTENCE_MAX},
        {"bytes of a token", CV_TOKEN_BYTES},
        {"highest channel", CV_CHANNEL_MAX},
        {"largest UDP payload, bytes", CV_CAPSULE_PAYLOAD_MAX},
    };
    char row[128], number[32];

    (void)state;
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        snprintf(row, sizeof(row), "\n| %s | %s |\n", limits[i].name, with_commas(limits[i].value, number));
        assert_has_row(row);
    }
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
    uint8_t written[CV_CAPSULE_BYTES_MAX], again[CV_CAPSULE_BYTES_MAX], buffer[CV_CAPSULE_BUFFER_BYTES];
    struct cv_capsule_reader reader;
    struct cv_capsule_frame frame;
    struct cv_capsule parsed;
    const uint8_t *data = bytes;
    size_t left = count;

    assert_int_equal(cv_capsule_write(expected, written, sizeof(written)), count);
    assert_memory_equal(written, bytes, count);
    cv_capsule_reader_init(&reader, capsule_sender(expected->type), buffer);
    assert_int_equal(cv_capsule_next(&reader, &data, &left, &frame), CV_CAPSULE_READY);
    assert_int_equal(left, 0);
    assert_int_equal(cv_capsule_parse(&frame, &parsed), 0);
    assert_int_equal(cv_capsule_write(&parsed, again, sizeof(again)), count);
    assert_memory_equal(again, bytes, count);
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
        assert_memory_equal(name, cv_capsule_name(capsule_examples[checked].type),
                            strlen(cv_capsule_name(capsule_examples[checked].type)));
        check_example(&capsule_examples[checked++], bytes, count);
    }
    assert_int_equal(checked, capsule_example_count);
}

static void each_capsule_has_an_example(void **state)
{
    (void)state;
#define EXAMPLE(id, number, sender, least, most, meaning)        \
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_capsule_has_its_row),    cmocka_unit_test(each_error_code_has_its_row),
        cmocka_unit_test(each_limit_has_its_row),      cmocka_unit_test(the_examples_are_the_capsules),
        cmocka_unit_test(each_capsule_has_an_example), cmocka_unit_test(the_peer_id_is_that_of_the_key),
        cmocka_unit_test(the_datagram_is_one),
    };

    return cmocka_run_group_tests_name("protocol_doc", tests, read_document, free_document);
}
