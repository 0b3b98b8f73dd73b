/* SPDX-License-Identifier: BSD-3-Clause */
#include "shared_json.h"

void shared_add_text(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name, const char *text,
                     size_t room)
{
    char copy[128];
    size_t length = 0;

    while (length < room && length < sizeof(copy)) {
        char next = SHARED_LOAD(text[length]);

        if (next == '\0')
            break;
        copy[length++] = next >= ' ' && next <= '~' ? next : '?';
    }
    (void)yyjson_mut_obj_add_strncpy(doc, object, name, copy, length);
}
