/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands.h"

enum cli_exit cli_log_level(struct cli_call *call)
{
    const struct cli_value *arguments = call->parse->arguments;
    struct cli_request request = cli_request_new();
    struct cli_reply reply;

    yyjson_mut_obj_add_str(request.doc, request.params, "target", arguments[0].text);
    yyjson_mut_obj_add_str(request.doc, request.params, "level", arguments[1].text);
    const enum cli_exit outcome = cli_ask(call, "log.level", &request, &reply);
    if (outcome != CLI_DONE)
        return outcome;
    if (call->json)
        cli_print_json(call, reply.result);
    else
        fprintf(call->out, "Log level of %s: %s\n", arguments[0].text, arguments[1].text);
    cli_reply_free(&reply);
    return CLI_DONE;
}
