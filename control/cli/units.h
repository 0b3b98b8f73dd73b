/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Numbers as people read them: three significant digits and a unit; decimal prefixes, as networks use them.
 * Each returns its text by value, so that a call can stand among printf's arguments:
 * printf("%s", cli_rate(bits).s).
 */
#include <stdint.h>

struct cli_text {
    char s[80];
};

struct cli_text cli_number(uint64_t value);           /* 1,234,567 */
struct cli_text cli_bytes(uint64_t bytes);            /* 12.3 MB */
struct cli_text cli_bit_rate(double bits_per_second); /* 12.3 Mbit/s */
struct cli_text cli_pkt_rate(double pkts_per_second); /* 1.25 Mpps */
struct cli_text cli_event_rate(double per_second);    /* 12.3 k/s */
struct cli_text cli_share(double part, double whole); /* 12.3 %; "-" of nothing */
struct cli_text cli_duration(uint64_t milliseconds);  /* 120 ms, 3.25 s, 2m 5s, 3h 12m, 4d 3h */
