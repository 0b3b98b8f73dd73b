#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A switch port with a tagged side, for kernels without VLAN interfaces: vlan_link.py PLAIN TAGGED VLAN.

What comes in by PLAIN leaves by TAGGED with a tag of VLAN, what has that tag the other way without, and nothing else
passes. Says "tagged N" on stdout for each tenth frame that came in with the right tag.
"""

import select
import socket
import struct
import sys

SOL_PACKET, PACKET_AUXDATA, VLAN_VALID = 263, 8, 1 << 4
AUXDATA = struct.Struct("=IIIHHHH")  # status, length, captured, mac, net, tag, tag's protocol
ETHERTYPE_VLAN = b"\x81\x00"
ADDRESSES = 12  # bytes of them, in front of the tag


def open_port(name):
    port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    port.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    port.bind((name, 0))
    return port


def receive(port):
    """A frame that came in, and its tag, which the kernel may have taken off; None for what we sent ourselves."""
    frame, ancillary, _, address = port.recvmsg(2048, 64)
    if address[2] == socket.PACKET_OUTGOING:
        return None, 0
    for level, kind, data in ancillary:
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, _, _, _, _, tag, _ = AUXDATA.unpack(data[: AUXDATA.size])
            if status & VLAN_VALID:
                return frame, tag & 0xFFF
    if frame[ADDRESSES : ADDRESSES + 2] == ETHERTYPE_VLAN:
        return frame[:ADDRESSES] + frame[ADDRESSES + 4 :], struct.unpack_from("!H", frame, ADDRESSES + 2)[0] & 0xFFF
    return frame, 0


def main():
    plain, tagged, vlan = open_port(sys.argv[1]), open_port(sys.argv[2]), int(sys.argv[3])
    count = 0
    while True:
        ready, _, _ = select.select([plain, tagged], [], [])
        for port in ready:
            frame, tag = receive(port)
            if frame is None:
                continue
            if port is plain and tag == 0:
                tagged.send(frame[:ADDRESSES] + ETHERTYPE_VLAN + struct.pack("!H", vlan) + frame[ADDRESSES:])
            elif port is tagged and tag == vlan:
                plain.send(frame)
                count += 1
                if count % 10 == 0:
                    print(f"tagged {count}", flush=True)


if __name__ == "__main__":
    main()
