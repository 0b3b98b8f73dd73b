/* SPDX-License-Identifier: BSD-3-Clause */
/* culvertctl without a relay: the command table and what is made from it, parsing, tables, units. */
#include "cli/command_table.h"
#include "cli/completion.h"
#include "cli/help.h"
#include "cli/man.h"
#include "cli/parse.h"
#include "cli/text_table.h"
#include "cli/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WORDS(...) \
    (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)

static int parse(struct cli_parse *result, const char *const *words, size_t count)
{
    return cli_parse_words(result, cli_nouns, count, words);
}

/* Fails unless the words are refused with a message that holds `why`. */
static void refuse(const char *why, const char *const *words, size_t count)
{
    struct cli_parse result;

    assert_int_not_equal(parse(&result, words, count), 0);
    if (!strstr(result.error, why))
        fail_msg("\"%s\" does not say \"%s\"", result.error, why);
    cli_parse_end(&result);
}

static void test_parse_values(void **state)
{
    struct cli_parse result;

    (void)state;
    assert_int_equal(
        parse(&result, WORDS("pair", "add", "alice", "--idle=2m", "bob", "--rate", "1.5M", "--a-address",
                             "[2001:db8::7]:4433", "--b-prefix", "198.51.100.0/24")),
        0);
    assert_string_equal(cli_command_name(result.noun, result.command).s, "pair add");
    assert_int_equal(result.argument_count, 2);
    assert_string_equal(result.arguments[0].text, "alice");
    assert_string_equal(result.arguments[1].text, "bob");
    assert_int_equal(cli_parse_option(&result, "idle")->number, 120);
    assert_int_equal(cli_parse_option(&result, "rate")->number, 1500000);
    assert_string_equal(cli_parse_option(&result, "a-address")->text, "[2001:db8::7]:4433");
    assert_null(cli_parse_option(&result, "a-prefix")->text);
    cli_parse_end(&result);
}

static void test_parse_globals_anywhere(void **state)
{
    struct cli_parse result;

    (void)state;
    assert_int_equal(parse(&result, WORDS("-s", "/run/x", "pair", "-j", "list", "--limit", "1000", "--all")),
                     0);
    assert_string_equal(result.globals[CLI_GLOBAL_SOCKET].text, "/run/x");
    assert_non_null(result.globals[CLI_GLOBAL_JSON].text);
    assert_int_equal(cli_parse_option(&result, "limit")->number, 1000);
    assert_non_null(cli_parse_option(&result, "all")->text);
    cli_parse_end(&result);

    assert_int_equal(parse(&result, WORDS("events", "-jn3", "-s/run/y")), 0);
    assert_non_null(result.globals[CLI_GLOBAL_JSON].text);
    assert_string_equal(result.globals[CLI_GLOBAL_SOCKET].text, "/run/y");
    assert_int_equal(cli_parse_option(&result, "count")->number, 3);
    cli_parse_end(&result);
}

static void test_parse_arguments(void **state)
{
    struct cli_parse result;

    (void)state;
    assert_int_equal(parse(&result, WORDS("pair", "del", "1", "2", "18446744073709551615")), 0);
    assert_int_equal(result.argument_count, 3);
    assert_true(result.arguments[2].number == UINT64_MAX);
    cli_parse_end(&result);

    /* After "--" nothing is an option. */
    assert_int_equal(parse(&result, WORDS("pair", "add", "--", "-j", "--idle")), 0);
    assert_null(result.globals[CLI_GLOBAL_JSON].text);
    assert_string_equal(result.arguments[0].text, "-j");
    assert_string_equal(result.arguments[1].text, "--idle");
    cli_parse_end(&result);

    /* Nothing at all, or only options: the shell. */
    assert_int_equal(cli_parse_words(&result, cli_nouns, 0, NULL), 0);
    assert_null(result.noun);
    cli_parse_end(&result);

    /* Help needs no arguments. */
    assert_int_equal(parse(&result, WORDS("pair", "add", "--help")), 0);
    assert_non_null(result.globals[CLI_GLOBAL_HELP].text);
    cli_parse_end(&result);
}

static void test_parse_refuses_words(void **state)
{
    (void)state;
    refuse("no command 'pears'", WORDS("pears"));
    refuse("'pair' wants a verb", WORDS("pair"));
    refuse("'pair' has no verb 'ad'", WORDS("pair", "ad"));
    refuse("'pair add' wants A", WORDS("pair", "add"));
    refuse("'pair add' wants B", WORDS("pair", "add", "alice"));
    refuse("'pair del' wants N", WORDS("pair", "del"));
    refuse("'pair add' has no use for 'carol'", WORDS("pair", "add", "alice", "bob", "carol"));
    refuse("has no option --colour", WORDS("pair", "list", "--colour", "red"));
    refuse("no option --limit before the command", WORDS("--limit", "3", "pair", "list"));
    refuse("has no option -x", WORDS("pair", "list", "-x"));
    refuse("--all takes no value", WORDS("pair", "list", "--all=yes"));
    refuse("--limit wants a value", WORDS("pair", "list", "--limit"));
    refuse("--limit is given twice", WORDS("pair", "list", "--limit", "1", "--limit", "2"));
    refuse("exclude each other",
           WORDS("pair", "add", "a", "b", "--a-address", "192.0.2.1:1", "--a-prefix", "192.0.2.0/24"));
    refuse("exclude each other",
           WORDS("pair", "add", "a", "b", "--b-prefix", "192.0.2.0/24", "--b-address", "192.0.2.1:1"));
}

static void test_parse_refuses_values(void **state)
{
    static const char *const bad[][2] = {
        {"--limit", "0"},
        {"--limit", "1001"},
        {"--limit", "-1"},
        {"--limit", "3x"},
        {"--cursor", "99999999999999999999"},
        {"--cursor", ""},
    };
    static const char *const bad_pair[][2] = {
        {"--idle", "soon"},
        {"--idle", "-2m"},
        {"--rate", "fast"},
        {"--rate", "10Q"},
        {"--rate", "7"},
        {"--rate", "1.1T"},
        {"--idle", "8d"},
        {"--a-address", "192.0.2.1"},
        {"--a-address", "192.0.2.1:0"},
        {"--a-address", "localhost:4433"},
        {"--a-prefix", "192.0.2.0/33"},
        {"--b-prefix", "x"},
        {"--b-address", "2001:db8::7"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        refuse("should be", WORDS("pair", "list", bad[i][0], bad[i][1]));
    for (size_t i = 0; i < sizeof(bad_pair) / sizeof(bad_pair[0]); i++)
        refuse("should be", WORDS("pair", "add", "a", "b", bad_pair[i][0], bad_pair[i][1]));
    refuse("from 8 to 1T", WORDS("pair", "add", "a", "b", "--rate", "1"));
    refuse("at most 7d", WORDS("pair", "add", "a", "b", "--idle", "999999999h"));
    refuse("N is '0'", WORDS("pair", "show", "0"));
    refuse("N is 'x'", WORDS("pair", "del", "1", "x"));
    refuse("control, dataplane", WORDS("log", "level", "all", "debug"));
    refuse("should be one of", WORDS("events", "--event", "leg_bind"));
    refuse("--timeout", WORDS("events", "--timeout", "0"));
    refuse("A is ''", WORDS("pair", "add", "", "bob"));
    refuse("B is", WORDS("pair", "add", "alice", "b\033[2Job"));
}

/* Each line of the table is whole: nothing that help, completion or the man page would leave empty. */
static void check_items(const char *name, const struct cli_item *items, bool options)
{
    size_t count = 0;

    for (; items && items->name; items++, count++) {
        if (!items->summary || !*items->summary)
            fail_msg("%s: %s has no summary", name, items->name);
        if (options && (items->kind == CLI_FLAG) != (items->value == NULL))
            fail_msg("%s: --%s and its value do not fit", name, items->name);
        if (options && cli_item_find(cli_globals, items->name, strlen(items->name)))
            fail_msg("%s: --%s hides a global option", name, items->name);
        if (options && items->letter && cli_item_find_letter(cli_globals, items->letter))
            fail_msg("%s: -%c hides a global option", name, items->letter);
        if (items->kind == CLI_CHOICE && (!items->choices || !items->choices[0]))
            fail_msg("%s: %s has no choices", name, items->name);
    }
    assert_true(!options || count <= CLI_OPTIONS_MAX);
}

static char *printed(void (*print)(FILE *out, const struct cli_noun *noun, const struct cli_command *command),
                     const struct cli_noun *noun, const struct cli_command *command)
{
    char *text;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    assert_non_null(out);
    print(out, noun, command);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void check_help(const char *name, const struct cli_noun *noun, const struct cli_command *command)
{
    char *help = printed(cli_help_command, noun, command);

    assert_non_null(strstr(help, "Usage: culvertctl "));
    assert_non_null(strstr(help, "\nExamples:\n  culvertctl "));
    assert_non_null(strstr(help, "--socket PATH"));
    for (const struct cli_item *item = command->options; item && item->name; item++) {
        if (!strstr(help, item->name))
            fail_msg("the help of '%s' does not mention --%s", name, item->name);
    }
    for (const char *line = help; *line; line += strcspn(line, "\n") + 1) {
        if (strcspn(line, "\n") > 80 && strncmp(line, "  culvertctl", 12) != 0)
            fail_msg("the help of '%s' has a long line: %.*s", name, (int)strcspn(line, "\n"), line);
    }
    free(help);
}

/* An example that the parser refuses would be a lie. What comes after a pipe or a '>' is the shell's. */
static void check_example(const char *name, const struct cli_example *example)
{
    static char quoted[] = "one word";
    char line[160], *words[16];
    size_t count = 0;
    struct cli_parse result;

    snprintf(line, sizeof(line), "%s", example->line);
    line[strcspn(line, "|>'")] = '\0';
    for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
        words[count++] = word;
    if (strchr(example->line, '\'') && !strchr(example->line, '|'))
        words[count++] = quoted;
    if (parse(&result, (const char *const *)words, count) != 0)
        fail_msg("the example '%s' of '%s' does not parse: %s", example->line, name, result.error);
    cli_parse_end(&result);
    assert_true(example->why && *example->why);
}

static void test_table_is_whole(void **state)
{
    (void)state;
    for (const struct cli_noun *noun = cli_nouns; noun->name; noun++) {
        assert_true(noun->summary && *noun->summary);
        for (const struct cli_command *command = noun->commands; command->run; command++) {
            const struct cli_command_name name = cli_command_name(noun, command);

            if (!command->summary || !command->description || !command->examples)
                fail_msg("'%s' lacks a summary, a description or examples", name.s);
            check_items(name.s, command->arguments, false);
            check_items(name.s, command->options, true);
            check_help(name.s, noun, command);
            for (const struct cli_example *example = command->examples; example->line; example++)
                check_example(name.s, example);
        }
    }
    for (const struct cli_example *example = cli_program_examples; example->line; example++)
        check_example("culvertctl", example);
}

static void print_program_help(FILE *out, const struct cli_noun *noun, const struct cli_command *command)
{
    (void)command;
    if (noun)
        cli_help_noun(out, noun);
    else
        cli_help_program(out, cli_nouns);
}

static void print_man(FILE *out, const struct cli_noun *noun, const struct cli_command *command)
{
    (void)noun;
    (void)command;
    cli_man_print(out, cli_nouns);
}

static void test_help_and_man_name_every_command(void **state)
{
    char *help = printed(print_program_help, NULL, NULL), *man = printed(print_man, NULL, NULL);

    (void)state;
    for (const struct cli_noun *noun = cli_nouns; noun->name; noun++) {
        char *noun_help = printed(print_program_help, noun, NULL);

        for (const struct cli_command *command = noun->commands; command->run; command++) {
            const struct cli_command_name name = cli_command_name(noun, command);
            char section[128];

            if (!strstr(help, name.s) != command->hidden || !strstr(noun_help, name.s) != command->hidden)
                fail_msg("the help does not show '%s' as it should", name.s);
            snprintf(section, sizeof(section), "\n.SS %s", name.s);
            if (!strstr(man, section) != command->hidden)
                fail_msg("the man page does not show '%s' as it should", name.s);
        }
        free(noun_help);
    }
    assert_non_null(strstr(help, "Exit status:\n  0 "));
    assert_int_equal(strncmp(man, ".TH CULVERTCTL 1 ", 17), 0);
    assert_null(strstr(man, "\n'"));
    free(help);
    free(man);
}

static void test_units(void **state)
{
    (void)state;
    assert_string_equal(cli_number(0).s, "0");
    assert_string_equal(cli_number(999).s, "999");
    assert_string_equal(cli_number(1234567).s, "1,234,567");
    assert_string_equal(cli_number(UINT64_MAX).s, "18,446,744,073,709,551,615");
    assert_string_equal(cli_bytes(0).s, "0 B");
    assert_string_equal(cli_bytes(999).s, "999 B");
    assert_string_equal(cli_bytes(1000).s, "1.00 kB");
    assert_string_equal(cli_bytes(12345678).s, "12.3 MB");
    assert_string_equal(cli_bytes(999999).s, "1.00 MB");
    assert_string_equal(cli_bytes(5000000000000000).s, "5000 TB");
    assert_string_equal(cli_bit_rate(12345678).s, "12.3 Mbit/s");
    assert_string_equal(cli_bit_rate(0).s, "0 bit/s");
    assert_string_equal(cli_bit_rate(10e9).s, "10.0 Gbit/s");
    assert_string_equal(cli_pkt_rate(1250000).s, "1.25 Mpps");
    assert_string_equal(cli_pkt_rate(0.5).s, "0.50 pps");
    assert_string_equal(cli_event_rate(12345).s, "12.3 k/s");
    assert_string_equal(cli_share(1, 8).s, "12.5 %");
    assert_string_equal(cli_share(0, 0).s, "-");
    assert_string_equal(cli_duration(0).s, "0 ms");
    assert_string_equal(cli_duration(999).s, "999 ms");
    assert_string_equal(cli_duration(3290).s, "3.2 s");
    assert_string_equal(cli_duration(59999).s, "59 s");
    assert_string_equal(cli_duration(125000).s, "2m 5s");
    assert_string_equal(cli_duration(120000).s, "2m");
    assert_string_equal(cli_duration(11520000).s, "3h 12m");
    assert_string_equal(cli_duration(356400000).s, "4d 3h");
}

static void fill_rows(struct cli_table *table, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        cli_table_cell(table, "%s", i ? "a long name" : "é");
        cli_table_cell(table, "%zu", i * 1000);
        cli_table_cell(table, "end");
    }
}

static void test_text_table(void **state)
{
    static const char *const columns[] = {"name", ">n", "last", NULL};
    struct cli_table table;
    char *text;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    (void)state;
    cli_table_begin(&table, out, false, columns);
    fill_rows(&table, 1);
    cli_table_flush(&table);
    fill_rows(&table, 2);
    cli_table_end(&table);
    fclose(out);
    /* One heading; the first page is narrow, later ones as wide as they have to be. */
    assert_string_equal(text, "name  n  last\n"
                              "é     0  end\n"
                              "é               0  end\n"
                              "a long name  1000  end\n");
    free(text);
}

static void test_text_table_heading(void **state)
{
    static const char *const columns[] = {"name", ">n", NULL}, *const bare[] = {"", ">", NULL};
    struct cli_table table;
    char *text;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    (void)state;
    cli_table_begin(&table, out, true, columns);
    cli_table_head(&table);
    cli_table_end(&table);
    cli_table_begin(&table, out, true, bare);
    cli_table_head(&table);
    cli_table_cell(&table, "evil\033[2J\t\x7f\xc2\x9b");
    cli_table_cell(&table, "1");
    cli_table_end(&table);
    fclose(out);
    assert_string_equal(text, "\033[1mname  n\033[0m\nevil?[2J????  1\n");
    free(text);
}

static void lookup(enum cli_kind kind, const char *socket, struct cli_candidates *candidates)
{
    assert_string_equal(socket, "/run/test");
    cli_candidates_add(candidates, kind == CLI_PORT ? "wan" : kind == CLI_SHARD ? "handshake" : "17");
    cli_candidates_add(candidates, kind == CLI_PORT ? "lan" : "18");
}

/* Fails unless the candidates for `line` are `expected`, separated by spaces. */
static void expect(const char *line, const char *expected)
{
    static const char *const prefix[] = {"-s", "/run/test"};
    struct cli_candidates candidates;
    char found[512] = "";

    cli_complete(cli_nouns, line, 2, prefix, lookup, &candidates);
    for (size_t i = 0; i < candidates.count; i++) {
        if (strlen(found) + strlen(candidates.words[i]) + 2 < sizeof(found))
            strcat(strcat(found, i ? " " : ""), candidates.words[i]);
        assert_true(candidates.stem <= strlen(candidates.words[i]));
    }
    if (strcmp(found, expected) != 0)
        fail_msg("'%s' has the candidates '%s', not '%s'", line, found, expected);
    cli_candidates_free(&candidates);
}

static void test_completion(void **state)
{
    (void)state;
    expect("", "pair session port worker shard crypto stats drop events log completion man help");
    expect("p", "pair port");
    expect("pair", "pair");
    expect("pair ", "add del show list");
    expect("pair s", "show");
    expect("nonsense ", "");
    expect("pair nonsense ", "");
    expect("completion ", "bash");
    expect("pair show ", "17 18");
    expect("pair del 17 1", "17 18");
    expect("session close 1", "17 18");
    expect("pair show 2", "");
    expect("port show w", "wan");
    expect("shard show h", "handshake");
    expect("crypto ", "show");
    expect("session untrace 1", "17 18");
    expect("session trace 192.0.2.1 --k", "--keylog");
    expect("pair add ", "");
    expect("pair add alice bob --a-", "--a-address --a-prefix");
    expect("pair add alice bob --a-address 192.0.2.1:1 --a", "");
    expect("pair add alice bob --b-p", "--b-prefix");
    expect("pair add alice --idle ", "");
    expect("log level ", "control dataplane");
    expect("log level control w", "warning");
    expect("log level control debug ", "--json --help --version");
    expect("events --event pair_i", "pair_idle");
    expect("events -e leg_b", "leg_bound");
    expect("events --event=leg_m", "leg_moved");
    expect("events --event=leg_bound --e", "");
    expect("events --pair ", "17 18");
    expect("-j pair li", "list");
    expect("help pai", "pair");
    expect("help pair l", "list");
    expect("pair 'sh", "");
    expect("events -- -", "");
}

static void test_completion_common(void **state)
{
    struct cli_candidates candidates;

    (void)state;
    cli_complete(cli_nouns, "pair add a b --a", 0, NULL, NULL, &candidates);
    assert_int_equal(candidates.count, 2);
    assert_int_equal(cli_candidates_common(&candidates), strlen("--a-"));
    assert_int_equal(candidates.stem, strlen("--a"));
    cli_candidates_free(&candidates);

    cli_complete(cli_nouns, "--socket ", 0, NULL, NULL, &candidates);
    assert_true(candidates.files);
    assert_int_equal(cli_candidates_common(&candidates), 0);
    cli_candidates_free(&candidates);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_values),
        cmocka_unit_test(test_parse_globals_anywhere),
        cmocka_unit_test(test_parse_arguments),
        cmocka_unit_test(test_parse_refuses_words),
        cmocka_unit_test(test_parse_refuses_values),
        cmocka_unit_test(test_table_is_whole),
        cmocka_unit_test(test_help_and_man_name_every_command),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_text_table),
        cmocka_unit_test(test_text_table_heading),
        cmocka_unit_test(test_completion),
        cmocka_unit_test(test_completion_common),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
