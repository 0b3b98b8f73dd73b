/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What is counted of a session. */
#include <stdbool.h>
#include <stdint.h>

struct cv_peer_stats {
    uint64_t rx_pkts, tx_pkts; /* UDP datagrams */
    uint64_t rx_bytes, tx_bytes;
    uint64_t lost_pkts; /* of ours, as far as QUIC has noticed */
    uint64_t rx_datagrams, tx_datagrams;
    uint64_t dropped_late;  /* datagrams that waited longer than queue_ns */
    uint64_t dropped_large; /* datagrams that the path no longer carries */
    uint64_t key_updates;   /* begun by us */
    uint64_t smoothed_rtt_ns;
    uint64_t window_bytes;  /* of congestion control */
    uint32_t quic_version;  /* 1 or 2; 0 before the handshake is done */
    uint16_t payload_bytes; /* of the largest packet at present */
    bool retried;           /* the relay answered with a Retry */
    bool handshake_done;
    bool registered;
};
