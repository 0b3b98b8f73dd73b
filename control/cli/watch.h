/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Commands with --watch. */
#include "call.h"

/*
 * A read that can be repeated. Without --watch the method's answer is shown once, with `before` NULL. With
 * --watch SECONDS it is read at that pace until Ctrl-C or --count, and shown with the answer before and the
 * seconds between them. With --json each answer is printed as it is, or what `pick` makes of it.
 */
struct cli_view {
    const char *method;
    void (*show)(struct cli_call *call, yyjson_val *now, yyjson_val *before, double seconds);
    /* The part of an answer that was asked for. May be NULL; complains when it returns NULL. */
    yyjson_val *(*pick)(struct cli_call *call, yyjson_val *answer);
};
enum cli_exit cli_show_or_watch(struct cli_call *call, const struct cli_view *view);

/* Growth of a counter per second. A counter that went back was started again: from zero. */
double cli_growth(yyjson_val *now, yyjson_val *before, const char *name, double seconds);
