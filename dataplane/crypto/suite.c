/* SPDX-License-Identifier: BSD-3-Clause */
#include "suite.h"

static const struct suite {
    const char *name;
    uint32_t code_point;
    size_t secret_bytes;
    struct cv_aead_limits limits;
} suites[CV_SUITE_COUNT] = {
#define SUITE(id, name, code, secret_bytes, sealed, failed) \
    [CV_SUITE_##id] = {name, code, secret_bytes, {sealed, failed}},
    CV_SUITE_LIST(SUITE)
#undef SUITE
};

const char *cv_suite_name(enum cv_suite suite)
{
    return suites[suite].name;
}

size_t cv_suite_secret_bytes(enum cv_suite suite)
{
    return suites[suite].secret_bytes;
}

struct cv_aead_limits cv_aead_limits(enum cv_suite suite)
{
    return suites[suite].limits;
}

enum cv_suite cv_suite_of_tls(uint32_t code_point)
{
    enum cv_suite suite = 0;

    while (suite < CV_SUITE_COUNT && suites[suite].code_point != code_point)
        suite++;
    return suite;
}
