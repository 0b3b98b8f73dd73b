/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands_self.h"

#include "call.h"
#include "completion_script.h"
#include "help.h"
#include "man.h"

enum cli_exit cli_man(struct cli_call *call)
{
    cli_man_print(call->out, call->parse->nouns);
    return CLI_DONE;
}

enum cli_exit cli_completion_bash(struct cli_call *call)
{
    cli_completion_bash_print(call->out);
    return CLI_DONE;
}

enum cli_exit cli_completion_candidates(struct cli_call *call)
{
    cli_completion_print(call->out, call->parse->nouns, call->parse->arguments[0].text);
    return CLI_DONE;
}

enum cli_exit cli_help(struct cli_call *call)
{
    const struct cli_parse *parse = call->parse;
    const struct cli_noun *noun;
    const struct cli_command *command;

    if (parse->argument_count == 0) {
        cli_help_program(call->out, parse->nouns);
        return CLI_DONE;
    }
    noun = cli_noun_find(parse->nouns, parse->arguments[0].text);
    if (!noun)
        return cli_complain(call, CLI_USAGE, "usage", "there is no command '%s'", parse->arguments[0].text);
    if (parse->argument_count == 1) {
        cli_help_noun(call->out, noun);
        return CLI_DONE;
    }
    command = cli_command_find(noun, parse->arguments[1].text);
    if (!command)
        return cli_complain(call, CLI_USAGE, "usage", "'%s' has no verb '%s'", noun->name,
                            parse->arguments[1].text);
    cli_help_command(call->out, noun, command);
    return CLI_DONE;
}
