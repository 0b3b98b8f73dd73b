/* SPDX-License-Identifier: BSD-3-Clause */
#include "shared_json.h"
#include "params.h"
#include "refuse.h"

const struct cv_shared *shared_for_call(struct call *call, yyjson_val *params)
{
    static const char *const members[] = {NULL};
    const struct cv_shared *shared;

    if (!params_only(call, params, members))
        return NULL;
    shared = dataplane_shared(call->api->services->dataplane);
    if (shared == NULL)
        call_refuse_no_dataplane(call);
    return shared;
}

void shared_add_text(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name, const char *text,
                     size_t room)
{
    char copy[192];
    size_t length = 0;

    while (length < room && length < sizeof(copy)) {
        char next = SHARED_LOAD(text[length]);

        if (next == '\0')
            break;
        copy[length++] = next >= ' ' && next <= '~' ? next : '?';
    }
    (void)yyjson_mut_obj_add_strncpy(doc, object, name, copy, length);
}
