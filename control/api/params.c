/* SPDX-License-Identifier: BSD-3-Clause */
#include "params.h"

#include <inttypes.h>
#include <string.h>

#define PAGE_MAX     1000
#define PAGE_DEFAULT 100

static bool is_in(yyjson_val *key, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (yyjson_equals_str(key, *names))
            return true;
    }
    return false;
}

bool params_only(struct call *call, yyjson_val *params, const char *const *names)
{
    size_t index;
    size_t count;
    yyjson_val *key;
    yyjson_val *value;

    if (params == NULL)
        return true;
    yyjson_obj_foreach(params, index, count, key, value)
    {
        if (!is_in(key, names)) {
            call_bad_params(call, "unknown parameter %.40s", yyjson_get_str(key));
            return false;
        }
    }
    return true;
}

/* False: the call has been refused, for a parameter that is missing. NULL in *found: it may be. */
static bool find(struct call *call, yyjson_val *params, const char *name, bool required, yyjson_val **found)
{
    *found = yyjson_obj_get(params, name);
    if (*found != NULL || !required)
        return true;
    call_bad_params(call, "parameter %s is missing", name);
    return false;
}

bool params_number(struct call *call, yyjson_val *params, const char *name, bool required, uint64_t max,
                   uint64_t *value)
{
    yyjson_val *found;

    if (!find(call, params, name, required, &found))
        return false;
    if (found == NULL)
        return true;
    if (!yyjson_is_uint(found) || yyjson_get_uint(found) > max) {
        call_bad_params(call, "%s must be a whole number of at most %" PRIu64, name, max);
        return false;
    }
    *value = yyjson_get_uint(found);
    return true;
}

bool params_text(struct call *call, yyjson_val *params, const char *name, bool required, const char **text)
{
    yyjson_val *found;

    *text = NULL;
    if (!find(call, params, name, required, &found))
        return false;
    if (found == NULL)
        return true;
    if (!yyjson_is_str(found) || strlen(yyjson_get_str(found)) != yyjson_get_len(found)) {
        call_bad_params(call, "%s must be a string", name);
        return false;
    }
    *text = yyjson_get_str(found);
    return true;
}

bool params_page(struct call *call, yyjson_val *params, uint64_t cursor_max, uint64_t *cursor,
                 uint32_t *limit)
{
    static const char *const members[] = {"cursor", "limit", NULL};
    uint64_t wanted = PAGE_DEFAULT;

    *cursor = 0;
    if (!params_only(call, params, members) ||
        !params_number(call, params, "cursor", false, cursor_max, cursor) ||
        !params_number(call, params, "limit", false, PAGE_MAX, &wanted))
        return false;
    if (wanted == 0) {
        call_bad_params(call, "limit must be at least 1");
        return false;
    }
    *limit = (uint32_t)wanted;
    return true;
}
