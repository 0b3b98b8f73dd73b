/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands_log.h"

#include "call.h"

static void print_level(struct cli_call *call, yyjson_val *answer)
{
    const struct cli_value *arguments = call->parse->arguments;

    (void)answer;
    fprintf(call->out, "Log level of %s: %s\n", arguments[0].text, arguments[1].text);
}

enum cli_exit cli_log_level(struct cli_call *call)
{
    const struct cli_value *arguments = call->parse->arguments;
    struct cli_request request = cli_request_new();

    yyjson_mut_obj_add_str(request.doc, request.params, "target", arguments[0].text);
    yyjson_mut_obj_add_str(request.doc, request.params, "level", arguments[1].text);
    return cli_ask_and_show(call, "log.level", &request, print_level);
}
