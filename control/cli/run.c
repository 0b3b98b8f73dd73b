/* SPDX-License-Identifier: BSD-3-Clause */
#include "run.h"

#include "call.h"
#include "help.h"
#include "interrupt.h"

#include <string.h>

static enum cli_exit explain_usage(const struct cli_parse *parse, bool json)
{
    const char *verb = parse->command && parse->command->verb ? parse->command->verb : NULL;

    (void)cli_complain_early(json, "%s", parse->error);
    if (json)
        return CLI_USAGE;
    if (parse->noun && !parse->command) {
        fprintf(stderr, "Verbs of '%s':", parse->noun->name);
        for (const struct cli_command *command = parse->noun->commands; command->run; command++) {
            if (!command->hidden)
                fprintf(stderr, " %s", command->verb);
        }
        fputs("\n", stderr);
    }
    fprintf(stderr, "For help: culvertctl%s%s%s%s --help\n", parse->noun ? " " : "",
            parse->noun ? parse->noun->name : "", verb ? " " : "", verb ? verb : "");
    return CLI_USAGE;
}

static enum cli_exit print_help(const struct cli_parse *parse)
{
    if (!parse->noun)
        cli_help_program(stdout, parse->nouns);
    else if (!parse->command)
        cli_help_noun(stdout, parse->noun);
    else
        cli_help_command(stdout, parse->noun, parse->command);
    return CLI_DONE;
}

static enum cli_exit run_command(struct cli_parse *parse)
{
    struct cli_call call;

    cli_call_begin(&call, parse, stdout, stderr);
    cli_interrupt_begin();
    const enum cli_exit outcome = parse->command->run(&call);
    cli_interrupt_end();
    cli_call_end(&call);
    return outcome;
}

enum cli_exit cli_run(const struct cli_noun *nouns, size_t count, const char *const *words,
                      enum cli_exit (*shell)(const struct cli_noun *nouns, size_t count,
                                             const char *const *words))
{
    enum cli_exit outcome = CLI_DONE;
    struct cli_parse parse;

    if (cli_parse_words(&parse, nouns, count, words) < 0)
        outcome = explain_usage(&parse, parse.globals[CLI_GLOBAL_JSON].text || cli_json_wanted(count, words));
    else if (parse.globals[CLI_GLOBAL_VERSION].text)
        puts("culvertctl " CULVERT_VERSION);
    else if (parse.globals[CLI_GLOBAL_HELP].text)
        outcome = print_help(&parse);
    else if (parse.command)
        outcome = run_command(&parse);
    else if (shell)
        outcome = shell(nouns, count, words);
    cli_parse_end(&parse);
    return outcome;
}
