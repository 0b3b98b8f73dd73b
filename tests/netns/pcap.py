#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes a pcap file for a pcap port of the relay: both legs of a pair, and the gateway's ARP reply among them.

pcap.py FILE RELAY-PORT ADDRESS:PORT ADDRESS:PORT GATEWAY
"""
import struct
import sys

from frames import IPV4, RELAY4, ipv4, packed

ARP = 0x0806
COUNT = 256
GATEWAY_MAC, RELAY_MAC = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")


def ethernet(ether_type, packet):
    return RELAY_MAC + GATEWAY_MAC + struct.pack("!H", ether_type) + packet


def arp_reply(gateway):
    who, to = packed(gateway), packed(RELAY4)
    return ethernet(ARP, struct.pack("!HHBBH", 1, IPV4, 6, 4, 2) + GATEWAY_MAC + who + RELAY_MAC + to)


def datagram(source, relay_port):
    address, _, port = source.rpartition(":")
    payload = bytes(200)
    udp = struct.pack("!HHHH", int(port), relay_port, 8 + len(payload), 0) + payload
    return ethernet(IPV4, ipv4(udp, source=address))


def main():
    path, relay_port, legs, gateway = sys.argv[1], int(sys.argv[2]), sys.argv[3:5], sys.argv[5]
    frames = [arp_reply(gateway)] + [datagram(legs[i % 2], relay_port) for i in range(COUNT - 1)]
    with open(path, "wb") as f:
        f.write(struct.pack("=IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for frame in frames:
            f.write(struct.pack("=IIII", 0, 0, len(frame), len(frame)) + frame)


if __name__ == "__main__":
    main()
