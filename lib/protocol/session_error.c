/* SPDX-License-Identifier: BSD-3-Clause */
#include "session_error.h"

#include <stddef.h>

struct session_error {
    uint64_t code;
    const char *name;
    unsigned where;
    const char *meaning;
};

static const struct session_error errors[] = {
#define ERROR(id, number, error_name, error_where, error_meaning) \
    {CV_SESSION_ERROR_##id, error_name, error_where, error_meaning},
    CV_SESSION_ERROR_LIST(ERROR)
#undef ERROR
};

#define COUNT (sizeof(errors) / sizeof(errors[0]))

static const struct session_error *find(uint64_t code)
{
    for (size_t i = 0; i < COUNT; i++)
        if (errors[i].code == code)
            return &errors[i];
    return NULL;
}

const char *cv_session_error_name(uint64_t code)
{
    const struct session_error *error = find(code);

    return error != NULL ? error->name : NULL;
}

const char *cv_session_error_meaning(uint64_t code)
{
    const struct session_error *error = find(code);

    return error != NULL ? error->meaning : NULL;
}

unsigned cv_session_error_where(uint64_t code)
{
    const struct session_error *error = find(code);

    return error != NULL ? error->where : 0;
}
