/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
#include <event2/event.h>
#include <stdint.h>

/* Calls back once, after so long; 0: at the next turn of the loop. One that runs starts over. */
void timer_start(struct event *timer, uint64_t delay_ms);
