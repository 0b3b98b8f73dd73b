/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What the API's methods read and change: all there is below. control.c fills it in. */
#include "peers/peers.h"

struct api {
    struct services *services;
    struct pairs *pairs;
    struct sessions *sessions;
    struct peers *peers;
    uint32_t clients;    /* connected now */
    uint64_t start_ms;   /* monotonic */
    uint64_t trace_last; /* highest number that was given to a trace here */
};
