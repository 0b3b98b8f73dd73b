/* SPDX-License-Identifier: BSD-3-Clause */
/* culvert-peer's command line, and the words that its commands share with it. */
#include "peer/options.h"

#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* It wants some of the above first. */
#include <cmocka.h>

#define WORDS_MAX 48
#define ID        "uhurkycu4bh2zcm25hzhkezm3qd2lw6e5iwcvu5b77dobustnapq"
#define INSTANCE  "000102030405060708090a0b0c0d0e0f"
#define NEEDED    "serve -c a.pem -k a.key -r 192.0.2.1:443 --echo "

/* As the shell would cut the line, at spaces. What is read points into the words. */
static int read_line(const char *line, struct options *options)
{
    static char text[16384];
    char *words[WORDS_MAX] = {"culvert-peer"};
    int count = 1;

    assert_true(strlen(line) < sizeof(text));
    strcpy(text, line);
    for (char *word = strtok(text, " "); word != NULL && count < WORDS_MAX - 1; word = strtok(NULL, " "))
        words[count++] = word;
    optind = 0; /* glibc: begin anew */
    return options_read(count, words, options);
}

static void kinds(void **state)
{
    const struct {
        const char *text;
        uint8_t kinds; /* 0: cannot be read */
    } cases[] = {
        {"udp", 1},     {"tunnel", 2}, {"listen", 4}, {"udp,listen", 5}, {"listen,tunnel,udp", 7},
        {"udp,udp", 1}, {"", 0},       {"ud", 0},     {"udp,", 0},       {"udp,,listen", 0},
        {",udp", 0},    {"udpx", 0},   {"UDP", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t set = 0;

        assert_int_equal(read_kinds(cases[i].text, &set), cases[i].kinds != 0);
        if (cases[i].kinds != 0)
            assert_int_equal(set, cases[i].kinds);
    }
    assert_string_equal(kind_name(CV_LEG_KIND_LISTEN), "listen");
    assert_string_equal(kind_name(3), "unknown");
}

static void reachable(void **state)
{
    static struct reachable_words words;
    static char many[(CV_CAPSULE_LISTED_MAX + 1) * (sizeof(ID) + 1)];
    size_t at = 0;

    (void)state;
    assert_true(read_reachable("anyone", &words));
    assert_int_equal(words.reachable.by, CV_REACHABLE_BY_ANYONE);
    assert_true(read_reachable("nobody", &words));
    assert_int_equal(words.reachable.by, CV_REACHABLE_BY_NOBODY);
    assert_int_equal(words.reachable.peers.count, 0);
    assert_true(read_reachable(ID "," ID, &words));
    assert_int_equal(words.reachable.by, CV_REACHABLE_BY_LISTED);
    assert_int_equal(words.reachable.peers.count, 2);
    assert_ptr_equal(words.reachable.peers.list, words.ids);
    assert_false(read_reachable("", &words));
    assert_false(read_reachable("everybody", &words));
    assert_false(read_reachable(ID ",", &words));
    assert_false(read_reachable(ID "x", &words));
    for (unsigned i = 0; i < CV_CAPSULE_LISTED_MAX; i++)
        at += (size_t)snprintf(many + at, sizeof(many) - at, "%s%s", i > 0 ? "," : "", ID);
    assert_true(read_reachable(many, &words));
    assert_int_equal(words.reachable.peers.count, CV_CAPSULE_LISTED_MAX);
    (void)snprintf(many + at, sizeof(many) - at, ",%s", ID);
    assert_false(read_reachable(many, &words));
}

static void hex(void **state)
{
    uint8_t bytes[2] = {0};
    char text[5];

    (void)state;
    assert_true(read_hex("0aff", bytes, 2));
    assert_int_equal(bytes[0], 0x0a);
    assert_int_equal(bytes[1], 0xff);
    assert_string_equal(print_hex(bytes, 2, text), "0aff");
    assert_false(read_hex("0af", bytes, 2));
    assert_false(read_hex("0aff0", bytes, 2));
    assert_false(read_hex("0aFF", bytes, 2));
    assert_false(read_hex("0a g", bytes, 2));
}

static void reads_what_a_peer_says_of_itself(void **state)
{
    static struct options options;

    (void)state;
    assert_int_equal(read_line(NEEDED "--legs listen,tunnel --service files --service chat --reachable " ID
                                      " --data hello --state s --commands - --reconnect",
                               &options),
                     -1);
    assert_int_equal(options.legs, CV_LEG_KIND_LISTEN | CV_LEG_KIND_TUNNEL);
    assert_int_equal(options.session.legs, CV_LEG_KINDS); /* so that legs can change later */
    assert_int_equal(options.session.service_count, 2);
    assert_string_equal(options.session.services[1], "chat");
    assert_int_equal(options.session.reachable.by, CV_REACHABLE_BY_LISTED);
    assert_int_equal(options.session.reachable.peers.count, 1);
    assert_int_equal(options.aim.data->bytes, 5);
    assert_string_equal(options.state, "s");
    assert_true(options.reconnect);
}

static void reads_whom_it_asks_for(void **state)
{
    static struct options options;

    (void)state;
    assert_int_equal(
        read_line("connect -c a.pem -k a.key -r 192.0.2.1:443 --echo --leg tunnel --to-service files "
                  "--to-instance " INSTANCE " " ID,
                  &options),
        -1);
    assert_int_equal(options.legs, CV_LEG_KIND_TUNNEL); /* --leg is short for --legs */
    assert_string_equal(options.aim.service, "files");
    assert_int_equal(options.aim.instance[15], 15);
    assert_null(options.aim.data);
}

static void refuses_what_cannot_be(void **state)
{
    static const char *const lines[] = {
        NEEDED "--legs ftp",
        NEEDED "--reachable some",
        NEEDED "--to-instance 00",
        NEEDED "--service xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        NEEDED "--service a --service a --service a --service a --service a --service a --service a "
               "--service a --service a --service a --service a --service a --service a --service a "
               "--service a --service a --service a",
        NEEDED "--relay-id nobody",
        NEEDED "--relay 192.0.2.1",
        NEEDED "more",
        "connect -c a.pem -k a.key -r 192.0.2.1:443 --echo",
        "serve -c a.pem -k a.key --echo",
        "serve -c a.pem -k a.key -r 192.0.2.1:443",
    };
    static struct options options;

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        assert_int_equal(read_line(lines[i], &options), EXIT_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds),
        cmocka_unit_test(reachable),
        cmocka_unit_test(hex),
        cmocka_unit_test(reads_what_a_peer_says_of_itself),
        cmocka_unit_test(reads_whom_it_asks_for),
        cmocka_unit_test(refuses_what_cannot_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
