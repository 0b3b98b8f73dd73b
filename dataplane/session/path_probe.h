/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * When a session probes for a larger path MTU (RFC 8899, RFC 9000 section 14.3).
 *
 * ngtcp2 has its list of sizes, begins with each new path, and takes a size for too large when three probes
 * were lost; left alone it would send them within a second. A peer that is not listening just then (it
 * sleeps, or is busy) would stay at 1,200 bytes. But ngtcp2 writes a probe only into a buffer that has room
 * for it. So it gets a larger buffer than the path needs only when a lost probe would tell something: when
 * the peer has been heard since the last one, and the last of three not before PROBE_PATIENCE_NS. A session
 * whose peer says nothing sends nothing; a size that gets through makes room for the next one at once.
 *
 * Owner only; part of the session.
 */
#include <stdbool.h>
#include <stdint.h>

#define CV_PROBE_AGAIN_NS    UINT64_C(1000000000)
#define CV_PROBE_PATIENCE_NS UINT64_C(30000000000)
#define CV_PROBES_OF_A_SIZE  3 /* as ngtcp2 has it */

/* Zeros: no probe was sent yet. */
struct cv_path_probe {
    uint64_t next_ns;    /* not before this */
    uint64_t heard_pkts; /* packets from the peer when the last one was sent */
    uint16_t path_bytes; /* what the path was known to carry then */
    uint8_t tries;       /* probes sent since that changed */
    bool wanted;         /* cv_path_probe_soon was here */
};

/* `path_bytes`: the largest UDP payload that the path is known to carry. `heard_pkts`: packets from the peer. */
static inline bool cv_path_probe_due(const struct cv_path_probe *probe, uint16_t path_bytes,
                                     uint64_t heard_pkts, uint64_t now_ns)
{
    return path_bytes != probe->path_bytes || (heard_pkts != probe->heard_pkts && now_ns >= probe->next_ns);
}

/* A packet of more than `path_bytes` was written. */
static inline void cv_path_probe_sent(struct cv_path_probe *probe, uint16_t path_bytes, uint64_t heard_pkts,
                                      uint64_t now_ns)
{
    probe->tries = path_bytes == probe->path_bytes ? (uint8_t)(probe->tries % CV_PROBES_OF_A_SIZE + 1) : 1;
    probe->path_bytes = path_bytes;
    probe->heard_pkts = heard_pkts;
    probe->next_ns =
        now_ns + (probe->tries == CV_PROBES_OF_A_SIZE - 1 ? CV_PROBE_PATIENCE_NS : CV_PROBE_AGAIN_NS);
}

/* The session carries tunnel traffic, for which the size counts: the next probe need not wait. Once a session. */
static inline void cv_path_probe_soon(struct cv_path_probe *probe)
{
    if (probe->wanted)
        return;
    probe->wanted = true;
    probe->next_ns = 0;
}
