/* SPDX-License-Identifier: BSD-3-Clause */
#include "program.h"

#include <stdlib.h>

#define SOCKET_DEFAULT "/run/culvert/control.sock"

const struct cli_item cli_globals[] = {
    [CLI_GLOBAL_SOCKET] = {.name = "socket",
                           .letter = 's',
                           .kind = CLI_FILE,
                           .value = "PATH",
                           .summary = "control's socket (" SOCKET_DEFAULT ")"},
    [CLI_GLOBAL_JSON] = {.name = "json",
                         .letter = 'j',
                         .summary = "print what the relay answered, as JSON; errors too, on stderr"},
    [CLI_GLOBAL_HELP] = {.name = "help", .letter = 'h', .summary = "explain"},
    [CLI_GLOBAL_VERSION] = {.name = "version", .letter = 'V', .summary = "print the version"},
    {0},
};

const struct cli_example cli_program_examples[] = {
    {"pair add alice bob", "join two peers"},
    {"pair list", "who is joined to whom"},
    {"stats show --watch 1", "what the relay does, as rates"},
    {"events", "watch legs being bound and moved"},
    {"", "a shell with history and TAB, when on a terminal"},
    {0},
};

const struct cli_term cli_exit_terms[] = {
    {"0", "done; also events and --watch ended by Ctrl-C"},
    {"1", "the command line is wrong"},
    {"2", "the relay refused"},
    {"3", "no daemon answers, or not in time"},
    {"130", "interrupted before the answer was complete"},
    {0},
};

const struct cli_term cli_environment_terms[] = {
    {CLI_SOCKET_VARIABLE, "control's socket, when --socket does not say"},
    {"NO_COLOR", "no bold headings on a terminal"},
    {"XDG_STATE_HOME", "folder of the shell's history, culvertctl_history (~/.local/state)"},
    {0},
};

const char *cli_socket_path(const char *named)
{
    const char *variable = getenv(CLI_SOCKET_VARIABLE);

    return named ? named : variable && *variable ? variable : SOCKET_DEFAULT;
}
