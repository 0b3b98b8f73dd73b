/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Why a packet was not forwarded. Each way to lose a packet has one entry in this list and one counter in
 * every worker (struct cv_worker_stats); the names are what `culvertctl drop show`, the metrics and the
 * documents say. X(enumerator, name, meaning)
 */
#define CV_DROP_LIST(X)                                                                                      \
    X(TOO_SHORT, "too_short", "ends before the headers it announces")                                        \
    X(BAD_IP_HEADER, "bad_ip_header", "IP version or header length that cannot be")                          \
    X(BAD_LENGTH, "bad_length", "IP or UDP length that disagrees with the packet")                           \
    X(BAD_CHECKSUM, "bad_checksum", "wrong IPv4 header checksum, or IPv6 UDP without a checksum")            \
    X(BAD_ADDRESS, "bad_address", "source that cannot be answered: multicast, zero or our own")              \
    X(FRAGMENT, "fragment", "IP fragment; peers must stay within the path MTU")                              \
    X(IP_OPTIONS, "ip_options", "IPv4 options or IPv6 extension headers")                                    \
    X(WRONG_VLAN, "wrong_vlan", "tagged for a VLAN that the port is not on")                                 \
    X(NOT_IP, "not_ip", "neither IPv4, IPv6 nor ARP")                                                        \
    X(NOT_UDP, "not_udp", "IP, to us, but neither UDP nor an echo request or neighbour discovery")           \
    X(NOT_FOR_US, "not_for_us", "sent to an address that is not ours")                                       \
    X(NO_SUCH_PORT, "no_such_port", "UDP to a port that Culvert does not listen on")                         \
    X(UNKNOWN_SOURCE, "unknown_source", "relay port, but no leg, token or connection ID matches")            \
    X(UNBOUND_LEG, "unbound_leg", "the other leg of the pair has no address yet")                            \
    X(OVER_RATE, "over_rate", "over the pair's rate limit")                                                  \
    X(CROWDED_ADDRESS, "crowded_address",                                                                    \
      "listening port: the token of one leg too many for an address and port")                               \
    X(MOVE_RATE, "move_rate", "from a new address, faster than a leg may move")                              \
    X(NO_NEXT_HOP, "no_next_hop", "no route to the other leg, or its next hop does not answer")              \
    X(TOO_BIG, "too_big", "does not fit the MTU of the port it leaves by")                                   \
    X(NO_BUFFER, "no_buffer", "no room in the packet buffer for the new headers")                            \
    X(TX_FULL, "tx_full", "the port took no more packets")                                                   \
    X(SESSION_BAD, "session_bad", "listening port, but not a QUIC packet that can be answered")              \
    X(SESSION_UNKNOWN, "session_unknown", "short header that names no session; answered by a reset")         \
    X(SESSION_QUEUE, "session_queue", "the ring to the thread that owns the session was full")               \
    X(SESSION_FULL, "session_full", "Initial packet, but no room for another session or handshake")          \
    X(SESSION_PREFIX, "session_prefix", "Initial packet, but too many handshakes from that network")         \
    X(SESSION_BUSY, "session_busy", "Retry, reset or version negotiation was due, but too many were")        \
    X(NO_CHANNEL, "no_channel", "DATAGRAM frame for a channel that is no leg's")                             \
    X(TUNNEL_QUEUE, "tunnel_queue", "waited too long for the congestion window of the tunnel leg's session") \
    X(TUNNEL_TOO_BIG, "tunnel_too_big",                                                                      \
      "does not fit a DATAGRAM frame on the path of the tunnel leg's peer")                                  \
    X(PROBE_UNKNOWN, "probe_unknown", "a peer's probe, but its ticket is no session's")                      \
    X(PROBE_RATE, "probe_rate", "a peer's probe, over what its session may send")                            \
    X(PROBE_QUEUE, "probe_queue", "a peer's probe, but the ring to control was half full")                   \
    X(CONSUMED, "consumed", "not a loss: tokens, probes, ARP and neighbour discovery that ended here")

enum cv_drop {
#define CV_DROP_ENUM(id, name, meaning) CV_DROP_##id,
    CV_DROP_LIST(CV_DROP_ENUM)
#undef CV_DROP_ENUM
        CV_DROP_COUNT
};

/* NULL for a value that is not in the list. */
const char *cv_drop_name(enum cv_drop reason);
const char *cv_drop_meaning(enum cv_drop reason);
