#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Prints the headers of the UDP packets from RELAY-PORT that arrive on an interface, a JSON object a line.

capture.py INTERFACE RELAY-PORT
    {"tos": DSCP and ECN, "ttl": or hop limit, "checksum": "none", "right" or "wrong", "bytes": of UDP payload}
"""
import json
import socket
import struct
import sys

from frames import IPV4, IPV6, UDP, checksum

ETHERNET_BYTES = 14


def udp_checksum(pseudo_header, udp):
    if udp[6:8] == b"\0\0":
        return "none"
    return "right" if checksum(pseudo_header + udp) == 0 else "wrong"


def describe(frame):
    """(source port, what is printed), or None when it is not UDP."""
    ip = frame[ETHERNET_BYTES:]
    ether_type = struct.unpack_from("!H", frame, 12)[0]
    if ether_type == IPV4 and ip[9] == UDP:
        udp = ip[20 : struct.unpack_from("!H", ip, 2)[0]]
        pseudo_header = ip[12:20] + struct.pack("!HH", UDP, len(udp))
        tos, ttl = ip[1], ip[8]
    elif ether_type == IPV6 and ip[6] == UDP:
        udp = ip[40 : 40 + struct.unpack_from("!H", ip, 4)[0]]
        pseudo_header = ip[8:40] + struct.pack("!IBBBB", len(udp), 0, 0, 0, UDP)
        tos, ttl = struct.unpack_from("!H", ip)[0] >> 4 & 0xFF, ip[7]
    else:
        return None
    text = {"tos": tos, "ttl": ttl, "checksum": udp_checksum(pseudo_header, udp), "bytes": len(udp) - 8}
    return struct.unpack_from("!H", udp)[0], text


def main():
    interface, relay_port = sys.argv[1], int(sys.argv[2])
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
    sock.bind((interface, 0x0003))
    print("ready", file=sys.stderr, flush=True)
    while True:
        described = describe(sock.recv(4096))
        if described and described[0] == relay_port:
            print(json.dumps(described[1]), flush=True)


if __name__ == "__main__":
    main()
